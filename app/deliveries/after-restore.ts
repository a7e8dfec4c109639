import { and, eq, exists, inArray, ne, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { deliveries, messages } from '../db/schema.ts'

/**
 * After a restore: single mails (confirmations, tests) that were under way in the backup may have left since, so they are held and
 * listed for a person instead of going out again. All shops.
 */
export async function holdSingles(app: Pick<App, 'db' | 'clock'>): Promise<void> {
  const single = app.db
    .select({ one: sql`1` })
    .from(messages)
    .where(and(eq(messages.shopId, deliveries.shopId), eq(messages.id, deliveries.messageId), ne(messages.kind, 'campaign')))
  await app.db
    .update(deliveries)
    .set({ state: 'held', reason: 'no_evidence', claimedBy: null, leaseUntil: null, nextAt: null, updatedAt: app.clock.now() })
    .where(and(inArray(deliveries.state, ['pending', 'claimed', 'posting', 'uncertain']), exists(single)))
}
