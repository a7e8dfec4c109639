import { gid, numberOf } from '../../format.ts'
import type { SimCustomer, SimStore } from '../../types.ts'
import { badRequest, invalidId, NotTaught } from '../faults.ts'
import { ordersOf } from '../order-index.ts'
import { connection, fields, type Taught } from './teach.ts'

/** Who is in a saved segment: the store's own customers, asked anew each time. */
export const segmentFields: Taught = {
  QueryRoot: {
    customerSegmentMembers: connection<unknown, SimCustomer>({
      args: ['segmentId'],
      list: (_, { store }, args) => {
        if (typeof args.query === 'string') throw new NotTaught('QueryRoot.customerSegmentMembers by query')
        const id = numberOf('Segment', String(args.segmentId))
        const segment = id === null ? undefined : store.segments.get(id)
        if (!segment) throw invalidId()
        const fits = segmentTest(store, segment.query)
        return [...store.customers.values()].filter(fits)
      },
      id: (customer) => customer.id,
    }),
  },
  CustomerSegmentMember: fields<SimCustomer>({
    id: (customer) => gid('CustomerSegmentMember', customer.id),
    displayName: (customer) => [customer.firstName, customer.lastName].filter(Boolean).join(' ') || customer.email || 'Customer',
    firstName: (customer) => customer.firstName,
    lastName: (customer) => customer.lastName,
    defaultEmailAddress: (customer) => (customer.email ? customer : null),
    numberOfOrders: (customer, _, { store }) => String(ordersOf(store, customer.id).length),
  }),
}

/** The segment language, as far as it is taught: comparisons joined by AND. */
export function segmentTest(store: SimStore, query: string): (customer: SimCustomer) => boolean {
  const tests = query.split(/ AND /).map((term) => {
    const found = /^(\w+) (=|!=|>=|<=|>|<|CONTAINS) ('([^']*)'|\d+)$/.exec(term.trim())
    if (!found) throw new NotTaught(`the segment query ${term}`)
    const [, name = '', operator = '', , text] = found
    const wanted = text ?? Number(found[3])
    const read = readers[name]
    if (!read) throw new NotTaught(`the segment filter ${name}`)
    return (customer: SimCustomer): boolean => compare(read(customer, store), operator, wanted)
  })
  return (customer) => tests.every((test) => test(customer))
}

type Value = string | number | readonly string[]
const readers: Record<string, (customer: SimCustomer, store: SimStore) => Value> = {
  email_subscription_status: (customer) => customer.marketing.state,
  number_of_orders: (customer, store) => ordersOf(store, customer.id).length,
  customer_tags: (customer) => customer.tags,
  customer_countries: (customer) => (customer.country ? [customer.country] : []),
  customer_language: (customer) => customer.locale ?? '',
}

function compare(value: Value, operator: string, wanted: string | number): boolean {
  if (typeof value === 'object') return operator === 'CONTAINS' && value.includes(String(wanted))
  if (typeof value !== typeof wanted) throw badRequest('The value does not fit the filter')
  if (operator === '=') return value === wanted
  if (operator === '!=') return value !== wanted
  if (operator === '>=') return value >= wanted
  if (operator === '<=') return value <= wanted
  return operator === '>' ? value > wanted : operator === '<' && value < wanted
}

/** What each new store of the platform has, and one of the owner's own. */
export function saveSegments(store: SimStore, at: Date): void {
  const all: [string, string][] = [
    ['Email subscribers', "email_subscription_status = 'SUBSCRIBED'"],
    ['Customers who have purchased at least once', 'number_of_orders > 0'],
    ['Customers who have purchased more than once', 'number_of_orders > 1'],
    ['Customers who have not purchased', 'number_of_orders = 0'],
    [`Subscribers in ${store.country}`, `email_subscription_status = 'SUBSCRIBED' AND customer_countries CONTAINS '${store.country}'`],
  ]
  for (const [name, query] of all) {
    const id = store.nextId++
    store.segments.set(id, { id, name, query, createdAt: at, updatedAt: at })
  }
}
