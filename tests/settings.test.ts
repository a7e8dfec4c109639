import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordConsent } from '../app/consent/record.ts'
import { standingOf } from '../app/consent/mailable.ts'
import type { SettingsView } from '../app/shops/contract.ts'
import { testApp, type TestApp } from './app.ts'

let t: TestApp
beforeAll(async () => { t = await testApp() })
afterAll(() => t.close())

const get = async (): Promise<SettingsView> => (await t.api(t.shop).get('/api/settings')).body
const input = async (changes: Partial<SettingsView>): Promise<Record<string, unknown>> => {
  const { senderName, senderEmail, replyTo, postalAddress, brand, doubleOptIn, tracking, attributionDays, attestRecords } = { ...(await get()), ...changes }
  return { senderName, senderEmail, replyTo, postalAddress, brand, doubleOptIn, tracking, attributionDays, attestRecords }
}
const put = async (changes: Partial<SettingsView>) => t.api(t.shop).put('/api/settings', await input(changes))

test('what is saved is what is shown', async () => {
  const changes = { senderName: 'Ada at Fern & Fig', senderEmail: 'ada@fern-and-fig.example', replyTo: 'help@fern-and-fig.example', postalAddress: '1 Fern Street\nPortland OR', doubleOptIn: false, tracking: 'off' as const, attributionDays: 3 }
  const saved = await put(changes)
  expect(saved.status).toBe(200)
  expect(await get()).toMatchObject({ ...changes, senderReady: true, shop: { name: 'Fern & Fig', currency: 'USD', domain: t.shop.domain } })
  expect(saved.body).toEqual(await get())
})

test('a sender without a postal address is not ready to send', async () => {
  expect((await put({ postalAddress: '' })).body.senderReady).toBe(false)
  expect((await put({ postalAddress: '1 Fern Street' })).body.senderReady).toBe(true)
})

test.each([
  ['senderEmail', { senderEmail: 'not an address' }], ['replyTo', { replyTo: 'x@' }], ['attributionDays', { attributionDays: 31 }], ['attributionDays', { attributionDays: 0 }],
  ['senderName', { senderName: 'Ada\r\nBcc: x@example.com' }], ['brand.accent', { brand: { accent: 'red' } as never }], ['tracking', { tracking: 'all' as never }],
])('a wrong %s is refused and named, and nothing is changed', async (field, changes) => {
  const before = await get()
  const answer = await put(changes as Partial<SettingsView>)
  expect(answer.status).toBe(422)
  expect(Object.keys(answer.body.error.fields)).toContain(field)
  expect(await get()).toEqual(before)
})

test('people whom only the store’s records call subscribed may be mailed once the merchant vouches for them, and never by a "no"', async () => {
  const id = await t.addSubscriber(t.shop, { email: 'record@example.com' })
  const gone = await t.addSubscriber(t.shop, { email: 'gone@example.com' })
  const at = new Date('2026-01-01T00:00:00Z')
  await recordConsent(t.app, t.shop.id, [
    { subscriberId: id, purpose: 'email_marketing', act: 'imported', basis: 'express_single', method: 'store_import', source: 'Shopify', occurredAt: at },
    { subscriberId: gone, purpose: 'email_marketing', act: 'withdrawn', basis: 'none', method: 'store_import', source: 'Shopify', occurredAt: at },
  ])
  expect((await get()).unattestedRecords).toBe(1)
  expect((await standingOf(t.app, t.shop.id, [id])).get(id)).toBe('record_not_attested')
  const attested = (await put({ attestRecords: true })).body as SettingsView
  expect(attested).toMatchObject({ attestRecords: false, unattestedRecords: 0, recordsAttestedAt: t.clock.now().toISOString() })
  const standing = await standingOf(t.app, t.shop.id, [id, gone])
  expect([standing.get(id), standing.get(gone)]).toEqual([null, 'unsubscribed'])
  t.clock.jump(60_000)
  expect((await put({ attestRecords: false })).body.recordsAttestedAt).toBe(attested.recordsAttestedAt)
  // Who appears in the records later is not covered by what was said before.
  const later = await t.addSubscriber(t.shop, { email: 'later@example.com' })
  await recordConsent(t.app, t.shop.id, [{ subscriberId: later, purpose: 'email_marketing', act: 'imported', basis: 'express_single', method: 'store_import', source: 'Shopify', occurredAt: at }])
  expect((await standingOf(t.app, t.shop.id, [id, later])).get(later)).toBe('record_not_attested')
  expect((await get()).unattestedRecords).toBe(1)
  expect((await put({ attestRecords: true })).body).toMatchObject({ unattestedRecords: 0, recordsAttestedAt: t.clock.now().toISOString() })
})

test('Cleo’s settings are her own', async () => {
  const hers = (await t.api(t.stranger).get('/api/settings')).body as SettingsView
  expect(hers).toMatchObject({ senderName: 'Kiln & Kettle', attestRecords: false, shop: { domain: t.stranger.domain } })
})

test('without a session token there is nothing', async () => {
  for (const [method, path] of [['GET', '/api/settings'], ['PUT', '/api/settings'], ['POST', '/api/sync'], ['GET', '/api/products'], ['GET', '/api/privacy/requests']] as const)
    expect((await fetch(t.http + path, { method })).status).toBe(401)
})
