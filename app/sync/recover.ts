import { and, eq, inArray, lte, notExists, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { shops, syncs } from '../db/schema.ts'
import { givenUpAfter } from '../jobs/retry.ts'
import { after } from '../lib/clock.ts'
import { readSoon } from './start.ts'

/** Lets a reading go on that nobody has moved for hours: its job was lost or gave up. It goes on from the line that is stored. Each minute. */
export async function recoverSyncs(app: Pick<App, 'db' | 'clock' | 'queue'>): Promise<void> {
  const now = app.clock.now()
  await app.db.transaction(async () => {
    const open = app.db.select({ id: shops.id }).from(shops).where(eq(shops.status, 'installed'))
    const hanging = await app.db
      .update(syncs)
      .set({ updatedAt: now })
      .where(and(inArray(syncs.state, ['waiting', 'asked', 'reading']), lte(syncs.updatedAt, after(now, -givenUpAfter)), inArray(syncs.shopId, open)))
      .returning({ shopId: syncs.shopId, kind: syncs.kind })
    for (const { shopId, kind } of hanging) await readSoon(app, shopId, kind)
  })
}

/** Welcomes installed stores of which nothing was ever read: that job was lost. Each night. */
export async function recoverWelcomes(app: Pick<App, 'db' | 'clock' | 'queue'>): Promise<void> {
  const read = app.db.select({ one: sql`1` }).from(syncs).where(eq(syncs.shopId, shops.id))
  const unread = await app.db
    .select({ id: shops.id })
    .from(shops)
    .where(and(eq(shops.status, 'installed'), lte(shops.installedAt, after(app.clock.now(), -givenUpAfter)), notExists(read)))
    .orderBy(shops.id)
  for (const { id } of unread) await app.queue.add('shops.welcome', { shopId: id }, { key: id })
}
