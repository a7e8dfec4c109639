import { createHmac } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { and, asc, eq, inArray } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isPostgres } from '../app/db/columns.ts'
import { createGroups } from '../app/db/groups.ts'
import { consentEntries, inbox, jobs, orderLines, orders, privacyRequests, products, shops, shopSettings, subscribers } from '../app/db/schema.ts'
import type { Delivery } from '../app/events/inbox.ts'
import { workInbox } from '../app/events/ingest.ts'
import { HOUR, MINUTE } from '../app/lib/clock.ts'
import { newId } from '../app/lib/ids.ts'
import type { Shop } from '../app/shops/shops.ts'
import { testApp, testEnv, type TestApp } from './app.ts'

let t: TestApp
beforeAll(async () => { t = await testApp() })
afterAll(() => t.close())

let n = 0
const delivery = (topic: string, body: unknown, change: Partial<Delivery> = {}): Delivery => ({
  source: 'shopify', deliveryId: `d${++n}`, shopDomain: t.shop.domain, topic, body: JSON.stringify(body), triggeredAt: t.clock.now(), ...change,
})
const keep = (list: Delivery[]): Promise<PromiseSettledResult<void>[]> => Promise.allSettled(list.map((one) => t.app.intake.keep(one)))
const kept = (ids: string[]) => t.app.db.select().from(inbox).where(inArray(inbox.deliveryId, ids)).orderBy(asc(inbox.deliveryId))
const customer = (id: number, minute: number, change: object = {}) => ({ id, email: `c${id}@example.com`, first_name: `At ${minute}`, last_name: 'Moss', updated_at: at(minute), created_at: at(0), ...change })
const consent = (id: number, state: string, minute: number) => ({ customer_id: id, email_address: `c${id}@example.com`, email_marketing_consent: { state, opt_in_level: 'single_opt_in', consent_updated_at: at(minute) } })
const order = (id: number, customerId: number, minute: number, change: object = {}) => ({
  id, name: `#${id}`, total_price: '20.00', current_total_price: '20.00', currency: 'USD', created_at: at(0), processed_at: at(0), updated_at: at(minute), customer: { id: customerId, email: `c${customerId}@example.com` },
  line_items: [{ id: id * 10, product_id: 1, variant_id: 2, title: 'Pot', quantity: 2, price: '10.00' }], ...change,
})
const product = (id: number, minute: number) => ({ id, title: `At ${minute}`, handle: `p${id}`, status: 'active', tags: '', published_at: at(0), updated_at: at(minute), variants: [{ id: id * 10, title: 'One', price: '10.00', inventory_quantity: minute }] })
/** Minutes of one day, all before now. */
const at = (minute: number): string => new Date(Date.UTC(2026, 10, 20, 10, minute)).toISOString()

