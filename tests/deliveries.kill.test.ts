import { and, eq } from 'drizzle-orm'
import { afterEach, describe, expect, test } from 'vitest'
import type { App } from '../app/app.ts'
import type { Db } from '../app/db/open.ts'
import { begin, claim } from '../app/deliveries/claim.ts'
import { takeFeedback } from '../app/deliveries/feedback.ts'
import { sendAlone } from '../app/deliveries/dissolve.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { recoverDeliveries } from '../app/deliveries/recover.ts'
import { record } from '../app/deliveries/record.ts'
import { loadRun } from '../app/deliveries/run.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import { deliveries } from '../app/db/schema.ts'
import { createOutbox } from '../app/mail/outbox.ts'
import type { Feedback, Mail, MailProvider, Outcome } from '../app/mail/provider.ts'
import { addMany, makeCampaign, rowsOf, statesOf } from './campaign.ts'
import { testApp, type TestApp } from './app.ts'

let t: TestApp
afterEach(() => t.close())

/** A provider that keeps the truth: it counts before it answers, and can lose answers before or after taking a mail. */
function truth(random: () => number, faults: { loseAfter: number; loseBefore: number; busy: number; bad?: number }, evidence: 'events' | 'none' = 'events'): MailProvider & { counts: Map<string, number>; events(): Feedback[] } {
  const counts = new Map<string, number>()
  return {
    ...createOutbox(),
    name: 'truth',
    evidence,
    counts,
    limits: { lanes: 4, perSecond: 100_000 },
    async send(mail: Mail): Promise<Outcome> {
      await new Promise((resolve) => setImmediate(resolve))
      if (random() < faults.busy) return { kind: 'later', reason: '429', retryAfterMs: 1000, whole: random() < 0.2 }
      if (random() < faults.loseBefore) return { kind: 'uncertain', reason: 'lost on the way there' }
      counts.set(mail.key, (counts.get(mail.key) ?? 0) + 1)
      if (random() < faults.loseAfter) return { kind: 'uncertain', reason: 'lost on the way back' }
      return { kind: 'accepted', providerId: `t-${counts.size}` }
    },
    shared: {
      most: 10,
      prepare: () => async (people) => {
        await new Promise((resolve) => setImmediate(resolve))
        if (random() < faults.busy) return { kind: 'later', reason: '429', retryAfterMs: 1000, whole: true }
        if (random() < faults.loseBefore) return { kind: 'uncertain', reason: 'lost on the way there' }
        if (random() < (faults.bad ?? 0)) return { kind: 'refused', reason: '400', badAddress: true }
        for (const { key } of people) counts.set(key, (counts.get(key) ?? 0) + 1)
        if (random() < faults.loseAfter) return { kind: 'uncertain', reason: 'lost on the way back' }
        return { kind: 'accepted', providerId: `t-${counts.size}` }
      },
    },
    events: () => [...counts.keys()].map((key) => ({ id: `e-${key}`, key, kind: 'processed' as const, at: t.clock.now(), detail: null, machine: false })),
  }
}

/** A worker whose process ends at the n-th statement (inside a transaction: which is then rolled back). Nothing that it does later has any effect. */
function mortal(app: App, n: number): { app: App; died: Promise<true> } {
  let left = n
  const death = Promise.withResolvers<true>()
  const die = (): void => {
    if (left-- > 0) return
    setTimeout(() => death.resolve(true), 20) // what had left reaches the database
    throw new Error('killed')
  }
  const db = new Proxy(app.db, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown
      if (typeof value !== 'function' || name === 'statements' || name === 'transaction') return value
      return (...args: unknown[]) => {
        die()
        return (value as (...all: unknown[]) => unknown).apply(target, args)
      }
    },
  }) as Db
  const unlessDead = <T>(work: () => Promise<T>): Promise<T> => (left < 0 ? new Promise(() => undefined) : work())
  const mail: MailProvider = {
    ...app.mail,
    send: (message) => unlessDead(() => app.mail.send(message)),
    shared: { most: app.mail.shared!.most, prepare: (body) => (people) => unlessDead(() => app.mail.shared!.prepare(body)(people)) },
  }
  return { app: { ...app, db, mail }, died: death.promise }
}

