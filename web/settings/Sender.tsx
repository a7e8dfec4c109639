import type { SettingsView } from '../../app/shops/contract.ts'
import { BlockStack, InlineGrid, Section, Text, TextField } from '../ui/index.ts'
import { DomainLine } from './domain/DomainLine.tsx'
import { providerName } from './provider.ts'
import type { FieldProps } from './SettingsForm.tsx'

/** Who the mail is from. */
export function Sender({ input, set, faults, settings }: FieldProps & { settings: SettingsView }) {
  const fault = (field: string): { error?: string } => (faults[field] ? { error: sentence(faults[field]) } : {})
  return (
    <BlockStack gap="400">
      <Section title="From" explain="What people see in their inbox.">
        <BlockStack gap="400">
          <InlineGrid columns={{ xs: 1, sm: 2 }} gap="400">
            <TextField label="Name" value={input.senderName} onChange={(senderName) => set({ senderName })} maxLength={100} autoComplete="organization" placeholder={settings.shop.name} {...fault('senderName')} />
            <TextField
              label="E-mail address"
              type="email"
              value={input.senderEmail}
              onChange={(senderEmail) => set({ senderEmail })}
              autoComplete="email"
              placeholder={settings.shop.email ?? ''}
              helpText={`An address of your own domain that ${providerName(settings.mailProvider)} may send for.`}
              {...fault('senderEmail')}
            />
          </InlineGrid>
          <TextField label="Answers go to (if somewhere else)" type="email" value={input.replyTo} onChange={(replyTo) => set({ replyTo })} autoComplete="email" {...fault('replyTo')} />
        </BlockStack>
      </Section>
      <DomainLine address={settings.senderEmail} />
      <Section title="Your postal address" explain="The law asks for it in each mail. It stands in the footer, with the link to unsubscribe.">
        <BlockStack gap="300">
          <TextField label="Postal address" labelHidden value={input.postalAddress} onChange={(postalAddress) => set({ postalAddress })} multiline={3} maxLength={500} autoComplete="street-address" {...fault('postalAddress')} />
          {!settings.senderReady && (
            <Text as="p" tone="subdued">
              Name, e-mail address and postal address are needed before the first campaign.
            </Text>
          )}
        </BlockStack>
      </Section>
    </BlockStack>
  )
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}`
