import type { App } from './app.ts'
import { askAfterSilence } from './campaigns/ask-first.ts'
import { replayOptOuts } from './consent/opt-out.ts'
import { saysFull } from './db/faults.ts'
import { migrate } from './db/migrate.ts'
import { keepReserve } from './db/open.ts'
import { recoverDeliveries } from './deliveries/recover.ts'
import { anotherAnswers } from './operations/address.ts'
import { checkFile } from './operations/check-file.ts'
import { causeWords, damageHint, fenceHint } from './operations/contract.ts'
import { arrive, fence, leave } from './operations/fence.ts'
import { journalOf, reserveJournal } from './operations/journal.ts'
import { databaseFile } from './operations/places.ts'
import { letRest } from './operations/rests.ts'
import { startWatch } from './operations/watch.ts'
import { startSchedules } from './worker.ts'

export interface Operations {
  /** False when the database is damaged: pages and unsubscribing only, no work. */
  usable: boolean
  /** Asks our public address once, then begins to look every few seconds. */
  watch(): Promise<void>
  close(): Promise<void>
}

/**
 * What must be settled before anything is served or sent: a sound file, the newest schema, the journal of opt-outs with nothing waiting
 * in it, and that this database is the one it was. Throws, in words, when the database is damaged and this process has nothing but work to do.
 */
export async function openOperations(app: App): Promise<Operations> {
  const damage = await checkFile(app)
  if (damage !== null) return openDamaged(app, damage)
  await migrate(app.db)
  reserve(app)
  await arriveHere(app).catch((error: unknown) => {
    unlessFull(app)(error)
    letRest(app, 'disk_full', true) // until the watch could do it
  })
  const journal = journalOf(app)
  if (journal?.waiting()) await replayOptOuts(app, journal).catch((error: unknown) => app.log.warn({ err: error }, 'opt-outs wait in the journal; sending rests until they are written down'))
  let watching: { stop(): Promise<void> } | null = null
  return {
    usable: true,
    async watch() {
      if (await anotherAnswers(app)) await fence(app, 'elsewhere')
      watching = startWatch(app, { replay: (waiting) => replayOptOuts(app, waiting), goesOn: () => goOn(app) })
    },
    async close() {
      await watching?.stop()
      await leave(app).catch(unlessFull(app))
      journalOf(app)?.close()
    },
  }
}

/** A full disk must not keep anybody from unsubscribing, so it is no reason not to start. Any other fault is thrown on. */
export const unlessFull = (app: Pick<App, 'log'>) => (error: unknown): void => {
  if (!saysFull(error)) throw error
  app.log.error('the disk is full: sending rests until there is room')
}

function reserve(app: App): void {
  try {
    reserveJournal(app)
    const file = databaseFile(app)
    if (file) keepReserve(file)
  } catch (error) {
    app.log.warn({ err: error }, 'the journal of opt-outs or the reserve could not be made (DATA_DIR): while the database is full or away, nobody can unsubscribe')
  }
}

async function arriveHere(app: App): Promise<void> {
  const { fenced, lastBeat } = await arrive(app)
  if (fenced) app.log.error({ cause: fenced }, `${causeWords[fenced]} ${fenceHint}`)
  else if (lastBeat) await askAfterSilence(app, lastBeat)
}

/** Nothing is written to a damaged file by us: no migration, no beat, no work. Who unsubscribes is kept in the journal. */
function openDamaged(app: App, damage: string): Operations {
  app.log.fatal({ damage }, `${causeWords.damaged} ${damageHint}`)
  if (app.settings.ROLE === 'worker') throw new Error(`The database file is damaged (${damage}). ${causeWords.damaged} ${damageHint}`)
  letRest(app, 'damaged', true)
  reserve(app)
  return { usable: false, watch: () => Promise.resolve(), close: () => Promise.resolve(journalOf(app)?.close()) }
}

/** What waited gets its turn at once; and the schedules, should they have ended while nothing could be written. */
async function goOn(app: App): Promise<void> {
  if (app.settings.ROLE === 'web') return
  await startSchedules(app)
  await recoverDeliveries(app)
}
