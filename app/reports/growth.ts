import { and, count, eq, gte, inArray, lte, min, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { mailableSql, standingSql } from '../consent/mailable.ts'
import { endsBefore } from '../consent/standing.ts'
import { consentEntries, subscribers, suppressions } from '../db/schema.ts'
import type { ShopSettings } from '../shops/shops.ts'
import type { Day } from './days.ts'

export interface Growth {
  everybody: number
  mailable: number
  /** One a day, oldest first: who may be mailed at its end, and what the day changed. */
  days: { mailable: number; gained: number; lost: number }[]
}

/**
 * How the list grew, read from the ledger: a person is gained by the entry that makes them subscribed and lost by the one that
 * ends it, by an address that turned out dead or blocked, or because their time ran out (consent/standing.ts). The days are counted back from how many may be mailed now.
 */
export async function growthOf(app: Pick<App, 'db' | 'clock'>, shopId: string, days: Day[], settings: Settings): Promise<Growth> {
  const [now] = await app.db
    .select({ everybody: count(), mailable: sql`coalesce(sum(case when ${mailableSql(shopId, app.clock.now())} then 1 else 0 end), 0)`.mapWith(Number) })
    .from(subscribers)
    .where(eq(subscribers.shopId, shopId))
  const changes = days.map(() => ({ gained: 0, lost: 0 }))
  const first = days[0]
  if (first) {
    for (const row of await ledgerChanges(app, shopId, days, first.from, settings)) {
      const change = changes[row.day]
      if (change) change[row.gained ? 'gained' : 'lost'] += row.people
    }
    const losses = [...(await deadAddresses(app, shopId, days, first.from, settings)), ...(await runOut(app, shopId, days, first.from))]
    for (const row of losses) if (changes[row.day]) changes[row.day]!.lost += row.people
  }
  const mailable = now?.mailable ?? 0
  let left = mailable
  const series = changes.map((change) => ({ mailable: 0, ...change }))
  for (const point of series.toReversed()) {
    point.mailable = Math.max(0, left)
    left += point.lost - point.gained
  }
  return { everybody: now?.everybody ?? 0, mailable, days: series }
}

type Settings = Pick<ShopSettings, 'recordsAttestedAt' | 'softOptInSince'>

/** Entries of the window that lead into or out of "subscribed", a day each. */
async function ledgerChanges(app: Pick<App, 'db'>, shopId: string, days: Day[], from: Date, settings: Settings): Promise<{ day: number; gained: boolean; people: number }[]> {
  const before = sql`coalesce((select ${countsAsYes(sql`b.state`, sql`b.basis`, sql`b.recorded_at`, settings)} from consent_entries b where b.shop_id = ${shopId} and b.subscriber_id = consent_entries.subscriber_id
    and b.purpose = 'email_marketing' and b.seq < consent_entries.seq order by b.seq desc limit 1), 0)`
  const entries = app.db
    .select({
      day: dayNumber(days, consentEntries.occurredAt).as('day'),
      was: sql<number>`${before}`.as('was'),
      is: countsAsYes(sql`consent_entries.state`, sql`consent_entries.basis`, sql`consent_entries.recorded_at`, settings).as('is_now'),
    })
    .from(consentEntries)
    .where(and(eq(consentEntries.shopId, shopId), eq(consentEntries.purpose, 'email_marketing'), gte(consentEntries.occurredAt, from)))
    .as('entries')
  const rows = await app.db
    .select({ day: entries.day, is: entries.is, people: count() })
    .from(entries)
    .where(sql`${entries.was} <> ${entries.is}`)
    .groupBy(entries.day, entries.is)
  return rows.map((row) => ({ day: row.day, gained: Number(row.is) === 1, people: row.people }))
}

/** Addresses that became blocked in the window although their people still want mail. */
async function deadAddresses(app: Pick<App, 'db'>, shopId: string, days: Day[], from: Date, settings: Settings): Promise<{ day: number; people: number }[]> {
  const newest = sql`(select ${countsAsYes(sql`c.state`, sql`c.basis`, sql`c.recorded_at`, settings)} from consent_entries c where c.shop_id = ${shopId} and c.subscriber_id = ${subscribers.id} and c.purpose = 'email_marketing' order by c.seq desc limit 1)`
  const blocked = app.db
    .select({ id: subscribers.id, at: min(suppressions.createdAt).as('blocked_at') })
    .from(suppressions)
    .innerJoin(subscribers, and(eq(subscribers.shopId, suppressions.shopId), eq(subscribers.addressHash, suppressions.addressHash)))
    .where(and(eq(suppressions.shopId, shopId), sql`${newest} = 1`))
    .groupBy(subscribers.id)
    .as('blocked')
  const dated = app.db
    .select({ day: dayNumber(days, sql`blocked.blocked_at`).as('day') })
    .from(blocked)
    .where(sql`blocked.blocked_at >= ${sql.param(from, suppressions.createdAt)}`)
    .as('dated')
  return app.db.select({ day: dated.day, people: count() }).from(dated).groupBy(dated.day)
}

/** People whose ground a law let run out in the window: it began so long before. */
async function runOut(app: Pick<App, 'db' | 'clock'>, shopId: string, days: Day[], from: Date): Promise<{ day: number; people: number }[]> {
  const began = days.map((day) => ({ ...day, from: endsBefore(day.from) }))
  const dated = app.db
    .select({ day: dayNumber(began, consentEntries.occurredAt).as('day') })
    .from(subscribers)
    .innerJoin(consentEntries, and(eq(consentEntries.shopId, shopId), sql`consent_entries.seq = (select max(n.seq) from consent_entries n where n.shop_id = ${shopId} and n.subscriber_id = ${subscribers.id} and n.purpose = 'email_marketing')`))
    .where(and(eq(subscribers.shopId, shopId), inArray(subscribers.consentBasis, ['soft_opt_in', 'merchant_record']), gte(subscribers.consentAt, endsBefore(from)), lte(subscribers.consentAt, endsBefore(app.clock.now())), sql`${standingSql(shopId, app.clock.now())} = 'expired'`))
    .as('dated')
  return app.db.select({ day: dated.day, people: count() }).from(dated).groupBy(dated.day)
}

/** 1 for an entry by which its person may be mailed: said yes, ordered while the shop's orders offer to refuse, or a record that the merchant vouched for. */
const countsAsYes = (state: SQL, basis: SQL, recordedAt: SQL, { recordsAttestedAt, softOptInSince }: Settings): SQL<number> => {
  const vouched = recordsAttestedAt ? sql`${state} = 'unconfirmed_record' and ${recordedAt} <= ${sql.param(recordsAttestedAt, consentEntries.recordedAt)}` : sql`1 = 0`
  const said = softOptInSince ? sql`${state} = 'subscribed'` : sql`${state} = 'subscribed' and ${basis} <> 'soft_opt_in'`
  return sql<number>`case when (${said}) or (${vouched}) then 1 else 0 end`
}

/** Which of the days an instant falls on, as a number from 0; both engines, any zone. */
function dayNumber(days: Day[], at: SQL | typeof consentEntries.occurredAt): SQL<number> {
  const steps = days.slice(1).map(({ from }, i) => sql`when ${at} < ${sql.param(from, consentEntries.occurredAt)} then ${i}`)
  return sql`case ${sql.join(steps, sql` `)} else ${days.length - 1} end`.mapWith(Number)
}
