import { createFetch, type Fetch } from './lib/fetch.ts'
import type { Settings } from './env.ts'
import type { Db } from './db/open.ts'
import { startBeside, type Beside } from './db/beside.ts'
import { isPostgres } from './db/columns.ts'
import { openDatabase } from './db/open.ts'
import { createHits, type Hits } from './deliveries/hits.ts'
import { recordHits } from './deliveries/record-hits.ts'
import { createIntake, storeDeliveries, type Intake } from './events/inbox.ts'
import { createQueue } from './jobs/index.ts'
import type { Queue } from './jobs/queue.ts'
import { askOver, createAsk, type Ask } from './lib/ask.ts'
import { systemClock, type Clock } from './lib/clock.ts'
import { createDns, type Dns } from './lib/dns.ts'
import { createLog, type Logger } from './lib/log.ts'
import { createMail } from './mail/index.ts'
import type { MailProvider } from './mail/provider.ts'
import { createPlatforms } from './platforms/index.ts'
import type { Platform } from './platforms/platform.ts'

/** Everything that a verb may need, made once and handed to it as its first argument. */
export interface App {
  settings: Settings
  db: Db
  queue: Queue
  /** Keeps what platforms tell us, many deliveries in one commit. */
  intake: Intake
  /** Takes opens and clicks, to be recorded together within a second. */
  hits: Hits
  /** The thread that writes those two, where there is one. */
  beside: Beside | null
  mail: MailProvider
  platforms: { shopify: Platform }
  clock: Clock
  log: Logger
  /** The only way out over HTTP to platforms; the simulator puts its own in. */
  fetch: Fetch
  /** The only way out to addresses that people type in, such as links of a mail. */
  ask: Ask
  /** Asks the domain name system; the simulator and the tests put their own in. */
  dns: Dns
  /** Public address of this installation, without a slash at the end. */
  url: string
}

export interface AppOptions {
  settings: Settings
  clock?: Clock
  fetch?: Fetch
  dns?: Dns
  log?: Logger
  mail?: MailProvider
  /** Let a thread of its own keep what comes in floods, so that the server goes on answering meanwhile. For servers, not for tests. */
  beside?: boolean
}

/** Wires an app together; starts nothing. The database must be migrated before use (`migrate(app.db)`). */
export function createApp(options: AppOptions): App {
  const { settings } = options
  const base = {
    settings,
    db: openDatabase(settings.DATABASE_URL),
    clock: options.clock ?? systemClock,
    log: options.log ?? createLog(settings.LOG_LEVEL),
    fetch: options.fetch ?? createFetch(),
    ask: options.fetch ? askOver(options.fetch) : createAsk(), // who brings a network of their own means this way too
    dns: options.dns ?? createDns(),
    url: settings.APP_URL,
  }
  const app = base as App
  app.queue = createQueue(base)
  // PostgreSQL writes elsewhere anyway; SQLite's own thread has its own connection, which a database in memory cannot share.
  const beside = options.beside && !isPostgres ? startBeside(new URL('./beside.ts', import.meta.url), settings.DATABASE_URL) : null
  app.beside = beside
  app.intake = createIntake((group) => (beside ? beside.run('deliveries', { now: app.clock.now(), group }) : storeDeliveries(app, group)))
  app.hits = createHits(app.log, (hits) => (beside ? beside.run('hits', { now: app.clock.now(), hits }) : recordHits(app, hits)))
  app.mail = options.mail ?? createMail(base)
  app.platforms = createPlatforms(() => app)
  return app
}

export async function closeApp(app: App): Promise<void> {
  await app.intake.close()
  await app.hits.close()
  await app.beside?.close()
  await app.queue.stop()
  await app.mail.close()
  await app.db.close()
}
