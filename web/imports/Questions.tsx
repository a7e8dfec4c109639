import { useState } from 'react'
import { attestations, type ColumnTarget, type ImportMapping, type ImportView } from '../../app/imports/contract.ts'
import { Fault, wordsOf } from '../api.ts'
import { Banner, BlockStack, Button, Checkbox, ChoiceList, InlineError, Section, Text, TextField } from '../ui/index.ts'
import { Columns, proposed } from './Columns.tsx'
import css from './Imports.module.css'
import { useAct } from './queries.ts'
import { consentChoices, originWords, refusedOrigin } from './words.ts'

type Origin = NonNullable<ImportView['origin']>
type Consent = ImportMapping['consent']
interface Draft {
  columns: ColumnTarget[]
  tags: string
  origin: Origin | null
  consent: Consent
}
/** Answers that were not sent yet, by import: whoever goes to add a field finds them again. A statement is made anew each time. */
const drafts = new Map<string, Draft>()

/** The file is here: what stands in it, where it comes from, and what these people agreed to. Then it is compared; nothing changes yet. */
export function Questions({ view }: { view: ImportView }) {
  const people = view.kind === 'people'
  const [{ columns, tags, origin, consent }, setDraft] = useState<Draft>(() => drafts.get(view.id) ?? { columns: proposed(view), tags: view.mapping.tags.join(', '), origin: view.origin, consent: view.mapping.consent })
  const [attested, setAttested] = useState(false)
  const compare = useAct(view.id, true)
  const change = (part: Partial<Draft>): void => {
    const next = { columns, tags, origin, consent, ...part }
    drafts.set(view.id, next)
    setDraft(next)
    compare.reset() // what was said about the answers before
  }
  const faults = compare.error instanceof Fault ? compare.error.fields : {}
  const refused = people ? refusedOrigin(origin) : null
  const missing = missingIn(columns, people, origin, attested)
  const send = (): void =>
    compare.mutate({
      act: 'compare',
      body: { mapping: { columns, tags: tags.split(',').map((tag) => tag.trim()).filter(Boolean), consent }, origin: people && origin ? origin : 'other_tool', attested: people && attested },
    })
  return (
    <BlockStack gap="400">
      <Columns view={view} columns={columns} onChange={(next) => change({ columns: next })} faults={{ ...doubles(columns), ...columnFaults(faults) }} />
      {people && (
        <>
          <Section title="2. Where do these addresses come from?">
            <ChoiceList
              title="Where they come from"
              titleHidden
              selected={origin ? [origin] : []}
              onChange={([next]) => change({ origin: next as Origin })}
              choices={Object.entries(originWords).map(([value, label]) => ({ value, label }))}
              {...(faults.origin ? { error: faults.origin } : {})}
            />
            <div aria-live="polite" className={css.told}>
              {refused && (
                <Banner tone="critical" title="This list cannot be brought in">
                  <Text as="p">{refused}</Text>
                </Banner>
              )}
            </div>
          </Section>
          {!refused && (
            <>
              <Section title="3. What did these people agree to?" explain={explainConsent(columns)}>
                <ChoiceList
                  title="What they agreed to"
                  titleHidden
                  selected={[consent]}
                  onChange={([next]) => {
                    change({ consent: next as Consent })
                    setAttested(false) // another sentence
                  }}
                  choices={Object.entries(consentChoices).map(([value, choice]) => ({ value, ...choice }))}
                />
                <TextField
                  label="Tags for everybody in this file"
                  helpText="If you like, so that you find them again. Several with commas between."
                  value={tags}
                  onChange={(next) => change({ tags: next })}
                  autoComplete="off"
                  maxLength={1000}
                  {...(faultOf(faults, 'mapping.tags') ? { error: faultOf(faults, 'mapping.tags') } : {})}
                />
              </Section>
              <Section title="4. Your word for it" explain="The sentence is kept with this import, with the time and who ticked it.">
                <Checkbox
                  label={attestations[consent]}
                  checked={attested}
                  onChange={(on) => {
                    setAttested(on)
                    compare.reset()
                  }}
                  {...(faults.attested ? { error: faults.attested } : {})}
                />
              </Section>
            </>
          )}
        </>
      )}
      {!people && (
        <Section title="2. Why do they get no mail, where the file does not say it?">
          <ChoiceList
            title="Why they get no mail"
            titleHidden
            selected={[consent === 'unsubscribed' ? 'unsubscribed' : 'none']}
            onChange={([next]) => change({ consent: next as Consent })}
            choices={blockChoices}
          />
        </Section>
      )}
      {!refused && (
        <div className={css.next}>
          <Button variant="primary" onClick={send} loading={compare.isPending} disabled={missing !== null}>
            See what would change
          </Button>
          <Text as="span" tone="subdued">
            {missing ?? 'Nothing changes yet.'}
          </Text>
          <div aria-live="polite">{compare.isError && <InlineError message={wordsOf(compare.error)} fieldID="import-compare" />}</div>
        </div>
      )}
    </BlockStack>
  )
}

const blockChoices = [
  { value: 'unsubscribed', label: 'They unsubscribed', helpText: 'Who is in your list gets mail again only after signing up themselves. Other addresses are blocked, in case they come.' },
  { value: 'none', label: 'They are blocked', helpText: 'The address did not work, or nobody should write to it. You can lift that under Blocked addresses.' },
]

function explainConsent(columns: ColumnTarget[]): string | undefined {
  if (columns.includes('consent')) return 'Your file says it line by line: whoever said no is brought in as such, whatever you choose here, and “they agreed” counts only for lines that say yes.'
  if (columns.includes('unsubscribed_at')) return 'Whoever said no according to their line is brought in as such, whatever you choose here.'
  return undefined
}

/** What is still to be answered, in words; null: nothing. */
function missingIn(columns: ColumnTarget[], people: boolean, origin: Origin | null, attested: boolean): string | null {
  if (!columns.includes('email')) return 'Say which column has the e-mail address.'
  if (Object.keys(doubles(columns)).length > 0) return 'Two columns mean the same. Choose one of them.'
  if (people && !origin) return 'Say where the addresses come from.'
  if (people && !attested) return 'Tick the sentence, if it is so.'
  return null
}

/** Columns that mean what another one before them means. */
function doubles(columns: ColumnTarget[]): Record<number, string> {
  const names = columns.map((one) => (typeof one === 'string' ? one : one.fieldId))
  return Object.fromEntries(names.flatMap((name, at) => (name !== 'ignore' && names.indexOf(name) < at ? [[at, 'another column is that already']] : [])))
}

/** The server names a column by its place: mapping.columns.3 */
const columnFaults = (faults: Record<string, string>): Record<number, string> =>
  Object.fromEntries(Object.entries(faults).flatMap(([field, words]) => (/^mapping\.columns\.\d+/.test(field) ? [[Number(field.split('.')[2]), words]] : [])))
const faultOf = (faults: Record<string, string>, begin: string): string | undefined => Object.entries(faults).find(([field]) => field.startsWith(begin))?.[1]
