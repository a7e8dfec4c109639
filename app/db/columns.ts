import * as pg from 'drizzle-orm/pg-core'
import * as lite from 'drizzle-orm/sqlite-core'

// One schema for two engines: PostgreSQL lends its types because it is the tighter side. This file and open.ts are
// the only ones that know which engine runs. The engine is a fact of the process, read from DATABASE_URL.
const postgres = {
  table: pg.pgTable,
  index: pg.index,
  uniqueIndex: pg.uniqueIndex,
  primaryKey: pg.primaryKey,
  foreignKey: pg.foreignKey,
  text: () => pg.text(),
  int: () => pg.integer(),
  /** Integer minor units of a currency (cents), up to 2^53. */
  money: () => pg.bigint({ mode: 'number' }),
  bool: () => pg.boolean(),
  json: <T>() => pg.jsonb().$type<T>(),
  /** An instant, UTC, to the millisecond. */
  time: () => pg.timestamp({ withTimezone: true, precision: 3 }),
}
const sqlite = {
  table: lite.sqliteTable,
  index: lite.index,
  uniqueIndex: lite.uniqueIndex,
  primaryKey: lite.primaryKey,
  foreignKey: lite.foreignKey,
  text: () => lite.text(),
  int: () => lite.integer(),
  money: () => lite.integer(),
  bool: () => lite.integer({ mode: 'boolean' }),
  json: () => lite.text({ mode: 'json' }),
  time: () => lite.integer({ mode: 'timestamp_ms' }),
}

export const isPostgres = (process.env.DATABASE_URL ?? '').startsWith('postgres')
export const { table, index, uniqueIndex, primaryKey, foreignKey, text, int, money, bool, json, time } = isPostgres
  ? postgres
  : (sqlite as unknown as typeof postgres)
