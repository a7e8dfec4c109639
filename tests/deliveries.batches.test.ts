import { and, eq } from 'drizzle-orm'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { App } from '../app/app.ts'
import { cancel, pause, resume } from '../app/campaigns/commands.ts'
import { finishCampaign } from '../app/campaigns/finish.ts'
import { peopleOf } from '../app/campaigns/people.ts'
import { recordConsent } from '../app/consent/record.ts'
import { isPostgres } from '../app/db/columns.ts'
import { batches, campaigns, deliveries, subscribers, suppressions } from '../app/db/schema.ts'
import { cancelDeliveries } from '../app/deliveries/cancel.ts'
import { takeFeedback } from '../app/deliveries/feedback.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { takeTurn } from '../app/deliveries/pace.ts'
import { progressOf } from '../app/deliveries/progress.ts'
import { recoverDeliveries } from '../app/deliveries/recover.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import { MINUTE } from '../app/lib/clock.ts'
import { createOutbox, type Outbox } from '../app/mail/outbox.ts'
import type { Mail, MailProvider, Outcome, SharedRecipient } from '../app/mail/provider.ts'
import { eraseSubscriber } from '../app/subscribers/erase.ts'
import { mergeSubscribers } from '../app/subscribers/merge.ts'
import { addMany, makeCampaign, rowsOf, statesOf } from './campaign.ts'
import { testApp, type TestApp } from './app.ts'

let t: TestApp
let outbox: Outbox
const begin = async (options: Parameters<typeof createOutbox>[0] = {}): Promise<void> => {
  outbox = createOutbox({ evidence: 'events', most: 50, ...options })
  t = await testApp({ mail: outbox })
}
afterEach(() => t.close())
const send = (messageId: string, app: App = t.app): Promise<void> => sendDeliveries(app, { shopId: t.shop.id, messageId })
const batchesOf = (messageId: string) => t.app.db.select().from(batches).where(and(eq(batches.shopId, t.shop.id), eq(batches.messageId, messageId))).orderBy(batches.n)
const status = async (id: string) => (await t.app.db.select({ status: campaigns.status, reason: campaigns.statusReason }).from(campaigns).where(eq(campaigns.id, id)))[0]!
const set = async (id: string, to: string): Promise<void> => void (await t.app.db.update(campaigns).set({ status: to }).where(eq(campaigns.id, id)))
const unsubscribe = (subscriberId: string): Promise<number> =>
  recordConsent(t.app, t.shop.id, [{ subscriberId, purpose: 'email_marketing', act: 'withdrawn', basis: 'none', method: 'unsubscribe_page', source: 'test', occurredAt: t.clock.now() }])
async function prepare(people: number, prefix?: string): Promise<{ id: string; people: string[] }> {
  const ids = await addMany(t.app, t.shop, people, prefix)
  const id = await makeCampaign(t.app, t.shop, { way: 'shared' })
  await freeze(t.app, t.shop.id, id, null)
  return { id, people: ids.toSorted() }
}
/** The sums for showing are what the rows say, whatever happens. */
async function sums(id: string, everybody: number): Promise<void> {
  const states = await statesOf(t.app, t.shop, id)
  const waiting = (states.pending ?? 0) + (states.claimed ?? 0) + (states.posting ?? 0)
  const rows = { everybody: Object.values(states).reduce((a, b) => a + b, 0), waiting, accepted: states.accepted ?? 0, refused: states.refused ?? 0, suppressed: states.suppressed ?? 0, uncertain: states.uncertain ?? 0, held: states.held ?? 0, excluded: states.excluded ?? 0 }
  expect(rows.everybody).toBe(everybody)
  expect((await progressOf(t.app, t.shop.id, [id])).get(id)).toEqual({ ...rows, audience: rows.everybody - rows.excluded })
}
const refusal = (badAddress: boolean, reason = 'SendGrid answered 400'): Outcome => ({ kind: 'refused', reason, badAddress })

