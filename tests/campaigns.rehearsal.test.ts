import { and, eq, inArray, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { comparisonView, Rehearsal } from '../app/campaigns/contract.ts'
import { forgetManifests, manifestLife } from '../app/campaigns/manifest.ts'
import { startCampaign } from '../app/campaigns/start.ts'
import { subscribeAgain, unsubscribe } from '../app/consent/unsubscribe.ts'
import { insertAll } from '../app/db/insert-all.ts'
import { deliveries, rehearsalPeople, rehearsals, subscribers, subscriberTags } from '../app/db/schema.ts'
import { blockAddresses } from '../app/deliveries/batches.ts'
import { storeOrders } from '../app/events/orders.ts'
import { DAY, HOUR, MINUTE, after } from '../app/lib/clock.ts'
import { createOutbox, type Outbox } from '../app/mail/outbox.ts'
import type { StoreOrder } from '../app/platforms/platform.ts'
import { eraseSubscriber } from '../app/subscribers/erase.ts'
import { mergeSubscribers } from '../app/subscribers/merge.ts'
import type { z } from 'zod'
import { testApp, type Api, type TestApp } from './app.ts'
import { addMany } from './campaign.ts'

// A shop of 2,000 people. Between the rehearsal and the send, and while it goes out, things happen to some of them: each difference must
// be explained by what happened, and by nothing else.

type View = z.infer<typeof comparisonView>
let t: TestApp
let api: Api
let outbox: Outbox
let all: string[]
let segmentId: string
beforeAll(async () => {
  outbox = createOutbox({ most: 200 })
  t = await testApp({ mail: outbox })
  api = t.api(t.shop)
  all = await addMany(t.app, t.shop, 2_000)
  await t.app.db.update(subscribers).set({ firstName: null }).where(inArray(subscribers.id, all.slice(1_900, 1_984)))
  const rules = { kind: 'group', match: 'all', rules: [{ kind: 'bought', did: false, what: { kind: 'anything' }, times: 1, period: { kind: 'last', days: 30 } }] }
  const segment = await api.post('/api/segments', { name: 'Not lately', rules })
  expect(segment.status).toBe(200)
  segmentId = segment.body.id
  await t.runJobs({ keepGoing: true })
})
afterAll(() => t.close())

const content = {
  blocks: [
    { id: 't', type: 'text', html: '<p>Hello {{ subscriber.first_name | default: "there" }}, see <a href="https://fern-and-fig.example/new">what is new</a> and <a href="https://fern-and-fig.example/gone">what was</a>.</p>', align: 'left' },
  ],
}
async function draft(audience: unknown = { kind: 'everyone' }, of: Api = api): Promise<string> {
  const { body } = await of.post('/api/campaigns', { name: 'Spring' })
  expect((await of.put(`/api/campaigns/${body.id}`, { version: body.version, name: 'Spring', subject: 'News', preheader: 'New', content, audience })).status).toBe(200)
  return body.id
}
const rehearse = async (id: string, fresh = false): Promise<Rehearsal> => (await api.get(`/api/campaigns/${id}/rehearsal${fresh ? '?fresh=1' : ''}`)).body
const email = (n: number): string => `person${n}@example.org`
const leave = (n: number) => unsubscribe(t.app, t.shop.id, all[n]!, { method: 'unsubscribe_page', source: 'Unsubscribe link' })
const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i)
const order = (n: number, at: Date, change: Partial<StoreOrder> = {}): StoreOrder => ({
  id: `o${n}`, name: `#${n}`, customerPlatformId: null, email: email(n), firstName: null, lastName: null, locale: null, country: null, total: 100, currency: 'USD', test: false, cancelledAt: null,
  processedAt: at, updatedAt: at, checkoutToken: null, lines: [], ...change,
})
const send = async (id: string): Promise<void> => {
  expect((await api.post(`/api/campaigns/${id}/send`)).status).toBe(200)
  await startCampaign(t.app, { shopId: t.shop.id, campaignId: id })
}
const run = () => t.app.queue.runDue({ ...t.handlers, 'consent.write-back': () => Promise.resolve() })
const found = (view: View): Record<string, number> => Object.fromEntries(view.differences.map((one) => [`${one.difference}${one.got ? ' +' : ''}`, one.people]))

