import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { disagreementList, type Disagreement } from '../../app/consent/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { format, people, type Format } from '../format.ts'
import { BlockStack, Button, ButtonGroup, Section, Text } from '../ui/index.ts'
import css from './Settings.module.css'

const key = ['consent', 'disagreements']

/** People whom the store calls subscribed and Homing does not. Nothing is shown while there are none. */
export function Disagreements({ timezone, currency }: { timezone: string; currency: string }) {
  const asked = useQuery({ queryKey: key, queryFn: ({ signal }) => ask(disagreementList, '/api/consent/disagreements', { signal }) })
  if (!asked.data || asked.data.total === 0) return null
  const { total, rows } = asked.data
  return (
    <Section
      title="Your store says subscribed, Homing does not"
      explain={`${people(total)}. The store’s word is newer, but how it came about was not told to Homing, so nobody is mailed because of it. Whoever wants your mail can sign up again.`}
    >
      <div>
        {rows.map((row) => (
          <Item key={row.subscriberId} row={row} formats={format(currency, timezone)} />
        ))}
      </div>
      {total > rows.length && (
        <Text as="p" tone="subdued">
          These are the newest {rows.length}.
        </Text>
      )}
    </Section>
  )
}

const levels: Record<Disagreement['store']['level'], string> = { single: 'by signing up', confirmed: 'confirmed by mail', unknown: 'how is not known' }
const states: Record<Disagreement['ours']['state'], string> = {
  none: 'never agreed', pending: 'has not confirmed', unconfirmed_record: 'a record', subscribed: 'subscribed', unsubscribed: 'unsubscribed',
}

function Item({ row, formats }: { row: Disagreement; formats: Format }) {
  const client = useQueryClient()
  const keep = useMutation({
    mutationFn: () => ask(disagreementList, `/api/consent/disagreements/${row.subscriberId}`, { method: 'POST', body: { decision: 'keep' } }),
    onSuccess: (next) => {
      client.setQueryData(key, next)
      toast('Left as it is')
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
  return (
    <div className={css.request}>
      <BlockStack gap="050">
        <Text as="span" fontWeight="medium" breakWord>
          {row.name ? `${row.name}, ${row.email}` : row.email}
        </Text>
        <Text as="p" tone="subdued">
          Homing: {states[row.ours.state]} since {formats.dateTime(row.ours.at)} ({row.ours.source}). {row.store.source}: subscribed since {formats.dateTime(row.store.at)}, {levels[row.store.level]}.
        </Text>
      </BlockStack>
      <ButtonGroup>
        <Button variant="plain" url={`/subscribers/${row.subscriberId}`}>
          What happened
        </Button>
        <Button onClick={() => keep.mutate()} loading={keep.isPending}>
          Leave as it is
        </Button>
      </ButtonGroup>
    </div>
  )
}
