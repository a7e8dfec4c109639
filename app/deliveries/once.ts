import type { App } from '../app.ts'
import { inbox } from '../db/schema.ts'
import type { Feedback } from '../mail/provider.ts'

/**
 * Leaves out what came under a signature that was believed before, by whichever process. Call it in the transaction that takes
 * the rest in, so that a delivery that could not be taken in may come again. Nightly work forgets the tokens after a day.
 */
export async function onlyOnce(app: Pick<App, 'db' | 'clock' | 'mail'>, list: Feedback[]): Promise<Feedback[]> {
  const tokens = [...new Set(list.flatMap((item) => item.once ?? []))].toSorted()
  if (tokens.length === 0) return list
  const now = app.clock.now()
  const fresh = await app.db
    .insert(inbox)
    .values(tokens.map((token) => ({ source: app.mail.name, deliveryId: token, shopDomain: '', topic: 'token', body: '', triggeredAt: now, receivedAt: now, state: 'done' as const, attempts: 0, doneAt: now })))
    .onConflictDoNothing()
    .returning({ token: inbox.deliveryId })
  const known = new Set(fresh.map((row) => row.token))
  return list.filter((item) => item.once === undefined || known.has(item.once))
}
