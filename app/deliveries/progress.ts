import { and, count, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { deliveries } from '../db/schema.ts'
import type { SendProgress } from './contract.ts'

/** How far these messages have come, counted from their rows in one statement. A message without rows has zeros. */
export async function progressOf(app: Pick<App, 'db'>, shopId: string, messageIds: string[]): Promise<Map<string, SendProgress>> {
  const map = new Map<string, SendProgress>(messageIds.map((id) => [id, nothing()]))
  if (messageIds.length === 0) return map
  const rows = await app.db
    .select({ messageId: deliveries.messageId, state: deliveries.state, people: count() })
    .from(deliveries)
    .where(and(eq(deliveries.shopId, shopId), inArray(deliveries.messageId, messageIds)))
    .groupBy(deliveries.messageId, deliveries.state)
  for (const { messageId, state, people } of rows) {
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
