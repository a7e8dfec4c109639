import { statSync } from 'node:fs'
import type { App } from '../app.ts'
import { isBusy, saysDamaged, saysFull } from '../db/faults.ts'
import { causeWords, damageHint } from './contract.ts'
import { databaseFile } from './places.ts'

/** Up to this size the indexes are compared with their tables too (about 4 s a gigabyte); beyond it the quicker check has to do. */
const wholeCheckUpTo = 1_000_000_000

/**
 * After a stop that was not gentle (a power cut, a full disk, a kill), before anything is written or sent: is the file of SQLite sound?
 * @returns what the engine found (its own words; no data), or null when it is sound or ended as it should the last time.
 */
export async function checkFile(app: Pick<App, 'db' | 'settings' | 'log'>): Promise<string | null> {
  const file = databaseFile(app)
  if (!file || (await endedWell(app))) return null
  const since = performance.now()
  const pragma = statSync(file).size > wholeCheckUpTo ? 'quick_check' : 'integrity_check'
  const found = await app.db.raw<Record<string, string>>(`pragma ${pragma}(20)`).then((rows) => rows.flatMap((row) => Object.values(row)), damage)
  app.log.info({ check: pragma, ms: Math.round(performance.now() - since) }, 'the last stop was not gentle: the database file was checked')
  return found.length === 1 && found[0] === 'ok' ? null : found.slice(0, 5).join('; ').slice(0, 500)
}

/** False when in doubt: the flag is not there, or cannot be read. */
async function endedWell({ db }: Pick<App, 'db'>): Promise<boolean> {
  const rows = await db.raw<{ cleanStop: number }>("select clean_stop as cleanStop from installation where id = 'this'").catch(() => [])
  return rows[0]?.cleanStop === 1
}

/**
 * What to tell of a database that could not be opened. Damage has many names: no database, a short read, an unknown format. Null when
 * it is something else (no rights, held by another process).
 */
export function openingFault(error: unknown): string | null {
  if (saysFull(error)) return 'There is no room left on the disk of the database.'
  const { code, message } = error as { code?: unknown; message?: string }
  const strange = typeof code === 'string' && /^SQLITE_(ERROR|IOERR|READONLY$|FORMAT)/.test(code) && !isBusy(error)
  return saysDamaged(error) || strange ? `The database file could not be read (${message ?? 'no reason given'}). ${causeWords.damaged} ${damageHint}` : null
}

function damage(error: unknown): string[] {
  if (saysFull(error) || openingFault(error) === null) throw error
  return [(error as Error).message]
}
