import { and, eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { campaigns, jobs, shops, subscribers, suppressions } from '../app/db/schema.ts'
import { recordConsent } from '../app/consent/record.ts'
import { cancelDeliveries } from '../app/deliveries/cancel.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { progressOf } from '../app/deliveries/progress.ts'
import { queueSingle } from '../app/deliveries/queue-single.ts'
import { recoverDeliveries } from '../app/deliveries/recover.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import { createOutbox, type Outbox } from '../app/mail/outbox.ts'
import type { Mail, Outcome } from '../app/mail/provider.ts'
import { segmentSql } from './segment.ts'
import { addMany, makeCampaign, rowsOf, statesOf } from './campaign.ts'
import { testApp, type TestApp } from './app.ts'

let t: TestApp
let outbox: Outbox
beforeEach(async () => {
  outbox = createOutbox({ evidence: 'events' })
  t = await testApp({ mail: outbox })
})
afterEach(() => t.close())

const send = (messageId: string): Promise<void> => sendDeliveries(t.app, { shopId: t.shop.id, messageId })
const status = async (id: string): Promise<{ status: string; reason: string | null } | undefined> =>
  (await t.app.db.select({ status: campaigns.status, reason: campaigns.statusReason }).from(campaigns).where(and(eq(campaigns.shopId, t.shop.id), eq(campaigns.id, id))))[0]
const unsubscribe = (subscriberId: string): Promise<number> =>
  recordConsent(t.app, t.shop.id, [{ subscriberId, purpose: 'email_marketing', act: 'withdrawn', basis: 'none', method: 'unsubscribe_page', source: 'test', occurredAt: t.clock.now() }])
/** Finishing asked for, whichever engine holds the jobs: seen by the handler. */
async function finished(): Promise<string[]> {
  const asked: string[] = []
  await t.app.queue.runDue({ ...t.handlers, 'campaigns.finish': async ({ messageId }) => void asked.push(messageId) })
  return asked
}

describe('the freeze', () => {
  test('everybody gets a row, in or out with the first reason; twice is once; strangers are nowhere in it', async () => {
    const yes = await t.addSubscriber(t.shop, { email: 'yes@example.org', consent: 'subscribed' })
    const pending = await t.addSubscriber(t.shop, { email: 'pending@example.org', consent: 'pending' })
    const gone = await t.addSubscriber(t.shop, { email: 'gone@example.org', consent: 'unsubscribed' })
    const never = await t.addSubscriber(t.shop, { email: 'never@example.org' })
    const abroad = await t.addSubscriber(t.shop, { email: 'abroad@example.org', consent: 'subscribed', country: 'NZ' })
    await t.addSubscriber(t.stranger, { email: 'cleos@example.org', consent: 'subscribed' })
    const id = await makeCampaign(t.app, t.shop)
    const before = t.app.db.statements()
    expect(await freeze(t.app, t.shop.id, id, segmentSql('US'))).toEqual({ everybody: 5, audience: 1 })
    expect(t.app.db.statements() - before).toBeLessThanOrEqual(6)
    const reasons = Object.fromEntries((await rowsOf(t.app, t.shop, id)).map((row) => [row.subscriberId, [row.state, row.reason]]))
    expect(reasons).toEqual({ [yes]: ['pending', null], [pending]: ['excluded', 'not_confirmed'], [gone]: ['excluded', 'unsubscribed'], [never]: ['excluded', 'never_agreed'], [abroad]: ['excluded', 'not_in_segment'] })
    await t.addSubscriber(t.shop, { email: 'later@example.org', consent: 'subscribed' })
    await freeze(t.app, t.shop.id, id, segmentSql('US'))
    expect((await rowsOf(t.app, t.shop, id)).find((row) => row.subscriberId === yes)?.state).toBe('pending')
    expect((await progressOf(t.app, t.shop.id, [id])).get(id)).toMatchObject({ excluded: 4, waiting: 1 })
    expect((await progressOf(t.app, t.stranger.id, [id])).get(id)).toMatchObject({ everybody: 0 })
  })
})

describe('sending', () => {
  test('everybody in gets exactly one mail, with few statements, and the campaign is asked to finish', async () => {
    await addMany(t.app, t.shop, 1200)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    const before = t.app.db.statements()
    await send(id)
    expect((t.app.db.statements() - before) / 1200).toBeLessThan(0.05)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 1200 })
    expect(new Set(outbox.taken.map((mail) => mail.to)).size).toBe(1200)
    expect(outbox.taken.length).toBe(1200)
    expect(new Set(outbox.taken.map((mail) => mail.key)).size).toBe(1200)
    expect(await finished()).toEqual([id])
    await send(id)
    expect(outbox.taken.length).toBe(1200)
  })

  test('without evidence a batch is smaller and still cheap', async () => {
    await t.close()
    outbox = createOutbox()
    t = await testApp({ mail: outbox })
    await addMany(t.app, t.shop, 600)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    await t.app.queue.open() // what the queue needs once is not the loop's
    const before = t.app.db.statements()
    await send(id)
    expect((t.app.db.statements() - before) / 600).toBeLessThan(0.1)
    expect(outbox.taken.length).toBe(600)
  })

  test('whoever leaves between the freeze and the claim gets nothing, and the row says why', async () => {
    const [a, b, c, d] = await addMany(t.app, t.shop, 4)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    await unsubscribe(a!)
    const [person] = await t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, b!)))
    await t.app.db.insert(suppressions).values({ shopId: t.shop.id, addressHash: person!.addressHash, reason: 'bounced', createdAt: t.clock.now() })
    await t.app.db.delete(subscribers).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, c!)))
    await send(id)
    const rows = Object.fromEntries((await rowsOf(t.app, t.shop, id)).map((row) => [row.subscriberId, [row.state, row.reason, row.acceptedAt === null]]))
    expect(rows).toEqual({ [a!]: ['suppressed', 'unsubscribed', true], [b!]: ['suppressed', 'bounced', true], [c!]: ['suppressed', 'erased', true], [d!]: ['accepted', null, false] })
    expect(outbox.taken.length).toBe(1)
    expect(await finished()).toEqual([id])
  })

  test('an unsubscribe during the send stops everything that was not begun', async () => {
    await t.close()
    outbox = createOutbox({ evidence: 'events', lanes: 4, perSecond: 40 }) // batches of 80
    t = await testApp({ mail: outbox })
    const people = await addMany(t.app, t.shop, 100)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    const leaving: Promise<unknown>[] = []
    outbox.script(() => {
      if (leaving.length === 0) leaving.push(...people.map((subscriberId) => unsubscribe(subscriberId)))
      return undefined
    })
    await send(id)
    await Promise.all(leaving)
    expect(outbox.taken.length).toBeLessThanOrEqual(80)
    expect((await statesOf(t.app, t.shop, id)).suppressed).toBeGreaterThanOrEqual(20)
  })

  test('pausing bites within a batch; resuming loses nobody and doubles nobody', async () => {
    await t.close()
    outbox = createOutbox({ evidence: 'events', lanes: 4, perSecond: 20 })
    t = await testApp({ mail: outbox })
    await addMany(t.app, t.shop, 100)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    const set = async (to: string): Promise<void> => void (await t.app.db.update(campaigns).set({ status: to }).where(eq(campaigns.id, id)))
    const pausing: Promise<void>[] = []
    outbox.script(() => {
      if (pausing.length === 0) pausing.push(set('paused'))
      return undefined
    })
    await send(id)
    await Promise.all(pausing)
    const first = outbox.taken.length
    expect(first).toBeLessThanOrEqual(40)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: first, pending: 100 - first })
    expect(await finished()).toEqual([])
    outbox.limits.perSecond = 10_000
    await set('sending')
    await send(id)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 100 })
    expect(new Set(outbox.taken.map((mail) => mail.to)).size).toBe(outbox.taken.length)
  })

  test('a pause bites at the next batch', async () => {
    await t.close()
    outbox = createOutbox({ evidence: 'none', lanes: 4, perSecond: 500 }) // batches of 50
    t = await testApp({ mail: outbox })
    await addMany(t.app, t.shop, 200)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    const pausing: Promise<void>[] = []
    outbox.script(() => {
      if (pausing.length === 0) pausing.push(t.app.db.update(campaigns).set({ status: 'paused' }).where(eq(campaigns.id, id)).then(() => undefined))
      return undefined
    })
    await send(id)
    await Promise.all(pausing)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 50, pending: 150 })
    expect((await rowsOf(t.app, t.shop, id)).every((row) => row.state === 'accepted' || (row.claimedBy === null && row.attempts === 0))).toBe(true)
  })

  test('cancelling stops who is not begun, with the reason', async () => {
    await addMany(t.app, t.shop, 5)
    const id = await makeCampaign(t.app, t.shop, { status: 'paused' })
    await freeze(t.app, t.shop.id, id, null)
    expect(await cancelDeliveries(t.app, t.stranger.id, id)).toBe(0)
    expect(await cancelDeliveries(t.app, t.shop.id, id)).toBe(5)
    await t.app.db.update(campaigns).set({ status: 'sending' }).where(eq(campaigns.id, id))
    await send(id)
    expect(outbox.taken.length).toBe(0)
    expect((await rowsOf(t.app, t.shop, id)).every((row) => row.state === 'suppressed' && row.reason === 'cancelled')).toBe(true)
  })

  test('after uninstalling nothing leaves any more', async () => {
    await addMany(t.app, t.shop, 5)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    await t.app.db.update(shops).set({ status: 'uninstalled' }).where(eq(shops.id, t.shop.id))
    await send(id)
    expect(outbox.taken.length).toBe(0)
    expect((await rowsOf(t.app, t.shop, id)).every((row) => row.state === 'suppressed' && row.reason === 'shop_uninstalled')).toBe(true)
  })

  test('several loops at once, here and in other workers, send each mail once', async () => {
    await addMany(t.app, t.shop, 400)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    const workers = Array.from({ length: 4 }, () => ({ ...t.app }))
    outbox.script(() => new Promise((resolve) => setTimeout(() => resolve(undefined), 1)))
    await Promise.all([...workers, ...workers].map((app) => sendDeliveries(app, { shopId: t.shop.id, messageId: id })))
    await t.runJobs({ keepGoing: true })
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 400 })
    expect(outbox.taken.length).toBe(400)
    expect(new Set(outbox.taken.map((mail) => mail.to)).size).toBe(400)
  })

  test('another shop cannot send it', async () => {
    await addMany(t.app, t.shop, 3)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    await sendDeliveries(t.app, { shopId: t.stranger.id, messageId: id })
    expect(outbox.taken.length).toBe(0)
    expect(await freeze(t.app, t.stranger.id, id, null)).toEqual({ everybody: 0, audience: 0 })
  })
})

