import type { DeliveryReason } from '../deliveries/contract.ts'
import type { Mailable } from './contract.ts'

/** The word for where a person stands; null is the reason of nobody: they may be mailed. */
export function statusOf(reason: DeliveryReason | null): Mailable {
  if (reason === null) return 'subscribed'
  return statuses[reason] ?? 'none'
}

/** The reasons that are shown as this status; none for `subscribed`. */
export const reasonsOf = (status: Mailable): DeliveryReason[] => (Object.keys(statuses) as DeliveryReason[]).filter((reason) => statuses[reason] === status)

const statuses: Partial<Record<DeliveryReason, Mailable>> = {
  not_confirmed: 'pending', record_not_attested: 'unconfirmed_record', expired: 'expired', unsubscribed: 'unsubscribed', never_agreed: 'none', bounced: 'bounced', complained: 'complained',
  restricted: 'restricted', suppressed: 'blocked', erased: 'pending', // forgotten, and somebody signed up with the address since: waits for its owner
}