describe('a shared message', () => {
  test('is frozen into batches that hold everybody who is in, in the order of their ids; the others have their reason', async () => {
    await begin()
    for (let i = 0; i < 30; i++) await t.addSubscriber(t.shop, { email: `out${i}@example.org`, consent: i % 2 ? 'unsubscribed' : 'pending' })
    const { id, people } = await prepare(120)
    expect((await batchesOf(id)).map((one) => [one.n, one.firstId, one.lastId, one.people, one.state])).toEqual([
      [0, people[0], people[49], 50, 'pending'], [1, people[50], people[99], 50, 'pending'], [2, people[100], people[119], 20, 'pending'],
    ])
    const rows = await rowsOf(t.app, t.shop, id)
    expect(rows.filter((row) => row.batch !== null).map((row) => [row.subscriberId, row.batch])).toEqual(people.map((person, i) => [person, Math.floor(i / 50)]))
    expect(await statesOf(t.app, t.shop, id)).toEqual({ pending: 120, excluded: 30 })
    expect(await freeze(t.app, t.shop.id, id, null)).toEqual({ everybody: 150, audience: 120 })
    expect((await batchesOf(id)).length).toBe(3)
    expect(await freeze(t.app, t.stranger.id, id, null)).toEqual({ everybody: 0, audience: 0 })
    await sums(id, 150)
  })

  test('of nobody has no batches', async () => {
    await begin()
    await t.addSubscriber(t.shop, { email: 'out@example.org', consent: 'unsubscribed' })
    const id = await makeCampaign(t.app, t.shop, { way: 'shared' })
    expect(await freeze(t.app, t.shop.id, id, null)).toEqual({ everybody: 1, audience: 0 })
    expect(await batchesOf(id)).toEqual([])
  })

  test('leaves in a few calls and a few statements, and everybody gets exactly one mail', async () => {
    await begin({ most: 1000 })
    const { id } = await prepare(5000)
    await t.app.queue.open() // what the queue needs once is not the loop's
    const before = t.app.db.statements()
    await send(id)
    expect((t.app.db.statements() - before) / 5000).toBeLessThan(0.01)
    expect(outbox.calls).toEqual({ single: 0, shared: 5 })
    expect(new Set(outbox.taken.map((mail) => mail.to)).size).toBe(5000)
    expect(outbox.taken.length).toBe(5000)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 5000 })
    await sums(id, 5000)
    await t.runJobs()
    expect((await status(id)).status).toBe('sent')
    await send(id)
    expect(outbox.taken.length).toBe(5000)
  })

  test('another shop can neither send it nor cancel it nor see it', async () => {
    await begin()
    const { id } = await prepare(10)
    await sendDeliveries(t.app, { shopId: t.stranger.id, messageId: id })
    expect(await cancelDeliveries(t.app, t.stranger.id, id)).toBe(0)
    expect((await progressOf(t.app, t.stranger.id, [id])).get(id)).toMatchObject({ everybody: 0 })
    expect(outbox.taken.length).toBe(0)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ pending: 10 })
  })

  test('whose provider can no longer merge travels one by one; nobody is lost', async () => {
    await begin()
    const { id } = await prepare(60)
    const { shared: _, ...alone } = outbox
    await send(id, { ...t.app, mail: alone })
    expect(outbox.calls.shared).toBe(0)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 60 })
    expect(new Set(outbox.taken.map((mail) => mail.to)).size).toBe(60)
    await sums(id, 60)
  })
})

describe('the last look', () => {
  test('an opt-out that is committed before the posting begins is seen, at any moment', async () => {
    await begin()
    const { id, people } = await prepare(150)
    // Between the promise and the look of each batch, somebody of it leaves.
    let n = 0
    const lists: typeof t.app.db.lists = async (query) => {
      if (query.sql.includes('from "deliveries"')) await unsubscribe(people[100 - 50 * n++ + 7]!)
      return t.app.db.lists(query)
    }
    await send(id, { ...t.app, db: Object.assign(Object.create(t.app.db) as typeof t.app.db, { lists }) })
    expect(n).toBe(3)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 147, suppressed: 3 })
    const left = (await rowsOf(t.app, t.shop, id)).filter((row) => row.state === 'suppressed')
    expect(left.map((row) => [row.subscriberId, row.reason])).toEqual([7, 57, 107].map((i) => [people[i], 'unsubscribed']))
    expect(outbox.taken.length).toBe(147)
    await sums(id, 150)
  })

  test('during the send: of those whose opt-out was committed before their batch was promised, nobody gets it', async () => {
    await begin({ most: 10, lanes: 2 })
    const { id, people } = await prepare(200)
    const gone = new Map<string, Date>()
    outbox.script(async (mail) => {
      if (gone.size < 150 && mail.to.endsWith('0@example.org')) {
        const who = people.filter((_, i) => i % 4 !== 0 && !gone.has(people[i]!)).slice(0, 30)
        for (const person of who) {
          await unsubscribe(person)
          gone.set(person, t.clock.now())
        }
      }
      t.clock.jump(1)
      return undefined
    })
    await send(id)
    const rows = await rowsOf(t.app, t.shop, id)
    const posted = await batchesOf(id)
    for (const row of rows) if (row.state === 'accepted' && gone.has(row.subscriberId)) expect(posted.find((one) => one.n === row.batch)!.postedAt!.getTime()).toBeLessThanOrEqual(gone.get(row.subscriberId)!.getTime())
    expect(rows.filter((row) => row.state === 'suppressed').length).toBeGreaterThan(20)
    await sums(id, 200)
  })

  test('blocked, restricted, merged, forgotten, and addresses that are none, are left out with their reason; a batch of nobody makes no call', async () => {
    await begin()
    const { id, people } = await prepare(8)
    const [hash] = await t.app.db.select().from(subscribers).where(eq(subscribers.id, people[0]!))
    await t.app.db.insert(suppressions).values({ shopId: t.shop.id, addressHash: hash!.addressHash, reason: 'complained', createdAt: t.clock.now() })
    await t.app.db.update(subscribers).set({ restrictedAt: t.clock.now() }).where(eq(subscribers.id, people[1]!))
    await eraseSubscriber(t.app, t.shop.id, people[2]!)
    await t.app.db.delete(subscribers).where(eq(subscribers.id, people[3]!)) // as a freeze that raced an erasure would leave it
    await t.app.db.update(deliveries).set({ email: 'a@b@example.org, c@example.org' }).where(and(eq(deliveries.messageId, id), eq(deliveries.subscriberId, people[4]!)))
    await sums(id, 7)
    await send(id)
    const rows = await rowsOf(t.app, t.shop, id)
    expect(rows.map((row) => [row.state, row.reason])).toEqual([['suppressed', 'complained'], ['suppressed', 'restricted'], ['suppressed', 'erased'], ['refused', 'bad_address'], ['accepted', null], ['accepted', null], ['accepted', null]])
    expect(rows[2]!.email).toBe('')
    await sums(id, 7)
    const second = await prepare(3, 'second')
    for (const person of [...people, ...second.people]) await unsubscribe(person)
    const calls = outbox.calls.shared
    await send(second.id)
    expect(outbox.calls.shared).toBe(calls)
    await t.runJobs()
    expect([(await status(id)).status, (await status(second.id)).status]).toEqual(['sent', 'sent'])
  })
})

