import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { consentAct, consentBasis, consentMethod } from '../app/consent/contract.ts'
import { countUnattested, mailableSql, standingOf } from '../app/consent/mailable.ts'
import { newestEntry, recordConsent, type ConsentInput } from '../app/consent/record.ts'
import { reasonOfEntry } from '../app/consent/standing.ts'
import { unsubscribe } from '../app/consent/unsubscribe.ts'
import { writeBack } from '../app/consent/write-back.ts'
import { insertAll } from '../app/db/insert-all.ts'
import { consentEntries, consentWriteBacks, shops, shopSettings, subscribers } from '../app/db/schema.ts'
import { storeOrders } from '../app/events/orders.ts'
import { DAY } from '../app/lib/clock.ts'
import { newId } from '../app/lib/ids.ts'
import { signLink } from '../app/lib/tokens.ts'
import type { StoreOrder } from '../app/platforms/platform.ts'
import type { SettingsView } from '../app/shops/contract.ts'
import { findByEmail } from '../app/subscribers/find.ts'
import { testApp, type TestApp } from './app.ts'

// On what ground we may write, and when a ground has run out. Nothing of it is stored: it follows from entry, settings and clock.

let t: TestApp
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())
beforeEach(() => t.clock.jump(60_000))

let n = 0
const reason = async (id: string) => (await standingOf(t.app, t.shop.id, [id])).get(id)
const settingsOf = async (shop = t.shop) => (await t.api(shop).get('/api/settings')).body as SettingsView
async function save(softOptIn: { on: boolean; wording?: string; family?: string }, shop = t.shop) {
  const { senderName, senderEmail, replyTo, postalAddress, brand, doubleOptIn, tracking, attributionDays } = await settingsOf(shop)
  return t.api(shop).put('/api/settings', { senderName, senderEmail, replyTo, postalAddress, brand, doubleOptIn, tracking, attributionDays, attestRecords: false, softOptIn: { wording: 'Untick to get no mail about similar pots', family: 'pots', ...softOptIn } })
}
const order = (email: string, change: Partial<StoreOrder> = {}): StoreOrder => ({
  id: `g${++n}`, name: `#${n}`, customerPlatformId: null, email, firstName: null, lastName: null, locale: null, country: null, total: 100, currency: 'USD', test: false,
  cancelledAt: null, processedAt: t.clock.now(), updatedAt: t.clock.now(), checkoutToken: null, lines: [], ...change,
})
async function buys(email: string, change: Partial<StoreOrder> = {}): Promise<string> {
  await storeOrders(t.app, t.shop, [order(email, change)])
  return (await findByEmail(t.app, t.shop.id, email))!.id
}
const entriesOf = (id: string) => t.app.db.select().from(consentEntries).where(and(eq(consentEntries.shopId, t.shop.id), eq(consentEntries.subscriberId, id))).orderBy(asc(consentEntries.seq))

