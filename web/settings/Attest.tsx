import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { settingsView, type SettingsView } from '../../app/shops/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { format, people } from '../format.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Banner, BlockStack, Button, Checkbox, Section, Text } from '../ui/index.ts'
import { inputOf } from './SettingsForm.tsx'

/** Your store says that people subscribed, but not how. A statement of the store owner with its time, about the records that are there then. */
export function Attest({ settings }: { settings: SettingsView }) {
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const [sure, setSure] = useState(false)
  const { unattestedRecords: waiting, recordsAttestedAt: at } = settings
  const attest = useMutation({
    // On top of what is stored, not of what is being typed: this is a statement of its own.
    mutationFn: () => ask(settingsView, '/api/settings', { method: 'PUT', body: { ...inputOf(settings), attestRecords: true } }),
    onSuccess: async (next) => {
      client.setQueryData(['settings'], next)
      setAsking(false)
      toast('Written down')
      await client.invalidateQueries({ queryKey: ['subscribers'] })
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
  const formats = format(settings.shop.currency, settings.shop.timezone)
  return (
    <Section title="Consent in your store’s records" explain="Shopify keeps for each customer whether they want mail, but not always how they said so.">
      {waiting === 0 ? (
        <Text as="p">{at ? `You confirmed on ${formats.dateTime(at)} that the people in these records agreed. They may be mailed.` : 'Nobody is waiting: there is no record without its own proof.'}</Text>
      ) : (
        <Banner tone="info" title={`${people(waiting)} cannot be mailed yet`}>
          <BlockStack gap="300">
            <Text as="p">Your store marks them as subscribed. If you know that they agreed to get mail from you, say so; the time is written down.{at ? ` Your statement of ${formats.dateTime(at)} covers the records that were there then.` : ''}</Text>
            <div>
              <Button onClick={() => setAsking(true)}>Confirm how they agreed…</Button>
            </div>
          </BlockStack>
        </Banner>
      )}
      <Dialog
        open={asking}
        title="Did these people agree?"
        onClose={() => setAsking(false)}
        primary={{ content: `Confirm for ${people(waiting)}`, disabled: !sure, loading: attest.isPending, onAction: () => attest.mutate() }}
        secondary={[{ content: 'Not now', onAction: () => setAsking(false) }]}
      >
        <BlockStack gap="300">
          <Text as="p">
            {people(waiting)} will become people you may mail. People who unsubscribed stay unsubscribed. This statement is kept with its time and cannot be taken back; each person can leave at any time.
          </Text>
          <Checkbox label="The customers whom my store marks as subscribed agreed to get marketing mail from my shop, and I can show how." checked={sure} onChange={setSure} />
        </BlockStack>
      </Dialog>
    </Section>
  )
}
