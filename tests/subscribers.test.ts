import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standingOf } from '../app/consent/mailable.ts'
import { newestEntry, recordConsent } from '../app/consent/record.ts'
import { attributions, consentEntries, consentWriteBacks, deliveries, events, links, messages, orders, subscriberAliases, subscribers, subscriberTags, suppressions } from '../app/db/schema.ts'
import { appendEvents } from '../app/events/append.ts'
import { DAY } from '../app/lib/clock.ts'
import { newId } from '../app/lib/ids.ts'
import type { Shop } from '../app/shops/shops.ts'
import { eraseSubscriber } from '../app/subscribers/erase.ts'
import { findByEmail, findByPlatformId } from '../app/subscribers/find.ts'
import { mergeSubscribers } from '../app/subscribers/merge.ts'
import { upsertSubscribers, type SubscriberInput } from '../app/subscribers/upsert.ts'
import { testApp, type TestApp } from './app.ts'

let t: TestApp
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())

const upsert = (rows: SubscriberInput[], shop: Shop = t.shop) => upsertSubscribers(t.app, shop.id, rows)
const row = async (id: string, shop: Shop = t.shop) => (await t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shop.id), eq(subscribers.id, id))))[0]
const tagsOf = async (id: string) => (await t.app.db.select().from(subscriberTags).where(and(eq(subscriberTags.shopId, t.shop.id), eq(subscriberTags.subscriberId, id))).orderBy(subscriberTags.tag)).map((r) => r.tag)
const minute = (n: number): Date => new Date(Date.UTC(2026, 4, 3, 10, n))

/** Gives a person something in every table that knows people. */
async function livedIn(id: string, email: string, shop: Shop = t.shop): Promise<{ campaign: string; confirmation: string; order: string }> {
  const now = t.clock.now()
  const [campaign, confirmation, order] = [newId(now), newId(now), newId(now)]
  for (const [messageId, kind] of [[campaign, 'campaign'], [confirmation, 'confirmation']] as const) {
    await t.app.db.insert(messages).values({ shopId: shop.id, id: messageId, kind, subject: 'Spring sale', preheader: '', html: kind === 'confirmation' ? `for ${id}` : '', text: '', fromName: 'Ada', fromEmail: 'ada@example.test', replyTo: '', language: 'en', way: 'individual', createdAt: now })
    await t.app.db.insert(links).values({ shopId: shop.id, messageId, n: 1, url: 'https://example.test/pots', label: 'Pots' })
    await t.app.db.insert(deliveries).values({ shopId: shop.id, messageId, subscriberId: id, email, state: 'accepted', attempts: 1, acceptedAt: now, createdAt: now, updatedAt: now })
  }
  await t.app.db.insert(orders).values({ shopId: shop.id, id: order, name: '#1001', subscriberId: id, total: 4200, currency: 'USD', test: false, processedAt: now, day: '2026-05-03', platformUpdatedAt: now })
  await t.app.db.insert(attributions).values({ shopId: shop.id, orderId: order, messageId: campaign, subscriberId: id, clickedAt: now, orderedAt: now })
  await appendEvents(t.app, shop.id, [
    { kind: 'opened', subscriberId: id, messageId: campaign, verdict: 'machine', at: now, dedupeKey: `o${id}` },
    { kind: 'clicked', subscriberId: id, messageId: campaign, verdict: 'human', linkNo: 1, at: now, dedupeKey: `c${id}` },
  ])
  await upsertSubscribers(t.app, shop.id, [{ email, source: 'shopify', tags: ['vip'] }])
  return { campaign, confirmation, order }
}

