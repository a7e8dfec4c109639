import { createHmac } from 'node:crypto'
import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { confirmationOf } from '../app/consent/confirm.ts'
import { newestEntry, recordConsent } from '../app/consent/record.ts'
import { unsubscribe } from '../app/consent/unsubscribe.ts'
import { writeBack } from '../app/consent/write-back.ts'
import { isPostgres } from '../app/db/columns.ts'
import { insertAll } from '../app/db/insert-all.ts'
import { openDatabase } from '../app/db/open.ts'
import { campaigns, deliveries, events, inbox, messages, orders, products, shops, subscribers, suppressions } from '../app/db/schema.ts'
import { storeProducts } from '../app/catalogue/store-products.ts'
import { cancelDeliveries } from '../app/deliveries/cancel.ts'
import { takeFeedback } from '../app/deliveries/feedback.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { queueSingle } from '../app/deliveries/queue-single.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import { storeOrders } from '../app/events/orders.ts'
import { createQueue } from '../app/jobs/index.ts'
import { DAY, HOUR, MINUTE } from '../app/lib/clock.ts'
import { addressHash, normaliseEmail } from '../app/lib/crypto.ts'
import { newId } from '../app/lib/ids.ts'
import { withoutAddresses } from '../app/mail/reason.ts'
import { createOutbox, type Outbox } from '../app/mail/outbox.ts'
import type { StoreOrder } from '../app/platforms/platform.ts'
import { eraseSubscriber } from '../app/subscribers/erase.ts'
import { findByEmail } from '../app/subscribers/find.ts'
import { mergeSubscribers } from '../app/subscribers/merge.ts'
import { upsertSubscribers } from '../app/subscribers/upsert.ts'
import { install, redactShop, uninstall } from '../simulator/actions/index.ts'
import { testApp, testEnv, type TestApp } from './app.ts'
import { addMany, makeCampaign, rowsOf, statesOf } from './campaign.ts'
import { freshDatabase } from './fresh-database.ts'
import { pretend } from './pretend.ts'

// Ways in which somebody, or bad luck, once could do harm. Each stands for a fault that was found and must not come back.

let t: TestApp
let outbox: Outbox
beforeAll(async () => {
  outbox = createOutbox()
  t = await testApp({ mail: outbox })
  await t.api(t.shop).get('/api/forms') // makes them
})
afterAll(() => t.close())
beforeEach(() => {
  t.clock.jump(31 * DAY)
  outbox.script([])
})

const signup = (fields: Record<string, unknown>): Promise<Response> => {
  const all: Record<string, string> = { shop: t.shop.domain, timestamp: String(Math.floor(t.clock.now().getTime() / 1000)), path_prefix: '/apps/homing' }
  const text = Object.entries(all).map(([name, value]) => `${name}=${value}`).sort().join('')
  const url = `${t.http}/proxy/signup?${new URLSearchParams({ ...all, signature: createHmac('sha256', testEnv.SHOPIFY_API_SECRET).update(text).digest('hex') }).toString()}`
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ formId: 'inline', version: 1, elapsed: 4000, page: '/', ...fields }) })
}
const quiet = () => ({ ...t.handlers, 'consent.write-back': () => Promise.resolve() })
const confirmPath = (html: string): string => new URL(/href="([^"]*\/confirm\/[^"]+)"/.exec(html)![1]!).pathname

