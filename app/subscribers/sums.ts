import { and, eq, inArray, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { lockRows } from '../db/open.ts'
import { orderLines, orders, purchases, subscribers } from '../db/schema.ts'

/**
 * Counts anew, from the orders themselves, what people bought, in all and by product: three statements for any number of them. Test
 * and cancelled orders never count. Because it counts and does not add, nothing can drift. Part of the caller's transaction.
 */
export async function sumUpBuyers(app: Pick<App, 'db'>, shopId: string, subscriberIds: string[]): Promise<void> {
  if (subscriberIds.length === 0) return
  const them = and(eq(subscribers.shopId, shopId), inArray(subscribers.id, subscriberIds))
  // First the lock, then the count: of two orders of one person at once the second must see the first.
  await lockRows(app.db.select({ id: subscribers.id }).from(subscribers).where(them).orderBy(subscribers.emailKey))
  const of = sql`from orders o where o.shop_id = subscribers.shop_id and o.subscriber_id = subscribers.id and o.cancelled_at is null and not o.test`
  await app.db
    .update(subscribers)
    .set({
      ordersCount: sql`(select count(*) ${of})`,
      totalSpent: sql`(select cast(coalesce(sum(o.total), 0) as bigint) ${of})`,
      firstOrderAt: sql`(select min(o.processed_at) ${of})`,
      lastOrderAt: sql`(select max(o.processed_at) ${of})`,
    })
    .where(them)
  await app.db.delete(purchases).where(and(eq(purchases.shopId, shopId), inArray(purchases.subscriberId, subscriberIds)))
  await app.db.insert(purchases).select(
    app.db
      .select({
        shopId: orders.shopId,
        subscriberId: subscribers.id,
        productId: orderLines.productId,
        orders: sql<number>`count(distinct ${orders.id})`.as('orders'),
        quantity: sql<number>`cast(sum(${orderLines.quantity}) as integer)`.as('quantity'),
        firstAt: sql<Date>`min(${orders.processedAt})`.as('first_at'),
        lastAt: sql<Date>`max(${orders.processedAt})`.as('last_at'),
      })
      .from(orders)
      .innerJoin(orderLines, and(eq(orderLines.shopId, orders.shopId), eq(orderLines.orderId, orders.id)))
      .innerJoin(subscribers, and(eq(subscribers.shopId, orders.shopId), eq(subscribers.id, orders.subscriberId))) // an order may name somebody who is not there (any more)
      .where(and(eq(orders.shopId, shopId), inArray(orders.subscriberId, subscriberIds), sql`not ${orders.test} and ${orders.cancelledAt} is null and ${orderLines.productId} is not null`))
      .groupBy(orders.shopId, subscribers.id, orderLines.productId) as never,
  )
}