describe('a refusal', () => {
  const bad = (n: number) => (mail: Mail) => (mail.to === `person${n}@example.org` ? refusal(true) : undefined)

  test.each([[1000, 417], [64, 0], [50, 49], [1, 0]])('because of one address among %i harms only that one, in at most 2·log2(B)+2 calls more', async (people, at) => {
    await begin({ most: 1000 })
    const { id } = await prepare(people)
    outbox.script(bad(at))
    await send(id)
    const more = outbox.calls.shared - 1
    expect(more).toBeLessThanOrEqual(2 * Math.log2(people) + 2)
    expect(more).toBe(people === 1 ? 0 : 2 * depthOf(await rowsOf(t.app, t.shop, id).then((rows) => rows.findIndex((row) => row.state === 'refused')), people))
    expect(outbox.calls.single).toBe(0)
    expect(await statesOf(t.app, t.shop, id)).toEqual(people === 1 ? { refused: 1 } : { accepted: people - 1, refused: 1 })
    expect((await rowsOf(t.app, t.shop, id)).find((row) => row.state === 'refused')).toMatchObject({ email: `person${at}@example.org`, reason: 'bad_address' })
    expect(new Set(outbox.taken.map((mail) => mail.key)).size).toBe(people - 1)
    await sums(id, people)
    outbox.script([])
    const next = await makeCampaign(t.app, t.shop, { way: 'shared' })
    expect(await freeze(t.app, t.shop.id, next, null)).toEqual({ everybody: people, audience: people - 1 })
  })
  const depthOf = (i: number, size: number): number => (size === 1 ? 0 : 1 + (i < Math.ceil(size / 2) ? depthOf(i, Math.ceil(size / 2)) : depthOf(i - Math.ceil(size / 2), Math.floor(size / 2))))

  test('in which the provider names the people lets the others go at once, and asks for those alone', async () => {
    await begin()
    const { id } = await prepare(50)
    const { shared } = outbox
    let calls = 0
    const mail: MailProvider = {
      ...outbox,
      shared: { most: 50, prepare: (body) => async (people) => (++calls === 1 ? { kind: 'refused', reason: 'see errors', badAddress: true, people: [3, 4] } : shared!.prepare(body)(people)) },
      send: async (one) => (one.to.startsWith('person') ? refusal(true) : outbox.send(one)),
    }
    await send(id, { ...t.app, mail })
    expect(calls).toBe(2)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 48, refused: 2 })
    await sums(id, 50)
  })

  test('of the mail itself pauses the campaign with the reason instead of refusing everybody one by one', async () => {
    await begin({ most: 100 })
    const { id } = await prepare(1000)
    outbox.script(() => refusal(false, 'SendGrid answered 413'))
    await send(id)
    expect(await status(id)).toMatchObject({ status: 'paused', reason: expect.stringContaining('413') as string })
    expect(outbox.calls.shared).toBeLessThanOrEqual(8 + 3)
    expect((await statesOf(t.app, t.shop, id)).refused ?? 0).toBeLessThanOrEqual(2)
    await sums(id, 1000)
    outbox.script([])
    await set(id, 'sending')
    await send(id)
    expect((await statesOf(t.app, t.shop, id)).accepted).toBeGreaterThanOrEqual(998)
  })

  test('because a call is too large finds the size that fits', async () => {
    await begin({ most: 64, lanes: 1 })
    const { id } = await prepare(256)
    const mail: MailProvider = { ...outbox, shared: { most: 64, prepare: (body) => async (people) => (people.length > 16 ? refusal(false, 'SendGrid answered 413') : outbox.shared!.prepare(body)(people)) } }
    await send(id, { ...t.app, mail })
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 256 })
    await sums(id, 256)
  })

  test('of our key pauses the campaign with the reason; nobody is lost', async () => {
    await begin()
    const { id } = await prepare(500)
    outbox.script(() => ({ kind: 'paused', reason: 'SendGrid answered 401' }))
    await send(id)
    expect(outbox.calls.shared).toBeLessThanOrEqual(4)
    expect(await status(id)).toMatchObject({ status: 'paused', reason: expect.stringContaining('SendGrid answered 401') as string })
    expect(await statesOf(t.app, t.shop, id)).toEqual({ pending: 500 })
    expect((await batchesOf(id)).every((one) => one.attempts === 0 && one.claimedBy === null)).toBe(true)
    outbox.script([])
    await set(id, 'sending')
    await send(id)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 500 })
  })
})

