import { and, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { inbox } from '../db/schema.ts'

export interface Delivery {
  source: 'shopify' | 'sendgrid'
  /** The sender's own id of this delivery: the same when it is sent again. */
  deliveryId: string
  shopDomain: string
  topic: string
  body: string
  triggeredAt: Date
}

/**
 * Keeps a delivery and the work that follows from it, in one transaction: after this the sender may forget it. A delivery that
 * is there already changes nothing. Answers whether it was new.
 */
export async function receive(app: App, delivery: Delivery): Promise<boolean> {
  return app.db.transaction(async () => {
    const kept = await app.db
      .insert(inbox)
      .values({ ...delivery, receivedAt: app.clock.now(), state: 'waiting' })
      .onConflictDoNothing()
      .returning({ id: inbox.deliveryId })
    if (kept.length === 0) return false
    await app.queue.add('inbox.work', { source: delivery.source, deliveryId: delivery.deliveryId })
    return true
  })
}

export async function findDelivery(app: App, source: string, deliveryId: string): Promise<typeof inbox.$inferSelect | null> {
  const [row] = await app.db.select().from(inbox).where(and(eq(inbox.source, source), eq(inbox.deliveryId, deliveryId)))
  return row ?? null
}

/** Work on a delivery was put off or failed: it has a job that comes back, so nobody needs to ask for it again soon. */
export async function noteTry(app: App, source: string, deliveryId: string): Promise<void> {
  await app.db.update(inbox).set({ triedAt: app.clock.now() }).where(and(eq(inbox.source, source), eq(inbox.deliveryId, deliveryId), eq(inbox.state, 'waiting')))
}

/** Ends a delivery. What it said is blanked: it may hold personal data, and everything of use is stored elsewhere by now. */
export async function closeDelivery(app: App, source: string, deliveryId: string, state: 'done' | 'ignored' | 'failed', note: string | null = null): Promise<void> {
  await app.db
    .update(inbox)
    .set({ state, note, doneAt: app.clock.now(), body: '' })
    .where(and(eq(inbox.source, source), eq(inbox.deliveryId, deliveryId), inArray(inbox.state, ['waiting'])))
}
