import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { App } from '../app.ts'

type Where = Pick<App, 'settings'>

/** Path of the database file, or null when there is none (PostgreSQL, memory). */
export function databaseFile({ settings }: Where): string | null {
  const url = settings.DATABASE_URL
  return url.startsWith('file:') && url !== 'file::memory:' ? resolve(url.slice('file:'.length)) : null
}

/** Folder of what this machine keeps outside of the database. SQLite: beside it, unless DATA_DIR says otherwise. Memory: none. */
export function dataFolder(app: Where): string | null {
  const file = databaseFile(app)
  if (app.settings.DATA_DIR) return resolve(app.settings.DATA_DIR)
  if (file) return dirname(file)
  return app.settings.DATABASE_URL.startsWith('postgres') ? resolve('data') : null
}

/** `homing.db` -> `homing.db.generation`; on PostgreSQL a name of the database's own, so that two of them may share the folder. */
export function besideDatabase(app: Where, ending: string): string | null {
  const folder = dataFolder(app)
  if (!folder) return null
  const file = databaseFile(app)
  if (file && !app.settings.DATA_DIR) return `${file}.${ending}`
  return join(folder, `${createHash('sha256').update(file ?? serverOf(app.settings.DATABASE_URL)).digest('hex').slice(0, 12)}.${ending}`)
}

export interface FileIdentity {
  /** When the file was made, or null where the file system does not keep it. */
  born: string | null
  number: string
}

/** What makes a file this very file: copying makes another one; restarting, moving the disk and writing do not. Null when it is not there. */
export function fileIdentity(path: string): FileIdentity | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (!stat) return null
  const kept = stat.birthtimeNs > 0n && stat.birthtimeNs !== stat.ctimeNs // where it is not kept, Node answers the last change instead
  return { born: kept ? String(stat.birthtimeNs) : null, number: String(stat.ino) }
}

export const isSameFile = (a: FileIdentity, b: FileIdentity): boolean => (a.born !== null && b.born !== null ? a.born === b.born : a.number === b.number)

/** Server and database, without the user's name and password, which may change. */
function serverOf(url: string): string {
  try {
    const { host, pathname } = new URL(url)
    return host + pathname
  } catch {
    return url
  }
}
