import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { campaigns, fields, products, purchases, segments, shopSettings, subscribers, suppressions } from '../app/db/schema.ts'
import { storeOrderLines, storeOrders } from '../app/events/orders.ts'
import { addressHash } from '../app/lib/crypto.ts'
import { after, DAY } from '../app/lib/clock.ts'
import { newId } from '../app/lib/ids.ts'
import type { StoreOrder } from '../app/platforms/platform.ts'
import { condition, readyMade, segmentChoices, segmentCount, segmentView, type Condition, type SegmentRules } from '../app/segments/contract.ts'
import { segmentsOf } from '../app/segments/membership.ts'
import { cutPointsOf, groupOf, measureBuyersOf } from '../app/segments/rfm.ts'
import { segmentSentence, type Names } from '../app/segments/sentence.ts'
import { readRules } from '../app/segments/upgrade.ts'
import { startOfDay } from '../app/segments/when.ts'
import { eraseSubscriber } from '../app/subscribers/erase.ts'
import { mergeSubscribers } from '../app/subscribers/merge.ts'
import { testApp, type TestApp } from './app.ts'
import { all, any, before, bought, country, ever, last, mailable, none, tag } from './segment.ts'

let t: TestApp
let people: Record<'ina' | 'blocked' | 'plain', string>
beforeAll(async () => {
  t = await testApp()
  people = {
    ina: await t.addSubscriber(t.shop, { email: 'in@example.com', firstName: 'Ina', lastName: 'Lund', country: 'DE', consent: 'subscribed', platformId: '501' }),
    blocked: await t.addSubscriber(t.shop, { email: 'blocked@example.com', country: 'DE', consent: 'subscribed' }),
    plain: await t.addSubscriber(t.shop, { email: 'no_one@example.com', country: 'DE' }),
  }
  await t.app.db.insert(suppressions).values({ shopId: t.shop.id, addressHash: addressHash(t.app.settings.keys, t.shop.id, 'blocked@example.com'), reason: 'bounced', createdAt: t.clock.now() })
})
afterAll(() => t.close())

const order = (id: string, customerPlatformId: string, over: Partial<StoreOrder> = {}): StoreOrder => ({
  id, name: `#${id}`, customerPlatformId, email: null, firstName: null, lastName: null, locale: null, country: null, total: 1000, currency: 'USD', test: false, cancelledAt: null,
  processedAt: after(t.clock.now(), -3 * DAY), updatedAt: t.clock.now(), checkoutToken: null, lines: [{ id: `${id}1`, productId: '1', variantId: null, title: 'Pot', quantity: 2, price: 500 }], ...over,
})
const boughtOf = (subscriberId: string) => t.app.db.select().from(purchases).where(and(eq(purchases.shopId, t.shop.id), eq(purchases.subscriberId, subscriberId))).orderBy(purchases.productId)

