import { closeApp, createApp, type App } from './app.ts'
import { weakSettings } from './db/durable.ts'
import { readSettings, type Settings } from './env.ts'
import { createServer } from './server.ts'
import { openOperations, unlessFull } from './operate.ts'
import { openingFault } from './operations/check-file.ts'
import { letRest } from './operations/rests.ts'
import { handlers, startSchedules, watchClock } from './worker.ts'

const patience = 30_000 // how long a request or a mail that has begun may take to end

/** Opens everything that the role asks for. Answers how to close it again: no new work, what has begun ends, then exit. */
export async function start(app: App): Promise<{ port: number; close: () => Promise<void> }> {
  await mustBeDurable(app)
  const operations = await openOperations(app)
  const { ROLE, PORT } = app.settings
  if (operations.usable) await app.queue.open()
  if (ROLE !== 'worker' && operations.usable) await app.beside?.start()
  const listener = ROLE === 'worker' ? null : createServer(app).listen(PORT)
  // A file of half a gigabyte takes its time on a slow line (imports/upload.ts). The head of a request still has a minute.
  if (listener) listener.requestTimeout = 30 * 60_000
  if (listener)
    await new Promise<void>((resolve, reject) => {
      listener.once('listening', resolve)
      listener.once('error', reject)
    })
  await operations.watch()
  if (ROLE !== 'web' && operations.usable) {
    await startSchedules(app).catch(unlessFull(app)) // the watch does it again when there is room
    await app.queue.start(handlers(app))
  }
  const clock = ROLE !== 'web' && operations.usable ? watchClock(app) : null
  const address = listener?.address()
  const port = typeof address === 'object' && address ? address.port : 0
  app.log.info({ role: ROLE, port }, 'started')
  return {
    port,
    close: async () => {
      letRest(app, 'stopping', true) // no mail is begun any more; what has begun ends
      const closed = listener && new Promise<void>((resolve) => listener.close(() => resolve()))
      listener?.closeIdleConnections()
      const timer = setTimeout(() => listener?.closeAllConnections(), patience)
      await Promise.all([closed, app.queue.stop()])
      clearTimeout(timer)
      clock?.stop()
      await operations.close()
      await closeApp(app)
    },
  }
}

/** A database that may forget what it confirmed must not be sent from: a mail that went out would go out again. */
async function mustBeDurable(app: App): Promise<void> {
  const off = await weakSettings(app.db)
  if (off.length === 0) return
  const fault = `PostgreSQL runs with ${off.join(', ')} switched off: after a power cut it forgets what it confirmed, and people get mails twice`
  app.log.error({ off }, fault)
  if (app.settings.NODE_ENV === 'production' && app.settings.ROLE !== 'web') throw new Error(`${fault}. Switch them on (docs/deploying.md).`)
}

if (import.meta.main) {
  let settings: Settings
  try {
    settings = readSettings(process.env)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exit(1)
  }
  let app: App
  try {
    app = createApp({ settings, beside: true })
  } catch (error) {
    process.stderr.write(`Could not open the database: ${openingFault(error) ?? (error instanceof Error ? error.message : 'unknown fault')}\n`)
    process.exit(1)
  }
  const running = await start(app).catch((error: unknown) => {
    app.log.fatal({ err: error }, 'could not start')
    process.stderr.write(`Could not start: ${error instanceof Error ? error.message : 'unknown fault'}\n`)
    process.exit(1)
  })
  let leaving = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (leaving) return
      leaving = true
      app.log.info({ signal }, 'closing')
      running.close().then(
        () => process.exit(0),
        () => process.exit(1),
      )
    })
}