describe('rest and doubt', () => {
  test('“too many”: nothing leaves until the time that it asked for, then everybody gets it', async () => {
    await begin({ most: 10 })
    const { id } = await prepare(200)
    let calls = 0
    outbox.script((mail) => (mail.to && calls++ > 50 ? { kind: 'later', reason: '429', retryAfterMs: MINUTE, whole: true } : undefined))
    await send(id)
    const asked = outbox.calls.shared
    await t.runJobs()
    t.clock.jump(30_000)
    await t.runJobs()
    expect(outbox.calls.shared).toBe(asked)
    outbox.script([])
    t.clock.jump(31_000)
    await t.runJobs()
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 200 })
    expect(outbox.taken.length).toBe(200)
    expect((await batchesOf(id)).every((one) => one.attempts === 1)).toBe(true)
  })

  test('a lost answer: one event of one person tells for the whole call, in whatever state we held it', async () => {
    await begin({ most: 10 })
    const { id } = await prepare(40)
    const keys: string[][] = []
    const mail: MailProvider = { ...outbox, shared: { most: 10, prepare: () => async (people) => (keys.push(people.map((one) => one.key)), { kind: 'uncertain', reason: 'no answer' }) } }
    const app = { ...t.app, mail }
    const tell = (key: string) => takeFeedback(t.app, [{ id: `e-${key}`, key, kind: 'processed', at: t.clock.now(), detail: null, machine: false }])
    for (let i = 0; i < 4; i++) {
      await send(id, app)
      t.clock.jump(61_000)
    }
    expect(await statesOf(t.app, t.shop, id)).toEqual({ uncertain: 40 })
    expect(keys.length).toBe(4)
    await tell(keys[0]![3]!)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ uncertain: 30, accepted: 10 })
    t.clock.jump(31 * MINUTE)
    await recoverDeliveries(t.app)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ pending: 30, accepted: 10 })
    await tell(keys[1]![0]!)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ pending: 20, accepted: 20 })
    await cancelDeliveries(t.app, t.shop.id, id)
    await tell(keys[2]![9]!)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ suppressed: 10, accepted: 30 })
    await sums(id, 40)
    await tell(`${'0'.repeat(26)}.${keys[3]![0]!.slice(27)}`) // a key that we never gave
    expect(await statesOf(t.app, t.shop, id)).toEqual({ suppressed: 10, accepted: 30 })
    await tell(`${keys[3]![0]!.slice(0, 26)}.${'0'.repeat(26)}`) // of somebody who was forgotten since
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 40 })
  })

  test('news that comes before our own note of the answer counts, and so does the answer; told twice it is told once', async () => {
    await begin({ most: 10 })
    const { id, people } = await prepare(30)
    const told: unknown[] = []
    const mail: MailProvider = {
      ...outbox,
      shared: { most: 10, prepare: () => async (called) => {
        const news = called.map(({ key }) => ({ id: `d-${key}`, key, kind: 'delivered' as const, at: t.clock.now(), detail: null, machine: false }))
        await takeFeedback(t.app, news)
        await takeFeedback(t.app, [...news].toReversed())
        told.push(...news)
        return told.length > 20 ? { kind: 'uncertain', reason: 'no answer' } : { kind: 'accepted', providerId: 'x' }
      } },
    }
    await send(id, { ...t.app, mail })
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 30 })
    expect((await rowsOf(t.app, t.shop, id)).map((row) => row.outcome)).toEqual(people.map(() => 'delivered'))
    expect((await peopleOf(t.app, t.shop, id, { show: 'delivered' })).people.length).toBe(30)
    await sums(id, 30)
  })

  test('without evidence a batch goes out again after half an hour under the same key, not before', async () => {
    await begin()
    const { id } = await prepare(20)
    outbox.script([{ kind: 'uncertain', reason: '503' }])
    await send(id)
    const [first] = await batchesOf(id)
    t.clock.jump(29 * MINUTE)
    await recoverDeliveries(t.app)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ uncertain: 20 })
    t.clock.jump(2 * MINUTE)
    await recoverDeliveries(t.app)
    await t.runJobs()
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 20 })
    expect(outbox.taken.every((mail) => mail.key.startsWith(`${first!.requestId}.`))).toBe(true)
  })

  test('a click in the mail is evidence too; where nothing can tell any more, each person is held', async () => {
    await begin({ most: 10 })
    const { id, people } = await prepare(20)
    outbox.script(() => ({ kind: 'uncertain', reason: '503' }))
    await send(id)
    const { appendEvents } = await import('../app/events/append.ts')
    await appendEvents(t.app, t.shop.id, [{ kind: 'clicked', subscriberId: people[4]!, messageId: id, verdict: 'human', linkNo: 1, at: t.clock.now(), dedupeKey: 'c' }])
    await recoverDeliveries(t.app)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ uncertain: 10, accepted: 10 })
    const told = { ...t.app, mail: { ...outbox, evidence: 'none' as const } }
    await recoverDeliveries(told)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ held: 10, accepted: 10 })
    expect((await rowsOf(t.app, t.shop, id)).filter((row) => row.state === 'held').every((row) => row.reason === 'no_evidence' && row.requestId !== null)).toBe(true)
    await sums(id, 20)
    const key = (await rowsOf(t.app, t.shop, id)).find((row) => row.state === 'held')!.requestId!
    await takeFeedback(t.app, [{ id: 'late', key, kind: 'delivered', at: t.clock.now(), detail: null, machine: false }])
    expect(await statesOf(t.app, t.shop, id)).toEqual({ held: 9, accepted: 11 })
    await sums(id, 20)
  })

  test('late evidence of a call whose batch was divided since settles that person alone', async () => {
    await begin({ most: 4, lanes: 1 })
    const { id, people } = await prepare(4)
    outbox.script([{ kind: 'uncertain', reason: '503' }, refusal(false, 'try less'), { kind: 'later', reason: 'busy', retryAfterMs: MINUTE, whole: true }])
    await send(id)
    const [first] = await batchesOf(id)
    t.clock.jump(31 * MINUTE)
    await recoverDeliveries(t.app)
    await send(id)
    expect((await batchesOf(id)).map((one) => [one.state, one.people])).toEqual([['divided', 0], ['pending', 2], ['pending', 2]])
    await takeFeedback(t.app, [{ id: 'late', key: `${first!.requestId}.${people[1]}`, kind: 'delivered', at: t.clock.now(), detail: null, machine: false }])
    expect((await rowsOf(t.app, t.shop, id)).map((row) => row.state)).toEqual(['pending', 'accepted', 'pending', 'pending'])
    await sums(id, 4)
    outbox.script([])
    t.clock.jump(2 * MINUTE)
    await send(id)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 4 })
    expect(outbox.taken.length).toBe(3)
  })
})

