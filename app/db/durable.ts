import { isPostgres } from './columns.ts'
import type { Db } from './open.ts'

/**
 * What keeps a commit from surviving a power cut: the settings of the server that are off, by name. A lost "accepted" is a second
 * mail to a person. Empty on SQLite, whose connections set and check themselves (open.ts).
 */
export async function weakSettings(db: Db): Promise<string[]> {
  if (!isPostgres) return []
  const rows = await db.raw<{ name: string }>("select name from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' order by name")
  return rows.map((row) => row.name)
}
