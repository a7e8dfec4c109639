import { and, eq, inArray, min, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { batches, campaigns, deliveries, messages } from '../db/schema.ts'
import { cancelDeliveries } from './cancel.ts'
import { isDue } from './claim.ts'
import { openStates } from './contract.ts'
import { restingUntil } from './pace.ts'
import { askToFinish, wakeSending } from './wake.ts'

/**
 * Decides from the rows what a message needs next: another turn of sending now or at a time, its end, or nothing (others hold
 * the rest, or it is paused). Never from a count kept elsewhere.
 * @param notBefore while sending rests as a whole: when to look again
 */
export async function settle(app: Pick<App, 'db' | 'clock' | 'queue' | 'mail'>, shopId: string, messageId: string, notBefore: Date | null = null): Promise<void> {
  const [message] = await app.db
    .select({ kind: messages.kind, status: campaigns.status })
    .from(messages)
    .leftJoin(campaigns, and(eq(campaigns.shopId, messages.shopId), eq(campaigns.id, messages.id)))
    .where(and(eq(messages.shopId, shopId), eq(messages.id, messageId)))
  // What was being posted while somebody cancelled, and was not taken, came back as pending: it ends here.
  if (message?.status === 'cancelled') await cancelDeliveries(app, shopId, messageId)
  if (!message || (message.kind === 'campaign' && message.status !== 'sending')) return
  const next = await nextDue(app, shopId, messageId)
  if (next !== null) await wakeSending(app, shopId, messageId, notBefore ?? restingUntil(app.mail, app.clock) ?? (next === 'now' ? undefined : next))
  else if (message.kind === 'campaign' && !(await isOpen(app, shopId, messageId))) await askToFinish(app, shopId, messageId)
}

/** When something of this message may be sent: now, at a time, or null when nothing waits. Short looks along an index, however many wait. */
async function nextDue(app: Pick<App, 'db' | 'clock'>, shopId: string, messageId: string): Promise<Date | 'now' | null> {
  const now = app.clock.now()
  let first: Date | null = null
  for (const table of [batches, deliveries]) {
    const waiting = and(eq(table.shopId, shopId), eq(table.messageId, messageId), eq(table.state, 'pending'))
    const [due] = await app.db.select({ one: sql`1` }).from(table).where(and(waiting, isDue(table, now))).limit(1)
    if (due) return 'now'
    const [later] = await app.db.select({ at: min(table.nextAt) }).from(table).where(waiting)
    if (later?.at && (!first || later.at < first)) first = later.at
  }
  return first
}

async function isOpen(app: Pick<App, 'db'>, shopId: string, messageId: string): Promise<boolean> {
  for (const table of [batches, deliveries]) {
    const [open] = await app.db.select({ one: sql`1` }).from(table).where(and(eq(table.shopId, shopId), eq(table.messageId, messageId), inArray(table.state, openStates))).limit(1)
    if (open) return true
  }
  return false
}
