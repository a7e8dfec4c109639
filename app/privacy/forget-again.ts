import { and, eq, lte } from 'drizzle-orm'
import type { App } from '../app.ts'
import { confirmationLife } from '../consent/confirm.ts'
import { subscribers, suppressions } from '../db/schema.ts'
import { after } from '../lib/clock.ts'
import { eraseSubscriber } from '../subscribers/erase.ts'

/**
 * Somebody typed the address of a forgotten person into a form, and its owner never confirmed: once the confirmation mail is no
 * good any more, what the form brought is forgotten again. Each night.
 */
export async function forgetUnconfirmed(app: Pick<App, 'db' | 'clock'>): Promise<void> {
  const people = await app.db
    .select({ shopId: subscribers.shopId, id: subscribers.id })
    .from(suppressions)
    .innerJoin(subscribers, and(eq(subscribers.shopId, suppressions.shopId), eq(subscribers.addressHash, suppressions.addressHash)))
    .where(and(eq(suppressions.reason, 'erased'), lte(subscribers.createdAt, after(app.clock.now(), -confirmationLife))))
    .orderBy(subscribers.shopId, subscribers.id)
  for (const { shopId, id } of people) await eraseSubscriber(app, shopId, id)
}
