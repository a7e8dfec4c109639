import { and, eq, inArray, isNull } from 'drizzle-orm'
import type { App } from '../app.ts'
import { products, shops } from '../db/schema.ts'
import { formatMoney } from '../lib/money.ts'
import type { ProductPick } from '../templates/contract.ts'

/** Products as a mail shows them, with the price in the shop's money and language. Deleted and unknown ones are missing from the map. */
export async function productPicks(app: Pick<App, 'db'>, shopId: string, ids: string[]): Promise<Map<string, ProductPick>> {
  const picks = new Map<string, ProductPick>()
  const wanted = [...new Set(ids)].slice(0, 500)
  if (wanted.length === 0) return picks
  const rows = await app.db
    .select({ product: products, locale: shops.locale, shopUrl: shops.url, domain: shops.domain })
    .from(products)
    .innerJoin(shops, eq(shops.id, products.shopId))
    .where(and(eq(products.shopId, shopId), inArray(products.id, wanted), isNull(products.deletedAt)))
  for (const { product, locale, shopUrl, domain } of rows) {
    const price = (minor: number): string => formatMoney(minor, product.currency, locale)
    const varies = product.priceMax !== null && product.priceMax !== product.priceMin
    picks.set(product.id, {
      productId: product.id,
      title: product.title,
      imageUrl: product.imageUrl,
      price: product.priceMin === null ? '' : varies ? `${price(product.priceMin)} – ${price(product.priceMax!)}` : price(product.priceMin),
      compareAt: product.compareAtMin === null || varies ? null : price(product.compareAtMin),
      url: product.url ?? `${shopUrl ?? `https://${domain}`}/products/${product.handle}`,
    })
  }
  return picks
}
