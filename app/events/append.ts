import { eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { events, shops } from '../db/schema.ts'
import { dayIn } from '../lib/clock.ts'
import { newId } from '../lib/ids.ts'
import type { EventKind } from './contract.ts'

export interface NewEvent {
  kind: EventKind
  subscriberId?: string | null
  messageId?: string | null
  verdict?: 'human' | 'machine' | 'unknown' | null
  linkNo?: number | null
  /** Never an address, an agent or an IP: the log outlives all of them. */
  detail?: Record<string, unknown> | null
  at: Date
  /** What makes it the same event when it is told twice; unique within the shop. */
  dedupeKey: string
}

/**
 * Adds to a shop's event log; the day is the shop's own. What is there already (by `dedupeKey`) is left as it is.
 * Joins the ambient transaction. @returns the number of new events.
 */
export async function appendEvents(app: Pick<App, 'db' | 'clock'>, shopId: string, rows: NewEvent[]): Promise<number> {
  if (rows.length === 0) return 0
  const [shop] = await app.db.select({ timezone: shops.timezone }).from(shops).where(eq(shops.id, shopId))
  if (!shop) return 0 // the shop was forgotten while this was on its way
  const days = new Map<number, string>() // one look at the calendar for all events of a quarter of an hour: zones change on quarters
  const dayOf = (at: Date): string => {
    const quarter = Math.floor(at.getTime() / 900_000)
    let day = days.get(quarter)
    if (!day) days.set(quarter, (day = dayIn(shop.timezone, at)))
    return day
  }
  const now = app.clock.now()
  return insertAll(
    app.db,
    events,
    rows.map((row) => ({
      shopId, id: newId(now), kind: row.kind, subscriberId: row.subscriberId ?? null, messageId: row.messageId ?? null, verdict: row.verdict ?? null,
      linkNo: row.linkNo ?? null, detail: row.detail ?? null, at: row.at, day: dayOf(row.at), dedupeKey: row.dedupeKey,
    })),
    { target: ['shopId', 'dedupeKey'] },
  )
}
