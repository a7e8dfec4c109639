import Database from 'better-sqlite3'

/**
 * A lock between the processes of this machine: the engine's own lock on a small file, which the system takes back when a process
 * dies. Once the file is made nothing is ever written to it, so that it works on a full disk. Hold it for a few file operations only:
 * others stand still.
 */
export function fileLock(path: string): { hold<T>(work: () => T): T; close(): void } {
  const file = new Database(path, { timeout: 2_000 })
  file.pragma('journal_mode = memory')
  file.exec('create table if not exists held (by_whom text)') // to lock an empty file, the engine would first write its head
  return {
    hold(work) {
      file.exec('begin exclusive')
      try {
        return work()
      } finally {
        file.exec('rollback')
      }
    },
    close: () => void file.close(),
  }
}
