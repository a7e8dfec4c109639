import { useState } from 'react'
import type { SettingsView } from '../../app/shops/contract.ts'
import { settingsInput } from '../../app/shops/contract.ts'
import { BlockStack, Checkbox, ChoiceList, Section, Text, TextField } from '../ui/index.ts'
import { Attest } from './Attest.tsx'
import { LedgerProof } from './LedgerProof.tsx'
import type { FieldProps } from './SettingsForm.tsx'
import { SoftOptIn } from './SoftOptIn.tsx'

/** What people must agree to, and what is counted. */
export function Consent({ input, set, faults, settings }: FieldProps & { settings: SettingsView }) {
  const [days, setDays] = useState<string | null>(null)
  return (
    <BlockStack gap="400">
      <Section title="Signing up">
        <Checkbox
          label="Ask for a confirmation by mail"
          helpText="After signing up people get a mail with a button. Only those who press it are on the list. Several countries expect it, and it keeps wrong addresses away."
          checked={input.doubleOptIn}
          onChange={(doubleOptIn) => set({ doubleOptIn })}
        />
      </Section>
      <Attest settings={settings} />
      <SoftOptIn input={input} set={set} faults={faults} settings={settings} />
      <Section title="Counting opens and clicks">
        <ChoiceList
          title="Counting opens and clicks"
          titleHidden
          selected={[input.tracking]}
          onChange={([choice]) => set({ tracking: settingsInput.shape.tracking.parse(choice) })}
          choices={[
            { value: 'consented', label: 'Only for people who agreed to it', helpText: 'They tick a box of their own when they sign up. The safest choice that still shows something.' },
            { value: 'by_law', label: 'Where the law lets me', helpText: 'For people in countries that do not ask for consent, and for those who agreed. Country not known: not counted.' },
            { value: 'off', label: 'For nobody', helpText: 'Reports show what was delivered, unsubscribed and came back.' },
          ]}
        />
      </Section>
      <Section title="Orders after a click" explain="An order counts for a mail when it comes within so many days after a person clicked in it.">
        <div style={{ maxWidth: 200 }}>
          <TextField
            label="Days"
            type="number"
            min={1}
            max={30}
            value={days ?? String(input.attributionDays)}
            onChange={(text) => {
              setDays(text)
              set({ attributionDays: Number(text) })
            }}
            onBlur={() => setDays(null)}
            autoComplete="off"
            suffix="days"
            {...(faults.attributionDays ? { error: 'From 1 to 30 days' } : {})}
          />
        </div>
        <Text as="p" tone="subdued">
          The last click decides; test orders and cancelled ones never count.
        </Text>
      </Section>
      <LedgerProof ledgerKey={settings.ledgerKey} domain={settings.shop.domain} />
    </BlockStack>
  )
}