describe('pausing, cancelling and other workers', () => {
  test('pausing bites within a batch a lane; resuming loses and doubles nobody; cancelling ends what is left', async () => {
    await begin({ most: 10, lanes: 4 })
    const { id } = await prepare(300)
    let pausing: Promise<unknown> | null = null
    outbox.script(async () => {
      pausing ??= pause(t.app, t.shop, id)
      await pausing
      return undefined
    })
    await send(id)
    const first = outbox.taken.length
    expect(first).toBeLessThanOrEqual(4 * 10)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: first, pending: 300 - first })
    await t.runJobs()
    expect(outbox.taken.length).toBe(first)
    let seen = 0
    let cancelling: Promise<unknown> | null = null
    outbox.script(async () => {
      if (++seen >= 25) await (cancelling ??= cancel(t.app, t.shop, id)) // however long it takes, the other lanes wait with it
      return undefined
    })
    await resume(t.app, t.shop, id)
    await t.runJobs()
    const states = await statesOf(t.app, t.shop, id)
    expect(states).toEqual({ accepted: outbox.taken.length, suppressed: 300 - outbox.taken.length })
    expect(outbox.taken.length - first).toBeLessThanOrEqual(70)
    expect(new Set(outbox.taken.map((mail) => mail.to)).size).toBe(outbox.taken.length)
    expect((await rowsOf(t.app, t.shop, id)).every((row) => row.state === 'accepted' || row.reason === 'cancelled')).toBe(true)
    await sums(id, 300)
  })

  test('a batch that came back while the campaign was being cancelled ends cancelled too', async () => {
    await begin()
    const { id } = await prepare(20)
    outbox.script(async () => {
      await cancel(t.app, t.shop, id).catch(() => undefined)
      return { kind: 'later', reason: '429', retryAfterMs: 1000, whole: true }
    })
    await send(id)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ suppressed: 20 })
  })

  test('several workers at once post each batch once', async () => {
    await begin({ most: 10 })
    const { id } = await prepare(400)
    outbox.script(() => new Promise((resolve) => setTimeout(() => resolve(undefined), 1)))
    await Promise.all(Array.from({ length: 4 }, () => send(id, { ...t.app })))
    await t.runJobs({ keepGoing: true })
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 400 })
    expect(outbox.taken.length).toBe(400)
    expect(new Set(outbox.taken.map((mail) => mail.to)).size).toBe(400)
  })

  test('a worker frozen past its lease before it posted posts nothing any more; one frozen while it posted doubles nothing, and its answer counts', async () => {
    await begin({ most: 10, lanes: 1 })
    const { id } = await prepare(30)
    // Frozen between the promise and the look.
    let looks = 0
    const lists: typeof t.app.db.lists = async (query) => {
      const rows = await t.app.db.lists(query)
      if (query.sql.includes('from "deliveries"') && ++looks === 1) {
        t.clock.jump(5 * MINUTE)
        await recoverDeliveries(t.app)
        expect(await statesOf(t.app, t.shop, id)).toEqual({ uncertain: 10, pending: 20 })
        t.clock.jump(31 * MINUTE)
        await recoverDeliveries(t.app)
        await send(id) // another worker does it all
        expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 30 })
      }
      return rows
    }
    await send(id, { ...t.app, db: Object.assign(Object.create(t.app.db) as typeof t.app.db, { lists }) })
    expect(outbox.taken.length).toBe(30)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 30 })

    const second = await prepare(10, 'second')
    let thaw = (): void => undefined
    const frozen = new Promise<void>((resolve) => (thaw = resolve))
    const taken: SharedRecipient[] = []
    const slow: MailProvider = { ...outbox, shared: { most: 10, prepare: () => async (people) => (taken.push(...people), await frozen, { kind: 'accepted', providerId: 'x' }) } }
    const sleeping = send(second.id, { ...t.app, mail: slow })
    while (taken.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    t.clock.jump(5 * MINUTE)
    await recoverDeliveries(t.app)
    const before = outbox.taken.length
    await send(second.id)
    expect((await statesOf(t.app, t.shop, second.id)).uncertain).toBe(taken.length)
    thaw()
    await sleeping
    await send(second.id)
    expect((await statesOf(t.app, t.shop, second.id)).uncertain).toBeUndefined()
    const keys = [...taken, ...outbox.taken.slice(before)].map((one) => one.key)
    expect(new Set(keys).size).toBe(keys.length)
  })

  test('while a shop sends much, another gets its turns', async () => {
    await begin({ perSecond: 1000 })
    const mail = { limits: { lanes: 4, perSecond: 1000 } }
    const order: string[] = []
    const ask = async (shop: string): Promise<void> => {
      await takeTurn(mail, shop, 50)
      order.push(shop)
    }
    await takeTurn(mail, 'first', 100)
    await Promise.all([...Array.from({ length: 8 }, () => ask('many')), ...Array.from({ length: 3 }, () => ask('few'))])
    expect(order.slice(0, 6).filter((shop) => shop === 'few').length).toBe(3)
  })

  test('the pace is kept to', async () => {
    await begin({ perSecond: 100, lanes: 4 })
    const { id } = await prepare(200) // batches of 50: a quarter of a second each
    const since = performance.now()
    await send(id)
    expect(performance.now() - since).toBeGreaterThan(900)
    expect(outbox.taken.length).toBe(200)
  })
})

