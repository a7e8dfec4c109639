import { and, eq, inArray, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { subscribers } from '../db/schema.ts'
import type { DeliveryReason } from '../deliveries/contract.ts'

/**
 * Why a person may not be mailed, as one SQL expression correlated to the table `subscribers` (not aliased): the first rule
 * that decides, or null when the person may be mailed. Nothing of it is stored: it reads the newest entry of the ledger, the
 * suppressions and the merchant's attestation at the moment of the query. Use it in `select`, `where` and `insert … select`.
 *
 * Order: erased, suppressed, bounced, complained, restricted, unsubscribed, not_confirmed, record_not_attested, never_agreed.
 */
export function standingSql(shopId: string): SQL<DeliveryReason | null> {
  return sql<DeliveryReason | null>`nullif(coalesce(
    (select case min(case s.reason when 'erased' then 1 when 'manual' then 2 when 'bounced' then 3 else 4 end)
        when 1 then 'erased' when 2 then 'suppressed' when 3 then 'bounced' when 4 then 'complained' end
      from suppressions s where s.shop_id = ${shopId} and s.address_hash = subscribers.address_hash),
    case when subscribers.restricted_at is not null then 'restricted' end,
    (select case c.state
        when 'subscribed' then 'mailable'
        when 'unsubscribed' then 'unsubscribed'
        when 'pending' then 'not_confirmed'
        when 'unconfirmed_record' then (select case when a.records_attested_at >= c.recorded_at then 'mailable' else 'record_not_attested' end from shop_settings a where a.shop_id = ${shopId})
        else 'never_agreed' end
      from consent_entries c
      where c.shop_id = ${shopId} and c.subscriber_id = subscribers.id and c.purpose = 'email_marketing'
      order by c.seq desc limit 1),
    'never_agreed'), 'mailable')`
}

/** True for the people of a shop who may be mailed now; correlated like `standingSql`. */
export const mailableSql = (shopId: string): SQL<boolean> => sql<boolean>`(${standingSql(shopId)}) is null`

/**
 * Where these people stand now: id -> the reason why not, or null when they may be mailed. A person who is not there (any
 * more) is missing from the map, which means: no mail.
 */
export async function standingOf(app: Pick<App, 'db'>, shopId: string, subscriberIds: string[]): Promise<Map<string, DeliveryReason | null>> {
  const map = new Map<string, DeliveryReason | null>()
  for (let at = 0; at < subscriberIds.length; at += 1000) {
    const rows = await app.db
      .select({ id: subscribers.id, reason: standingSql(shopId) })
      .from(subscribers)
      .where(and(eq(subscribers.shopId, shopId), inArray(subscribers.id, subscriberIds.slice(at, at + 1000))))
    for (const row of rows) map.set(row.id, row.reason)
  }
  return map
}

/** How many people would become mailable if the merchant attested the store's records now: an attestation covers what was there when it was made, nothing that appears later. */
export async function countUnattested(app: Pick<App, 'db'>, shopId: string): Promise<number> {
  return app.db.$count(subscribers, and(eq(subscribers.shopId, shopId), sql`${standingSql(shopId)} = 'record_not_attested'`))
}
