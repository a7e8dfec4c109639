import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { App } from '../app.ts'
import { databaseFile } from './places.ts'

const MB = 1024 * 1024
/** Below this nothing leaves: the room is kept for what comes in and for the write-ahead file. */
const full = 200 * MB
/** Below this, or below 5 % (of a large disk: 10 GB), no campaign may begin: freezing an audience of a million takes some 400 MB. */
const low = 500 * MB
const lowPart = 0.05
const lowPartAtMost = 10_000 * MB

export interface Room {
  free: number
  whole: number
}
export type ReadRoom = (folder: string) => Room

export const roomOn: ReadRoom = (folder) => {
  const { bavail, blocks, bsize } = statfsSync(folder)
  return { free: bavail * bsize, whole: blocks * bsize }
}

/** How much room the database of SQLite has; PostgreSQL's disk is its own, and it tells by refusing to write. Bytes. */
export function judgeRoom(app: Pick<App, 'settings'>, read: ReadRoom): { full: boolean; low: boolean } {
  const file = databaseFile(app)
  if (!file) return { full: false, low: false }
  const { free, whole } = read(dirname(file))
  return { full: free < full, low: free < low || free < Math.min(whole * lowPart, lowPartAtMost) }
}

/** Bytes of SQLite's write-ahead file; 0 where there is none. */
export function walBytes(app: Pick<App, 'settings'>): number {
  const file = databaseFile(app)
  return (file && statSync(`${file}-wal`, { throwIfNoEntry: false })?.size) || 0
}

