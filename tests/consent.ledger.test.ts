import { and, asc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { countUnattested, standingOf } from '../app/consent/mailable.ts'
import { recordConsent, type ConsentInput } from '../app/consent/record.ts'
import { mayTrack } from '../app/consent/tracking.ts'
import { writeBack } from '../app/consent/write-back.ts'
import { consentEntries, shops, shopSettings, subscribers, suppressions } from '../app/db/schema.ts'
import { addressHash } from '../app/lib/crypto.ts'
import type { Platform } from '../app/platforms/platform.ts'
import { testApp, type TestApp } from './app.ts'

let t: TestApp
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())

let n = 0
const someone = (extra: Partial<Parameters<TestApp['addSubscriber']>[1]> = {}): Promise<string> => t.addSubscriber(t.shop, { email: `p${++n}@example.test`, ...extra })
const news = (subscriberId: string, extra: Partial<ConsentInput> = {}): ConsentInput => ({
  subscriberId, purpose: 'email_marketing', act: 'granted', basis: 'express_single', method: 'form', source: 'test', occurredAt: t.clock.now(), ...extra,
})
const reason = async (id: string) => (await standingOf(t.app, t.shop.id, [id])).get(id)
const ledger = (id: string) => t.app.db.select().from(consentEntries).where(and(eq(consentEntries.shopId, t.shop.id), eq(consentEntries.subscriberId, id))).orderBy(asc(consentEntries.seq))

test('entries of a shop have one unbroken order, also when many are written at once', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, () => someone()))
  await Promise.all(ids.map((id) => recordConsent(t.app, t.shop.id, [news(id), news(id, { purpose: 'tracking' })])))
  const rows = await t.app.db.select({ seq: consentEntries.seq }).from(consentEntries).where(eq(consentEntries.shopId, t.shop.id)).orderBy(asc(consentEntries.seq))
  expect(rows.map((row) => row.seq)).toEqual(rows.map((_, i) => i + 1))
  const [shop] = await t.app.db.select().from(shops).where(eq(shops.id, t.shop.id))
  expect(shop?.consentSeq).toBe(rows.length)
})

test('ten people or a thousand: the same few statements', async () => {
  const cost = async (count: number): Promise<number> => {
    const ids = await Promise.all(Array.from({ length: count }, () => someone()))
    const before = t.app.db.statements()
    expect(await recordConsent(t.app, t.shop.id, ids.map((id) => news(id)))).toBe(count)
    return t.app.db.statements() - before
  }
  expect(await cost(500)).toBe(await cost(10))
})

test('a rolled-back transaction leaves no entry and no gap', async () => {
  const id = await someone()
  const [before] = await t.app.db.select().from(shops).where(eq(shops.id, t.shop.id))
  await expect(t.app.db.transaction(async () => {
    await recordConsent(t.app, t.shop.id, [news(id)])
    throw new Error('later fault')
  })).rejects.toThrow('later fault')
  const [after] = await t.app.db.select().from(shops).where(eq(shops.id, t.shop.id))
  expect([await ledger(id), after?.consentSeq]).toEqual([[], before?.consentSeq])
})

test('what the store says back after our own write adds nothing, even when it arrives late', async () => {
  const id = await someone()
  const asked = new Date(Math.floor(t.clock.now().getTime() / 1000) * 1000 - 60_000 + 300)
  const confirmed = new Date(asked.getTime() + 400) // within the same second
  await recordConsent(t.app, t.shop.id, [news(id, { act: 'requested', basis: 'none', occurredAt: asked }), news(id, { act: 'confirmed', basis: 'express_confirmed', method: 'double_opt_in', occurredAt: confirmed })])
  const whole = new Date(Math.floor(asked.getTime() / 1000) * 1000)
  const echo = { method: 'store_event' as const, occurredAt: whole }
  expect(await recordConsent(t.app, t.shop.id, [news(id, { ...echo, act: 'requested', basis: 'none' }), news(id, { ...echo, basis: 'express_confirmed' })])).toBe(0)
  expect(await reason(id)).toBeNull()
})

test('a "yes" from the store that is dated in the future is not believed', async () => {
  const id = await someone()
  expect(await recordConsent(t.app, t.shop.id, [news(id, { method: 'store_event', occurredAt: new Date(t.clock.now().getTime() + 3_600_000) })])).toBe(0)
})

