import { mkdtempSync, rmSync, chmodSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: string | null
  }
}

/** For a run on PostgreSQL (DATABASE_URL=postgres://): starts a real server from an npm package and makes one migrated template. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!(process.env.DATABASE_URL ?? '').startsWith('postgres')) {
    project.provide('postgres', null)
    return undefined
  }
  const { startPostgres } = await import('./postgres.ts')
  const server = await startPostgres()
  project.provide('postgres', server.url)
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