describe('people who are merged or forgotten meanwhile', () => {
  const mergedInto = async (kept: string, removed: string): Promise<void> => void (await mergeSubscribers(t.app, t.shop.id, kept, removed))

  test('before their batch goes out: one mail for each person who is left, and none is lost', async () => {
    await begin()
    const newer = await t.addSubscriber(t.shop, { email: 'later@example.org', consent: 'pending' })
    const { id, people } = await prepare(10)
    await t.app.db.update(subscribers).set({ restrictedAt: null }).where(eq(subscribers.id, newer))
    const fresh = await t.addSubscriber(t.shop, { email: 'fresh@example.org', consent: 'subscribed' })
    await mergedInto(fresh, people[0]!) // not in the audience: takes the row over
    await mergedInto(people[1]!, people[2]!) // both in: one row stays
    await eraseSubscriber(t.app, t.shop.id, people[3]!)
    await sums(id, 9)
    await send(id)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 8, excluded: 1 })
    expect(new Set(outbox.taken.map((mail) => mail.key)).size).toBe(8)
    expect((await rowsOf(t.app, t.shop, id)).find((row) => row.subscriberId === fresh)).toMatchObject({ state: 'accepted', email: 'person' + outbox.taken.find((mail) => mail.key.length === 26)!.to.slice(6) })
    await sums(id, 9)
  })

  test('while it is with the provider: the row follows the person when that is over, and is not sent again', async () => {
    await begin()
    const { id, people } = await prepare(6)
    const fresh = await t.addSubscriber(t.shop, { email: 'fresh@example.org', consent: 'subscribed' })
    outbox.script(async () => {
      await mergedInto(fresh, people[0]!)
      await mergedInto(people[1]!, people[2]!)
      return undefined
    })
    await send(id)
    await send(id)
    await finishCampaign(t.app, { shopId: t.shop.id, messageId: id })
    expect(outbox.taken.length).toBe(6)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 6 })
    const rows = await rowsOf(t.app, t.shop, id)
    expect(rows.map((row) => row.subscriberId)).toContain(fresh)
    expect(rows.map((row) => row.subscriberId)).not.toContain(people[0])
    await sums(id, 6)
  })

  test('while nobody knows what became of it: they are looked up as who they are now', async () => {
    await begin()
    const { id, people } = await prepare(6)
    outbox.script([{ kind: 'uncertain', reason: '503' }])
    await send(id)
    const fresh = await t.addSubscriber(t.shop, { email: 'fresh@example.org', consent: 'subscribed' })
    await mergedInto(fresh, people[0]!)
    t.clock.jump(31 * MINUTE)
    await recoverDeliveries(t.app)
    await send(id)
    await finishCampaign(t.app, { shopId: t.shop.id, messageId: id })
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 6 })
    expect(outbox.taken.length).toBe(6)
    expect((await rowsOf(t.app, t.shop, id)).map((row) => row.subscriberId)).toContain(fresh)
    await sums(id, 6)
  })
})

