import { and, eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { levelOf, watchComplaints, watchSending } from '../app/campaigns/complaints.ts'
import { campaignLive, type ComplaintNotice } from '../app/campaigns/contract.ts'
import { insertAll } from '../app/db/insert-all.ts'
import { campaigns, deliveries, events, shopSettings } from '../app/db/schema.ts'
import { takeFeedback } from '../app/deliveries/feedback.ts'
import { startCampaign } from '../app/campaigns/start.ts'
import { DAY, dayIn, HOUR } from '../app/lib/clock.ts'
import { newId } from '../app/lib/ids.ts'
import type { Shop } from '../app/shops/shops.ts'
import { mailContent } from '../app/templates/contract.ts'
import { testApp, type TestApp } from './app.ts'
import { addMany, makeCampaign } from './campaign.ts'

// L12: complaints stop the harm. One in a thousand warns, three in a thousand of at least 1,000 delivered stops.

let t: TestApp
beforeEach(async () => {
  t = await testApp()
})
afterEach(() => t.close())

/** What the mail service told of a campaign. */
async function told(messageId: string, what: { delivered?: number; complained?: number }, of: Shop = t.shop): Promise<void> {
  const at = t.clock.now()
  for (const kind of ['delivered', 'complained'] as const) {
    const rows = Array.from({ length: what[kind] ?? 0 }, () => {
      const id = newId(at)
      return { shopId: of.id, id, kind, subscriberId: newId(at), messageId, verdict: null, linkNo: null, detail: null, at, day: dayIn(of.timezone, at), dedupeKey: `mail:${id}` }
    })
    await insertAll(t.app.db, events, rows)
  }
}
/** A campaign that has begun to go out. */
async function going(name = 'Spring sale', of: Shop = t.shop): Promise<string> {
  const id = await makeCampaign(t.app, of, { name })
  await t.app.db.update(campaigns).set({ startedAt: t.clock.now() }).where(and(eq(campaigns.shopId, of.id), eq(campaigns.id, id)))
  return id
}
const statusOf = async (id: string) => (await t.app.db.select({ status: campaigns.status, why: campaigns.statusReason }).from(campaigns).where(eq(campaigns.id, id)))[0]!
const live = async (id: string) => campaignLive.parse((await t.api(t.shop).get(`/api/campaigns/${id}/live`)).body)
const home = async (of = t.shop): Promise<ComplaintNotice | null> => (await t.api(of).get('/api/home')).body.complaints as ComplaintNotice | null
const confirm = (of = t.shop) => t.api(of).post('/api/complaints/confirm')

describe('how bad it is', () => {
  test.each([
    [0, 0, null], [0, 5000, null],
    [1, 1001, null], [1, 1000, 'warn'], [1, 999, null], [2, 999, 'warn'], [2, 150, 'warn'],
    [2, 1000, 'warn'], [3, 1001, 'warn'], [3, 1000, 'stop'], [3, 999, 'warn'], [4, 1000, 'stop'],
    [299, 100_000, 'warn'], [300, 100_000, 'stop'], [99, 100_000, null], [100, 100_000, 'warn'],
  ] as const)('%i of %i delivered: %s', (complained, delivered, level) => {
    expect(levelOf({ complained, delivered })).toBe(level)
  })
})

describe('one in a thousand', () => {
  test('warns on the campaign and on the home page, and stops nothing', async () => {
    const id = await going()
    await told(id, { delivered: 1001, complained: 1 })
    await watchComplaints(t.app, t.shop.id)
    expect([(await live(id)).complaints, await home()]).toEqual([null, null])
    await told(id, { complained: 1 })
    await watchComplaints(t.app, t.shop.id)
    expect((await live(id)).complaints).toEqual({ level: 'warn', scope: 'campaign', words: '2 of 1,001 delivered mails were marked as spam (0.20%).' })
    expect(await home()).toEqual({ level: 'warn', scope: 'shop', words: 'In the last 30 days 2 of 1,001 delivered mails were marked as spam (0.20%).' })
    expect((await statusOf(id)).status).toBe('sending')
    expect(await home(t.stranger)).toBeNull()
  })

  test('is forgotten on the home page after 30 days', async () => {
    await told(await going(), { delivered: 1000, complained: 2 })
    expect(await home()).not.toBeNull()
    t.clock.jump(32 * DAY)
    expect(await home()).toBeNull()
  })
})

describe('three in a thousand', () => {
  test('just below and below 1,000 delivered nothing stops; exactly there all that goes out is paused with the reason', async () => {
    const [id, other] = [await going(), await going('Another')]
    const theirs = await going('Cleo’s', t.stranger)
    await told(id, { delivered: 999, complained: 3 })
    await watchComplaints(t.app, t.shop.id)
    expect((await statusOf(id)).status).toBe('sending') // 0.3% of too few
    await told(id, { delivered: 2 })
    await watchComplaints(t.app, t.shop.id)
    expect((await statusOf(id)).status).toBe('sending') // 3 of 1,001
    await told(id, { complained: 1 })
    await watchComplaints(t.app, t.shop.id)
    for (const one of [id, other]) {
      expect(await statusOf(one)).toEqual({ status: 'paused', why: 'In the last 30 days 4 of 1,001 delivered mails were marked as spam (0.40%).' })
      expect((await live(one)).complaints?.level).toBe('stop')
    }
    expect((await home())?.level).toBe('stop')
    expect((await statusOf(theirs)).status).toBe('sending')
    expect(await home(t.stranger)).toBeNull()
  })

  test('is noticed as soon as the mail service tells of the complaints', async () => {
    const id = await going()
    await told(id, { delivered: 1000 })
    const now = t.clock.now()
    const people = await addMany(t.app, t.shop, 3)
    await insertAll(t.app.db, deliveries, people.map((subscriberId, i) => ({
      shopId: t.shop.id, messageId: id, subscriberId, email: `person${i}@example.org`, batch: null, state: 'accepted', attempts: 1, requestId: `key-${i}`, acceptedAt: now, createdAt: now, updatedAt: now,
    })))
    await takeFeedback(t.app, people.map((_, i) => ({ id: `event-${i}`, key: `key-${i}`, kind: 'complained' as const, at: now, detail: null, machine: false })))
    await t.runJobs()
    expect((await statusOf(id)).status).toBe('paused')
    expect((await home())?.level).toBe('stop')
  })

  test('late deliveries that complete the thousand are noticed by the minute’s look', async () => {
    const id = await going()
    await told(id, { delivered: 900, complained: 3 })
    await watchSending(t.app)
    expect((await statusOf(id)).status).toBe('sending')
    await told(id, { delivered: 100 })
    await watchSending(t.app)
    expect((await statusOf(id)).status).toBe('paused')
  })

  test('of one campaign stops too, where the shop’s other mail would hide it', async () => {
    const [good, bad] = [await going('Good'), await going('Bad')]
    await told(good, { delivered: 9000 })
    await told(bad, { delivered: 1000, complained: 3 })
    await watchComplaints(t.app, t.shop.id)
    expect((await statusOf(bad)).why).toBe('“Bad”: 3 of 1,000 delivered mails were marked as spam (0.30%).')
    expect((await statusOf(good)).status).toBe('paused')
  })

  test('nothing new begins and nothing goes on until somebody has read and confirmed; then that is written down and counted anew', async () => {
    await t.addSubscriber(t.shop, { email: 'ada@example.org', consent: 'subscribed' })
    const id = await going()
    await told(id, { delivered: 1000, complained: 5 })
    await watchComplaints(t.app, t.shop.id)
    const api = t.api(t.shop)
    // A draft that lacks nothing else, and one whose time comes now.
    const draft = (await api.post('/api/campaigns', { name: 'Next' })).body
    const content = mailContent.parse({ blocks: [{ id: 'x', type: 'text', html: '<p>Hello</p>', align: 'left' }] })
    await api.put(`/api/campaigns/${draft.id}`, { version: draft.version, name: 'Next', subject: 'Hello', preheader: '', content, audience: { kind: 'everyone' } })
    const refused = await api.post(`/api/campaigns/${draft.id}/send`)
    expect([refused.status, refused.body.error.message]).toEqual([422, expect.stringContaining('5 of 1,000 delivered mails were marked as spam')])
    expect((await api.get(`/api/campaigns/${draft.id}/rehearsal`)).body).toMatchObject({ canSend: false, checks: expect.arrayContaining([expect.objectContaining({ code: 'complaints', level: 'error' })]) })
    await t.app.db.update(campaigns).set({ status: 'scheduled', scheduledAt: t.clock.now() }).where(eq(campaigns.id, draft.id))
    await startCampaign(t.app, { shopId: t.shop.id, campaignId: draft.id })
    expect((await statusOf(draft.id)).status).toBe('failed')
    const resumed = await api.post(`/api/campaigns/${id}/resume`)
    expect([resumed.status, (await statusOf(id)).status]).toEqual([409, 'paused'])
    expect((await api.post(`/api/campaigns/${id}/held/again`, { people: 'all' })).status).toBe(409)

    await confirm(t.stranger) // another shop's word counts for nothing here
    expect((await api.post(`/api/campaigns/${id}/resume`)).status).toBe(409)
    t.clock.jump(HOUR)
    await confirm()
    const [settings] = await t.app.db.select().from(shopSettings).where(eq(shopSettings.shopId, t.shop.id))
    expect(settings).toMatchObject({ complaintsStoppedAt: null, complaintsConfirmedAt: t.clock.now(), complaintsConfirmedBy: '42' })
    expect((await home())?.level).toBe('warn') // still true, and still said
    expect((await api.post(`/api/campaigns/${id}/resume`)).body.status).toBe('sending')
    // What was there before does not stop it again; as much anew does.
    await watchComplaints(t.app, t.shop.id)
    t.clock.jump(1000)
    await told(id, { delivered: 1000, complained: 2 })
    await watchComplaints(t.app, t.shop.id)
    expect((await statusOf(id)).status).toBe('sending')
    await told(id, { complained: 1 })
    await watchComplaints(t.app, t.shop.id)
    expect((await statusOf(id)).status).toBe('paused')
  })

  test('while it is stopped, a campaign that began at that very moment is paused by the next look', async () => {
    await told(await going(), { delivered: 1000, complained: 3 })
    await watchComplaints(t.app, t.shop.id)
    const late = await going('Late')
    await watchSending(t.app)
    expect((await statusOf(late)).status).toBe('paused')
  })
})
