import { and, eq, gt, inArray, isNotNull, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { batches, deliveries } from '../db/schema.ts'
import type { SendProgress } from './contract.ts'

/**
 * How far these messages have come, in one statement, so that nobody is counted twice who just left a batch: people who follow one are
 * summed up over the batches, the others counted along the index of states. A message without rows has zeros.
 */
export async function progressOf(app: Pick<App, 'db'>, shopId: string, messageIds: string[]): Promise<Map<string, SendProgress>> {
  const map = new Map<string, SendProgress>(messageIds.map((id) => [id, nothing()]))
  if (messageIds.length === 0) return map
  const alone = app.db
    .select({ messageId: deliveries.messageId, state: sql<string>`${deliveries.state}`, people: sql`count(*)`.mapWith(Number) })
    .from(deliveries)
    .where(and(eq(deliveries.shopId, shopId), inArray(deliveries.messageId, messageIds), isNotNull(deliveries.state)))
    .groupBy(deliveries.messageId, deliveries.state)
  const together = app.db
    .select({ messageId: batches.messageId, state: sql<string>`${batches.state}`, people: sql`sum(${batches.people})`.mapWith(Number) })
    .from(batches)
    .where(and(eq(batches.shopId, shopId), inArray(batches.messageId, messageIds), gt(batches.people, 0)))
    .groupBy(batches.messageId, batches.state)
  for (const { messageId, state, people } of await alone.unionAll(together)) {
    const progress = map.get(messageId)
    const place = placeOf[state]
    if (!progress || !place) continue
    progress[place] += people
    progress.everybody += people
    if (place !== 'excluded') progress.audience += people
  }
  return map
}

const nothing = (): SendProgress => ({ everybody: 0, excluded: 0, audience: 0, waiting: 0, accepted: 0, refused: 0, suppressed: 0, uncertain: 0, held: 0 })

const placeOf: Record<string, Exclude<keyof SendProgress, 'everybody' | 'audience'>> = {
  excluded: 'excluded', pending: 'waiting', claimed: 'waiting', posting: 'waiting', accepted: 'accepted', refused: 'refused', suppressed: 'suppressed',
  uncertain: 'uncertain', held: 'held',
}
