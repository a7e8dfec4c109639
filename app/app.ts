import { createFetch, type Fetch } from './lib/fetch.ts'
import type { Settings } from './env.ts'
import type { Db } from './db/open.ts'
import { openDatabase } from './db/open.ts'
import { createQueue } from './jobs/index.ts'
import type { Queue } from './jobs/queue.ts'
import { systemClock, type Clock } from './lib/clock.ts'
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
  mail: MailProvider
  platforms: { shopify: Platform }
  clock: Clock
  log: Logger
  /** The only way out over HTTP to platforms; the simulator puts its own in. */
  fetch: Fetch
  /** Public address of this installation, without a slash at the end. */
  url: string
}

export interface AppOptions {
  settings: Settings
  clock?: Clock
  fetch?: Fetch
  log?: Logger
  mail?: MailProvider
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
    url: settings.APP_URL,
  }
  const app = base as App
  app.queue = createQueue(base)
  app.mail = options.mail ?? createMail(base)
  app.platforms = createPlatforms(() => app)
  return app
}

export async function closeApp(app: App): Promise<void> {
  await app.queue.stop()
  await app.mail.close()
  await app.db.close()
}
