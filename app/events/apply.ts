import { and, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { deleteProduct, storeProducts } from '../catalogue/store-products.ts'
import { noteStoreConsent } from '../consent/disagreements.ts'
import { recordConsent } from '../consent/record.ts'
import { lockLedger } from '../consent/seal.ts'
import { subscribers, subscriberTags, shops, syncs } from '../db/schema.ts'
import { insertAll } from '../db/insert-all.ts'
import { addressHash, normaliseEmail } from '../lib/crypto.ts'
import type { StoreCustomer, StoreEvent } from '../platforms/platform.ts'
import { uninstalled, updateScopes, updateShop } from '../shops/installed.ts'
import type { Shop } from '../shops/shops.ts'
import { buryAddresses } from '../subscribers/erase.ts'
import { findByEmail, findByPlatformId } from '../subscribers/find.ts'
import { mergeSubscribers } from '../subscribers/merge.ts'
import { addRequest } from '../subscribers/requests.ts'
import { isStores } from '../subscribers/tags.ts'
import { upsertSubscribers, type Subscriber } from '../subscribers/upsert.ts'
import { storeOrders } from './orders.ts'
import { storeConsent, type SeenBy } from './store-consent.ts'

/** Does what a piece of news from the store asks for. `at` is when it happened there. Runs in the transaction of its delivery. */
export async function apply(app: App, shop: Shop, event: StoreEvent, at: Date): Promise<void> {
  switch (event.kind) {
    case 'customer':
      await storeCustomers(app, shop.id, [event.customer], 'event')
      return
    case 'customer_deleted':
      return customerDeleted(app, shop.id, event.platformId, at)
    case 'customers_merged':
      return customersMerged(app, shop.id, event.keptPlatformId, event.removedPlatformId)
    case 'consent':
      return consentTold(app, shop.id, event, at)
    case 'tags':
      return tagsTold(app, shop.id, event)
    case 'order':
      await storeOrders(app, shop, [event.order])
      return
    case 'product':
      await storeProducts(app, shop.id, [event.product])
      return
    case 'product_deleted':
      return deleteProduct(app, shop.id, event.id, at)
    case 'shop':
      return updateShop(app, shop.id, event.shop)
    case 'scopes':
      return updateScopes(app, shop.id, event.scopes.join(','))
    case 'uninstalled':
      if (await uninstalled(app, shop.id, at)) app.log.info({ shopId: shop.id }, 'the store removed the app')
      return
    case 'bulk_finished':
      return bulkFinished(app, shop.id, event.operationId)
    case 'data_request':
      return openRequest(app, shop.id, event)
    case 'redact_customer':
      return redactCustomer(app, shop.id, event)
    case 'redact_shop':
      // Of a store that still has us ingest.ts lets none through; one that came back since is spared by the job.
      await app.db.update(shops).set({ forgetAskedAt: at }).where(eq(shops.id, shop.id))
      await app.queue.add('privacy.redact-shop', { shopId: shop.id }, { key: shop.id })
      return
  }
}

/** People as the store's customer records tell them, set-wise, with their consent if it was told. Those without an address are nobody to us. */
export async function storeCustomers(app: App, shopId: string, told: StoreCustomer[], seenBy: SeenBy): Promise<number> {
  const people = told.filter((customer) => customer.email)
  const ids = await upsertSubscribers(
    app,
    shopId,
    people.map((c) => ({ email: c.email!, firstName: c.firstName, lastName: c.lastName, locale: c.locale, country: c.country, platformId: c.platformId, source: 'shopify' as const, tags: c.tags, platformUpdatedAt: c.updatedAt })),
  )
  const consents = people.flatMap((customer) => {
    const subscriberId = ids.get(normaliseEmail(customer.email!))
    return subscriberId && customer.consent ? [{ subscriberId, consent: customer.consent, fallbackAt: customer.updatedAt }] : []
  })
  await recordConsent(app, shopId, storeConsent(consents, seenBy))
  await noteStoreConsent(app, shopId, consents)
  return people.length
}

async function consentTold(app: App, shopId: string, { platformId, email, consent }: Extract<StoreEvent, { kind: 'consent' }>, at: Date): Promise<void> {
  const known = await findByPlatformId(app, shopId, platformId)
  // The news may come before the customer it is about.
  const subscriberId = known?.id ?? (email ? [...(await upsertSubscribers(app, shopId, [{ email, platformId, source: 'shopify' }])).values()][0] : undefined)
  if (!subscriberId) return
  await recordConsent(app, shopId, storeConsent([{ subscriberId, consent, fallbackAt: at }], 'event'))
  await noteStoreConsent(app, shopId, [{ subscriberId, consent }])
}

/** A reading that we wait for is ready: look at once. A hint only; without it the next look comes by itself. */
async function bulkFinished(app: App, shopId: string, operationId: string): Promise<void> {
  const waiting = await app.db.select({ kind: syncs.kind }).from(syncs).where(and(eq(syncs.shopId, shopId), eq(syncs.operationId, operationId), eq(syncs.state, 'asked')))
  for (const { kind } of waiting) await app.queue.add('sync.read', { shopId, kind }, { key: `${shopId}:${kind}:now` })
}

/** The merchant deleted the record: no request to be forgotten, but nothing says any more that we may write, and the record's tags are gone with it. */
async function customerDeleted(app: App, shopId: string, platformId: string, at: Date): Promise<void> {
  const known = await findByPlatformId(app, shopId, platformId)
  if (!known || (known.platformUpdatedAt && known.platformUpdatedAt > at)) return
  await lockLedger(app, shopId) // before the person
  await app.db.update(subscribers).set({ platformId: null, platformUpdatedAt: at, updatedAt: app.clock.now() }).where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, known.id)))
  await app.db.delete(subscriberTags).where(and(eq(subscriberTags.shopId, shopId), eq(subscriberTags.subscriberId, known.id), isStores))
  await recordConsent(app, shopId, [{ subscriberId: known.id, purpose: 'email_marketing', act: 'withdrawn', basis: 'none', method: 'store_event', source: 'Customer deleted in the store', occurredAt: at }])
}

