import { getTableName } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { isPostgres } from './columns.ts'
import type { Db } from './open.ts'

/**
 * Inserts rows whose cells are bound one by one, leaving alone what is there already: for rows that carry long texts, which the
 * one parameter of `insertAll` would have to write and read once more. Cells stand in the order of `columns`, the database's own
 * names. The rows go in parts of 64, 32, 16 … rows, so that there are few different statements and each is prepared once.
 */
export async function insertBound(db: Db, table: PgTable, columns: string[], rows: (string | number | Date | null)[][]): Promise<void> {
  const list = columns.map((name) => `"${name}"`).join(', ')
  for (let at = 0, part = 64; at < rows.length; ) {
    while (part > rows.length - at) part >>= 1
    await db.raw(`insert into "${getTableName(table)}" (${list}) values ${places(part, columns.length)} on conflict do nothing`, rows.slice(at, at + part).flat())
    at += part
  }
}

function places(rows: number, cells: number): string {
  const key = `${rows} ${cells}`
  const known = made.get(key)
  if (known) return known
  const row = (r: number): string => `(${Array.from({ length: cells }, (_, c) => (isPostgres ? `$${r * cells + c + 1}` : '?')).join(', ')})`
  const text = Array.from({ length: rows }, (_, r) => row(r)).join(', ')
  made.set(key, text)
  return text
}
const made = new Map<string, string>()