describe('soft opt-in', () => {
  test('is off until the shop says which words offer to refuse and what the mails are about', async () => {
    expect(await settingsOf()).toMatchObject({ softOptIn: { on: false, wording: '', family: '' }, softOptInSince: null })
    const id = await buys('before@example.test')
    expect([await reason(id), await entriesOf(id)]).toEqual(['never_agreed', []])
    const refused = await save({ on: true, wording: ' ', family: '' })
    expect([refused.status, refused.body.error.fields]).toEqual([422, { 'softOptIn.wording': 'write the words that offer to refuse', 'softOptIn.family': 'say what these mails are about' }])
    expect((await save({ on: true })).status).toBe(200)
    const since = (await settingsOf()).softOptInSince
    expect(since).toBe(t.clock.now().toISOString())
    t.clock.jump(1_000)
    await save({ on: true, family: 'pots and plants' })
    expect(await settingsOf()).toMatchObject({ softOptInSince: since, softOptIn: { family: 'pots and plants' } }) // other words, the same beginning
    expect(await settingsOf(t.stranger)).toMatchObject({ softOptIn: { on: false } })
  })

  test('an order fills an empty ledger with its number, the words and the products; the store is told nothing', async () => {
    await save({ on: true })
    const id = await buys('buyer@example.test', { id: 'o77', name: '#1077' })
    expect(await reason(id)).toBeNull()
    expect(await entriesOf(id)).toMatchObject([{ act: 'bought', state: 'subscribed', basis: 'soft_opt_in', method: 'order', source: 'Order #1077', wording: 'Untick to get no mail about similar pots', evidence: { orderId: 'o77', family: 'pots' } }])
    expect(await t.app.db.$count(consentWriteBacks, eq(consentWriteBacks.subscriberId, id))).toBe(0)
    const told: unknown[] = []
    await writeBack({ ...t.app, platforms: { shopify: { ...t.app.platforms.shopify, writeConsent: async (_, change) => (told.push(change), { platformId: '1' }) } } }, { shopId: t.shop.id, subscriberId: id })
    expect(told).toEqual([])
  })

  test('tests, cancelled orders, orders from before and orders from the future bring nothing; the same order twice brings one entry', async () => {
    await save({ on: true })
    const now = t.clock.now()
    for (const change of [{ test: true }, { cancelledAt: now }, { processedAt: new Date(now.getTime() - 400 * DAY) }, { processedAt: new Date(now.getTime() + DAY) }])
      expect([change, await entriesOf(await buys(`odd${n}@example.test`, change))]).toEqual([change, []])
    const same = order('twice@example.test')
    await storeOrders(t.app, t.shop, [same, order('twice@example.test', { processedAt: new Date(now.getTime() - 1_000) })])
    await storeOrders(t.app, t.shop, [same])
    expect((await entriesOf((await findByEmail(t.app, t.shop.id, 'twice@example.test'))!.id)).length).toBe(2) // the older order, and then the newer
  })

  test('never raises who said no, who waits for a confirmation, or of whom a record says something; never lowers an express yes', async () => {
    await save({ on: true })
    for (const [consent, why] of [['unsubscribed', 'unsubscribed'], ['pending', 'not_confirmed'], ['subscribed', null]] as const) {
      const email = `said-${consent}@example.test`
      const id = await t.addSubscriber(t.shop, { email, consent })
      t.clock.jump(1_000)
      await buys(email)
      expect([consent, await reason(id), (await entriesOf(id)).length]).toEqual([consent, why, 1])
    }
    const left = await buys('leaves@example.test')
    await unsubscribe(t.app, t.shop.id, left, { method: 'one_click', source: 'test' })
    t.clock.jump(DAY)
    await buys('leaves@example.test')
    expect(await reason(left)).toBe('unsubscribed')
  })

  test('counts only while the shop says so; the person’s own yes goes on', async () => {
    await save({ on: true })
    const [soft, own] = [await buys('soft@example.test'), await buys('own@example.test')]
    const page = `${t.http}/p/${signLink(t.app.settings.keys, 'preferences', { shopId: t.shop.id, messageId: newId(t.clock.now()), subscriberId: own })}`
    const ticked = async () => /name="mail" value="on" checked/.test(await (await fetch(page)).text())
    expect(await ticked()).toBe(true)
    await save({ on: false })
    expect([await reason(soft), await reason(own), await ticked()]).toEqual(['never_agreed', 'never_agreed', false])
    await fetch(page, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'mail=on' })
    expect(await newestEntry(t.app, t.shop.id, own)).toMatchObject({ act: 'granted', basis: 'express_single', method: 'preference_page' })
    expect([await reason(own), await ticked()]).toEqual([null, true])
    await save({ on: true })
    expect(await reason(soft)).toBeNull()
  })
})

describe('in Canada', () => {
  const record = (subscriberId: string, extra: Partial<ConsentInput> = {}): ConsentInput => ({ subscriberId, purpose: 'email_marketing', act: 'imported', basis: 'merchant_record', method: 'import', source: 'list.csv', occurredAt: t.clock.now(), ...extra })
  test('what an order or a record implies ends after two years, to the moment; an express yes does not', async () => {
    await save({ on: true })
    const at = t.clock.now()
    const soft = await buys('soft.ca@example.test', { country: 'CA' })
    const german = await buys('soft.de@example.test', { country: 'DE' })
    const listed = await t.addSubscriber(t.shop, { email: 'listed.ca@example.test', country: 'ca' })
    const express = await t.addSubscriber(t.shop, { email: 'express.ca@example.test', country: 'CA', consent: 'subscribed' })
    const store = await t.addSubscriber(t.shop, { email: 'store.ca@example.test', country: 'CA' })
    await recordConsent(t.app, t.shop.id, [record(listed), record(store, { method: 'store_import' })])
    expect(await countUnattested(t.app, t.shop.id)).toBe(1)
    const all = [soft, german, listed, express, store]
    const stand = async () => Promise.all(all.map(reason))
    expect(await stand()).toEqual([null, null, null, null, 'record_not_attested'])
    const over = new Date(at)
    over.setUTCFullYear(over.getUTCFullYear() + 2)
    t.clock.set(new Date(over.getTime() - 1))
    expect(await stand()).toEqual([null, null, null, null, 'record_not_attested'])
    t.clock.set(over)
    expect(await stand()).toEqual(['expired', null, 'expired', null, 'expired'])
    expect(await countUnattested(t.app, t.shop.id)).toBe(0) // an attestation would not help them
    const counted = await t.app.db.select({ id: subscribers.id }).from(subscribers).where(and(eq(subscribers.shopId, t.shop.id), inArray(subscribers.id, all), mailableSql(t.shop.id, t.clock.now())))
    expect(counted.map((row) => row.id).toSorted()).toEqual([german, express].toSorted())
    await buys('soft.ca@example.test')
    expect(await reason(soft)).toBeNull() // a new order, two new years
  })

  test('a person of unknown country lives where the shop is', async () => {
    const id = await t.addSubscriber(t.shop, { email: 'nowhere@example.test', country: null })
    await recordConsent(t.app, t.shop.id, [record(id)])
    t.clock.jump(3 * 366 * DAY)
    expect(await reason(id)).toBeNull()
    await t.app.db.update(shops).set({ country: 'CA' }).where(eq(shops.id, t.shop.id))
    expect(await reason(id)).toBe('expired')
    await t.app.db.update(shops).set({ country: 'US' }).where(eq(shops.id, t.shop.id))
  })
})

