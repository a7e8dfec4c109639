import { getTableName } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { isPostgres } from './columns.ts'
import type { Db } from './open.ts'

/**
 * Tells the engine that these tables have grown. PostgreSQL keeps the plan that a foreign key is checked with; made while the
 * parent was empty it reads the whole table for each child: 80,000 lines of 4,000 orders took 26 s to insert, with new figures
 * on the way 3 s. SQLite keeps no such plans.
 */
export async function tablesHaveGrown(db: Db, tables: PgTable[]): Promise<void> {
  if (isPostgres) for (const table of tables) await db.raw(`analyze "${getTableName(table)}"`)
}

/**
 * Tells the engine what these tables hold, after a whole store was read into them: without figures it guesses how rare a value is, and
 * may read a list by the wrong index. SQLite looks at a sample only: 30 ms for eight tables with 100,000 people.
 */
export async function tablesWereFilled(db: Db, tables: PgTable[]): Promise<void> {
  if (!isPostgres) await db.raw('pragma analysis_limit = 1000')
  for (const table of tables) await db.raw(`analyze "${getTableName(table)}"`)
}
