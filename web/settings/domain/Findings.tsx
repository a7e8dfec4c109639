import type { DomainView } from '../../../app/domains/contract.ts'
import { Icon, icons, Text, type IconSource } from '../../ui/index.ts'
import css from './Domain.module.css'

type Finding = DomainView['findings'][number]
const levels: { [level in Finding['level']]: { icon: IconSource; tone: 'success' | 'critical' | 'caution' | 'subdued'; words: string } } = {
  ok: { icon: icons.Done, tone: 'success', words: 'Right' },
  fault: { icon: icons.Alert, tone: 'critical', words: 'Not right' },
  advice: { icon: icons.Warning, tone: 'caution', words: 'Could be better' },
  unknown: { icon: icons.Question, tone: 'subdued', words: 'Not known' },
}
const answers = { found: 'found', none: 'nothing there', failed: 'no answer' }

/** Each thing that mailboxes look at: how it stands, what it means, and what exactly was looked up. */
export const Findings = ({ findings }: { findings: Finding[] }) => (
  <ul className={css.findings}>
    {findings.map((one) => {
      const { icon, tone, words } = levels[one.level]
      return (
        <li key={one.check} className={css.finding}>
          <span className={css.mark}>
            <Icon source={icon} tone={tone} accessibilityLabel={words} />
          </span>
          <div className={css.words}>
            <Text as="h3" fontWeight="medium">
              {one.title}
            </Text>
            <Text as="p" breakWord>
              {one.words}
            </Text>
            {one.looked.length > 0 && (
              <details className={css.looked}>
                <summary>What was looked up</summary>
                <ul>
                  {one.looked.map((look) => (
                    <li key={`${look.type} ${look.name}`}>
                      <code>
                        {look.type} {look.name}
                      </code>{' '}
                      → {look.answer === 'found' ? look.found.map((text) => <code key={text}>{text}</code>) : answers[look.answer]}
                    </li>
                  ))}
                </ul>
              </details>
            )}
          </div>
        </li>
      )
    })}
  </ul>
)
