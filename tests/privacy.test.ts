import { and, eq, getTableColumns, getTableName } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { insertAll } from '../app/db/insert-all.ts'
import { deliveries, events, fields, fieldValues, importChanges, importFindings, importPieces, imports, inbox, messages, orders, privacyRequests, rehearsalPeople, rehearsals, segmentMembers, segments, shops, subscribers, suppressions } from '../app/db/schema.ts'
import { standingOf } from '../app/consent/mailable.ts'
import { newId } from '../app/lib/ids.ts'
import { tablesWith } from '../app/privacy/tables.ts'
import type { Shop } from '../app/shops/shops.ts'
import { upsertSubscribers } from '../app/subscribers/upsert.ts'
import { createCustomer, createProduct, placeOrder, redactCustomer, redactShop, requestData, setConsent, uninstall, updateCustomer } from '../simulator/actions/index.ts'
import type { SimCustomer } from '../simulator/types.ts'
import { pot, pretend, type Pretend } from './pretend.ts'

let p: Pretend
let shop: Shop
let mia: SimCustomer
const address = 'mia.moss.canary@example.com'
const name = 'Miacanary'

beforeAll(async () => {
  p = await pretend({ seed: 40 })
  shop = await p.open()
  await p.readAll(shop)
  const product = createProduct(p.world, p.store, pot(1))
  mia = createCustomer(p.world, p.store, { email: address, firstName: name, country: 'DE', tags: ['vip'], marketing: { state: 'SUBSCRIBED', level: 'CONFIRMED_OPT_IN' } })
  placeOrder(p.world, p.store, { customerId: mia.id, lines: [{ variantId: product.variants[0]!.id, quantity: 2 }] })
  await p.calm()
  const now = p.world.clock.now()
  const messageId = newId(now)
  await p.t.app.db.insert(messages).values({ shopId: shop.id, id: messageId, kind: 'campaign', subject: 'Spring', preheader: '', html: '<p>Hi</p>', text: 'Hi', fromName: 'Moss', fromEmail: 'moss@example.com', replyTo: '', language: 'en', way: 'individual', createdAt: now })
  await p.t.app.db.insert(deliveries).values({ shopId: shop.id, messageId, subscriberId: await idOf(), email: address, state: 'accepted', attempts: 1, createdAt: now, updatedAt: now })
  await known(await idOf(), now)
})
afterAll(() => p.close())

const idOf = async (email = address): Promise<string> => (await p.t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shop.id), eq(subscribers.emailKey, email))))[0]!.id

/** Whatever else a shop comes to know of somebody: fields, an import under way and what it changed, a segment of the store's own, a rehearsal. */
async function known(id: string, now: Date): Promise<void> {
  const { db } = p.t.app
  const of = { shopId: shop.id, createdAt: now, updatedAt: now }
  await db.insert(fields).values({ ...of, id: 'size', name: 'Shoe size', kind: 'text', sensitive: false })
  await db.insert(fieldValues).values({ shopId: shop.id, subscriberId: id, fieldId: 'size', value: `of ${name}`, number: null })
  const file = { ...of, state: 'running', kind: 'people' as const, fileName: 'people.csv', bytes: 100, encoding: 'utf-8', separator: ',', headers: ['Email', 'Name'], counts: {}, piecesDone: 0, linesDone: 0 }
  await db.insert(imports).values({ ...file, id: 'file' })
  await insertAll(db, importPieces, [{ shopId: shop.id, importId: 'file', n: 0, firstLine: 2, content: `one@example.com,One\n"${address.toUpperCase()}","Moss, ${name}"\ntwo@example.com,Two\n` }])
  await insertAll(db, importFindings, [{ shopId: shop.id, importId: 'file', line: 3, kind: 'hint', reason: 'A hint', content: address }])
  await insertAll(db, importChanges, [{ shopId: shop.id, importId: 'file', subscriberId: id, before: { firstName: name }, after: { firstName: name } }])
  await db.insert(segments).values({ ...of, id: 'vip', name: 'VIP', rules: { kind: 'store' }, platformId: '1' })
  await db.insert(segmentMembers).values({ shopId: shop.id, segmentId: 'vip', subscriberId: id })
  const api = p.t.api(shop)
  const { body } = await api.post('/api/campaigns', { name: 'Spring' })
  expect((await api.get(`/api/campaigns/${body.id}/rehearsal`)).status).toBe(200)
  await p.calm()
}

/** Every cell of every table, as text. */
async function everything(): Promise<string> {
  const dumps = await Promise.all([...tablesWith('id'), ...tablesWith('shopId'), inbox].map(async (table) => `${getTableName(table)} ${JSON.stringify(await p.t.app.db.select().from(table))}`))
  return dumps.join('\n')
}

