import type { SimCustomer, SimLine, SimOrder, SimProduct, SimStore } from '../types.ts'
import { hashOf, type Random } from './random.ts'
import { addCustomer, invent, inventConsent } from './people.ts'

const DAY = 86_400_000

/** Invents the people of a store. They come faster as the store grows; ids follow the day on which they came. */
export function inventPeople(store: SimStore, random: Random, options: { count: number; days: number; until: Date; countries: readonly (readonly [string | null, number])[] }): void {
  const arrivals = Array.from({ length: options.count }, () => options.until.getTime() - Math.floor(options.days * DAY * random.next() ** 1.4)).toSorted((a, b) => a - b)
  for (const arrival of arrivals) {
    const country = random.weighted(options.countries)
    const createdAt = new Date(arrival)
    const marketing = inventConsent(random, createdAt, options.until)
    const person = invent(random, country, (email) => store.customersByEmail.has(email))
    addCustomer(store, {
      ...person,
      // A few came by telephone or at the counter and left no name or no address.
      ...(random.chance(0.015) ? { firstName: null, lastName: null } : {}),
      ...(marketing.state === 'NOT_SUBSCRIBED' && random.chance(0.03) ? { email: null } : {}),
      country,
      tags: [...(random.chance(0.06) ? ['vip'] : []), ...(random.chance(0.08) ? ['workshop'] : []), ...(random.chance(0.03) ? ['wholesale'] : [])],
      state: random.chance(0.3) ? 'ENABLED' : 'DISABLED',
      marketing,
      createdAt,
      updatedAt: marketing.updatedAt ?? createdAt,
    })
  }
}

/** How much is bought in each month, January first: spring and the weeks before Christmas lead. */
const garden = [0.6, 0.8, 1.3, 1.7, 1.8, 1.2, 0.8, 0.7, 0.9, 1.0, 1.4, 1.9]

/**
 * Invents the orders of a store: seasons, growth, regulars, guests, returns, a few cancelled and test orders.
 * Orders are numbered in the order of time; nothing lies after `until`.
 */
export function inventOrders(store: SimStore, random: Random, options: { count: number; days: number; until: Date }): void {
  const shelf = [...store.products.values()].filter((product) => product.status === 'ACTIVE')
  const buyers = [...store.customers.values()].filter(() => random.chance(0.66))
  for (const at of moments(random, options)) {
    const here = countUntil(buyers, at)
    // The most faithful of three: some people buy again and again.
    const customer = here > 0 && !random.chance(0.1)
      ? [0, 0, 0].map(() => buyers[Math.floor(here * random.next())]!).reduce((best, one) => (hashOf(`loyal ${one.id}`) > hashOf(`loyal ${best.id}`) ? one : best))
      : null
    const lines = Array.from({ length: random.weighted([[1, 50], [2, 27], [3, 14], [4, 9]]) }, () => lineOf(store, random, random.pick(shelf), at))
    addOrder(store, random, { at, until: options.until, customer, lines })
  }
}

function addOrder(store: SimStore, random: Random, { at, until, customer, lines }: { at: Date; until: Date; customer: SimCustomer | null; lines: SimLine[] }): void {
  const id = store.nextId++
  const full = lines.reduce((sum, line) => sum + line.price * line.quantity, 0)
  const fate = random.next()
  const later = new Date(Math.min(until.getTime(), at.getTime() + random.int(1, 20) * DAY))
  const cancelled = fate < 0.015
  const returned = !cancelled && fate < 0.055 ? lines[0]!.price : 0 // one piece of the first line came back
  const guest = customer ? null : random.chance(0.7) ? invent(random, store.country, (email) => store.customersByEmail.has(email)).email : null
  const token = (what: string): string => `${what}${hashOf(`${store.domain}:${what}:${id}`).toString(16).padStart(8, '0')}${id.toString(36)}`
  const order: SimOrder = {
    id,
    name: `#${store.nextOrderNumber++}`,
    customerId: customer?.id ?? null,
    email: customer ? customer.email : guest,
    lines,
    total: full,
    currency: store.currency,
    test: random.chance(0.002),
    cancelledAt: cancelled ? later : null,
    processedAt: at,
    createdAt: at,
    updatedAt: cancelled || returned ? later : at,
    checkoutToken: token('c'),
    cartToken: token('k'),
    landingSite: random.weighted([['/', 5], ['/collections/sale', 1], ['/?utm_source=newsletter&utm_medium=email', 1], [null, 1]]),
    acceptsMarketing: customer?.marketing.state === 'SUBSCRIBED',
    ...(cancelled ? { refunded: full } : returned ? { refunded: returned } : {}),
  }
  store.orders.set(id, order)
}

function lineOf(store: SimStore, random: Random, product: SimProduct, at: Date): SimLine {
  const variant = random.pick(product.variants)
  // Before its last price change a thing cost a little less.
  const old = at.getTime() < product.createdAt.getTime() + 200 * DAY && random.chance(0.3)
  return {
    id: store.nextId++,
    productId: product.id,
    variantId: variant.id,
    title: variant.title === 'Default Title' ? product.title : `${product.title} - ${variant.title}`,
    sku: variant.sku,
    quantity: random.weighted([[1, 82], [2, 13], [3, 5]]),
    price: old ? Math.round((variant.price * 0.9) / 50) * 50 : variant.price,
  }
}

/** When orders came: by month and growing, in waking hours, sorted. */
function moments(random: Random, { count, days, until }: { count: number; days: number; until: Date }): Date[] {
  const out: number[] = []
  while (out.length < count) {
    const back = random.next()
    const at = until.getTime() - Math.floor(back * days * DAY)
    const growth = 1 - back * 0.55
    if (random.next() * 1.9 > garden[new Date(at).getUTCMonth()]! * growth) continue
    const hour = Math.floor(at / 3_600_000) % 24
    if (hour < 6 && random.chance(0.85)) continue
    out.push(at)
  }
  return out.toSorted((a, b) => a - b).map((at) => new Date(Math.floor(at / 1000) * 1000))
}

function countUntil(people: SimCustomer[], at: Date): number {
  let low = 0
  let high = people.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (people[middle]!.createdAt <= at) low = middle + 1
    else high = middle
  }
  return low
}
