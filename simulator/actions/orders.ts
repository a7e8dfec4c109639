import { randomBytes } from 'node:crypto'
import { gid, utc } from '../format.ts'
import { checkoutBody, customerBody, orderBody, productBody, refundBody } from '../platform/payloads.ts'
import { ordersOf } from '../platform/order-index.ts'
import { emit } from '../platform/webhooks.ts'
import type { SimCheckout, SimCustomer, SimLine, SimOrder, SimProduct, SimStore, SimVariant, World } from '../types.ts'
import { money } from '../format.ts'
import { createCustomer, customerOf, setConsent } from './customers.ts'

export interface WantedLine { variantId: number; quantity: number }
export interface NewOrder {
  /** One of the two says who buys; an address that the store does not know yet becomes a customer. */
  customerId?: number
  email?: string
  firstName?: string | null
  lastName?: string | null
  locale?: string
  country?: string | null
  lines: WantedLine[]
  checkoutToken?: string | null
  cartToken?: string | null
  /** The tick beside the address field of the checkout: a fresh single opt-in. */
  acceptsMarketing?: boolean
  landingSite?: string | null
  test?: boolean
}

/**
 * Somebody buys. Stock goes down, the customer's numbers go up. Sends orders/create, customers/* , products/update,
 * customers/purchasing_summary, the consent topic when the box was ticked, and closes the checkout of that token.
 */
export function placeOrder(world: World, store: SimStore, given: NewOrder): SimOrder {
  if (given.lines.length === 0) throw new Error('an order needs at least one line')
  const picked = given.lines.map((line) => ({ ...findVariant(store, line.variantId), quantity: line.quantity }))
  const now = world.clock.now()
  const customer = buyer(world, store, given)
  const lines: SimLine[] = picked.map(({ product, variant, quantity }) => ({
    id: store.nextId++, productId: product.id, variantId: variant.id, title: product.title, sku: variant.sku, quantity, price: variant.price,
  }))
  const order: SimOrder = {
    id: store.nextId++,
    name: `#${store.nextOrderNumber++}`,
    customerId: customer?.id ?? null,
    email: given.email?.trim() ?? customer?.email ?? null,
    lines,
    total: lines.reduce((sum, line) => sum + line.price * line.quantity, 0),
    currency: store.currency,
    test: given.test ?? false,
    cancelledAt: null,
    processedAt: now,
    createdAt: now,
    updatedAt: now,
    checkoutToken: given.checkoutToken ?? token(),
    cartToken: given.cartToken ?? null,
    landingSite: given.landingSite ?? null,
    acceptsMarketing: given.acceptsMarketing ?? false,
  }
  store.orders.set(order.id, order)
  emit(world, store, 'orders/create', orderBody(world, store, order))
  takeStock(world, store, picked)
  closeCheckout(world, store, order)
  if (customer) tellPurchase(world, store, customer, order)
  return order
}

/** Cancels an order. Sends orders/cancelled and orders/updated; a second time changes nothing. */
export function cancelOrder(world: World, store: SimStore, orderId: number): SimOrder {
  const order = orderOf(store, orderId)
  if (order.cancelledAt) return order
  order.cancelledAt = order.updatedAt = world.clock.now()
  for (const topic of ['orders/cancelled', 'orders/updated']) emit(world, store, topic, orderBody(world, store, order))
  return order
}

/** Gives money back: all that is left, or `amount` minor units. Sends refunds/create and orders/updated. */
export function refundOrder(world: World, store: SimStore, orderId: number, amount?: number): SimOrder {
  const order = orderOf(store, orderId)
  const left = order.total - (order.refunded ?? 0)
  const back = amount ?? left
  if (back <= 0 || back > left) throw new Error(`${order.name} has ${left} left to give back, not ${back}`)
  const now = world.clock.now()
  order.refunded = (order.refunded ?? 0) + back
  order.updatedAt = now
  emit(world, store, 'refunds/create', refundBody(store, order, { id: store.nextId++, amount: back, at: now }))
  emit(world, store, 'orders/updated', orderBody(world, store, order))
  return order
}