/** @returns whether it died before its turn was over */
const lifeOf = (worker: ReturnType<typeof mortal>, messageId: string): Promise<boolean> =>
  Promise.race([sendDeliveries(worker.app, { shopId: t.shop.id, messageId }).then(() => false, () => true), worker.died])

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 0) / 2 ** 32
  }
}

/** Runs healthy workers until nothing is open, with events coming in as they would. */
async function live(provider: ReturnType<typeof truth>, id: string): Promise<void> {
  for (let i = 0; i < 60; i++) {
    t.clock.jump(3 * 60_000)
    await takeFeedback(t.app, provider.events())
    await recoverDeliveries(t.app)
    await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
    const states = await statesOf(t.app, t.shop, id)
    if (!states.pending && !states.claimed && !states.posting && !states.uncertain) return
  }
}

async function check(provider: ReturnType<typeof truth>, id: string, people: number): Promise<void> {
  const rows = await rowsOf(t.app, t.shop, id)
  expect(rows.length).toBe(people)
  expect([...provider.counts.values()].filter((count) => count > 1).length, 'doubled').toBe(0)
  for (const row of rows) {
    const taken = provider.counts.has(row.requestId ?? '')
    if (row.state === 'accepted') expect(taken, 'accepted, and the provider has it').toBe(true)
    else expect([taken && row.state !== 'held', row.reason !== null], `${row.state} has a reason and was not taken`).toEqual([false, true])
  }
}

describe.each(['individual', 'shared'] as const)('in the %s way', (way) => {
  test('killed at every single statement, with answers lost: nobody twice, nobody lost', { timeout: 120_000 }, async () => {
    const people = 24
    for (let n = 0; n < 60; n++) {
      const provider = truth(seeded(n + 1), { loseAfter: 0.1, loseBefore: 0.05, busy: 0.03 })
      t = await testApp({ mail: provider })
      await addMany(t.app, t.shop, people)
      const id = await makeCampaign(t.app, t.shop, { way })
      await freeze(t.app, t.shop.id, id, null)
      const worker = mortal(t.app, n)
      const died = await lifeOf(worker, id)
      await live(provider, id)
      await check(provider, id, people)
      expect(await statesOf(t.app, t.shop, id), `killed at statement ${n}`).toEqual({ accepted: people })
      if (!died && n > 20) return
      if (n < 59) await t.close()
    }
  })

  test('many kills at random places in one send: nobody twice, nobody lost', { timeout: 120_000 }, async () => {
    const random = seeded(7)
    const provider = truth(random, { loseAfter: 0.02, loseBefore: 0.02, busy: 0.01 })
    t = await testApp({ mail: provider })
    const people = 1500
    await addMany(t.app, t.shop, people)
    const id = await makeCampaign(t.app, t.shop, { way })
    await freeze(t.app, t.shop.id, id, null)
    for (let kill = 0; kill < 20; kill++) {
      const workers = [mortal(t.app, Math.floor(random() * 20)), mortal(t.app, Math.floor(random() * 20))]
      await Promise.all(workers.map((worker) => lifeOf(worker, id)))
      t.clock.jump(60_000 * Math.ceil(random() * 4))
      await takeFeedback(t.app, provider.events())
      await recoverDeliveries(t.app)
      const states = await statesOf(t.app, t.shop, id)
      expect(Object.values(states).reduce((a, b) => a + b, 0)).toBe(people)
    }
    await live(provider, id)
    await check(provider, id, people)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: people })
  })
})

test('without evidence: nobody twice, and every doubt is held and named', { timeout: 60_000 }, async () => {
  const random = seeded(3)
  const provider = truth(random, { loseAfter: 0.05, loseBefore: 0.05, busy: 0.02 }, 'none')
  t = await testApp({ mail: provider })
  const people = 400
  await addMany(t.app, t.shop, people)
  const id = await makeCampaign(t.app, t.shop)
  await freeze(t.app, t.shop.id, id, null)
  for (let kill = 0; kill < 6; kill++) {
    await lifeOf(mortal(t.app, 5 + kill * 3), id)
    t.clock.jump(3 * 60_000)
    await recoverDeliveries(t.app)
  }
  for (let i = 0; i < 40; i++) {
    t.clock.jump(3 * 60_000)
    await recoverDeliveries(t.app)
    await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
  }
  await recoverDeliveries(t.app)
  await check(provider, id, people)
  const states = await statesOf(t.app, t.shop, id)
  expect((states.accepted ?? 0) + (states.held ?? 0)).toBe(people)
  expect(states.held).toBeGreaterThan(0)
})

