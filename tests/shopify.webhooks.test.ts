import { createHmac } from 'node:crypto'
import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { consentEntries, inbox, products, shops, shopTokens, subscribers } from '../app/db/schema.ts'
import { testApp, testEnv, type TestApp } from './app.ts'

let t: TestApp
beforeAll(async () => { t = await testApp() })
afterAll(() => t.close())

const sign = (body: Buffer | string, secret = testEnv.SHOPIFY_API_SECRET): string => createHmac('sha256', secret).update(body).digest('base64')
let n = 0
interface Told { id?: string; at?: Date; domain?: string; signature?: string | null; headers?: Record<string, string> }
function post(topic: string, body: unknown, told: Told = {}): Promise<Response> {
  const raw = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  const signature = told.signature === undefined ? sign(raw) : told.signature
  return fetch(`${t.http}/webhooks/shopify`, {
    method: 'POST',
    body: raw as string,
    headers: {
      'content-type': 'application/json', 'x-shopify-topic': topic, 'x-shopify-shop-domain': told.domain ?? t.shop.domain, 'x-shopify-webhook-id': told.id ?? `w${++n}`,
      'x-shopify-triggered-at': (told.at ?? t.clock.now()).toISOString(), ...(signature === null ? {} : { 'x-shopify-hmac-sha256': signature }), ...told.headers,
    },
  })
}
const rows = () => t.app.db.select().from(inbox)
const customer = (id: number, email: string | null, at: string, more: object = {}) => ({ id, email, first_name: 'Mia', last_name: 'Moss', updated_at: at, created_at: at, ...more })

describe('the door', () => {
  test('a body with any one byte changed is refused, and so is a missing or foreign signature', async () => {
    const before = (await rows()).length
    for (const body of ['{"id":1}', '{"shop_id":1,"shop_domain":"x"}', '{"id":2,"email":"ä@example.com"}']) {
      const raw = Buffer.from(body)
      const signature = sign(raw)
      for (let at = 0; at < raw.length; at++) {
        const changed = Buffer.from(raw)
        changed[at]! ^= 1
        expect((await post('products/delete', changed, { signature })).status).toBe(401)
      }
      expect((await post('products/delete', raw, { signature: null })).status).toBe(401)
      expect((await post('products/delete', raw, { signature: '' })).status).toBe(401)
      expect((await post('products/delete', raw, { signature: sign(raw, 'another secret') })).status).toBe(401)
      expect((await post('products/delete', raw, { signature: createHmac('sha256', testEnv.SHOPIFY_API_SECRET).update(raw).digest('hex') })).status).toBe(401)
      expect((await post('products/delete', raw, { signature: `${signature} ` .trim().replace(/=$/, '') })).status).toBe(401)
    }
    expect((await rows()).length).toBe(before)
  })

  test('the secret from before a change still opens it', async () => {
    const body = JSON.stringify({ id: 7 })
    expect((await post('products/delete', body, { signature: sign(body, testEnv.SHOPIFY_API_SECRET_PREVIOUS) })).status).toBe(200)
  })

  test('a delivery that comes again is kept once', async () => {
    for (let i = 0; i < 5; i++) expect((await post('products/delete', { id: 8 }, { id: 'same' })).status).toBe(200)
    expect((await rows()).filter((row) => row.deliveryId === 'same')).toHaveLength(1)
  })

  test('unknown stores and unknown topics are answered with 200 and end as ignored, without what they said', async () => {
    expect((await post('orders/create', { id: 1, email: 'who@example.com' }, { domain: 'nobody.myshopify.com', id: 'unknown-shop' })).status).toBe(200)
    expect((await post('planets/align', { id: 1 }, { id: 'unknown-topic' })).status).toBe(200)
    await t.runJobs()
    const ended = (await rows()).filter((row) => row.deliveryId.startsWith('unknown'))
    expect(Object.fromEntries(ended.map((row) => [row.deliveryId, [row.state, row.body]]))).toEqual({ 'unknown-shop': ['ignored', ''], 'unknown-topic': ['ignored', ''] })
  })

  test('a signed body that nobody can read fails visibly and stops nothing else', async () => {
    expect((await post('orders/create', '{"id": 12', { id: 'malformed' })).status).toBe(200)
    expect((await post('orders/create', { id: 'x', email: 'private@example.com' }, { id: 'misshapen' })).status).toBe(200)
    await t.runJobs()
    const ended = (await rows()).filter((row) => ['malformed', 'misshapen'].includes(row.deliveryId))
    expect(ended.map((row) => row.state)).toEqual(['failed', 'failed'])
    for (const row of ended) expect(row.note).not.toContain('private@')
  })

  test('a body larger than any that the platform sends is refused with 413', async () => {
    const huge = `{"id":1,"x":"${'y'.repeat(7_000_000)}"}`
    expect((await post('orders/create', huge)).status).toBe(413)
  })

  test('it answers quickly although there is much to do: the work follows later', async () => {
    const before = (await t.app.db.select().from(subscribers).where(eq(subscribers.shopId, t.shop.id))).length
    expect((await post('customers/create', customer(500, 'later@example.com', '2026-11-20T10:00:00Z'))).status).toBe(200)
    expect((await t.app.db.select().from(subscribers).where(eq(subscribers.shopId, t.shop.id))).length).toBe(before)
    await t.runJobs()
    expect((await t.app.db.select().from(subscribers).where(eq(subscribers.shopId, t.shop.id))).length).toBe(before + 1)
  })
})

