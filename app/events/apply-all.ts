import { and, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { storeProducts } from '../catalogue/store-products.ts'
import { noteStoreConsent } from '../consent/disagreements.ts'
import { recordConsent } from '../consent/record.ts'
import { subscribers } from '../db/schema.ts'
import { normaliseEmail } from '../lib/crypto.ts'
import type { StoreCustomer, StoreEvent } from '../platforms/platform.ts'
import type { Shop } from '../shops/shops.ts'
import { apply, storeCustomers } from './apply.ts'
import { storeOrders } from './orders.ts'
import { storeConsent } from './store-consent.ts'

/** News beside the time at which it happened in the store. */
export interface Told {
  event: StoreEvent
  at: Date
}

/** What a whole list of can be taken in with a handful of statements. Each carries its own time, so the order among them does not matter. */
const plain = new Set<StoreEvent['kind']>(['customer', 'consent', 'order', 'product'])
export const isPlain = (news: StoreEvent[]): boolean => news.every((event) => plain.has(event.kind))

/**
 * Does what many pieces of plain news ask for, set-wise, in the caller's transaction; the end is the same as that of `apply` for each
 * of them in turn. Of several records of one customer, order or product only the newest counts: an older one would change nothing.
 */
export async function applyAll(app: App, shop: Shop, told: Told[]): Promise<void> {
  const customers = told.flatMap(({ event }) => (event.kind === 'customer' && event.customer.email ? [event.customer] : []))
  for (const wave of waves(newest(customers))) await storeCustomers(app, shop.id, wave, 'event')
  await consentsTold(app, shop, told)
  await storeOrders(app, shop, told.flatMap(({ event }) => (event.kind === 'order' ? [event.order] : [])))
  await storeProducts(app, shop.id, told.flatMap(({ event }) => (event.kind === 'product' ? [event.product] : [])))
}

async function consentsTold(app: App, shop: Shop, told: Told[]): Promise<void> {
  const consents = told.filter((one): one is Told & { event: Extract<StoreEvent, { kind: 'consent' }> } => one.event.kind === 'consent')
  if (consents.length === 0) return
  const people = await peopleByPlatformId(app, shop.id, [...new Set(consents.map(({ event }) => event.platformId))])
  const known = consents.flatMap(({ event, at }) => {
    const subscriberId = people.get(event.platformId)
    return subscriberId ? [{ subscriberId, consent: event.consent, fallbackAt: at }] : []
  })
  await recordConsent(app, shop.id, storeConsent(known, 'event'))
  await noteStoreConsent(app, shop.id, known)
  // Of somebody of whom nothing else is known yet: one by one, because the first of them makes the person.
  for (const { event, at } of consents) if (!people.has(event.platformId)) await apply(app, shop, event, at)
}

async function peopleByPlatformId(app: Pick<App, 'db'>, shopId: string, platformIds: string[]): Promise<Map<string, string>> {
  const rows = await app.db
    .select({ id: subscribers.id, platformId: subscribers.platformId })
    .from(subscribers)
    .where(and(eq(subscribers.shopId, shopId), inArray(subscribers.platformId, platformIds)))
    .orderBy(subscribers.id)
  const map = new Map<string, string>()
  for (const row of rows) if (row.platformId && !map.has(row.platformId)) map.set(row.platformId, row.id)
  return map
}

function newest(customers: StoreCustomer[]): StoreCustomer[] {
  const map = new Map<string, StoreCustomer>()
  for (const customer of customers) {
    const other = map.get(customer.platformId)
    if (!other || other.updatedAt <= customer.updatedAt) map.set(customer.platformId, customer)
  }
  return [...map.values()].sort((a, b) => a.updatedAt.getTime() - b.updatedAt.getTime())
}

/** Two customers who share an address (it went from one to the other) must not stand in one statement: the later one comes in the next. */
function waves(customers: StoreCustomer[]): StoreCustomer[][] {
  const list: StoreCustomer[][] = []
  const seen = new Map<string, number>()
  for (const customer of customers) {
    const key = normaliseEmail(customer.email!)
    const wave = (seen.get(key) ?? -1) + 1
    seen.set(key, wave)
    ;(list[wave] ??= []).push(customer)
  }
  return list
}
