import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { consentEntries, orderLines, orders, products, subscribers, syncs, variants } from '../app/db/schema.ts'
import type { Shop } from '../app/shops/shops.ts'
import { startSync } from '../app/sync/start.ts'
import { createCustomer, createProduct, placeOrder } from '../simulator/actions/index.ts'
import { pot, pretend, type Pretend } from './pretend.ts'

let p: Pretend
let shop: Shop
beforeAll(async () => {
  p = await pretend()
  fill(p)
  shop = await p.open()
  await p.readAll(shop)
})
afterAll(() => p.close())

/** 60 customers of every kind, 30 products with 2 variants, 45 orders. Nothing is installed yet, so no news is sent. */
function fill({ world, store }: Pretend): void {
  world.faults.bulk.scatter = true
  const states = ['SUBSCRIBED', 'UNSUBSCRIBED', 'PENDING', 'NOT_SUBSCRIBED'] as const
  for (let i = 0; i < 60; i++)
    createCustomer(world, store, {
      email: i === 59 ? null : `person${i}@example.com`,
      firstName: `Person ${i}`,
      country: i % 2 ? 'DE' : 'US',
      tags: i % 3 ? [] : ['vip'],
      ...(i % 5 === 4 ? {} : { marketing: { state: states[i % 4]!, level: i % 2 ? 'CONFIRMED_OPT_IN' as const : 'SINGLE_OPT_IN' as const, at: new Date('2026-01-05T10:00:00Z') } }),
    })
  for (let i = 0; i < 30; i++) createProduct(world, store, pot(i))
  const people = [...store.customers.values()]
  const pots = [...store.products.values()]
  for (let i = 0; i < 45; i++) {
    const pot = pots[i % pots.length]!
    placeOrder(world, store, { customerId: people[i % 20]!.id, lines: [{ variantId: pot.variants[0]!.id, quantity: 2 }, { variantId: pot.variants[1]!.id, quantity: 1 }], test: i === 44 })
  }
}

describe('reading a store', () => {
  test('every customer with an address, every product with its variants, every order with its lines is there, though children come apart from their parents', async () => {
    const count = (table: typeof subscribers | typeof products | typeof variants | typeof orders | typeof orderLines): Promise<number> => p.t.app.db.$count(table, eq(table.shopId, shop.id))
    expect(await count(subscribers)).toBe(59)
    expect(await count(products)).toBe(30)
    expect(await count(variants)).toBe(60)
    expect(await count(orders)).toBe(45)
    expect(await count(orderLines)).toBe(90)
  })

  test('a product costs what its variants cost', async () => {
    const rows = await p.t.app.db.select().from(products).where(and(eq(products.shopId, shop.id), eq(products.title, 'Pot 7')))
    expect(rows[0]).toMatchObject({ priceMin: 1007, priceMax: 2007, compareAtMin: 2500, available: true, currency: 'EUR', status: 'active', tags: ['clay'] })
  })

  test('what people bought adds up to what the store says; a test order does not count', async () => {
    const truth = new Map<string, { count: number; total: number }>()
    for (const order of p.store.orders.values()) {
      if (order.test) continue
      const sum = truth.get(order.email!) ?? { count: 0, total: 0 }
      truth.set(order.email!, { count: sum.count + 1, total: sum.total + order.total })
    }
    const rows = await p.t.app.db.select().from(subscribers).where(eq(subscribers.shopId, shop.id))
    for (const row of rows) expect([row.email, row.ordersCount, row.totalSpent]).toEqual([row.email, truth.get(row.email)?.count ?? 0, truth.get(row.email)?.total ?? 0])
    expect(truth.size).toBe(20)
  })

  test('a record of consent becomes an entry that the merchant must vouch for; never asked is no entry', async () => {
    const rows = await p.t.app.db
      .select({ email: subscribers.email, state: consentEntries.state, basis: consentEntries.basis, method: consentEntries.method, at: consentEntries.occurredAt })
      .from(consentEntries)
      .innerJoin(subscribers, and(eq(subscribers.shopId, consentEntries.shopId), eq(subscribers.id, consentEntries.subscriberId)))
      .where(eq(consentEntries.shopId, shop.id))
    const of = (email: string) => rows.find((row) => row.email === email)
    const at = new Date('2026-01-05T10:00:00Z')
    expect(of('person0@example.com')).toMatchObject({ state: 'unconfirmed_record', basis: 'express_single', method: 'store_import', at })
    expect(of('person1@example.com')).toMatchObject({ state: 'unsubscribed', at })
    expect(of('person2@example.com')).toMatchObject({ state: 'pending', at })
    expect(of('person3@example.com')).toBeUndefined() // NOT_SUBSCRIBED
    expect(of('person4@example.com')).toBeUndefined() // never asked
  })

  test('the owner sees how far it has come', async () => {
    const { body } = await p.t.api(shop).get('/api/settings')
    expect(body.syncs.map((row: { kind: string; state: string; done: number; total: number }) => [row.kind, row.state, row.done, row.total])).toEqual([
      ['shop', 'done', 1, 1], ['customers', 'done', 60, 60], ['products', 'done', 30, 30], ['orders', 'done', 45, 45],
    ])
    expect(body.orderHistory).toBe('sixty_days')
  })

  test('reading again changes nothing, and asking twice asks the store once', async () => {
    const before = await snapshot()
    await startSync(p.t.app, { shopId: shop.id })
    await startSync(p.t.app, { shopId: shop.id })
    await p.readAll(shop)
    expect(await snapshot()).toEqual(before)
  })

  test('Cleo sees nothing of it', async () => {
    const { body } = await p.t.api(p.t.stranger).get('/api/settings')
    expect(body.syncs).toEqual([])
    expect(await p.t.app.db.$count(subscribers, eq(subscribers.shopId, p.t.stranger.id))).toBe(0)
    const product = [...p.store.products.keys()][0]!
    expect((await p.t.api(shop).get(`/api/products?ids=${product}`)).body.products).toHaveLength(1)
    expect((await p.t.api(p.t.stranger).get(`/api/products?ids=${product}`)).body.products).toEqual([])
  })
})

