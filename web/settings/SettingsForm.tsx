import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { z } from 'zod'
import { settingsInput, settingsView, type SettingsView } from '../../app/shops/contract.ts'
import { ask, Fault, wordsOf } from '../api.ts'
import { toast, toastFault } from '../bridge.ts'
import { UnsavedBar } from '../components/UnsavedBar.tsx'
import { Brand } from './Brand.tsx'
import { Consent } from './Consent.tsx'
import { Sender } from './Sender.tsx'
import type { Part } from './Settings.tsx'

export type Input = z.infer<typeof settingsInput>
export interface FieldProps {
  input: Input
  set: (change: Partial<Input>) => void
  faults: Record<string, string>
}

export const inputOf = ({ senderName, senderEmail, replyTo, postalAddress, brand, doubleOptIn, tracking, attributionDays, softOptIn }: SettingsView): Input => ({
  senderName, senderEmail, replyTo, postalAddress, brand, doubleOptIn, tracking, attributionDays, softOptIn, attestRecords: false,
})

/** One form over three tabs, with one save bar. What another tab of the browser saved meanwhile is kept where nothing was changed here. */
export function SettingsForm({ settings, part }: { settings: SettingsView; part: Part }) {
  const client = useQueryClient()
  const stored = inputOf(settings)
  const [changes, setChanges] = useState<Partial<Input>>({})
  const input = { ...stored, ...changes }
  const changed = JSON.stringify(input) !== JSON.stringify(stored)
  const read = settingsInput.safeParse(input)
  const faults: Record<string, string> = {}
  if (!read.success) for (const issue of read.error.issues) faults[issue.path.join('.')] ??= issue.message
  const save = useMutation({
    mutationFn: async () => {
      if (!read.success) throw new Fault(0, 'invalid', 'Something does not fit: see the red words.')
      return ask(settingsView, '/api/settings', { method: 'PUT', body: read.data })
    },
    onSuccess: async (next) => {
      client.setQueryData(['settings'], next)
      setChanges({})
      toast('Saved')
      await client.invalidateQueries({ queryKey: ['home'] })
    },
    onError: (error) => toastFault(wordsOf(error)),
  })
  const discard = (): void => {
    setChanges({})
    save.reset()
  }
  const told = save.error instanceof Fault ? save.error.fields : {}
  const props: FieldProps = { input, set: (change) => setChanges({ ...changes, ...change }), faults: { ...told, ...faults } }
  return (
    <>
      <UnsavedBar id="settings-save" open={changed} saving={save.isPending} onSave={() => save.mutate()} onDiscard={discard} />
      {part === 'sender' && <Sender {...props} settings={settings} />}
      {part === 'brand' && <Brand {...props} />}
      {part === 'consent' && <Consent {...props} settings={settings} />}
    </>
  )
}
