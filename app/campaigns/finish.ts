import { and, eq, inArray, notExists, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { lockRows } from '../db/open.ts'
import { batches, campaigns, deliveries } from '../db/schema.ts'
import { openStates } from '../deliveries/contract.ts'
import { followAllMerged } from '../deliveries/follow-merged.ts'
import { moves } from './state.ts'

/**
 * Ends a campaign of which no batch and no delivery row is open, by a look at the rows themselves: never by a count kept
 * elsewhere, never early, never twice.
 */
export async function finishCampaign(app: Pick<App, 'db' | 'clock' | 'queue'>, { shopId, messageId }: { shopId: string; messageId: string }): Promise<void> {
  const now = app.clock.now()
  const open = (table: typeof batches | typeof deliveries) =>
    app.db.select({ one: sql`1` }).from(table).where(and(eq(table.shopId, shopId), eq(table.messageId, messageId), inArray(table.state, openStates)))
  const campaign = and(eq(campaigns.shopId, shopId), eq(campaigns.id, messageId))
  await app.db.transaction(async () => {
    // Its row first, then the look: whoever opens rows again (held.ts) holds it while they do, and what they did is seen here.
    await lockRows(app.db.select({ id: campaigns.id }).from(campaigns).where(campaign))
    const done = await app.db
      .update(campaigns)
      .set({ status: moves.finish.to, statusReason: null, finishedAt: now, updatedAt: now })
      .where(and(campaign, inArray(campaigns.status, [...moves.finish.from]), notExists(open(batches)), notExists(open(deliveries))))
      .returning({ id: campaigns.id })
    if (done.length === 0) return
    await followAllMerged(app, shopId, messageId)
    await app.queue.add('campaigns.compare', { shopId, campaignId: messageId }, { key: messageId })
  })
}
