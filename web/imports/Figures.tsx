import type { ImportView } from '../../app/imports/contract.ts'
import { number, plural, type Format } from '../format.ts'
import { Section, Text } from '../ui/index.ts'
import css from './Imports.module.css'

/** All lines of the file by what happens with them; they add up. */
export function Figures({ view, title, formats }: { view: ImportView; title: string; formats: Format }) {
  const { kind, counts } = view
  const figures: [label: string, value: number, tone?: 'good' | 'less'][] =
    kind === 'people'
      ? [['new', counts.added, 'good'], ['changed', counts.changed], ['may be mailed less', counts.lowered, 'less'], ['unchanged', counts.same], ['not brought in', counts.refused]]
      : [['newly blocked', counts.added, 'less'], ['of your people get no mail any more', counts.lowered + counts.changed, 'less'], ['got none before', counts.same], ['not brought in', counts.refused]]
  return (
    <Section title={title} explain={`${plural(counts.lines, 'line', 'lines')}, each counted once.`}>
      <dl className={css.figures} data-columns={figures.length}>
        {figures.map(([label, value, tone]) => (
          <div key={label} className={css.figure} data-tone={value > 0 ? tone : undefined}>
            <dt>{label}</dt>
            <dd>{number(value)}</dd>
          </div>
        ))}
      </dl>
      {kind === 'people' && (view.state === 'compared' || view.state === 'done') && <Text as="p">{mailable(view)}</Text>}
      {view.attested && (
        <Text as="p" tone="subdued">
          Your word for it, {formats.dateTime(view.attested.at)}: “{view.attested.sentence}”
        </Text>
      )}
    </Section>
  )
}

function mailable({ state, counts, mapping }: ImportView): string {
  const may = `${state === 'compared' ? 'Afterwards you may mail' : 'You may mail'} ${number(counts.mailable)} of these people.`
  return mapping.consent === 'none' && counts.added > 0 ? `${may} The new ones have to agree first.` : may
}