describe('a provider that does not simply say yes', () => {
  const prepare = async (people: number): Promise<string> => {
    await addMany(t.app, t.shop, people)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    return id
  }
  const for_ = (email: string, outcome: Outcome) => (mail: Mail) => (mail.to === email ? outcome : undefined)

  test('a bad address harms only itself, and is not written to again', async () => {
    const id = await prepare(100)
    outbox.script(for_('person7@example.org', { kind: 'refused', reason: 'no such user', badAddress: true }))
    await send(id)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 99, refused: 1 })
    expect((await rowsOf(t.app, t.shop, id)).find((row) => row.state === 'refused')).toMatchObject({ email: 'person7@example.org', reason: 'bad_address' })
    outbox.script([])
    const next = await makeCampaign(t.app, t.shop)
    expect(await freeze(t.app, t.shop.id, next, null)).toEqual({ everybody: 100, audience: 99 })
  })

  test('"too many": nothing more leaves until the time that it asked for, then everybody gets it', async () => {
    const id = await prepare(50)
    let calls = 0
    outbox.script(() => (++calls > 10 ? { kind: 'later', reason: '429', retryAfterMs: 60_000, whole: true } : undefined))
    await send(id)
    expect(calls).toBeLessThanOrEqual(10 + outbox.limits.lanes)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 10, pending: 40 })
    const after = calls
    await t.runJobs()
    t.clock.jump(30_000)
    await t.runJobs()
    expect(calls).toBe(after)
    outbox.script([])
    t.clock.jump(31_000)
    await finished()
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 50 })
    expect(outbox.taken.length).toBe(50)
    expect((await rowsOf(t.app, t.shop, id)).every((row) => row.attempts === 1)).toBe(true)
  })

  test('one that is put off alone waits alone, longer each time, and is refused in the end', async () => {
    const id = await prepare(5)
    outbox.script(for_('person2@example.org', { kind: 'later', reason: 'greylisted', retryAfterMs: 300_000, whole: false }))
    await send(id)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 4, pending: 1 })
    for (let i = 0; i < 30; i++) {
      t.clock.jump(6 * 3_600_000 + 1000)
      await finished()
    }
    const row = (await rowsOf(t.app, t.shop, id)).find((one) => one.state !== 'accepted')
    expect(row).toMatchObject({ state: 'refused', reason: 'provider_refused', attempts: 12 })
  })

  test('a refused sender pauses the campaign with the reason, after at most one request a lane; nobody is lost', async () => {
    const id = await prepare(60)
    let calls = 0
    outbox.script(() => (++calls, { kind: 'paused', reason: 'SendGrid answered 401' }))
    await send(id)
    expect(calls).toBeLessThanOrEqual(outbox.limits.lanes)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ pending: 60 })
    expect(await status(id)).toMatchObject({ status: 'paused', reason: expect.stringContaining('SendGrid answered 401') as string })
    outbox.script([])
    await t.app.db.update(campaigns).set({ status: 'sending' }).where(eq(campaigns.id, id))
    await send(id)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 60 })
  })

  test('a mail that the provider refuses for everybody pauses instead of burning the list', async () => {
    const id = await prepare(200)
    outbox.script(() => ({ kind: 'refused', reason: 'content is not allowed', badAddress: false }))
    await send(id)
    const states = await statesOf(t.app, t.shop, id)
    expect(states.refused).toBeLessThanOrEqual(10 + outbox.limits.lanes)
    expect((await status(id))?.status).toBe('paused')
  })

  test('a storm of lost answers stops the loop; without evidence they go out again after half an hour, none before', async () => {
    const id = await prepare(100)
    let calls = 0
    outbox.script(() => (++calls, { kind: 'uncertain', reason: '503' }))
    await send(id)
    expect(calls).toBeLessThanOrEqual(5 + outbox.limits.lanes)
    const doubtful = (await statesOf(t.app, t.shop, id)).uncertain!
    expect(doubtful).toBe(calls)
    outbox.script([])
    t.clock.jump(61_000)
    await finished()
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 100 - doubtful, uncertain: doubtful })
    t.clock.jump(28 * 60_000)
    await recoverDeliveries(t.app)
    await t.runJobs({ keepGoing: true })
    expect((await statesOf(t.app, t.shop, id)).uncertain).toBe(doubtful)
    t.clock.jump(2 * 60_000)
    await recoverDeliveries(t.app)
    expect(await finished()).toContain(id)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 100 })
    expect(new Set(outbox.taken.map((mail) => mail.to)).size).toBe(outbox.taken.length)
  })

  test('a provider that throws leaves a doubt, not a second mail', async () => {
    const id = await prepare(3)
    outbox.script((mail) => (mail.to === 'person1@example.org' ? Promise.reject(new Error('bug')) : undefined))
    await send(id)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 2, uncertain: 1 })
  })

  test('where nothing can tell, a doubt is held for a person and named', async () => {
    await t.close()
    outbox = createOutbox({ evidence: 'none' })
    t = await testApp({ mail: outbox })
    const id = await prepare(3)
    outbox.script(for_('person1@example.org', { kind: 'uncertain', reason: 'the line broke' }))
    await send(id)
    await recoverDeliveries(t.app)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 2, held: 1 })
    expect(await finished()).toContain(id)
    t.clock.jump(86_400_000)
    await recoverDeliveries(t.app)
    await send(id)
    expect(outbox.taken.length).toBe(2)
  })
})

