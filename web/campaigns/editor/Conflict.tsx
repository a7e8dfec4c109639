import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router-dom'
import { campaignView, type CampaignView } from '../../../app/campaigns/contract.ts'
import { ask, wordsOf } from '../../api.ts'
import { toast, toastFault } from '../../bridge.ts'
import { Banner, BlockStack, Button, ButtonGroup, Text } from '../../ui/index.ts'
import type { Draft } from './history.ts'

interface Props {
  theirs: CampaignView
  draft: Draft
  onKeepMine: () => void
  onTakeTheirs: () => void
}

/** Two windows changed the same campaign. The store owner decides; neither version is lost. */
export function Conflict({ theirs, draft, onKeepMine, onTakeTheirs }: Props) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const copy = useMutation({
    mutationFn: async () => {
      const made = await ask(campaignView, '/api/campaigns', { method: 'POST', body: { name: `${draft.name.slice(0, 130)} (my version)` } })
      return ask(campaignView, `/api/campaigns/${made.id}`, { method: 'PUT', body: { ...draft, name: made.name, version: made.version } })
    },
    onSuccess: async (view) => {
      client.setQueryData(['campaign', view.id], view)
      client.setQueryData(['campaign', theirs.id], theirs)
      toast('Your version is a campaign of its own now')
      navigate(`/campaigns/${view.id}`)
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
  const still = theirs.status === 'draft'
  return (
    <Banner tone="warning" title={still ? 'This campaign was changed in another window' : 'This campaign is not a draft any more'}>
      <BlockStack gap="300">
        <Text as="p">
          {still
            ? 'What you see here is your version; it is not saved yet. Whichever you choose, Undo brings the other back.'
            : 'It was scheduled or sent from another window, without your last changes. They are still here: keep them as a new campaign.'}
        </Text>
        <ButtonGroup>
          {still && <Button onClick={onKeepMine}>Keep my version</Button>}
          {still && <Button onClick={onTakeTheirs}>Take the other one</Button>}
          <Button onClick={() => copy.mutate()} loading={copy.isPending}>
            Save mine as a copy
          </Button>
          {!still && <Button onClick={() => client.setQueryData(['campaign', theirs.id], theirs)}>Show how it is now</Button>}
        </ButtonGroup>
      </BlockStack>
    </Banner>
  )
}
