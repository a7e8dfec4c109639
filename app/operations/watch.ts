import { existsSync } from 'node:fs'
import type { App } from '../app.ts'
import { isPostgres } from '../db/columns.ts'
import { saysFull } from '../db/faults.ts'
import { keepReserve } from '../db/open.ts'
import { anotherAnswers } from './address.ts'
import { judgeRoom, roomOn, walBytes, type ReadRoom } from './disk.ts'
import { beat, fence } from './fence.ts'
import { changeInstallation, lockInstallation } from './installation.ts'
import { journalOf, type Journal } from './journal.ts'
import { localOf } from './local.ts'
import { databaseFile } from './places.ts'
import { letRest, restsBecause } from './rests.ts'

const MB = 1024 * 1024
/** Milliseconds between two looks. Sending goes on within two of them when there is room again. */
const every = 5_000
/** The public address is asked each so many looks (five minutes). */
const addressEvery = 60
/** A write-ahead file of this size is emptied when nobody reads from it; above the alarm somebody has been reading for very long. */
const walEmptied = 8 * MB
const walAlarm = 512 * MB

export interface Hooks {
  /** Writes what waits in the journal into the ledger (consent/replay.ts). */
  replay: (journal: Journal) => Promise<void>
  /** Sending may go on after a rest. */
  goesOn: () => Promise<void>
  roomOn?: ReadRoom
}

/** Looks every few seconds until it is stopped. */
export function startWatch(app: App, hooks: Hooks): { stop: () => Promise<void> } {
  let looks = 0
  let last: Promise<void> = Promise.resolve()
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    last = look(app, hooks, ++looks % addressEvery === 0).catch((error: unknown) => app.log.warn({ err: error }, 'a look at the installation failed')).finally(() => (busy = false))
  }, every)
  timer.unref()
  return {
    stop: async () => {
      clearInterval(timer)
      await last
    },
  }
}

/** One look: the beat, the disk, the journal, the write-ahead file and, when told, our public address. */
export async function look(app: App, hooks: Hooks, ask: boolean): Promise<void> {
  const local = localOf(app)
  const before = local.rests.has('disk_full') || Boolean(journalOf(app)?.waiting()) || (await stored(app))
  const room = judgeRoom(app, hooks.roomOn ?? roomOn)
  local.diskLow = room.low
  let full = room.full
  try {
    await beat(app)
    await tellFull(app, room.full)
  } catch (error) {
    if (!saysFull(error)) throw error
    full = true
  }
  if (full && !local.rests.has('disk_full')) app.log.error('the disk is full: sending rests until there is room')
  letRest(app, 'disk_full', full)
  if (!full) await replayWhatWaits(app, hooks)
  const file = databaseFile(app)
  if (file && !full && !room.low) keepReserve(file)
  await emptyWal(app)
  if (ask && (await anotherAnswers(app))) await fence(app, 'elsewhere')
  if (before && (await restsBecause(app)) === null) {
    app.log.info('sending goes on')
    await hooks.goesOn()
  }
}

/** Writes for all processes of this disk that sending rests, or goes on. */
async function tellFull(app: App, full: boolean): Promise<void> {
  await app.db.transaction(async () => {
    const row = await lockInstallation(app)
    if (row && (row.restingBecause !== null) !== full) await changeInstallation(app, { restingBecause: full ? 'disk_full' : null })
  })
}

const stored = async (app: App): Promise<boolean> => (await restsBecause(app).catch(() => null)) !== null

/** From a damaged file nothing is taken over: what waits outlives it, and reaches the backup that is brought back. */
async function replayWhatWaits(app: App, hooks: Hooks): Promise<void> {
  const journal = journalOf(app)
  if (!journal?.waiting() || app.db.damaged() || localOf(app).rests.has('damaged')) return
  await hooks.replay(journal)
}

/** SQLite empties its write-ahead file only when nobody reads from it at that moment, and never by itself makes it smaller than 64 MB. */
async function emptyWal(app: App): Promise<void> {
  if (isPostgres || !existsSync(databaseFile(app) ?? '')) return
  const bytes = walBytes(app)
  if (bytes < walEmptied) return
  if (bytes > walAlarm) app.log.error({ megabytes: Math.round(bytes / MB) }, 'the write-ahead file of the database has grown very large: something reads from it without end')
  await app.db.raw('pragma wal_checkpoint(truncate)')
}
