import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordConsent } from '../app/consent/record.ts'
import { isPostgres } from '../app/db/columns.ts'
import { insertAll } from '../app/db/insert-all.ts'
import { fields, fieldValues, segments, shopSettings, subscribers, subscriberTags, suppressions } from '../app/db/schema.ts'
import { newId } from '../app/lib/ids.ts'
import type { Facet } from '../app/people/facets.ts'
import { listPeople } from '../app/people/list.ts'
import { byFacets, byTwoTerms } from '../app/people/ways.ts'
import { mailable, subscriberFilter, type SubscriberFilter, type SubscriberList } from '../app/subscribers/contract.ts'
import { upsertSubscribers, type SubscriberInput } from '../app/subscribers/upsert.ts'
import { testApp, type TestApp } from './app.ts'

// 3,000 people, so that the newest hundred and the newest thousand are not all of them: each filter finds the same people as a look at everybody, by whatever way it goes.

let t: TestApp
let everybody: Person[]
let ids: { segment: string; field: string; theirSegment: string; theirField: string }
interface Person {
  id: string
  email: string
  firstName: string | null
  lastName: string | null
  country: string | null
  locale: string | null
  source: string
  ordersCount: number
  status: string
  tags: string[]
  colour: string | null
}
const total = 3_000
const firsts = ['Anna', 'Ben', 'Chloé', 'Anna Maria', 'Élodie', null]
const lasts = ['Lovelace', 'van der Berg', 'Müller', "O'Neill", null, '100%']

beforeAll(async () => {
  t = await testApp()
  const input: SubscriberInput[] = Array.from({ length: total }, (_, i) => ({
    email: i === 40 ? 'grace.hopper@navy.example' : i === 41 ? 'under_score-dash@x.example' : `p${i}.mail@${i % 3 ? 'post.example' : 'work.example'}`,
    firstName: firsts[i % 6]!, lastName: i === 7 ? 'Rarebird' : lasts[Math.floor(i / 6) % 6]!, country: i === 11 ? 'LI' : i % 4 ? 'DE' : 'AT', locale: i % 5 ? 'de' : i % 2 ? 'de-AT' : 'en',
    source: i % 7 ? 'shopify' : 'form', tags: i % 10 === 0 ? ['vip'] : i === 13 ? ['rare'] : [],
  }))
  const made = await upsertSubscribers(t.app, t.shop.id, input)
  const list = [...made.values()]
  const at = t.clock.now()
  const news = (from: number, to: number, act: 'granted' | 'withdrawn' | 'requested' | 'imported', method: 'store_event' | 'form' | 'store_read') =>
    list.slice(from, to).map((subscriberId) => ({ subscriberId, purpose: 'email_marketing' as const, act, basis: act === 'granted' ? ('express_single' as const) : act === 'imported' ? ('merchant_record' as const) : ('none' as const), method, source: 'Shopify', occurredAt: at }))
  await recordConsent(t.app, t.shop.id, [...news(0, 2_000, 'granted', 'store_event'), ...news(2_000, 2_300, 'withdrawn', 'store_event'), ...news(2_300, 2_305, 'requested', 'form'), ...news(2_400, 2_500, 'imported', 'store_read')])
  const hashes = new Map((await t.app.db.select({ id: subscribers.id, hash: subscribers.addressHash }).from(subscribers).where(eq(subscribers.shopId, t.shop.id))).map((row) => [row.id, row.hash]))
  const block = (i: number, reason: 'bounced' | 'complained' | 'manual') => ({ shopId: t.shop.id, addressHash: hashes.get(list[i]!)!, reason, createdAt: at })
  await insertAll(t.app.db, suppressions, [block(5, 'bounced'), block(6, 'complained'), block(2_001, 'bounced'), block(8, 'manual'), block(8, 'bounced')])
  await t.app.db.update(subscribers).set({ restrictedAt: at }).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, list[9]!)))
  await t.app.db.update(subscribers).set({ ordersCount: 2 }).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.country, 'AT')))
  ids = { segment: newId(at), field: newId(at), theirSegment: newId(at), theirField: newId(at) }
  await insertAll(t.app.db, fields, [[t.shop.id, ids.field], [t.stranger.id, ids.theirField]].map(([shopId, id]) => ({ shopId: shopId!, id: id!, name: 'Colour', kind: 'text' as const, sensitive: false, createdAt: at, updatedAt: at })))
  await insertAll(t.app.db, fieldValues, list.filter((_, i) => i % 50 === 0).map((subscriberId, i) => ({ shopId: t.shop.id, subscriberId, fieldId: ids.field, value: i % 2 ? 'green' : 'blue', number: null })))
  const rules = { kind: 'group', match: 'all', rules: [{ kind: 'country', is: true, countries: ['AT'] }] }
  for (const [shopId, id] of [[t.shop.id, ids.segment], [t.stranger.id, ids.theirSegment]]) await t.app.db.insert(segments).values({ shopId: shopId!, id: id!, name: 'Austria', rules, createdAt: at, updatedAt: at })
  await t.addSubscriber(t.stranger, { email: 'anna.cleo@post.example', firstName: 'Anna', consent: 'subscribed' })
  everybody = await look()
})
afterAll(() => t.close())

