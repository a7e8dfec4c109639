import type { DomainView } from '../../../app/domains/contract.ts'
import type { BadgeProps } from '../../ui/index.ts'

export const badges: Record<DomainView['state'], { words: string; tone: NonNullable<BadgeProps['tone']> }> = {
  none: { words: 'Not set up', tone: 'attention' },
  pending: { words: 'Not verified yet', tone: 'attention' },
  verified: { words: 'Verified', tone: 'success' },
  failing: { words: 'Not verified any more', tone: 'critical' },
}

/** Something is gone since the last look; campaigns go out until it is gone a second day. */
export const stillVerified = { words: 'Still verified', tone: 'attention' } as const

/** "2 minutes ago", in words that need no clock. */
export function ago(iso: string, now: string): string {
  const minutes = Math.max(0, Math.floor((Date.parse(now) - Date.parse(iso)) / 60_000))
  if (minutes < 1) return 'just now'
  const [count, unit] = minutes < 60 ? [minutes, 'minute'] : minutes < 48 * 60 ? [Math.floor(minutes / 60), 'hour'] : [Math.floor(minutes / 1440), 'day']
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`
}
