import { and, asc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attributions, consentEntries, events, orderLines, orders, products, subscribers, subscriberTags, variants } from '../app/db/schema.ts'
import { newestEntry } from '../app/consent/record.ts'
import { MINUTE } from '../app/lib/clock.ts'
import type { Shop } from '../app/shops/shops.ts'
import { startSchedules } from '../app/worker.ts'
import { cancelOrder, createCustomer, createProduct, deleteCustomer, deleteProduct, mergeCustomers, placeOrder, refundOrder, setConsent, updateCustomer, updateProduct, updateShop } from '../simulator/actions/index.ts'
import { pot, pretend, type Pretend } from './pretend.ts'

/** A week in a store. The same every time: it is told to us in different ways, and we must come to the same end. */
async function week(p: Pretend): Promise<void> {
  const { world, store } = p
  const minute = (): void => world.clock.jump(60_000)
  const pots = [1, 2, 3].map((n) => createProduct(world, store, pot(n)))
  const people = Array.from({ length: 6 }, (_, i) => createCustomer(world, store, { email: `w${i}@example.com`, firstName: `W${i}`, country: 'DE', tags: ['new'] }))
  minute()
  for (const [i, person] of people.entries()) setConsent(world, store, person.id, i % 2 ? 'UNSUBSCRIBED' : 'SUBSCRIBED', i % 3 ? 'SINGLE_OPT_IN' : 'CONFIRMED_OPT_IN', world.clock.now())
  minute()
  const bought = people.slice(0, 4).map((person, i) => placeOrder(world, store, { customerId: person.id, lines: [{ variantId: pots[i % 3]!.variants[0]!.id, quantity: i + 1 }] }))
  placeOrder(world, store, { email: 'Guest@Example.com', firstName: 'Gus', lines: [{ variantId: pots[0]!.variants[1]!.id, quantity: 1 }] })
  minute()
  setConsent(world, store, people[0]!.id, 'UNSUBSCRIBED', 'SINGLE_OPT_IN', world.clock.now())
  setConsent(world, store, people[1]!.id, 'SUBSCRIBED', 'SINGLE_OPT_IN', world.clock.now())
  updateCustomer(world, store, people[2]!.id, { firstName: 'Changed', tags: ['vip'] })
  updateCustomer(world, store, people[3]!.id, { email: 'moved@example.com' })
  minute()
  refundOrder(world, store, bought[1]!.id, 500)
  cancelOrder(world, store, bought[2]!.id)
  updateProduct(world, store, pots[0]!.id, { title: 'Renamed', variants: pots[0]!.variants.slice(0, 1).map((v) => ({ ...v, price: 777 })) })
  minute()
  deleteProduct(world, store, pots[2]!.id)
  deleteCustomer(world, store, people[5]!.id)
  updateShop(world, store, { name: 'Moss Two' })
  updateShop(world, store, { name: 'Moss Three' })
  await p.calm()
}

async function stateOf(p: Pretend, shop: Shop): Promise<unknown> {
  const { db } = p.t.app
  const people = await db.select().from(subscribers).where(eq(subscribers.shopId, shop.id)).orderBy(asc(subscribers.emailKey))
  const standing = await Promise.all(
    people.map(async (person) => {
      const entries = await db.select().from(consentEntries).where(and(eq(consentEntries.shopId, shop.id), eq(consentEntries.subscriberId, person.id))).orderBy(asc(consentEntries.seq))
      const tags = await db.select().from(subscriberTags).where(and(eq(subscriberTags.shopId, shop.id), eq(subscriberTags.subscriberId, person.id))).orderBy(asc(subscriberTags.tag))
      return [person.email, person.firstName, person.country, person.ordersCount, person.totalSpent, person.platformId !== null, entries.at(-1)?.state ?? 'none', tags.map((tag) => tag.tag)]
    }),
  )
  const sold = await db.select({ name: orders.name, total: orders.total, cancelled: orders.cancelledAt, who: subscribers.email }).from(orders)
    .leftJoin(subscribers, and(eq(subscribers.shopId, orders.shopId), eq(subscribers.id, orders.subscriberId))).where(eq(orders.shopId, shop.id)).orderBy(asc(orders.name))
  const goods = await db.select({ title: products.title, min: products.priceMin, max: products.priceMax, gone: products.deletedAt }).from(products).where(eq(products.shopId, shop.id)).orderBy(asc(products.handle))
  const name = (await p.t.api(shop).get('/api/settings')).body.shop.name as string
  return {
    standing, name,
    sold: sold.map((row) => ({ ...row, cancelled: row.cancelled !== null })),
    goods: goods.filter((row) => row.gone === null),
    lines: await db.$count(orderLines, eq(orderLines.shopId, shop.id)),
    variants: await db.$count(variants, eq(variants.shopId, shop.id)),
    ordered: await db.$count(events, and(eq(events.shopId, shop.id), eq(events.kind, 'ordered'))),
  }
}

