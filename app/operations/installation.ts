import { eq, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { isPostgres } from '../db/columns.ts'
import { lockRows } from '../db/open.ts'
import { installation } from '../db/schema.ts'

export type Installation = typeof installation.$inferSelect & {
  /** False when another hand than ours wrote the row: a dump that was read back, on PostgreSQL. */
  ours: boolean
}
type Change = Partial<Omit<typeof installation.$inferInsert, 'id' | 'stamp' | 'updatedAt'>>

/** The row of this installation, locked until the end of the transaction, or null before the first start. */
export async function lockInstallation(app: Pick<App, 'db'>): Promise<Installation | null> {
  const row = installation
  // A row keeps the number of the transaction that wrote it, modulo 2^32; whoever writes it back from a dump has another.
  const ours = isPostgres ? sql`case when mod(${row.stamp}::numeric, 4294967296)::text = ${row}.xmin::text then 1 else 0 end` : sql`1`
  const [found] = await lockRows(
    app.db
      .select({
        id: row.id, generation: row.generation, beatAt: row.beatAt, address: row.address, place: row.place, stamp: row.stamp, fencedAt: row.fencedAt, fencedBecause: row.fencedBecause,
        restingBecause: row.restingBecause, cleanStop: row.cleanStop, updatedAt: row.updatedAt, ours: ours.mapWith(Number),
      })
      .from(row)
      .where(eq(row.id, 'this')),
  )
  return found ? { ...found, ours: found.ours === 1 } : null
}

/** The first row. @returns false when another process, starting at the same moment, was faster: then nothing is written, and its row is there. */
export async function insertInstallation(app: Pick<App, 'db' | 'clock'>, values: Omit<typeof installation.$inferInsert, 'id' | 'stamp' | 'updatedAt'>): Promise<boolean> {
  const written = await app.db.insert(installation).values({ ...values, id: 'this', stamp: stamp(), updatedAt: app.clock.now() }).onConflictDoNothing().returning({ id: installation.id })
  return written.length > 0
}

/** The only way to change the row: each change is stamped as ours. */
export async function changeInstallation(app: Pick<App, 'db' | 'clock'>, change: Change): Promise<void> {
  await app.db.update(installation).set({ ...change, stamp: stamp(), updatedAt: app.clock.now() }).where(eq(installation.id, 'this'))
}

/** Where the database is: PostgreSQL's number of it, and its timeline, which changes when a server is rolled to a point in time or a standby takes over. */
export async function placeOf(app: Pick<App, 'db'>): Promise<string | null> {
  if (!isPostgres) return null
  const [row] = await app.db.raw<{ oid: string }>('select oid::text as oid from pg_database where datname = current_database()')
  // Some hosted servers do not tell.
  const timeline = await app.db.raw<{ name: string }>('select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as name').then(([one]) => one?.name ?? '', () => '')
  return `${row?.oid ?? ''}/${timeline}`
}

const stamp = (): SQL | null => (isPostgres ? sql`pg_current_xact_id()::text` : null)