describe('segments', () => {
  it('can be made, counted, changed and deleted', async () => {
    const api = t.api(t.shop)
    const rules = all(country('DE'), { kind: 'orders', op: 'at_most', value: 0, period: ever })
    const made = await api.post('/api/segments', { name: ' Germans ', rules })
    expect(made).toMatchObject({ status: 200, body: { name: 'Germans', platform: false, people: 3, mailable: 1, sentence: 'is in Germany and never ordered', rules, fault: null } })
    segmentView.parse(made.body)
    const counted = await api.post('/api/segments/count', { rules })
    expect(segmentCount.parse(counted.body)).toMatchObject({ people: 3, mailable: 1, sample: expect.arrayContaining([{ id: people.ina, email: 'in@example.com', name: 'Ina Lund' }]) as unknown })
    expect((await api.put(`/api/segments/${made.body.id}`, { name: 'Mailable', rules: all(mailable) })).body).toMatchObject({ name: 'Mailable', people: 1, mailable: 1 })
    expect((await api.get('/api/segments')).body.segments).toHaveLength(1)
    expect((await api.delete(`/api/segments/${made.body.id}`)).status).toBe(200)
    expect((await api.get(`/api/segments/${made.body.id}`)).status).toBe(404)
  })

  it('are not deleted while a scheduled campaign needs them or another segment asks about them', async () => {
    const api = t.api(t.shop)
    const made = await api.post('/api/segments', { name: 'Needed', rules: all(tag('x')) })
    const now = t.clock.now()
    const campaign = { shopId: t.shop.id, id: newId(now), name: 'Spring', subject: 's', preheader: '', content: { blocks: [] }, audience: { kind: 'segment', segmentId: made.body.id }, status: 'scheduled', version: 1, createdAt: now, updatedAt: now }
    await t.app.db.insert(campaigns).values(campaign)
    expect(await api.delete(`/api/segments/${made.body.id}`)).toMatchObject({ status: 409, body: { error: { message: expect.stringContaining('Spring') as unknown } } })
    await t.app.db.update(campaigns).set({ status: 'draft' }).where(and(eq(campaigns.shopId, t.shop.id), eq(campaigns.id, campaign.id)))
    const outer = await api.post('/api/segments', { name: 'Outer', rules: all({ kind: 'segment', in: false, segmentId: made.body.id }) })
    expect(outer.body).toMatchObject({ sentence: 'is not in the segment “Needed”', people: 3 })
    expect(await api.delete(`/api/segments/${made.body.id}`)).toMatchObject({ status: 409, body: { error: { message: expect.stringContaining('Outer') as unknown } } })
    for (const id of [outer.body.id, made.body.id]) expect((await api.delete(`/api/segments/${id}`)).status).toBe(200)
    expect(await t.app.db.$count(segments, eq(segments.shopId, t.shop.id))).toBe(0)
  })

  it('never run in a circle: saving one that leads back to itself is refused, naming the condition and the other segment', async () => {
    const api = t.api(t.shop)
    const a = (await api.post('/api/segments', { name: 'A', rules: all(tag('a')) })).body.id as string
    const b = (await api.post('/api/segments', { name: 'B', rules: all({ kind: 'segment', in: true, segmentId: a }) })).body.id as string
    const self = await api.put(`/api/segments/${a}`, { name: 'A', rules: any(tag('a'), { kind: 'segment', in: true, segmentId: a }) })
    expect(self).toMatchObject({ status: 422, body: { error: { fields: { 'rules.rules.1.segmentId': 'a segment cannot ask about itself' } } } })
    const round = await api.put(`/api/segments/${a}`, { name: 'A', rules: all(none({ kind: 'segment', in: true, segmentId: b })) })
    expect(round).toMatchObject({ status: 422, body: { error: { fields: { 'rules.rules.0.rules.0.segmentId': expect.stringContaining('“B”') as unknown } } } })
    // Two who saved at the same moment could still have made one: then it is said, and nobody is in it.
    await t.app.db.update(segments).set({ rules: all({ kind: 'segment', in: true, segmentId: b }) }).where(and(eq(segments.shopId, t.shop.id), eq(segments.id, a)))
    expect((await api.get(`/api/segments/${a}`)).body).toMatchObject({ people: 0, fault: expect.stringContaining('leads back to itself') as unknown })
    await t.app.db.delete(segments).where(eq(segments.shopId, t.shop.id))
  })

  it('refuse rules that make no sense, naming the field', async () => {
    const api = t.api(t.shop)
    const deep = all(any(none(all(tag('x')))))
    const wrong: unknown[] = [all(), all(bought(last(0))), { kind: 'group', match: 'some', rules: [tag('x')] }, all(tag(' ')), null, deep, all(bought({ kind: 'between', from: '2026-02-02', to: '2026-02-01' })), { match: 'all', conditions: [] }]
    for (const rules of wrong) {
      const reply = await api.post('/api/segments/count', { rules })
      expect([rules, reply.status]).toEqual([rules, 422])
      expect(Object.keys(reply.body.error.fields)).not.toEqual([])
    }
  })

  it('ask no sensitive fields and none that are gone, and say so when a field became either', async () => {
    const api = t.api(t.shop)
    const now = t.clock.now()
    const field = { shopId: t.shop.id, id: newId(now), name: 'Skin', kind: 'text' as const, sensitive: false, createdAt: now, updatedAt: now }
    const number = { ...field, id: newId(now), name: 'Size', kind: 'number' as const }
    await t.app.db.insert(fields).values([field, number])
    const rules = all({ kind: 'field', fieldId: field.id, op: 'is_not', value: 'dry' })
    const made = await api.post('/api/segments', { name: 'Not dry', rules })
    expect(made.body).toMatchObject({ people: 3, sentence: '“Skin” is not “dry”' })
    expect(await api.post('/api/segments/count', { rules: all({ kind: 'field', fieldId: number.id, op: 'at_least', value: 'many' }) })).toMatchObject({ status: 422, body: { error: { fields: { 'rules.rules.0.value': 'is not a number' } } } })
    expect(await api.post('/api/segments/count', { rules: all({ kind: 'field', fieldId: number.id, op: 'contains', value: '4' }) })).toMatchObject({ status: 422, body: { error: { fields: { 'rules.rules.0.op': '“Size” is no text' } } } })
    await t.app.db.update(fields).set({ sensitive: true }).where(and(eq(fields.shopId, t.shop.id), eq(fields.id, field.id)))
    expect((await api.post('/api/segments/count', { rules })).body.error.fields['rules.rules.0.fieldId']).toContain('sensitive')
    expect((await api.get(`/api/segments/${made.body.id}`)).body).toMatchObject({ people: 0, mailable: 0, fault: expect.stringContaining('sensitive') as unknown })
    expect(await segmentsOf(t.app, t.shop, people.ina)).toEqual([])
    expect((await api.get('/api/segments/choices')).body.fields).toEqual([{ id: number.id, name: 'Size', kind: 'number' }])
    await t.app.db.delete(fields).where(eq(fields.shopId, t.shop.id))
    expect((await api.get('/api/segments')).body.segments[0].fault).toContain('not there any more')
    await t.app.db.delete(segments).where(eq(segments.shopId, t.shop.id))
  })

  it('take what is typed as words, never as SQL', async () => {
    const api = t.api(t.shop)
    for (const text of ["'; drop table segments; --", '" or 1=1', '\\', '%', '_', '${x}', "x' or '1'='1", ':person', '?', '$1', 'a!%']) {
      const conditions: Condition[] = [tag(text), { kind: 'signed_up', did: true, formId: text.slice(0, 40), period: ever }, { kind: 'bought', did: true, what: { kind: 'category', category: text }, times: 2, period: ever }, { kind: 'bought', did: true, what: { kind: 'products', productIds: [text] }, times: 1, period: last(3) }, { kind: 'opened', did: true, campaignId: text, times: 2, period: before(3) }, { kind: 'got', did: true, campaignId: text, period: last(9) }]
      for (const one of conditions) expect((await api.post('/api/segments/count', { rules: all(one) })).body).toMatchObject({ people: 0 })
      const none = await api.post('/api/segments/explain', { rules: all(mailable), q: text })
      expect([text, none.status, none.body.people.map((p: { email: string }) => p.email)]).toEqual([text, 200, text === '_' ? ['no_one@example.com'] : []])
      expect((await api.get(`/api/segments/choices?q=${encodeURIComponent(text)}`)).status).toBe(200)
    }
    expect((await api.post('/api/segments/count', { rules: all(country("'x")) })).body).toMatchObject({ people: 0 })
  })

  it("are nobody else's business: Cleo finds none of Ada's and cannot touch them", async () => {
    const mine = await t.api(t.shop).post('/api/segments', { name: 'Mine', rules: all(country('DE')) })
    const cleo = t.api(t.stranger)
    expect((await cleo.get('/api/segments')).body.segments).toEqual([])
    expect((await cleo.get(`/api/segments/${mine.body.id}`)).status).toBe(404)
    expect((await cleo.put(`/api/segments/${mine.body.id}`, { name: 'Hers', rules: mine.body.rules })).status).toBe(404)
    expect((await cleo.delete(`/api/segments/${mine.body.id}`)).status).toBe(404)
    expect((await cleo.post('/api/segments/count', { rules: mine.body.rules })).body).toMatchObject({ people: 0, sample: [] })
    expect((await cleo.post('/api/segments/explain', { rules: mine.body.rules, q: 'in@example.com' })).body.people).toEqual([])
    expect((await cleo.post('/api/segments', { name: 'Hers', rules: all({ kind: 'segment', in: true, segmentId: mine.body.id }) })).status).toBe(422)
    expect((await cleo.get('/api/segments/choices')).body).toMatchObject({ segments: [], countries: [], tags: [], currency: 'EUR' })
    expect(await segmentsOf(t.app, t.stranger, people.ina)).toEqual([])
    expect((await segmentsOf(t.app, t.shop, people.ina)).map((one) => one.name)).toEqual(['Mine'])
    expect((await t.api(t.shop).delete(`/api/segments/${mine.body.id}`)).status).toBe(200)
  })
})