describe('adding and changing people', () => {
  test('one row per shop and address, however it is written; it is shown as first typed', async () => {
    const first = await upsert([{ email: ' Ada.L@Example.test', source: 'form' }, { email: 'ada.l@example.TEST ', firstName: 'Ada', source: 'shopify' }])
    const again = await upsert([{ email: 'ADA.L@example.test', lastName: 'Lovelace', source: 'order' }])
    expect([...first]).toEqual([...again])
    expect(await row([...first.values()][0]!)).toMatchObject({ emailKey: 'ada.l@example.test', firstName: 'Ada', lastName: 'Lovelace', source: 'form' })
    const theirs = await upsert([{ email: 'ada.l@example.test', source: 'shopify' }], t.stranger)
    expect([...theirs.values()][0]).not.toBe([...first.values()][0])
    expect((await row([...theirs.values()][0]!, t.stranger))?.firstName).toBeNull()
  })

  test('older news never overwrites newer, and what is not told is not wiped', async () => {
    const [id] = (await upsert([{ email: 'grace@example.test', firstName: 'Grace', country: 'US', platformId: '5', tags: ['a', 'b', 'b'], source: 'shopify', platformUpdatedAt: minute(5) }])).values()
    await upsert([{ email: 'grace@example.test', firstName: 'Old', tags: ['old'], source: 'shopify', platformUpdatedAt: minute(4) }])
    await upsert([{ email: 'grace@example.test', firstName: null, tags: null, source: 'shopify', platformUpdatedAt: minute(6) }])
    expect([await row(id!), await tagsOf(id!)]).toMatchObject([{ firstName: 'Grace', country: 'US', platformId: '5' }, ['a', 'b']])
    await upsert([{ email: 'grace@example.test', firstName: 'Amazing', tags: [], source: 'shopify', platformUpdatedAt: minute(7) }])
    expect([await row(id!), await tagsOf(id!)]).toMatchObject([{ firstName: 'Amazing' }, []])
  })

  test('a customer with a new address keeps their row; if somebody has that address already, the number moves there', async () => {
    const [id] = (await upsert([{ email: 'before@example.test', platformId: '9', source: 'shopify', platformUpdatedAt: minute(1) }])).values()
    await upsert([{ email: 'after@example.test', platformId: '9', source: 'shopify', platformUpdatedAt: minute(2) }])
    expect([(await findByEmail(t.app, t.shop.id, 'After@example.test'))?.id, await findByEmail(t.app, t.shop.id, 'before@example.test')]).toEqual([id, null])
    const [other] = (await upsert([{ email: 'other@example.test', source: 'form' }])).values()
    await upsert([{ email: 'other@example.test', platformId: '9', source: 'shopify', platformUpdatedAt: minute(3) }])
    expect([(await findByPlatformId(t.app, t.shop.id, '9'))?.id, (await row(id!))?.platformId]).toEqual([other, null])
    expect(await findByPlatformId(t.app, t.stranger.id, '9')).toBeNull()
  })

  test('ten people or five hundred: the same few statements; two batches with the same people at once do no harm', async () => {
    const people = (n: number, from: string): SubscriberInput[] => Array.from({ length: n }, (_, i) => ({ email: `${from}${i}@example.test`, platformId: `${from}${i}`, tags: ['x'], source: 'shopify' }))
    const cost = async (rows: SubscriberInput[]): Promise<number> => {
      const before = t.app.db.statements()
      await upsert(rows)
      return t.app.db.statements() - before
    }
    expect(await cost(people(500, 'many'))).toBe(await cost(people(10, 'few')))
    const [a, b] = await Promise.all([upsert(people(200, 'race')), upsert(people(200, 'race').toReversed())])
    expect(a).toEqual(b)
  })
})

