import { and, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { consentEntries, consentErased } from '../db/schema.ts'
import { commitmentOf } from './chain.ts'
import { committedOf, lockLedger, sealOpen } from './seal.ts'

/**
 * Forgets what the ledger holds of people, in the caller's transaction: entries and salts go. Commitments and links stay, so that the chain
 * still verifies; nobody can tell from them who it was or what they said. The people's own rows are the caller's business.
 */
export async function forgetEntries(app: Pick<App, 'db'>, shopId: string, subscriberIds: string[]): Promise<void> {
  if (subscriberIds.length === 0) return
  await sealOpen(app, shopId, await lockLedger(app, shopId), Infinity)
  const theirs = and(eq(consentEntries.shopId, shopId), inArray(consentEntries.subscriberId, subscriberIds))
  const entries = await app.db.select().from(consentEntries).where(theirs).orderBy(consentEntries.seq)
  await insertAll(app.db, consentErased, entries.map((entry) => ({ shopId, seq: entry.seq, commitment: commitmentOf(entry.salt!, committedOf(entry)), link: entry.link! })))
  await app.db.delete(consentEntries).where(theirs)
}