describe('mail', () => {
  test('a provider that refuses us is not asked about a single mail again and again', async () => {
    let asked = 0
    outbox.script(() => (asked++, { kind: 'paused', reason: '401' }))
    const before = outbox.taken.length
    await queueSingle(t.app, t.shop.id, { kind: 'test', subject: 'S', html: '<p>H</p>', text: 'T', language: 'en', to: { subscriberId: '', email: 'owner@example.test' } })
    await t.app.queue.runDue(quiet())
    expect(asked).toBe(1)
    outbox.script([])
    t.clock.jump(10 * MINUTE + 1000)
    await t.app.queue.runDue(quiet())
    expect(outbox.taken.length).toBe(before + 1)
  })

  test('what was under way while a campaign was cancelled, and was not taken, does not wait for ever', async () => {
    await addMany(t.app, t.shop, 3, 'cancelled')
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    let first = true
    outbox.script(async () => {
      if (first) {
        first = false
        await t.app.db.update(campaigns).set({ status: 'cancelled' }).where(and(eq(campaigns.shopId, t.shop.id), eq(campaigns.id, id)))
        await cancelDeliveries(t.app, t.shop.id, id)
      }
      return { kind: 'later', reason: 'not now', retryAfterMs: 60_000, whole: false }
    })
    await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
    const states = await statesOf(t.app, t.shop, id)
    expect(Object.keys(states).filter((state) => !['excluded', 'suppressed'].includes(state))).toEqual([])
  })

  test('a complaint about a mail to a record that was merged takes the person off the list, and blocks no empty address', async () => {
    const [kept, removed] = (await addMany(t.app, t.shop, 2, 'merged')) as [string, string]
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
    const key = (await rowsOf(t.app, t.shop, id)).find((row) => row.subscriberId === removed)!.requestId!
    await mergeSubscribers(t.app, t.shop.id, kept, removed)
    await takeFeedback(t.app, [{ id: 'merged-complaint', key, kind: 'complained', at: t.clock.now(), detail: null, machine: false }])
    expect(await newestEntry(t.app, t.shop.id, kept)).toMatchObject({ state: 'unsubscribed', method: 'complaint' })
    expect(await t.app.db.$count(suppressions, eq(suppressions.addressHash, addressHash(t.app.settings.keys, t.shop.id, '')))).toBe(0)
    expect(await t.app.db.$count(events, and(eq(events.shopId, t.shop.id), eq(events.subscriberId, removed)))).toBe(0)
  })

  test('a campaign whose preparation failed until it was too late goes back to its owner', async () => {
    const now = t.clock.now()
    const id = newId(now)
    await t.app.db.insert(campaigns).values({ shopId: t.shop.id, id, name: 'Stuck', subject: 's', preheader: '', content: { blocks: [] }, audience: { kind: 'everyone' }, status: 'preparing', version: 1, scheduledAt: now, createdAt: now, updatedAt: now })
    t.clock.jump(7 * HOUR)
    await t.handlers['lost.recover']({})
    await t.app.queue.runDue(quiet())
    expect(await t.app.db.select({ status: campaigns.status, reason: campaigns.statusReason }).from(campaigns).where(eq(campaigns.id, id))).toMatchObject([{ status: 'draft', reason: expect.stringContaining('ask') as string }])
  })

  test('ten test mails an hour are ten, also when thirty are asked for at once', async () => {
    const campaign = (await t.api(t.shop).post('/api/campaigns', { name: 'Parallel' })).body as { id: string }
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => t.api(t.shop).post(`/api/campaigns/${campaign.id}/test`, { to: `t${n}@example.test` })))
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(10)
    expect(answers.filter((answer) => answer.status === 429)).toHaveLength(20)
  })
})

describe('the sign-up form', () => {
  test('sends nobody the words of a stranger', async () => {
    const bait = 'You won a prize: https://evil.example/claim'
    expect((await signup({ version: 0, email: 'victim@example.test', firstName: bait.slice(0, 60), wording: bait })).status).toBe(200)
    await t.app.queue.runDue(quiet())
    const mail = outbox.taken.at(-1)!
    expect(mail.to).toBe('victim@example.test')
    expect(mail.html + mail.text + mail.subject).not.toContain('evil.example')
    const page = await (await fetch(t.http + confirmPath(mail.html))).text()
    expect(page).not.toContain('evil.example')
  })

  test('a button in a mail proves the mailbox that it was sent to and no other', async () => {
    await upsertSubscribers(t.app, t.shop.id, [{ email: 'mine@example.test', platformId: '901', source: 'shopify' }])
    await signup({ email: 'mine@example.test' })
    await t.app.queue.runDue(quiet())
    const path = confirmPath(outbox.taken.at(-1)!.html)
    expect((await fetch(t.http + path)).status).toBe(200)
    await upsertSubscribers(t.app, t.shop.id, [{ email: 'somebody.else@example.test', platformId: '901', source: 'shopify', platformUpdatedAt: t.clock.now() }])
    const victim = (await findByEmail(t.app, t.shop.id, 'somebody.else@example.test'))!
    expect((await fetch(t.http + path, { method: 'POST' })).status).toBe(404)
    expect(await newestEntry(t.app, t.shop.id, victim.id)).toMatchObject({ state: 'pending' })
  })

  test('nor does it after two records became one', async () => {
    const kept = await t.addSubscriber(t.shop, { email: 'kept.box@example.test', consent: 'none' })
    await signup({ email: 'other.box@example.test' })
    await t.app.queue.runDue(quiet())
    const path = confirmPath(outbox.taken.at(-1)!.html)
    const removed = (await findByEmail(t.app, t.shop.id, 'other.box@example.test'))!
    const request = (await newestEntry(t.app, t.shop.id, removed.id))!
    await mergeSubscribers(t.app, t.shop.id, kept, removed.id)
    expect(await confirmationOf(t.app, t.shop.id, kept, request.messageId!)).toBeNull()
    expect((await fetch(t.http + path, { method: 'POST' })).status).toBe(404)
    expect((await newestEntry(t.app, t.shop.id, kept))?.state).not.toBe('subscribed')
  })

  test('an address that somebody typed does not keep the store from hearing its owner’s no', async () => {
    const id = await t.addSubscriber(t.shop, { email: 'said.no@example.test', consent: 'subscribed', platformId: '77' })
    await unsubscribe(t.app, t.shop.id, id, { method: 'one_click', source: 'test' })
    t.clock.jump(MINUTE)
    await signup({ email: 'said.no@example.test' })
    expect(await newestEntry(t.app, t.shop.id, id)).toMatchObject({ state: 'pending' })
    const told: string[] = []
    const real = t.app.platforms.shopify
    t.app.platforms.shopify = { ...real, writeConsent: (_, change) => Promise.resolve((told.push(change.state), { platformId: '77' })) }
    await writeBack(t.app, { shopId: t.shop.id, subscriberId: id })
    t.app.platforms.shopify = real
    expect(told).toEqual(['unsubscribed'])
  })
})

