import { gid, utc } from '../format.ts'
import { consentBody, customerBody } from '../platform/payloads.ts'
import { ordersMoved } from '../platform/order-index.ts'
import { emit } from '../platform/webhooks.ts'
import type { SimCustomer, SimStore, World } from '../types.ts'

export type Marketing = SimCustomer['marketing']

export interface NewCustomer {
  email: string | null
  firstName?: string | null
  lastName?: string | null
  locale?: string
  country?: string | null
  tags?: string[]
  state?: SimCustomer['state']
  marketing?: { state: Marketing['state']; level: Marketing['level']; at?: Date }
}

/** A person appears in the store's list. Sends customers/create, and the consent topic when consent came with them. Throws when the address is taken. */
export function createCustomer(world: World, store: SimStore, given: NewCustomer): SimCustomer {
  const key = given.email?.trim().toLowerCase()
  if (key && store.customersByEmail.has(key)) throw new Error('Email has already been taken')
  const now = world.clock.now()
  const customer: SimCustomer = {
    id: store.nextId++,
    email: given.email?.trim() ?? null,
    firstName: given.firstName ?? null,
    lastName: given.lastName ?? null,
    locale: given.locale ?? store.locale,
    country: given.country ?? null,
    tags: given.tags ?? [],
    state: given.state ?? 'DISABLED',
    marketing: given.marketing
      ? { state: given.marketing.state, level: given.marketing.level, updatedAt: given.marketing.at ?? now }
      : { state: 'NOT_SUBSCRIBED', level: 'SINGLE_OPT_IN', updatedAt: null },
    createdAt: now,
    updatedAt: now,
  }
  store.customers.set(customer.id, customer)
  if (key) store.customersByEmail.set(key, customer.id)
  emit(world, store, 'customers/create', customerBody(store, customer))
  if (customer.tags.length > 0) emitTags(world, store, customer, 'customer.tags_added', customer.tags)
  if (given.marketing) emit(world, store, 'customers_email_marketing_consent/update', consentBody(store, customer))
  return customer
}

/** Changes what the store knows about a person. Sends customers/update and, when tags came or went, their own topics. */
export function updateCustomer(
  world: World, store: SimStore, customerId: number,
  changes: Partial<Pick<SimCustomer, 'email' | 'firstName' | 'lastName' | 'locale' | 'country' | 'tags' | 'state'>>,
): SimCustomer {
  const customer = customerOf(store, customerId)
  const { tags, email, ...plain } = changes
  if (email !== undefined) moveAddress(store, customer, email)
  const added = tags?.filter((tag) => !customer.tags.includes(tag)) ?? []
  const removed = tags ? customer.tags.filter((tag) => !tags.includes(tag)) : []
  Object.assign(customer, plain, tags ? { tags } : {}, { updatedAt: world.clock.now() })
  emit(world, store, 'customers/update', customerBody(store, customer))
  if (added.length > 0) emitTags(world, store, customer, 'customer.tags_added', added)
  if (removed.length > 0) emitTags(world, store, customer, 'customer.tags_removed', removed)
  return customer
}

/** A decision about marketing mail with its own time. Sends the consent topic (and customers/update, which does not carry it). */
export function setConsent(world: World, store: SimStore, customerId: number, state: Marketing['state'], level: Marketing['level'], at: Date): SimCustomer {
  const customer = customerOf(store, customerId)
  customer.marketing = { state, level, updatedAt: at }
  customer.updatedAt = world.clock.now()
  emit(world, store, 'customers_email_marketing_consent/update', consentBody(store, customer))
  emit(world, store, 'customers/update', customerBody(store, customer))
  return customer
}

/** Two records of one person become one: orders and tags move to the kept one. Sends customers/merge and customers/update. */
export function mergeCustomers(world: World, store: SimStore, keptId: number, removedId: number): SimCustomer {
  const kept = customerOf(store, keptId)
  const removed = customerOf(store, removedId)
  if (kept === removed) throw new Error('a customer cannot be merged with itself')
  for (const order of store.orders.values()) if (order.customerId === removedId) order.customerId = keptId
  ordersMoved(store)
  kept.tags = [...new Set([...kept.tags, ...removed.tags])]
  kept.firstName ??= removed.firstName
  kept.lastName ??= removed.lastName
  kept.country ??= removed.country
  kept.updatedAt = world.clock.now()
  forget(store, removed)
  if (!kept.email && removed.email) moveAddress(store, kept, removed.email)
  emit(world, store, 'customers/merge', {
    admin_graphql_api_customer_kept_id: gid('Customer', keptId),
    admin_graphql_api_customer_deleted_id: gid('Customer', removedId),
    admin_graphql_api_job_id: null,
    status: 'completed',
    errors: [],
  })
  emit(world, store, 'customers/update', customerBody(store, kept))
  return kept
}

/** Removes a person who never ordered (the platform refuses others: they are redacted instead). Sends customers/delete. */
export function deleteCustomer(world: World, store: SimStore, customerId: number): void {
  const customer = customerOf(store, customerId)
  for (const order of store.orders.values()) {
    if (order.customerId === customerId) throw new Error('a customer with orders cannot be deleted, only redacted')
  }
  forget(store, customer)
  emit(world, store, 'customers/delete', { id: customerId, admin_graphql_api_id: gid('Customer', customerId) })
}

export function customerOf(store: SimStore, customerId: number): SimCustomer {
  const customer = store.customers.get(customerId)
  if (!customer) throw new Error(`${store.domain} has no customer ${customerId}`)
  return customer
}

function moveAddress(store: SimStore, customer: SimCustomer, email: string | null): void {
  const key = email?.trim().toLowerCase()
  const holder = key ? store.customersByEmail.get(key) : undefined
  if (holder !== undefined && holder !== customer.id) throw new Error('Email has already been taken')
  if (customer.email) store.customersByEmail.delete(customer.email.toLowerCase())
  customer.email = email?.trim() ?? null
  if (key) store.customersByEmail.set(key, customer.id)
}

function forget(store: SimStore, customer: SimCustomer): void {
  store.customers.delete(customer.id)
  if (customer.email) store.customersByEmail.delete(customer.email.toLowerCase())
}

function emitTags(world: World, store: SimStore, customer: SimCustomer, topic: 'customer.tags_added' | 'customer.tags_removed', tags: string[]): void {
  emit(world, store, topic, { customerId: gid('Customer', customer.id), tags, occurredAt: utc(world.clock.now()) })
}
