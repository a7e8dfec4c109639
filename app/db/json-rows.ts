import { sql, type SQL } from 'drizzle-orm'
import { cleanText } from '../lib/text.ts'
import { isPostgres } from './columns.ts'

export type JsonCell = string | number | boolean | Date | null

/**
 * Any number of rows as one parameter that a statement can join, `update … from` included: what insertAll is for inserts.
 * `from` stands where a table stands and is called `name`; `text(i)`, `int(i)` and `time(i)` read the i-th cell of a row.
 *
 * `fixed(value)` is the value itself, in such a way that SQLite must look at a given row first. In `update … from` it belongs where the key's first part
 * is compared (the shop): as a plain parameter it lets SQLite, while it has no figures, walk over all rows of the shop and read the whole
 * list for each (a thousand rows of a hundred thousand people: minutes).
 */
export function jsonRows(rows: JsonCell[][], name = 'given'): { from: SQL; text(i: number): SQL<string>; int(i: number): SQL<number>; time(i: number): SQL<Date>; fixed(value: string): SQL<string> } {
  const packed = JSON.stringify(rows.map((row) => row.map((cell) => (cell instanceof Date ? (isPostgres ? cell.toISOString() : cell.getTime()) : typeof cell === 'string' ? cleanText(cell) : cell))))
  const alias = sql.raw(name)
  const cell = (i: number): SQL => (isPostgres ? sql`(${alias}.value->>${sql.raw(String(i))})` : sql`json_extract(${alias}.value, ${sql.raw(`'$[${i}]'`)})`)
  const cast = <T>(i: number, type: string): SQL<T> => (isPostgres ? sql<T>`${cell(i)}::${sql.raw(type)}` : sql<T>`${cell(i)}`)
  return {
    from: isPostgres ? sql`jsonb_array_elements(${packed}::jsonb) as ${alias}(value)` : sql`json_each(${packed}) as ${alias}`,
    text: (i) => cell(i) as SQL<string>,
    int: (i) => cast(i, 'integer'),
    time: (i) => cast(i, 'timestamptz'),
    fixed: (value) => (isPostgres ? sql<string>`${value}` : sql<string>`iif(${alias}.key is null, null, ${value})`),
  }
}