describe('deliveries that come together', () => {
  test('are kept with a handful of statements and one commit, and ask for the work once', async () => {
    await t.app.queue.add('inbox.work', {}, { key: 'now' }) // opens the queue
    await t.runJobs()
    const list = Array.from({ length: 128 }, () => delivery('planets/align', {}))
    const before = t.app.db.statements()
    expect((await keep(list)).every((answer) => answer.status === 'fulfilled')).toBe(true)
    expect(t.app.db.statements() - before).toBeLessThanOrEqual(6)
    expect(await kept(list.map((one) => one.deliveryId))).toHaveLength(128)
    if (!isPostgres) expect(await t.app.db.$count(jobs, eq(jobs.kind, 'inbox.work'))).toBe(1)
    await t.runJobs()
    expect(new Set((await kept(list.map((one) => one.deliveryId))).map((row) => row.state))).toEqual(new Set(['ignored']))
  })

  test('are kept once each, when a group holds two of a kind and when they were there before', async () => {
    const twice = delivery('products/delete', { id: 1 })
    const answers = await keep([twice, twice, { ...twice, body: 'another' }, delivery('products/delete', { id: 2 })])
    expect(answers.map((answer) => answer.status)).toEqual(Array(4).fill('fulfilled'))
    expect((await keep([twice]))[0]!.status).toBe('fulfilled')
    expect((await kept([twice.deliveryId])).map((row) => row.body)).toEqual([twice.body])
    await t.runJobs()
    await keep([twice])
    expect((await kept([twice.deliveryId])).map((row) => row.state)).toEqual(['done'])
  })

  test('one that no database takes fails for itself; the others are kept and told so', async () => {
    const list = Array.from({ length: 33 }, (_, i) => delivery('planets/align', {}, i === 20 ? { topic: null as unknown as string } : {}))
    const answers = await keep(list)
    expect(answers.flatMap((answer, i) => (answer.status === 'rejected' ? [i] : []))).toEqual([20])
    expect((await kept(list.map((one) => one.deliveryId))).length).toBe(32)
  })

  test('nobody is told 200 while the database is away, and what was answered otherwise may come again', async () => {
    const body = '{"id":9}'
    const post = (): Promise<Response> =>
      fetch(`${t.http}/webhooks/shopify`, {
        method: 'POST', body, headers: {
          'x-shopify-topic': 'products/delete', 'x-shopify-shop-domain': t.shop.domain, 'x-shopify-webhook-id': 'away', 'x-shopify-triggered-at': at(0),
          'x-shopify-hmac-sha256': createHmac('sha256', testEnv.SHOPIFY_API_SECRET).update(body).digest('base64'),
        },
      })
    const transaction = t.app.db.transaction.bind(t.app.db)
    t.app.db.transaction = () => Promise.reject(new Error('away'))
    const answers = await Promise.all([post(), post(), post()])
    t.app.db.transaction = transaction
    expect(answers.map((answer) => answer.status)).toEqual([500, 500, 500])
    expect(await kept(['away'])).toEqual([])
    expect((await post()).status).toBe(200)
    expect(await kept(['away'])).toHaveLength(1)
  })
})

describe('groups', () => {
  test('take in what comes while one is being written, in order, each with its own answer', async () => {
    const written: number[][] = []
    const groups = createGroups<number>(async (items) => {
      await wait(5)
      if (items.includes(13)) throw new Error('not this one')
      written.push(items)
    }, { most: 8, room: 100, patience: 60_000 })
    const first = Promise.allSettled(Array.from({ length: 10 }, (_, i) => groups.add(i)))
    await wait(2)
    const second = Promise.allSettled(Array.from({ length: 10 }, (_, i) => groups.add(10 + i)))
    const answers = [...(await first), ...(await second)]
    expect(answers.flatMap((answer, i) => (answer.status === 'rejected' ? [[i, (answer.reason as Error).message]] : []))).toEqual([[13, 'not this one']])
    expect(written.flat()).toEqual(Array.from({ length: 20 }, (_, i) => i).filter((i) => i !== 13))
    expect(written.length).toBeLessThanOrEqual(8)
  })

  test('have room for so many: who comes then is told at once, and later there is room again', async () => {
    let open: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (open = resolve))
    const groups = createGroups<number>(() => gate, { most: 2, room: 3, patience: 60_000 })
    const waiting = [groups.add(1), groups.add(2), groups.add(3)]
    await expect(groups.add(4)).rejects.toMatchObject({ status: 503 })
    open()
    await Promise.all(waiting)
    await groups.add(5)
  })

  test('let nobody wait for ever, neither in the group that hangs nor behind it; who was sent away is not written later', async () => {
    let open: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (open = resolve))
    const written: number[] = []
    const groups = createGroups<number>(async (items) => {
      await gate
      written.push(...items)
    }, { most: 2, room: 10, patience: 40 })
    const answers = await Promise.allSettled([1, 2, 3].map((item) => groups.add(item)))
    expect(answers.map((answer) => (answer.status === 'rejected' ? (answer.reason as { status: number }).status : 200))).toEqual([503, 503, 503])
    open()
    await groups.close()
    expect(written).toEqual([1, 2]) // these were under way: nobody could tell, so they come again and are known by their id
    await expect(groups.add(4)).rejects.toMatchObject({ status: 503 })
  })
})