async function snapshot(): Promise<unknown> {
  const { db: d } = p.t.app
  const people = await d.select({ email: subscribers.email, n: subscribers.ordersCount, sum: subscribers.totalSpent, first: subscribers.firstOrderAt }).from(subscribers).where(eq(subscribers.shopId, shop.id)).orderBy(subscribers.emailKey)
  const goods = await d.select({ id: products.id, min: products.priceMin, max: products.priceMax, available: products.available }).from(products).where(eq(products.shopId, shop.id)).orderBy(products.id)
  const parts = await d.select().from(variants).where(eq(variants.shopId, shop.id)).orderBy(variants.id)
  const lines = await d.select().from(orderLines).where(eq(orderLines.shopId, shop.id)).orderBy(orderLines.orderId, orderLines.id)
  return { people, goods, parts, lines, entries: await d.$count(consentEntries, eq(consentEntries.shopId, shop.id)) }
}

describe('when reading goes wrong', () => {
  let q: Pretend
  beforeAll(async () => { q = await pretend({ seed: 8 }) })
  afterAll(() => q.close())

  test('a process that dies in mid-file goes on where the last stored chunk ended, and nothing is lost or doubled', async () => {
    for (let i = 0; i < 1800; i++) createCustomer(q.world, q.store, { email: `p${i}@example.com` })
    const at = await q.open()
    const platform = q.t.app.platforms.shopify
    const bulkItems = platform.bulkItems.bind(platform)
    const startedFrom: number[] = []
    let dieAfter = 1300
    platform.bulkItems = async function* (...args) {
      if (args[1] === 'customers') startedFrom.push(args[3])
      for await (const item of bulkItems(...args)) {
        if (args[1] === 'customers' && dieAfter-- === 0) throw new Error('the process died')
        yield item
      }
    }
    await expect(q.readAll(at)).rejects.toThrow('died')
    const [half] = await q.t.app.db.select().from(syncs).where(and(eq(syncs.shopId, at.id), eq(syncs.kind, 'customers')))
    expect(half).toMatchObject({ state: 'reading', linesDone: 1000, objectsDone: 1000 })
    expect(await q.t.app.db.$count(subscribers, eq(subscribers.shopId, at.id))).toBe(1000)
    q.world.clock.jump(6_000)
    await q.readAll(at)
    expect(startedFrom).toEqual([0, 1000])
    expect(await q.t.app.db.$count(subscribers, eq(subscribers.shopId, at.id))).toBe(1800)
    platform.bulkItems = bulkItems
  })

  test('two readers of one file do the work once', async () => {
    const at = (await q.open())
    await startSync(q.t.app, { shopId: at.id })
    const platform = q.t.app.platforms.shopify
    let stored = 0
    const bulkItems = platform.bulkItems.bind(platform)
    platform.bulkItems = async function* (...args) {
      for await (const item of bulkItems(...args)) {
        stored++
        yield item
        if (stored === 200) await Promise.all([1, 2].map(() => q.t.handlers['sync.read']({ shopId: at.id, kind: 'customers' })))
      }
    }
    await q.readAll(at)
    platform.bulkItems = bulkItems
    const [row] = await q.t.app.db.select().from(syncs).where(and(eq(syncs.shopId, at.id), eq(syncs.kind, 'customers')))
    expect(row).toMatchObject({ state: 'done', objectsDone: 1800 })
    expect(await q.t.app.db.$count(subscribers, eq(subscribers.shopId, at.id))).toBe(1800)
  })

  test('a reading that the store cannot prepare is told to the owner in words, the others go on, and it can be started again', async () => {
    const at = await q.open()
    q.world.faults.bulk.failNext = 1
    await startSync(q.t.app, { shopId: at.id })
    await q.readAll(at)
    const states = (await q.t.api(at).get('/api/settings')).body.syncs as { kind: string; state: string; error: string | null }[]
    expect(states.filter((row) => row.state === 'failed').map((row) => row.error)).toEqual(['internal server error'])
    expect(states.filter((row) => row.state === 'done')).toHaveLength(3)
    expect((await q.t.api(at).post('/api/sync')).status).toBe(200)
    await q.readAll(at)
    expect(((await q.t.api(at).get('/api/settings')).body.syncs as { state: string }[]).every((row) => row.state === 'done')).toBe(true)
  })

  test('an app that is not approved for personal fields reads what it may and fails at nothing', async () => {
    const r = await pretend({ seed: 9, store: { protectedDataApproved: false } })
    const customer = createCustomer(r.world, r.store, { email: 'hidden@example.com', marketing: { state: 'SUBSCRIBED', level: 'SINGLE_OPT_IN' } })
    const product = createProduct(r.world, r.store, pot(1))
    placeOrder(r.world, r.store, { customerId: customer.id, lines: [{ variantId: product.variants[0]!.id, quantity: 1 }] })
    const at = await r.open()
    await r.readAll(at)
    expect(await r.t.app.db.$count(subscribers, eq(subscribers.shopId, at.id))).toBe(0)
    expect(await r.t.app.db.$count(products, eq(products.shopId, at.id))).toBe(1)
    const rows = await r.t.app.db.select().from(orders).where(eq(orders.shopId, at.id))
    expect(rows.map((row) => row.subscriberId)).toEqual([null])
    await r.close()
  })
})
