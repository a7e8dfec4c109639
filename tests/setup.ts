import { mkdtempSync, rmSync, chmodSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: string | null
    /** A migrated SQLite file, to be copied. */
    sqlite: string
  }
}

/** Makes one migrated database that each test gets a copy of; for a run on PostgreSQL (DATABASE_URL=postgres://) in a real server, started from an npm package. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!(process.env.DATABASE_URL ?? '').startsWith('postgres')) {
    const { openDatabase } = await import('../app/db/open.ts')
    const { migrate } = await import('../app/db/migrate.ts')
    const folder = tempFolder()
    const path = join(folder.path, 'template.db')
    const db = openDatabase(`file:${path}`)
    await migrate(db)
    await db.close() // with it, everything stands in the one file
    project.provide('postgres', null)
    project.provide('sqlite', path)
    return async () => folder.remove()
  }
  const { startPostgres } = await import('./postgres.ts')
  const server = await startPostgres()
  project.provide('postgres', server.url)
  project.provide('sqlite', '')
  return server.stop
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** A folder that is gone when the tests are. PostgreSQL runs as another user than root, so others may enter. */
export function tempFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'homing-'))
  chmodSync(path, 0o755)
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }) }
}