describe('forgetting a person', () => {
  test('nothing of them is left in any table, and no sync brings them back; a form does, and they get nothing before they confirm', async () => {
    const email = 'planted-person@example.test'
    const id = await t.addSubscriber(t.shop, { email, firstName: 'Planted', consent: 'subscribed', tracking: 'subscribed' })
    const theirs = await t.addSubscriber(t.stranger, { email, consent: 'subscribed' })
    const had = await livedIn(id, email)
    expect(await eraseSubscriber(t.app, t.stranger.id, id)).toBe(false)
    expect(await eraseSubscriber(t.app, t.shop.id, id)).toBe(true)
    const everything = JSON.stringify(await Promise.all([subscribers, subscriberTags, consentEntries, events, deliveries, attributions, orders, messages, links, suppressions].map((table) => t.app.db.select().from(table).where(eq(table.shopId, t.shop.id)))))
    for (const trace of [id, email, 'Planted', had.confirmation]) expect(everything).not.toContain(trace)
    expect(everything).toContain(had.order)
    expect(await row(theirs, t.stranger)).toBeDefined()
    expect(await upsert([{ email, platformId: '31', source: 'shopify' }, { email: 'innocent@example.test', source: 'shopify' }])).toHaveProperty('size', 1)
    expect(await upsert([{ email: email.toUpperCase(), source: 'order' }])).toHaveProperty('size', 0)
    const [back] = (await upsert([{ email, source: 'form' }])).values()
    expect((await standingOf(t.app, t.shop.id, [back!])).get(back!)).toBe('erased') // until they confirm
  })
})

describe('two records of one person', () => {
  const pairs = [
    ['subscribed', 'subscribed', null], ['subscribed', 'unsubscribed', 'unsubscribed'], ['unsubscribed', 'subscribed', 'unsubscribed'],
    ['subscribed', 'none', null], ['none', 'subscribed', 'never_agreed'], ['none', 'unsubscribed', 'unsubscribed'], ['pending', 'subscribed', 'not_confirmed'],
  ] as const
  test.each(pairs)('kept %s, removed %s: %s', async (kept, removed, reason) => {
    const a = await t.addSubscriber(t.shop, { email: `kept-${kept}-${removed}@example.test`, consent: kept })
    t.clock.jump(1000)
    const b = await t.addSubscriber(t.shop, { email: `gone-${kept}-${removed}@example.test`, consent: removed })
    expect(await mergeSubscribers(t.app, t.shop.id, a, b)).toBe(true)
    expect((await standingOf(t.app, t.shop.id, [a])).get(a)).toBe(reason)
    expect(await t.app.db.$count(consentWriteBacks, and(eq(consentWriteBacks.shopId, t.shop.id), eq(consentWriteBacks.subscriberId, a)))).toBe(1) // the store hears of it
  })

  test('what the removed record did belongs to the kept one, and old links find it', async () => {
    const a = await t.addSubscriber(t.shop, { email: 'kept@example.test', consent: 'subscribed' })
    const b = await t.addSubscriber(t.shop, { email: 'gone@example.test', consent: 'subscribed', firstName: 'Ada' })
    const had = await livedIn(b, 'gone@example.test')
    const now = t.clock.now()
    await t.app.db.insert(deliveries).values({ shopId: t.shop.id, messageId: had.campaign, subscriberId: a, email: 'kept@example.test', state: 'accepted', attempts: 1, acceptedAt: now, createdAt: now, updatedAt: now })
    expect(await mergeSubscribers(t.app, t.stranger.id, a, b)).toBe(false)
    await mergeSubscribers(t.app, t.shop.id, a, b)
    expect(await row(b)).toBeUndefined()
    expect(await row(a)).toMatchObject({ firstName: 'Ada' })
    expect(await tagsOf(a)).toEqual(['vip'])
    for (const table of [events, orders, attributions]) expect(await t.app.db.$count(table, and(eq(table.shopId, t.shop.id), eq(table.subscriberId, b)))).toBe(0)
    const left = await t.app.db.select().from(deliveries).where(and(eq(deliveries.shopId, t.shop.id), eq(deliveries.subscriberId, b)))
    expect(left).toMatchObject([{ messageId: had.campaign, email: '' }])
    expect(await t.app.db.select().from(subscriberAliases).where(eq(subscriberAliases.shopId, t.shop.id))).toContainEqual({ shopId: t.shop.id, id: b, keptId: a })
    expect((await t.api(t.shop).get(`/api/subscribers/${b}`)).body.id).toBe(a)
    await eraseSubscriber(t.app, t.shop.id, a)
    expect(await t.app.db.$count(deliveries, and(eq(deliveries.shopId, t.shop.id), eq(deliveries.subscriberId, b)))).toBe(0)
  })
})

