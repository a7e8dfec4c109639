import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { heldDecided, heldList } from '../../app/campaigns/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { people, type Format } from '../format.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { BlockStack, Button, ButtonGroup, Failed, Link, Section, SkeletonBodyText, Text } from '../ui/index.ts'
import css from './Held.module.css'

type Choice = { what: 'again' | 'leave'; who: 'all' | { id: string; name: string } }

/** People of whom nobody can tell whether they got the mail: what is known, and what can be done. `held` is how many there are by now. */
export function Held({ id, held, formats }: { id: string; held: number; formats: Format }) {
  const client = useQueryClient()
  const [choice, setChoice] = useState<Choice | null>(null)
  const list = useInfiniteQuery({
    queryKey: ['held', id, held],
    queryFn: ({ pageParam, signal }) => ask(heldList, `/api/campaigns/${id}/held${pageParam ? `?cursor=${encodeURIComponent(pageParam)}` : ''}`, { signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor,
    enabled: held > 0,
  })
  const decide = useMutation({
    mutationFn: ({ what, who }: Choice) => ask(heldDecided, `/api/campaigns/${id}/held/${what}`, { method: 'POST', body: { people: who === 'all' ? 'all' : [who.id] } }),
    onSuccess: ({ changed }, { what }) => toast(changed === 0 ? 'That was decided already' : what === 'again' ? `Sent again to ${people(changed)}` : `Left as it is for ${people(changed)}`),
    onError: (error) => toastFault(wordsOf(error)),
    onSettled: async () => {
      setChoice(null)
      await Promise.all([['held', id], ['live', id], ['campaign', id], ['report', id], ['campaigns']].map((queryKey) => client.invalidateQueries({ queryKey })))
    },
  })
  if (held === 0) return null
  const found = list.data?.pages.flatMap((page) => page.people)
  const maySend = list.data?.pages[0]?.canSendAgain ?? false
  const name = choice && choice.who !== 'all' ? choice.who.name : people(held)
  return (
    <Section
      title={`Not known whether it arrived (${held})`}
      explain="The connection broke while the mail was handed over, and this mail server does not tell afterwards. They may have it or not, so Homing does not send it again by itself."
    >
      {list.isError && <Failed inline title="The people could not be loaded" words={wordsOf(list.error)} again={() => void list.refetch()} />}
      {list.isPending && <SkeletonBodyText lines={3} />}
      {found && held > 1 && (
        <ButtonGroup>
          {maySend && <Button onClick={() => setChoice({ what: 'again', who: 'all' })}>Send again to all {String(held)}</Button>}
          <Button onClick={() => setChoice({ what: 'leave', who: 'all' })}>Leave all as they are</Button>
        </ButtonGroup>
      )}
      <ul className={css.list}>
        {found?.map((person) => {
          const who = { id: person.subscriberId, name: person.name || person.email }
          return (
            <li key={person.subscriberId} className={css.person}>
              <BlockStack gap="050">
                <Link url={`/subscribers/${person.subscriberId}`} removeUnderline>
                  {who.name || 'A record that became one with another'}
                </Link>
                {person.name && (
                  <Text as="span" variant="bodySm" tone="subdued" breakWord>
                    {person.email}
                  </Text>
                )}
                <Text as="span" variant="bodySm" tone="subdued" breakWord>
                  Tried {formats.dateTime(person.at)}. {person.said ?? 'There was no answer.'}
                </Text>
              </BlockStack>
              <ButtonGroup>
                {maySend && (
                  <Button size="slim" accessibilityLabel={`Send again to ${who.name}`} onClick={() => setChoice({ what: 'again', who })}>
                    Send again
                  </Button>
                )}
                <Button size="slim" variant="tertiary" accessibilityLabel={`Leave it for ${who.name}`} onClick={() => setChoice({ what: 'leave', who })}>
                  Leave it
                </Button>
              </ButtonGroup>
            </li>
          )
        })}
      </ul>
      {list.hasNextPage && (
        <Button fullWidth onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
          Show more
        </Button>
      )}
      <Dialog
        open={choice !== null}
        title={choice?.what === 'again' ? `Send again to ${name}?` : `Leave ${name} as it is?`}
        size="small"
        onClose={() => setChoice(null)}
        primary={{ content: choice?.what === 'again' ? 'Send again' : 'Leave it', loading: decide.isPending, onAction: () => choice && decide.mutate(choice) }}
        secondary={[{ content: 'Cancel', onAction: () => setChoice(null) }]}
      >
        <Text as="p">
          {choice?.what === 'again'
            ? 'If the first mail did arrive, they get it twice. Whoever unsubscribed since is left out.'
            : 'They get nothing more of this campaign. It stays written down that nobody knows whether it arrived. This cannot be taken back.'}
        </Text>
      </Dialog>
    </Section>
  )
}
