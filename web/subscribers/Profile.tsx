import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useParams } from 'react-router-dom'
import { subscriberProfile, type SubscriberProfile } from '../../app/subscribers/contract.ts'
import { ask, Fault, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { Lost } from '../components/Lost.tsx'
import { PersonBadge } from '../components/PersonBadge.tsx'
import { countryName, languageName, money, number, plural, type Format } from '../format.ts'
import { useFormat } from '../shop.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { BlockStack, Failed, InlineGrid, InlineStack, Link, PageFrame, PageSkeleton, Section, Text } from '../ui/index.ts'
import { ConsentHistory } from './ConsentHistory.tsx'
import css from './Profile.module.css'
import { Timeline } from './Timeline.tsx'

const sources: Record<string, string> = { shopify: 'Your store’s customers', order: 'An order', form: 'A sign-up form', manual: 'Added by hand' }

/** Who is this, and may I write to them? */
export default function Profile() {
  const { id = '' } = useParams()
  const formats = useFormat()
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const asked = useQuery({ queryKey: ['subscriber', id], queryFn: ({ signal }) => ask(subscriberProfile, `/api/subscribers/${id}`, { signal }) })
  const unsubscribe = useMutation({
    mutationFn: () => ask(subscriberProfile, `/api/subscribers/${id}/unsubscribe`, { method: 'POST', body: {} }),
    onSuccess: (profile) => {
      client.setQueryData(['subscriber', id], profile)
      void client.invalidateQueries({ queryKey: ['subscribers'] })
      toast('Unsubscribed')
    },
    onError: (error) => toastFault(wordsOf(error)),
    onSettled: () => setAsking(false),
  })
  if (asked.isError && !asked.data) {
    if (asked.error instanceof Fault && asked.error.status === 404) return <Lost what="person" />
    return <Failed title="This person could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  }
  if (!asked.data || !formats) return <PageSkeleton shape="cards" />
  const person = asked.data
  const name = [person.firstName, person.lastName].filter(Boolean).join(' ')
  return (
    <PageFrame
      title={name || person.email}
      back={{ content: 'Subscribers', url: '/subscribers' }}
      sentence={name || person.email}
      badge={<PersonBadge status={person.status} />}
      detail={person.statusSentence}
      {...(person.canUnsubscribe ? { secondary: [{ content: 'Unsubscribe', onAction: () => setAsking(true) }] } : {})}
    >
      <InlineGrid columns={{ xs: 1, md: ['twoThirds', 'oneThird'] }} gap="400" alignItems="start">
        <BlockStack gap="400">
          <Section title="What happened" explain={person.timeline.length === 0 ? 'Nothing yet.' : undefined}>
            <Timeline items={person.timeline} formats={formats} />
          </Section>
          <Section title="Consent" explain={person.consent.length === 0 ? 'Nothing is written down: this person never agreed and never objected.' : 'Every change, newest first. Entries are never changed afterwards.'}>
            <ConsentHistory entries={person.consent} formats={formats} />
          </Section>
        </BlockStack>
        <Facts person={person} formats={formats} />
      </InlineGrid>
      <Dialog
        open={asking}
        title="Unsubscribe this person?"
        size="small"
        onClose={() => setAsking(false)}
        primary={{ content: 'Unsubscribe', tone: 'critical', loading: unsubscribe.isPending, onAction: () => unsubscribe.mutate() }}
        secondary={[{ content: 'Cancel', onAction: () => setAsking(false) }]}
      >
        <Text as="p">{person.email} gets no more campaigns, and your store is told. Only they themselves can subscribe again.</Text>
      </Dialog>
    </PageFrame>
  )
}

function Facts({ person, formats }: { person: SubscriberProfile; formats: Format }) {
  const facts: [string, string][] = [
    ['E-mail', person.email],
    ['Country', person.country ? countryName(person.country) : 'Not known'],
    ['Language', person.locale ? languageName(person.locale) : 'Not known'],
    ['Came from', sources[person.source] ?? person.source],
    ['Here since', formats.date(person.createdAt)],
  ]
  return (
    <BlockStack gap="400">
      <Section title="Orders">
        <BlockStack gap="100">
          <span className={css.big}>{money(person.totalSpent, person.currency)}</span>
          <Text as="p" tone="subdued">
            {person.ordersCount === 0 ? 'No orders yet.' : `${plural(person.ordersCount, 'order', 'orders')}${person.lastOrderAt ? `, the last on ${formats.date(person.lastOrderAt)}` : ''}.`}
            {person.ordersCount > 1 && ` About ${money(Math.round(person.totalSpent / person.ordersCount), person.currency)} each.`}
          </Text>
        </BlockStack>
      </Section>
      <Section title="About">
        <dl className={css.facts}>
          {facts.map(([word, value]) => (
            <div key={word}>
              <dt>{word}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </Section>
      {person.tags.length > 0 && (
        <Section title={`Tags (${number(person.tags.length)})`}>
          <InlineStack gap="200">
            {person.tags.map((tag) => (
              <Link key={tag} url={`/subscribers?tag=${encodeURIComponent(tag)}`}>
                {tag}
              </Link>
            ))}
          </InlineStack>
        </Section>
      )}
    </BlockStack>
  )
}
