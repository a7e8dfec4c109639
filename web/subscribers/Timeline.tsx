import type { SubscriberProfile } from '../../app/subscribers/contract.ts'
import type { Format } from '../format.ts'
import { Badge, Icon, icons, InlineStack, Text, type IconSource } from '../ui/index.ts'
import css from './Timeline.module.css'

const looks: Record<string, IconSource> = {
  ordered: icons.Order, delivered: icons.Mail, sent: icons.Send, opened: icons.Opened, clicked: icons.Clicked, bounced: icons.Warning, blocked: icons.Warning, dropped: icons.Warning, deferred: icons.Schedule,
  complained: icons.Alert, signed_up: icons.Forms, confirmed: icons.Done, unsubscribed: icons.PersonLeft, consent: icons.Consent,
}

/** What happened with one person, newest first. What a machine did says so. */
export function Timeline({ items, formats }: { items: SubscriberProfile['timeline']; formats: Format }) {
  if (items.length === 0) return null
  return (
    <ol className={css.line}>
      {items.map((item, n) => (
        <li key={`${item.at}${item.kind}${n}`} className={css.item}>
          <span className={css.icon}>
            <Icon source={looks[item.kind] ?? icons.Info} tone={item.verdict === 'machine' ? 'subdued' : 'base'} />
          </span>
          <div className={css.words}>
            <InlineStack gap="200" blockAlign="center">
              <Text as="span" fontWeight="medium" {...(item.verdict === 'machine' ? { tone: 'subdued' as const } : {})} breakWord>
                {item.title}
              </Text>
              {item.verdict === 'machine' && <Badge>Machine</Badge>}
              {item.verdict === 'unknown' && <Badge>Cannot be told</Badge>}
            </InlineStack>
            {item.detail && (
              <Text as="p" tone="subdued" breakWord>
                {item.detail}
              </Text>
            )}
          </div>
          <time dateTime={item.at} className={css.time}>
            {formats.dateTime(item.at)}
          </time>
        </li>
      ))}
    </ol>
  )
}