describe('what people bought', () => {
  it('is counted anew with each order: tests and cancelled orders never, lines that come later too, merged and forgotten people as well', async () => {
    await storeOrders(t.app, t.shop, [order('1', '501'), order('2', '501', { processedAt: after(t.clock.now(), -200 * DAY) }), order('3', '501', { test: true }), order('4', '501', { cancelledAt: t.clock.now() })])
    expect(await boughtOf(people.ina)).toMatchObject([{ productId: '1', orders: 2, quantity: 4, firstAt: after(t.clock.now(), -200 * DAY), lastAt: after(t.clock.now(), -3 * DAY) }])
    await storeOrders(t.app, t.shop, [order('1', '501'), order('2', '501', { cancelledAt: t.clock.now() })]) // told again, and the other was cancelled since
    expect(await boughtOf(people.ina)).toMatchObject([{ productId: '1', orders: 1, quantity: 2 }])
    await storeOrderLines(t.app, t.shop.id, [{ parentId: '1', item: { id: '19', productId: '2', variantId: null, title: 'Fern', quantity: 3, price: 100 } }], t.clock.now())
    expect(await boughtOf(people.ina)).toMatchObject([{ productId: '1', orders: 1 }, { productId: '2', orders: 1, quantity: 3 }])
    const twin = await t.addSubscriber(t.shop, { email: 'twin@example.com', platformId: '502' })
    await storeOrders(t.app, t.shop, [order('5', '502')])
    await mergeSubscribers(t.app, t.shop.id, people.ina, twin)
    expect(await boughtOf(twin)).toEqual([])
    expect((await boughtOf(people.ina))[0]).toMatchObject({ productId: '1', orders: 2, quantity: 4 })
    const [ina] = await t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, people.ina)))
    expect(ina).toMatchObject({ ordersCount: 2, totalSpent: 2000 })
    const gone = await t.addSubscriber(t.shop, { email: 'gone@example.com', platformId: '503' })
    await storeOrders(t.app, t.shop, [order('6', '503')])
    await eraseSubscriber(t.app, t.shop.id, gone)
    expect(await boughtOf(gone)).toEqual([])
    expect(await t.app.db.$count(purchases, and(eq(purchases.shopId, t.stranger.id)))).toBe(0)
  })
})