/** Everybody, read plainly, newest first. */
async function look(): Promise<Person[]> {
  const rows = await t.app.db.select().from(subscribers).where(eq(subscribers.shopId, t.shop.id))
  const tags = await t.app.db.select().from(subscriberTags).where(eq(subscriberTags.shopId, t.shop.id))
  const values = new Map((await t.app.db.select().from(fieldValues).where(eq(fieldValues.shopId, t.shop.id))).map((row) => [row.subscriberId, row.value]))
  const standings = new Map<string, string>()
  for (let cursor: string | undefined; ; ) {
    const page: SubscriberList = await listPeople(t.app, t.shop, { ...subscriberFilter.parse({}), ...(cursor ? { cursor } : {}) })
    for (const row of page.rows) standings.set(row.id, row.status)
    if (!page.nextCursor) break
    cursor = page.nextCursor
  }
  return rows
    .map((row) => ({ ...row, status: standings.get(row.id)!, tags: tags.filter((tag) => tag.subscriberId === row.id).map((tag) => tag.tag), colour: values.get(row.id) ?? null }))
    .toSorted((a, b) => (a.id < b.id ? 1 : -1))
}

async function all(filter: Partial<SubscriberFilter>): Promise<string[]> {
  const found: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page: SubscriberList = await listPeople(t.app, t.shop, { ...subscriberFilter.parse(filter), ...(cursor ? { cursor } : {}) })
    found.push(...page.rows.map((row) => row.id))
    if (!page.nextCursor) return found
    cursor = page.nextCursor
  }
}
const get = (query: Record<string, string>) => t.api(t.shop).get(`/api/subscribers?${new URLSearchParams(query).toString()}`)
const fitting = (fits: (person: Person) => boolean): string[] => everybody.filter(fits).map((person) => person.id)

test('everybody once, page by page, newest first', () => {
  expect([everybody.length, new Set(everybody.map((person) => person.status))]).toEqual([total, new Set(['subscribed', 'unsubscribed', 'pending', 'unconfirmed_record', 'none', 'bounced', 'complained', 'blocked', 'restricted'])])
})

describe('search', () => {
  const begins = (term: string) => (person: Person): boolean => {
    const [local = '', domain = ''] = person.email.split('@')
    const words = [person.email, domain, local.split(/[._-]/).length > 1 ? person.email.replaceAll(/[_-]/g, '.').slice(local.search(/[._-]/) + 1) : '', ...[person.firstName, person.lastName].flatMap((name) => (name ? [name, name.split(' ').at(-1)!] : []))]
    return words.some((word) => word.toLowerCase().startsWith(term))
  }
  test.each(['rarebird', 'RAREB', 'grace', 'hopper', 'hopper@navy', 'navy', 'p12', 'p12.mail@', 'work.example', 'post', 'anna', 'maria', 'berg', 'van', 'élodie', 'Élo', 'müll', 'MÜLLER', "o'n", '100%', 'score', 'nobody-here', 'p2999'])('%s: as a look at everybody finds them', async (term) => {
    expect(await all({ search: term })).toEqual(fitting(begins(term.toLowerCase())))
  })
  test('several words must all fit; @ looks for domains only; wildcards and quotes are letters', async () => {
    expect(await all({ search: ' anna  BERG ' })).toEqual(fitting((p) => begins('anna')(p) && begins('berg')(p)))
    expect(await all({ search: '@work' })).toEqual(fitting((p) => p.email.includes('@work')))
    for (const nobody of ['%', '_', "'; drop table subscribers; --", 'cleo', 'mail%']) expect([nobody, await all({ search: nobody })]).toEqual([nobody, []])
    expect((await all({ search: '@' })).length).toBe(total) // nothing to look for yet
  })
})

