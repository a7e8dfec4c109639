import { useMutation } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { subscriberProfile, type PersonChange, type SubscriberProfile } from '../../app/subscribers/contract.ts'
import { ask, fieldFault, wordsOf } from '../api.ts'
import { toast } from '../bridge.ts'
import { countryName, languageName } from '../format.ts'
import { allCountries, allLanguages } from '../segments/places.ts'
import { BlockStack, Button, ButtonGroup, InlineError, Select, Text, TextField } from '../ui/index.ts'
import { FieldInput } from './FieldInput.tsx'

/** The facts as fields, in the place where they stood. */
export function EditFacts({ person, onClose, onSaved }: { person: SubscriberProfile; onClose: () => void; onSaved: (person: SubscriberProfile) => void }) {
  const [facts, setFacts] = useState({ firstName: person.firstName ?? '', lastName: person.lastName ?? '', locale: person.locale ?? '', country: person.country ?? '' })
  const [values, setValues] = useState<Record<string, string>>({})
  const places = useMemo(() => ({ countries: options(allCountries(), person.country, countryName), languages: options(allLanguages(), person.locale, (code) => languageName(code.replace('_', '-'))) }), [person])
  const save = useMutation({
    mutationFn: () => {
      const { firstName, lastName, locale, country } = facts
      const body: PersonChange = { firstName: firstName.trim() || null, lastName: lastName.trim() || null, locale: locale || null, country: country || null, fields: values }
      return ask(subscriberProfile, `/api/subscribers/${person.id}`, { method: 'PUT', body })
    },
    onSuccess: (next) => {
      toast('Saved')
      onSaved(next)
    },
  })
  const set = (key: keyof typeof facts) => (value: string) => {
    setFacts({ ...facts, [key]: value })
    if (save.isError) save.reset()
  }
  const fault = (field: string): { error?: string } => {
    const words = fieldFault(save.error, field)
    return words ? { error: words } : {}
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (!save.isPending) save.mutate()
      }}
    >
      <BlockStack gap="300">
        {person.inStore && (
          <Text as="p" tone="subdued" variant="bodySm">
            Your store knows this person too: a name, language or country that changes there later replaces yours.
          </Text>
        )}
        <TextField label="First name" value={facts.firstName} onChange={set('firstName')} maxLength={100} autoComplete="off" autoFocus {...fault('firstName')} />
        <TextField label="Last name" value={facts.lastName} onChange={set('lastName')} maxLength={100} autoComplete="off" {...fault('lastName')} />
        <Select label="Country" options={places.countries} value={facts.country} onChange={set('country')} {...fault('country')} />
        <Select label="Language" options={places.languages} value={facts.locale} onChange={set('locale')} {...fault('locale')} />
        {person.fields.map((field) => (
          <FieldInput
            key={field.id}
            field={field}
            value={values[field.id] ?? field.value ?? ''}
            onChange={(value) => {
              setValues({ ...values, [field.id]: value })
              if (save.isError) save.reset()
            }}
            {...(field.sensitive ? { help: 'Sensitive: kept out of segments, mails and analytics.' } : {})}
            error={fieldFault(save.error, `fields.${field.id}`)}
          />
        ))}
        {save.isError && <InlineError message={wordsOf(save.error)} fieldID="facts" />}
        <ButtonGroup>
          <Button submit loading={save.isPending}>
            Save
          </Button>
          <Button variant="tertiary" onClick={onClose}>
            Cancel
          </Button>
        </ButtonGroup>
      </BlockStack>
    </form>
  )
}

/** With "not known" first, and with what stands there now even when the list does not have it. */
function options(all: { code: string; name: string }[], now: string | null, name: (code: string) => string): { value: string; label: string }[] {
  const here = now && !all.some(({ code }) => code === now) ? [{ value: now, label: name(now) }] : []
  return [{ value: '', label: 'Not known' }, ...here, ...all.map((one) => ({ value: one.code, label: one.name }))]
}
