import type { BlockedAddress, BlockReason } from '../../app/suppressions/contract.ts'
import type { Format } from '../format.ts'
import { Badge, BlockStack, Button, InlineStack, Link, Text, type BadgeProps } from '../ui/index.ts'
import css from './Blocked.module.css'

export const reasonNames: Record<BlockReason, string> = { bounced: 'Address does not work', complained: 'Marked as spam', manual: 'Blocked by you' }
const tones: Record<BlockReason, BadgeProps['tone']> = { bounced: 'attention', complained: 'critical', manual: 'info' }

/** One blocked address: who, why, since when, and the way to lift it where there is one. `email` is what was looked for, where it was. */
export function BlockedItem({ row, email, formats, onLift }: { row: BlockedAddress; email?: string; formats: Format; onLift: () => void }) {
  const name = row.person ? row.person.name || row.person.email : (email ?? 'An address that is not in your list')
  const tone = tones[row.reason]
  return (
    <li className={css.item}>
      <div className={css.who}>
        <BlockStack gap="050">
          <InlineStack gap="200" blockAlign="center">
            {row.person ? <Link url={`/subscribers/${row.person.subscriberId}`}>{name}</Link> : <Text as="span" tone={email ? 'base' : 'subdued'} breakWord>{name}</Text>}
            <Badge {...(tone ? { tone } : {})}>{reasonNames[row.reason]}</Badge>
          </InlineStack>
          {row.person?.name && (
            <Text as="span" variant="bodySm" tone="subdued" breakWord>
              {row.person.email}
            </Text>
          )}
          <Text as="span" variant="bodySm" tone="subdued" breakWord>
            Since {formats.date(row.since)}.{saidOf(row)}
          </Text>
          {row.lift === 'never' && (
            <Text as="span" variant="bodySm" tone="subdued">
              Only their own new sign-up changes this.
            </Text>
          )}
          {row.unsubscribed && row.lift !== 'never' && (
            <Text as="span" variant="bodySm" tone="subdued">
              They also unsubscribed themselves.
            </Text>
          )}
        </BlockStack>
      </div>
      {row.lift !== 'never' && (
        <Button size="slim" accessibilityLabel={`Lift the block of ${name}`} onClick={onLift}>
          Lift
        </Button>
      )}
    </li>
  )
}

function saidOf({ reason, said }: BlockedAddress): string {
  if (!said) return ''
  return reason === 'manual' ? ` Your note: ${said}` : ` The mail service said: ${said}`
}