describe('filters', () => {
  test.each(mailable.options)('status %s', async (status) => {
    const found = await all({ status })
    expect(found).toEqual(fitting((person) => person.status === status))
    if (status !== 'expired') expect(found.length).toBeGreaterThan(0)
  })
  test('tag, country, language, source, orders, field and segment, alone', async () => {
    expect(await all({ tag: 'vip' })).toEqual(fitting((p) => p.tags.includes('vip')))
    expect(await all({ tag: 'rare' })).toHaveLength(1)
    expect(await all({ tag: 'vi' })).toEqual([])
    expect(await all({ country: 'LI' })).toHaveLength(1)
    expect(await all({ country: 'JP' })).toEqual([])
    expect(await all({ country: 'DE' })).toEqual(fitting((p) => p.country === 'DE'))
    expect(await all({ language: 'de' })).toEqual(fitting((p) => p.locale !== 'en'))
    expect(await all({ source: 'form' })).toEqual(fitting((p) => p.source === 'form'))
    expect(await all({ source: 'manual' })).toEqual([])
    expect(await all({ ordered: 'yes' })).toEqual(fitting((p) => p.country === 'AT'))
    expect(await all({ ordered: 'no' })).toEqual(fitting((p) => p.country !== 'AT'))
    expect(await all({ fieldId: ids.field, fieldValue: 'green' })).toEqual(fitting((p) => p.colour === 'green'))
    expect(await all({ fieldId: ids.field })).toEqual(fitting((p) => p.colour !== null))
    expect(await all({ segmentId: ids.segment })).toEqual(fitting((p) => p.country === 'AT'))
  })
  test('together, also where many fit each and hardly anybody fits all', async () => {
    expect(await all({ search: 'anna', status: 'subscribed', tag: 'vip', country: 'DE' })).toEqual(fitting((p) => p.firstName?.startsWith('Anna') === true && p.status === 'subscribed' && p.tags.includes('vip') && p.country === 'DE'))
    expect(await all({ status: 'unsubscribed', ordered: 'yes', language: 'en', segmentId: ids.segment })).toEqual(fitting((p) => p.status === 'unsubscribed' && p.country === 'AT' && p.locale === 'en'))
    expect(await all({ tag: 'vip', country: 'LI' })).toEqual([])
    expect(await all({ fieldId: ids.field, fieldValue: 'blue', tag: 'rare' })).toEqual([])
  })
  test('a merchant who vouched for the store’s records finds those people as subscribed', async () => {
    await t.app.db.update(shopSettings).set({ recordsAttestedAt: t.clock.now() }).where(eq(shopSettings.shopId, t.shop.id))
    expect(await all({ status: 'subscribed' })).toEqual(fitting((p) => p.status === 'subscribed' || p.status === 'unconfirmed_record'))
    expect(await all({ status: 'unconfirmed_record' })).toEqual([])
    await t.app.db.update(shopSettings).set({ recordsAttestedAt: null }).where(eq(shopSettings.shopId, t.shop.id))
  })
  test('what is not there is said', async () => {
    expect([(await get({ segmentId: ids.theirSegment })).status, (await get({ fieldId: ids.theirField })).status, (await get({ segmentId: 'x' })).status]).toEqual([404, 404, 404])
    expect((await get({ status: 'everybody' })).body.error.fields).toEqual({ status: expect.any(String) })
    expect([(await get({ status: 'everybody' })).status, (await get({ cursor: 'nonsense' })).status]).toEqual([422, 200])
  })
})

