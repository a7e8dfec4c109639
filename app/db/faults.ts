import { writeSync } from 'node:fs'

/** Walks a driver's error and its causes (Drizzle wraps them) for a code. */
function hasCode(error: unknown, fits: (code: string) => boolean): boolean {
  for (let e = error as { code?: unknown; cause?: unknown } | undefined; e; e = e.cause as typeof e) if (typeof e.code === 'string' && fits(e.code)) return true
  return false
}

/** Another process holds the lock; asking again later helps. */
export const isBusy = (error: unknown): boolean => hasCode(error, (code) => code.startsWith('SQLITE_BUSY'))

/** There is no room left to write: SQLite's file, what it needs beside it (SHMSIZE), or PostgreSQL's disk. */
export const saysFull = (error: unknown): boolean => hasCode(error, (code) => ['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', '53100', 'ENOSPC'].includes(code))

/** The database says that what it reads is not what it wrote. */
export const saysDamaged = (error: unknown): boolean => hasCode(error, (code) => code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || code === 'XX001' || code === 'XX002')

/**
 * Ends the process at once when the disk did not confirm a sync. The system may have thrown away what it could not write, so nothing
 * that this process believes to be stored can be trusted, and a gentle end would write on. Whoever supervises it starts it again; it
 * recovers as after a power cut.
 */
export function stopOnLostSync(): void {
  const told = { level: 60, msg: 'the disk did not confirm a sync (SQLITE_IOERR_FSYNC): this process stops and must be started again' }
  writeSync(2, `${JSON.stringify(told)}\n`)
  process.kill(process.pid, 'SIGKILL')
}