describe('the work', () => {
  test('a storm of news, each ten times and in any order, costs less than a statement for each and ends as if told once and in order', async () => {
    const plain = await freshShop()
    const told = Array.from({ length: 25 }, (_, i): [string, object][] => [
      ['customers/create', customer(100 + i, 0)], ['customers_email_marketing_consent/update', consent(100 + i, i % 3 ? 'subscribed' : 'unsubscribed', 1)], ['customers/update', customer(100 + i, 2)],
      ['orders/create', order(100 + i, 100 + i, 3)], ['orders/updated', order(100 + i, 100 + i, 4, { current_total_price: '15.00' })], ['products/create', product(100 + i, 5)], ['products/update', product(100 + i, 6)],
    ]).flat()
    for (const [topic, body] of told) {
      await keep([delivery(topic, body, { shopDomain: plain.domain })])
      await workInbox(t.app)
    }
    const storm = await freshShop()
    const copies = shuffled(told.flatMap(([topic, body]) => Array<Delivery>(10).fill(delivery(topic, body, { shopDomain: storm.domain }))))
    const before = t.app.db.statements()
    for (let i = 0; i < copies.length; i += 500) await keep(copies.slice(i, i + 500))
    await t.runJobs()
    expect(t.app.db.statements() - before).toBeLessThan(told.length)
    expect(await stateOf(storm)).toEqual(await stateOf(plain))
    expect(await t.app.db.$count(inbox, and(eq(inbox.shopDomain, storm.domain), eq(inbox.state, 'done')))).toBe(told.length)
  })

  test('one piece of news that cannot be stored waits for itself; a hundred others are done', async () => {
    const shop = await freshShop()
    const list = Array.from({ length: 100 }, (_, i) => delivery('customers/create', i === 50 ? customer(750, 0, { first_name: 'x' }) : customer(700 + i, 0), { shopDomain: shop.domain }))
    const { shopify } = t.app.platforms
    const translate = shopify.translate.bind(shopify)
    // News whose time no column holds: as bad as a row can be.
    shopify.translate = (...given) => translate(...given).map((event) => (event.kind === 'customer' && event.customer.firstName === 'x' ? { ...event, customer: { ...event.customer, email: 'x@example.com', updatedAt: new Date(NaN), platformId: {} as string } } : event))
    await keep(list)
    await t.runJobs()
    const rows = await kept(list.map((one) => one.deliveryId))
    expect(rows.filter((row) => row.state === 'done').length).toBe(99)
    const bad = rows.find((row) => row.state === 'waiting')!
    expect([bad.deliveryId, bad.attempts]).toEqual([list[50]!.deliveryId, 1])
    expect(await t.app.db.$count(subscribers, eq(subscribers.shopId, shop.id))).toBe(99)
    shopify.translate = translate
    t.clock.jump(MINUTE)
    await t.runJobs()
    expect((await kept([bad.deliveryId]))[0]!.state).toBe('done')
  })

  test('is done once, however many workers look at the same time', async () => {
    const shop = await freshShop()
    await keep(Array.from({ length: 20 }, (_, i) => delivery('customers/data_request', { customer: { id: i, email: `d${i}@example.com` }, data_request: { id: i } }, { shopDomain: shop.domain })))
    await Promise.all(Array.from({ length: 4 }, () => workInbox(t.app)))
    expect(await t.app.db.$count(privacyRequests, eq(privacyRequests.shopId, shop.id))).toBe(20)
    await t.runJobs()
    expect(await t.app.db.$count(privacyRequests, eq(privacyRequests.shopId, shop.id))).toBe(20)
  })

  const permutations = isPostgres ? 150 : 1_000
  test(`${permutations} orders in which the same news can come, some of it twice, end in the same state (W2)`, async () => {
    const news: [string, object, number][] = [
      ['customers/create', customer(1, 0), 0], ['customers/update', customer(1, 5), 5], ['customers_email_marketing_consent/update', consent(1, 'subscribed', 1), 1],
      ['customers_email_marketing_consent/update', consent(1, 'unsubscribed', 6), 6], ['customers_email_marketing_consent/update', consent(2, 'subscribed', 2), 2], ['customers/create', customer(2, 2), 2],
      ['orders/create', order(1, 1, 3), 3], ['orders/updated', order(1, 1, 7, { current_total_price: '5.00' }), 7], ['orders/create', order(2, 2, 4), 4], ['orders/cancelled', order(2, 2, 8, { cancelled_at: at(8) }), 8],
      ['products/create', product(1, 0), 0], ['products/update', product(1, 4), 4], ['products/delete', { id: 1 }, 9], ['customers/create', customer(3, 1), 1], ['customers/delete', { id: 3 }, 9],
    ]
    const live = async (steps: number[][]): Promise<unknown> => {
      const shop = await freshShop()
      const prefix = newId(t.clock.now())
      for (const step of steps) {
        await keep(step.map((i) => delivery(news[i]![0], news[i]![1], { shopDomain: shop.domain, deliveryId: `${prefix} ${i}`, triggeredAt: new Date(at(news[i]![2])) })))
        await workInbox(t.app)
      }
      t.clock.jump(5 * HOUR) // what is parked has its turn
      await workInbox(t.app)
      return stateOf(shop)
    }
    const inOrder = news.map((_, i) => i).sort((a, b) => news[a]![2] - news[b]![2])
    const truth = await live(inOrder.map((i) => [i]))
    const disorder = fc.tuple(fc.shuffledSubarray(news.map((_, i) => i), { minLength: news.length }), fc.array(fc.nat(news.length - 1), { maxLength: 4 }), fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 6 }))
    await fc.assert(
      fc.asyncProperty(disorder, async ([sequence, again, sizes]) => {
        expect(await live(cut([...sequence, ...again], sizes))).toEqual(truth)
      }),
      { numRuns: permutations, seed: 20_261_122 },
    )
  }, 240_000)
})