describe('single mails', () => {
  const mail = { kind: 'confirmation' as const, subject: 'Please confirm', html: '<html><body><p>Press</p></body></html>', text: 'Press', language: 'en' }

  test('a confirmation goes to somebody who has not agreed yet, without tracking and without headers of bulk mail', async () => {
    const id = await t.addSubscriber(t.shop, { email: 'new@example.org', consent: 'pending', tracking: 'subscribed' })
    await queueSingle(t.app, t.shop.id, { ...mail, to: { subscriberId: id, email: 'new@example.org' } })
    await t.runJobs()
    expect(outbox.taken.map((one) => one.to)).toEqual(['new@example.org'])
    const [sent] = outbox.taken
    expect(sent!.headers['Auto-Submitted']).toBe('auto-generated')
    expect(sent!.headers['List-Unsubscribe']).toBeUndefined()
    expect(sent!.html).toContain('1 Fern Street')
    expect(sent!.html).not.toContain('/o/')
  })

  test('it joins the transaction: rolled back, it never was', async () => {
    const id = await t.addSubscriber(t.shop, { email: 'new@example.org', consent: 'pending' })
    await expect(t.app.db.transaction(async () => {
      await queueSingle(t.app, t.shop.id, { ...mail, to: { subscriberId: id, email: 'new@example.org' } })
      throw new Error('no')
    })).rejects.toThrow('no')
    await t.runJobs()
    expect(outbox.taken.length).toBe(0)
    expect(await t.app.db.$count(jobs)).toBe(0)
  })

  test('a blocked address gets nothing, not even a test', async () => {
    const id = await t.addSubscriber(t.shop, { email: 'bad@example.org', consent: 'pending' })
    const [person] = await t.app.db.select().from(subscribers).where(eq(subscribers.id, id))
    await t.app.db.insert(suppressions).values({ shopId: t.shop.id, addressHash: person!.addressHash, reason: 'complained', createdAt: t.clock.now() })
    for (const kind of ['confirmation', 'test'] as const) {
      const messageId = await queueSingle(t.app, t.shop.id, { ...mail, kind, to: { subscriberId: id, email: 'bad@example.org' } })
      expect(await rowsOf(t.app, t.shop, messageId)).toMatchObject([{ state: 'suppressed', reason: 'complained' }])
    }
    await t.runJobs()
    expect(outbox.taken.length).toBe(0)
  })

  test('a block that comes between queueing and posting counts too', async () => {
    const id = await t.addSubscriber(t.shop, { email: 'new@example.org', consent: 'pending' })
    const messageId = await queueSingle(t.app, t.shop.id, { ...mail, to: { subscriberId: id, email: 'new@example.org' } })
    await t.app.db.update(subscribers).set({ restrictedAt: t.clock.now() }).where(eq(subscribers.id, id))
    await t.runJobs()
    expect(await rowsOf(t.app, t.shop, messageId)).toMatchObject([{ state: 'suppressed', reason: 'restricted' }])
  })

  test('a test belongs to nobody: its way out is nobody’s', async () => {
    const id = await t.addSubscriber(t.shop, { email: 'real@example.org', consent: 'subscribed' })
    const messageId = await queueSingle(t.app, t.shop.id, { ...mail, kind: 'test', subject: 'Test for {{ subscriber.first_name | default: "you" }}', to: { subscriberId: id, email: 'ada@fern-and-fig.example' } })
    await t.runJobs()
    expect(outbox.taken).toMatchObject([{ to: 'ada@fern-and-fig.example', subject: 'Test for you' }])
    expect((await rowsOf(t.app, t.shop, messageId))[0]!.subscriberId).not.toBe(id)
  })

  test('no address, no mail', async () => {
    await expect(queueSingle(t.app, t.shop.id, { ...mail, to: { subscriberId: 'x', email: 'a@example.org, b@example.org' } })).rejects.toThrow('not an e-mail address')
  })
})
