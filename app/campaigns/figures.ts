import { and, count, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { attributions, events, orders } from '../db/schema.ts'

/** What became of a message, counted from the event log and the orders; people are counted once each. */
export interface Figures {
  delivered: number
  bounced: number
  complained: number
  unsubscribed: number
  /** Each person stands in one of the three: human if any open was, else unknown, else machine. */
  opened: Verdicts
  clicked: Verdicts
  orders: number
  /** Minor units of the shop's currency. */
  revenue: number
}
export interface Verdicts {
  human: number
  machine: number
  unknown: number
}

/** The figures of several messages in two statements. Every id has an entry. */
export async function figuresOf(app: Pick<App, 'db'>, shopId: string, messageIds: string[]): Promise<Map<string, Figures>> {
  const map = new Map(messageIds.map((id) => [id, noFigures()]))
  if (messageIds.length === 0) return map
  const rank = sql<number>`min(case ${events.verdict} when 'human' then 0 when 'machine' then 2 else 1 end)`.mapWith(Number)
  const people = app.db
    .select({ messageId: events.messageId, kind: events.kind, subscriberId: events.subscriberId, verdict: rank.as('best') })
    .from(events)
    .where(and(eq(events.shopId, shopId), inArray(events.messageId, messageIds), inArray(events.kind, counted), isNotNull(events.subscriberId)))
    .groupBy(events.messageId, events.kind, events.subscriberId)
    .as('people')
  const rows = await app.db
    .select({ messageId: people.messageId, kind: people.kind, verdict: people.verdict, people: count() })
    .from(people)
    .groupBy(people.messageId, people.kind, people.verdict)
  for (const row of rows) {
    const figures = map.get(row.messageId ?? '')
    if (!figures) continue
    if (row.kind === 'opened' || row.kind === 'clicked') figures[row.kind][verdicts[row.verdict] ?? 'unknown'] += row.people
    else figures[row.kind as 'delivered'] += row.people
  }
  const sales = await app.db
    .select({ messageId: attributions.messageId, orders: count(), revenue: sql`coalesce(sum(${orders.total}), 0)`.mapWith(Number) })
    .from(attributions)
    .innerJoin(orders, and(eq(orders.shopId, attributions.shopId), eq(orders.id, attributions.orderId)))
    .where(and(eq(attributions.shopId, shopId), inArray(attributions.messageId, messageIds), eq(orders.test, false), isNull(orders.cancelledAt)))
    .groupBy(attributions.messageId)
  for (const row of sales) Object.assign(map.get(row.messageId) ?? {}, { orders: row.orders, revenue: row.revenue })
  return map
}

const counted = ['delivered', 'bounced', 'complained', 'unsubscribed', 'opened', 'clicked']
const verdicts: Record<number, keyof Verdicts | undefined> = { 0: 'human', 1: 'unknown', 2: 'machine' }
const noFigures = (): Figures => ({
  delivered: 0, bounced: 0, complained: 0, unsubscribed: 0, opened: { human: 0, machine: 0, unknown: 0 }, clicked: { human: 0, machine: 0, unknown: 0 }, orders: 0, revenue: 0,
})
