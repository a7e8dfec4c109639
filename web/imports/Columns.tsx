import { useQuery } from '@tanstack/react-query'
import type { ColumnTarget, ImportView } from '../../app/imports/contract.ts'
import { fieldList } from '../../app/subscribers/contract.ts'
import { ask, wordsOf } from '../api.ts'
import { Failed, Link, Section, Select, Text } from '../ui/index.ts'
import css from './Imports.module.css'
import { targetWords } from './words.ts'

interface Props {
  view: ImportView
  columns: ColumnTarget[]
  onChange: (columns: ColumnTarget[]) => void
  /** Column -> what is wrong with it. */
  faults: Record<number, string>
}

const words = Object.entries(targetWords).map(([value, label]) => ({ value, label }))
/** What a list of blocked addresses can hold: nothing else of it is kept. */
const ofBlocked = new Set(['ignore', 'email', 'consent', 'unsubscribed_at', 'suppression_reason'])
/** The columns as they are proposed, without what is not kept. */
export const proposed = ({ kind, mapping }: ImportView): ColumnTarget[] => mapping.columns.map((one) => (kind === 'people' || (typeof one === 'string' && ofBlocked.has(one)) ? one : 'ignore'))

const valueOf = (target: ColumnTarget): string => (typeof target === 'string' ? target : `field:${target.fieldId}`)
const targetOf = (value: string): ColumnTarget => (value.startsWith('field:') ? { fieldId: value.slice(6) } : (value as Extract<ColumnTarget, string>))

/** What does each column mean? With its first values, so that nobody needs to open the file. */
export function Columns({ view, columns, onChange, faults }: Props) {
  const asked = useQuery({ queryKey: ['fields'], queryFn: ({ signal }) => ask(fieldList, '/api/fields', { signal }) })
  const fields = asked.data?.fields ?? []
  const people = view.kind === 'people'
  const options = [...words.filter(({ value }) => people || ofBlocked.has(value)), ...(people && fields.length > 0 ? [{ title: 'Your own fields', options: fields.map((one) => ({ value: `field:${one.id}`, label: one.name })) }] : [])]
  const set = (at: number, target: ColumnTarget): void => onChange(columns.map((one, n) => (n === at ? target : one)))
  const [line] = view.preview
  return (
    <Section
      title="1. What does each column mean?"
      explain={`${view.recognisedWords ? `${view.recognisedWords} ` : ''}${view.headers.length === 1 ? 'The file has one column' : `The file has ${view.headers.length} columns`} (${view.encoding}, ${separatorWords[view.separator] ?? `with ${view.separator} between`}).`}
    >
      {asked.isError && !asked.data && <Failed inline title="Your own fields could not be loaded" words={wordsOf(asked.error)} again={() => void asked.refetch()} />}
      <div className={css.columns}>
        <div className={css.columnHead} aria-hidden="true">
          <span>In the file</span>
          <span>{line ? 'First values' : 'No values'}</span>
          <span>In Homing</span>
        </div>
        {view.headers.map((header, at) => {
          const name = header.trim() || `Column ${at + 1}`
          const values = view.preview.flatMap((cells) => (cells[at]?.trim() ? [cells[at].trim()] : [])).slice(0, 3)
          return (
            <div key={at} className={css.column} data-left-out={columns[at] === 'ignore' || undefined}>
              <Text as="span" fontWeight="medium" breakWord>
                {name}
              </Text>
              <ul className={css.values}>
                {values.map((value, n) => (
                  <li key={n}>{value}</li>
                ))}
                {values.length === 0 && <li className={css.nothing}>nothing in the first lines</li>}
              </ul>
              <Select
                label={`What “${name}” is`}
                labelHidden
                options={options}
                value={valueOf(columns[at] ?? 'ignore')}
                onChange={(value) => set(at, targetOf(value))}
                {...(faults[at] ? { error: faults[at] } : {})}
              />
            </div>
          )
        })}
      </div>
      {people && (
        <Text as="p" tone="subdued">
          A field is missing? Add it under <Link url="/settings?part=fields">Settings</Link>; this file waits for you.
        </Text>
      )}
    </Section>
  )
}

const separatorWords: Record<string, string> = { ',': 'with commas between', ';': 'with semicolons between', '\t': 'with tabs between', '|': 'with bars between' }
