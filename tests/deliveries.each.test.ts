import { and, eq } from 'drizzle-orm'
import { afterEach, describe, expect, test } from 'vitest'
import { batches, suppressions } from '../app/db/schema.ts'
import { claimBatch } from '../app/deliveries/batches.ts'
import { takeFeedback } from '../app/deliveries/feedback.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { recordEach } from '../app/deliveries/record-each.ts'
import { recoverDeliveries } from '../app/deliveries/recover.ts'
import { loadRun } from '../app/deliveries/run.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import { progressOf } from '../app/deliveries/progress.ts'
import { createOutbox, type Outbox } from '../app/mail/outbox.ts'
import type { Feedback, Outcome } from '../app/mail/provider.ts'
import { addMany, makeCampaign, rowsOf, statesOf } from './campaign.ts'
import { testApp, type TestApp } from './app.ts'

// An individual message travels in batches too: one state for all who have it in common, but each person's call tells only of that person.
let t: TestApp
let outbox: Outbox
async function prepare(people: number): Promise<{ id: string; people: string[] }> {
  outbox = createOutbox({ evidence: 'events' })
  t = await testApp({ mail: outbox })
  const ids = await addMany(t.app, t.shop, people)
  const id = await makeCampaign(t.app, t.shop)
  await freeze(t.app, t.shop.id, id, null, 50)
  return { id, people: ids.toSorted() }
}
afterEach(() => t.close())
const send = (messageId: string): Promise<void> => sendDeliveries(t.app, { shopId: t.shop.id, messageId })
const batchesOf = (id: string) => t.app.db.select().from(batches).where(and(eq(batches.shopId, t.shop.id), eq(batches.messageId, id))).orderBy(batches.n)
const told = (key: string): Feedback => ({ id: `e-${key}`, key, kind: 'processed', at: t.clock.now(), detail: null, machine: false })
async function posting(id: string) {
  const run = (await loadRun(t.app, t.shop.id, id))!
  const batch = (await claimBatch(t.app, run, 'worker'))!
  const row = (subscriberId: string) => ({ subscriberId, email: 'x@example.org', requestId: `${batch.requestId}.${subscriberId}`, attempts: 1 })
  return { run, batch, result: (subscriberId: string, outcome: Outcome | null) => ({ row: row(subscriberId), outcome }) }
}

describe('a batch whose people are called one by one', () => {
  test('costs a few statements, and its rows are written once', async () => {
    const { id } = await prepare(100)
    const before = t.app.db.statements()
    await send(id)
    expect(t.app.db.statements() - before).toBeLessThan(50)
    expect((await batchesOf(id)).map(({ state, people }) => [state, people])).toEqual([['accepted', 50], ['accepted', 50]])
    expect(outbox.taken).toHaveLength(100)
  })

  test('keeps apart what the provider says of each: who was refused, put off, lost or not begun leaves it, the others are accepted', async () => {
    const { id, people } = await prepare(5)
    const { run, batch, result } = await posting(id)
    const [a, b, c, d, e] = people as [string, string, string, string, string]
    await recordEach(t.app, run, 'worker', batch, [
      result(a, { kind: 'accepted', providerId: 'p' }), result(b, { kind: 'refused', reason: 'no such mailbox', badAddress: true }), result(c, { kind: 'later', reason: 'greylisted', retryAfterMs: 60_000, whole: false }),
      result(d, { kind: 'uncertain', reason: 'lost' }), result(e, null),
    ], null)
    const rows = Object.fromEntries((await rowsOf(t.app, t.shop, id)).map((row) => [row.subscriberId, [row.state, row.reason, row.attempts, row.requestId]]))
    const key = (person: string): string => `${batch.requestId}.${person}`
    expect(rows).toEqual({ [a]: ['accepted', null, 1, key(a)], [b]: ['refused', 'bad_address', 1, key(b)], [c]: ['pending', null, 1, key(c)], [d]: ['uncertain', null, 1, key(d)], [e]: ['pending', null, 0, key(e)] })
    expect((await batchesOf(id)).map(({ state, people: left }) => [state, left])).toEqual([['accepted', 1]])
    expect((await progressOf(t.app, t.shop.id, [id])).get(id)).toMatchObject({ everybody: 5, accepted: 1, refused: 1, waiting: 2, uncertain: 1 })
    expect(await t.app.db.$count(suppressions, eq(suppressions.shopId, t.shop.id))).toBe(1)
  })

  test('news of one person while it is under way says nothing of the others', async () => {
    const { id, people } = await prepare(4)
    const { batch } = await posting(id)
    await takeFeedback(t.app, [told(`${batch.requestId}.${people[1]}`)])
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 1, posting: 3 })
    t.clock.jump(5 * 60_000) // its worker died
    await recoverDeliveries(t.app)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 1, uncertain: 3 })
    await takeFeedback(t.app, [told(`${batch.requestId}.${people[2]}`)])
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 2, uncertain: 2 })
    t.clock.jump(31 * 60_000)
    await recoverDeliveries(t.app)
    await send(id)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 4 })
    expect(outbox.taken.map(({ key }) => key).toSorted()).toEqual([people[0], people[3]].map((person) => `${batch.requestId}.${person}`).toSorted())
  })

  test('of a worker whose lease ran out only what was accepted counts', async () => {
    const { id, people } = await prepare(3)
    const { run, batch, result } = await posting(id)
    t.clock.jump(5 * 60_000)
    await recoverDeliveries(t.app)
    await t.app.db.update(batches).set({ claimedBy: 'another' }).where(eq(batches.messageId, id))
    await recordEach(t.app, run, 'stranger', batch, [result(people[0]!, { kind: 'accepted', providerId: null }), result(people[1]!, { kind: 'refused', reason: 'no', badAddress: true }), result(people[2]!, null)], null)
    expect(await statesOf(t.app, t.shop, id)).toEqual({ accepted: 1, uncertain: 2 })
  })
})
