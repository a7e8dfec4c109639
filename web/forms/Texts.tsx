import { useState } from 'react'
import type { FormSettings, FormTexts } from '../../app/forms/contract.ts'
import { languageName } from '../format.ts'
import { ActionList, BlockStack, Button, icons, InlineStack, Popover, Section, TextField } from '../ui/index.ts'

const offered = ['en', 'de', 'fr', 'es', 'it', 'nl', 'pt', 'da', 'sv', 'nb', 'fi', 'pl', 'cs', 'ja', 'ko', 'ar', 'he', 'el', 'hu', 'ro', 'tr', 'uk']

interface Props {
  settings: FormSettings
  language: string
  onLanguage: (language: string) => void
  onChange: (settings: FormSettings) => void
  faults: Record<string, string>
  showMissing: boolean
}
const fields: { key: keyof FormTexts; label: string; most: number; lines?: number; help?: string; only?: 'name' }[] = [
  { key: 'heading', label: 'Heading', most: 120 },
  { key: 'body', label: 'Under the heading', most: 400, lines: 2 },
  { key: 'nameLabel', label: 'Above the name field', most: 60, only: 'name' },
  { key: 'emailLabel', label: 'Above the e-mail field', most: 60 },
  { key: 'button', label: 'Button', most: 40 },
  { key: 'decline', label: 'To say no', most: 40, help: 'As easy to see as the button.' },
  { key: 'consent', label: 'Words of consent', most: 600, lines: 4, help: 'Who will write, about what, and that one can leave at any time. Kept word for word with each sign-up.' },
  { key: 'tracking', label: 'Box for counting opens and clicks', most: 300, lines: 3, help: 'Stands beside a box that is not ticked. Empty: it is not asked.' },
  { key: 'success', label: 'After signing up', most: 300, lines: 2, help: 'Say what happens next.' },
]

/** The form's words, language by language. A visitor whose language is missing gets the first one. */
export function Texts({ settings, language, onLanguage, onChange, faults, showMissing }: Props) {
  const texts = settings.texts[language]
  const languages = Object.keys(settings.texts)
  if (!texts) return null
  const set = (key: keyof FormTexts, value: string): void => onChange({ ...settings, texts: { ...settings.texts, [language]: { ...texts, [key]: value } } })
  const drop = (): void => {
    onChange({ ...settings, texts: Object.fromEntries(Object.entries(settings.texts).filter(([one]) => one !== language)) })
    onLanguage(languages.find((one) => one !== language) ?? '')
  }
  return (
    <Section title="Words" end={<AddLanguage known={languages} onAdd={(added) => { onChange({ ...settings, texts: { ...settings.texts, [added]: texts } }); onLanguage(added) }} />}>
      <BlockStack gap="400">
        <InlineStack gap="150">
          {languages.map((one) => {
            const faulty = showMissing && Object.keys(faults).some((path) => path.startsWith(`settings.texts.${one}.`))
            return (
              <Button key={one} size="slim" pressed={one === language} onClick={() => onLanguage(one)} {...(faulty ? { tone: 'critical' as const } : {})}>
                {languageName(one)}
              </Button>
            )
          })}
        </InlineStack>
        {fields
          .filter((field) => field.only !== 'name' || settings.askName)
          .map((field) => {
            const fault = faults[`settings.texts.${language}.${field.key}`]
            return (
              <TextField
                key={field.key}
                label={field.label}
                value={texts[field.key]}
                onChange={(value) => set(field.key, value)}
                maxLength={field.most}
                autoComplete="off"
                {...(field.lines ? { multiline: field.lines } : {})}
                {...(field.help ? { helpText: field.help } : {})}
                {...(fault ? { error: `${fault.charAt(0).toUpperCase()}${fault.slice(1)}` } : {})}
              />
            )
          })}
        {languages.length > 1 && (
          <div>
            <Button variant="plain" tone="critical" onClick={drop}>
              {`Take ${languageName(language)} away`}
            </Button>
          </div>
        )}
      </BlockStack>
    </Section>
  )
}

function AddLanguage({ known, onAdd }: { known: string[]; onAdd: (language: string) => void }) {
  const [open, setOpen] = useState(false)
  return (
    <Popover active={open} onClose={() => setOpen(false)} autofocusTarget="first-node" activator={<Button icon={icons.Plus} variant="tertiary" size="slim" onClick={() => setOpen(!open)}>Language</Button>}>
      <ActionList
        actionRole="menuitem"
        items={offered
          .filter((one) => !known.includes(one))
          .map((one) => ({
            content: languageName(one),
            onAction: () => {
              setOpen(false)
              onAdd(one)
            },
          }))}
      />
    </Popover>
  )
}
