import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router-dom'
import type { SegmentView } from '../../app/segments/contract.ts'
import { tell, wordsOf } from '../api.ts'
import { toast } from '../bridge.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Banner, BlockStack, Text } from '../ui/index.ts'

/** Asks before a segment is deleted, and says what still needs it when that is refused. */
export function DeleteDialog({ segment, onClose }: { segment: SegmentView; onClose: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const remove = useMutation({
    mutationFn: () => tell(`/api/segments/${segment.id}`, { method: 'DELETE' }),
    onSuccess: async () => {
      await Promise.all([client.invalidateQueries({ queryKey: ['segments'] }), client.invalidateQueries({ queryKey: ['segment-choices'] }), client.invalidateQueries({ queryKey: ['segments-store'] })])
      toast(segment.platform ? 'No longer followed' : 'Deleted')
      navigate('/segments')
    },
  })
  const words = segment.platform ? { title: `Stop following “${segment.name}”?`, press: 'Stop following', keep: 'Follow on', what: 'The segment stays in your store, and the people stay too.' } : { title: `Delete “${segment.name}”?`, press: 'Delete', keep: 'Keep it', what: 'The people stay; only the question is deleted.' }
  return (
    <Dialog
      open
      title={words.title}
      onClose={onClose}
      primary={{ content: words.press, tone: 'critical', loading: remove.isPending, onAction: () => remove.mutate() }}
      secondary={[{ content: words.keep, onAction: onClose }]}
    >
      <BlockStack gap="300">
        <Text as="p">{words.what} Drafts that use it ask for another choice.</Text>
        {remove.isError && (
          <Banner tone="critical">
            <Text as="p">{wordsOf(remove.error)}</Text>
          </Banner>
        )}
      </BlockStack>
    </Dialog>
  )
}
