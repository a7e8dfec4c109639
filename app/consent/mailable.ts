import { and, eq, inArray, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { consentEntries, subscribers } from '../db/schema.ts'
import type { DeliveryReason } from '../deliveries/contract.ts'
import { endsBefore } from './standing.ts'

/**
 * Why a person may not be mailed at `now` (the app's clock), as one SQL expression correlated to the table `subscribers` (not aliased):
 * the first rule that decides, or null when the person may be mailed. Nothing of it is stored: it reads the newest entry of the ledger,
 * the suppressions and the merchant's settings at the moment of the query. Use it in `select`, `where` and `insert … select`.
 * What it says of an entry, `reasonOfEntry` (standing.ts) says too.
 *
 * Order: erased, suppressed, bounced, complained, restricted, unsubscribed, not_confirmed, expired, record_not_attested, never_agreed.
 */
export function standingSql(shopId: string, now: Date): SQL<DeliveryReason | null> {
  const settings = sql`from shop_settings a where a.shop_id = ${shopId}`
  const country = sql`coalesce(nullif(subscribers.country, ''), (select h.country from shops h where h.id = ${shopId}), '')`
  const isOver = sql`(c.occurred_at <= ${sql.param(endsBefore(now), consentEntries.occurredAt)} and upper(${country}) = 'CA')`
  return sql<DeliveryReason | null>`nullif(coalesce(
    (select case min(case s.reason when 'erased' then 1 when 'manual' then 2 when 'bounced' then 3 else 4 end)
        when 1 then 'erased' when 2 then 'suppressed' when 3 then 'bounced' when 4 then 'complained' end
      from suppressions s where s.shop_id = ${shopId} and s.address_hash = subscribers.address_hash),
    case when subscribers.restricted_at is not null then 'restricted' end,
    (select case c.state
        when 'subscribed' then case
          when c.basis = 'merchant_record' and ${isOver} then 'expired'
          when c.basis in ('express_single', 'express_confirmed') then 'mailable'
          when c.basis = 'soft_opt_in' and (select a.soft_opt_in_since ${settings}) is null then 'never_agreed'
          when c.basis in ('soft_opt_in', 'merchant_record') then case when ${isOver} then 'expired' else 'mailable' end
          else 'never_agreed' end
        when 'unsubscribed' then 'unsubscribed'
        when 'pending' then 'not_confirmed'
        when 'unconfirmed_record' then case
          when c.basis = 'merchant_record' and ${isOver} then 'expired'
          when (select a.records_attested_at ${settings}) >= c.recorded_at then 'mailable'
          else 'record_not_attested' end
        else 'never_agreed' end
      from consent_entries c
      where c.shop_id = ${shopId} and c.subscriber_id = subscribers.id and c.purpose = 'email_marketing'
      order by c.seq desc limit 1),
    'never_agreed'), 'mailable')`
}

/** True for the people of a shop who may be mailed at `now`; correlated like `standingSql`. */
export const mailableSql = (shopId: string, now: Date): SQL<boolean> => sql<boolean>`(${standingSql(shopId, now)}) is null`

/**
 * Where these people stand now: id -> the reason why not, or null when they may be mailed. A person who is not there (any
 * more) is missing from the map, which means: no mail.
 */
export async function standingOf(app: Pick<App, 'db' | 'clock'>, shopId: string, subscriberIds: string[]): Promise<Map<string, DeliveryReason | null>> {
  const map = new Map<string, DeliveryReason | null>()
  for (let at = 0; at < subscriberIds.length; at += 1000) {
    const rows = await app.db
      .select({ id: subscribers.id, reason: standingSql(shopId, app.clock.now()) })
      .from(subscribers)
      .where(and(eq(subscribers.shopId, shopId), inArray(subscribers.id, subscriberIds.slice(at, at + 1000))))
    for (const row of rows) map.set(row.id, row.reason)
  }
  return map
}

/** How many people would become mailable if the merchant attested the store's records now: an attestation covers what was there when it was made, nothing that appears later. */
export async function countUnattested(app: Pick<App, 'db' | 'clock'>, shopId: string): Promise<number> {
  return app.db.$count(subscribers, and(eq(subscribers.shopId, shopId), sql`${standingSql(shopId, app.clock.now())} = 'record_not_attested'`))
}
