import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useParams } from 'react-router-dom'
import { subscriberProfile, type SubscriberProfile } from '../../app/subscribers/contract.ts'
import { ask, download, Fault, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { Lost } from '../components/Lost.tsx'
import { PersonBadge } from '../components/PersonBadge.tsx'
import { useFormat } from '../shop.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Banner, BlockStack, Button, Failed, icons, InlineGrid, PageFrame, PageSkeleton, Section, Text, type Action } from '../ui/index.ts'
import { ConsentHistory } from './ConsentHistory.tsx'
import { EraseDialog } from './EraseDialog.tsx'
import { Facts } from './Facts.tsx'
import { MergeDialog } from './MergeDialog.tsx'
import { keptPlace } from './query.ts'
import { RestrictDialog } from './RestrictDialog.tsx'
import { Timeline } from './Timeline.tsx'

/** Who is this, and may I write to them? */
export default function Profile() {
  const { id = '' } = useParams()
  const formats = useFormat()
  const client = useQueryClient()
  const [asking, setAsking] = useState<'unsubscribe' | 'restrict' | 'merge' | 'erase' | null>(null)
  const [back] = useState(() => `/subscribers${keptPlace()?.search ?? ''}`)
  const asked = useQuery({ queryKey: ['subscriber', id], queryFn: ({ signal }) => ask(subscriberProfile, `/api/subscribers/${id}`, { signal }) })
  const close = (): void => setAsking(null)
  const changed = (profile: SubscriberProfile): void => {
    client.setQueryData(['subscriber', id], profile)
    void client.invalidateQueries({ queryKey: ['subscribers'] })
  }
  const unsubscribe = useMutation({
    mutationFn: () => ask(subscriberProfile, `/api/subscribers/${id}/unsubscribe`, { method: 'POST', body: {} }),
    onSuccess: (profile) => {
      changed(profile)
      toast('Unsubscribed')
    },
    onError: (error) => toastFault(wordsOf(error)),
    onSettled: close,
  })
  const receipt = useMutation({ mutationFn: () => download(`/api/subscribers/${id}/receipt`, `consent-receipt-${id}.json`), onError: (error) => toastFault(wordsOf(error)) })
  if (asked.isError && !asked.data) {
    if (asked.error instanceof Fault && asked.error.status === 404) return <Lost what="person" />
    return <Failed title="This person could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />
  }
  if (!asked.data || !formats) return <PageSkeleton shape="cards" />
  const person = asked.data
  const name = [person.firstName, person.lastName].filter(Boolean).join(' ')
  const menu: Action[] = [
    { content: person.restricted ? 'Allow their data to be used again' : 'Stop using their data', icon: icons.Lock, onAction: () => setAsking('restrict') },
    { content: 'Merge with another record', icon: icons.Duplicate, onAction: () => setAsking('merge') },
    { content: 'Erase this person', icon: icons.Delete, tone: 'critical', onAction: () => setAsking('erase') },
  ]
  return (
    <PageFrame
      title={name || person.email}
      back={{ content: 'Subscribers', url: back }}
      sentence={name || person.email}
      badge={<PersonBadge status={person.status} />}
      detail={person.statusSentence}
      {...(person.canUnsubscribe ? { secondary: [{ content: 'Unsubscribe', onAction: () => setAsking('unsubscribe') }] } : {})}
      menu={menu}
    >
      <BlockStack gap="400">
        {person.restricted && (
          <Banner tone="warning" title={`Their data has not been used since ${formats.dateTime(person.restricted.at)}`} action={{ content: 'Allow it again', onAction: () => setAsking('restrict') }}>
            <Text as="p" breakWord>
              {person.restricted.reason}
            </Text>
          </Banner>
        )}
        <InlineGrid columns={{ xs: 1, md: ['twoThirds', 'oneThird'] }} gap="400" alignItems="start">
          <BlockStack gap="400">
            <Section title="What happened" explain={person.timeline.length === 0 ? 'Nothing yet.' : undefined}>
              <Timeline person={person} formats={formats} />
            </Section>
            <Section
              title="Consent"
              explain={person.consent.length === 0 ? 'Nothing is written down: this person never agreed and never objected.' : 'Every change, newest first. Entries are never changed afterwards.'}
              end={
                person.consent.length > 0 && (
                  <Button onClick={() => receipt.mutate()} loading={receipt.isPending}>
                    Download receipt
                  </Button>
                )
              }
            >
              <ConsentHistory entries={person.consent} formats={formats} />
            </Section>
          </BlockStack>
          <Facts person={person} formats={formats} onChange={changed} />
        </InlineGrid>
      </BlockStack>
      <Dialog
        open={asking === 'unsubscribe'}
        title="Unsubscribe this person?"
        size="small"
        onClose={close}
        primary={{ content: 'Unsubscribe', tone: 'critical', loading: unsubscribe.isPending, onAction: () => unsubscribe.mutate() }}
        secondary={[{ content: 'Cancel', onAction: close }]}
      >
        <Text as="p">{person.email} gets no more campaigns, and your store is told. Only they themselves can subscribe again.</Text>
      </Dialog>
      {asking === 'restrict' && <RestrictDialog person={person} onClose={close} onDone={changed} />}
      {asking === 'merge' && <MergeDialog person={person} onClose={close} onDone={changed} />}
      {asking === 'erase' && <EraseDialog person={person} back={back} onClose={close} />}
    </PageFrame>
  )
}
