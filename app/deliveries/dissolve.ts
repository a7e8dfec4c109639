import { and, eq, isNull, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { batches, deliveries } from '../db/schema.ts'
import type { Run } from './run.ts'

/** The waiting batches of a message fall apart: from now on each of their people travels alone, under the key known so far. */
export function sendAlone(app: Pick<App, 'db' | 'clock'>, run: Run): Promise<unknown> {
  return dissolve(app, and(eq(batches.shopId, run.shopId), eq(batches.messageId, run.messageId), sql`${batches.state} = 'pending'`), { state: 'pending' })
}

/**
 * Gives the people of these batches rows of their own, in one state, with the batch's key and times; the batches end as `divided`.
 * In all shops, unless `which` says otherwise. @returns the batches.
 */
export function dissolve(app: Pick<App, 'db' | 'clock'>, which: SQL | undefined, to: { state: 'pending' | 'uncertain' | 'held'; reason?: string }): Promise<{ shopId: string; messageId: string }[]> {
  const now = app.clock.now()
  return app.db.transaction(async () => {
    const gone = await app.db.update(batches).set({ state: 'divided', people: 0, ...(to.state === 'uncertain' ? {} : { claimedBy: null }), leaseUntil: null, nextAt: null, updatedAt: now }).where(which).returning({ shopId: batches.shopId, messageId: batches.messageId, n: batches.n })
    for (const { shopId, messageId, n } of gone)
      await app.db
        .update(deliveries)
        .set({
          state: to.state, reason: to.reason ?? null, detail: sql`${batches.detail}`, attempts: sql`${batches.attempts}`, postedAt: sql`${batches.postedAt}`, updatedAt: now,
          requestId: sql`${batches.requestId} || '.' || ${deliveries.subscriberId}`,
          claimedBy: sql`${batches.claimedBy}`, // whoever is in doubt is still that worker's, which may come back
        })
        .from(batches)
        .where(
          and(
            eq(batches.shopId, shopId), eq(batches.messageId, messageId), eq(batches.n, n),
            eq(deliveries.shopId, shopId), eq(deliveries.messageId, messageId), sql`${deliveries.subscriberId} between ${batches.firstId} and ${batches.lastId}`, eq(deliveries.batch, n), isNull(deliveries.state),
          ),
        )
    return gone
  })
}