test('the lists behind the numbers are as long as the numbers, page by page, each person once', async () => {
  await begin({ most: 20 })
  const { id, people } = await prepare(230)
  for (const i of [3, 77, 78, 160]) await unsubscribe(people[i]!)
  outbox.script((mail) => (['person5@example.org', 'person140@example.org'].includes(mail.to) ? refusal(true) : undefined))
  await send(id)
  await cancelDeliveries(t.app, t.shop.id, id)
  const progress = (await progressOf(t.app, t.shop.id, [id])).get(id)!
  for (const show of ['all', 'accepted', 'suppressed', 'refused', 'waiting', 'uncertain'] as const) {
    const found: string[] = []
    for (let cursor: string | undefined; ; ) {
      const page = await peopleOf(t.app, t.shop, id, { show, cursor })
      found.push(...page.people.map((person) => person.subscriberId))
      if (!page.nextCursor) break
      cursor = page.nextCursor
    }
    expect(found, show).toEqual(found.toSorted())
    expect(new Set(found).size).toBe(found.length)
    expect(found.length, show).toBe(show === 'all' ? progress.everybody : progress[show])
  }
})

test.skipIf(isPostgres)('on SQLite the ledger lies in the order of its key, and what the minute and each turn ask is answered by an index', async () => {
  await begin()
  const [table] = await t.app.db.raw<{ sql: string }>("select sql from sqlite_master where type = 'table' and name = 'deliveries'")
  expect(table!.sql).toMatch(/without rowid/i)
  const plan = async (sql: string): Promise<string> => (await t.app.db.raw<{ detail: string }>(`explain query plan ${sql}`)).map((row) => row.detail).join(' | ')
  for (const name of ['deliveries', 'batches']) expect(await plan(`select 1 from ${name} where state = 'posting' and lease_until <= 1`)).toContain(`${name}_unsettled`)
  expect(await plan("select 1 from deliveries where shop_id = 'a' and message_id = 'b' and state = 'pending' and (next_at is null or next_at <= 1) limit 1")).toContain('deliveries_state')
  expect(await plan("select message_id from deliveries where shop_id = 'a' and subscriber_id in ('b', 'c') and batch is null")).toContain('deliveries_person')
})