describe('being forgotten', () => {
  test('goes for test mails that were filled in with a person, and for whom the record was merged into', async () => {
    await t.addSubscriber(t.shop, { email: 'forgotten.canary@example.test', firstName: 'Forgottencanary', consent: 'subscribed' })
    t.clock.jump(1000)
    const template = ((await t.api(t.shop).get('/api/templates')).body as { templates: { id: string }[] }).templates[0]!
    const campaign = (await t.api(t.shop).post('/api/campaigns', { name: 'Hi', templateId: template.id })).body as Record<string, unknown> & { id: string; version: number }
    await t.api(t.shop).put(`/api/campaigns/${campaign.id}`, { version: campaign.version, name: 'Hi', subject: 'Hello {{ subscriber.first_name }}', preheader: '', content: campaign.content, audience: campaign.audience })
    expect((await t.api(t.shop).post(`/api/campaigns/${campaign.id}/test`, { to: 'forgotten.canary@example.test' })).status).toBe(200)
    const everything = async () => JSON.stringify([await t.app.db.select().from(messages), await t.app.db.select().from(deliveries), await t.app.db.select().from(subscribers)])
    expect(await everything()).toContain('Forgottencanary')
    const kept = await t.addSubscriber(t.shop, { email: 'canary.kept@example.test', consent: 'none' })
    const removed = (await findByEmail(t.app, t.shop.id, 'forgotten.canary@example.test'))!.id
    await mergeSubscribers(t.app, t.shop.id, kept, removed)
    expect(await eraseSubscriber(t.app, t.shop.id, removed)).toBe(true) // the request named the record before it was merged
    expect((await everything()).toLowerCase()).not.toContain('canary')
  })

  test('a store that came back within 48 hours keeps everything; one whose removal we never heard of is forgotten', async () => {
    const p = await pretend({ seed: 55 })
    try {
      const shop = await p.open()
      await p.readAll(shop)
      p.world.clock.jump(1000)
      uninstall(p.world, p.store)
      await p.calm()
      p.world.clock.jump(HOUR)
      install(p.world, p.store)
      expect((await p.open()).id).toBe(shop.id)
      await p.readAll(shop)
      p.world.clock.jump(47 * HOUR)
      const now = p.world.clock.now()
      await p.t.app.db.insert(inbox).values({ source: 'shopify', deliveryId: 'redact', shopDomain: p.store.domain, topic: 'shop/redact', body: '{}', triggeredAt: now, receivedAt: now, state: 'waiting', nextAt: p.t.clock.now(), attempts: 0 })
      await p.t.handlers['inbox.work']({})
      await p.calm()
      expect(await p.t.app.db.$count(shops, eq(shops.id, shop.id))).toBe(1)
      p.world.clock.jump(1000)
      p.world.faults.webhooks.dropNext = 1
      uninstall(p.world, p.store)
      await p.calm()
      expect(await p.t.app.db.$count(shops, and(eq(shops.id, shop.id), eq(shops.status, 'installed')))).toBe(1)
      p.world.clock.jump(48 * HOUR)
      redactShop(p.world, p.store)
      await p.calm()
      expect(await p.t.app.db.$count(shops, eq(shops.id, shop.id))).toBe(0)
    } finally {
      await p.close()
    }
  })
})

