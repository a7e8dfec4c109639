import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { testInput } from '../../../app/campaigns/contract.ts'
import { fieldFault, tell, wordsOf } from '../../api.ts'
import { toast } from '../../bridge.ts'
import { useSettings } from '../../shop.ts'
import { Dialog } from '../../ui/Dialog.tsx'
import { BlockStack, Text, TextField } from '../../ui/index.ts'

/** Sends the mail once to one address. Saved first, so that what is seen is what is sent. */
export function TestSend({ id, open, onClose, flush }: { id: string; open: boolean; onClose: () => void; flush: () => Promise<boolean> }) {
  const { data } = useSettings()
  const [typed, setTyped] = useState<string | null>(null)
  const to = typed ?? data?.shop.email ?? ''
  const send = useMutation({
    mutationFn: async () => {
      const input = testInput.parse({ to: to.trim() })
      if (!(await flush())) throw new Error('Your last changes could not be saved, so the test would not show them.')
      await tell(`/api/campaigns/${id}/test`, { method: 'POST', body: input })
    },
    onSuccess: () => {
      toast(`A test is on its way to ${to.trim()}`)
      onClose()
    },
  })
  const bad = to.trim() !== '' && !testInput.safeParse({ to: to.trim() }).success
  const fault = send.error ? (fieldFault(send.error, 'to') ?? (send.error.name === 'Error' ? send.error.message : wordsOf(send.error))) : undefined
  return (
    <Dialog
      open={open}
      title="Send a test"
      size="small"
      onClose={onClose}
      primary={{ content: 'Send the test', onAction: () => send.mutate(), loading: send.isPending, disabled: bad || to.trim() === '' }}
      secondary={[{ content: 'Cancel', onAction: onClose }]}
    >
      <BlockStack gap="300">
        <TextField label="To which address?" type="email" value={to} onChange={setTyped} autoComplete="email" {...(bad && typed !== null ? { error: 'Not an e-mail address' } : fault ? { error: fault } : {})} />
        <Text as="p" tone="subdued">
          It arrives as it would for a real person. It does not count in any report.
        </Text>
      </BlockStack>
    </Dialog>
  )
}
