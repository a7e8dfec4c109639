import { BlockStack, Checkbox, RangeSlider, Section, TextField } from '../ui/index.ts'
import type { Draft } from './FormDesigner.tsx'

interface Props {
  kind: 'popup' | 'inline'
  draft: Draft
  onChange: (draft: Draft) => void
  faults: Record<string, string>
}

/** Its name, what is asked, and when a pop-up shows. */
export function When({ kind, draft, onChange, faults }: Props) {
  const { settings } = draft
  return (
    <Section title="How it behaves">
      <BlockStack gap="400">
        <TextField label="Name (only you see it)" value={draft.name} onChange={(name) => onChange({ ...draft, name })} maxLength={100} autoComplete="off" {...(faults.name ? { error: 'Give the form a name' } : {})} />
        <Checkbox label="Ask for the first name too" helpText="One field less brings more sign-ups." checked={settings.askName} onChange={(askName) => onChange({ ...draft, settings: { ...settings, askName } })} />
        {kind === 'popup' && (
          <>
            <RangeSlider
              label={settings.afterSeconds === 0 ? 'Shows at once' : `Shows after ${settings.afterSeconds} seconds`}
              min={0}
              max={60}
              step={1}
              value={Math.min(60, settings.afterSeconds)}
              onChange={(value) => onChange({ ...draft, settings: { ...settings, afterSeconds: Number(value) } })}
            />
            <RangeSlider
              label={`After a “no” it rests for ${settings.restDays} ${settings.restDays === 1 ? 'day' : 'days'}`}
              min={1}
              max={180}
              step={1}
              value={Math.min(180, settings.restDays)}
              onChange={(value) => onChange({ ...draft, settings: { ...settings, restDays: Number(value) } })}
            />
          </>
        )}
      </BlockStack>
    </Section>
  )
}