describe('the same week, told in different ways', () => {
  const lived = async (faults: Partial<Pretend['world']['faults']['webhooks']>, seed = 21): Promise<unknown> => {
    const p = await pretend({ seed })
    try {
      const shop = await p.open()
      await p.readAll(shop)
      Object.assign(p.world.faults.webhooks, faults)
      await week(p)
      p.world.clock.jump(5 * 3_600_000)
      await p.calm()
      return await stateOf(p, shop)
    } finally {
      await p.close()
    }
  }
  let told: Awaited<ReturnType<typeof lived>>
  beforeAll(async () => { told = await lived({}) })

  test('in order it is what the store says', () => {
    expect(told).toMatchObject({ name: 'Moss Three', lines: 5, ordered: 5 })
    expect((told as { standing: unknown[][] }).standing).toEqual([
      ['Guest@Example.com', 'Gus', null, 1, 2001, true, 'none', []],
      ['moved@example.com', 'W3', 'DE', 1, 4004, true, 'unsubscribed', ['new']],
      ['w0@example.com', 'W0', 'DE', 1, 1001, true, 'unsubscribed', ['new']],
      ['w1@example.com', 'W1', 'DE', 1, 1504, true, 'subscribed', ['new']],
      ['w2@example.com', 'Changed', 'DE', 0, 0, true, 'subscribed', ['vip']],
      ['w4@example.com', 'W4', 'DE', 0, 0, true, 'subscribed', ['new']],
      ['w5@example.com', 'W5', 'DE', 0, 0, false, 'unsubscribed', []],
    ])
  })
  test('everything twice', async () => expect(await lived({ duplicate: true })).toEqual(told))
  test('the newest first', async () => expect(await lived({ reorder: true })).toEqual(told))
  test('twice and the newest first', async () => expect(await lived({ duplicate: true, reorder: true })).toEqual(told))

  test('not at all: the nightly look finds what was lost, and raises nobody’s consent', async () => {
    const p = await pretend({ seed: 21 })
    const shop = await p.open()
    await p.readAll(shop)
    p.world.faults.webhooks.dropNext = 10_000
    await week(p)
    p.world.clock.jump(3_600_000)
    await p.t.handlers['sync.reconcile']({ shopId: shop.id })
    const found = (await stateOf(p, shop)) as { standing: unknown[][]; sold: unknown; name: string }
    const truth = told as typeof found
    expect(found.name).toBe('Moss Three')
    expect(found.sold).toEqual(truth.sold)
    const withoutDeleted = (rows: unknown[][]) => rows.filter((row) => row[0] !== 'w5@example.com')
    const states = (rows: unknown[][]) => withoutDeleted(rows).map((row) => [row[0], row[6]])
    const plain = (rows: unknown[][]) => withoutDeleted(rows).map((row) => row.filter((_, i) => i !== 6))
    expect(plain(found.standing)).toEqual(plain(truth.standing))
    for (const [email, state] of states(found.standing)) expect([email, state === 'subscribed']).toEqual([email, false])
    expect(found.standing.find((row) => row[0] === 'w0@example.com')?.[6]).toBe('unsubscribed')
    await p.close()
  })
})

test('a "no" whose news was lost counts within the hour, by the schedule alone (W4)', async () => {
  const p = await pretend({ seed: 22 })
  const noon = new Date(p.world.clock.now())
  noon.setUTCHours(36, 0, 0, 0)
  p.world.clock.jump(noon.getTime() - p.world.clock.now().getTime()) // no night in between, which would ask stores that this world does not have
  const shop = await p.open()
  const cora = createCustomer(p.world, p.store, { email: 'cora@example.com', firstName: 'Cora', country: 'DE' })
  setConsent(p.world, p.store, cora.id, 'SUBSCRIBED', 'CONFIRMED_OPT_IN', p.world.clock.now())
  await p.readAll(shop)
  const standing = async (): Promise<string | undefined> => {
    const [person] = await p.t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shop.id), eq(subscribers.emailKey, cora.email!)))
    return (await newestEntry(p.t.app, shop.id, person!.id))?.state
  }
  await startSchedules(p.t.app)
  p.world.faults.webhooks.dropNext = 1_000
  setConsent(p.world, p.store, cora.id, 'UNSUBSCRIBED', 'CONFIRMED_OPT_IN', p.world.clock.now())
  p.world.clock.jump(59 * MINUTE)
  await p.calm()
  expect(await standing()).toBe('subscribed')
  p.world.clock.jump(MINUTE)
  await p.calm()
  expect(await standing()).toBe('unsubscribed')
  await p.close()
})