test('a worker frozen past its lease, whose answer comes late, doubles nothing and its answer still counts', async () => {
  const provider = truth(seeded(1), { loseAfter: 0, loseBefore: 0, busy: 0 })
  let thaw: () => void = () => undefined
  const frozen = new Promise<void>((resolve) => (thaw = resolve))
  t = await testApp({ mail: provider })
  await addMany(t.app, t.shop, 8)
  const id = await makeCampaign(t.app, t.shop)
  await freeze(t.app, t.shop.id, id, null)
  const slow: App = {
    ...t.app,
    mail: {
      ...provider,
      send: async (mail) => {
        const outcome = await provider.send(mail)
        await frozen
        return outcome
      },
    },
  }
  const sleeping = sendDeliveries(slow, { shopId: t.shop.id, messageId: id })
  await new Promise((resolve) => setTimeout(resolve, 200))
  t.clock.jump(5 * 60_000)
  await recoverDeliveries(t.app)
  expect((await statesOf(t.app, t.shop, id)).uncertain).toBe(8)
  await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
  thaw()
  await sleeping
  // What it had not begun under the promise that is over it gave back first.
  expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 8 })
  expect([...provider.counts.values()].every((count) => count === 1)).toBe(true)
})

test('evidence that arrives before our own note, or after we gave up on it, settles the row', async () => {
  const provider = truth(seeded(1), { loseAfter: 1, loseBefore: 0, busy: 0 })
  t = await testApp({ mail: provider })
  await addMany(t.app, t.shop, 4)
  const id = await makeCampaign(t.app, t.shop)
  await freeze(t.app, t.shop.id, id, null)
  await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
  expect((await statesOf(t.app, t.shop, id)).uncertain).toBe(4)
  t.clock.jump(31 * 60_000)
  await recoverDeliveries(t.app) // back to pending: no evidence in time
  expect((await statesOf(t.app, t.shop, id)).pending).toBe(4)
  await takeFeedback(t.app, provider.events()) // late, but before the second attempt
  await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
  expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 4 })
  expect([...provider.counts.values()]).toEqual([1, 1, 1, 1])
  await t.app.db.update(deliveries).set({ state: 'posting' }).where(and(eq(deliveries.shopId, t.shop.id), eq(deliveries.messageId, id)))
  await takeFeedback(t.app, provider.events())
  expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 4 })
})

test('what a worker says about a row that another holds by now counts only if it says "taken"', async () => {
  const provider = truth(seeded(1), { loseAfter: 0, loseBefore: 0, busy: 0 })
  t = await testApp({ mail: provider })
  await addMany(t.app, t.shop, 1)
  const id = await makeCampaign(t.app, t.shop)
  await freeze(t.app, t.shop.id, id, null)
  const run = (await loadRun(t.app, t.shop.id, id))!
  await sendAlone(t.app, run)
  const [row] = await begin(t.app, run, 'worker-a', await claim(t.app, run, 'worker-a', 10))
  await t.app.db.update(deliveries).set({ claimedBy: 'worker-b' }).where(and(eq(deliveries.shopId, t.shop.id), eq(deliveries.messageId, id)))
  for (const outcome of [null, { kind: 'refused', reason: 'no', badAddress: false }, { kind: 'later', reason: 'no', retryAfterMs: 1, whole: true }] as const)
    await record(t.app, run, 'worker-a', [{ row: row!, outcome }], null)
  expect(await statesOf(t.app, t.shop, id)).toEqual({ posting: 1 })
  await record(t.app, run, 'worker-a', [{ row: row!, outcome: { kind: 'accepted', providerId: 'x' } }], null)
  expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 1 })
})
