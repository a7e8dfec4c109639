import { fileURLToPath } from 'node:url'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { isPostgres } from './columns.ts'
import type { Db } from './open.ts'

const folder = fileURLToPath(new URL(`./migrations/${isPostgres ? 'postgres' : 'sqlite'}`, import.meta.url))

/**
 * Brings the database to the newest schema. All of a run is one transaction: old or new, nothing between.
 * drizzle-kit's files for SQLite rebuild a table by dropping it; their own `PRAGMA foreign_keys=OFF` has no effect inside
 * a transaction, and the drop would delete the children. So foreign keys are switched off on the connection first and
 * checked before the commit.
 */
export async function migrate(db: Db, from = folder): Promise<number> {
  const files = readMigrationFiles({ migrationsFolder: from })
  if (!isPostgres) await db.raw('pragma foreign_keys = off')
  try {
    return await db.transaction(async () => {
      if (isPostgres) await db.raw('select pg_advisory_xact_lock(727274)') // two processes starting at once
      await db.raw('create table if not exists migrations (hash text primary key, applied_at text not null)')
      const applied = new Set((await db.raw<{ hash: string }>('select hash from migrations')).map((row) => row.hash))
      let count = 0
      for (const file of files) {
        if (applied.has(file.hash)) continue
        for (const statement of file.sql) {
          if (/^\s*pragma\s+foreign_keys/i.test(statement)) continue
          await db.raw(statement)
        }
        await db.raw(`insert into migrations (hash, applied_at) values ('${file.hash}', '${new Date(file.folderMillis).toISOString()}')`)
        count++
      }
      if (!isPostgres && (await db.raw('pragma foreign_key_check')).length > 0) throw new Error('a migration left rows without their parent')
      return count
    })
  } finally {
    if (!isPostgres) await db.raw('pragma foreign_keys = on')
  }
}
