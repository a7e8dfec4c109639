import fc from 'fast-check'
import { and, eq, ne, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { recordConsent } from '../app/consent/record.ts'
import { insertAll } from '../app/db/insert-all.ts'
import { attributions, campaigns, consentEntries, deliveries, events, forms, messages, orderLines, orders, shops, shopSettings, subscribers, suppressions, syncs } from '../app/db/schema.ts'
import { appendEvents, type NewEvent } from '../app/events/append.ts'
import { addressHash } from '../app/lib/crypto.ts'
import { DAY, HOUR, after, dayIn } from '../app/lib/clock.ts'
import { newId } from '../app/lib/ids.ts'
import { beginningOf, lastDays } from '../app/reports/days.ts'
import { addMany, makeCampaign } from './campaign.ts'
import { testApp, type Api, type TestApp } from './app.ts'

let t: TestApp
let api: Api
beforeAll(async () => {
  t = await testApp()
  api = t.api(t.shop)
})
afterAll(() => t.close())
beforeEach(async () => {
  for (const table of [attributions, orderLines, orders, events, deliveries, messages, campaigns, consentEntries, suppressions, subscribers, forms, syncs]) await t.app.db.delete(table)
})

interface Seen {
  person: number
  kind: 'delivered' | 'bounced' | 'complained' | 'unsubscribed' | 'opened' | 'clicked'
  verdict: 'human' | 'machine' | 'unknown'
  link: number
}
interface Sale {
  person: number
  total: number
  state: 'good' | 'test' | 'cancelled'
}
const people = 6
const seen: fc.Arbitrary<Seen> = fc.record({ person: fc.nat(people - 1), kind: fc.constantFrom('delivered', 'bounced', 'complained', 'unsubscribed', 'opened', 'clicked'), verdict: fc.constantFrom('human', 'machine', 'unknown'), link: fc.integer({ min: 1, max: 3 }) })
const sale: fc.Arbitrary<Sale> = fc.record({ person: fc.nat(people - 1), total: fc.integer({ min: 0, max: 2_500_000_000 }), state: fc.constantFrom('good', 'test', 'cancelled') })

/** Campaign rows for everybody, and what happened afterwards. */
async function play(log: Seen[], sales: Sale[] = []): Promise<{ id: string; ids: string[] }> {
  const now = t.clock.now()
  const ids = await addMany(t.app, t.shop, people, newId(now))
  const id = await makeCampaign(t.app, t.shop, { status: 'sent' })
  await t.app.db.update(campaigns).set({ startedAt: now, finishedAt: now }).where(eq(campaigns.id, id))
  await insertAll(t.app.db, deliveries, ids.map((subscriberId, i) => ({ shopId: t.shop.id, messageId: id, subscriberId, email: `p${i}@example.org`, state: 'accepted', reason: null, attempts: 1, acceptedAt: now, createdAt: now, updatedAt: now })))
  await appendEvents(t.app, t.shop.id, log.map((e, i): NewEvent => ({ kind: e.kind, subscriberId: ids[e.person]!, messageId: id, verdict: ['opened', 'clicked'].includes(e.kind) ? e.verdict : null, linkNo: e.kind === 'clicked' ? e.link : null, at: after(now, i), dedupeKey: `${id}:${i}` })))
  for (const s of sales) await sell(id, ids[s.person]!, s)
  return { id, ids }
}
async function sell(messageId: string, subscriberId: string, { total, state }: Pick<Sale, 'total' | 'state'>, at = t.clock.now(), lines: { title: string; quantity: number; price: number }[] = []): Promise<void> {
  const id = newId(at)
  await t.app.db.insert(orders).values({ shopId: t.shop.id, id, name: '#1', subscriberId, total, currency: 'USD', test: state === 'test', cancelledAt: state === 'cancelled' ? at : null, processedAt: at, day: dayIn(t.shop.timezone, at), platformUpdatedAt: at })
  await insertAll(t.app.db, orderLines, lines.map((line, i) => ({ shopId: t.shop.id, orderId: id, id: String(i), ...line })))
  await t.app.db.insert(attributions).values({ shopId: t.shop.id, orderId: id, messageId, subscriberId, clickedAt: at, orderedAt: at })
}

describe('the report of a campaign', () => {
  it('counts exactly what the event log and the orders say, each person once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(seen, { maxLength: 25 }), fc.array(sale, { maxLength: 6 }), async (log, sales) => {
        const { id, ids } = await play(log, sales)
        const { body } = await api.get(`/api/campaigns/${id}/report`)
        const who = (kind: string, verdict?: string): Set<number> => new Set(log.filter((e) => e.kind === kind && (!verdict || e.verdict === verdict)).map((e) => e.person))
        for (const kind of ['delivered', 'bounced', 'complained', 'unsubscribed'] as const) expect(body[kind]).toBe(who(kind).size)
        for (const kind of ['opened', 'clicked'] as const) {
          const human = who(kind, 'human')
          const unknown = new Set([...who(kind, 'unknown')].filter((p) => !human.has(p)))
          const machine = new Set([...who(kind, 'machine')].filter((p) => !human.has(p) && !unknown.has(p)))
          expect(body[kind]).toEqual({ human: human.size, unknown: unknown.size, machine: machine.size })
          const list = (await api.get(`/api/campaigns/${id}/people?show=${kind}`)).body.people as { subscriberId: string }[]
          expect(list.map((p) => p.subscriberId).sort()).toEqual([...human].map((p) => ids[p]!).sort())
        }
        for (const link of body.links as { n: number; clicks: number; people: number }[]) {
          const clicks = log.filter((e) => e.kind === 'clicked' && e.verdict === 'human' && e.link === link.n)
          expect([link.clicks, link.people]).toEqual([clicks.length, new Set(clicks.map((e) => e.person)).size])
        }
        const good = sales.filter((s) => s.state === 'good')
        expect([body.orders, body.revenue]).toEqual([good.length, good.reduce((sum, s) => sum + s.total, 0)])
        expect(body.audience).toBe(people)
        await t.app.db.delete(campaigns).where(ne(campaigns.id, id))
        const [row] = (await api.get('/api/campaigns')).body.campaigns as { figures: object }[]
        expect(row!.figures).toEqual({ accepted: people, delivered: body.delivered, openedHuman: body.opened.human, clickedHuman: body.clicked.human, orders: body.orders, revenue: body.revenue })
      }),
      { numRuns: 25 },
    )
  })

  it('says it in words, and says so when it is too early', async () => {
    const { id } = await play([])
    expect((await api.get(`/api/campaigns/${id}/report`)).body.sentence).toContain('Not enough data yet')
    const later = await play(
      [{ person: 0, kind: 'delivered', verdict: 'human', link: 1 }, { person: 1, kind: 'delivered', verdict: 'human', link: 1 }, { person: 2, kind: 'bounced', verdict: 'human', link: 1 }, { person: 0, kind: 'opened', verdict: 'human', link: 1 }, { person: 0, kind: 'clicked', verdict: 'human', link: 1 }],
      [{ person: 0, total: 4999, state: 'good' }],
    )
    expect((await api.get(`/api/campaigns/${later.id}/report`)).body.sentence).toBe('2 people got it, 1 opened it and 1 clicked. One order, $49.99, came after a click. 1 came back.')
  })

  it('names what was bought, why people were left out, and marks the links in the mail itself', async () => {
    const { id, ids } = await play([{ person: 0, kind: 'delivered', verdict: 'human', link: 1 }])
    await sell(id, ids[0]!, { total: 7000, state: 'good' }, t.clock.now(), [{ title: 'Pot', quantity: 2, price: 2000 }, { title: 'Fern', quantity: 1, price: 3000 }])
    await sell(id, ids[1]!, { total: 9000, state: 'cancelled' }, t.clock.now(), [{ title: 'Gold', quantity: 1, price: 9000 }])
    await t.app.db.update(deliveries).set({ state: 'excluded', reason: 'unsubscribed' }).where(and(eq(deliveries.messageId, id), eq(deliveries.subscriberId, ids[3]!)))
    const { body } = await api.get(`/api/campaigns/${id}/report`)
    expect(body.topProducts).toEqual([{ title: 'Pot', quantity: 2, revenue: 4000 }, { title: 'Fern', quantity: 1, revenue: 3000 }])
    expect(body.reasons).toEqual([{ reason: 'unsubscribed', words: 'Unsubscribed', people: 1 }])
    expect(body.html).toContain(`href="https://${t.shop.domain}/products/pot?a=1&amp;b=2" data-link="1"`)
    expect(body.html).not.toMatch(/\[\[|\{\{/)
    expect(body.attributionDays).toBe(5)
    const left = (await api.get(`/api/campaigns/${id}/people?show=excluded`)).body.people
    expect(left).toEqual([expect.objectContaining({ subscriberId: ids[3], words: 'Unsubscribed' })])
  })

  it('tells how many of the delivered are not watched', async () => {
    const { id, ids } = await play([0, 1, 2].map((person) => ({ person, kind: 'delivered' as const, verdict: 'human' as const, link: 1 })))
    expect((await api.get(`/api/campaigns/${id}/report`)).body.untracked).toBe(0)
    await t.app.db.update(subscribers).set({ country: 'DE' }).where(eq(subscribers.id, ids[0]!))
    expect((await api.get(`/api/campaigns/${id}/report`)).body.untracked).toBe(1)
    await t.app.db.update(shopSettings).set({ tracking: 'off' }).where(eq(shopSettings.shopId, t.shop.id))
    expect((await api.get(`/api/campaigns/${id}/report`)).body.untracked).toBe(3)
    await t.app.db.update(shopSettings).set({ tracking: 'by_law' }).where(eq(shopSettings.shopId, t.shop.id))
  })

  it('goes through the people behind a number page by page, nobody twice and nobody left out', async () => {
    const { id } = await play([])
    const now = t.clock.now()
    const many = await addMany(t.app, t.shop, 120, 'many')
    await insertAll(t.app.db, deliveries, many.map((subscriberId, i) => ({ shopId: t.shop.id, messageId: id, subscriberId, email: `m${i}@example.org`, state: 'held', reason: 'no_evidence', attempts: 1, createdAt: now, updatedAt: now })))
    const found: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const { body } = await api.get(`/api/campaigns/${id}/people?show=held${cursor ? `&cursor=${cursor}` : ''}`)
      found.push(...(body.people as { subscriberId: string }[]).map((p) => p.subscriberId))
      cursor = body.nextCursor as string | null
    }
    expect(found.sort()).toEqual(many.sort())
  })
})

describe('the home page', () => {
  it('begins with what is missing and a next step, without a number that means nothing', async () => {
    const { body } = await t.api(t.stranger).get('/api/home')
    expect(body).toMatchObject({ shopName: 'Kiln & Kettle', currency: 'EUR', everybody: 0, mailable: 0, syncing: false, sending: [], onboarding: { dismissed: false, sender: true, popupOn: false, joined: false, campaign: false, synced: false } })
    expect(body.sentence).toContain('Not enough data yet')
    expect(body.days).toHaveLength(30)
    expect(body.days[29].day).toBe('2026-11-22')
    expect(body.next).toMatchObject({ href: '/forms' })
  })

  it('follows the shop: sender, attestation, form, first campaign, then a draft, then time', async () => {
    const next = async (): Promise<string | null> => ((await api.get('/api/home')).body.next as { href: string; title: string } | null)?.title ?? null
    const now = t.clock.now()
    const [ben] = await addMany(t.app, t.shop, 1, 'ben')
    await t.app.db.update(shopSettings).set({ postalAddress: '' }).where(eq(shopSettings.shopId, t.shop.id))
    expect(await next()).toBe('Say who you are')
    await t.app.db.update(shopSettings).set({ postalAddress: '1 Fern Street' }).where(eq(shopSettings.shopId, t.shop.id))
    const una = await t.addSubscriber(t.shop, { email: 'una@example.com' })
    await t.app.db.update(shops).set({ consentSeq: 900 }).where(eq(shops.id, t.shop.id))
    await t.app.db.insert(consentEntries).values({ shopId: t.shop.id, seq: 900, subscriberId: una, purpose: 'email_marketing', act: 'imported', state: 'unconfirmed_record', basis: 'none', method: 'store_read', source: 'Shopify', occurredAt: now, recordedAt: now })
    expect(await next()).toBe('Your store says that 1 person agreed to get mail')
    await t.app.db.update(shopSettings).set({ recordsAttestedAt: now }).where(eq(shopSettings.shopId, t.shop.id))
    expect(await next()).toBe('Let people sign up')
    await t.app.db.insert(forms).values({ shopId: t.shop.id, id: newId(now), kind: 'popup', name: 'Pop-up', status: 'on', settings: {}, version: 1, createdAt: now, updatedAt: now })
    expect(await next()).toBe('Send your first campaign')
    const draft = (await api.post('/api/campaigns', { name: 'Half done' })).body
    expect(await next()).toBe('Finish “Half done”')
    await api.delete(`/api/campaigns/${draft.id}`)
    const id = await makeCampaign(t.app, t.shop, { status: 'sending' })
    await t.app.db.update(campaigns).set({ startedAt: now }).where(eq(campaigns.id, id))
    expect((await api.get('/api/home')).body).toMatchObject({ next: null, onboarding: { campaign: true, popupOn: true }, sending: [{ id, name: 'Spring sale' }] })
    await t.app.db.update(campaigns).set({ status: 'sent' }).where(eq(campaigns.id, id))
    expect(await next()).toBeNull()
    t.clock.jump(15 * DAY)
    expect(await next()).toBe('Your last mail went out 15 days ago')
    for (const kind of ['customers', 'products', 'orders'] as const) await t.app.db.insert(syncs).values({ shopId: t.shop.id, kind, state: 'done', linesDone: 1, objectsDone: 1, startedAt: now, updatedAt: now })
    expect((await api.get('/api/home')).body).toMatchObject({ onboarding: { synced: true }, syncing: false })
    await t.app.db.update(syncs).set({ state: 'reading' }).where(eq(syncs.kind, 'orders'))
    expect((await api.get('/api/home')).body).toMatchObject({ onboarding: { synced: false }, syncing: true })
    await api.post('/api/home/dismiss-onboarding')
    expect((await api.get('/api/home')).body.onboarding.dismissed).toBe(true)
    expect((await t.api(t.stranger).get('/api/home')).body.onboarding.dismissed).toBe(false)
    expect(ben).toBeDefined()
    await t.app.db.update(shopSettings).set({ recordsAttestedAt: null, onboardingDismissedAt: null })
  })

  it('sums thirty days of the shop’s own calendar', async () => {
    const { id, ids } = await play([{ person: 0, kind: 'delivered', verdict: 'human', link: 1 }, { person: 0, kind: 'opened', verdict: 'machine', link: 1 }, { person: 1, kind: 'opened', verdict: 'human', link: 1 }, { person: 1, kind: 'opened', verdict: 'human', link: 1 }])
    const first = lastDays(t.shop.timezone, t.clock.now(), 30)[0]!
    await sell(id, ids[0]!, { total: 1000, state: 'good' })
    await sell(id, ids[0]!, { total: 500, state: 'good' }, first.from)
    await sell(id, ids[0]!, { total: 9999, state: 'good' }, after(first.from, -1))
    await sell(id, ids[0]!, { total: 9999, state: 'test' })
    const { body } = await api.get('/api/home')
    expect(body.last30).toMatchObject({ delivered: 1, openedHuman: 1, clickedHuman: 0, orders: 2, revenue: 1500 })
    expect(body.sentence).toBe('In the last 30 days 2 orders, $15.00, came after your mail.')
    expect(body.days.map((d: { revenue: number }) => d.revenue).filter(Boolean)).toEqual([500, 1000])
    expect((await t.api(t.stranger).get('/api/home')).body).toMatchObject({ everybody: 0, last30: { delivered: 0, orders: 0 } })
  })

  it('draws the list day by day from the ledger, so that the days add up to today', async () => {
    let seq = (await t.app.db.update(shops).set({ consentSeq: sql`${shops.consentSeq} + 5000` }).where(eq(shops.id, t.shop.id)).returning({ seq: shops.consentSeq }))[0]!.seq - 5000
    const entry = async (subscriberId: string, state: string, daysAgo: number): Promise<void> => {
      const at = after(t.clock.now(), -daysAgo * DAY)
      await t.app.db.insert(consentEntries).values({ shopId: t.shop.id, seq: ++seq, subscriberId, purpose: 'email_marketing', act: 'noted', state, basis: state === 'subscribed' ? 'express_single' : 'none', method: 'form', source: 'test', occurredAt: at, recordedAt: at })
    }
    const person = (email: string): Promise<string> => t.addSubscriber(t.shop, { email })
    const [a, b, c, d] = [await person('a@example.com'), await person('b@example.com'), await person('c@example.com'), await person('d@example.com')]
    await entry(a, 'subscribed', 100)
    await entry(b, 'pending', 11)
    await entry(b, 'subscribed', 10)
    await entry(b, 'subscribed', 9) // said again: no gain
    await entry(c, 'subscribed', 8)
    await entry(c, 'unsubscribed', 3)
    await entry(d, 'subscribed', 200)
    await t.app.db.insert(suppressions).values({ shopId: t.shop.id, addressHash: addressHash(t.app.settings.keys, t.shop.id, 'd@example.com'), reason: 'bounced', createdAt: after(t.clock.now(), -5 * DAY) })
    const e = await t.addSubscriber(t.shop, { email: 'e@example.com', country: 'CA' }) // two years after they bought: six days ago
    const began = after(t.clock.now(), -6 * DAY)
    began.setUTCFullYear(began.getUTCFullYear() - 2)
    await recordConsent(t.app, t.shop.id, [{ subscriberId: e, purpose: 'email_marketing', act: 'imported', basis: 'merchant_record', method: 'import', source: 'test', occurredAt: began }])
    const { body } = await api.get('/api/home')
    const series = body.days.map((x: { mailable: number }) => x.mailable).slice(17)
    expect(body).toMatchObject({ everybody: 5, mailable: 2, last30: { newSubscribers: 2 } })
    //                    12 11 10  9  8  7  6  5  4  3  2  1  0 days ago
    expect(series).toEqual([3, 3, 4, 4, 5, 5, 4, 3, 3, 2, 2, 2, 2])
    const moved = body.days.flatMap((x: { day: string; gained: number; lost: number }, i: number) => (x.gained || x.lost ? [[29 - i, x.gained, x.lost]] : []))
    expect(moved).toEqual([[10, 1, 0], [8, 1, 0], [6, 0, 1], [5, 0, 1], [3, 0, 1]])
  })
})

describe('days of a zone', () => {
  it.each(['America/Los_Angeles', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'UTC', 'not/a-zone'])('begin where the calendar says, also when the clocks change: %s', (zone) => {
    for (const now of ['2026-03-30T05:00:00Z', '2026-11-03T23:59:00Z', '2026-12-31T23:30:00Z']) {
      const days = lastDays(zone, new Date(now), 40)
      expect(days.at(-1)!.day).toBe(dayIn(zone, new Date(now)))
      expect(new Set(days.map((d) => d.day)).size).toBe(40)
      for (const { day, from } of days) {
        expect([dayIn(zone, from), dayIn(zone, after(from, -1)) < day, beginningOf(zone, day)]).toEqual([day, true, from])
        expect(days.every((d, i) => i === 0 || Math.abs(d.from.getTime() - days[i - 1]!.from.getTime() - DAY) <= HOUR)).toBe(true)
      }
    }
  })
})
