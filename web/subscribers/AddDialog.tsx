import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router-dom'
import { agreedHow, personAddedReply, type PersonAdded } from '../../app/subscribers/contract.ts'
import { ask, Fault, fieldFault, wordsOf } from '../api.ts'
import { toast } from '../bridge.ts'
import { wallClock } from '../format.ts'
import { useFormat } from '../shop.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { Banner, BlockStack, ChoiceList, FormLayout, InlineError, Text, TextField } from '../ui/index.ts'

type How = NonNullable<PersonAdded['basis']>['how']

/** Somebody by hand: who, and how they agreed, with what follows from it in words. */
export function AddDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const zone = useFormat()?.zone ?? 'UTC'
  const [today] = useState(() => wallClock(new Date(), zone).date)
  const [email, setEmail] = useState('')
  const [firstName, setFirstName] = useState('')
  const [lastName, setLastName] = useState('')
  const [how, setHow] = useState<How | null>(null)
  const [on, setOn] = useState(today)
  const [note, setNote] = useState('')
  const add = useMutation({
    mutationFn: () =>
      ask(personAddedReply, '/api/subscribers', {
        method: 'POST',
        body: { email, firstName: firstName.trim() || null, lastName: lastName.trim() || null, basis: how && { how, on, note } } satisfies PersonAdded,
      }),
    onSuccess: ({ id, added, sentence }) => {
      toast(added ? 'Added' : sentence) // the page that opens says where they stand
      void client.invalidateQueries({ queryKey: ['subscribers'] })
      onClose()
      navigate(`/subscribers/${id}`)
    },
  })
  const change =
    <T,>(set: (value: T) => void) =>
    (value: T): void => {
      set(value)
      if (add.isError) add.reset() // what was said about the words before
    }
  const fault = (field: string): { error?: string } => {
    const words = fieldFault(add.error, field)
    return words ? { error: words } : {}
  }
  const named = add.error instanceof Fault && Object.keys(add.error.fields).some((field) => ['email', 'firstName', 'lastName', 'basis.on', 'basis.note'].includes(field))
  const ready = email.trim() !== '' && (how === null || (on !== '' && note.trim() !== ''))
  return (
    <Dialog
      open
      title="Add a person"
      onClose={onClose}
      primary={{ content: 'Add', loading: add.isPending, disabled: !ready, onAction: () => add.mutate() }}
      secondary={[{ content: 'Cancel', onAction: onClose }]}
    >
      <BlockStack gap="400">
        <FormLayout>
          <TextField label="E-mail address" type="email" value={email} onChange={change(setEmail)} autoComplete="off" maxLength={254} autoFocus {...fault('email')} />
          <FormLayout.Group condensed>
            <TextField label="First name" value={firstName} onChange={change(setFirstName)} autoComplete="off" maxLength={100} {...fault('firstName')} />
            <TextField label="Last name" value={lastName} onChange={change(setLastName)} autoComplete="off" maxLength={100} {...fault('lastName')} />
          </FormLayout.Group>
        </FormLayout>
        <ChoiceList
          title="How did they agree to get your mail?"
          selected={[how ?? 'not']}
          onChange={([choice]) => change(setHow)(agreedHow.safeParse(choice).data ?? null)}
          choices={[
            { value: 'not', label: 'Not yet' },
            { value: 'paper', label: 'On a paper form' },
            { value: 'in_person', label: 'In person' },
            { value: 'phone', label: 'On the phone' },
          ]}
        />
        {how && (
          <FormLayout>
            <TextField label="On which day" type="date" value={on} max={today} onChange={change(setOn)} autoComplete="off" {...fault('basis.on')} />
            <TextField
              label="Where this is kept"
              value={note}
              onChange={change(setNote)}
              autoComplete="off"
              maxLength={500}
              multiline={2}
              helpText={how === 'paper' ? 'For example: form in the green folder, counter 2.' : 'For example: who spoke with them, and which words they agreed to.'}
              {...fault('basis.note')}
            />
          </FormLayout>
        )}
        <div role="status">
          <Banner tone="info">
            <Text as="p">{what(how)}</Text>
          </Banner>
        </div>
        {add.isError && !named && <InlineError message={wordsOf(add.error)} fieldID="add" />}
      </BlockStack>
    </Dialog>
  )
}

/** What may be sent to them then. */
function what(how: How | null): string {
  if (how === null) return 'They are in your list and get none of your campaigns until they agree themselves, for example by a sign-up form.'
  return 'This is written into their history with the day and your note, for you to show when somebody asks. They get your campaigns once you vouch for your records in Settings, under Consent. Whoever has unsubscribed stays unsubscribed.'
}
