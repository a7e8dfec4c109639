import { getTableColumns, is, Table } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import * as schema from '../db/schema.ts'

/** Every table of the schema that has this column: what must be looked at can be derived, and so not be forgotten. */
export const tablesWith = (column: string): PgTable[] =>
  Object.values(schema as Record<string, unknown>).filter((value): value is PgTable => is(value, Table) && column in getTableColumns(value as PgTable))
