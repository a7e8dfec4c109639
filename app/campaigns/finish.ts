import { and, eq, inArray, notExists, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { campaigns, deliveries } from '../db/schema.ts'
import { openStates } from '../deliveries/contract.ts'
import { moves } from './state.ts'

/**
 * Ends a campaign of which no delivery row is open, in one statement that looks at the rows themselves: never by a count kept
 * elsewhere, never early, never twice.
 */
export async function finishCampaign(app: Pick<App, 'db' | 'clock'>, { shopId, messageId }: { shopId: string; messageId: string }): Promise<void> {
  const now = app.clock.now()
  const open = app.db
    .select({ one: sql`1` })
    .from(deliveries)
    .where(and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, messageId), inArray(deliveries.state, openStates)))
  await app.db
    .update(campaigns)
    .set({ status: moves.finish.to, statusReason: null, finishedAt: now, updatedAt: now })
    .where(and(eq(campaigns.shopId, shopId), eq(campaigns.id, messageId), inArray(campaigns.status, [...moves.finish.from]), notExists(open)))
}
