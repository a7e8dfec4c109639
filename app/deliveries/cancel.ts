import { and, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { batches, deliveries } from '../db/schema.ts'
import type { DeliveryReason } from './contract.ts'

/**
 * Nobody of this message gets it who has not been posted yet: pending batches, and pending and claimed rows, become suppressed. What
 * is being posted at this moment ends as it ends. @returns how many people will not get it.
 */
export async function cancelDeliveries(
  app: Pick<App, 'db' | 'clock'>,
  shopId: string,
  messageId: string,
  reason: Extract<DeliveryReason, 'cancelled' | 'shop_uninstalled'> = 'cancelled',
): Promise<number> {
  const ended = { state: 'suppressed', reason, claimedBy: null, leaseUntil: null, nextAt: null, updatedAt: app.clock.now() }
  const together = await app.db
    .update(batches)
    .set(ended)
    .where(and(eq(batches.shopId, shopId), eq(batches.messageId, messageId), eq(batches.state, 'pending')))
    .returning({ people: batches.people })
  const alone = await app.db
    .update(deliveries)
    .set(ended)
    .where(and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, messageId), inArray(deliveries.state, ['pending', 'claimed'])))
    .returning({ id: deliveries.subscriberId })
  return together.reduce((sum, batch) => sum + batch.people, 0) + alone.length
}