describe('bad values', () => {
  const half = 'Ada \ud83d'
  test('text that a database refuses stops nobody: NUL and half an emoji', async () => {
    const ada = t.api(t.shop)
    const campaign = await ada.post('/api/campaigns', { name: `a\0b ${half}` })
    expect([campaign.status, campaign.body.name]).toEqual([200, `ab ${half.toWellFormed()}`])
    for (const path of ['/api/campaigns/%00', '/api/subscribers/%00', '/api/segments/a%00b', '/api/forms/%00']) expect([path, (await ada.get(path)).status]).toEqual([path, 404])
    expect((await ada.get('/api/subscribers?search=%00&tag=%00')).status).toBe(200)
    expect((await signup({ email: 'nul@example.test', firstName: `N\0ul ${half}`, page: '/\0', language: 'd\0' })).status).toBe(200)
    expect((await findByEmail(t.app, t.shop.id, 'nul@example.test'))?.firstName).toBe(`Nul ${half.toWellFormed()}`)
    await upsertSubscribers(t.app, t.shop.id, [{ email: 'half@example.test', firstName: half, lastName: 'x\0y', tags: [`t\0 ${half}`], source: 'shopify' }, { email: 'whole@example.test', firstName: 'Whole', source: 'shopify' }])
    expect(await findByEmail(t.app, t.shop.id, 'whole@example.test')).not.toBeNull()
    await insertAll(t.app.db, events, [{ shopId: t.shop.id, id: newId(t.clock.now()), kind: 'deferred', subscriberId: null, messageId: null, verdict: null, linkNo: null, detail: { reason: `\0${half}` }, at: t.clock.now(), day: '2026-01-01', dedupeKey: `half\0${half}` }])
  })

  test('numbers that no column holds are a fault of the asker, not of ours', async () => {
    const campaign = (await t.api(t.shop).post('/api/campaigns', { name: 'n' })).body as Record<string, unknown> & { id: string }
    expect((await t.api(t.shop).put(`/api/campaigns/${campaign.id}`, { ...campaign, version: 1e12 })).status).toBe(422)
    expect((await signup({ email: 'number@example.test', version: 1e12 })).status).toBe(200)
    const form = ((await t.api(t.shop).get('/api/forms')).body as { forms: Record<string, unknown>[] }).forms[0]!
    expect((await t.api(t.shop).put(`/api/forms/${String(form.id)}`, { ...form, version: 1e12 })).status).toBe(422)
    await storeProducts(t.app, t.shop.id, [{ id: '1', title: 'P', handle: 'p', url: null, imageUrl: null, imageAlt: null, vendor: null, productType: null, tags: [], status: 'active', inventory: 9_999_999_990, updatedAt: t.clock.now(), variants: [] }])
    expect(await t.app.db.$count(products, eq(products.shopId, t.shop.id))).toBe(1)
  })

  test('an address is one person, however its letters are written down', () => {
    expect(normaliseEmail(' Jose\u0301@Mu\u0308nchen.example ')).toBe(normaliseEmail('josé@münchen.example'))
    expect(normaliseEmail('a@xn--mnchen-3ya.example')).toBe(normaliseEmail('A@MÜNCHEN.example'))
    expect(normaliseEmail('Plain@Example.com')).toBe('plain@example.com')
  })

  test('a provider’s long answer is read in no time', () => {
    const begun = performance.now()
    withoutAddresses('x'.repeat(2_000_000))
    expect(performance.now() - begun).toBeLessThan(200)
    expect(withoutAddresses('550 <ada@example.test> unknown')).toBe('550 <(address)> unknown')
  })
})

test('no spelling of an address is a fault of ours or leads away from us', async () => {
  for (const path of ['//', '//?shop=a.myshopify.com&embedded=1', '///', '/?host=%25%25', '/campaigns/%ff', '//evil.example/%2f..', '/session-token//?shop=%00', '/%5cevil.example', '/assets/..%2f..%2fpackage.json', '/assets/%00', '/proxy/form?shop=%00&shop=1', '/c/%00/1', '/u/%00']) {
    const answer = await fetch(t.http + path, { redirect: 'manual' })
    expect([path, answer.status < 500, /evil/.test(answer.headers.get('location') ?? '')]).toEqual([path, true, false])
  }
})

