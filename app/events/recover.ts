import { and, asc, eq, inArray, lte, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { inbox } from '../db/schema.ts'
import { givenUpAfter } from '../jobs/retry.ts'
import { after } from '../lib/clock.ts'

/** Asks again for work on deliveries that wait although nobody tried them for hours: their job was lost or gave up. Each minute. */
export async function recoverInbox(app: Pick<App, 'db' | 'clock' | 'queue'>): Promise<void> {
  const now = app.clock.now()
  const long = after(now, -givenUpAfter)
  await app.db.transaction(async () => {
    const stuck = await app.db
      .select({ source: inbox.source, deliveryId: inbox.deliveryId })
      .from(inbox)
      .where(and(eq(inbox.state, 'waiting'), lte(inbox.receivedAt, long), lte(sql`coalesce(${inbox.triedAt}, ${inbox.receivedAt})`, sql.param(long, inbox.triedAt))))
      .orderBy(asc(inbox.receivedAt), asc(inbox.deliveryId))
      .limit(500)
    for (const source of new Set(stuck.map((row) => row.source)))
      await app.db.update(inbox).set({ triedAt: now }).where(and(eq(inbox.source, source), inArray(inbox.deliveryId, stuck.filter((row) => row.source === source).map((row) => row.deliveryId))))
    for (const delivery of stuck) await app.queue.add('inbox.work', delivery, { key: `${delivery.source}:${delivery.deliveryId}` })
  })
}
