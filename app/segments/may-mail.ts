import { sql, type SQL } from 'drizzle-orm'
import type { Asking } from './conditions.ts'

/**
 * Who may be mailed, read from the copy of the ledger that stands with the person: the same people as `mailableSql` (consent/mailable.ts)
 * finds in the ledger itself (tests/segments.property.test.ts), without reading it. For counting and for segments; whether somebody
 * gets a mail is decided by the ledger once more. Never null; `yes` false: who may not.
 */
export function mayMailSql(a: Asking, yes = true): SQL {
  const { attestedAt, softOptIn, country } = a.resolved
  // What is implied by a purchase runs out in Canada; whose country is unknown lives where the shop is.
  const inCanada = country === 'CA' ? sql`upper(coalesce(nullif(subscribers.country, ''), 'CA')) = 'CA'` : sql`subscribers.country in ('CA', 'ca', 'Ca', 'cA')`
  const runsOut = sql`(subscribers.consent_basis in ('merchant_record', 'soft_opt_in') and subscribers.consent_at <= ${a.lawEnds()} and ${inCanada})`
  const soft = softOptIn ? sql`` : sql` and subscribers.consent_basis <> 'soft_opt_in'`
  const record = attestedAt ? sql` or (subscribers.consent_state = 'unconfirmed_record' and subscribers.consent_recorded_at <= ${attestedAt})` : sql``
  const ground = sql`((subscribers.consent_state = 'subscribed'${soft})${record}) and ${runsOut} is not true`
  const blocked = a.one
    ? sql`exists (select 1 from suppressions s where s.shop_id = ${a.shopId} and s.address_hash = subscribers.address_hash)`
    : sql`subscribers.address_hash in (select s.address_hash from suppressions s where s.shop_id = ${a.shopId})`
  return yes ? sql`(subscribers.restricted_at is null and ${ground} and not ${blocked})` : sql`(subscribers.restricted_at is not null or (${ground}) is not true or ${blocked})`
}
