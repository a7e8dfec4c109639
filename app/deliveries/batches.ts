import { and, eq, isNull, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { lockRows, skipLocked } from '../db/open.ts'
import { batches, deliveries, suppressions } from '../db/schema.ts'
import { after } from '../lib/clock.ts'
import { addressHash } from '../lib/crypto.ts'
import { newId } from '../lib/ids.ts'
import { isDue, lease, mayGo } from './claim.ts'
import type { DeliveryReason } from './contract.ts'
import { followMerged } from './follow-merged.ts'
import { givenRows, sameRow, type Run } from './run.ts'

/** A batch that this worker has promised to post. */
export interface Batch {
  n: number
  firstId: string
  lastId: string
  requestId: string
  /** Tries, this one included. */
  attempts: number
  /** Until when it is ours by the clock that all workers share; on this machine's running clock half of that. */
  leaseUntil: Date
  deadline: number
}

/** Somebody who is not in the call after all, and what becomes of the row. */
export interface Out {
  subscriberId: string
  email: string
  state: 'suppressed' | 'refused' | 'pending'
  reason: DeliveryReason | null
  detail?: string
}

/**
 * Claim and promise in one statement: a batch that is due becomes `posting`, for this worker alone, under the key that it keeps over
 * all attempts; durable before the first byte leaves. None while the message may not be sent. The newest first: so the parts of a
 * batch that was refused are tried before the next whole one.
 */
export async function claimBatch(app: Pick<App, 'db' | 'clock'>, run: Run, worker: string): Promise<Batch | null> {
  const now = app.clock.now()
  const since = performance.now()
  const leaseUntil = after(now, lease)
  const due = and(
    eq(batches.shopId, run.shopId),
    eq(batches.messageId, run.messageId),
    eq(batches.state, 'pending'),
    isDue(batches, now),
    mayGo(app, run),
  )
  const some = app.db.$with('some').as(skipLocked(app.db.select({ shopId: batches.shopId, messageId: batches.messageId, n: batches.n }).from(batches).where(due).orderBy(sql`${batches.n} desc`).limit(1)))
  const [batch] = await app.db
    .with(some)
    .update(batches)
    .set({
      state: 'posting', claimedBy: worker, leaseUntil, requestId: sql`coalesce(${batches.requestId}, ${newId(now)})`, attempts: sql`${batches.attempts} + 1`,
      postedAt: now, nextAt: null, updatedAt: now,
    })
    .from(some)
    .where(and(eq(batches.shopId, some.shopId), eq(batches.messageId, some.messageId), eq(batches.n, some.n), sql`coalesce(${batches.state}, '') = 'pending'`))
    .returning({ n: batches.n, firstId: batches.firstId, lastId: batches.lastId, requestId: batches.requestId, attempts: batches.attempts })
  return batch ? { ...batch, requestId: batch.requestId!, leaseUntil, deadline: since + lease / 2 } : null
}

/** Is the batch still ours by every clock? A worker that was frozen must not go on with what others may hold by now. */
export const stillOurs = (app: Pick<App, 'clock'>, batch: Batch): boolean => performance.now() < batch.deadline && app.clock.now() < batch.leaseUntil

/**
 * Takes people out of a batch before the call: their rows get a state of their own, durably, so that the answer to the call says
 * nothing about them. @returns false when the batch is not this worker's any more.
 */
export async function leaveOut(app: Pick<App, 'db' | 'clock'>, run: Run, worker: string, batch: Batch, outs: Out[]): Promise<boolean> {
  if (outs.length === 0) return true
  const now = app.clock.now()
  const { shopId, messageId } = run
  return app.db.transaction(async () => {
    const [mine] = await lockRows(app.db.select({ n: batches.n }).from(batches).where(and(thisBatch(run, batch), eq(batches.state, 'posting'), eq(batches.claimedBy, worker))))
    if (!mine) return false
    const rest = await followMerged(app, run, batch, outs)
    const given = givenRows(rest.map((out) => ({ key: { shopId, messageId, subscriberId: out.subscriberId }, cells: [out.state, out.reason, out.detail ?? null, out.reason === 'erased' ? '' : null] })))
    const left = await app.db
      .update(deliveries)
      // Whoever is forgotten by now leaves no address here either.
      .set({ state: sql`${given.text(3)}`, reason: sql`${given.text(4)}`, detail: sql`${given.text(5)}`, email: sql`coalesce(${given.text(6)}, ${deliveries.email})`, updatedAt: now })
      .from(given.from)
      .where(and(sameRow(given), eq(deliveries.batch, batch.n), isNull(deliveries.state)))
      .returning({ id: deliveries.subscriberId })
    await app.db.update(batches).set({ people: sql`${batches.people} - ${left.length + outs.length - rest.length}` }).where(thisBatch(run, batch))
    return true
  })
}

/** Addresses that the provider, or the last check before it, calls none: nobody writes to them again. */
export async function blockAddresses(app: Pick<App, 'db' | 'settings'>, shopId: string, people: { email: string; detail?: string | undefined }[], now: Date): Promise<void> {
  await insertAll(
    app.db,
    suppressions,
    people.map(({ email, detail }) => ({ shopId, addressHash: addressHash(app.settings.keys, shopId, email), reason: 'bounced' as const, detail: detail ?? null, createdAt: now })),
    { target: ['shopId', 'addressHash', 'reason'] },
  )
}

export const thisBatch = (run: Pick<Run, 'shopId' | 'messageId'>, { n }: { n: number }): SQL | undefined => and(eq(batches.shopId, run.shopId), eq(batches.messageId, run.messageId), eq(batches.n, n))
