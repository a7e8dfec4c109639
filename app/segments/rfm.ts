import { and, asc, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { App } from '../app.ts'
import { shops, shopSettings, subscribers } from '../db/schema.ts'
import { after, DAY } from '../lib/clock.ts'

/**
 * Where the buyers of a shop are cut into fifths: days since the last order (ascending), orders, and money in minor units (ascending).
 * `buyers`: how many were measured; under `enough` the cut points are fixed ones, and `measured` is false.
 */
export const cutPoints = z.object({
  recency: z.array(z.number()).length(4),
  orders: z.array(z.number()).length(4),
  money: z.array(z.number()).length(4),
  buyers: z.number(),
  measured: z.boolean(),
})
export type CutPoints = z.infer<typeof cutPoints>

/** Under so many buyers fifths say nothing. */
export const enough = 50
/** Lately: 60 days; not long ago: 180; long ago: 365; often: 3 orders. What is much differs from shop to shop: any sum will do. */
export const fixedCutPoints = (buyers: number): CutPoints => ({ recency: [30, 60, 180, 365], orders: [1, 1, 2, 4], money: [-1, -1, -1, -1], buyers, measured: false })

export const buyerGroups = ['champions', 'loyal', 'promising', 'new', 'at_risk', 'lapsed'] as const
export type BuyerGroup = (typeof buyerGroups)[number]

/** What the marks of a buyer are measured by; compile.ts says the same in SQL. */
export const marks = (cuts: CutPoints) => ({ lately: cuts.recency[1]!, notLongAgo: cuts.recency[2]!, longAgo: cuts.recency[3]!, often: cuts.orders[2]!, much: cuts.money[2]! })

/**
 * The group of a buyer, the first that fits; null for who never ordered. Champions bought lately, often and for much; loyal: often, and not
 * long ago; new: once, lately; promising: not long ago, not yet often; at risk: more than once, but not for a while; lapsed: everybody else.
 */
export function groupOf(buyer: { ordersCount: number; totalSpent: number; lastOrderAt: Date | null }, cuts: CutPoints, now: Date): BuyerGroup | null {
  if (buyer.ordersCount < 1 || !buyer.lastOrderAt) return null
  const mark = marks(cuts)
  const since = (days: number): boolean => buyer.lastOrderAt! >= after(now, -days * DAY)
  const often = buyer.ordersCount > mark.often
  if (since(mark.lately) && often && buyer.totalSpent > mark.much) return 'champions'
  if (since(mark.notLongAgo) && often) return 'loyal'
  if (since(mark.lately) && buyer.ordersCount === 1) return 'new'
  if (since(mark.notLongAgo)) return 'promising'
  return since(mark.longAgo) && buyer.ordersCount > 1 ? 'at_risk' : 'lapsed'
}

/** The cut points of a shop as last measured; fixed ones before that. */
export async function cutPointsOf(app: Pick<App, 'db'>, shopId: string): Promise<CutPoints & { measuredAt: Date | null }> {
  const [row] = await app.db.select({ rfm: shopSettings.rfm, at: shopSettings.rfmMeasuredAt }).from(shopSettings).where(eq(shopSettings.shopId, shopId))
  const read = cutPoints.safeParse(row?.rfm)
  return read.success ? { ...read.data, measuredAt: row?.at ?? null } : { ...fixedCutPoints(0), measuredAt: null }
}

/** What the groups go by, in words for the merchant. */
export function cutPointsInWords(cuts: CutPoints): string {
  const { lately, notLongAgo, longAgo, often } = marks(cuts)
  const words = `“lately” means within ${inDays(lately)}, “not long ago” within ${inDays(notLongAgo)}, “for a while” within ${inDays(longAgo)} and “often” at least ${often + 1} orders`
  if (!cuts.measured) return `Not enough data yet: the groups compare buyers with each other, and you have ${cuts.buyers} of the ${enough} that this needs. Until then ${words}; how much somebody spent does not count.`
  return `Measured each night over your ${cuts.buyers} buyers: ${words}; “for much” is what the top two of five buyers spent.`
}
const inDays = (days: number): string => (Math.ceil(days) === 1 ? '1 day' : `${Math.ceil(days)} days`)

/** Each night: measures the buyers of every installed shop anew. */
export async function measureBuyers(app: Pick<App, 'db' | 'clock'>): Promise<void> {
  for (const { id } of await app.db.select({ id: shops.id }).from(shops).where(eq(shops.status, 'installed')).orderBy(asc(shops.id))) await measureBuyersOf(app, id)
}

export async function measureBuyersOf(app: Pick<App, 'db' | 'clock'>, shopId: string): Promise<CutPoints> {
  const now = app.clock.now()
  const bought = and(eq(subscribers.shopId, shopId), sql`${subscribers.ordersCount} > 0`, sql`${subscribers.lastOrderAt} is not null`)
  const buyers = await app.db.$count(subscribers, bought)
  const cuts = buyers < enough ? fixedCutPoints(buyers) : await measured()
  await app.db.update(shopSettings).set({ rfm: cuts, rfmMeasuredAt: now }).where(eq(shopSettings.shopId, shopId))
  return cuts

  async function measured(): Promise<CutPoints> {
    const times = await fifths(subscribers.lastOrderAt)
    const recency = times.map((at) => Math.max(0, (now.getTime() - new Date(at).getTime()) / DAY)).reverse()
    return { recency, orders: (await fifths(subscribers.ordersCount)).map(Number), money: (await fifths(subscribers.totalSpent)).map(Number), buyers, measured: true }
  }
  /** The values at which the buyers, in the order of a column, are cut into five. */
  async function fifths<C extends typeof subscribers.lastOrderAt | typeof subscribers.ordersCount | typeof subscribers.totalSpent>(column: C): Promise<(Date | number)[]> {
    const values: (Date | number)[] = []
    for (const part of [1, 2, 3, 4]) {
      const [row] = await app.db.select({ value: column }).from(subscribers).where(bought).orderBy(asc(column)).limit(1).offset(Math.floor((buyers * part) / 5))
      values.push((row?.value as Date | number | undefined) ?? 0)
    }
    return values
  }
}
