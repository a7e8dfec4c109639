import { Placeholder } from 'drizzle-orm'
import { isPostgres } from './columns.ts'

/**
 * A query that is kept and asked very often, with everything in it that never changes written into its text: SQLite plans a statement anew
 * each time when a bound value could change its plan, which takes longer than a small question itself. What is a placeholder stays one;
 * write it as `changing(…)`. PostgreSQL plans by other rules: there the query stays as it is.
 */
export function settled(query: { sql: string; params: unknown[] }): { sql: string; params: unknown[] } {
  if (isPostgres) return query
  const parts = query.sql.split('?') // no text of ours holds one, and values are not in it yet
  if (parts.length !== query.params.length + 1) throw new Error('a query with a question mark of its own')
  let text = parts[0]!
  const params: unknown[] = []
  for (const [i, param] of query.params.entries()) {
    const value = param instanceof Date ? param.getTime() : typeof param === 'boolean' ? Number(param) : param
    if (typeof value === 'string') text += `'${value.replaceAll("'", "''")}'`
    else if (typeof value === 'number') text += String(value)
    else if (param instanceof Placeholder) {
      text += '?'
      params.push(param)
    } else throw new Error('a value that cannot be written down')
    text += parts[i + 1]!
  }
  return { sql: text, params }
}
