import type { Request } from 'express'
import type { Shop } from '../shops/shops.ts'

/** The store's words, translated into ours. Money is in minor units of the shop's currency; times are instants. Every personal field may be null. */
export interface StoreShop {
  platformId: string
  domain: string
  name: string
  email: string | null
  url: string | null
  currency: string
  timezone: string
  locale: string
  country: string | null
  address: string | null
}
export interface StoreConsent {
  state: 'subscribed' | 'pending' | 'unsubscribed' | 'not_subscribed' | 'invalid' | 'redacted'
  level: 'single' | 'confirmed' | 'unknown'
  updatedAt: Date | null
}
export interface StoreCustomer {
  platformId: string
  email: string | null
  firstName: string | null
  lastName: string | null
  locale: string | null
  country: string | null
  /** null: this piece of news did not carry them (customers/* webhooks have none since 2025-01). */
  tags: string[] | null
  consent: StoreConsent | null
  createdAt: Date | null
  updatedAt: Date
}
export interface StoreVariant {
  id: string
  title: string
  sku: string | null
  price: number
  compareAt: number | null
  inventory: number | null
  available: boolean
}
export interface StoreProduct {
  id: string
  title: string
  handle: string
  url: string | null
  imageUrl: string | null
  imageAlt: string | null
  vendor: string | null
  productType: string | null
  tags: string[]
  status: 'active' | 'draft' | 'archived'
  inventory: number | null
  updatedAt: Date
  variants: StoreVariant[]
  /** True: `variants` holds some of them only. What is not in it stays as it is. */
  partial?: boolean
}
export interface StoreOrder {
  id: string
  name: string
  customerPlatformId: string | null
  email: string | null
  firstName: string | null
  lastName: string | null
  locale: string | null
  country: string | null
  total: number
  currency: string
  test: boolean
  cancelledAt: Date | null
  processedAt: Date
  updatedAt: Date
  checkoutToken: string | null
  lines: StoreLine[]
  /** True: `lines` holds some of them only. What is not in it stays as it is. */
  partial?: boolean
}
export interface StoreLine {
  id: string
  productId: string | null
  variantId: string | null
  title: string
  quantity: number
  price: number
}

/** A store's news after translation. `triggeredAt` of the delivery decides what is older. */
export type StoreEvent =
  | { kind: 'customer'; customer: StoreCustomer }
  | { kind: 'customer_deleted'; platformId: string }
  | { kind: 'customers_merged'; keptPlatformId: string; removedPlatformId: string }
  | { kind: 'consent'; platformId: string; email: string | null; consent: StoreConsent }
  | { kind: 'tags'; platformId: string; added: string[]; removed: string[] }
  | { kind: 'order'; order: StoreOrder }
  | { kind: 'product'; product: StoreProduct }
  | { kind: 'product_deleted'; id: string }
  | { kind: 'shop'; shop: Partial<StoreShop> }
  | { kind: 'scopes'; scopes: string[] }
  | { kind: 'uninstalled' }
  | { kind: 'bulk_finished'; operationId: string }
  | { kind: 'data_request'; requestId: string; platformId: string | null; email: string | null }
  | { kind: 'redact_customer'; platformId: string | null; email: string | null }
  | { kind: 'redact_shop' }

export interface Session {
  shop: Shop
  userId: string
}

/** A read of many things, done by the platform in the background; its result is a file of lines. */
export interface BulkState {
  state: 'running' | 'done' | 'failed'
  url: string | null
  objects: number
  error: string | null
}
export type BulkKind = 'customers' | 'products' | 'orders'
/** One line of the file. Parents come without their children (partial); a child comes after its parent, but not always next to it. */
export type BulkItem =
  | { kind: 'customers'; item: StoreCustomer }
  | { kind: 'products'; item: StoreProduct }
  | { kind: 'variants'; parentId: string; item: StoreVariant }
  | { kind: 'orders'; item: StoreOrder }
  | { kind: 'lines'; parentId: string; item: StoreLine }

export interface Platform {
  name: string
  /** Who asks? Verifies the session token of an API request. Throws `unauthorised` when there is none that holds. */
  session(request: Request): Promise<Session>
  /** Verifies an app-proxy request; null when the signature or its time is wrong or the shop is unknown. */
  proxy(request: Request): Promise<{ shop: Shop; loggedInCustomerId: string | null } | null>
  /** Tells a stored delivery in our words; an unknown topic is an empty list. Throws GiveUp on a body that can never be read. */
  translate(shop: Pick<Shop, 'currency' | 'domain' | 'url'>, topic: string, body: string): StoreEvent[]
  readShop(shop: Shop): Promise<StoreShop>
  /** What the store lets us see and do now. */
  readScopes(shop: Shop): Promise<string[]>
  /** One customer as the store knows it now; null when it does not. */
  readCustomer(shop: Shop, platformId: string): Promise<StoreCustomer | null>
  startBulk(shop: Shop, kind: BulkKind): Promise<{ operationId: string }>
  bulkState(shop: Shop, operationId: string): Promise<BulkState>
  /** Reads the result from a line on; `line` counts the lines consumed so far, where a later read may go on. */
  bulkItems(shop: Shop, kind: BulkKind, url: string, fromLine: number): AsyncIterable<BulkItem & { line: number }>
  /** Things changed since: for the nightly reconcile. */
  changedCustomers(shop: Shop, since: Date): AsyncIterable<StoreCustomer>
  changedOrders(shop: Shop, since: Date): AsyncIterable<StoreOrder>
  changedProducts(shop: Shop, since: Date): AsyncIterable<StoreProduct>
  /** The store's own segments: number, name and the store's query in its own words. */
  storeSegments(shop: Shop): Promise<{ platformId: string; name: string; query: string }[]>
  /** The customers' numbers of one of them, as it is now. Throws GiveUp when the store does not know it any more. */
  segmentMembers(shop: Shop, platformId: string): AsyncIterable<string>
  /** Tells the store what a person decided with us, with the true time. Finds or makes the customer by address. Answers its number; null when the store does not know the person and nothing was to be withdrawn. */
  writeConsent(shop: Shop, change: { platformId: string | null; email: string; firstName: string | null; locale: string | null; state: 'subscribed' | 'pending' | 'unsubscribed'; level: 'single' | 'confirmed'; at: Date }): Promise<{ platformId: string | null }>
  /** Refreshes tokens that nobody used for long (a shop that is silent for 90 days would be lost). */
  keepAlive(shop: Shop): Promise<void>
}
