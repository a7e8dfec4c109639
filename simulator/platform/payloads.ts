import { gid, money, zoned } from '../format.ts'
import type { SimCheckout, SimCustomer, SimOrder, SimProduct, SimStore, World } from '../types.ts'

// The bodies of webhooks: REST-like, snake case, ids as numbers, money as text, times in the store's zone.

export function customerBody(store: SimStore, customer: SimCustomer): Record<string, unknown> {
  const address = addressBody(customer)
  return {
    id: customer.id,
    admin_graphql_api_id: gid('Customer', customer.id),
    email: customer.email,
    phone: null,
    first_name: customer.firstName,
    last_name: customer.lastName,
    state: customer.state.toLowerCase(),
    note: null,
    verified_email: true,
    multipass_identifier: null,
    tax_exempt: false,
    tax_exemptions: [],
    currency: store.currency,
    addresses: address ? [address] : [],
    ...(address ? { default_address: address } : {}),
    created_at: zoned(customer.createdAt, store.timezone),
    updated_at: zoned(customer.updatedAt, store.timezone),
  }
}

export function consentBody(store: SimStore, customer: SimCustomer): Record<string, unknown> {
  return {
    customer_id: customer.id,
    email_address: customer.email,
    email_marketing_consent: {
      state: customer.marketing.state.toLowerCase(),
      opt_in_level: customer.marketing.level.toLowerCase(),
      consent_updated_at: customer.marketing.updatedAt ? zoned(customer.marketing.updatedAt, store.timezone) : null,
    },
  }
}

export function orderBody(world: World, store: SimStore, order: SimOrder): Record<string, unknown> {
  const customer = order.customerId === null ? undefined : store.customers.get(order.customerId)
  const price = (minor: number): string => money(minor, order.currency)
  const address = customer ? addressBody(customer) : null
  return {
    id: order.id,
    admin_graphql_api_id: gid('Order', order.id),
    name: order.name,
    order_number: Number(order.name.replace(/\D/g, '')) || 0,
    email: order.email,
    contact_email: order.email,
    customer: customer ? customerBody(store, customer) : null,
    cart_token: order.cartToken,
    checkout_token: order.checkoutToken,
    checkout_id: null,
    discount_codes: [],
    line_items: order.lines.map((line) => ({
      id: line.id,
      admin_graphql_api_id: gid('LineItem', line.id),
      product_id: line.productId,
      variant_id: line.variantId,
      title: line.title,
      variant_title: null,
      sku: line.sku,
      quantity: line.quantity,
      price: price(line.price),
      total_discount: price(0),
    })),
    subtotal_price: price(order.total),
    total_price: price(order.total),
    current_total_price: price(order.total - (order.refunded ?? 0)),
    total_discounts: price(0),
    currency: order.currency,
    presentment_currency: order.currency,
    financial_status: financialStatus(order).toLowerCase(),
    fulfillment_status: null,
    cancelled_at: order.cancelledAt ? zoned(order.cancelledAt, store.timezone) : null,
    processed_at: zoned(order.processedAt, store.timezone),
    created_at: zoned(order.createdAt, store.timezone),
    updated_at: zoned(order.updatedAt, store.timezone),
    landing_site: order.landingSite,
    referring_site: null,
    source_name: 'web',
    customer_locale: customer?.locale ?? store.locale,
    buyer_accepts_marketing: order.acceptsMarketing,
    note_attributes: [],
    tags: '',
    refunds: [],
    shipping_address: address,
    billing_address: address,
    order_status_url: `${world.urls.storefront(store.domain)}/orders/${order.checkoutToken ?? order.id}`,
    test: order.test,
  }
}

export function refundBody(store: SimStore, order: SimOrder, refund: { id: number; amount: number; at: Date }): Record<string, unknown> {
  return {
    id: refund.id,
    admin_graphql_api_id: gid('Refund', refund.id),
    order_id: order.id,
    created_at: zoned(refund.at, store.timezone),
    refund_line_items: [],
    transactions: [{ kind: 'refund', status: 'success', amount: money(refund.amount, order.currency), currency: order.currency }],
  }
}