describe('news in any order', () => {
  const person = async (email: string) => (await t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.emailKey, email))))[0]
  const ledger = async (email: string) => {
    const found = await person(email)
    return found ? t.app.db.select().from(consentEntries).where(and(eq(consentEntries.shopId, t.shop.id), eq(consentEntries.subscriberId, found.id))).orderBy(consentEntries.seq) : []
  }
  const consent = (id: number, email: string | null, state: string, level: string | null, at: string) => ({ customer_id: id, email_address: email, email_marketing_consent: { state, opt_in_level: level, consent_updated_at: at } })

  test('an older record of a customer never overwrites a newer one', async () => {
    await post('customers/update', customer(601, 'order@example.com', '2026-11-02T10:00:00+01:00', { first_name: 'New' }))
    await post('customers/update', customer(601, 'order@example.com', '2026-11-01T10:00:00+01:00', { first_name: 'Old' }))
    await t.runJobs()
    expect((await person('order@example.com'))?.firstName).toBe('New')
  })

  test('consent that comes before its customer finds the person, with its own time', async () => {
    await post('customers_email_marketing_consent/update', consent(602, 'early@example.com', 'subscribed', 'confirmed_opt_in', '2026-11-01T12:00:00-05:00'))
    await post('customers/create', customer(602, 'early@example.com', '2026-11-01T12:00:00-05:00'))
    await t.runJobs()
    expect(await ledger('early@example.com')).toMatchObject([{ state: 'subscribed', basis: 'express_confirmed', method: 'store_event', occurredAt: new Date('2026-11-01T17:00:00Z') }])
  })

  test('older consent never overwrites newer, and on a tie the lower state wins', async () => {
    await post('customers_email_marketing_consent/update', consent(603, 'tie@example.com', 'unsubscribed', 'single_opt_in', '2026-11-03T10:00:00Z'))
    await post('customers_email_marketing_consent/update', consent(603, 'tie@example.com', 'subscribed', 'single_opt_in', '2026-11-02T10:00:00Z'))
    await post('customers_email_marketing_consent/update', consent(603, 'tie@example.com', 'subscribed', 'single_opt_in', '2026-11-03T10:00:00Z'))
    await t.runJobs()
    expect((await ledger('tie@example.com')).at(-1)?.state).toBe('unsubscribed')
    await post('customers_email_marketing_consent/update', consent(603, 'tie@example.com', 'subscribed', 'single_opt_in', '2026-11-04T10:00:00Z'))
    await t.runJobs()
    expect((await ledger('tie@example.com')).at(-1)?.state).toBe('subscribed')
  })

  test('a yes of unknown origin is a record that the merchant must vouch for; invalid and redacted withdraw', async () => {
    await post('customers_email_marketing_consent/update', consent(604, 'unknown@example.com', 'subscribed', null, '2026-11-03T10:00:00Z'))
    await post('customers_email_marketing_consent/update', consent(605, 'invalid@example.com', 'invalid', null, '2026-11-03T10:00:00Z'))
    await t.runJobs()
    expect((await ledger('unknown@example.com')).at(-1)).toMatchObject({ state: 'unconfirmed_record', basis: 'merchant_record' })
    expect((await ledger('invalid@example.com')).at(-1)?.state).toBe('unsubscribed')
  })

  test('missing and null personal fields are no fault, and nobody is made of them', async () => {
    const before = await t.app.db.$count(subscribers, eq(subscribers.shopId, t.shop.id))
    await post('customers/create', { id: 606, updated_at: '2026-11-03T10:00:00Z' }, { id: 'no-fields' })
    await post('customers/create', customer(607, null, '2026-11-03T10:00:00Z', { first_name: null, last_name: null }), { id: 'null-fields' })
    await post('customers_email_marketing_consent/update', consent(608, null, 'subscribed', 'single_opt_in', '2026-11-03T10:00:00Z'), { id: 'null-consent' })
    await post('orders/create', { id: 1, name: '#1', total_price: '10.00', currency: 'USD', created_at: '2026-11-03T10:00:00Z', updated_at: '2026-11-03T10:00:00Z' }, { id: 'null-order' })
    await t.runJobs()
    expect(await t.app.db.$count(subscribers, eq(subscribers.shopId, t.shop.id))).toBe(before)
    expect((await rows()).filter((row) => ['no-fields', 'null-fields', 'null-consent', 'null-order'].includes(row.deliveryId)).map((row) => row.state)).toEqual(['done', 'done', 'done', 'done'])
  })

  test('a deleted customer is not mailed any more; news from before does not bring the number back', async () => {
    await post('customers/create', customer(610, 'gone@example.com', '2026-11-03T10:00:00Z'))
    await post('customers_email_marketing_consent/update', consent(610, 'gone@example.com', 'subscribed', 'single_opt_in', '2026-11-03T10:00:00Z'))
    await t.runJobs()
    await post('customers/delete', { id: 610 }, { at: new Date('2026-11-05T10:00:00Z') })
    await t.runJobs()
    await post('customers/update', customer(610, 'gone@example.com', '2026-11-04T10:00:00Z'))
    await t.runJobs()
    expect((await person('gone@example.com'))?.platformId).toBeNull()
    expect((await ledger('gone@example.com')).at(-1)?.state).toBe('unsubscribed')
  })

  test('two records become one and the lower consent remains', async () => {
    await post('customers/create', customer(611, 'kept@example.com', '2026-11-03T10:00:00Z'))
    await post('customers/create', customer(612, 'removed@example.com', '2026-11-03T10:00:00Z'))
    await post('customers_email_marketing_consent/update', consent(611, 'kept@example.com', 'subscribed', 'single_opt_in', '2026-11-03T10:00:00Z'))
    await post('customers_email_marketing_consent/update', consent(612, 'removed@example.com', 'unsubscribed', 'single_opt_in', '2026-11-01T10:00:00Z'))
    await t.runJobs()
    await post('customers/merge', { admin_graphql_api_customer_kept_id: 'gid://shopify/Customer/611', admin_graphql_api_customer_deleted_id: 'gid://shopify/Customer/612', status: 'completed' })
    await t.runJobs({ keepGoing: true }) // the store is to be told, and there is none in this file
    expect(await person('removed@example.com')).toBeUndefined()
    expect((await ledger('kept@example.com')).at(-1)?.state).toBe('unsubscribed')
  })

  test('a product is never older than what was heard of it, whatever the order, and deleted is deleted', async () => {
    const product = (at: string, title: string, price: string) => ({ id: 700, title, handle: 'fern', status: 'active', tags: 'green, indoor', published_at: at, updated_at: at, variants: [{ id: 701, title: 'Default', price, inventory_quantity: 2 }] })
    const stored = async () => (await t.app.db.select().from(products).where(and(eq(products.shopId, t.shop.id), eq(products.id, '700'))))[0]
    await post('products/update', product('2026-11-03T10:00:00Z', 'Fern', '12.50'))
    await post('products/create', product('2026-11-01T10:00:00Z', 'Fren', '99.00'))
    await t.runJobs()
    expect(await stored()).toMatchObject({ title: 'Fern', priceMin: 1250, tags: ['green', 'indoor'], url: 'https://fern-and-fig.myshopify.com/products/fern', available: true })
    await post('products/delete', { id: 700 }, { at: new Date('2026-11-05T10:00:00Z') })
    await t.runJobs()
    await post('products/update', product('2026-11-04T10:00:00Z', 'Back?', '1.00'))
    await t.runJobs()
    expect(await stored()).toMatchObject({ title: 'Fern', deletedAt: new Date('2026-11-05T10:00:00Z') })
    expect((await t.api(t.shop).get('/api/products?ids=700')).body.products).toEqual([])
    // The news of a deletion may even be the first that we hear.
    await post('products/delete', { id: 710 }, { at: new Date('2026-11-05T10:00:00Z') })
    await post('products/create', { ...product('2026-11-04T10:00:00Z', 'Ghost', '1.00'), id: 710, variants: [] })
    await t.runJobs()
    expect((await t.api(t.shop).get('/api/products?ids=710')).body.products).toEqual([])
  })

  test('Cleo’s shop holds nothing of all this', async () => {
    for (const table of [subscribers, products, consentEntries] as const) expect(await t.app.db.$count(table, eq(table.shopId, t.stranger.id))).toBe(0)
  })
})

describe('leaving', () => {
  test('news of an uninstall from before the present installation is ignored', async () => {
    await post('app/uninstalled', {}, { domain: t.stranger.domain, at: new Date(t.stranger.installedAt.getTime() - 1_000) })
    await t.runJobs()
    expect((await t.app.db.select().from(shops).where(eq(shops.id, t.stranger.id)))[0]?.status).toBe('installed')
  })

  test('an uninstall destroys the keys at once; people and their consent stay', async () => {
    t.clock.jump(1_000)
    await t.addSubscriber(t.stranger, { email: 'stays@example.com', consent: 'subscribed' })
    await post('app/uninstalled', {}, { domain: t.stranger.domain })
    await t.runJobs()
    expect((await t.app.db.select().from(shops).where(eq(shops.id, t.stranger.id)))[0]).toMatchObject({ status: 'uninstalled', uninstalledAt: t.clock.now() })
    expect(await t.app.db.$count(shopTokens, eq(shopTokens.shopId, t.stranger.id))).toBe(0)
    expect(await t.app.db.$count(consentEntries, eq(consentEntries.shopId, t.stranger.id))).toBe(1)
    expect(await t.app.db.$count(shopTokens, eq(shopTokens.shopId, t.shop.id))).toBe(1)
  })
})
