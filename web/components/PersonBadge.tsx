import type { Mailable } from '../../app/subscribers/contract.ts'
import { Badge, type BadgeProps } from '../ui/index.ts'

export const standingWords: Record<Mailable, string> = {
  subscribed: 'Subscribed', pending: 'Not confirmed yet', unconfirmed_record: 'Not vouched for yet', expired: 'Consent ran out', unsubscribed: 'Unsubscribed', none: 'Never agreed', bounced: 'Address does not work', complained: 'Marked as spam', blocked: 'Blocked by you', restricted: 'Data may not be used',
}
const tones: Record<Mailable, BadgeProps['tone']> = {
  subscribed: 'success', pending: 'attention', unconfirmed_record: 'info', expired: 'attention', unsubscribed: undefined, none: undefined, bounced: 'critical', complained: 'critical', blocked: 'warning', restricted: 'warning',
}

/** May we write to this person? In words and, beside them, in colour. */
export function PersonBadge({ status }: { status: Mailable }) {
  const tone = tones[status]
  return <Badge {...(tone ? { tone } : {})}>{standingWords[status]}</Badge>
}
