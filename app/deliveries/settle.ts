import { and, count, eq, inArray, isNull, lte, min, or, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { campaigns, deliveries, messages } from '../db/schema.ts'
import { cancelDeliveries } from './cancel.ts'
import { openStates } from './contract.ts'
import { restingUntil } from './pace.ts'
import { askToFinish, wakeSending } from './wake.ts'

/**
 * Decides from the rows what a message needs next: another turn of sending now or at a time, its end, or nothing (others hold
 * the rest, or it is paused). Never from a count kept elsewhere.
 */
export async function settle(app: Pick<App, 'db' | 'clock' | 'queue' | 'mail'>, shopId: string, messageId: string): Promise<void> {
  const now = app.clock.now()
  const [message] = await app.db
    .select({ kind: messages.kind, status: campaigns.status })
    .from(messages)
    .leftJoin(campaigns, and(eq(campaigns.shopId, messages.shopId), eq(campaigns.id, messages.id)))
    .where(and(eq(messages.shopId, shopId), eq(messages.id, messageId)))
  // What was being posted while somebody cancelled, and was not taken, came back as pending: it ends here.
  if (message?.status === 'cancelled') await cancelDeliveries(app, shopId, messageId)
  if (!message || (message.kind === 'campaign' && message.status !== 'sending')) return
  const due = or(isNull(deliveries.nextAt), lte(deliveries.nextAt, now))
  const open = await app.db
    .select({ state: deliveries.state, rows: count(), due: count(sql`case when ${due} then 1 end`), nextAt: min(deliveries.nextAt) })
    .from(deliveries)
    .where(and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, messageId), inArray(deliveries.state, openStates)))
    .groupBy(deliveries.state)
  const pending = open.find((group) => group.state === 'pending')
  if (pending) {
    const at = restingUntil(app.mail, app.clock) ?? (pending.due > 0 ? undefined : pending.nextAt)
    await wakeSending(app, shopId, messageId, at ?? undefined)
  } else if (open.length === 0 && message.kind === 'campaign') await askToFinish(app, shopId, messageId)
}
