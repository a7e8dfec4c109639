import type { ImportView } from '../../app/imports/contract.ts'
import { timeLeft } from '../campaigns/pace.ts'
import { usePace } from '../campaigns/usePace.ts'
import { number, people } from '../format.ts'
import { ProgressBar, Section, Spinner, Text } from '../ui/index.ts'
import css from './Imports.module.css'

/** How far it is, how fast, and how long still. */
export function Going({ view, heardAt }: { view: ImportView; heardAt: number }) {
  const { state, linesDone: done, counts } = view
  const undoing = state === 'undoing'
  // An undo goes person by person: it has as many as the import touched.
  const total = undoing ? counts.added + counts.changed + counts.lowered : view.linesTotal
  const { perMinute } = usePace(done, heardAt, state === 'running' || state === 'comparing')
  if (state === 'uploading')
    return (
      <Section title="Waiting for the file">
        <Spinner size="small" accessibilityLabel="Waiting" />
      </Section>
    )
  const percent = total ? Math.min(100, Math.floor((done / total) * 100)) : 0
  const left = total && perMinute !== null ? timeLeft(total - done, perMinute) : null
  return (
    <Section title="How far it is">
      <ProgressBar progress={percent} tone="success" ariaLabelledBy="import-progress" />
      {/* Told at each tenth, not at each line. */}
      <p id="import-progress" className="visually-hidden" role="status">
        {Math.floor(percent / 10) * 10}% {undoing ? 'undone' : 'done'}
      </p>
      {undoing ? (
        <Text as="p">{people(done)} so far, {number(Math.max(0, (total ?? 0) - done))} left.</Text>
      ) : (
        <dl className={css.figures} data-columns="4">
          <Figure label={state === 'comparing' ? 'Lines compared' : 'Lines brought in'} value={number(done)} />
          <Figure label="Lines left" value={total === null ? 'not known yet' : number(Math.max(0, total - done))} />
          <Figure label="Lines a minute" value={perMinute === null ? 'not known yet' : number(Math.round(perMinute))} />
          <Figure label="Time left" value={state === 'stopping' ? 'a moment' : (left ?? 'not known yet')} />
        </dl>
      )}
      {(state === 'running' || state === 'stopping') && (
        <Text as="p" tone="subdued">
          {number(counts.added)} new, {number(counts.changed)} changed, {number(counts.lowered)} get less mail, {number(counts.same)} unchanged, {number(counts.refused)} not brought in.
        </Text>
      )}
    </Section>
  )
}

const Figure = ({ label, value }: { label: string; value: string }) => (
  <div className={css.figure}>
    <dt>{label}</dt>
    <dd data-words={/[a-z]/.test(value) || undefined}>{value}</dd>
  </div>
)