describe('two at once', () => {
  const order = (n: number, change: Partial<StoreOrder> = {}): StoreOrder => ({
    id: `o${n}`, name: `#${n}`, customerPlatformId: null, email: 'busy.buyer@example.test', firstName: null, lastName: null, locale: null, country: null, total: 100, currency: 'USD', test: false,
    cancelledAt: null, processedAt: t.clock.now(), updatedAt: t.clock.now(), checkoutToken: null, lines: [], ...change,
  })
  test('orders of one person heard at the same moment are all counted', async () => {
    await upsertSubscribers(t.app, t.shop.id, [{ email: 'busy.buyer@example.test', source: 'order' }])
    await Promise.all(Array.from({ length: 10 }, (_, n) => storeOrders(t.app, t.shop, [order(n)])))
    expect(await findByEmail(t.app, t.shop.id, 'busy.buyer@example.test')).toMatchObject({ ordersCount: 10, totalSpent: 1000 })
    expect(await t.app.db.$count(orders, eq(orders.shopId, t.shop.id))).toBe(10)
  })

  test('of two pieces of news about a product the newer one has the variants', async () => {
    const at = (n: number): Date => new Date(t.clock.now().getTime() + n * 1000)
    const told = (id: string, n: number) => ({
      id, title: `P${n}`, handle: 'p', url: null, imageUrl: null, imageAlt: null, vendor: null, productType: null, tags: [], status: 'active' as const, inventory: 1, updatedAt: at(n),
      variants: [{ id: `${id}-v`, title: 'V', sku: null, price: n, compareAt: null, inventory: 1, available: true }],
    })
    for (let round = 0; round < 15; round++) {
      const id = `race${round}`
      await Promise.all([2, 1].map((n) => storeProducts(t.app, t.shop.id, [told(id, n)])))
      expect(await t.app.db.select({ title: products.title, price: products.priceMin }).from(products).where(and(eq(products.shopId, t.shop.id), eq(products.id, id)))).toEqual([{ title: 'P2', price: 2 }])
    }
  })

  test.runIf(isPostgres)('a connection that breaks in the middle of a transaction fails it and nothing else', async () => {
    await expect(t.app.db.transaction(() => t.app.db.raw('select pg_terminate_backend(pg_backend_pid())'))).rejects.toThrow()
    await new Promise((resolve) => setTimeout(resolve, 50)) // the news of the end comes a moment later
    expect(await t.app.db.raw('select 1 as one')).toEqual([{ one: 1 }])
  })

  test('a queue that was opened takes work from more requests at once than there are connections', async () => {
    const database = await freshDatabase()
    const db = openDatabase(database.url)
    const { migrate } = await import('../app/db/migrate.ts')
    await migrate(db)
    const queue = createQueue({ db, clock: t.clock, log: t.app.log, settings: t.app.settings } as never)
    await queue.open()
    await Promise.all(Array.from({ length: 30 }, (_, n) => db.transaction(async () => {
      await db.raw('select 1')
      await queue.add('sync.reconcile', { shopId: `s${n}` })
    })))
    let ran = 0
    await queue.runDue({ ...t.handlers, 'sync.reconcile': () => Promise.resolve(void ran++) })
    expect(ran).toBe(30)
    await queue.stop()
    await db.close()
    await database.drop()
  })
})

test('a yes that the store tells cannot be raised by telling it once more after a no', async () => {
  const id = await t.addSubscriber(t.shop, { email: 'replay@example.test', consent: 'none' })
  const yes = { subscriberId: id, purpose: 'email_marketing' as const, act: 'granted' as const, basis: 'express_single' as const, method: 'store_event' as const, source: 'Shopify', occurredAt: t.clock.now() }
  await recordConsent(t.app, t.shop.id, [yes])
  t.clock.jump(1000)
  await unsubscribe(t.app, t.shop.id, id, { method: 'one_click', source: 'test' })
  for (let n = 0; n < 3; n++) await recordConsent(t.app, t.shop.id, [yes])
  expect((await newestEntry(t.app, t.shop.id, id))?.state).toBe('unsubscribed')
})
