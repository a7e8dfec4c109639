import type { Rehearsal } from '../../app/campaigns/contract.ts'
import { Icon, icons, Spinner, Text } from '../ui/index.ts'
import css from './Rehearsal.module.css'

const looks = {
  answers: { icon: icons.Done, tone: 'success' },
  does_not: { icon: icons.Alert, tone: 'critical' },
  could_not: { icon: icons.Question, tone: 'caution' },
} as const

/** What each link of the mail answered when it was asked. */
export const RehearsedLinks = ({ links, asking }: Pick<Rehearsal, 'links' | 'asking'>) => (
  <ul className={css.links} aria-live="polite">
    {links.map(({ url, label, result, words }) => (
      <li key={url} className={css.link}>
        <span className={css.sign}>{result !== null ? <Icon source={looks[result].icon} tone={looks[result].tone} /> : asking ? <Spinner size="small" accessibilityLabel="Being asked" /> : <Icon source={icons.Question} tone="subdued" />}</span>
        <span className={css.where}>
          <Text as="span" fontWeight="medium">
            {label}
          </Text>
          <Text as="span" variant="bodySm" tone="subdued" breakWord>
            {url.replace(/^https?:\/\//, '')}
          </Text>
        </span>
        <span className={css.told}>
          <Text as="span" variant="bodySm" {...(result === 'does_not' ? { tone: 'critical' as const } : {})}>
            {words}
          </Text>
        </span>
      </li>
    ))}
  </ul>
)
