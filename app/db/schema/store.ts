import { sql } from 'drizzle-orm'
import { bool, foreignKey, index, int, json, money, primaryKey, table, text, time } from '../columns.ts'

// What the store told us: products and orders; how far reading it has come.

export const products = table(
  'products',
  {
    shopId: text().notNull(),
    id: text().notNull(), // the store's number
    title: text().notNull(),
    handle: text().notNull(),
    url: text(),
    imageUrl: text(),
    imageAlt: text(),
    vendor: text(),
    productType: text(),
    tags: json<string[]>().notNull(),
    status: text().notNull(), // 'active' | 'draft' | 'archived'
    priceMin: money(),
    priceMax: money(),
    compareAtMin: money(),
    currency: text().notNull(),
    available: bool().notNull(),
    inventory: int(),
    deletedAt: time(),
    /** Start of the last reading of the whole store that found it. What a later one does not find was deleted there. */
    seenAt: time(),
    platformUpdatedAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.id] })],
)

export const variants = table(
  'variants',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    productId: text().notNull(),
    title: text().notNull(),
    sku: text(),
    price: money().notNull(),
    compareAt: money(),
    inventory: int(),
    available: bool().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.id] }),
    index('variants_product').on(t.shopId, t.productId),
    foreignKey({ columns: [t.shopId, t.productId], foreignColumns: [products.shopId, products.id] }).onDelete('cascade'),
  ],
)

export const orders = table(
  'orders',
  {
    shopId: text().notNull(),
    id: text().notNull(), // the store's number
    name: text().notNull(), // '#1001'
    subscriberId: text(),
    total: money().notNull(), // what is left after refunds, shop currency
    currency: text().notNull(),
    test: bool().notNull(),
    cancelledAt: time(),
    processedAt: time().notNull(),
    day: text().notNull(), // processedAt in the shop's zone
    checkoutToken: text(),
    platformUpdatedAt: time().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.id] }),
    index('orders_person').on(t.shopId, t.subscriberId, t.processedAt),
    index('orders_time').on(t.shopId, t.processedAt),
    // Orders that count, for segments; the words are those that they ask with (segments/conditions.ts).
    index('orders_counted').on(t.shopId, t.processedAt, t.subscriberId, t.total).where(sql`not test and cancelled_at is null`),
  ],
)

export const orderLines = table(
  'order_lines',
  {
    shopId: text().notNull(),
    orderId: text().notNull(),
    id: text().notNull(),
    productId: text(),
    variantId: text(),
    title: text().notNull(),
    quantity: int().notNull(),
    price: money().notNull(), // one unit
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.orderId, t.id] }),
    index('order_lines_product').on(t.shopId, t.productId, t.orderId),
    foreignKey({ columns: [t.shopId, t.orderId], foreignColumns: [orders.shopId, orders.id] }).onDelete('cascade'),
  ],
)

/** How far reading the store has come; one row per shop and kind of thing. */
export const syncs = table(
  'syncs',
  {
    shopId: text().notNull(),
    kind: text().$type<'shop' | 'customers' | 'products' | 'orders'>().notNull(),
    state: text().$type<'waiting' | 'asked' | 'reading' | 'done' | 'failed'>().notNull(),
    operationId: text(),
    resultUrl: text(),
    /** Lines of the result already stored: where a new process goes on. */
    linesDone: int().notNull(),
    objectsDone: int().notNull(),
    objectsTotal: int(),
    error: text(),
    startedAt: time().notNull(),
    finishedAt: time(),
    updatedAt: time().notNull(),
  },
  (t) => [primaryKey({ columns: [t.shopId, t.kind] })],
)
