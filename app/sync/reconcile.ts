import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { storeProducts } from '../catalogue/store-products.ts'
import { syncs } from '../db/schema.ts'
import { storeCustomers } from '../events/apply.ts'
import { attributeSince } from '../events/attribute.ts'
import { storeOrders } from '../events/orders.ts'
import { DAY, HOUR, MINUTE, after } from '../lib/clock.ts'
import { updateScopes, updateShop } from '../shops/installed.ts'
import { getShop } from '../shops/shops.ts'

const overlap = 6 * HOUR // news may be late and clocks differ; hearing something twice does no harm

/**
 * Asks the store what changed since the last look, in case news was lost on the way. Each night. A sweep lowers consent where
 * the store says so and never raises it.
 */
export async function reconcile(app: App, { shopId }: { shopId: string }): Promise<void> {
  const shop = await getShop(app, shopId)
  if (shop?.status !== 'installed') return
  const platform = app.platforms.shopify
  const began = app.clock.now()
  await updateShop(app, shopId, await platform.readShop(shop))
  await updateScopes(app, shopId, (await platform.readScopes(shop)).join(','))
  const since = await lastLooks(app, shopId)
  if (since.customers) await sweep(platform.changedCustomers(shop, since.customers), (batch) => storeCustomers(app, shopId, batch, 'sweep'))
  if (since.products) await sweep(platform.changedProducts(shop, since.products), (batch) => storeProducts(app, shopId, batch))
  if (since.orders) await sweep(platform.changedOrders(shop, since.orders), (batch) => storeOrders(app, shop, batch))
  await attributeSince(app, shopId, after(began, -40 * DAY))
  await app.db.update(syncs).set({ updatedAt: began }).where(and(eq(syncs.shopId, shopId), eq(syncs.state, 'done')))
}

/**
 * Each hour: whose record changed in the store since the last look, so that a "no" whose news was lost counts within the hour, and that the app
 * was removed is noticed by the refused question (reliability.md W4). Raises nobody.
 */
export async function lookForConsents(app: App, { shopId }: { shopId: string }): Promise<void> {
  const shop = await getShop(app, shopId)
  if (shop?.status !== 'installed') return
  const began = app.clock.now()
  const { customers } = await lastLooks(app, shopId, 30 * MINUTE)
  if (!customers) return
  await sweep(app.platforms.shopify.changedCustomers(shop, customers), (batch) => storeCustomers(app, shopId, batch, 'sweep'))
  await app.db.update(syncs).set({ updatedAt: began }).where(and(eq(syncs.shopId, shopId), eq(syncs.kind, 'customers'), eq(syncs.state, 'done')))
}

/** When each kind was last known to be complete; a kind that was never read is read whole first. */
async function lastLooks(app: App, shopId: string, before = overlap): Promise<Partial<Record<string, Date>>> {
  const rows = await app.db.select({ kind: syncs.kind, startedAt: syncs.startedAt, finishedAt: syncs.finishedAt, updatedAt: syncs.updatedAt }).from(syncs).where(and(eq(syncs.shopId, shopId), eq(syncs.state, 'done')))
  // The reading shows the store as it was when it was asked for; after that each look moves updatedAt on.
  return Object.fromEntries(rows.map((row) => [row.kind, after(row.finishedAt && row.updatedAt > row.finishedAt ? row.updatedAt : row.startedAt, -before)]))
}

async function sweep<T>(items: AsyncIterable<T>, store: (batch: T[]) => Promise<unknown>): Promise<void> {
  let batch: T[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < 200) continue
    await store(batch)
    batch = []
  }
  if (batch.length) await store(batch)
}