describe('a rehearsal of 2,000 people', () => {
  it('is exact: what was planned and what was sent differ only by what happened in between, each of it named', async () => {
    const { app, shop, clock } = t
    for (const n of range(0, 10)) await leave(n)
    await storeOrders(app, shop, range(10, 20).map((n) => order(n, after(clock.now(), -10 * DAY))))
    await storeOrders(app, shop, range(30, 5).map((n) => order(n, after(clock.now(), -30 * DAY + 7 * MINUTE)))) // out by days that are almost over
    for (const n of [40, 41]) await api.post('/api/suppressions', { email: email(n), note: '' })
    clock.jump(2 * MINUTE)

    const id = await draft({ kind: 'segment', segmentId })
    const plan = await rehearse(id)
    expect(plan).toMatchObject({ everybody: 2_000, included: 2_000 - 10 - 25 - 2, excluded: 37, audienceName: 'Not lately', canSend: true, at: clock.now().toISOString() })
    expect(Object.fromEntries(plan.reasons.map((one) => [one.reason, one.people]))).toEqual({ unsubscribed: 10, not_in_segment: 25, suppressed: 2 })
    clock.jump(4 * MINUTE)

    // Before the audience is frozen.
    for (const n of range(50, 10)) await leave(n)
    await blockAddresses(app, shop.id, range(60, 3).map((n) => ({ email: email(n) })), clock.now())
    for (const n of range(70, 4)) await api.post('/api/suppressions', { email: email(n), note: '' })
    await storeOrders(app, shop, range(80, 6).map((n) => order(n, clock.now())))
    await app.db.update(subscribers).set({ restrictedAt: clock.now(), updatedAt: clock.now() }).where(inArray(subscribers.id, [all[90]!, all[91]!]))
    for (const n of [100, 101, 102]) await eraseSubscriber(app, shop.id, all[n]!)
    await mergeSubscribers(app, shop.id, all[110]!, all[111]!)
    for (const n of [0, 1, 2, 3]) await subscribeAgain(app, shop.id, all[n]!, { method: 'preference_page', source: 'Preference page', wording: 'Yes' })
    const cancelled = after(clock.now(), -MINUTE)
    await storeOrders(app, shop, [10, 11].map((n) => order(n, after(clock.now(), -10 * DAY), { cancelledAt: cancelled, updatedAt: cancelled })))
    const [block] = (await api.post('/api/suppressions/find', { email: email(40) })).body.rows
    expect((await api.post('/api/suppressions/lift', { key: block.key, reason: 'manual', note: '', understood: true })).status).toBe(200)
    for (const n of range(0, 5)) await t.addSubscriber(shop, { email: `late${n}@example.org`, firstName: 'Lia', consent: 'subscribed' })
    await t.addSubscriber(shop, { email: 'late-unasked@example.org' }) // joins and may not be mailed: no difference
    clock.jump(4 * MINUTE)

    await send(id)
    // While it goes out.
    clock.jump(MINUTE)
    for (const n of [120, 121]) await leave(n)
    await eraseSubscriber(app, shop.id, all[122]!)
    await mergeSubscribers(app, shop.id, all[123]!, all[124]!)
    outbox.script((mail) => ([email(130), email(131)].includes(mail.to) ? { kind: 'refused', reason: '550 no such user', badAddress: true } : undefined))
    await run()
    expect((await api.get(`/api/campaigns/${id}`)).body.status).toBe('sent')
    clock.jump(MINUTE)
    for (const n of [140, 141]) await leave(n) // they had it before: no difference
    await storeOrders(app, shop, [order(142, clock.now())])

    const { status, body } = await api.get(`/api/campaigns/${id}/comparison`)
    expect(status).toBe(200)
    const view = body as View
    expect(found(view)).toEqual({
      unsubscribed: 12, bounced: 3, blocked: 4, left_by_order: 6, restricted: 2, forgotten: 4, merged: 2, bad_address: 2,
      'agreed +': 4, 'joined_by_order +': 2, 'days_passed +': 5, 'unblocked +': 1, 'joined +': 5,
    })
    expect(view).toMatchObject({ planned: plan.included, got: new Set(outbox.taken.map((mail) => mail.to)).size, unexplained: 0, at: plan.at })
    expect(view.got).toBe(outbox.taken.length)
    expect(view.planned + view.differences.reduce((sum, one) => sum + (one.got ? one.people : -one.people), 0)).toBe(view.got)
    expect(view.sentence).toMatch(/^Planned 1,963, sent 1,945: 12 unsubscribed in between, 6 left the segment by an order, /)

    // Each by something later than the manifest, except where days went by, which is no event.
    const rows = await app.db.select().from(rehearsalPeople).where(and(eq(rehearsalPeople.shopId, shop.id), sql`${rehearsalPeople.difference} is not null`))
    for (const row of rows) if (row.difference !== 'days_passed') expect([row.difference, row.differenceAt! >= new Date(Date.parse(plan.at) - 10_000)]).toEqual([row.difference, true])
    expect(rows.filter((row) => row.difference === 'unsubscribed' && row.differenceAt! > new Date(plan.at))).toHaveLength(12)
    const people = (await api.get(`/api/campaigns/${id}/comparison/people?difference=unsubscribed&got=no`)).body.people as { email: string }[]
    expect(people.map((one) => one.email).sort()).toEqual([...range(50, 10), 120, 121].map(email).sort())
    expect(view.differences.find((one) => one.difference === 'blocked')!.sample).toHaveLength(3)
    outbox.script([])
  })

  it('names what nobody can explain', async () => {
    const { app, shop, clock } = t
    clock.jump(HOUR)
    const id = await draft()
    await rehearse(id)
    clock.jump(5 * MINUTE)
    await send(id)
    const [shut, opened, unknown] = [all[300]!, all[301]!, all[302]!]
    const row = (of: string) => and(eq(deliveries.shopId, shop.id), eq(deliveries.messageId, id), eq(deliveries.subscriberId, of))
    const promise = (of: string) => and(eq(rehearsalPeople.shopId, shop.id), eq(rehearsalPeople.subscriberId, of), inArray(rehearsalPeople.rehearsalId, app.db.select({ id: rehearsals.id }).from(rehearsals).where(eq(rehearsals.campaignId, id))))
    await app.db.update(deliveries).set({ state: 'excluded', reason: 'unsubscribed' }).where(row(shut))
    await app.db.update(rehearsalPeople).set({ reason: 'unsubscribed' }).where(promise(opened))
    await app.db.delete(rehearsalPeople).where(promise(unknown))
    clock.jump(MINUTE)
    await run()
    const view = (await api.get(`/api/campaigns/${id}/comparison`)).body as View
    expect(found(view)).toEqual({ unexplained: 1, 'unexplained +': 2 })
    expect(view.unexplained).toBeGreaterThanOrEqual(3)
    expect(view.sentence).toMatch(/cannot be explained\.$/)
    expect(view.differences.flatMap((one) => one.sample.map((person) => person.subscriberId)).sort()).toEqual([shut, opened, unknown].sort())
  })

  it('knows why somebody came into a segment, or left it, by what was done by hand', async () => {
    const { clock, shop } = t
    clock.jump(HOUR)
    const tag = (n: number, action: 'add' | 'remove') => api.post('/api/subscribers/tag', { tag: 'VIP', action, people: { ids: [all[n]] } })
    for (const n of [500, 501, 502]) expect((await tag(n, 'add')).status).toBe(200)
    const segment = await api.post('/api/segments', { name: 'VIP', rules: { kind: 'group', match: 'all', rules: [{ kind: 'tag', has: true, tag: 'VIP' }] } })
    clock.jump(MINUTE)
    const id = await draft({ kind: 'segment', segmentId: segment.body.id })
    expect((await rehearse(id)).included).toBe(3)
    clock.jump(5 * MINUTE)
    await tag(501, 'remove')
    await tag(510, 'add')
    await api.put(`/api/segments/${segment.body.id}`, { name: 'VIP', rules: { kind: 'group', match: 'any', rules: [{ kind: 'tag', has: true, tag: 'VIP' }, { kind: 'tag', has: true, tag: 'Regular' }] } })
    await insertAll(t.app.db, subscriberTags, [{ shopId: shop.id, subscriberId: all[520]!, tag: 'Regular', own: true }]) // only the segment tells why
    clock.jump(MINUTE)
    await send(id)
    await run()
    const view = (await api.get(`/api/campaigns/${id}/comparison`)).body as View
    expect([found(view), view.unexplained, view.got]).toEqual([{ left_by_change: 1, 'joined_by_change +': 1, 'segment_changed +': 1 }, 0, 4])
  })

  it('counts what was cancelled, and what goes out without a rehearsal is rehearsed as it begins', async () => {
    t.clock.jump(HOUR)
    const id = await draft()
    await send(id)
    const [manifest] = await t.app.db.select().from(rehearsals).where(eq(rehearsals.campaignId, id))
    expect(manifest).toMatchObject({ version: 2, links: null })
    expect((await api.get(`/api/campaigns/${id}/comparison`)).status).toBe(409)
    expect((await rehearse(id, true)).at).toBe(manifest!.at.toISOString()) // it belongs to the send
    const before = outbox.taken.length
    expect((await api.post(`/api/campaigns/${id}/cancel`)).body.status).toBe('cancelled')
    await run()
    const view = (await api.get(`/api/campaigns/${id}/comparison`)).body as View
    expect(view).toMatchObject({ planned: manifest!.included, got: 0, unexplained: 0, differences: [{ difference: 'cancelled', got: false, people: manifest!.included }] })
    expect(outbox.taken.length).toBe(before)
  })
})

