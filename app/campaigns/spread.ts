import { and, asc, eq, gte, isNotNull, isNull, lt, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { batches, deliveries, messages, sendingDomains } from '../db/schema.ts'
import { allowanceOf, keepPlan, readPlan } from '../domains/allowance.ts'
import { domainOf } from '../domains/names.ts'
import { firstDay, spreadOver, spreadParts } from '../domains/ramp.ts'
import { findDomain, isDomain } from '../domains/rows.ts'
import { dayIn } from '../lib/clock.ts'
import type { Shop } from '../shops/shops.ts'

/**
 * Spreads what a campaign still has to send over days while its domain is new (domains/ramp.ts), by the time at which each
 * batch, or each row that travels alone, is due. Called after the freeze and when a paused campaign goes on, inside that
 * transaction; without a limit it changes nothing. The row of the domain is locked: two campaigns cannot both take one day's room.
 */
export async function spread(app: Pick<App, 'db' | 'clock' | 'mail'>, shop: Pick<Shop, 'id' | 'timezone'>, messageId: string): Promise<void> {
  const shopId = shop.id
  const [message] = await app.db.select({ from: messages.fromEmail }).from(messages).where(and(eq(messages.shopId, shopId), eq(messages.id, messageId)))
  const domain = message && domainOf(message.from)
  if (!domain) return
  const now = app.clock.now()
  await app.db.update(sendingDomains).set({ updatedAt: now }).where(isDomain(shopId, domain))
  await app.db.update(sendingDomains).set({ warmingSince: now }).where(and(isDomain(shopId, domain), isNull(sendingDomains.warmingSince)))
  const row = await findDomain(app, shopId, domain)
  if (!row) return
  const mine = readPlan(row.planned).days.filter((one) => one.messageId === messageId)
  const allowance = await allowanceOf(app, shop, row, messageId)
  if (!allowance && mine.length === 0) return
  const parts = await waitingBatches(app, shopId, messageId)
  const rows = await waitingRows(app, shopId, messageId)
  const left = rows + parts.reduce((sum, part) => sum + part.people, 0)
  const gone = goneBefore(mine, left, dayIn(shop.timezone, now))
  const taken = [...(allowance?.taken ?? [])]
  taken[0] = (taken[0] ?? 0) + gone.today
  const largest = Math.max(allowance?.largest ?? 0, ...gone.past.map((one) => one.people))
  // A mail leaves in one way; when some of its people travel alone, they come first.
  const alone = allowance ? spreadOver(largest, taken, rows) : [rows]
  for (const [n, people] of alone.entries()) taken[n] = (taken[n] ?? 0) + people
  const onDay = allowance ? spreadParts(largest, taken, parts.map((part) => part.people)) : parts.map(() => 0)
  const count = Math.max(alone.length, (onDay.at(-1) ?? 0) + 1)
  const days = allowance?.days(count) ?? [{ day: dayIn(shop.timezone, now), at: now }]
  await setRows(app, shopId, messageId, alone, days)
  await setBatches(app, shopId, messageId, parts, onDay, days)
  const people = days.map((_, n) => (alone[n] ?? 0) + parts.reduce((sum, part, i) => sum + (onDay[i] === n ? part.people : 0), 0) + (n === 0 ? gone.today : 0))
  await keepPlan(app, shop, domain, messageId, [...gone.past, ...days.map(({ day }, n) => ({ day, people: people[n]! })).filter((one) => one.people > 0)])
}

/** How many people a batch may have at most: few while the domain is new, so that a day's part can be kept to. */
export async function partSize(app: Pick<App, 'db' | 'clock' | 'mail'>, shop: Pick<Shop, 'id' | 'timezone'>, senderEmail: string): Promise<number> {
  const domain = domainOf(senderEmail)
  const row = domain && (await findDomain(app, shop.id, domain))
  const allowance = row ? await allowanceOf(app, shop, row) : null
  return allowance ? Math.max(firstDay, allowance.largest) : Infinity
}

type Day = { day: string; people: number }
/** What has left already, by day, as far as the plan tells: the first days of it, as many people as do not wait any more. */
function goneBefore(mine: Day[], left: number, today: string): { past: Day[]; today: number } {
  let gone = Math.max(0, mine.reduce((sum, one) => sum + one.people, 0) - left)
  const past: Day[] = []
  for (const { day, people } of mine.toSorted((a, b) => (a.day < b.day ? -1 : 1))) {
    if (day >= today || gone === 0) break
    past.push({ day, people: Math.min(people, gone) })
    gone -= Math.min(people, gone)
  }
  return { past, today: gone }
}

const waitingIn = (shopId: string, messageId: string): SQL | undefined => and(eq(batches.shopId, shopId), eq(batches.messageId, messageId), eq(batches.state, 'pending'))
const aloneIn = (shopId: string, messageId: string): SQL | undefined => and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, messageId), eq(deliveries.state, 'pending'))

const waitingBatches = (app: Pick<App, 'db'>, shopId: string, messageId: string): Promise<{ n: number; people: number }[]> =>
  app.db.select({ n: batches.n, people: batches.people }).from(batches).where(waitingIn(shopId, messageId)).orderBy(asc(batches.n))

const waitingRows = (app: Pick<App, 'db'>, shopId: string, messageId: string): Promise<number> => app.db.$count(deliveries, aloneIn(shopId, messageId))

/** One statement a day: whose id comes behind those of the days before. */
async function setRows(app: Pick<App, 'db'>, shopId: string, messageId: string, alone: number[], days: { at: Date }[]): Promise<void> {
  if (alone.length > 0) await app.db.update(deliveries).set({ nextAt: null }).where(and(aloneIn(shopId, messageId), isNotNull(deliveries.nextAt)))
  let before = 0
  for (const [n, people] of alone.entries()) {
    if (n > 0 && people > 0) {
      const [first] = await app.db.select({ id: deliveries.subscriberId }).from(deliveries).where(aloneIn(shopId, messageId)).orderBy(asc(deliveries.subscriberId)).limit(1).offset(before)
      if (first) await app.db.update(deliveries).set({ nextAt: days[n]!.at }).where(and(aloneIn(shopId, messageId), gte(deliveries.subscriberId, first.id)))
    }
    before += people
  }
}

/** One statement a day: batches are in order, so those of a day stand together. */
async function setBatches(app: Pick<App, 'db'>, shopId: string, messageId: string, parts: { n: number }[], onDay: number[], days: { at: Date }[]): Promise<void> {
  for (let from = 0; from < parts.length; ) {
    const day = onDay[from]!
    let to = from
    while (to < parts.length && onDay[to] === day) to++
    const until = parts[to]?.n
    await app.db
      .update(batches)
      .set({ nextAt: day === 0 ? null : days[day]!.at })
      .where(and(waitingIn(shopId, messageId), gte(batches.n, parts[from]!.n), until === undefined ? undefined : lt(batches.n, until)))
    from = to
  }
}