test('two words that are common each lead to those who have both', async () => {
  const way = byTwoTerms(t.app, t.shop.id, ['anna', 'van', 'work'])
  const both = everybody.filter((p) => p.firstName?.startsWith('Anna') && p.lastName === 'van der Berg').map((p) => p.id)
  const found = await way.ids(null, 5_000)
  expect(found.length).toBeGreaterThan(10)
  expect(both.filter((id) => !found.includes(id) && everybody.find((p) => p.id === id)!.email.endsWith('@work.example'))).toEqual([]) // misses nobody who fits all
  expect([await way.size(null, 5_000), await way.size(null, 3)]).toEqual([found.length, 3])
})

describe('sorts of people', () => {
  // What the list asks only in shops where the newest 6,100 are not everybody.
  test.each([['read and sorted', 20_000], ['the newest of each sort', 1]])('lead to the same people: %s', async (_, most) => {
    const way = (fits: (facet: Facet) => boolean) => byFacets(t.app, t.shop.id, fits, most)
    const austrians = fitting((p) => p.country === 'AT')
    expect(await way((facet) => facet.country === 'AT').ids(null, 40)).toEqual(austrians.slice(0, 40))
    expect(await way((facet) => facet.country === 'AT').ids(austrians[39]!, 5_000)).toEqual(austrians.slice(40))
    expect(await way((facet) => facet.source === 'form' && facet.locale === 'en' && !facet.ordered).ids(null, 5_000)).toEqual(fitting((p) => p.source === 'form' && p.locale === 'en' && p.ordersCount === 0))
    expect(await way((facet) => facet.state === 'unsubscribed').ids(null, 5_000)).toHaveLength(300)
    expect([await way(() => false).ids(null, 10), await way(() => false).size(null, 10), await way(() => true).size(null, 10), await way(() => true).size(null, 5_000)]).toEqual([[], 0, 10, total])
  })
  test.runIf(!isPostgres)('are read from their index alone', async () => {
    const plans = await plansOf(async () => {
      for (const most of [20_000, 1]) await byFacets(t.app, t.shop.id, (facet) => facet.country === 'LI', most).ids(null, 51)
    })
    expect(plans.length).toBeGreaterThan(2)
    for (const { plan } of plans) expect(plan.split('\n').filter((line) => / subscribers\b/.test(line))).toSatisfy((lines: string[]) => lines.length > 0 && lines.every((line) => line.includes('SEARCH subscribers USING COVERING INDEX subscribers_facet')))
  })
})

describe('counts and choices', () => {
  const counts = async (query: Record<string, string>, shop = t.shop) => (await t.api(shop).get(`/api/subscribers/counts?${new URLSearchParams(query).toString()}`)).body
  test('agree with the list', async () => {
    const may = fitting((p) => p.status === 'subscribed').length
    const exactly = (people: number) => ({ people, more: false })
    expect(await counts({})).toEqual({ fit: exactly(total), everybody: exactly(total), mailable: exactly(may) })
    for (const filter of [{ search: 'anna' }, { status: 'unsubscribed' }, { status: 'bounced' }, { tag: 'vip' }, { country: 'LI' }, { segmentId: ids.segment }, { status: 'subscribed', search: 'berg' }, { fieldId: ids.field }] as Record<string, string>[]) {
      expect([filter, (await counts(filter)).fit]).toEqual([filter, exactly((await all(filter)).length)])
    }
  })
  test('what there is to filter by', async () => {
    const { body } = await t.api(t.shop).get('/api/subscribers/choices')
    expect(body).toEqual({
      tags: ['rare', 'vip'], countries: ['AT', 'DE', 'LI'], languages: ['de', 'en'], sources: ['shopify', 'form'],
      fields: [{ id: ids.field, name: 'Colour', kind: 'text', sensitive: false }], segments: [{ id: ids.segment, name: 'Austria' }],
    })
  })
  test('the stranger sees her own only', async () => {
    const hers = (query: Record<string, string>) => t.api(t.stranger).get(`/api/subscribers?${new URLSearchParams(query).toString()}`)
    for (const query of [{}, { search: 'anna' }, { search: '@post' }, { status: 'subscribed' }, { country: 'US' }] as Record<string, string>[]) expect((await hers(query)).body.rows.map((row: { email: string }) => row.email)).toEqual(['anna.cleo@post.example'])
    for (const query of [{ tag: 'vip' }, { status: 'bounced' }, { country: 'DE' }, { search: 'rarebird' }] as Record<string, string>[]) expect((await hers(query)).body.rows).toEqual([])
    expect([(await hers({ segmentId: ids.segment })).status, (await hers({ fieldId: ids.field })).status]).toEqual([404, 404])
    expect(await counts({}, t.stranger)).toMatchObject({ everybody: { people: 1 }, mailable: { people: 1 } })
    expect((await t.api(t.stranger).get('/api/subscribers/choices')).body).toMatchObject({ tags: [], countries: ['US'] })
  })
})

