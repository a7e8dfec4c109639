import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Plan } from './args.ts'

/** Where a run has its database: a new SQLite file (kept to be looked into when the run failed), a PostgreSQL that is started for it, or the empty database that was named. */
export async function place(database: Plan['database']): Promise<{ url: string; remove: (failed: boolean) => Promise<void> }> {
  if (database === 'sqlite') {
    const folder = mkdtempSync(join(tmpdir(), 'homing-faults-'))
    return { url: `file:${join(folder, 'homing.db')}`, remove: async (failed) => void (failed || rmSync(folder, { recursive: true, force: true })) }
  }
  if (database !== 'postgres') return { url: database, remove: async () => undefined }
  process.env.DATABASE_URL = 'postgres://' // before the schema is loaded
  const { startPostgres } = await import('../../tests/postgres.ts')
  const server = await startPostgres()
  return { url: `${server.url}/template_homing`, remove: () => server.stop() }
}
