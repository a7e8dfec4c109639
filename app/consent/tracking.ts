import { and, eq, inArray, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { subscribers } from '../db/schema.ts'
import type { ShopSettings } from '../shops/shops.ts'

/** EU, EEA, United Kingdom and Switzerland: opens and clicks of a person need that person's own yes (reliability.md 2.2). */
export const consentCountries = [
  'AT', 'BE', 'BG', 'HR', 'CY', 'CZ', 'DK', 'EE', 'FI', 'FR', 'DE', 'GR', 'HU', 'IE', 'IT', 'LV', 'LT', 'LU', 'MT', 'NL', 'PL', 'PT', 'RO', 'SK', 'SI', 'ES', 'SE',
  'IS', 'LI', 'NO', 'GB', 'CH',
  // Parts of EU and UK territory that have a country code of their own.
  'AX', 'GF', 'GP', 'MQ', 'RE', 'YT', 'MF', 'GG', 'IM', 'JE', 'GI',
]

type Rule = Pick<ShopSettings, 'shopId' | 'tracking'>

/**
 * Whose opens and clicks may be recorded, as a condition correlated to the table `subscribers` (not aliased).
 * 'off': nobody's. 'consented': of those who said yes. 'by_law': of those who said yes, and of those in a known country
 * outside `consentCountries` who did not say no. Never of a person whose data is restricted.
 */
export function trackingAllowedSql(settings: Rule): SQL<boolean> {
  if (settings.tracking === 'off') return sql<boolean>`1 = 0`
  const answer = sql`coalesce((select c.state from consent_entries c
    where c.shop_id = ${settings.shopId} and c.subscriber_id = subscribers.id and c.purpose = 'tracking' order by c.seq desc limit 1), 'none')`
  if (settings.tracking === 'consented') return sql<boolean>`(subscribers.restricted_at is null and ${answer} = 'subscribed')`
  const countries = sql.join(consentCountries.map((code) => sql`${code}`), sql`, `)
  return sql<boolean>`(subscribers.restricted_at is null and case ${answer}
    when 'subscribed' then 1
    when 'unsubscribed' then 0
    else case when upper(coalesce(subscribers.country, '')) in (${countries}) or coalesce(subscribers.country, '') = '' then 0 else 1 end end = 1)`
}

/** Of these people, the ids of those whose opens and clicks may be recorded now. Asked when a mail is made and again when something is to be recorded. */
export async function mayTrack(app: Pick<App, 'db'>, shopId: string, settings: Pick<ShopSettings, 'tracking'>, subscriberIds: string[]): Promise<Set<string>> {
  const allowed = new Set<string>()
  if (settings.tracking === 'off') return allowed
  for (let at = 0; at < subscriberIds.length; at += 1000) {
    const rows = await app.db
      .select({ id: subscribers.id })
      .from(subscribers)
      .where(and(eq(subscribers.shopId, shopId), inArray(subscribers.id, subscriberIds.slice(at, at + 1000)), trackingAllowedSql({ shopId, tracking: settings.tracking })))
    for (const row of rows) allowed.add(row.id)
  }
  return allowed
}