/** Parts of these sizes, and what is left. */
function cut(list: number[], sizes: number[]): number[][] {
  const parts: number[][] = []
  for (let from = 0, i = 0; from < list.length; i++) parts.push(list.slice(from, (from += sizes[i] ?? list.length)))
  return parts
}

function shuffled<T>(list: T[]): T[] {
  let seed = 7
  return list.map((item) => [(seed = (seed * 48_271) % 2_147_483_647), item] as const).sort((a, b) => a[0] - b[0]).map(([, item]) => item)
}

async function freshShop(): Promise<Shop> {
  const id = newId(t.clock.now())
  const [shop] = await t.app.db.insert(shops).values({ ...t.shop, id, domain: `s${id}.myshopify.com`, installedAt: new Date(at(-60)) }).returning()
  const [settings] = await t.app.db.select().from(shopSettings).where(eq(shopSettings.shopId, t.shop.id))
  await t.app.db.insert(shopSettings).values({ ...settings!, shopId: id })
  return shop!
}

async function stateOf(shop: Shop): Promise<unknown> {
  const { db } = t.app
  const people = await db.select().from(subscribers).where(eq(subscribers.shopId, shop.id)).orderBy(asc(subscribers.emailKey))
  const entries = await db.select().from(consentEntries).where(eq(consentEntries.shopId, shop.id)).orderBy(asc(consentEntries.seq))
  const standing = new Map(entries.map((entry) => [entry.subscriberId, [entry.state, entry.basis]]))
  const sold = await db.select().from(orders).where(eq(orders.shopId, shop.id)).orderBy(asc(orders.id))
  const goods = await db.select().from(products).where(eq(products.shopId, shop.id)).orderBy(asc(products.id))
  const names = new Map(people.map((one) => [one.id, one.email]))
  return {
    people: people.map((one) => [one.email, one.firstName, one.platformId, one.ordersCount, one.totalSpent, standing.get(one.id) ?? null]),
    sold: sold.map((row) => [row.id, row.total, row.cancelledAt, row.subscriberId && names.get(row.subscriberId)]),
    goods: goods.map((row) => (row.deletedAt ? [row.id, 'gone'] : [row.id, row.title, row.inventory])),
    lines: await db.$count(orderLines, eq(orderLines.shopId, shop.id)),
  }
}
