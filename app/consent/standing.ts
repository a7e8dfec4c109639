import type { DeliveryReason } from '../deliveries/contract.ts'

/** What `reasonOfEntry` must know of the newest entry about mail. */
interface Newest {
  state: string
  basis: string
  occurredAt: Date
  recordedAt: Date
}

/** What else it depends on. */
export interface Circumstances {
  now: Date
  /** Where the person lives; null or '' when unknown. */
  country: string | null
  shopCountry: string | null
  recordsAttestedAt: Date | null
  softOptInSince: Date | null
}

/**
 * What the ledger alone says to writing to a person: why not, or null when they may be mailed. Derived at the moment of asking and never
 * stored; the same rules as `standingSql` (mailable.ts) has for everybody at once.
 */
export function reasonOfEntry(newest: Newest | null, { now, country, shopCountry, recordsAttestedAt, softOptInSince }: Circumstances): DeliveryReason | null {
  const isOver = (entry: Newest): boolean => entry.occurredAt <= endsBefore(now) && (country || shopCountry || '').toUpperCase() === 'CA'
  switch (newest?.state) {
    case 'subscribed':
      if (newest.basis === 'merchant_record' && isOver(newest)) return 'expired'
      if (newest.basis === 'express_single' || newest.basis === 'express_confirmed') return null
      if (newest.basis === 'soft_opt_in' && softOptInSince === null) return 'never_agreed'
      if (newest.basis === 'soft_opt_in' || newest.basis === 'merchant_record') return isOver(newest) ? 'expired' : null
      return 'never_agreed'
    case 'unsubscribed':
      return 'unsubscribed'
    case 'pending':
      return 'not_confirmed'
    case 'unconfirmed_record':
      if (newest.basis === 'merchant_record' && isOver(newest)) return 'expired'
      return recordsAttestedAt !== null && recordsAttestedAt >= newest.recordedAt ? null : 'record_not_attested'
    default:
      return 'never_agreed'
  }
}

/**
 * Grounds that a law lets run out have run out when they began at this moment or before. Canada (CASL s. 10(10)): what is implied by a
 * purchase ends two years after it; a person of unknown country counts as living where the shop is.
 */
export function endsBefore(now: Date): Date {
  const at = new Date(now)
  at.setUTCFullYear(at.getUTCFullYear() - 2)
  return at
}
