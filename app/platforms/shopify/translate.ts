import { z } from 'zod'
import { GiveUp } from '../../jobs/queue.ts'
import { toMinor } from '../../lib/money.ts'
import { cleanText } from '../../lib/text.ts'
import type { Shop } from '../../shops/shops.ts'
import type { StoreEvent, StoreShop } from '../platform.ts'
import { plainId } from './api.ts'
import { consentOf, productStatus } from './nodes.ts'
import { addressText } from './shop.ts'

type Store = Pick<Shop, 'currency' | 'domain' | 'url'>

// Bodies of webhooks: REST-like, snake case, ids as numbers, money as text, times with an offset (platform notes 4.2). Every
// personal field may be missing or null: that is how they come to an app that was not approved for them.

const id = z.union([z.number(), z.string()]).transform(plainId)
const maybeId = z.union([z.number(), z.string()]).nullish().transform((value) => (value === null || value === undefined ? null : plainId(value)))
const text = z.string().nullish()
const instant = z.string().pipe(z.coerce.date())
const maybeInstant = z.string().pipe(z.coerce.date()).nullish().transform((value) => value ?? null)
const amount = z.union([z.string(), z.number()])
const country = z.object({ country_code: text }).nullish()

const customer = z.object({ id, email: text, first_name: text, last_name: text, locale: text, default_address: country, created_at: maybeInstant, updated_at: instant })
const consent = z.object({
  customer_id: id,
  email_address: text,
  email_marketing_consent: z.object({ state: text, opt_in_level: text, consent_updated_at: maybeInstant }).nullish(),
})
const tags = z.object({ customerId: id, tags: z.array(z.string()) })
const merge = z.object({ admin_graphql_api_customer_kept_id: id, admin_graphql_api_customer_deleted_id: id, status: text })
const variant = z.object({ id, title: z.string(), sku: text, price: amount, compare_at_price: amount.nullish(), inventory_quantity: z.number().nullish(), inventory_management: text, inventory_policy: text })
const image = z.object({ src: z.string(), alt: text }).nullish()
const product = z.object({
  id, title: z.string(), handle: z.string(), vendor: text, product_type: text, tags: z.union([z.string(), z.array(z.string())]).nullish(), status: text,
  published_at: text, updated_at: instant, variants: z.array(variant).default([]), image, images: z.array(image).default([]),
})
const line = z.object({ id, product_id: maybeId, variant_id: maybeId, title: z.string(), quantity: z.number(), price: amount })
const order = z.object({
  id, name: z.string(), email: text, contact_email: text, checkout_token: text, total_price: amount, current_total_price: amount.nullish(), currency: z.string(), test: z.boolean().nullish(),
  cancelled_at: maybeInstant, processed_at: maybeInstant, created_at: instant, updated_at: instant, customer_locale: text, line_items: z.array(line).default([]),
  customer: z.object({ id, email: text, first_name: text, last_name: text }).nullish(), shipping_address: country, billing_address: country,
})
const shop = z.object({
  id, name: text, email: text, customer_email: text, domain: text, myshopify_domain: text, currency: text, iana_timezone: text, primary_locale: text, country_code: text,
  address1: text, address2: text, zip: text, city: text, province: text, country_name: text,
})
const onlyId = z.object({ id })
const bulk = z.object({ admin_graphql_api_id: z.string() })
const person = z.object({ id: maybeId, email: text }).nullish()
const dataRequest = z.object({ customer: person, data_request: z.object({ id }) })
const redact = z.object({ customer: person })

/** What each topic means. shopify.app.toml subscribes to exactly these; a test compares the two. */
const topics: Record<string, (store: Store, body: unknown) => StoreEvent[]> = {
  'customers/create': customerNews,
  'customers/update': customerNews,
  'customers/delete': (_, body) => [{ kind: 'customer_deleted', platformId: onlyId.parse(body).id }],
  'customers/merge': (_, body) => {
    const { admin_graphql_api_customer_kept_id: keptPlatformId, admin_graphql_api_customer_deleted_id: removedPlatformId, status } = merge.parse(body)
    return status === 'failed' ? [] : [{ kind: 'customers_merged', keptPlatformId, removedPlatformId }]
  },
  'customers_email_marketing_consent/update': (_, body) => {
    const { customer_id: platformId, email_address: email, email_marketing_consent: told } = consent.parse(body)
    return told ? [{ kind: 'consent', platformId, email: email || null, consent: consentOf(told.state, told.opt_in_level, told.consent_updated_at) }] : []
  },
  'customer.tags_added': (_, body) => tagNews(body, (list) => ({ added: list, removed: [] })),
  'customer.tags_removed': (_, body) => tagNews(body, (list) => ({ added: [], removed: list })),
  'orders/create': orderNews,
  'orders/updated': orderNews,
  'orders/cancelled': orderNews,
  'products/create': productNews,
  'products/update': productNews,
  'products/delete': (_, body) => [{ kind: 'product_deleted', id: onlyId.parse(body).id }],
  'shop/update': (_, body) => [{ kind: 'shop', shop: shopNews(body) }],
  'app/uninstalled': () => [{ kind: 'uninstalled' }],
  'app/scopes_update': (_, body) => [{ kind: 'scopes', scopes: z.object({ current: z.array(z.string()) }).parse(body).current }],
  'bulk_operations/finish': (_, body) => [{ kind: 'bulk_finished', operationId: bulk.parse(body).admin_graphql_api_id }],
  'customers/data_request': (_, body) => {
    const { customer: who, data_request } = dataRequest.parse(body)
    return [{ kind: 'data_request', requestId: data_request.id, platformId: who?.id ?? null, email: who?.email || null }]
  },
  'customers/redact': (_, body) => {
    const { customer: who } = redact.parse(body)
    return [{ kind: 'redact_customer', platformId: who?.id ?? null, email: who?.email || null }]
  },
  'shop/redact': () => [{ kind: 'redact_shop' }],
}
export const handledTopics = Object.keys(topics)