describe('a person asks what is known about them', () => {
  let id = ''
  test('the merchant finds an open case with 30 days and a file with everything', async () => {
    requestData(p.world, p.store, mia.id)
    await p.calm()
    const { requests } = (await p.t.api(shop).get('/api/privacy/requests')).body
    expect(requests).toMatchObject([{ kind: 'data_request', state: 'open', who: 'm***@example.com', hasExport: true, doneAt: null }])
    expect(new Date(requests[0].dueAt).getTime() - new Date(requests[0].receivedAt).getTime()).toBe(30 * 86_400_000)
    id = requests[0].id
    const file = await p.t.api(shop).get(`/api/privacy/requests/${id}/export`)
    expect(file.headers.get('content-disposition')).toContain('attachment')
    const { person } = file.body
    expect(person.subscriber).toMatchObject({ email: address, firstName: name })
    expect(person.consent_entries).toMatchObject([{ state: 'subscribed', basis: 'express_confirmed' }])
    expect(person.orders).toMatchObject([{ total: 2002 }])
    expect(person.order_lines).toMatchObject([{ title: 'Pot 1', quantity: 2 }])
    expect(person.events).toMatchObject([{ kind: 'ordered' }])
    expect(person.deliveries).toMatchObject([{ email: address, state: 'accepted' }])
    expect(person.subscriber_tags).toMatchObject([{ tag: 'vip' }])
  })

  test('it holds every table that knows people', async () => {
    const { person } = (await p.t.api(shop).get(`/api/privacy/requests/${id}/export`)).body
    for (const table of tablesWith('subscriberId')) if (table !== privacyRequests) expect(Object.keys(person)).toContain(getTableName(table))
  })

  test('another shop finds neither the case nor the file', async () => {
    const cleo = p.t.api(p.t.stranger)
    expect((await cleo.get('/api/privacy/requests')).body.requests).toEqual([])
    expect((await cleo.get(`/api/privacy/requests/${id}/export`)).status).toBe(404)
    expect((await cleo.post(`/api/privacy/requests/${id}/done`)).status).toBe(404)
  })

  test('when the merchant has answered, the file is gone', async () => {
    expect((await p.t.api(shop).post(`/api/privacy/requests/${id}/done`)).body.requests).toMatchObject([{ state: 'done', hasExport: false }])
    expect((await p.t.api(shop).get(`/api/privacy/requests/${id}/export`)).status).toBe(404)
    expect((await p.t.api(shop).post(`/api/privacy/requests/${id}/done`)).status).toBe(409)
  })

  test('a person whom we do not know gets an honest, empty file', async () => {
    const stranger = createCustomer(p.world, p.store, { email: null })
    requestData(p.world, p.store, stranger.id)
    await p.calm()
    const { requests } = (await p.t.api(shop).get('/api/privacy/requests')).body
    expect(requests[0]).toMatchObject({ who: 'Unknown to us', hasExport: true })
    expect((await p.t.api(shop).get(`/api/privacy/requests/${requests[0].id}/export`)).body.person).toBeNull()
  })
})