describe('why somebody is in or out', () => {
  const ask = async (rules: SegmentRules, q: string) => (await t.api(t.shop).post('/api/segments/explain', { rules, q })).body.people[0] as { in: boolean; sentence: string; parts: { sentence: string; holds: boolean; fact: string }[] }

  it('is said in one sentence, with every condition beside it', async () => {
    const rules = all(bought(ever, 2), bought(last(90), 1, false), mailable)
    expect(await ask(rules, 'Ina')).toMatchObject({ in: false, sentence: 'Ina is out: ordered 3 days ago', parts: [{ sentence: 'bought at least 2 times', holds: true, fact: 'ordered 2 times' }, { sentence: 'did not buy in the last 90 days', holds: false }, { sentence: 'may be mailed', holds: true }] })
    expect(await ask(all(bought(ever, 2), mailable), 'in@example.com')).toMatchObject({ in: true, sentence: 'Ina is in: bought at least 2 times and may be mailed' })
    expect((await ask(all(mailable), 'blocked')).sentence).toMatch(/^blocked@example.com is out: may not be mailed \(/)
    expect((await ask(any(country('FR'), tag('vip')), 'ina')).sentence).toBe('Ina is out: is in Germany and does not have the tag “vip”')
    expect((await ask(none(country('DE')), 'ina')).sentence).toBe('Ina is out: is in Germany')
    expect((await ask(all(none(country('FR'), tag('vip')), bought(before(9))), 'no_one')).sentence).toBe('no_one@example.com is out: never ordered')
  })

  it('is asked of people whose address or name holds the letters; an exact address means one person', async () => {
    const found = async (q: string): Promise<string[]> => (await t.api(t.shop).post('/api/segments/explain', { rules: all(mailable), q })).body.people.map((p: { email: string }) => p.email)
    expect(await found('EXAMPLE.com')).toEqual(['blocked@example.com', 'in@example.com', 'no_one@example.com'])
    expect(await found('ina lu')).toEqual(['in@example.com'])
    expect(await found('nobody at all')).toEqual([])
    expect((await t.api(t.shop).post('/api/segments/explain', { rules: all(mailable), q: ' ' })).status).toBe(422)
  })
})

describe('what is offered', () => {
  it('are the things of this shop, and ready-made segments with how many people are in them now', async () => {
    const now = t.clock.now()
    await t.app.db.insert(products).values(['Fern pot', 'Moss'].map((title, i) => ({ shopId: t.shop.id, id: String(i + 1), title, handle: title, vendor: 'Acme', productType: i ? 'Plants' : 'Pots', tags: [], status: 'active', currency: 'USD', available: true, platformUpdatedAt: now })))
    const choices = segmentChoices.parse((await t.api(t.shop).get('/api/segments/choices?q=POT')).body)
    expect(choices).toMatchObject({ products: [{ id: '1', title: 'Fern pot' }], categories: ['Plants', 'Pots'], vendors: ['Acme'], countries: ['DE'], currency: 'USD', buyerGroups: { measured: false, words: expect.stringContaining('Not enough data yet') as unknown } })
    const made = (await t.api(t.shop).get('/api/segments/ready-made')).body.segments as unknown[]
    const byKey = new Map(made.map((one) => readyMade.parse(one)).map((one) => [one.key, one]))
    expect([...byKey.keys()]).toEqual(expect.arrayContaining(['new', 'loyal', 'at_risk', 'lapsed', 'big_spenders', 'never_bought', 'engaged_30', 'engaged_90', 'win_back']))
    expect(byKey.get('never_bought')).toMatchObject({ people: 2, mailable: 0, sentence: 'never ordered' })
    expect(byKey.get('win_back')).toMatchObject({ people: 0, sentence: 'bought at least 2 times and did not buy in the last 90 days and may be mailed' })
    for (const { name, rules } of byKey.values()) expect((await t.api(t.shop).post('/api/segments', { name, rules })).status).toBe(200)
    await t.app.db.delete(segments).where(eq(segments.shopId, t.shop.id))
  })
})

describe('buyer groups', () => {
  it('are cut where this shop\u2019s buyers lie, once there are enough of them', async () => {
    expect((await measureBuyersOf(t.app, t.stranger.id)).measured).toBe(false)
    const now = t.clock.now()
    const rows = Array.from({ length: 60 }, (_, i) => ({ shopId: t.stranger.id, id: newId(now), email: `b${i}@example.com`, emailKey: `b${i}@example.com`, addressHash: `hash${i}`, source: 'order', ordersCount: 1 + Math.floor(i / 12), totalSpent: 100 * i, firstOrderAt: after(now, -400 * DAY), lastOrderAt: after(now, -(60 - i) * DAY), createdAt: now, updatedAt: now }))
    await t.app.db.insert(subscribers).values(rows)
    const cuts = await measureBuyersOf(t.app, t.stranger.id)
    expect(cuts).toMatchObject({ measured: true, buyers: 60, orders: [2, 3, 4, 5], money: [1200, 2400, 3600, 4800], recency: [12, 24, 36, 48] })
    expect(await cutPointsOf(t.app, t.stranger.id)).toMatchObject(cuts)
    expect([...new Set(rows.map((row) => groupOf(row, cuts, now)))].toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(['at_risk', 'champions', 'lapsed', 'promising'])
    const count = async (group: 'champions' | 'at_risk'): Promise<number> => (await t.api(t.stranger).post('/api/segments/count', { rules: all({ kind: 'buyer_group', is: true, groups: [group] }) })).body.people as number
    for (const group of ['champions', 'at_risk'] as const) expect(await count(group)).toBe(rows.filter((row) => groupOf(row, cuts, now) === group).length)
    await t.app.db.delete(subscribers).where(eq(subscribers.shopId, t.stranger.id))
    await t.app.db.update(shopSettings).set({ rfm: null }).where(eq(shopSettings.shopId, t.stranger.id))
  })
})

describe('segments that were stored before rules were a tree', () => {
  it('mean what they meant, and are shown in the new shape', async () => {
    const old = { match: 'any', conditions: [{ kind: 'bought', did: false, days: 30 }, { kind: 'opened', did: true, days: 7 }, { kind: 'country', is: false, countries: ['DE'] }, { kind: 'tag', has: true, tag: 'vip' }, { kind: 'orders_count', op: 'exactly', value: 0 }, { kind: 'total_spent', op: 'at_most', value: 500 }] }
    const anyMail = { campaignId: null, times: 1 }
    expect(readRules(old)).toEqual(any(bought(last(30), 1, false), { kind: 'opened', did: true, ...anyMail, period: last(7) }, { kind: 'country', is: false, countries: ['DE'] }, tag('vip'), { kind: 'orders', op: 'exactly', value: 0, period: ever }, { kind: 'spent', op: 'at_most', value: 500, period: ever }))
    const now = t.clock.now()
    const id = newId(now)
    await t.app.db.insert(segments).values({ shopId: t.shop.id, id, name: 'Old', rules: old, createdAt: now, updatedAt: now })
    expect((await t.api(t.shop).get(`/api/segments/${id}`)).body).toMatchObject({ rules: readRules(old), people: 2 })
    await t.app.db.delete(segments).where(eq(segments.shopId, t.shop.id))
    for (const broken of [{ match: 'all', conditions: [{ kind: 'bought', did: true, days: 0 }] }, { match: 'all' }, null, { kind: 'store' }]) expect(() => readRules(broken)).toThrow()
  })
})

describe('periods', () => {
  it.each([['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z'], ['2026-03-30', 'Europe/Berlin', '2026-03-29T22:00:00.000Z'], ['2026-11-01', 'America/Los_Angeles', '2026-11-01T07:00:00.000Z'], ['2026-06-01', 'Asia/Kathmandu', '2026-05-31T18:15:00.000Z'], ['2026-06-01', 'Pacific/Kiritimati', '2026-05-31T10:00:00.000Z'], ['2026-06-01', 'Nowhere/At_All', '2026-06-01T00:00:00.000Z']])('the day %s in %s begins at %s', (day, zone, at) => {
    expect(startOfDay(day, zone).toISOString()).toBe(at)
  })
})

describe('the sentence of a segment', () => {
  const names: Names = { currency: 'USD', products: new Map([['1', 'Fern pot']]), fields: new Map([['f', { name: 'Skin', kind: 'text' }], ['d', { name: 'Birthday', kind: 'date' }]]), forms: new Map([['p', 'Pop-up']]), campaigns: new Map([['c', 'Spring']]), segments: new Map([['s', 'VIPs']]) }
  it.each<[unknown, string]>([
    [bought(last(90)), 'bought in the last 90 days'],
    [bought(last(1), 1, false), 'did not buy in the last day'],
    [bought(before(30), 2), 'bought at least 2 times more than 30 days ago'],
    [{ kind: 'bought', did: true, what: { kind: 'products', productIds: ['1', '9'] }, period: { kind: 'between', from: '2026-03-01', to: '2026-03-31' } }, 'bought “Fern pot” or (not there any more) from 1 March 2026 to 31 March 2026'],
    [{ kind: 'bought', did: false, what: { kind: 'category', category: 'Pots' }, period: ever }, 'did not buy from the category “Pots”'],
    [{ kind: 'opened', did: true, campaignId: null, period: last(30) }, 'opened a mail in the last 30 days'],
    [{ kind: 'clicked', did: false, campaignId: 'c', period: ever }, 'did not click in “Spring”'],
    [{ kind: 'got', did: false, campaignId: null, period: last(7) }, 'did not get a mail in the last 7 days'],
    [country('DE', 'FR'), 'is in Germany or France'],
    [{ kind: 'country', is: false, countries: ['DE', 'FR', 'IT', 'ES', 'PT'] }, 'is not in Germany, France, Italy or 2 more countries'],
    [{ kind: 'language', is: true, languages: ['de', 'pt-BR'] }, 'reads German or Brazilian Portuguese'],
    [tag('vip', false), 'does not have the tag “vip”'],
    [{ kind: 'field', fieldId: 'd', op: 'at_least', value: '2026-01-02' }, '“Birthday” is on or after 2 January 2026'],
    [{ kind: 'field', fieldId: 'f', op: 'unknown' }, '“Skin” is not known'],
    [{ kind: 'orders', op: 'at_least', value: 2, period: ever }, 'ordered at least 2 times'],
    [{ kind: 'orders', op: 'exactly', value: 0, period: ever }, 'never ordered'],
    [{ kind: 'orders', op: 'at_most', value: 0, period: last(30) }, 'did not order in the last 30 days'],
    [{ kind: 'spent', op: 'at_least', value: 10_050, period: ever }, 'spent at least $100.50'],
    [{ kind: 'last_order', period: before(90) }, 'last ordered more than 90 days ago'],
    [{ kind: 'consent', is: true, bases: ['express_confirmed'] }, 'agreed in a form and confirmed it'],
    [{ kind: 'source', is: true, sources: ['import', 'manual'] }, 'came by an import or by hand'],
    [{ kind: 'signed_up', did: true, formId: 'p', period: ever }, 'signed up by the form “Pop-up”'],
    [{ kind: 'buyer_group', is: true, groups: ['at_risk', 'lapsed'] }, 'is a buyer at risk or a lapsed buyer'],
    [{ kind: 'segment', in: false, segmentId: 's' }, 'is not in the segment “VIPs”'],
  ])('says %j as "%s"', (one, words) => {
    expect(segmentSentence(all(condition.parse(one)), names)).toBe(words)
  })

  it('joins conditions as they are joined, with brackets where they matter', () => {
    const [a, b] = [bought(last(90)), country('DE')]
    expect(segmentSentence(all(a, b), names)).toBe('bought in the last 90 days and is in Germany')
    expect(segmentSentence(any(a, b), names)).toBe('bought in the last 90 days or is in Germany')
    expect(segmentSentence(all(any(a, b), any(tag('x'), tag('y'))), names)).toBe('(bought in the last 90 days or is in Germany) and (has the tag “x” or has the tag “y”)')
    expect(segmentSentence(all(mailable, none(a, b)), names)).toBe('may be mailed and none of (bought in the last 90 days, is in Germany)')
    expect(segmentSentence(none(a), names)).toBe('did not buy in the last 90 days')
    expect(segmentSentence(any(all(a, b)), names)).toBe('bought in the last 90 days and is in Germany')
  })
})
