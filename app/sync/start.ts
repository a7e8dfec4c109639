import { and, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { shops, syncs } from '../db/schema.ts'
import { HOUR, after } from '../lib/clock.ts'

export const syncKinds = ['shop', 'customers', 'products', 'orders'] as const
export type SyncKind = (typeof syncKinds)[number]

/**
 * Starts reading the whole store: the shop itself, customers and products at once, orders when the customers are there, so
 * that each order finds its person. While a reading is under way, starting another does nothing.
 */
export async function startSync(app: App, { shopId }: { shopId: string }): Promise<void> {
  await app.db.transaction(async () => {
    const now = app.clock.now()
    // Of two starts at once the second waits here for the first and finds it under way; otherwise it would take its rows from a job that already reads.
    const mine = await app.db.update(shops).set({ updatedAt: now }).where(and(eq(shops.id, shopId), eq(shops.status, 'installed'))).returning({ id: shops.id })
    if (mine.length === 0 || (await isUnderWay(app, shopId))) return
    const fresh = { state: 'waiting' as const, operationId: null, resultUrl: null, linesDone: 0, objectsDone: 0, objectsTotal: null, error: null, startedAt: now, finishedAt: null, updatedAt: now }
    for (const kind of syncKinds) {
      await app.db.insert(syncs).values({ shopId, kind, ...fresh }).onConflictDoUpdate({ target: [syncs.shopId, syncs.kind], set: fresh })
      if (kind !== 'orders') await readSoon(app, shopId, kind)
    }
  })
}

/** Lets the next step of a reading happen, `inMs` from now. */
export const readSoon = (app: Pick<App, 'queue' | 'clock'>, shopId: string, kind: SyncKind, inMs = 0): Promise<void> =>
  app.queue.add('sync.read', { shopId, kind }, inMs ? { key: `${shopId}:${kind}:later`, at: after(app.clock.now(), inMs) } : { key: `${shopId}:${kind}:now` })

/** A reading that moved within the last hour. One that did not has lost its job and may be started anew. */
async function isUnderWay(app: App, shopId: string): Promise<boolean> {
  const open = await app.db.select({ updatedAt: syncs.updatedAt }).from(syncs).where(and(eq(syncs.shopId, shopId), inArray(syncs.state, ['waiting', 'asked', 'reading'])))
  return open.some(({ updatedAt }) => updatedAt > after(app.clock.now(), -HOUR))
}
