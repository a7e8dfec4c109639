import { and, eq, inArray, isNull, lt, or } from 'drizzle-orm'
import type { App } from '../app.ts'
import { products, variants } from '../db/schema.ts'
import { MINUTE, after } from '../lib/clock.ts'

/** How far the store's clock and ours may be apart. */
const skew = 5 * MINUTE

/** Notes that a reading of the whole store, begun at `startedAt`, found these products. */
export async function markSeen(app: Pick<App, 'db'>, shopId: string, ids: string[], startedAt: Date): Promise<void> {
  if (ids.length > 0) await app.db.update(products).set({ seenAt: startedAt }).where(and(eq(products.shopId, shopId), inArray(products.id, ids)))
}

/**
 * Products that a complete reading of the whole store did not find, and of which nothing was heard since it began, were deleted
 * there while the news of it was lost. Their own time stays: if the store ever tells of them again, they are back.
 * Only goods go by absence. People never do: a reading that misses somebody must not cost them their consent, nor us their "no".
 * @returns how many products are gone.
 */
export async function deleteUnseen(app: Pick<App, 'db' | 'clock'>, shopId: string, startedAt: Date): Promise<number> {
  return app.db.transaction(async () => {
    const gone = await app.db
      .update(products)
      .set({ deletedAt: app.clock.now(), available: false })
      .where(and(eq(products.shopId, shopId), isNull(products.deletedAt), or(isNull(products.seenAt), lt(products.seenAt, startedAt)), lt(products.platformUpdatedAt, after(startedAt, -skew))))
      .returning({ id: products.id })
    for (let at = 0; at < gone.length; at += 1000)
      await app.db.delete(variants).where(and(eq(variants.shopId, shopId), inArray(variants.productId, gone.slice(at, at + 1000).map((product) => product.id))))
    return gone.length
  })
}
