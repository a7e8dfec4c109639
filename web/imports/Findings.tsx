import { useMutation } from '@tanstack/react-query'
import type { ImportView } from '../../app/imports/contract.ts'
import { download, wordsOf } from '../api.ts'
import { toastFault } from '../bridge.ts'
import { number, plural } from '../format.ts'
import { Badge, type BadgeProps, Button, Section, Text } from '../ui/index.ts'
import css from './Imports.module.css'

type Kind = ImportView['findings'][number]['kind']
const words: Record<Kind, string> = { refused: 'Not brought in', kept: 'Stays out', lowered: 'Less mail', hint: 'Look at it' }
const tones: Record<Kind, BadgeProps['tone']> = { refused: 'critical', kept: 'info', lowered: 'warning', hint: 'attention' }

/** Lines that are worth a look, each with the reason. Nothing is shown when there is none. */
export function Findings({ view: { id, fileName, findings, findingsTotal } }: { view: ImportView }) {
  const save = useMutation({
    mutationFn: () => download(`/api/imports/${id}/findings.csv`, `${fileName.replace(/\.\w+$/, '')}-lines.csv`),
    onError: (error) => toastFault(wordsOf(error)),
  })
  if (findingsTotal === 0) return null
  return (
    <Section
      title={`${plural(findingsTotal, 'line', 'lines')} worth a look`}
      {...(findingsTotal > findings.length ? { explain: `These are the first ${number(findings.length)}; the file has all.` } : {})}
      end={
        <Button onClick={() => save.mutate()} loading={save.isPending}>
          Save as a file
        </Button>
      }
    >
      <ul className={css.findings} aria-label="Lines worth a look">
        {findings.map((one, n) => (
          <li key={`${one.line} ${n}`}>
            <span className={css.line}>Line {number(one.line)}</span>
            <span className={css.kind}>
              <Badge {...(tones[one.kind] ? { tone: tones[one.kind] } : {})}>{words[one.kind]}</Badge>
            </span>
            <span className={css.reason}>
              <Text as="span" fontWeight="medium" breakWord>
                {one.content}
              </Text>
              <Text as="span" tone="subdued">
                {one.reason}
              </Text>
            </span>
          </li>
        ))}
      </ul>
    </Section>
  )
}
