import { and, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { lockRows } from '../db/open.ts'
import { batches, deliveries } from '../db/schema.ts'
import { change } from './batch-record.ts'
import { blockAddresses, thisBatch, type Batch } from './batches.ts'
import type { Stop } from './post.ts'
import { cellsOf, pauseCampaign, record, steadily, type Result } from './record.ts'
import { givenRows, sameRow, type Run } from './run.ts'

/**
 * Writes down what became of a batch whose people were called one by one. Whoever was accepted follows the batch, which is accepted: one
 * statement, whatever its size. Everybody else leaves it, with a row state and a key of their own. When the batch is not this worker's any
 * more, because its lease ran out and its people became rows of their own, what was accepted is noted there.
 */
export async function recordEach(app: App, run: Run, worker: string, batch: Batch, results: Result[], stop: Stop | null): Promise<void> {
  const others = results.filter(({ outcome }) => outcome?.kind !== 'accepted')
  const accepted = { state: 'accepted', acceptedAt: app.clock.now() }
  let ours = false
  await steadily(async () => {
    if (others.length === 0) ours = await change(app, run, worker, batch, accepted)
    else
      ours = await app.db.transaction(async () => {
        if (!(await leaveWith(app, run, worker, batch, others, stop))) return false
        if (stop?.kind === 'paused') await pauseCampaign(app, run, stop.reason)
        return change(app, run, worker, batch, accepted)
      })
  })
  if (!ours) await record(app, run, worker, results, stop)
  else if (stop?.kind === 'paused') app.log.warn({ messageId: run.messageId, reason: stop.reason }, 'sending was paused: the provider refuses us')
}

/** These people leave the batch, each with what became of their own call. @returns false when the batch is not this worker's any more. */
async function leaveWith(app: App, run: Run, worker: string, batch: Batch, results: Result[], stop: Stop | null): Promise<boolean> {
  const now = app.clock.now()
  const { shopId, messageId } = run
  const [mine] = await lockRows(
    app.db.select({ at: batches.postedAt }).from(batches).where(and(thisBatch(run, batch), inArray(batches.state, ['posting', 'uncertain']), eq(batches.claimedBy, worker))),
  )
  if (!mine) return false
  const given = givenRows(results.map((result) => ({ key: { shopId, messageId, subscriberId: result.row.subscriberId }, cells: [result.row.requestId, ...cellsOf(result, stop, now, run.campaign !== null)] })))
  const left = await app.db
    .update(deliveries)
    .set({
      state: sql`${given.text(4)}`, reason: sql`${given.text(5)}`, providerId: sql`${given.text(6)}`, nextAt: sql`${given.time(7)}`, attempts: sql`${batch.attempts} - ${given.int(8)}`,
      detail: sql`${given.text(10)}`, requestId: sql`${given.text(3)}`, claimedBy: worker, postedAt: mine.at, updatedAt: now,
    })
    .from(given.from)
    .where(and(sameRow(given), eq(deliveries.batch, batch.n), isNull(deliveries.state)))
    .returning({ id: deliveries.subscriberId })
  await app.db.update(batches).set({ people: sql`${batches.people} - ${left.length}` }).where(thisBatch(run, batch))
  const bad = results.flatMap(({ row, outcome }) => (outcome?.kind === 'refused' && outcome.badAddress ? [{ email: row.email, detail: outcome.reason }] : []))
  await blockAddresses(app, shopId, bad, now)
  return true
}
