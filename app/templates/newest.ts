import { and, desc, eq, isNotNull, isNull } from 'drizzle-orm'
import type { App } from '../app.ts'
import { productPicks } from '../catalogue/picks.ts'
import { products } from '../db/schema.ts'
import type { Shop } from '../shops/shops.ts'
import type { ProductPick } from './contract.ts'
import { storefront } from './merge.ts'
import type { StarterInput } from './starters.ts'

/** The shop's newest products that can be bought and seen, newest first. */
export async function newestProducts(app: Pick<App, 'db'>, shopId: string, limit: number): Promise<ProductPick[]> {
  const rows = await app.db
    .select({ id: products.id })
    .from(products)
    .where(and(eq(products.shopId, shopId), eq(products.status, 'active'), eq(products.available, true), isNull(products.deletedAt), isNotNull(products.imageUrl)))
    .orderBy(desc(products.platformUpdatedAt), desc(products.id))
    .limit(limit)
  const picks = await productPicks(app, shopId, rows.map((row) => row.id))
  return rows.flatMap((row) => picks.get(row.id) ?? [])
}

/** What the starter mails of this shop are made of. */
export async function starterInput(app: Pick<App, 'db'>, shop: Shop): Promise<StarterInput> {
  return { shop: { name: shop.name, url: storefront(shop) }, products: await newestProducts(app, shop.id, 6) }
}
