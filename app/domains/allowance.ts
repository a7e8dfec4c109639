import { and, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { campaigns, sendingDomains } from '../db/schema.ts'
import { after, DAY, dayIn } from '../lib/clock.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import { domainOf } from './names.ts'
import { planned, spreadOver, type Planned } from './ramp.ts'
import { findDomain, isDomain, type SendingDomain } from './rows.ts'

/** A day of the shop and the instant of it at which that day's part leaves: at the same time of the day as now. */
export interface SendingDay {
  day: string
  at: Date
}
export interface Allowance {
  /** The largest day that is over. */
  largest: number
  /** How many others leave already: today, tomorrow, … */
  taken: number[]
  days: (count: number) => SendingDay[]
}

/**
 * How much may leave while a domain is new; null when there is no limit. `messageId`: what was planned for this message is not
 * counted as others', because it is planned anew. Counts what was planned, less what was cancelled before its day.
 */
export async function allowanceOf(app: Pick<App, 'db' | 'clock'>, shop: Pick<Shop, 'id' | 'timezone'>, row: Pick<SendingDomain, 'gently' | 'planned'>, messageId?: string): Promise<Allowance | null> {
  if (!row.gently) return null
  const now = app.clock.now()
  const days = (count: number): SendingDay[] => daysFrom(now, shop.timezone, count)
  const today = dayIn(shop.timezone, now)
  const plan = await stillMeant(app, shop, readPlan(row.planned), messageId, today)
  const sums = new Map<string, number>()
  for (const one of plan.days) sums.set(one.day, (sums.get(one.day) ?? 0) + one.people)
  const past = [...sums].filter(([day]) => day < today).map(([, people]) => people)
  const last = [...sums.keys()].reduce((a, b) => (a > b ? a : b), today)
  const taken: number[] = []
  for (const { day } of days(400)) {
    if (day > last) break
    taken.push(sums.get(day) ?? 0)
  }
  return { largest: Math.max(plan.largest, ...past), taken, days }
}

/** What a mail to so many people would look like, day by day from today; null when there is no limit. */
export async function planFor(app: Pick<App, 'db' | 'clock' | 'mail'>, shop: Shop, people: number): Promise<{ day: string; people: number }[] | null> {
  const domain = domainOf((await getSettings(app, shop.id)).senderEmail)
  const row = domain && (await findDomain(app, shop.id, domain))
  const allowance = row ? await allowanceOf(app, shop, row) : null
  if (!allowance) return null
  const counts = spreadOver(allowance.largest, allowance.taken, people)
  return allowance.days(counts.length).map(({ day }, n) => ({ day, people: counts[n]! })).filter((one) => one.people > 0)
}

/** Writes down what a message sends on which day, in place of what was written for it before. Belongs into the transaction that plans it. */
export async function keepPlan(app: Pick<App, 'db' | 'clock'>, shop: Pick<Shop, 'id' | 'timezone'>, domain: string, messageId: string, days: { day: string; people: number }[]): Promise<void> {
  const [row] = await app.db.select({ planned: sendingDomains.planned }).from(sendingDomains).where(isDomain(shop.id, domain))
  if (!row) return
  const today = dayIn(shop.timezone, app.clock.now())
  const plan = await stillMeant(app, shop, readPlan(row.planned), messageId, today)
  const all = [...plan.days, ...days.map((one) => ({ ...one, messageId }))]
  // Days that are over stay a fortnight, in case a campaign is planned anew; then only the largest is of interest.
  const old = dayIn(shop.timezone, after(app.clock.now(), -14 * DAY))
  const sums = new Map<string, number>()
  for (const one of all.filter(({ day }) => day < old)) sums.set(one.day, (sums.get(one.day) ?? 0) + one.people)
  const next: Planned = { largest: Math.max(plan.largest, ...sums.values()), days: all.filter(({ day }) => day >= old) }
  await app.db.update(sendingDomains).set({ planned: next, updatedAt: app.clock.now() }).where(isDomain(shop.id, domain))
}

export const readPlan = (value: unknown): Planned => planned.safeParse(value).data ?? { largest: 0, days: [] }

/** Without what never left: days after a campaign was cancelled. `messageId`: without that one at all. */
async function stillMeant(app: Pick<App, 'db'>, shop: Pick<Shop, 'id' | 'timezone'>, plan: Planned, messageId: string | undefined, today: string): Promise<Planned> {
  const ids = [...new Set(plan.days.map((one) => one.messageId))]
  if (ids.length === 0) return plan
  const rows = await app.db
    .select({ id: campaigns.id, finishedAt: campaigns.finishedAt })
    .from(campaigns)
    .where(and(eq(campaigns.shopId, shop.id), inArray(campaigns.id, ids), eq(campaigns.status, 'cancelled')))
  const ended = new Map(rows.map((row) => [row.id, row.finishedAt ? dayIn(shop.timezone, row.finishedAt) : today]))
  return { ...plan, days: plan.days.filter((one) => one.messageId !== messageId && one.day <= (ended.get(one.messageId) ?? one.day)) }
}

function daysFrom(now: Date, zone: string, count: number): SendingDay[] {
  const days: SendingDay[] = []
  for (let n = 0; days.length < count; n++) {
    const at = after(now, n * DAY)
    const day = dayIn(zone, at)
    if (day !== days.at(-1)?.day) days.push({ day, at }) // the day on which clocks go back is longer
  }
  return days
}
