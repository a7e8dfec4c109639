import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { App } from '../app.ts'
import { besideDatabase, databaseFile, fileIdentity } from './places.ts'

const twin = z.object({
  generation: z.string(),
  beatAt: z.coerce.date(),
  /** Written by the very first start, before its row in the database was there: when that start was killed, there is no row. */
  first: z.boolean().optional(),
  /** SQLite: which file it belongs to. */
  file: z.object({ born: z.string().nullable(), number: z.string() }).nullable(),
})
export type Twin = z.infer<typeof twin>

/** What stands outside of the database about it, or null. What cannot be read counts as not there. */
export function readTwin(app: Pick<App, 'settings'>): Twin | null {
  const path = besideDatabase(app, 'generation')
  if (!path) return null
  try {
    return twin.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return null
  }
}

/** Writes the twin anew, whole or not at all, and surely on the disk. Throws when the folder cannot be written. */
export function writeTwin(app: Pick<App, 'settings'>, { generation, beatAt, first }: Pick<Twin, 'generation' | 'beatAt' | 'first'>): void {
  const path = besideDatabase(app, 'generation')
  if (!path) return
  const file = databaseFile(app)
  const content: Twin = { generation, beatAt, ...(first ? { first } : {}), file: file ? fileIdentity(file) : null }
  mkdirSync(dirname(path), { recursive: true })
  const half = `${path}.${process.pid}`
  const to = openSync(half, 'w', 0o600)
  try {
    writeSync(to, JSON.stringify(content))
    fsyncSync(to)
  } finally {
    closeSync(to)
  }
  renameSync(half, path)
}
