import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { disagreementList } from '../app/consent/contract.ts'
import { standingOf } from '../app/consent/mailable.ts'
import { recordConsent } from '../app/consent/record.ts'
import { consentDisagreements, consentEntries, subscribers } from '../app/db/schema.ts'
import type { Shop } from '../app/shops/shops.ts'
import { eraseSubscriber } from '../app/subscribers/erase.ts'
import { createCustomer, setConsent } from '../simulator/actions/index.ts'
import type { SimCustomer } from '../simulator/types.ts'
import { pretend, type Pretend } from './pretend.ts'

// The news of a new "yes" in the store was lost. The nightly sweep finds it and raises nobody: the merchant sees both sides. (platform.md 6.4)
let p: Pretend
let shop: Shop
let mia: SimCustomer
let noa: SimCustomer
beforeAll(async () => {
  p = await pretend({ seed: 62 })
  const before = { state: 'UNSUBSCRIBED' as const, level: 'SINGLE_OPT_IN' as const, at: new Date('2026-01-05T10:00:00Z') }
  mia = createCustomer(p.world, p.store, { email: 'mia@example.com', firstName: 'Mia', marketing: before })
  noa = createCustomer(p.world, p.store, { email: 'noa@example.com', marketing: before })
  shop = await p.open()
  await p.readAll(shop)
})
afterAll(() => p.close())

const idOf = async (email: string): Promise<string> => (await p.t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shop.id), eq(subscribers.emailKey, email))))[0]!.id
const list = async (of: Shop = shop) => disagreementList.parse((await p.t.api(of).get('/api/consent/disagreements')).body)
/** Something happens in the store and we never hear of it. */
async function unheard(work: () => void): Promise<void> {
  p.world.clock.jump(3_600_000)
  p.world.faults.webhooks.dropNext = 10_000
  work()
  await p.calm()
  p.world.faults.webhooks.dropNext = 0
}
const sweep = async (): Promise<void> => {
  p.world.clock.jump(1_000)
  await p.t.handlers['sync.reconcile']({ shopId: shop.id })
}

describe('a "yes" in the store that is newer than our "no"', () => {
  test('raises nobody and is shown with both times and sources', async () => {
    expect(await list()).toEqual({ total: 0, rows: [] })
    await unheard(() => setConsent(p.world, p.store, mia.id, 'SUBSCRIBED', 'SINGLE_OPT_IN', p.world.clock.now()))
    const entries = await p.t.app.db.$count(consentEntries, eq(consentEntries.shopId, shop.id))
    await sweep()
    const id = await idOf('mia@example.com')
    const found = await list()
    expect(found).toMatchObject({ total: 1, rows: [{ subscriberId: id, email: 'mia@example.com', name: 'Mia', ours: { state: 'unsubscribed', source: 'Shopify', at: '2026-01-05T10:00:00.000Z' }, store: { level: 'single', source: 'Shopify' } }] })
    expect(new Date(found.rows[0]!.store.at) > new Date(found.rows[0]!.ours.at)).toBe(true)
    expect((await standingOf(p.t.app, shop.id, [id])).get(id)).toBe('unsubscribed')
    expect(await p.t.app.db.$count(consentEntries, eq(consentEntries.shopId, shop.id))).toBe(entries)
  })

  test('another shop sees nothing of it and cannot decide it; nobody can raise', async () => {
    const id = await idOf('mia@example.com')
    expect(await list(p.t.stranger)).toEqual({ total: 0, rows: [] })
    expect((await p.t.api(p.t.stranger).post(`/api/consent/disagreements/${id}`, { decision: 'keep' })).status).toBe(404)
    expect((await p.t.api(shop).post(`/api/consent/disagreements/${id}`, { decision: 'subscribe' })).status).toBe(422)
    expect((await list()).total).toBe(1)
  })

  test('what the merchant decided holds until the store says it anew', async () => {
    const id = await idOf('mia@example.com')
    expect((await p.t.api(shop).post(`/api/consent/disagreements/${id}`, { decision: 'keep' })).body).toEqual({ total: 0, rows: [] })
    expect((await p.t.api(shop).post(`/api/consent/disagreements/${id}`, { decision: 'keep' })).status).toBe(404)
    await sweep()
    expect((await list()).total).toBe(0)
    await unheard(() => {
      setConsent(p.world, p.store, mia.id, 'UNSUBSCRIBED', 'SINGLE_OPT_IN', p.world.clock.now())
      p.world.clock.jump(60_000)
      setConsent(p.world, p.store, mia.id, 'SUBSCRIBED', 'SINGLE_OPT_IN', p.world.clock.now())
    })
    await sweep()
    expect((await list()).total).toBe(1)
  })

  test('is gone when the person signs up themselves, or the store takes it back', async () => {
    const id = await idOf('mia@example.com')
    p.world.clock.jump(1_000)
    await recordConsent(p.t.app, shop.id, [{ subscriberId: id, purpose: 'email_marketing', act: 'granted', basis: 'express_single', method: 'preference_page', source: 'Preference page', occurredAt: p.world.clock.now() }])
    expect((await list()).total).toBe(0)
    await unheard(() => setConsent(p.world, p.store, noa.id, 'SUBSCRIBED', 'SINGLE_OPT_IN', p.world.clock.now()))
    await sweep()
    expect((await list()).rows.map((row) => row.email)).toEqual(['noa@example.com'])
    await unheard(() => setConsent(p.world, p.store, noa.id, 'NOT_SUBSCRIBED', 'SINGLE_OPT_IN', p.world.clock.now()))
    await sweep()
    expect((await list()).total).toBe(0)
  })

  test('is forgotten with the person', async () => {
    await unheard(() => setConsent(p.world, p.store, noa.id, 'SUBSCRIBED', 'SINGLE_OPT_IN', p.world.clock.now()))
    await sweep()
    expect((await list()).total).toBe(1)
    const id = await idOf('noa@example.com')
    await eraseSubscriber(p.t.app, shop.id, id)
    expect(await p.t.app.db.$count(consentDisagreements, and(eq(consentDisagreements.shopId, shop.id), eq(consentDisagreements.subscriberId, id)))).toBe(0)
  })
})

test('news that arrives raises as ever and leaves nothing to decide', async () => {
  const zoe = createCustomer(p.world, p.store, { email: 'zoe@example.com', marketing: { state: 'UNSUBSCRIBED', level: 'SINGLE_OPT_IN' } })
  await p.calm()
  p.world.clock.jump(60_000)
  setConsent(p.world, p.store, zoe.id, 'SUBSCRIBED', 'CONFIRMED_OPT_IN', p.world.clock.now())
  await p.calm()
  const id = await idOf('zoe@example.com')
  expect((await standingOf(p.t.app, shop.id, [id])).get(id)).toBeNull()
  expect((await list()).rows.map((row) => row.email)).not.toContain('zoe@example.com')
})