describe('the profile', () => {
  test('tells in plain words where a person stands and what happened', async () => {
    const email = 'story@example.test'
    const id = await t.addSubscriber(t.shop, { email, firstName: 'Ada', consent: 'none', country: 'DE' })
    await livedIn(id, email)
    const act = { subscriberId: id, source: 'Pop-up "Newsletter"', wording: 'Fern & Fig may write to me.', wordingVersion: 'popup v2', language: 'en', occurredAt: new Date(Date.UTC(2026, 4, 3, 20)) }
    await recordConsent(t.app, t.shop.id, [
      { ...act, purpose: 'email_marketing', act: 'requested', basis: 'none', method: 'form' },
      { ...act, purpose: 'email_marketing', act: 'confirmed', basis: 'express_confirmed', method: 'double_opt_in' },
      { ...act, purpose: 'tracking', act: 'granted', basis: 'express_single', method: 'preference_page', source: 'Preference page' },
    ])
    const { body } = await t.api(t.shop).get(`/api/subscribers/${id}`)
    expect(body).toMatchObject({ status: 'subscribed', statusSentence: 'Subscribed on 3 May 2026 through the pop-up, confirmed by mail.', canUnsubscribe: true, tags: [{ tag: 'vip', own: false }], consentState: 'subscribed' })
    const told = body.timeline.map((item: { kind: string; title: string; detail: string | null }) => [item.kind, item.title, item.detail])
    expect(told).toContainEqual(['opened', 'Opened “Spring sale”', 'Judged a machine, not counted'])
    expect(told).toContainEqual(['clicked', 'Clicked in “Spring sale”', 'Pots'])
    expect(told).toContainEqual(['ordered', 'Ordered #1001 for $42.00', null])
    expect(told).toContainEqual(['sent', 'Was sent “Spring sale”', null])
    expect(told).toContainEqual(['consent', 'Agreed that opens and clicks are seen', 'Preference page'])
    expect(body.consent.map((entry: { wordingVersion: string }) => entry.wordingVersion)).toEqual(['popup v2', 'popup v2', 'popup v2'])
  })

  test('the merchant can take somebody off the list, and cannot put anybody on it', async () => {
    const id = await t.addSubscriber(t.shop, { email: 'leaving@example.test', consent: 'subscribed' })
    t.clock.jump(DAY)
    const { body } = await t.api(t.shop).post(`/api/subscribers/${id}/unsubscribe`)
    expect(body).toMatchObject({ status: 'unsubscribed', canUnsubscribe: false, statusSentence: expect.stringContaining('by your shop') })
    expect(await newestEntry(t.app, t.shop.id, id)).toMatchObject({ method: 'merchant', evidence: { userId: '42' } })
    t.clock.jump(DAY)
    await t.api(t.shop).post(`/api/subscribers/${id}/unsubscribe`)
    expect(await t.app.db.$count(events, and(eq(events.shopId, t.shop.id), eq(events.subscriberId, id)))).toBe(1)
    for (const verb of ['subscribe', 'resubscribe']) expect((await t.api(t.shop).post(`/api/subscribers/${id}/${verb}`)).status).toBe(404)
  })

  test('the stranger finds nobody of this shop, and can do nothing to them', async () => {
    const id = await t.addSubscriber(t.shop, { email: 'ours@example.test', consent: 'subscribed' })
    const answers = [await t.api(t.stranger).get(`/api/subscribers/${id}`), await t.api(t.stranger).post(`/api/subscribers/${id}/unsubscribe`), await t.api(t.shop).get(`/api/subscribers/${newId(t.clock.now())}`)]
    expect(answers.map((answer) => answer.status)).toEqual([404, 404, 404])
    expect(answers[0]!.body).toEqual(answers[2]!.body)
    expect((await newestEntry(t.app, t.shop.id, id))?.state).toBe('subscribed')
  })
})