test('over random histories the one query agrees with the rules in memory, whatever the settings and the hour', async () => {
  const piece = fc.record({ act: fc.constantFrom(...consentAct.options), basis: fc.constantFrom(...consentBasis.options), method: fc.constantFrom(...consentMethod.options), day: fc.integer({ min: 0, max: 900 }) })
  const own = fc.constantFrom({ act: 'bought' as const, basis: 'soft_opt_in' as const, method: 'order' as const }, { act: 'imported' as const, basis: 'merchant_record' as const, method: 'import' as const }, { act: 'imported' as const, basis: 'none' as const, method: 'store_read' as const })
  const histories = fc.sample(fc.tuple(fc.constantFrom('CA', 'ca', 'DE', '', null), fc.option(fc.tuple(own, fc.integer({ min: 0, max: 900 }))), fc.array(piece, { maxLength: 3 })), 2_000)
  const now = t.clock.now()
  const base = now.getTime() - 900 * DAY
  const shopId = t.stranger.id
  const people = histories.map(([country]) => ({ id: newId(now), country }))
  await insertAll(t.app.db, subscribers, people.map(({ id, country }) => ({ shopId, id, email: id, emailKey: id, addressHash: id, country, source: 'form', ordersCount: 0, totalSpent: 0, createdAt: now, updatedAt: now })))
  const news = histories.flatMap(([, first, rest], i) =>
    [...(first ? [{ ...first[0], day: first[1] }] : []), ...rest].map(({ day, ...one }): ConsentInput => ({ ...one, subscriberId: people[i]!.id, purpose: 'email_marketing', source: 'test', occurredAt: new Date(base + day * DAY) })))
  await recordConsent(t.app, shopId, news)
  const rows = await t.app.db.select().from(consentEntries).where(eq(consentEntries.shopId, shopId)).orderBy(asc(consentEntries.seq))
  const newest = new Map(rows.map((row) => [row.subscriberId, row]))
  const seen = new Set<string | null>()
  for (const [shopCountry, recordsAttestedAt, softOptInSince, years] of [['DE', null, null, 0], ['CA', now, now, 0], ['CA', now, null, 1], ['US', null, now, 1], [null, now, now, 3]] as const) {
    await t.app.db.update(shops).set({ country: shopCountry }).where(eq(shops.id, shopId))
    await t.app.db.update(shopSettings).set({ recordsAttestedAt, softOptInSince }).where(eq(shopSettings.shopId, shopId))
    const at = new Date(now.getTime() + years * 365 * DAY)
    t.clock.set(at)
    const standings = await standingOf(t.app, shopId, people.map((person) => person.id))
    for (const { id, country } of people) {
      const told = reasonOfEntry(newest.get(id) ?? null, { now: at, country, shopCountry, recordsAttestedAt, softOptInSince })
      seen.add(told)
      if (standings.get(id) !== told) expect([country, shopCountry, newest.get(id), standings.get(id)]).toEqual([country, shopCountry, newest.get(id), told])
    }
  }
  expect(seen).toEqual(new Set(['expired', 'never_agreed', 'not_confirmed', 'record_not_attested', 'unsubscribed', null]))
  const [copies] = await t.app.db
    .select({ wrong: sql`count(*)`.mapWith(Number) })
    .from(subscribers)
    .where(and(eq(subscribers.shopId, shopId), sql`coalesce(consent_state || consent_basis, '') <> coalesce((select c.state || c.basis from consent_entries c where c.shop_id = ${shopId} and c.subscriber_id = subscribers.id and c.purpose = 'email_marketing' order by c.seq desc limit 1), '')`))
  expect(copies!.wrong).toBe(0)
})