/** Somebody reaches the checkout and leaves an address or not. Sends checkouts/create. */
export function startCheckout(
  world: World, store: SimStore,
  given: { lines: WantedLine[]; email?: string | null; cartToken?: string; acceptsMarketing?: boolean },
): SimCheckout {
  const checkout: SimCheckout = {
    id: store.nextId++,
    token: token(),
    cartToken: given.cartToken ?? token(),
    email: given.email?.trim() || null,
    lines: given.lines.map((line) => ({ ...line, productId: findVariant(store, line.variantId).product.id })),
    acceptsMarketing: given.acceptsMarketing ?? false,
    createdAt: world.clock.now(),
    completedAt: null,
  }
  store.checkouts.set(checkout.token, checkout)
  emit(world, store, 'checkouts/create', checkoutBody(world, store, checkout))
  return checkout
}

/** A variant with its product. Throws when the store sells no such thing. */
export function findVariant(store: SimStore, variantId: number): { product: SimProduct; variant: SimVariant } {
  for (const product of store.products.values()) {
    const variant = product.variants.find((one) => one.id === variantId)
    if (variant) return { product, variant }
  }
  throw new Error(`${store.domain} sells no variant ${variantId}`)
}

function buyer(world: World, store: SimStore, given: NewOrder): SimCustomer | null {
  const known = given.customerId ?? (given.email ? store.customersByEmail.get(given.email.trim().toLowerCase()) : undefined)
  const agreed = given.acceptsMarketing ? { state: 'SUBSCRIBED' as const, level: 'SINGLE_OPT_IN' as const } : undefined
  if (known === undefined) {
    if (!given.email) return null
    return createCustomer(world, store, { ...given, email: given.email, ...(agreed ? { marketing: agreed } : {}) })
  }
  const customer = customerOf(store, known)
  if (agreed && customer.marketing.state !== 'SUBSCRIBED') setConsent(world, store, customer.id, agreed.state, agreed.level, world.clock.now())
  return customer
}

function takeStock(world: World, store: SimStore, picked: { product: SimProduct; variant: SimVariant; quantity: number }[]): void {
  for (const { product, variant, quantity } of picked) {
    variant.inventory -= quantity
    product.updatedAt = world.clock.now()
  }
  for (const product of new Set(picked.map((one) => one.product))) emit(world, store, 'products/update', productBody(world, store, product))
}

function closeCheckout(world: World, store: SimStore, order: SimOrder): void {
  const checkout = order.checkoutToken ? store.checkouts.get(order.checkoutToken) : undefined
  if (!checkout || checkout.completedAt) return
  checkout.completedAt = order.createdAt
  checkout.email ??= order.email
  emit(world, store, 'checkouts/update', checkoutBody(world, store, checkout))
}

function tellPurchase(world: World, store: SimStore, customer: SimCustomer, order: SimOrder): void {
  customer.updatedAt = world.clock.now()
  const orders = ordersOf(store, customer.id)
  emit(world, store, 'customers/update', customerBody(store, customer))
  emit(world, store, 'customers/purchasing_summary', {
    customerId: gid('Customer', customer.id),
    numberOfOrders: orders.length,
    amountSpent: { amount: money(orders.reduce((sum, one) => sum + one.total - (one.refunded ?? 0), 0), store.currency), currencyCode: store.currency },
    lastOrderId: gid('Order', order.id),
    occurredAt: utc(world.clock.now()),
  })
}

function orderOf(store: SimStore, orderId: number): SimOrder {
  const order = store.orders.get(orderId)
  if (!order) throw new Error(`${store.domain} has no order ${orderId}`)
  return order
}

const token = (): string => randomBytes(16).toString('hex')
