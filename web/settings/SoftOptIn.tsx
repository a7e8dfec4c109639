import type { SettingsView } from '../../app/shops/contract.ts'
import { format } from '../format.ts'
import { BlockStack, Checkbox, Section, Text, TextField } from '../ui/index.ts'
import type { FieldProps } from './SettingsForm.tsx'

/** May customers be written to because they ordered? Only if they could refuse it then: the shop says so, with the words. */
export function SoftOptIn({ input, set, faults, settings }: FieldProps & { settings: SettingsView }) {
  const { on, wording, family } = input.softOptIn ?? settings.softOptIn
  const change = (to: Partial<SettingsView['softOptIn']>): void => set({ softOptIn: { on, wording, family, ...to } })
  const fault = (field: 'wording' | 'family'): { error?: string } => {
    const words = faults[`softOptIn.${field}`]
    return words ? { error: words.charAt(0).toUpperCase() + words.slice(1) } : {}
  }
  const since = settings.softOptInSince
  return (
    <Section title="Customers who ordered" explain="The law calls this soft opt-in: EU ePrivacy Directive, article 13(2), and in the United Kingdom PECR, regulation 22.">
      <BlockStack gap="400">
        <Text as="p">
          You may write to a customer about products like those they bought without asking first, if they could refuse that, free of charge, when they ordered. In Canada (CASL) this ends two years after the last order. Each mail must offer
          to refuse again; ours do.
        </Text>
        <Checkbox
          label="When people order in my shop, they can refuse mail about similar products"
          helpText={
            on && since
              ? `Counts for orders since ${format(settings.shop.currency, settings.shop.timezone).dateTime(since)}. Switch it off, and nobody may be mailed because of an order any more.`
              : 'From then on, people who order and never said anything about mail may be mailed. Nobody changes who said no or has not confirmed yet.'
          }
          checked={on}
          onChange={(checked) => change({ on: checked })}
        />
        {on && (
          <>
            <TextField
              label="The words with which they can refuse"
              helpText="Exactly as they stand where people order. They are kept with each order, as proof."
              value={wording}
              onChange={(text) => change({ wording: text })}
              multiline={2}
              maxLength={1000}
              autoComplete="off"
              {...fault('wording')}
            />
            <TextField
              label="What these mails are about"
              helpText="Products like those that they bought, for example: plants and pots. Keep to it when you write to these people."
              value={family}
              onChange={(text) => change({ family: text })}
              maxLength={200}
              autoComplete="off"
              {...fault('family')}
            />
          </>
        )}
      </BlockStack>
    </Section>
  )
}
