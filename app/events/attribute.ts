import { and, eq, gte, inArray, isNotNull, isNull, lte, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { attributions, events, orders } from '../db/schema.ts'
import { DAY, after } from '../lib/clock.ts'
import { getSettings } from '../shops/shops.ts'

/**
 * Credits orders to mails: to the last click that a human, as far as we can tell, made in one of our mails before the order,
 * within the days that the shop chose. Test and cancelled orders are credited to nothing. Doing it again gives the same.
 */
export async function attribute(app: Pick<App, 'db'>, shopId: string, orderIds: string[]): Promise<void> {
  if (orderIds.length === 0) return
  const { attributionDays } = await getSettings(app, shopId)
  const clicks = await app.db
    .select({ orderId: orders.id, subscriberId: orders.subscriberId, orderedAt: orders.processedAt, messageId: events.messageId, clickedAt: events.at, eventId: events.id })
    .from(orders)
    .innerJoin(events, and(eq(events.shopId, orders.shopId), eq(events.subscriberId, orders.subscriberId), lte(events.at, orders.processedAt)))
    .where(
      and(
        eq(orders.shopId, shopId),
        inArray(orders.id, orderIds),
        eq(orders.test, false),
        isNull(orders.cancelledAt),
        eq(events.kind, 'clicked'),
        eq(events.verdict, 'human'),
        isNotNull(events.messageId),
        gte(events.at, after(await earliest(app, shopId, orderIds), -attributionDays * DAY)), // keeps the join small; the exact window follows
      ),
    )
    .orderBy(events.at, events.id)
  const last = new Map<string, typeof attributions.$inferInsert>()
  for (const { orderId, subscriberId, orderedAt, messageId, clickedAt } of clicks) // in the order of time: the last one stays
    if (clickedAt >= after(orderedAt, -attributionDays * DAY)) last.set(orderId, { shopId, orderId, messageId: messageId!, subscriberId: subscriberId!, clickedAt, orderedAt })
  await app.db.transaction(async () => {
    await app.db.delete(attributions).where(and(eq(attributions.shopId, shopId), inArray(attributions.orderId, orderIds)))
    await insertAll(app.db, attributions, [...last.values()], { target: ['shopId', 'orderId'] })
  })
}

/** The same for everything ordered since: clicks may become known, or be judged, after the order did. */
export async function attributeSince(app: Pick<App, 'db'>, shopId: string, since: Date): Promise<void> {
  let from = ''
  for (;;) {
    const page = await app.db
      .select({ id: orders.id })
      .from(orders)
      .where(and(eq(orders.shopId, shopId), gte(orders.processedAt, since), sql`${orders.id} > ${from}`))
      .orderBy(orders.id)
      .limit(500)
    if (page.length === 0) return
    await attribute(app, shopId, page.map((row) => row.id))
    from = page.at(-1)!.id
  }
}

async function earliest(app: Pick<App, 'db'>, shopId: string, orderIds: string[]): Promise<Date> {
  const [first] = await app.db
    .select({ at: orders.processedAt })
    .from(orders)
    .where(and(eq(orders.shopId, shopId), inArray(orders.id, orderIds)))
    .orderBy(orders.processedAt)
    .limit(1)
  return first?.at ?? new Date(0)
}