describe('a person asks to be forgotten', () => {
  test('no table holds their address or name any more; orders stay without them', async () => {
    requestData(p.world, p.store, mia.id) // a file about them must go too
    await p.calm()
    expect(await everything()).toContain(address)
    const id = await idOf()
    expect(await p.t.app.db.$count(rehearsalPeople, eq(rehearsalPeople.subscriberId, id))).toBe(1)
    redactCustomer(p.world, p.store, mia.id)
    await p.calm()
    const all = await everything()
    expect(all).not.toContain(address)
    expect(all).not.toContain(name)
    expect(all).not.toContain('m***@')
    expect(all.toLowerCase()).not.toContain(address)
    for (const table of tablesWith('subscriberId')) expect([getTableName(table), await p.t.app.db.$count(table, eq(getTableColumns(table).subscriberId!, id))]).toEqual([getTableName(table), 0])
    const [piece] = await p.t.app.db.select().from(importPieces).where(eq(importPieces.shopId, shop.id))
    expect(piece!.content.split('\n')).toEqual(['one@example.com,One', '', 'two@example.com,Two', '']) // other lines keep their numbers
    expect(await p.t.app.db.select({ forgotten: rehearsals.forgotten, everybody: rehearsals.everybody }).from(rehearsals).where(eq(rehearsals.shopId, shop.id))).toEqual([{ forgotten: 1, everybody: 1 }])
    expect(await p.t.app.db.select({ who: orders.subscriberId }).from(orders).where(eq(orders.shopId, shop.id))).toEqual([{ who: null }])
    expect(await p.t.app.db.$count(events, eq(events.shopId, shop.id))).toBe(0)
    const { requests } = (await p.t.api(shop).get('/api/privacy/requests')).body
    expect(requests.find((request: { kind: string }) => request.kind === 'redact')).toMatchObject({ state: 'done', who: 'Forgotten' })
  })

  test('neither the store’s news, late or new, nor a reading, nor an order brings them back', async () => {
    const again = createCustomer(p.world, p.store, { email: address, firstName: name })
    setConsent(p.world, p.store, again.id, 'SUBSCRIBED', 'CONFIRMED_OPT_IN', p.world.clock.now())
    updateCustomer(p.world, p.store, again.id, { tags: ['x'] })
    placeOrder(p.world, p.store, { customerId: again.id, lines: [{ variantId: [...p.store.products.values()][0]!.variants[0]!.id, quantity: 1 }] })
    await p.calm()
    expect((await p.t.api(shop).post('/api/sync')).status).toBe(200)
    await p.readAll(shop)
    p.world.clock.jump(60_000)
    await p.t.handlers['sync.reconcile']({ shopId: shop.id })
    const all = await everything()
    expect(all).not.toContain(address)
    expect(all).not.toContain(name)
  })

  test('typed into a form by anybody, the address is known again but gets nothing but the question', async () => {
    await upsertSubscribers(p.t.app, shop.id, [{ email: address, source: 'form' }])
    const id = await idOf()
    expect((await standingOf(p.t.app, shop.id, [id])).get(id)).toBe('erased')
    await upsertSubscribers(p.t.app, shop.id, [{ email: address, firstName: name, source: 'shopify' }]) // nor does the store add to it
    expect(await everything()).not.toContain(name)
  })

  test('an address that we never heard of is blocked all the same, so that a reading under way cannot bring it', async () => {
    const before = await p.t.app.db.$count(suppressions, and(eq(suppressions.shopId, shop.id), eq(suppressions.reason, 'erased')))
    const unknown = createCustomer(p.world, p.store, { email: 'never-heard@example.com' })
    await p.calm()
    await p.t.app.db.delete(subscribers).where(and(eq(subscribers.shopId, shop.id), eq(subscribers.emailKey, 'never-heard@example.com')))
    redactCustomer(p.world, p.store, unknown.id)
    await p.calm()
    expect(await p.t.app.db.$count(suppressions, and(eq(suppressions.shopId, shop.id), eq(suppressions.reason, 'erased')))).toBe(before + 1)
    expect((await upsertSubscribers(p.t.app, shop.id, [{ email: 'never-heard@example.com', source: 'shopify' }])).size).toBe(0)
  })
})

describe('a store asks to be forgotten', () => {
  test('every table is empty of it, and the other stores keep what is theirs', async () => {
    await p.t.addSubscriber(p.t.stranger, { email: 'cleos@example.com', consent: 'subscribed' })
    const others = async () => Object.fromEntries(await Promise.all(tablesWith('shopId').map(async (table) => [getTableName(table), await p.t.app.db.$count(table, eq(getTableColumns(table).shopId!, p.t.stranger.id))])))
    const before = await others()
    expect(before.subscribers).toBe(1)
    p.world.clock.jump(1_000)
    uninstall(p.world, p.store)
    await p.calm()
    expect(await p.t.app.db.$count(subscribers, eq(subscribers.shopId, shop.id))).toBeGreaterThan(0) // until the store says so
    p.world.clock.jump(48 * 3_600_000)
    redactShop(p.world, p.store)
    await p.calm()
    for (const table of tablesWith('shopId')) expect([getTableName(table), await p.t.app.db.$count(table, eq(getTableColumns(table).shopId!, shop.id))]).toEqual([getTableName(table), 0])
    expect(await p.t.app.db.$count(shops, eq(shops.id, shop.id))).toBe(0)
    expect(await everything()).not.toContain(p.store.domain)
    expect(await others()).toEqual(before)
  })

  test('coming back afterwards is a new start', async () => {
    const back = await p.open()
    expect(back.id).not.toBe(shop.id)
    expect((await p.t.api(back).get('/api/privacy/requests')).body.requests).toEqual([])
  })

  test('a store that came back before that is not forgotten', async () => {
    const back = await p.open()
    await p.readAll(back)
    p.world.clock.jump(1_000)
    uninstall(p.world, p.store)
    await p.calm()
    const at = p.world.clock.now()
    p.world.clock.jump(1_000)
    const again = await p.open()
    await p.t.app.db.insert(inbox).values({ source: 'shopify', deliveryId: 'late-redact', shopDomain: p.store.domain, topic: 'shop/redact', body: '{}', triggeredAt: at, receivedAt: p.world.clock.now(), state: 'waiting', nextAt: p.t.clock.now(), attempts: 0 })
    await p.t.handlers['inbox.work']({})
    await p.calm()
    expect(await p.t.app.db.$count(shops, eq(shops.id, again.id))).toBe(1)
  })
})
