import { asc, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { syncs } from '../db/schema.ts'
import type { SyncView } from '../shops/contract.ts'
import { syncKinds } from './start.ts'

/** How far reading the store has come, in the order in which it is read. */
export async function syncProgress(app: Pick<App, 'db'>, shopId: string): Promise<SyncView[]> {
  const rows = await app.db.select().from(syncs).where(eq(syncs.shopId, shopId)).orderBy(asc(syncs.kind))
  return rows
    .map((row) => ({ kind: row.kind, state: row.state, done: row.objectsDone, total: row.objectsTotal, error: row.error, finishedAt: row.finishedAt?.toISOString() ?? null }))
    .sort((a, b) => syncKinds.indexOf(a.kind) - syncKinds.indexOf(b.kind))
}
