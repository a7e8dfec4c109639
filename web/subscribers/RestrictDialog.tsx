import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { subscriberProfile, type SubscriberProfile } from '../../app/subscribers/contract.ts'
import { ask, fieldFault, wordsOf } from '../api.ts'
import { toast } from '../bridge.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { BlockStack, InlineError, Text, TextField } from '../ui/index.ts'

/** Stops or allows again that a person's data is used, with the reason written down. */
export function RestrictDialog({ person, onClose, onDone }: { person: SubscriberProfile; onClose: () => void; onDone: (person: SubscriberProfile) => void }) {
  const [reason, setReason] = useState('')
  const lifts = person.restricted !== null
  const act = useMutation({
    mutationFn: () => ask(subscriberProfile, `/api/subscribers/${person.id}/${lifts ? 'lift' : 'restrict'}`, { method: 'POST', body: { reason } }),
    onSuccess: (next) => {
      toast(lifts ? 'Their data may be used again' : 'Their data is not used any more')
      onDone(next)
      onClose()
    },
  })
  const fault = fieldFault(act.error, 'reason')
  return (
    <Dialog
      open
      title={lifts ? 'Use their data again?' : 'Stop using their data?'}
      onClose={onClose}
      primary={{ content: lifts ? 'Allow it again' : 'Stop using it', loading: act.isPending, disabled: reason.trim() === '', onAction: () => act.mutate() }}
      secondary={[{ content: 'Cancel', onAction: onClose }]}
    >
      <BlockStack gap="300">
        <Text as="p">
          {lifts
            ? 'From then on they get your mail again if they agreed to it and nothing else speaks against it. Tell them before you lift it: the law wants that.'
            : 'Everything about them stays. Nothing is sent to them and they are in no export, whatever they agreed to, until you allow it again. Do this when they ask you to, or while it is not clear whether their data is right.'}
        </Text>
        <TextField
          label="Why"
          helpText="Kept with the date, for you to show when somebody asks."
          value={reason}
          onChange={(next) => {
            setReason(next)
            if (act.isError) act.reset()
          }}
          maxLength={500}
          multiline={2}
          autoComplete="off"
          autoFocus
          {...(fault ? { error: fault } : {})}
        />
        {act.isError && !fault && <InlineError message={wordsOf(act.error)} fieldID="restrict" />}
      </BlockStack>
    </Dialog>
  )
}
