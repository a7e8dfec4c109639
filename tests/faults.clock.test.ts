import { and, eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { schedule } from '../app/campaigns/commands.ts'
import { createDraft, saveDraft } from '../app/campaigns/draft.ts'
import { campaigns } from '../app/db/schema.ts'
import { claimBatch } from '../app/deliveries/batches.ts'
import { takeFeedback } from '../app/deliveries/feedback.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { loadRun } from '../app/deliveries/run.ts'
import { wakeSending } from '../app/deliveries/wake.ts'
import { after, DAY, HOUR, MINUTE } from '../app/lib/clock.ts'
import { createOutbox, type Outbox } from '../app/mail/outbox.ts'
import { mailContent } from '../app/templates/contract.ts'
import type { Handlers } from '../app/jobs/queue.ts'
import { startSchedules, watchClock } from '../app/worker.ts'
import { testApp, type TestApp } from './app.ts'
import { addMany, makeCampaign, statesOf } from './campaign.ts'

// Time: a schedule is kept (reliability.md Q9), and a clock that is wrong for a while costs nobody a mail or a second one (4.3 no. 10).

let t: TestApp
let mail: Outbox
let work: Handlers
const people = 12
beforeEach(async () => {
  mail = createOutbox({ evidence: 'events', most: 4 })
  t = await testApp({ mail })
  work = { ...t.handlers, 'shops.nightly': async () => undefined } // it would read stores that this test does not have
  await addMany(t.app, t.shop, people)
})
afterEach(() => t.close())

/** Lets time pass in steps, with the schedule and the provider's events, as in a process that runs. */
async function pass(milliseconds: number, step = 10_000): Promise<void> {
  for (let gone = 0; gone < milliseconds; gone += step) {
    t.clock.jump(step)
    await takeFeedback(t.app, mail.taken.map(({ key }) => ({ id: `e-${key}`, key, kind: 'processed' as const, at: t.clock.now(), detail: null, machine: false })))
    await t.app.queue.runDue(work)
  }
}
const content = mailContent.parse({ blocks: [{ id: 't', type: 'text', html: '<p>Hello</p>', align: 'left' }] })
async function draft(): Promise<string> {
  const made = await createDraft(t.app, t.shop, { name: 'On time' })
  await saveDraft(t.app, t.shop, made.id, { version: made.version, name: 'On time', subject: 'Hello', preheader: '', content, audience: { kind: 'everyone' } })
  return made.id
}
const campaign = async (id: string): Promise<typeof campaigns.$inferSelect> => (await t.app.db.select().from(campaigns).where(and(eq(campaigns.shopId, t.shop.id), eq(campaigns.id, id))))[0]!
const everybodyOnce = (): void => expect(mail.taken.map((one) => one.to).sort()).toEqual(Array.from({ length: people }, (_, i) => `person${i}@example.org`).sort())

describe('a schedule', () => {
  test('is never early and at most a minute late, also over a change to summer time and with a turn in between', async () => {
    t.clock.set(new Date('2027-03-14T07:30:00Z')) // Portland's clocks jump from 02:00 to 03:00 at 10:00 UTC
    await startSchedules(t.app)
    for (const at of ['2027-03-14T09:59:30Z', '2027-03-14T10:03:00Z', '2027-03-14T10:30:07Z'].map((time) => new Date(time))) {
      const id = await draft()
      await schedule(t.app, t.shop, id, at)
      while (t.clock.now() < after(at, -3 * MINUTE)) await pass(MINUTE, MINUTE)
      while (t.clock.now() < after(at, -7_000)) await pass(7_000, 7_000)
      expect((await campaign(id)).status).toBe('scheduled')
      await pass(MINUTE, 5_000)
      const { startedAt, status } = await campaign(id)
      expect(status).toBe('sent')
      expect(startedAt!.getTime()).toBeGreaterThanOrEqual(at.getTime())
      expect(startedAt!.getTime()).toBeLessThanOrEqual(at.getTime() + MINUTE)
    }
  })

  test('that the machine slept through goes out when it wakes; after more than six hours it asks first', async () => {
    for (const [slept, status, sent] of [[5.5 * HOUR, 'sent', people], [6.5 * HOUR, 'draft', 0]] as const) {
      mail.taken.length = 0
      const id = await draft()
      await schedule(t.app, t.shop, id, after(t.clock.now(), MINUTE))
      t.clock.jump(MINUTE + slept)
      await t.app.queue.runDue(work)
      expect([(await campaign(id)).status, mail.taken.length]).toEqual([status, sent])
    }
  })
})

test('what waits for its turn after a kill comes within seconds of the next start, not at the dead process’s next turn (Q4)', async () => {
  await startSchedules(t.app)
  await pass(MINUTE) // the next turns stand a minute ahead
  const id = await makeCampaign(t.app, t.shop)
  await freeze(t.app, t.shop.id, id, null) // its job is lost
  await startSchedules(t.app) // the next process
  await pass(5_000, 1_000)
  everybodyOnce()
  expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: people })
})

describe.each(['individual', 'shared'] as const)('a wrong clock, in the %s way', (way) => {
  /** A campaign in the middle of being sent: some were promised by a process that died at this moment, and never posted. */
  async function halfSent(): Promise<string> {
    const id = await makeCampaign(t.app, t.shop, { way })
    await freeze(t.app, t.shop.id, id, null, 4)
    await wakeSending(t.app, t.shop.id, id)
    const run = (await loadRun(t.app, t.shop.id, id))!
    await claimBatch(t.app, run, 'dead')
    return id
  }

  test.each([['an hour', HOUR], ['a day', DAY], ['ten years', 3650 * DAY]])('%s ahead for a while, and put right: everything goes on within the hour, nobody gets it twice', async (_, by) => {
    await startSchedules(t.app)
    await pass(2 * MINUTE)
    t.clock.jump(by)
    await t.app.queue.runDue(work)
    const id = await halfSent()
    mail.script([{ kind: 'later', reason: '429', retryAfterMs: 60_000, whole: false }, { kind: 'uncertain', reason: 'lost' }])
    await t.app.queue.runDue(work)
    t.clock.jump(-by)
    await startSchedules(t.app) // as watchClock does
    await pass(70 * MINUTE, MINUTE)
    everybodyOnce()
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: people })
    expect((await campaign(id)).status).toBe('sent')
  })

  test.each([-DAY, -HOUR, HOUR])('that jumps by %i ms in the middle of a send doubles nobody', async (by) => {
    await startSchedules(t.app)
    const id = await halfSent()
    let answers = 0
    mail.script(() => {
      if (++answers === 2) t.clock.jump(by)
      return undefined
    })
    await t.app.queue.runDue(work)
    await startSchedules(t.app)
    await pass(70 * MINUTE, MINUTE)
    everybodyOnce()
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: people })
  })
})

test('a clock that went back is noticed within a minute', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const asked: string[] = []
  const watch = watchClock({ ...t.app, queue: { ...t.app.queue, add: async (kind) => void asked.push(kind) } })
  try {
    t.clock.jump(MINUTE)
    vi.advanceTimersByTime(MINUTE)
    expect(asked).toEqual([])
    t.clock.jump(-DAY)
    vi.advanceTimersByTime(MINUTE)
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(asked).toContain('deliveries.recover')
    asked.length = 0
    t.clock.jump(MINUTE)
    vi.advanceTimersByTime(MINUTE)
    expect(asked).toEqual([])
  } finally {
    watch.stop()
    vi.useRealTimers()
  }
})
