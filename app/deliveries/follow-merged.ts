import { and, eq, inArray, isNull, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { deliveries, subscriberAliases } from '../db/schema.ts'
import type { Batch, Out } from './batches.ts'
import type { Run } from './run.ts'

// Two records of a person became one while a batch was with the provider. Its rows stay where they are, because the batch finds its
// people by their ids (subscribers/merge.ts); here they follow the person.

/**
 * Of people who are not there any more, those who were merged into another record go on as that person, by themselves; where the
 * other record has a row of its own in this message, they are left out.
 */
export async function followMerged(app: Pick<App, 'db' | 'clock'>, run: Run, batch: Batch, outs: Out[]): Promise<Out[]> {
  const gone = outs.filter((out) => out.reason === 'erased').map((out) => out.subscriberId)
  if (gone.length === 0) return outs
  const { shopId, messageId } = run
  const aliases = await app.db.select({ id: subscriberAliases.id, keptId: subscriberAliases.keptId }).from(subscriberAliases).where(and(eq(subscriberAliases.shopId, shopId), inArray(subscriberAliases.id, gone)))
  const moved = new Set<string>()
  for (const { id, keptId } of aliases) {
    const [row] = await app.db
      .update(deliveries)
      .set({ subscriberId: keptId, state: 'pending', updatedAt: app.clock.now() })
      .where(and(
        eq(deliveries.shopId, shopId), eq(deliveries.messageId, messageId), eq(deliveries.subscriberId, id), eq(deliveries.batch, batch.n), isNull(deliveries.state),
        noneOf(run, keptId),
      ))
      .returning({ id: deliveries.subscriberId })
    if (row) moved.add(id)
  }
  return outs.filter((out) => !moved.has(out.subscriberId))
}

/** Rows of people who were merged while their batch was with the provider belong to the kept record from now on. When a message is finished. */
export async function followAllMerged(app: Pick<App, 'db'>, shopId: string, messageId: string): Promise<void> {
  const left = await app.db
    .select({ id: subscriberAliases.id, keptId: subscriberAliases.keptId })
    .from(subscriberAliases)
    .innerJoin(deliveries, and(eq(deliveries.shopId, subscriberAliases.shopId), eq(deliveries.messageId, messageId), eq(deliveries.subscriberId, subscriberAliases.id)))
    .where(eq(subscriberAliases.shopId, shopId))
    .orderBy(subscriberAliases.id)
  for (const { id, keptId } of left)
    await app.db
      .update(deliveries)
      .set({ subscriberId: keptId })
      .where(and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, messageId), eq(deliveries.subscriberId, id), noneOf({ shopId, messageId }, keptId)))
}

const noneOf = ({ shopId, messageId }: { shopId: string; messageId: string }, subscriberId: string): SQL =>
  sql`not exists (select 1 from deliveries other where other.shop_id = ${shopId} and other.message_id = ${messageId} and other.subscriber_id = ${subscriberId})`