/** A delivery in our words. An unknown topic says nothing. Throws GiveUp, naming the field and never its value, on a body that nobody can read. */
export function translate(store: Store, topic: string, body: string): StoreEvent[] {
  const read = Object.hasOwn(topics, topic) ? topics[topic] : undefined
  if (!read) return []
  try {
    return read(store, JSON.parse(body, (_, value: unknown) => (typeof value === 'string' ? cleanText(value) : value)))
  } catch (error) {
    const where = error instanceof z.ZodError ? `at ${error.issues[0]?.path.map(String).join('.') || 'its root'}` : error instanceof SyntaxError ? 'as JSON' : 'in a value'
    throw new GiveUp(`the body of ${topic} could not be read ${where}`)
  }
}

function customerNews(_: Store, body: unknown): StoreEvent[] {
  const c = customer.parse(body)
  return [
    {
      kind: 'customer',
      // Since 2025-01 these carry neither tags nor consent; both have topics of their own.
      customer: {
        platformId: c.id, email: c.email || null, firstName: c.first_name || null, lastName: c.last_name || null, locale: c.locale || null,
        country: c.default_address?.country_code || null, tags: null, consent: null, createdAt: c.created_at, updatedAt: c.updated_at,
      },
    },
  ]
}

function tagNews(body: unknown, change: (list: string[]) => { added: string[]; removed: string[] }): StoreEvent[] {
  const { customerId, tags: list } = tags.parse(body)
  return [{ kind: 'tags', platformId: customerId, ...change(list.map((tag) => tag.trim()).filter(Boolean)) }]
}

function orderNews(_: Store, body: unknown): StoreEvent[] {
  const o = order.parse(body)
  const lines = o.line_items.map((l) => ({ id: l.id, productId: l.product_id, variantId: l.variant_id, title: l.title, quantity: l.quantity, price: toMinor(l.price, o.currency) }))
  return [
    {
      kind: 'order',
      order: {
        id: o.id, name: o.name, customerPlatformId: o.customer?.id ?? null,
        // The customer's own address first: the one on the order may be another, and would not be who the number says.
        email: o.customer?.email || o.email || o.contact_email || null,
        firstName: o.customer?.first_name || null, lastName: o.customer?.last_name || null, locale: o.customer_locale || null,
        country: o.shipping_address?.country_code ?? o.billing_address?.country_code ?? null,
        total: toMinor(o.current_total_price ?? o.total_price, o.currency), currency: o.currency, test: o.test ?? false,
        cancelledAt: o.cancelled_at, processedAt: o.processed_at ?? o.created_at, updatedAt: o.updated_at, checkoutToken: o.checkout_token || null, lines,
      },
    },
  ]
}

const listed = 100 // a body that lists as many variants may not list them all

function productNews(store: Store, body: unknown): StoreEvent[] {
  const p = product.parse(body)
  const picture = p.image ?? p.images[0]
  const stock = p.variants.map((v) => v.inventory_quantity).filter((n) => typeof n === 'number')
  return [
    {
      kind: 'product',
      product: {
        id: p.id, title: p.title, handle: p.handle,
        url: p.published_at ? `${(store.url ?? `https://${store.domain}`).replace(/\/$/, '')}/products/${encodeURIComponent(p.handle)}` : null,
        imageUrl: picture?.src ?? null, imageAlt: picture?.alt || null, vendor: p.vendor || null, productType: p.product_type || null,
        tags: Array.isArray(p.tags) ? p.tags : (p.tags ?? '').split(',').map((tag) => tag.trim()).filter(Boolean),
        status: productStatus(p.status), inventory: stock.length ? stock.reduce((sum, n) => sum + n, 0) : null, updatedAt: p.updated_at,
        variants: p.variants.map((v) => ({
          id: v.id, title: v.title, sku: v.sku || null, price: toMinor(v.price, store.currency),
          compareAt: v.compare_at_price === null || v.compare_at_price === undefined ? null : toMinor(v.compare_at_price, store.currency),
          inventory: v.inventory_quantity ?? null,
          available: v.inventory_management === null || v.inventory_policy === 'continue' || (v.inventory_quantity ?? 1) > 0,
        })),
        ...(p.variants.length >= listed ? { partial: true } : {}),
      },
    },
  ]
}

function shopNews(body: unknown): Partial<StoreShop> {
  const s = shop.parse(body)
  const domain = s.domain || s.myshopify_domain
  const address = addressText([s.name, s.address1, s.address2, [s.zip, s.city].filter(Boolean).join(' '), s.province, s.country_name ?? s.country_code])
  const known = {
    name: s.name, email: s.customer_email || s.email, url: domain && /^[a-z0-9.-]+$/i.test(domain) ? `https://${domain}` : null, currency: s.currency,
    timezone: s.iana_timezone, locale: s.primary_locale, country: s.country_code, address: s.address1 ? address : null,
  }
  return Object.fromEntries(Object.entries(known).filter(([, value]) => Boolean(value)))
}