export function checkoutBody(world: World, store: SimStore, checkout: SimCheckout): Record<string, unknown> {
  const lines = checkout.lines.map((line) => {
    const product = store.products.get(line.productId)
    return { ...line, title: product?.title ?? '', price: product?.variants.find((variant) => variant.id === line.variantId)?.price ?? 0 }
  })
  const customerId = checkout.email ? store.customersByEmail.get(checkout.email.toLowerCase()) : undefined
  const customer = customerId === undefined ? undefined : store.customers.get(customerId)
  return {
    id: checkout.id,
    token: checkout.token,
    cart_token: checkout.cartToken,
    email: checkout.email,
    phone: null,
    ...(customer ? { customer: customerBody(store, customer) } : {}),
    buyer_accepts_marketing: checkout.acceptsMarketing,
    abandoned_checkout_url: `${world.urls.storefront(store.domain)}/checkouts/${checkout.token}/recover`,
    line_items: lines.map((line) => ({
      product_id: line.productId, variant_id: line.variantId, title: line.title, quantity: line.quantity, price: money(line.price, store.currency),
    })),
    total_price: money(lines.reduce((sum, line) => sum + line.quantity * line.price, 0), store.currency),
    currency: store.currency,
    presentment_currency: store.currency,
    customer_locale: customer?.locale ?? store.locale,
    created_at: zoned(checkout.createdAt, store.timezone),
    updated_at: zoned(world.clock.now(), store.timezone),
    completed_at: checkout.completedAt ? zoned(checkout.completedAt, store.timezone) : null,
  }
}

export function productBody(world: World, store: SimStore, product: SimProduct): Record<string, unknown> {
  const images = product.image
    ? [{ id: product.id, src: world.urls.storefront(store.domain) + product.image, alt: product.imageAlt, variant_ids: [] }]
    : []
  return {
    id: product.id,
    admin_graphql_api_id: gid('Product', product.id),
    title: product.title,
    body_html: product.descriptionHtml,
    handle: product.handle,
    vendor: product.vendor,
    product_type: product.productType,
    status: product.status.toLowerCase(),
    tags: product.tags.join(', '),
    published_at: product.status === 'ACTIVE' ? zoned(product.createdAt, store.timezone) : null,
    created_at: zoned(product.createdAt, store.timezone),
    updated_at: zoned(product.updatedAt, store.timezone),
    options: [],
    variants: product.variants.map((variant) => ({
      id: variant.id,
      admin_graphql_api_id: gid('ProductVariant', variant.id),
      product_id: product.id,
      title: variant.title,
      sku: variant.sku,
      price: money(variant.price, store.currency),
      compare_at_price: variant.compareAt === null ? null : money(variant.compareAt, store.currency),
      inventory_policy: 'deny',
      inventory_quantity: variant.inventory,
      inventory_item_id: variant.id,
      image_id: null,
    })),
    images,
    image: images[0] ?? null,
  }
}

export function shopBody(world: World, store: SimStore): Record<string, unknown> {
  return {
    id: store.id,
    domain: new URL(world.urls.storefront(store.domain)).host,
    myshopify_domain: store.domain,
    email: store.email,
    customer_email: store.email,
    name: store.name,
    shop_owner: store.ownerName,
    plan_name: 'basic',
    currency: store.currency,
    iana_timezone: store.timezone,
    primary_locale: store.locale,
    address1: store.address.address1,
    city: store.address.city,
    zip: store.address.zip,
    phone: store.address.phone,
    country_code: store.country,
  }
}

/** PAID, PARTIALLY_REFUNDED, REFUNDED or VOIDED. */
export function financialStatus(order: SimOrder): 'PAID' | 'PARTIALLY_REFUNDED' | 'REFUNDED' | 'VOIDED' {
  const refunded = order.refunded ?? 0
  if (refunded > 0) return refunded >= order.total ? 'REFUNDED' : 'PARTIALLY_REFUNDED'
  return order.cancelledAt ? 'VOIDED' : 'PAID'
}

/** We know a person's country only; the rest of an address is empty. */
function addressBody(customer: SimCustomer): Record<string, unknown> | null {
  if (!customer.country) return null
  return {
    first_name: customer.firstName, last_name: customer.lastName, address1: null, city: null, zip: null, phone: null,
    country_code: customer.country, default: true,
  }
}