async function customersMerged(app: App, shopId: string, keptPlatformId: string, removedPlatformId: string): Promise<void> {
  const [kept, removed] = [await findByPlatformId(app, shopId, keptPlatformId), await findByPlatformId(app, shopId, removedPlatformId)]
  if (kept && removed && kept.id !== removed.id) await mergeSubscribers(app, shopId, kept.id, removed.id)
  else if (!kept && removed)
    await app.db.update(subscribers).set({ platformId: keptPlatformId, updatedAt: app.clock.now() }).where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, removed.id)))
}

async function tagsTold(app: App, shopId: string, { platformId, added, removed }: Extract<StoreEvent, { kind: 'tags' }>): Promise<void> {
  const known = await findByPlatformId(app, shopId, platformId)
  if (!known) return
  if (removed.length)
    await app.db.delete(subscriberTags).where(and(eq(subscriberTags.shopId, shopId), eq(subscriberTags.subscriberId, known.id), inArray(subscriberTags.tag, removed), isStores))
  const rows = [...new Set(added)].map((tag) => ({ shopId, subscriberId: known.id, tag }))
  await insertAll(app.db, subscriberTags, rows, { target: ['shopId', 'subscriberId', 'tag'] })
  await app.db.update(subscribers).set({ updatedAt: app.clock.now() }).where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, known.id)))
}

/** A person asks what is known about them: a case with its clock (30 days); the export is made by a job. */
async function openRequest(app: App, shopId: string, { requestId, platformId, email }: Extract<StoreEvent, { kind: 'data_request' }>): Promise<void> {
  const [person] = await peopleOf(app, shopId, platformId, email)
  const { id } = await addRequest(app, shopId, 'data_request', person?.id ?? null, email ?? person?.email ?? null, requestId)
  await app.queue.add('privacy.export', { shopId, requestId: id })
}

/**
 * A person asks to be forgotten. The address is blocked at once, known or not, so that nothing that is under way writes to it
 * or brings it back; a job erases what is there.
 */
async function redactCustomer(app: App, shopId: string, { platformId, email }: Extract<StoreEvent, { kind: 'redact_customer' }>): Promise<void> {
  const people = await peopleOf(app, shopId, platformId, email)
  const addresses = [...people.map((person) => person.email), ...(email ? [email] : [])]
  await buryAddresses(app, shopId, [...new Set(addresses.map((address) => addressHash(app.settings.keys, shopId, address)))])
  for (const person of people) {
    const { id: requestId } = await addRequest(app, shopId, 'redact', person.id, person.email, null)
    await app.queue.add('privacy.redact', { shopId, subscriberId: person.id, requestId })
  }
}

/** The number and the address may name two records: both are meant. */
async function peopleOf(app: App, shopId: string, platformId: string | null, email: string | null): Promise<Subscriber[]> {
  const found = [platformId ? await findByPlatformId(app, shopId, platformId) : null, email ? await findByEmail(app, shopId, email) : null].filter((person) => person !== null)
  return [...new Map(found.map((person) => [person.id, person])).values()]
}
