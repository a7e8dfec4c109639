import { and, asc, eq, lt } from 'drizzle-orm'
import type { App } from '../app.ts'
import { inbox, jobs, shops } from '../db/schema.ts'
import { DAY, after } from '../lib/clock.ts'

const keep = 30 * DAY

/** Each night: every store is asked what we missed, and what is of no use any more is forgotten: old news, jobs that gave up long ago. */
export async function nightly(app: App): Promise<void> {
  for (const id of await installedShops(app)) await app.queue.add('sync.reconcile', { shopId: id }, { key: id })
  const now = app.clock.now()
  await app.db.delete(inbox).where(lt(inbox.receivedAt, after(now, -keep)))
  await app.db.delete(inbox).where(and(eq(inbox.topic, 'token'), lt(inbox.receivedAt, after(now, -DAY)))) // signatures that are too old to come again
  await app.db.delete(jobs).where(and(eq(jobs.state, 'failed'), lt(jobs.runAt, after(now, -keep))))
}

/** Each hour: every store is asked whose record changed. */
export async function hourly(app: App): Promise<void> {
  for (const id of await installedShops(app)) await app.queue.add('sync.consents', { shopId: id }, { key: id })
}

/** Each week: keys that nobody uses for 90 days end, so all are refreshed. One store's fault does not keep the others from theirs. */
export async function keepTokensAlive(app: App): Promise<void> {
  for (const id of await installedShops(app)) {
    const [shop] = await app.db.select().from(shops).where(and(eq(shops.id, id), eq(shops.status, 'installed')))
    if (shop) await app.platforms.shopify.keepAlive(shop).catch((error: unknown) => app.log.warn({ shopId: id, err: error }, 'the keys of a store could not be refreshed'))
  }
}

async function installedShops(app: App): Promise<string[]> {
  const rows = await app.db.select({ id: shops.id }).from(shops).where(eq(shops.status, 'installed')).orderBy(asc(shops.id))
  return rows.map((row) => row.id)
}