describe('orders and the mail they are credited to', () => {
  let p: Pretend
  let shop: Shop
  let ada: string
  let customerId: number
  let variantId: number
  const click = (at: Date, messageId: string, verdict: 'human' | 'machine' | 'unknown' = 'human', n = 0) =>
    p.t.app.db.insert(events).values({ shopId: shop.id, id: `${messageId}${verdict}${n}${at.getTime()}`, kind: 'clicked', subscriberId: ada, messageId, verdict, linkNo: 1, at, day: '2026-01-01', dedupeKey: `${messageId}${verdict}${n}${at.getTime()}` })
  const buy = async () => {
    const order = placeOrder(p.world, p.store, { customerId, lines: [{ variantId, quantity: 1 }] })
    await p.calm()
    return order
  }
  const credit = async (orderId: number) => (await p.t.app.db.select().from(attributions).where(and(eq(attributions.shopId, shop.id), eq(attributions.orderId, String(orderId)))))[0]?.messageId ?? null
  const ago = (ms: number): Date => new Date(p.world.clock.now().getTime() - ms)
  const hour = 3_600_000

  beforeAll(async () => {
    p = await pretend({ seed: 30 })
    shop = await p.open()
    await p.readAll(shop)
    variantId = createProduct(p.world, p.store, pot(1)).variants[0]!.id
    customerId = createCustomer(p.world, p.store, { email: 'clicks@example.com' }).id
    await p.calm()
    ada = (await p.t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shop.id), eq(subscribers.emailKey, 'clicks@example.com'))))[0]!.id
  })
  afterAll(() => p.close())

  test('without a click there is no credit, and a click by a machine is none', async () => {
    await click(ago(hour), 'm0', 'machine')
    await click(ago(hour), 'm0', 'unknown')
    expect(await credit((await buy()).id)).toBeNull()
  })

  test('the last human click before it within the window counts; a click after the order does not', async () => {
    await click(ago(5 * 24 * hour - hour), 'm1')
    await click(ago(6 * 24 * hour), 'm2')
    expect(await credit((await buy()).id)).toBe('m1')
    await click(ago(hour), 'm3')
    const order = await buy()
    expect(await credit(order.id)).toBe('m3')
    p.world.clock.jump(hour)
    await click(p.world.clock.now(), 'm4')
    p.world.faults.webhooks.duplicate = true
    refundOrder(p.world, p.store, order.id, 1)
    await p.calm()
    p.world.faults.webhooks.duplicate = false
    expect(await credit(order.id)).toBe('m3')
  })

  test('a cancelled order loses its credit and no longer counts for the person', async () => {
    const order = await buy()
    expect(await credit(order.id)).not.toBeNull()
    const before = (await p.t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shop.id), eq(subscribers.id, ada))))[0]!
    p.world.clock.jump(60_000)
    cancelOrder(p.world, p.store, order.id)
    await p.calm()
    expect(await credit(order.id)).toBeNull()
    const after = (await p.t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shop.id), eq(subscribers.id, ada))))[0]!
    expect([after.ordersCount, after.totalSpent]).toEqual([before.ordersCount - 1, before.totalSpent - order.total])
  })

  test('a click that is judged later than the order was heard is found by the nightly look', async () => {
    p.world.clock.jump(6 * 24 * hour)
    const order = await buy()
    expect(await credit(order.id)).toBeNull()
    await click(new Date(order.processedAt.getTime() - hour), 'm5')
    await p.t.handlers['sync.reconcile']({ shopId: shop.id })
    expect(await credit(order.id)).toBe('m5')
  })

  test('an order of a store that has another shop of ours with the same numbers stays where it belongs', async () => {
    for (const table of [orders, attributions, orderLines] as const) expect(await p.t.app.db.$count(table, eq(table.shopId, p.t.stranger.id))).toBe(0)
  })

  test('two records of one person become one, with all their orders', async () => {
    const other = createCustomer(p.world, p.store, { email: 'other@example.com' })
    placeOrder(p.world, p.store, { customerId: other.id, lines: [{ variantId, quantity: 1 }] })
    await p.calm()
    p.world.clock.jump(60_000)
    mergeCustomers(p.world, p.store, customerId, other.id)
    await p.calm()
    const person = (await p.t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shop.id), eq(subscribers.id, ada))))[0]!
    expect(person.ordersCount).toBe([...p.store.orders.values()].filter((order) => order.customerId === customerId && !order.cancelledAt).length)
    expect(await p.t.app.db.$count(subscribers, and(eq(subscribers.shopId, shop.id), eq(subscribers.emailKey, 'other@example.com')))).toBe(0)
  })
})
