import { gid, money, numberOf, utc } from '../../format.ts'
import type { SimCustomer, SimOrder, SimStore } from '../../types.ts'
import { invalidId, NotTaught } from '../faults.ts'
import { ordersOf } from '../order-index.ts'
import { orderConnection, visibleOrders } from './orders.ts'
import { connection, field, fields, plain, type Taught } from './teach.ts'

const spent = (store: SimStore, customer: SimCustomer): number =>
  ordersOf(store, customer.id).reduce((sum, order) => sum + (order.test || order.cancelledAt ? 0 : order.total - (order.refunded ?? 0)), 0)

const nameOf = (customer: SimCustomer): string => [customer.firstName, customer.lastName].filter(Boolean).join(' ') || customer.email || 'Customer'
const countries = new Intl.DisplayNames('en', { type: 'region' })

/** People and what the store knows of them. */
export const customerFields: Taught = {
  QueryRoot: {
    customer: field(['id'], (_, args, { store }) => {
      const id = numberOf('Customer', String(args.id))
      if (id === null) throw invalidId()
      return store.customers.get(id) ?? null
    }),
    customerByIdentifier: field<unknown>(['identifier'], (_, args, { store }) => byIdentifier(store, args.identifier as Record<string, unknown>)),
    customers: connection<unknown, SimCustomer>({
      list: (_, { store }) => [...store.customers.values()],
      id: (customer) => customer.id,
      sorts: {
        CREATED_AT: (customer) => customer.createdAt.getTime(),
        UPDATED_AT: (customer) => customer.updatedAt.getTime(),
        NAME: (customer) => `${customer.lastName ?? ''} ${customer.firstName ?? ''}`,
        LOCATION: (customer) => customer.country ?? '',
      },
      search: {
        filters: {
          id: (customer) => customer.id,
          email: (customer) => customer.email,
          first_name: (customer) => customer.firstName,
          last_name: (customer) => customer.lastName,
          country: (customer) => [customer.country, customer.country ? (countries.of(customer.country) ?? null) : null],
          state: (customer) => customer.state,
          tag: (customer) => customer.tags,
          accepts_marketing: (customer) => customer.marketing.state === 'SUBSCRIBED',
          customer_date: (customer) => customer.createdAt,
          updated_at: (customer) => customer.updatedAt,
        },
        text: (customer) => [customer.email, customer.firstName, customer.lastName],
      },
    }),
  },
  Customer: {
    ...fields<SimCustomer>({
      id: (customer) => gid('Customer', customer.id),
      legacyResourceId: (customer) => String(customer.id),
      displayName: nameOf,
      firstName: (customer) => customer.firstName,
      lastName: (customer) => customer.lastName,
      email: (customer) => customer.email,
      phone: () => null,
      note: () => null,
      locale: (customer) => customer.locale,
      state: (customer) => customer.state,
      tags: (customer) => customer.tags,
      createdAt: (customer) => utc(customer.createdAt),
      updatedAt: (customer) => utc(customer.updatedAt),
      numberOfOrders: (customer, _, { store }) => String(ordersOf(store, customer.id).length),
      amountSpent: (customer, _, { store }) => ({ amount: money(spent(store, customer), store.currency), currencyCode: store.currency }),
      dataSaleOptOut: () => false,
      verifiedEmail: () => true,
      defaultEmailAddress: (customer) => (customer.email ? customer : null),
      defaultPhoneNumber: () => null,
      defaultAddress: (customer) => (customer.country ? customer : null),
      statistics: (customer, _, { store }) => ({ rfmGroup: null, predictedSpendTier: tierOf(spent(store, customer)) }),
      lastOrder: (customer, _, context) => ordersOf(context.store, customer.id).filter(visibleOrders(context)).at(-1) ?? null,
    }),
    orders: orderConnection<SimCustomer>((customer, { store }): readonly SimOrder[] => ordersOf(store, customer.id)),
  },
  CustomerEmailAddress: fields<SimCustomer>({
    emailAddress: (customer) => customer.email,
    // An erased person has no address, so REDACTED never shows here (the schema's enum has no such word).
    marketingState: (customer) => (customer.marketing.state === 'REDACTED' ? 'UNSUBSCRIBED' : customer.marketing.state),
    marketingOptInLevel: (customer) => customer.marketing.level,
    marketingUpdatedAt: (customer) => (customer.marketing.updatedAt ? utc(customer.marketing.updatedAt) : null),
    openTrackingLevel: () => 'UNKNOWN',
    validFormat: (customer) => customer.email !== null && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(customer.email),
  }),
  CustomerStatistics: plain('rfmGroup', 'predictedSpendTier'),
  MailingAddress: fields<SimCustomer>({
    id: (customer) => gid('MailingAddress', customer.id),
    firstName: (customer) => customer.firstName,
    lastName: (customer) => customer.lastName,
    name: nameOf,
    address1: () => null,
    address2: () => null,
    city: () => null,
    company: () => null,
    zip: () => null,
    phone: () => null,
    province: () => null,
    provinceCode: () => null,
    country: (customer) => (customer.country ? (countries.of(customer.country) ?? customer.country) : null),
    countryCodeV2: (customer) => customer.country,
  }),
}

function byIdentifier(store: SimStore, identifier: Record<string, unknown>): SimCustomer | null {
  if (typeof identifier.emailAddress === 'string') {
    const id = store.customersByEmail.get(identifier.emailAddress.trim().toLowerCase())
    return id === undefined ? null : (store.customers.get(id) ?? null)
  }
  if (typeof identifier.id === 'string') {
    const id = numberOf('Customer', identifier.id)
    if (id === null) throw invalidId()
    return store.customers.get(id) ?? null
  }
  throw new NotTaught(`QueryRoot.customerByIdentifier by ${Object.keys(identifier).join(', ')}`)
}

const tierOf = (minor: number): string | null => (minor === 0 ? null : minor >= 50_000 ? 'HIGH' : minor >= 10_000 ? 'MEDIUM' : 'LOW')
