import { and, eq, lte } from 'drizzle-orm'
import type { App } from '../app.ts'
import { inbox } from '../db/schema.ts'
import { askForWork } from './inbox.ts'

/** Asks for a look at the inbox when something in it is due, for the case that the job that should do it was lost. Each minute. */
export async function recoverInbox(app: Pick<App, 'db' | 'clock' | 'queue'>): Promise<void> {
  const [due] = await app.db.select({ id: inbox.deliveryId }).from(inbox).where(and(eq(inbox.state, 'waiting'), lte(inbox.nextAt, app.clock.now()))).orderBy(inbox.nextAt).limit(1)
  if (due) await askForWork(app)
}
