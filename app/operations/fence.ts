import { randomBytes } from 'node:crypto'
import type { App } from '../app.ts'
import { shops } from '../db/schema.ts'
import { causeWords, fenceCause, fenceHint, type FenceCause } from './contract.ts'
import { changeInstallation, insertInstallation, lockInstallation, placeOf, type Installation } from './installation.ts'
import { localOf } from './local.ts'
import { databaseFile, fileIdentity, isSameFile } from './places.ts'
import { readTwin, writeTwin, type Twin } from './twin.ts'

// A database that was brought back from a backup does not know what has left since, and a copy does not know what the original
// sends: either would mail people twice. So a database is recognised, and one that is not what it was sends nothing until
// whoever runs the server confirms it. What tells (docs/deploying.md says the same in words):
// - beats: each process moves `beatAt` on every few seconds. A last beat older than what the twin outside of the database or a running
//   process has seen: it went back in time.
// - SQLite: no twin, or one of another file: a copy. PostgreSQL: a row that another transaction wrote (a dump read back), another database
//   (a copy on the same server), another timeline (rolled to a point in time, or a standby that may lack the last seconds).
// - in production another public address: a copy that was configured for elsewhere; and another installation that answers there
//   (address.ts): a copied disk or server, which looks the same from inside.

type Ops = Pick<App, 'db' | 'clock' | 'settings' | 'url' | 'log'>

export interface Arrival {
  fenced: FenceCause | null
  /** The last beat before this start, or null at the very first. */
  lastBeat: Date | null
}

/** At the start, after the migrations and before anything is sent: recognises the database, or fences it. */
export async function arrive(app: Ops): Promise<Arrival> {
  let lastBeat: Date | null = null
  const fenced = await move(app, { generation: newGeneration(), cleanStop: false, address: app.url }, (row) => (lastBeat = row.beatAt))
  return { fenced, lastBeat }
}

/** One beat: looks whether the database is still the one that this process knows, and moves it on. @returns why it is fenced, or null. */
export const beat = (app: Ops): Promise<FenceCause | null> => move(app, {})

/** The last beat of a process that ends as it should. */
export async function leave(app: Ops): Promise<void> {
  await move(app, app.db.damaged() ? {} : { cleanStop: true })
}

/** Stops everything that leaves until `liftFence`. A fence that stands keeps its first reason. */
export async function fence(app: Ops, cause: FenceCause): Promise<void> {
  await app.db.transaction(async () => {
    const row = await lockInstallation(app)
    if (!row?.fencedAt) await putUp(app, row, cause)
  })
}

/**
 * Whoever runs the server has confirmed that this database may send. In the caller's transaction, together with what must happen to
 * campaigns. From here on it is the original: its beat is later than any that was seen. @returns why it was fenced, or null when it was not.
 */
export async function liftFence(app: Ops): Promise<{ cause: FenceCause; since: Date } | null> {
  const place = await placeOf(app)
  const row = await lockInstallation(app)
  if (!row?.fencedAt) return null
  const beatAt = later(app, row.beatAt, readTwin(app)?.beatAt)
  const generation = newGeneration()
  writeTwin(app, { generation, beatAt }) // first: if the commit fails, the fence stands
  await changeInstallation(app, { generation, beatAt, place, address: app.url, fencedAt: null, fencedBecause: null })
  return { cause: causeOf(row), since: row.fencedAt }
}

async function move(app: Ops, change: { generation?: string; cleanStop?: boolean; address?: string }, found: (row: Installation) => void = () => undefined): Promise<FenceCause | null> {
  const local = localOf(app)
  const place = await placeOf(app)
  const moved = await app.db.transaction(async () => {
    const row = await lockInstallation(app)
    if (row) found(row)
    if (row?.fencedAt) {
      const { cleanStop } = change
      if (cleanStop !== undefined && cleanStop !== row.cleanStop) await changeInstallation(app, { cleanStop })
      return { fenced: causeOf(row) }
    }
    const twin = readTwin(app)
    const cause = row ? suspect(app, row, twin, place) : ((twin && !twin.first) || local.seen) && (await app.db.$count(shops)) > 0 ? 'restored' : null
    if (cause) {
      await putUp(app, row, cause)
      return { fenced: cause }
    }
    const next = { generation: change.generation ?? row?.generation ?? newGeneration(), beatAt: later(app, row?.beatAt, local.seen), place }
    if (row) await changeInstallation(app, { ...change, ...next })
    else if (await insertInstallation(app, { ...next, address: app.url, cleanStop: change.cleanStop ?? false })) {
      keepTwin(app, { ...next, first: true }) // before anybody sees the row: without a twin it would be taken for a copy's
    } else return null
    return { fenced: null, next }
  })
  if (!moved) return move(app, change, found) // several processes began at once on an empty database, and another one was first
  if (!moved.next) return moved.fenced
  local.seen = moved.next.beatAt
  keepTwin(app, moved.next)
  return null
}

function keepTwin(app: Ops, twin: Parameters<typeof writeTwin>[1]): void {
  try {
    writeTwin(app, twin)
  } catch (error) {
    // It only tells less the next time; and where there was none before, the next start will ask.
    app.log.warn({ err: error }, 'the twin of the installation could not be written beside the database')
  }
}

/** What is wrong with this database, or null when it is the one that we know. */
function suspect(app: Ops, row: Installation, twin: Twin | null, place: string | null): FenceCause | null {
  const [database, timeline] = (place ?? '').split('/')
  const [knownDatabase, knownTimeline] = (row.place ?? '').split('/')
  const { seen } = localOf(app)
  if (!row.ours || (seen && row.beatAt < seen)) return 'restored'
  if (twin && (row.beatAt < twin.beatAt || (row.beatAt.getTime() === twin.beatAt.getTime() && row.generation !== twin.generation))) return 'restored'
  if (knownDatabase && database && knownDatabase !== database) return 'copied'
  if (knownTimeline && timeline && knownTimeline !== timeline) return 'restored'
  const file = databaseFile(app)
  const now = file && fileIdentity(file)
  if (file && (!twin || (twin.file && now && !isSameFile(twin.file, now)))) return 'copied'
  return app.settings.NODE_ENV === 'production' && row.address !== app.url ? 'moved' : null
}

async function putUp(app: Ops, row: Installation | null, cause: FenceCause): Promise<void> {
  const now = app.clock.now()
  app.log.error({ cause }, `${causeWords[cause]} ${fenceHint}`)
  if (row) await changeInstallation(app, { fencedAt: now, fencedBecause: cause })
  else if (!(await insertInstallation(app, { generation: newGeneration(), beatAt: now, address: app.url, place: null, fencedAt: now, fencedBecause: cause, restingBecause: null, cleanStop: false })))
    await changeInstallation(app, { fencedAt: now, fencedBecause: cause })
}

const causeOf = (row: Installation): FenceCause => fenceCause.catch('restored').parse(row.fencedBecause)
const newGeneration = (): string => randomBytes(16).toString('hex')
/** The clock's time, or a moment after the latest of these: a beat never goes back, whatever the clock does. */
const later = (app: Pick<App, 'clock'>, ...times: (Date | null | undefined)[]): Date => new Date(Math.max(app.clock.now().getTime(), ...times.map((time) => (time ? time.getTime() + 1 : 0))))
