import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { subscriberChoices, tagged, type Headcount, type SubscriberFilter, type TagInput } from '../../app/subscribers/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { toast } from '../bridge.ts'
import { people } from '../format.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { BlockStack, ChoiceList, InlineError } from '../ui/index.ts'
import { peopleWords } from './Headcount.tsx'
import { TagField } from './TagField.tsx'

interface Props {
  action: TagInput['action']
  /** Who was chosen. */
  ids: string[]
  /** When the whole page was chosen and there are more of them: those who fit, and how many. */
  everybody: { filter: SubscriberFilter; count: Headcount | undefined } | null
  onClose: () => void
}

/** Gives a tag to many people, or takes it from them. */
export function TagDialog({ action, ids, everybody, onClose }: Props) {
  const client = useQueryClient()
  const [tag, setTag] = useState('')
  const [all, setAll] = useState(false)
  const choices = useQuery({ queryKey: ['subscriber-choices'], queryFn: ({ signal }) => ask(subscriberChoices, '/api/subscribers/choices', { signal }), staleTime: 30_000 })
  const give = useMutation({
    mutationFn: () => ask(tagged, '/api/subscribers/tag', { method: 'POST', body: { tag, action, people: all && everybody ? { filter: everybody.filter } : { ids } } satisfies TagInput }),
    onSuccess: ({ sentence }) => {
      toast(sentence)
      onClose()
      return Promise.all([['subscribers'], ['subscriber'], ['subscriber-choices']].map((queryKey) => client.invalidateQueries({ queryKey })))
    },
  })
  const adds = action === 'add'
  const press = (): void => {
    if (tag.trim() !== '' && !give.isPending) give.mutate()
  }
  return (
    <Dialog
      open
      title={adds ? 'Add a tag' : 'Take a tag away'}
      size="small"
      onClose={onClose}
      primary={{ content: adds ? 'Add it' : 'Take it away', loading: give.isPending, disabled: tag.trim() === '', onAction: press }}
      secondary={[{ content: 'Cancel', onAction: onClose }]}
    >
      <BlockStack gap="300">
        <form
          onSubmit={(event) => {
            event.preventDefault()
            press()
          }}
        >
          <TagField
            value={tag}
            onChange={(next) => {
              setTag(next)
              give.reset()
            }}
            known={choices.data?.tags ?? []}
            help={adds ? 'A new one, or one that exists.' : 'Tags of your store stay: take them away there.'}
            autoFocus
          />
        </form>
        {everybody ? (
          <ChoiceList
            title={adds ? 'Who gets it' : 'Who loses it'}
            selected={[all ? 'all' : 'some']}
            onChange={([choice]) => setAll(choice === 'all')}
            choices={[
              { value: 'some', label: `The ${people(ids.length)} of this page` },
              { value: 'all', label: everybody.count ? `Everybody who fits: ${peopleWords(everybody.count)}` : 'Everybody who fits' },
            ]}
          />
        ) : (
          <span>{adds ? `${people(ids.length)} will have it.` : `It is taken from ${people(ids.length)}.`}</span>
        )}
        {give.isError && <InlineError message={wordsOf(give.error)} fieldID="tag" />}
      </BlockStack>
    </Dialog>
  )
}
