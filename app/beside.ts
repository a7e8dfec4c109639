// The thread beside the server (SQLite only): keeps what comes in floods, in groups, over a connection of its own. So the server goes
// on answering while the disk is being written. It starts no work and knows nobody outside.
import { parentPort, workerData } from 'node:worker_threads'
import type { App } from './app.ts'
import type { Answered, Asked } from './db/beside.ts'
import { openDatabase } from './db/open.ts'
import type { Hit } from './deliveries/hits.ts'
import { recordHits } from './deliveries/record-hits.ts'
import { storeDeliveries, type Delivery } from './events/inbox.ts'
import { createQueue } from './jobs/index.ts'
import { createLog } from './lib/log.ts'

type Few = Pick<App, 'db' | 'clock' | 'queue'>

/** What can be asked of it. `now` is the clock of whoever asks. */
const verbs: Record<string, (app: Few, payload: never) => Promise<void>> = {
  hits: (app, payload: { hits: Hit[] }) => recordHits(app, payload.hits),
  deliveries: (app, payload: { group: Delivery[] }) => storeDeliveries(app, payload.group),
  start: () => Promise.resolve(),
  close: (app) => app.db.close(),
}

const db = openDatabase(String(workerData))
const log = createLog('silent') // the queue's lanes do not run here

parentPort?.on('message', ({ id, verb, payload }: Asked) => {
  const at = (payload as { now?: Date } | null)?.now ?? new Date(0)
  const clock = { now: () => at }
  const done = (answer: Answered): void => parentPort?.postMessage(answer)
  const work = verbs[verb]
  if (!work) return done({ id, fault: { message: `nobody here does ${verb}`, code: null } })
  work({ db, clock, queue: createQueue({ db, clock, log }) }, payload as never).then(
    () => done({ id }),
    (error: unknown) => done({ id, fault: { message: error instanceof Error ? error.name : 'unknown fault', code: codeOf(error) } }),
  )
})

/** Drivers put values into messages, so only the kind of a fault leaves this thread. */
function codeOf(error: unknown): unknown {
  for (let e = error as { code?: unknown; cause?: unknown } | undefined; e; e = e.cause as typeof e) if (typeof e.code === 'string') return e.code
  return null
}
