import { and, eq, inArray, lt, notInArray, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { products, variants } from '../db/schema.ts'
import type { StoreProduct, StoreVariant } from '../platforms/platform.ts'
import type { Shop } from '../shops/shops.ts'
import { getShop } from '../shops/shops.ts'

type ProductRow = typeof products.$inferInsert
type VariantRow = typeof variants.$inferInsert

/**
 * Stores products as the store tells them, set-wise; older news never overwrites newer. The variants of a product are replaced,
 * unless it says that they are only some of them. Answers how many products were written.
 */
export async function storeProducts(app: App, shopId: string, told: StoreProduct[]): Promise<number> {
  if (told.length === 0) return 0
  return app.db.transaction(async () => {
    const shop = await getShop(app, shopId)
    if (!shop) return 0
    const newest = newestOf(told)
    const candidates = await newerThanStored(app, shopId, newest)
    await insertAll(app.db, products, candidates.map((product) => rowOf(shop, product)), {
      target: ['shopId', 'id'],
      update: ['title', 'handle', 'url', 'imageUrl', 'imageAlt', 'vendor', 'productType', 'tags', 'status', 'currency', 'inventory', 'deletedAt', 'platformUpdatedAt'],
      onlyIf: 'excluded.platform_updated_at >= products.platform_updated_at',
    })
    // Somebody may have written newer news while we waited for the row: then the variants are theirs too.
    const fresh = await newerThanStored(app, shopId, candidates)
    const whole = fresh.filter((product) => !product.partial)
    const keep = whole.flatMap((product) => product.variants.map((variant) => variant.id))
    if (whole.length)
      await app.db
        .delete(variants)
        .where(and(eq(variants.shopId, shopId), inArray(variants.productId, whole.map((product) => product.id)), keep.length ? notInArray(variants.id, keep) : undefined))
    await writeVariants(app, shopId, fresh.flatMap((product) => product.variants.map((variant) => variantRow(shopId, product.id, variant))))
    await sumUp(app, shopId, fresh.filter((product) => !product.partial || product.variants.length).map((product) => product.id))
    return fresh.length
  })
}

/**
 * Stores variants that arrive apart from their products, as in a bulk reading that began at `askedAt`. A product that changed
 * after that may have newer variants already: then only missing ones are added. Variants of unknown products are left out.
 */
export async function storeVariants(app: App, shopId: string, told: { parentId: string; item: StoreVariant }[], askedAt: Date): Promise<void> {
  if (told.length === 0) return
  await app.db.transaction(async () => {
    const ids = [...new Set(told.map(({ parentId }) => parentId))]
    const parents = await app.db
      .select({ id: products.id, updatedAt: products.platformUpdatedAt })
      .from(products)
      .where(and(eq(products.shopId, shopId), inArray(products.id, ids)))
    const changedLater = new Map(parents.map((parent) => [parent.id, parent.updatedAt > askedAt]))
    const rows = told.filter(({ parentId }) => changedLater.has(parentId)).map(({ parentId, item }) => variantRow(shopId, parentId, item))
    await writeVariants(app, shopId, rows.filter((row) => !changedLater.get(row.productId)))
    await insertAll(app.db, variants, rows.filter((row) => changedLater.get(row.productId)), { target: ['shopId', 'id'] })
    await sumUp(app, shopId, [...changedLater.keys()])
  })
}

/** The store deleted a product. News about it from before that time stays without effect. */
export async function deleteProduct(app: App, shopId: string, id: string, at: Date): Promise<void> {
  await app.db.transaction(async () => {
    const shop = await getShop(app, shopId)
    if (!shop) return
    const nothing = { title: '', handle: '', tags: [], status: 'archived', available: false }
    await app.db.insert(products).values({ shopId, id, ...nothing, currency: shop.currency, deletedAt: at, platformUpdatedAt: at }).onConflictDoNothing()
    const gone = await app.db.update(products).set({ deletedAt: at, platformUpdatedAt: at, available: false }).where(and(eq(products.shopId, shopId), eq(products.id, id), lt(products.platformUpdatedAt, at))).returning({ id: products.id })
    if (gone.length) await app.db.delete(variants).where(and(eq(variants.shopId, shopId), eq(variants.productId, id)))
  })
}

/** Of several tellings of one product the newest counts. */
function newestOf(told: StoreProduct[]): StoreProduct[] {
  const byId = new Map<string, StoreProduct>()
  for (const product of told) {
    const other = byId.get(product.id)
    if (!other || other.updatedAt <= product.updatedAt) byId.set(product.id, product)
  }
  return [...byId.values()]
}

async function newerThanStored(app: App, shopId: string, told: StoreProduct[]): Promise<StoreProduct[]> {
  const stored = await app.db
    .select({ id: products.id, updatedAt: products.platformUpdatedAt })
    .from(products)
    .where(and(eq(products.shopId, shopId), inArray(products.id, told.map((product) => product.id))))
  const times = new Map(stored.map((row) => [row.id, row.updatedAt]))
  return told.filter((product) => (times.get(product.id)?.getTime() ?? 0) <= product.updatedAt.getTime())
}

const writeVariants = (app: App, shopId: string, rows: VariantRow[]): Promise<number> =>
  insertAll(app.db, variants, [...new Map(rows.map((row) => [row.id, row])).values()], {
    target: ['shopId', 'id'],
    update: ['productId', 'title', 'sku', 'price', 'compareAt', 'inventory', 'available'],
  })

/** What a product costs and whether it can be bought follows from its variants, in one statement for any number of them. */
async function sumUp(app: App, shopId: string, ids: string[]): Promise<void> {
  if (ids.length === 0) return
  const of = sql`from variants v where v.shop_id = products.shop_id and v.product_id = products.id`
  await app.db
    .update(products)
    .set({
      priceMin: sql`(select min(v.price) ${of})`,
      priceMax: sql`(select max(v.price) ${of})`,
      compareAtMin: sql`(select min(v.compare_at) ${of} and v.compare_at > v.price)`,
      available: sql`${products.status} = 'active' and ${products.deletedAt} is null and exists (select 1 ${of} and v.available)`,
    })
    .where(and(eq(products.shopId, shopId), inArray(products.id, ids)))
}

function rowOf(shop: Shop, { id, title, handle, url, imageUrl, imageAlt, vendor, productType, tags, status, inventory, updatedAt }: StoreProduct): ProductRow {
  return {
    shopId: shop.id, id, title, handle, url, imageUrl, imageAlt, vendor, productType, tags, status, inventory: counted(inventory),
    priceMin: null, priceMax: null, compareAtMin: null, currency: shop.currency, available: false, deletedAt: null, platformUpdatedAt: updatedAt,
  }
}

const variantRow = (shopId: string, productId: string, { id, title, sku, price, compareAt, inventory, available }: StoreVariant): VariantRow =>
  ({ shopId, id, productId, title, sku, price, compareAt, inventory: counted(inventory), available })

/** Stores write 999,999,999 for "plenty"; the sum of several is more than a column takes. */
const counted = (stock: number | null): number | null => (stock === null ? null : Math.max(-2_000_000_000, Math.min(2_000_000_000, Math.round(stock))))
