import type { MailCheck } from '../../../app/templates/contract.ts'
import { Icon, icons, Text } from '../../ui/index.ts'
import css from './Checks.module.css'

/** What to mend, worst first; each leads to the block it is about. */
export function Checks({ checks, onJump }: { checks: MailCheck[]; onJump: (blockId: string | null) => void }) {
  const rank = { error: 0, hint: 1, ok: 2 }
  const sorted = checks.toSorted((a, b) => rank[a.level] - rank[b.level])
  const looks = {
    error: { icon: icons.Alert, tone: 'critical', words: 'Must be mended: ' },
    hint: { icon: icons.Info, tone: 'caution', words: 'A hint: ' },
    ok: { icon: icons.Done, tone: 'success', words: 'Good: ' },
  } as const
  return (
    <ul className={css.list}>
      {sorted.map((check, n) => {
        const look = looks[check.level]
        const inside = (
          <>
            <span className={css.icon}>
              <Icon source={look.icon} tone={look.tone} />
            </span>
            <Text as="span" variant="bodySm">
              <span className="visually-hidden">{look.words}</span>
              {check.message}
            </Text>
          </>
        )
        return (
          <li key={`${check.code}-${check.blockId ?? n}`}>
            {check.level === 'ok' ? (
              <div className={css.plain}>{inside}</div>
            ) : (
              <button type="button" className={css.press} onClick={() => onJump(check.blockId)}>
                {inside}
              </button>
            )}
          </li>
        )
      })}
    </ul>
  )
}
