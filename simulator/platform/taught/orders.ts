import { gid, money, numberOf, utc } from '../../format.ts'
import type { SimLine, SimOrder } from '../../types.ts'
import { invalidId } from '../faults.ts'
import { financialStatus } from '../payloads.ts'
import { connection, field, fields, plain, type Context, type Taught, type TaughtField } from './teach.ts'

const sixtyDays = 60 * 86_400_000

/** `read_orders` alone shows the last 60 days; older ones need `read_all_orders`. */
export function visibleOrders(context: Context): (order: SimOrder) => boolean {
  if (context.scopes.has('read_all_orders')) return () => true
  const oldest = context.world.clock.now().getTime() - sixtyDays
  return (order) => order.createdAt.getTime() >= oldest
}

const bag = (minor: number, currency: string): { shopMoney: object; presentmentMoney: object } => {
  const one = { amount: money(minor, currency), currencyCode: currency }
  return { shopMoney: one, presentmentMoney: one }
}
const left = (order: SimOrder): number => order.total - (order.refunded ?? 0)

export function orderConnection<Source>(list: (source: Source, context: Context) => readonly SimOrder[]): TaughtField {
  return connection<Source, SimOrder>({
    list: (source, context) => list(source, context).filter(visibleOrders(context)),
    id: (order) => order.id,
    sorts: {
      CREATED_AT: (order) => order.createdAt.getTime(),
      UPDATED_AT: (order) => order.updatedAt.getTime(),
      PROCESSED_AT: (order) => order.processedAt.getTime(),
      ORDER_NUMBER: (order) => order.name,
      TOTAL_PRICE: (order) => order.total,
      CURRENT_TOTAL_PRICE: left,
    },
    search: {
      filters: {
        id: (order) => order.id,
        name: (order) => order.name,
        email: (order) => order.email,
        customer_id: (order) => order.customerId,
        created_at: (order) => order.createdAt,
        updated_at: (order) => order.updatedAt,
        processed_at: (order) => order.processedAt,
        checkout_token: (order) => order.checkoutToken,
        cart_token: (order) => order.cartToken,
        test: (order) => order.test,
        status: (order) => ['any', order.cancelledAt ? 'cancelled' : 'open', ...(order.cancelledAt ? [] : ['not_closed'])],
        financial_status: (order) => financialStatus(order),
      },
      text: (order) => [order.name, order.email],
    },
  })
}

/** Orders and their lines. */
export const orderFields: Taught = {
  QueryRoot: {
    order: field(['id'], (_, args, context) => {
      const id = numberOf('Order', String(args.id))
      if (id === null) throw invalidId()
      const order = context.store.orders.get(id)
      return order && visibleOrders(context)(order) ? order : null
    }),
    orders: orderConnection<unknown>((_, { store }) => [...store.orders.values()]),
  },
  Order: {
    ...fields<SimOrder>({
      id: (order) => gid('Order', order.id),
      legacyResourceId: (order) => String(order.id),
      name: (order) => order.name,
      email: (order) => order.email,
      phone: () => null,
      note: () => null,
      tags: () => [],
      test: (order) => order.test,
      cancelledAt: (order) => (order.cancelledAt ? utc(order.cancelledAt) : null),
      createdAt: (order) => utc(order.createdAt),
      updatedAt: (order) => utc(order.updatedAt),
      processedAt: (order) => utc(order.processedAt),
      currencyCode: (order) => order.currency,
      presentmentCurrencyCode: (order) => order.currency,
      totalPriceSet: (order) => bag(order.total, order.currency),
      originalTotalPriceSet: (order) => bag(order.total, order.currency),
      currentTotalPriceSet: (order) => bag(left(order), order.currency),
      currentSubtotalPriceSet: (order) => bag(left(order), order.currency),
      subtotalPriceSet: (order) => bag(order.total, order.currency),
      totalRefundedSet: (order) => bag(order.refunded ?? 0, order.currency),
      totalDiscountsSet: (order) => bag(0, order.currency),
      netPaymentSet: (order) => bag(left(order), order.currency),
      displayFinancialStatus: financialStatus,
      displayFulfillmentStatus: () => 'UNFULFILLED',
      discountCodes: () => [],
      discountCode: () => null,
      checkoutToken: (order) => order.checkoutToken,
      cartToken: (order) => order.cartToken,
      landingPageUrl: (order, _, { world, store }) => (order.landingSite ? new URL(order.landingSite, world.urls.storefront(store.domain)).href : null),
      customerAcceptsMarketing: (order) => order.acceptsMarketing,
      customerLocale: (order, _, { store }) => (order.customerId === null ? null : (store.customers.get(order.customerId)?.locale ?? null)),
      customer: (order, _, { store }) => (order.customerId === null ? null : (store.customers.get(order.customerId) ?? null)),
      billingAddress: (order, _, { store }) => addressOf(order, store.customers),
      shippingAddress: (order, _, { store }) => addressOf(order, store.customers),
      displayAddress: (order, _, { store }) => addressOf(order, store.customers),
      sourceName: () => 'web',
      subtotalLineItemsQuantity: (order) => order.lines.reduce((sum, line) => sum + line.quantity, 0),
    }),
    lineItems: connection<SimOrder, SimLine>({ list: (order) => order.lines, id: (line) => line.id }),
  },
  LineItem: fields<SimLine>({
    id: (line) => gid('LineItem', line.id),
    title: (line) => line.title,
    name: (line) => line.title,
    sku: (line) => line.sku,
    vendor: () => null,
    variantTitle: () => null,
    quantity: (line) => line.quantity,
    currentQuantity: (line) => line.quantity,
    originalUnitPriceSet: (line, _, { store }) => bag(line.price, store.currency),
    discountedUnitPriceSet: (line, _, { store }) => bag(line.price, store.currency),
    discountedUnitPriceAfterAllDiscountsSet: (line, _, { store }) => bag(line.price, store.currency),
    originalTotalSet: (line, _, { store }) => bag(line.price * line.quantity, store.currency),
    discountedTotalSet: (line, _, { store }) => bag(line.price * line.quantity, store.currency),
    product: (line, _, { store }) => (line.productId === null ? null : (store.products.get(line.productId) ?? null)),
    variant: (line, _, { store }) => {
      const product = line.productId === null ? undefined : store.products.get(line.productId)
      const variant = product?.variants.find((one) => one.id === line.variantId)
      return product && variant ? { product, variant } : null
    },
  }),
  MoneyBag: plain('shopMoney', 'presentmentMoney'),
  MoneyV2: plain('amount', 'currencyCode'),
}

function addressOf(order: SimOrder, customers: ReadonlyMap<number, { country: string | null }>): unknown {
  const customer = order.customerId === null ? undefined : customers.get(order.customerId)
  return customer?.country ? customer : null
}
