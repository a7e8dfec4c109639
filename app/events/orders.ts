import { and, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { lockLedger } from '../consent/seal.ts'
import { writeSoftOptIns } from '../consent/soft-opt-in.ts'
import { insertAll } from '../db/insert-all.ts'
import { orderLines, orders, subscribers } from '../db/schema.ts'
import { dayIn } from '../lib/clock.ts'
import { normaliseEmail } from '../lib/crypto.ts'
import type { StoreLine, StoreOrder } from '../platforms/platform.ts'
import type { Shop } from '../shops/shops.ts'
import { sumUpBuyers } from '../subscribers/sums.ts'
import { upsertSubscribers } from '../subscribers/upsert.ts'
import { appendEvents } from './append.ts'
import { attribute } from './attribute.ts'

type LineRow = typeof orderLines.$inferInsert

/**
 * Stores orders as the store tells them, set-wise: lines, whose they are, the sums of the people concerned, the event
 * "ordered", and which mail each is credited to. Older news never overwrites newer, and hearing the same twice changes
 * nothing. Answers how many orders were written.
 */
export async function storeOrders(app: App, shop: Shop, told: StoreOrder[]): Promise<number> {
  if (told.length === 0) return 0
  return app.db.transaction(async () => {
    await lockLedger(app, shop.id) // before the first person: an order may write consent
    const before = await storedOrders(app, shop.id, told.map((order) => order.id))
    const fresh = newestOf(told).filter((order) => (before.get(order.id)?.updatedAt.getTime() ?? 0) <= order.updatedAt.getTime())
    if (fresh.length === 0) return 0
    const buyers = await buyersOf(app, shop.id, fresh)
    const rows = fresh.map((order) => ({
      shopId: shop.id,
      id: order.id,
      name: order.name,
      subscriberId: buyers(order) ?? before.get(order.id)?.subscriberId ?? null,
      total: order.total,
      currency: order.currency,
      test: order.test,
      cancelledAt: order.cancelledAt,
      processedAt: order.processedAt,
      day: dayIn(shop.timezone, order.processedAt),
      checkoutToken: order.checkoutToken,
      platformUpdatedAt: order.updatedAt,
    }))
    await insertAll(app.db, orders, rows, {
      target: ['shopId', 'id'],
      update: ['name', 'subscriberId', 'total', 'currency', 'test', 'cancelledAt', 'processedAt', 'day', 'checkoutToken', 'platformUpdatedAt'],
      onlyIf: 'excluded.platform_updated_at >= orders.platform_updated_at',
    })
    // Somebody may have written newer news while we waited for the row: then the lines are theirs too.
    const stored = await storedOrders(app, shop.id, fresh.map((order) => order.id))
    await replaceLines(app, shop.id, fresh.filter((order) => stored.get(order.id)?.updatedAt.getTime() === order.updatedAt.getTime()))
    const people = new Set([...rows.map((row) => row.subscriberId), ...[...before.values()].map((row) => row.subscriberId)].filter((id) => id !== null))
    await sumUpBuyers(app, shop.id, [...people])
    const counted = rows.filter((row) => row.subscriberId !== null && !row.test) // it was ordered, even if cancelled later
    await appendEvents(
      app,
      shop.id,
      counted.map((row) => ({ kind: 'ordered' as const, subscriberId: row.subscriberId, at: row.processedAt, detail: { orderId: row.id, name: row.name }, dedupeKey: `order:${row.id}` })),
    )
    await attribute(app, shop.id, rows.map((row) => row.id))
    await writeSoftOptIns(app, shop.id, counted.flatMap((row) => (row.cancelledAt ? [] : [{ subscriberId: row.subscriberId!, orderId: row.id, name: row.name, processedAt: row.processedAt }])))
    return rows.length
  })
}

/**
 * Stores lines that arrive apart from their orders, as in a bulk reading that began at `askedAt`. An order that changed after
 * that may have newer lines already: then only missing ones are added. Lines of unknown orders are left out. What their people bought is
 * counted anew in the same transaction.
 */
export async function storeOrderLines(app: App, shopId: string, told: { parentId: string; item: StoreLine }[], askedAt: Date): Promise<void> {
  if (told.length === 0) return
  await app.db.transaction(async () => {
    const parents = await storedOrders(app, shopId, [...new Set(told.map(({ parentId }) => parentId))])
    const rows = told.filter(({ parentId }) => parents.has(parentId)).map(({ parentId, item }) => lineRow(shopId, parentId, item))
    await writeLines(app, rows.filter((row) => parents.get(row.orderId)!.updatedAt <= askedAt))
    await insertAll(app.db, orderLines, rows.filter((row) => parents.get(row.orderId)!.updatedAt > askedAt), { target: ['shopId', 'orderId', 'id'] })
    await sumUpBuyers(app, shopId, [...new Set([...parents.values()].flatMap((order) => order.subscriberId ?? []))])
  })
}

function newestOf(told: StoreOrder[]): StoreOrder[] {
  const byId = new Map<string, StoreOrder>()
  for (const order of told) {
    const other = byId.get(order.id)
    if (!other || other.updatedAt <= order.updatedAt) byId.set(order.id, order)
  }
  return [...byId.values()]
}

async function storedOrders(app: App, shopId: string, ids: string[]): Promise<Map<string, { updatedAt: Date; subscriberId: string | null }>> {
  const rows = await app.db
    .select({ id: orders.id, updatedAt: orders.platformUpdatedAt, subscriberId: orders.subscriberId })
    .from(orders)
    .where(and(eq(orders.shopId, shopId), inArray(orders.id, ids)))
  return new Map(rows.map((row) => [row.id, row]))
}

/**
 * Who bought: the person with the customer's number, or the one with the address, who is added when unknown (that alone is no
 * consent to anything). People who are there keep their record: an order knows less about them than the store's customer does.
 */
async function buyersOf(app: App, shopId: string, told: StoreOrder[]): Promise<(order: StoreOrder) => string | null> {
  const numbers = [...new Set(told.flatMap((order) => order.customerPlatformId ?? []))]
  const byNumber = new Map<string, string>()
  const byEmail = new Map<string, string>()
  const find = async (where: ReturnType<typeof inArray>): Promise<void> => {
    const found = await app.db
      .select({ id: subscribers.id, platformId: subscribers.platformId, emailKey: subscribers.emailKey })
      .from(subscribers)
      .where(and(eq(subscribers.shopId, shopId), where))
      .orderBy(subscribers.id)
    for (const person of found) {
      if (person.platformId) byNumber.set(person.platformId, person.id)
      byEmail.set(person.emailKey, person.id)
    }
  }
  const keys = [...new Set(told.flatMap((order) => (order.email ? [normaliseEmail(order.email)] : [])))]
  if (numbers.length) await find(inArray(subscribers.platformId, numbers))
  if (keys.length) await find(inArray(subscribers.emailKey, keys))
  const known = (order: StoreOrder): string | null =>
    (order.customerPlatformId ? byNumber.get(order.customerPlatformId) : undefined) ?? (order.email ? byEmail.get(normaliseEmail(order.email)) : undefined) ?? null
  const unknown = told.filter((order) => order.email && !known(order))
  const added = await upsertSubscribers(
    app,
    shopId,
    unknown.map((order) => ({ email: order.email!, firstName: order.firstName, lastName: order.lastName, locale: order.locale, country: order.country, platformId: order.customerPlatformId, source: 'order' as const })),
  )
  for (const [key, id] of added) byEmail.set(key, id)
  return known
}

async function replaceLines(app: App, shopId: string, told: StoreOrder[]): Promise<void> {
  const whole = told.filter((order) => !order.partial).map((order) => order.id)
  if (whole.length) await app.db.delete(orderLines).where(and(eq(orderLines.shopId, shopId), inArray(orderLines.orderId, whole)))
  await writeLines(app, told.flatMap((order) => order.lines.map((line) => lineRow(shopId, order.id, line))))
}

const writeLines = (app: App, rows: LineRow[]): Promise<number> =>
  insertAll(app.db, orderLines, [...new Map(rows.map((row) => [`${row.orderId} ${row.id}`, row])).values()], {
    target: ['shopId', 'orderId', 'id'],
    update: ['productId', 'variantId', 'title', 'quantity', 'price'],
  })

const lineRow = (shopId: string, orderId: string, { id, productId, variantId, title, quantity, price }: StoreLine): LineRow =>
  ({ shopId, orderId, id, productId, variantId, title, quantity, price })
