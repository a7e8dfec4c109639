import { z } from 'zod'
import { toMinor } from '../../lib/money.ts'
import type { Shop } from '../../shops/shops.ts'
import type { StoreConsent, StoreCustomer, StoreOrder, StoreProduct, StoreVariant } from '../platform.ts'
import { plainId } from './api.ts'

// Objects of the Admin API in our words. Everything personal may be null: an app that was not approved for it gets null.

const text = z.string().nullish()
const instant = z.string().pipe(z.coerce.date())
const maybeInstant = z.string().pipe(z.coerce.date()).nullish().transform((value) => value ?? null)
const money = z.object({ shopMoney: z.object({ amount: z.union([z.string(), z.number()]), currencyCode: z.string() }) })
const ref = z.object({ id: z.string() }).nullish()

const emailAddress = z.object({ emailAddress: text, marketingState: text, marketingOptInLevel: text, marketingUpdatedAt: maybeInstant })
export const customerNode = z.object({
  id: z.string(),
  firstName: text,
  lastName: text,
  locale: text,
  tags: z.array(z.string()).nullish(),
  createdAt: maybeInstant,
  updatedAt: instant,
  defaultAddress: z.object({ countryCodeV2: text }).nullish(),
  defaultEmailAddress: emailAddress.nullish(),
})
export const variantNode = z.object({
  id: z.string(),
  title: z.string(),
  sku: text,
  price: z.union([z.string(), z.number()]),
  compareAtPrice: z.union([z.string(), z.number()]).nullish(),
  inventoryQuantity: z.number().nullish(),
  availableForSale: z.boolean(),
})
export const productNode = z.object({
  id: z.string(),
  title: z.string(),
  handle: z.string(),
  vendor: text,
  productType: text,
  tags: z.array(z.string()),
  status: z.string(),
  onlineStoreUrl: text,
  updatedAt: instant,
  totalInventory: z.number().nullish(),
  tracksInventory: z.boolean().nullish(),
  featuredMedia: z.object({ preview: z.object({ image: z.object({ url: z.string(), altText: text }).nullish() }).nullish() }).nullish(),
})
export const lineNode = z.object({ id: z.string(), title: z.string(), quantity: z.number(), originalUnitPriceSet: money, product: ref, variant: ref })
export const orderNode = z.object({
  id: z.string(),
  name: z.string(),
  email: text,
  customerLocale: text,
  test: z.boolean(),
  cancelledAt: maybeInstant,
  processedAt: instant,
  updatedAt: instant,
  checkoutToken: text,
  currentTotalPriceSet: money,
  customer: z.object({ id: z.string(), firstName: text, lastName: text, locale: text, defaultEmailAddress: z.object({ emailAddress: text }).nullish() }).nullish(),
  shippingAddress: z.object({ countryCodeV2: text }).nullish(),
  billingAddress: z.object({ countryCodeV2: text }).nullish(),
})

export function customerOf(node: z.infer<typeof customerNode>): StoreCustomer {
  const at = node.defaultEmailAddress
  return {
    platformId: plainId(node.id),
    email: at?.emailAddress || null,
    firstName: node.firstName || null,
    lastName: node.lastName || null,
    locale: node.locale || null,
    country: node.defaultAddress?.countryCodeV2 ?? null,
    tags: node.tags ?? null,
    consent: at ? consentOf(at.marketingState, at.marketingOptInLevel, at.marketingUpdatedAt) : null,
    createdAt: node.createdAt,
    updatedAt: node.updatedAt,
  }
}

const states = new Set(['subscribed', 'pending', 'unsubscribed', 'not_subscribed', 'invalid', 'redacted'])

/** Upper case in GraphQL, lower case in webhooks. A state that we do not know is no consent. */
export function consentOf(state: string | null | undefined, level: string | null | undefined, updatedAt: Date | null): StoreConsent {
  const known = (state ?? '').toLowerCase()
  const levels: Record<string, StoreConsent['level']> = { single_opt_in: 'single', confirmed_opt_in: 'confirmed' }
  return {
    state: states.has(known) ? (known as StoreConsent['state']) : 'not_subscribed',
    level: levels[(level ?? '').toLowerCase()] ?? 'unknown',
    updatedAt,
  }
}

export const variantOf = (shop: Pick<Shop, 'currency'>, node: z.infer<typeof variantNode>): StoreVariant => ({
  id: plainId(node.id),
  title: node.title,
  sku: node.sku || null,
  price: toMinor(node.price, shop.currency),
  compareAt: node.compareAtPrice === null || node.compareAtPrice === undefined ? null : toMinor(node.compareAtPrice, shop.currency),
  inventory: node.inventoryQuantity ?? null,
  available: node.availableForSale,
})

export function productOf(node: z.infer<typeof productNode>, variants: StoreVariant[], partial: boolean): StoreProduct {
  const image = node.featuredMedia?.preview?.image
  return {
    id: plainId(node.id),
    title: node.title,
    handle: node.handle,
    url: node.onlineStoreUrl ?? null,
    imageUrl: image?.url ?? null,
    imageAlt: image?.altText || null,
    vendor: node.vendor || null,
    productType: node.productType || null,
    tags: node.tags,
    status: productStatus(node.status),
    inventory: node.tracksInventory === false ? null : (node.totalInventory ?? null),
    updatedAt: node.updatedAt,
    variants,
    ...(partial ? { partial } : {}),
  }
}

export const productStatus = (status: string | null | undefined): StoreProduct['status'] => {
  const known = (status ?? '').toLowerCase()
  return known === 'active' || known === 'archived' ? known : 'draft'
}

export const lineOf = (node: z.infer<typeof lineNode>): StoreOrder['lines'][number] => ({
  id: plainId(node.id),
  productId: node.product ? plainId(node.product.id) : null,
  variantId: node.variant ? plainId(node.variant.id) : null,
  title: node.title,
  quantity: node.quantity,
  price: toMinor(node.originalUnitPriceSet.shopMoney.amount, node.originalUnitPriceSet.shopMoney.currencyCode),
})

export function orderOf(node: z.infer<typeof orderNode>, lines: StoreOrder['lines'], partial: boolean): StoreOrder {
  const { amount, currencyCode } = node.currentTotalPriceSet.shopMoney
  return {
    id: plainId(node.id),
    name: node.name,
    customerPlatformId: node.customer ? plainId(node.customer.id) : null,
    // The customer's own address first: the one on the order may be another, and would not be who the number says.
    email: node.customer?.defaultEmailAddress?.emailAddress || node.email || null,
    firstName: node.customer?.firstName || null,
    lastName: node.customer?.lastName || null,
    locale: node.customerLocale || node.customer?.locale || null,
    country: node.shippingAddress?.countryCodeV2 ?? node.billingAddress?.countryCodeV2 ?? null,
    total: toMinor(amount, currencyCode),
    currency: currencyCode,
    test: node.test,
    cancelledAt: node.cancelledAt,
    processedAt: node.processedAt,
    updatedAt: node.updatedAt,
    checkoutToken: node.checkoutToken || null,
    lines,
    ...(partial ? { partial } : {}),
  }
}