describe('what a page costs', () => {
  const filters: Partial<SubscriberFilter>[] = [
    {}, { search: 'rarebird' }, { search: 'anna' }, { search: 'nobody-here' }, { tag: 'rare' }, { tag: 'vip' }, { country: 'JP' }, { country: 'LI' }, { source: 'manual' }, { ordered: 'yes' },
    { status: 'bounced' }, { status: 'complained' }, { status: 'restricted' }, { status: 'pending' }, { status: 'subscribed' }, { search: 'anna', tag: 'vip' },
  ]
  test('few statements, and none that counts everybody', async () => {
    for (const filter of filters) {
      const before = t.app.db.statements()
      await listPeople(t.app, t.shop, subscriberFilter.parse(filter))
      expect([filter, t.app.db.statements() - before]).toEqual([filter, expect.toSatisfy((n: number) => n <= 16)])
    }
  })
  test.runIf(!isPostgres)('no statement reads everybody: each finds people by an index', async () => {
    const plans = await plansOf(async () => {
      for (const filter of filters) await listPeople(t.app, t.shop, subscriberFilter.parse(filter))
    })
    expect(plans.length).toBeGreaterThan(30)
    expect(plans.filter(({ plan }) => /SCAN (subscribers|subscriber_tags|suppressions|field_values|s|p)\b/.test(plan))).toEqual([])
    expect(plans.some(({ plan }) => plan.includes('subscribers_last_name '))).toBe(true)
  })
  test.runIf(!isPostgres)('people are read from the index alone where only their order is asked', async () => {
    const plans = await plansOf(() => listPeople(t.app, t.shop, subscriberFilter.parse({ search: 'rarebird' })))
    const words = plans.filter(({ plan }) => plan.includes('subscribers_last_name '))
    expect(words.length).toBeGreaterThan(0)
    for (const { plan } of words) expect(plan).toContain('COVERING INDEX subscribers_last_name ')
  })
})

/** How SQLite went about each statement that the work asked for. */
async function plansOf(work: () => Promise<unknown>): Promise<{ text: string; plan: string }[]> {
  const seen: { text: string; params: unknown[] }[] = []
  const { db } = t.app
  const { session } = db as unknown as { session: { prepareQuery: (query: { sql: string; params: unknown[] }, ...rest: unknown[]) => unknown } }
  const original = session.prepareQuery
  session.prepareQuery = function (this: unknown, query, ...rest) {
    seen.push({ text: query.sql, params: query.params })
    return original.call(this, query, ...rest)
  }
  try {
    await work()
  } finally {
    session.prepareQuery = original
  }
  const plans: { text: string; plan: string }[] = []
  for (const { text } of seen.filter((one) => one.text.startsWith('select') || one.text.startsWith('with'))) {
    const rows = await db.raw<{ detail: string }>(`explain query plan ${text.replaceAll('?', "'x'")}`)
    plans.push({ text, plan: rows.map((row) => row.detail).join('\n') })
  }
  return plans
}
