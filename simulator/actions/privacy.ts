import { emit } from '../platform/webhooks.ts'
import type { SimStore, World } from '../types.ts'
import { customerOf } from './customers.ts'
import { ordersOf } from '../platform/order-index.ts'

/** A person asks what is known about them. Sends customers/data_request; answers the number of the request. */
export function requestData(world: World, store: SimStore, customerId: number): number {
  const customer = customerOf(store, customerId)
  const id = store.nextId++
  emit(world, store, 'customers/data_request', {
    shop_id: store.id,
    shop_domain: store.domain,
    orders_requested: ordersOf(store, customerId).map((order) => order.id),
    customer: { id: customer.id, email: customer.email, phone: null },
    data_request: { id },
  })
  return id
}

/**
 * A person is erased: name, address and e-mail are gone from the store's records, the orders stay without them.
 * Sends customers/redact (the platform waits ten days; jump the clock before calling when that matters).
 */
export function redactCustomer(world: World, store: SimStore, customerId: number): void {
  const customer = customerOf(store, customerId)
  const orders = ordersOf(store, customerId)
  const body = {
    shop_id: store.id,
    shop_domain: store.domain,
    customer: { id: customer.id, email: customer.email, phone: null },
    orders_to_redact: orders.map((order) => order.id),
  }
  if (customer.email) store.customersByEmail.delete(customer.email.toLowerCase())
  const now = world.clock.now()
  Object.assign(customer, {
    email: null, firstName: null, lastName: null, country: null, tags: [], updatedAt: now,
    marketing: { state: 'REDACTED', level: customer.marketing.level, updatedAt: now },
  })
  for (const order of orders) order.email = null
  emit(world, store, 'customers/redact', body)
}

/** 48 hours after the app was removed the platform asks it to forget the store. Sends shop/redact; throws while the app is installed. */
export function redactShop(world: World, store: SimStore): void {
  if (store.installed) throw new Error(`${store.domain} still has the app; uninstall first`)
  emit(world, store, 'shop/redact', { shop_id: store.id, shop_domain: store.domain })
}
