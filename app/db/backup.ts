import { existsSync, renameSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'

/** Pages a step; between two steps others go on. */
const step = 200

/**
 * Copies a SQLite database that may be in use, whole and checked, to `to`, which must not be there yet.
 * @returns its size in bytes. Throws when the copy is not sound; nothing is left behind then.
 */
export async function backUp(from: string, to: string): Promise<number> {
  if (existsSync(to)) throw new Error(`${to} is there already; a backup never overwrites`)
  const half = `${to}.half`
  rmSync(half, { force: true })
  const source = new Database(from, { readonly: true, fileMustExist: true })
  try {
    await source.backup(half, { progress: () => step })
    const copy = new Database(half)
    try {
      const found = copy.pragma('integrity_check(5)', { simple: true })
      if (found !== 'ok') throw new Error(`the copy is damaged: ${String(found)}`)
      copy.pragma('journal_mode = DELETE') // one file, with nothing beside it
      const bytes = (copy.pragma('page_count', { simple: true }) as number) * (copy.pragma('page_size', { simple: true }) as number)
      copy.close()
      renameSync(half, to)
      return bytes
    } finally {
      if (copy.open) copy.close()
    }
  } catch (error) {
    for (const ending of ['', '-wal', '-shm', '-journal']) rmSync(half + ending, { force: true })
    throw error
  } finally {
    source.close()
  }
}
