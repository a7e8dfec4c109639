import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router-dom'
import { duplicates, mergePreview, subscriberProfile, type SubscriberProfile } from '../../app/subscribers/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { toast } from '../bridge.ts'
import { PersonBadge } from '../components/PersonBadge.tsx'
import { plural } from '../format.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Banner, BlockStack, Button, ChoiceList, Failed, InlineError, InlineStack, SkeletonBodyText, Text } from '../ui/index.ts'
import css from './Profile.module.css'

interface Props {
  person: SubscriberProfile
  onClose: () => void
  onDone: (person: SubscriberProfile) => void
}

/** Two records that are one person become one: first which, then what remains. */
export function MergeDialog({ person, onClose, onDone }: Props) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [other, setOther] = useState<string | null>(null)
  const [keepsThis, setKeepsThis] = useState(true)
  const found = useQuery({ queryKey: ['subscriber', person.id, 'duplicates'], queryFn: ({ signal }) => ask(duplicates, `/api/subscribers/${person.id}/duplicates`, { signal }) })
  const kept = keepsThis ? person.id : (other ?? '')
  const removed = keepsThis ? (other ?? '') : person.id
  const preview = useQuery({
    queryKey: ['subscriber', kept, 'merge', removed],
    queryFn: ({ signal }) => ask(mergePreview, `/api/subscribers/${kept}/merge?removedId=${encodeURIComponent(removed)}`, { signal }),
    enabled: other !== null,
  })
  const merge = useMutation({
    mutationFn: () => ask(subscriberProfile, `/api/subscribers/${kept}/merge`, { method: 'POST', body: { removedId: removed } }),
    onSuccess: (next) => {
      toast('Two records became one')
      onClose()
      if (next.id === person.id) onDone(next)
      else {
        client.setQueryData(['subscriber', next.id], next)
        navigate(`/subscribers/${next.id}`, { replace: true })
        void client.invalidateQueries({ queryKey: ['subscribers'] })
      }
    },
  })
  const chosen = found.data?.people.find((one) => one.id === other)
  return (
    <Dialog
      open
      title="Merge with another record"
      onClose={onClose}
      {...(chosen ? { primary: { content: 'Make them one', tone: 'critical' as const, loading: merge.isPending, disabled: !preview.data, onAction: () => merge.mutate() } } : {})}
      secondary={chosen ? [{ content: 'Choose another', onAction: () => setOther(null) }] : [{ content: 'Close', onAction: onClose }]}
    >
      {found.isError ? (
        <Failed inline title="The other records could not be looked for" words={wordsOf(found.error)} again={() => void found.refetch()} />
      ) : !found.data ? (
        <SkeletonBodyText lines={4} />
      ) : !chosen ? (
        <BlockStack gap="200">
          <Text as="p" tone={found.data.people.length === 0 ? 'base' : 'subdued'}>
            {found.data.people.length === 0 ? 'Nobody else in your list looks like the same person.' : 'These may be the same person. Choose one to see what would remain; nothing happens yet.'}
          </Text>
          <ul className={css.candidates}>
            {found.data.people.map((one) => (
              <li key={one.id}>
                <div className={css.candidate}>
                  <InlineStack gap="200" blockAlign="center">
                    <Text as="span" fontWeight="semibold" breakWord>
                      {one.name || one.email}
                    </Text>
                    <PersonBadge status={one.status} />
                  </InlineStack>
                  {one.name && (
                    <Text as="p" tone="subdued" breakWord>
                      {one.email}
                    </Text>
                  )}
                  <Text as="p" tone="subdued">
                    {one.why}. {one.ordersCount === 0 ? 'No orders.' : `${plural(one.ordersCount, 'order', 'orders')}.`}
                  </Text>
                </div>
                <Button onClick={() => setOther(one.id)} accessibilityLabel={`Choose ${one.email}`}>
                  Choose
                </Button>
              </li>
            ))}
          </ul>
        </BlockStack>
      ) : (
        <BlockStack gap="400">
          <ChoiceList
            title="Whose address stays?"
            selected={[keepsThis ? 'this' : 'other']}
            onChange={([choice]) => setKeepsThis(choice === 'this')}
            choices={[
              { value: 'this', label: person.email },
              { value: 'other', label: chosen.email },
            ]}
          />
          {preview.isError ? (
            <Failed inline title="What would remain could not be worked out" words={wordsOf(preview.error)} again={() => void preview.refetch()} />
          ) : !preview.data ? (
            <SkeletonBodyText lines={3} />
          ) : (
            <BlockStack gap="200">
              <InlineStack gap="200" blockAlign="center">
                <Text as="h3" variant="headingSm">
                  Afterwards
                </Text>
                <PersonBadge status={preview.data.status} />
              </InlineStack>
              <Text as="p" breakWord>
                {preview.data.kept.email} has the history, consent, tags and {preview.data.orders === 0 ? 'mails' : plural(preview.data.orders, 'order', 'orders')} of both. {preview.data.removed.email} is no record of its own any more; links in mails that it got go
                on working.
              </Text>
              <Text as="p" breakWord>
                {preview.data.sentence}
              </Text>
            </BlockStack>
          )}
          <Banner tone="warning">
            <Text as="p">This cannot be undone.</Text>
          </Banner>
          {merge.isError && <InlineError message={wordsOf(merge.error)} fieldID="merge" />}
        </BlockStack>
      )}
    </Dialog>
  )
}
