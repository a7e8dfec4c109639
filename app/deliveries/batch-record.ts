import { and, eq, gte, inArray, isNull, lte, max, or } from 'drizzle-orm'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { lockRows } from '../db/open.ts'
import { batches, deliveries, messages } from '../db/schema.ts'
import { after, HOUR } from '../lib/clock.ts'
import type { Outcome } from '../mail/provider.ts'
import { blockAddresses, leaveOut, thisBatch, type Batch } from './batches.ts'
import { pauseCampaign, patience, steadily } from './record.ts'
import type { Run } from './run.ts'

type Change = Partial<typeof batches.$inferInsert>

/**
 * Writes down what became of a batch: one statement, whatever its size. `accepted` counts wherever the batch stands by now (it may
 * have been called uncertain meanwhile); everything else only while it is still this worker's. What was refused as a whole is
 * divided (see `divide`).
 * @param called whom the call was for, in the order of their ids
 * @param pause the provider refuses the sender or the mail itself: why, in its words; the campaign is paused with it
 */
export async function recordBatch(app: App, run: Run, worker: string, batch: Batch, called: Called, outcome: Outcome, pause: string | null): Promise<void> {
  const end: Outcome = outcome.kind === 'later' && !outcome.whole && batch.attempts >= patience ? { kind: 'refused', reason: outcome.reason, badAddress: false } : outcome
  await steadily(async () => {
    if (end.kind !== 'refused' && pause === null) await change(app, run, worker, batch, changeFor(end, batch, app.clock.now()))
    else
      await app.db.transaction(async () => {
        if (end.kind === 'refused' && pause === null) await refused(app, run, worker, batch, called, end)
        else await change(app, run, worker, batch, changeFor(end, batch, app.clock.now()))
        if (pause !== null) await pauseCampaign(app, run, pause)
      })
  })
  if (pause !== null) app.log.warn({ messageId: run.messageId, reason: pause }, 'sending was paused: the provider refuses us')
}

/** Gives a batch back that was claimed and certainly not posted. */
export const releaseBatch = (app: Pick<App, 'db' | 'clock'>, run: Run, worker: string, batch: Batch): Promise<boolean> =>
  change(app, run, worker, batch, { state: 'pending', attempts: batch.attempts - 1 })

/** Nobody is left in this batch: it is done without a call. */
export const endEmpty = (app: Pick<App, 'db' | 'clock'>, run: Run, worker: string, batch: Batch): Promise<boolean> =>
  change(app, run, worker, batch, { state: 'accepted', acceptedAt: app.clock.now() })

/** Moves a batch on. @returns false when it is not where this worker may move it from. */
export async function change(app: Pick<App, 'db' | 'clock'>, run: Run, worker: string, batch: Batch, to: Change): Promise<boolean> {
  const mine = and(inArray(batches.state, ['posting', 'uncertain']), eq(batches.claimedBy, worker))
  const rows = await app.db
    .update(batches)
    .set({ reason: null, nextAt: null, ...to, claimedBy: to.state === 'uncertain' ? worker : null, leaseUntil: null, updatedAt: app.clock.now() })
    .where(
      and(
        thisBatch(run, batch),
        eq(batches.requestId, batch.requestId),
        to.state === 'accepted' ? or(inArray(batches.state, ['pending', 'posting', 'uncertain', 'suppressed', 'accepted']), mine) : mine,
      ),
    )
    .returning({ n: batches.n })
  return rows.length > 0
}

function changeFor(outcome: Outcome, batch: Batch, now: Date): Change {
  switch (outcome.kind) {
    case 'accepted':
      return { state: 'accepted', acceptedAt: now, providerId: outcome.providerId, detail: null }
    case 'uncertain':
      return { state: 'uncertain', detail: outcome.reason }
    case 'later':
      if (outcome.whole) return { state: 'pending', nextAt: after(now, outcome.retryAfterMs), attempts: batch.attempts - 1, detail: outcome.reason }
      return { state: 'pending', nextAt: after(now, Math.min(outcome.retryAfterMs * 2 ** Math.min(batch.attempts - 1, patience), 6 * HOUR)), detail: outcome.reason }
    default:
      return { state: 'pending', attempts: batch.attempts - 1, detail: outcome.reason }
  }
}

type Called = { subscriberId: string; to: string }[]

/** One person alone: it ends here. Several: those who are named go on alone and the others once more without them; otherwise in halves. */
async function refused(app: App, run: Run, worker: string, batch: Batch, called: Called, { reason: detail, badAddress, people }: Extract<Outcome, { kind: 'refused' }>): Promise<void> {
  const [only] = called
  if (only && called.length === 1) {
    const ended = await change(app, run, worker, batch, { state: 'refused', reason: badAddress ? 'bad_address' : 'provider_refused', detail })
    if (ended && badAddress) await blockAddresses(app, run.shopId, [{ email: only.to, detail }], app.clock.now())
    return
  }
  const named = new Set(people)
  if (named.size === 0) return divide(app, run, worker, batch, called, detail)
  const alone = called.filter((_, i) => named.has(i)).map(({ subscriberId, to }) => ({ subscriberId, email: to, state: 'pending' as const, reason: null, detail }))
  if (await leaveOut(app, run, worker, batch, alone)) await change(app, run, worker, batch, { state: 'pending', detail })
}

/** Two new batches with keys of their own take over the people of one; that one stays for what may still be told of it. */
async function divide(app: App, run: Run, worker: string, batch: Batch, called: Called, detail: string): Promise<void> {
  const { shopId, messageId } = run
  // One at a time for a message, because the new ones are numbered.
  await lockRows(app.db.select({ id: messages.id }).from(messages).where(and(eq(messages.shopId, shopId), eq(messages.id, messageId))))
  if (!(await change(app, run, worker, batch, { state: 'divided', people: 0, detail }))) return
  const [last] = await app.db.select({ n: max(batches.n) }).from(batches).where(and(eq(batches.shopId, shopId), eq(batches.messageId, messageId)))
  const middle = Math.ceil(called.length / 2)
  const made: (typeof batches.$inferInsert)[] = []
  for (const half of [called.slice(0, middle), called.slice(middle)]) {
    const [n, firstId, lastId] = [(last?.n ?? batch.n) + 1 + made.length, half[0]!.subscriberId, half.at(-1)!.subscriberId]
    const moved = await app.db
      .update(deliveries)
      .set({ batch: n })
      .where(
        and(
          eq(deliveries.shopId, shopId), eq(deliveries.messageId, messageId), gte(deliveries.subscriberId, firstId), lte(deliveries.subscriberId, lastId), eq(deliveries.batch, batch.n), isNull(deliveries.state),
        ),
      )
      .returning({ id: deliveries.subscriberId })
    made.push({ shopId, messageId, n, firstId, lastId, people: moved.length, state: 'pending', attempts: 0, updatedAt: app.clock.now() })
  }
  await insertAll(app.db, batches, made)
}