describe('where a person stands', () => {
  test('the first rule that decides is named, in its order', async () => {
    const id = await someone()
    const [person] = await t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, id)))
    expect(await reason(id)).toBe('never_agreed')
    await recordConsent(t.app, t.shop.id, [news(id, { act: 'imported', method: 'store_import', basis: 'express_confirmed' })])
    expect(await reason(id)).toBe('record_not_attested')
    expect(await countUnattested(t.app, t.shop.id)).toBe(1)
    await t.app.db.update(shopSettings).set({ recordsAttestedAt: t.clock.now() }).where(eq(shopSettings.shopId, t.shop.id))
    expect(await reason(id)).toBeNull()
    await t.app.db.update(shopSettings).set({ recordsAttestedAt: null }).where(eq(shopSettings.shopId, t.shop.id))
    t.clock.jump(1000)
    await recordConsent(t.app, t.shop.id, [news(id)])
    expect(await reason(id)).toBeNull()
    await recordConsent(t.app, t.shop.id, [news(id, { act: 'withdrawn', basis: 'none', method: 'one_click' })])
    expect(await reason(id)).toBe('unsubscribed')
    await recordConsent(t.app, t.shop.id, [news(id, { act: 'requested', basis: 'none' })])
    expect(await reason(id)).toBe('not_confirmed')
    await t.app.db.update(subscribers).set({ restrictedAt: t.clock.now() }).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, id)))
    expect(await reason(id)).toBe('restricted')
    for (const [stored, told] of [['complained', 'complained'], ['bounced', 'bounced'], ['manual', 'suppressed'], ['erased', 'erased']] as const) {
      await t.app.db.insert(suppressions).values({ shopId: t.shop.id, addressHash: person!.addressHash, reason: stored, detail: null, createdAt: t.clock.now() })
      expect(await reason(id)).toBe(told)
    }
  })

  test('another shop’s block, consent and attestation mean nothing here', async () => {
    const mine = await t.addSubscriber(t.shop, { email: 'both@example.test', consent: 'subscribed' })
    const theirs = await t.addSubscriber(t.stranger, { email: 'both@example.test', consent: 'unsubscribed' })
    await t.app.db.insert(suppressions).values({ shopId: t.stranger.id, addressHash: addressHash(t.app.settings.keys, t.stranger.id, 'both@example.test'), reason: 'complained', detail: null, createdAt: t.clock.now() })
    expect(await reason(mine)).toBeNull()
    expect(await standingOf(t.app, t.shop.id, [theirs])).toEqual(new Map())
    expect((await standingOf(t.app, t.stranger.id, [theirs])).get(theirs)).toBe('complained')
  })
})

describe('tracking', () => {
  const settings = (tracking: 'off' | 'consented' | 'by_law') => ({ tracking })
  test('by law: a yes is needed in Europe and where the country is unknown; elsewhere a no is respected', async () => {
    const people = {
      germanSilent: await someone({ country: 'DE' }), germanYes: await someone({ country: 'DE', tracking: 'subscribed' }), british: await someone({ country: 'gb' }), swiss: await someone({ country: 'CH' }),
      unknown: await someone({ country: null }), american: await someone({ country: 'US' }), americanNo: await someone({ country: 'US', tracking: 'unsubscribed' }),
    }
    const allowed = await mayTrack(t.app, t.shop.id, settings('by_law'), Object.values(people))
    expect(allowed).toEqual(new Set([people.germanYes, people.american]))
    expect(await mayTrack(t.app, t.shop.id, settings('consented'), Object.values(people))).toEqual(new Set([people.germanYes]))
    expect(await mayTrack(t.app, t.shop.id, settings('off'), Object.values(people))).toEqual(new Set())
    expect(await mayTrack(t.app, t.stranger.id, settings('by_law'), Object.values(people))).toEqual(new Set())
  })
})

describe('telling the store', () => {
  const told: Parameters<Platform['writeConsent']>[1][] = []
  const tell = async (subscriberId: string): Promise<typeof told> => {
    told.length = 0
    const shopify = { ...t.app.platforms.shopify, writeConsent: async (_shop: unknown, change: (typeof told)[number]) => (told.push(change), { platformId: '77' }) }
    await writeBack({ ...t.app, platforms: { shopify } }, { shopId: t.shop.id, subscriberId })
    return told
  }

  test('with the true time and without weakening a confirmed opt-in; its number is kept', async () => {
    const id = await someone()
    const at = new Date(t.clock.now().getTime() - 86_400_000)
    await recordConsent(t.app, t.shop.id, [news(id, { act: 'confirmed', basis: 'express_confirmed', method: 'double_opt_in', occurredAt: at }), news(id, { act: 'withdrawn', basis: 'none', method: 'one_click', occurredAt: at })])
    await t.app.db.update(subscribers).set({ platformId: '12' }).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, id)))
    expect(await tell(id)).toMatchObject([{ state: 'unsubscribed', level: 'confirmed', at, platformId: '12' }])
    const other = await someone()
    await recordConsent(t.app, t.shop.id, [news(other)])
    expect(await tell(other)).toMatchObject([{ state: 'subscribed', level: 'single' }])
    const [row] = await t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, other)))
    expect(row?.platformId).toBe('77')
  })

  test('never what the store told us, never for a stranger to the store who leaves, never after it has left us', async () => {
    const fromStore = await someone()
    await recordConsent(t.app, t.shop.id, [news(fromStore, { method: 'store_event' })])
    expect(await tell(fromStore)).toEqual([])
    const leaver = await someone({ consent: 'unsubscribed' })
    expect(await tell(leaver)).toEqual([])
    const member = await someone({ consent: 'subscribed' })
    await t.app.db.update(shops).set({ status: 'uninstalled' }).where(eq(shops.id, t.shop.id))
    expect(await tell(member)).toEqual([])
    await t.app.db.update(shops).set({ status: 'installed' }).where(eq(shops.id, t.shop.id))
    expect(await tell(member)).toHaveLength(1)
  })
})