describe('the page', () => {
  it('shows what was written down for fifteen minutes, then, or when anything was changed, or when asked, it is written anew', async () => {
    t.clock.jump(HOUR)
    const id = await draft({ kind: 'segment', segmentId })
    const first = await rehearse(id)
    t.clock.jump(14 * MINUTE)
    await leave(400)
    expect(await rehearse(id)).toMatchObject({ at: first.at, included: first.included })
    const why = (await api.post(`/api/campaigns/${id}/why`, { q: email(400) })).body.people[0]
    expect([why.gets, why.sentence]).toEqual([false, expect.stringMatching(/^P400 will not get it: unsubscribed on 2\d Nov 2026 \(Unsubscribe link\)\. This has changed since the rehearsal\.$/)])
    const again = await rehearse(id, true)
    expect([again.included, again.at > first.at]).toEqual([first.included - 1, true])
    await run()
    expect(await t.app.db.$count(rehearsals, eq(rehearsals.campaignId, id))).toBe(1)
    expect(await t.app.db.$count(rehearsalPeople, inArray(rehearsalPeople.rehearsalId, t.app.db.select({ id: rehearsals.id }).from(rehearsals).where(eq(rehearsals.campaignId, id))))).toBe(again.everybody)
    t.clock.jump(MINUTE)
    const { name, rules } = (await api.get(`/api/segments/${segmentId}`)).body
    await api.put(`/api/segments/${segmentId}`, { name, rules })
    const third = await rehearse(id)
    expect(third.at > again.at).toBe(true)
    t.clock.jump(16 * MINUTE)
    expect((await rehearse(id)).at > third.at).toBe(true)
  })

  it('shows the people behind each reason, page by page, and the mail of anybody', async () => {
    const id = await draft()
    const plan = await rehearse(id)
    for (const { reason, people } of [...plan.reasons, { reason: '', people: plan.included }]) {
      const seen = new Set<string>()
      let cursor = ''
      do {
        const { body } = await api.get(`/api/campaigns/${id}/rehearsal/people?reason=${reason}&cursor=${cursor}`)
        for (const one of body.people) seen.add(one.subscriberId)
        cursor = body.nextCursor
      } while (cursor && seen.size < 200)
      expect([reason, seen.size]).toEqual([reason, Math.min(people, 200)])
    }
    const blocked = (await api.get(`/api/campaigns/${id}/rehearsal/people?reason=suppressed`)).body.people
    expect(blocked[0].words).toMatch(/^On your list of blocked addresses, since \d+ Nov 2026$/)
    const mail = (await api.get(`/api/campaigns/${id}/rehearsal/mail/${all[500]}`)).body
    expect(mail).toMatchObject({ email: email(500), subject: 'News', preheader: 'New' })
    expect([mail.html.includes('Hello P500, see'), mail.html.includes('[['), mail.bytes > 5_000]).toEqual([true, false, true])
    expect((await api.get(`/api/campaigns/${id}/rehearsal/people?reason=nonsense`)).status).toBe(422)
    expect((await api.get(`/api/campaigns/${id}/rehearsal/mail/nobody`)).status).toBe(404)
    const named = plan.checks.find((check) => check.code === 'no_first_name')!
    expect(named).toMatchObject({ level: 'ok', message: '84 people have no first name; they read “Hello there, see what is new and what was.”.' })
  })

  it('asks each link once, in the background', async () => {
    const id = await draft()
    await run() // of the drafts before
    const asked: string[] = []
    t.app.ask = (url) => (asked.push(url.href), Promise.resolve({ status: url.pathname === '/gone' ? 404 : 200, location: null }))
    const plan = await rehearse(id, true)
    expect([plan.asking, plan.links.map((one) => one.result)]).toEqual([true, [null, null, null]])
    await run()
    const later = await rehearse(id)
    expect(later.links.map((one) => [one.url, one.result])).toEqual([['https://fern-and-fig.myshopify.com', 'answers'], ['https://fern-and-fig.example/new', 'answers'], ['https://fern-and-fig.example/gone', 'does_not']])
    expect([later.asking, later.canSend, asked.length, later.at]).toEqual([false, true, 3, plan.at])
  })

  it('is nothing for another shop', async () => {
    const id = await draft()
    await rehearse(id)
    const cleo = t.api(t.stranger)
    const paths = ['rehearsal', 'rehearsal?fresh=1', 'rehearsal/people', `rehearsal/mail/${all[500]}`, 'comparison', 'comparison/people?difference=joined&got=yes']
    for (const path of paths) expect([path, (await cleo.get(`/api/campaigns/${id}/${path}`)).status]).toEqual([path, 404])
    const hers = await draft({ kind: 'everyone' }, cleo)
    expect((await cleo.get(`/api/campaigns/${hers}/rehearsal`)).body).toMatchObject({ everybody: 0, canSend: false })
    expect((await cleo.get(`/api/campaigns/${hers}/rehearsal/mail/${all[500]}`)).status).toBe(404)
    expect(await t.app.db.$count(rehearsals, eq(rehearsals.shopId, t.stranger.id))).toBe(1)
  })

  it('keeps people in a manifest for a month only; what was counted stays', async () => {
    t.clock.jump(manifestLife + HOUR)
    await forgetManifests(t.app)
    expect(await t.app.db.$count(rehearsalPeople)).toBe(0)
    const left = await t.app.db.select().from(rehearsals)
    expect(left.map((one) => one.comparison !== null)).toEqual([true, true, true, true])
  })
})