test('whatever the provider and the machines do: at every instant everybody is somewhere, in the end nobody has it twice and nobody is forgotten', { timeout: 180_000 }, async () => {
  type Answer = 'take' | 'takeAndDrop' | 'drop' | 'later' | 'refuse' | 'die' | 'paused'
  const answers = fc.array(fc.constantFrom<Answer>('take', 'take', 'take', 'takeAndDrop', 'drop', 'later', 'refuse', 'die', 'paused'), { maxLength: 12 })
  const news = fc.array(fc.constantFrom('early', 'late', 'never'), { minLength: 1, maxLength: 6 })
  const leaving = fc.array(fc.nat(29), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(answers, news, leaving, fc.array(fc.constantFrom('wait', 'pause', 'merge', 'erase'), { maxLength: 4 }), async (script, evidence, gone, happenings) => {
      const counts = new Map<string, number>()
      const told: string[] = []
      const waiting = [...script]
      let calls = 0
      const mail: MailProvider = {
        ...createOutbox({ evidence: 'events', most: 8, lanes: 2 }),
        send: (one) => answer([{ key: one.key }]),
        shared: { most: 8, prepare: () => (people) => answer(people) },
      }
      const answer = async (people: { key: string }[]): Promise<Outcome> => {
        await new Promise((resolve) => setImmediate(resolve))
        const what = waiting.shift() ?? 'take'
        const take = (): void => {
          for (const { key } of people) counts.set(key, (counts.get(key) ?? 0) + 1)
          const when = evidence[calls++ % evidence.length]
          // What nobody ever tells of cannot be known: such a call is one that was answered.
          if (when === 'early' || (when === 'late' || what !== 'take')) told.push(people[calls % people.length]!.key)
        }
        switch (what) {
          case 'take':
            take()
            return { kind: 'accepted', providerId: 'x' }
          case 'takeAndDrop':
            take()
            return { kind: 'uncertain', reason: 'dropped' }
          case 'drop':
            return { kind: 'uncertain', reason: 'dropped' }
          case 'later':
            return { kind: 'later', reason: '429', retryAfterMs: 1000, whole: true }
          case 'refuse':
            return { kind: 'refused', reason: 'no', badAddress: true }
          case 'paused':
            return { kind: 'paused', reason: '401' }
          case 'die':
            take()
            throw new Dead()
        }
      }
      await begin()
      t.app.mail = mail
      try {
        const { id, people } = await prepare(30)
        let everybody = 30
        const spare = await t.addSubscriber(t.shop, { email: 'spare@example.org', consent: 'subscribed' })
        for (const i of gone) await unsubscribe(people[i]!)
        const things = [...happenings]
        for (let turn = 0; turn < 40; turn++) {
          await send(id)
          await sums(id, everybody)
          const thing = things.shift()
          if (thing === 'pause') await set(id, 'paused')
          if (thing === 'merge') await mergeSubscribers(t.app, t.shop.id, spare, people[20]!)
          if (thing === 'erase' && (await eraseSubscriber(t.app, t.shop.id, people[25]!))) everybody = (await rowsOf(t.app, t.shop, id)).length
          await sums(id, everybody)
          t.clock.jump(3 * MINUTE)
          await takeFeedback(t.app, told.map((key) => ({ id: key, key, kind: 'processed', at: t.clock.now(), detail: null, machine: false })))
          await sums(id, everybody)
          await recoverDeliveries(t.app)
          await sums(id, everybody)
          if ((await status(id)).status === 'paused') await set(id, 'sending')
          const states = await statesOf(t.app, t.shop, id)
          if (!states.pending && !states.posting && !states.uncertain && things.length === 0 && turn > 1) break
        }
        const rows = await rowsOf(t.app, t.shop, id)
        expect([...counts.values()].filter((count) => count > 1)).toEqual([])
        for (const row of rows) {
          expect(['accepted', 'suppressed', 'refused']).toContain(row.state)
          if (row.state !== 'accepted') expect(row.reason).not.toBeNull()
        }
        expect(rows.filter((row) => row.state === 'accepted').length).toBeLessThanOrEqual(counts.size)
      } finally {
        await t.close()
      }
    }),
    { numRuns: 30, seed: 20 },
  )
  await begin() // for afterEach
})
class Dead extends Error {}
