import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeApp, createApp, type App } from '../app/app.ts'
import { migrate } from '../app/db/migrate.ts'
import { readSettings } from '../app/env.ts'
import { createServer as createAppServer } from '../app/server.ts'
import { handlers, startSchedules } from '../app/worker.ts'
import type { Handlers } from '../app/jobs/queue.ts'
import { adminRouter } from './admin/router.ts'
import { nameOf } from './admin/tokens.ts'
import { doorsRouter } from './doors/router.ts'
import { keepWorld, restoreWorld } from './kept-world.ts'
import { closeMail, deliverEvents } from './mail/events.ts'
import { mailgunKeys } from './mail/mailgun-events.ts'
import { mailgunRouter } from './mail/mailgun.ts'
import { mailKeys } from './mail/provider-state.ts'
import { nameServers } from './mail/name-servers.ts'
import { sendgridRouter } from './mail/sendgrid.ts'
import { platformRouter } from './platform/router.ts'
import { settle } from './platform/webhooks.ts'
import { open, shut, type Opened } from './ports.ts'
import { seedInvented } from './seed/invented.ts'
import { seedRetail } from './seed/retail.ts'
import { shoppersOn, switchShoppers, tick as shoppersTick } from './shoppers.ts'
import { storefrontRouter } from './storefront/router.ts'
import type { SimUrls, World } from './types.ts'
import { closeWorld, createWorld } from './world.ts'

export interface SimulatorOptions {
  /** What is sold: the invented shops, or a store built from a file of real transactions. */
  seed?: 'invented' | { orders: string }
  /** The first port; the others follow, the next free one where one is taken. 0 or nothing: any free ports. */
  port?: number
  /** The app's database; a new SQLite file in a temporary folder when left out. The app chooses its engine by DATABASE_URL as it is loaded, so for PostgreSQL that must be set too. */
  databaseUrl?: string
  /** Folder in which app and world outlive the process. */
  keep?: string
  /** Which pretend provider the app sends by; SendGrid if unsaid. */
  mail?: 'sendgrid' | 'mailgun'
  /** No word from the app's log. */
  quiet?: boolean
}

/** A running pretend world with the real app in it. */
export interface Simulation {
  world: World
  app: App
  urls: SimUrls
  /** Waits until webhooks, mail events and jobs are settled: nothing due is left, nothing runs. */
  tick(): Promise<void>
  close(): Promise<void>
}

const seed = 20_261_122
const shopperPause = 4_000

/**
 * Starts everything on this machine: the pretend platform, admin, storefronts, mail provider and doors, and the real app with
 * its queue, configured through its own settings as in production. Each has a port, and so an origin, of its own.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulation> {
  const first = options.port ?? 0
  const opened: Opened[] = []
  const openNext = async (): Promise<Opened> => {
    const last = opened.at(-1)
    const one = await open(first === 0 ? 0 : last ? Number(new URL(last.url).port) + 1 : first)
    opened.push(one)
    return one
  }
  const folder = options.keep ?? mkdtempSync(join(tmpdir(), 'homing-demo-'))
  const cleanUp = (): void => {
    if (!options.keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
  try {
    const [doors, admin, appServer, platform] = [await openNext(), await openNext(), await openNext(), await openNext()]
    const storefronts = new Map<string, string>()
    const urls: SimUrls = {
      app: appServer.url, doors: doors.url, admin: admin.url, cdn: admin.url, platform: platform.url,
      storefront(domain) {
        const url = storefronts.get(domain)
        if (!url) throw new Error(`there is no storefront for ${domain}`)
        return url
      },
    }
    const world = createWorld({ seed, urls })
    const keptIn = options.keep ? join(options.keep, 'world.bin') : null
    if (!keptIn || !restoreWorld(world, keptIn)) {
      if (keptIn && existsSync(join(folder, 'homing.db'))) throw new Error(`${folder} has the app's data but not the world's; remove it to start anew`)
      if (options.seed && options.seed !== 'invented') await seedRetail(world, options.seed.orders)
      else seedInvented(world)
    }
    for (const store of world.stores.values()) {
      const front = await openNext()
      storefronts.set(store.domain, front.url)
      // As on the platform, the admin is reached through the store's own address too.
      front.app.get('/admin{/*rest}', (request, response) => response.redirect(`${urls.admin}/store/${nameOf(store)}${request.originalUrl.slice('/admin'.length)}`))
      front.app.use(storefrontRouter(world, store))
    }

    const app = createApp({ settings: settingsOf(world, options, folder), clock: world.clock, fetch: world.fetch, dns: nameServers(world) })
    await migrate(app.db)
    const work = counted(handlers(app))
    appServer.app.set('trust proxy', true)
    appServer.app.use(createAppServer(app))
    await startSchedules(app)
    await app.queue.start(work.handlers)

    const tick = async (): Promise<void> => {
      for (let quiet = 0; quiet < 2; ) {
        await settle(world)
        await deliverEvents(world)
        await app.hits.flush()
        const ran = await app.queue.runDue(work.handlers, { keepGoing: true })
        quiet = ran === 0 && work.running() === 0 ? quiet + 1 : 0
        await new Promise((resolve) => setTimeout(resolve, 30)) // a lane may have taken a job that has not begun
      }
    }
    platform.app.use(mailgunRouter(world), sendgridRouter(world), platformRouter(world))
    platform.app.use((request, response) => {
      const host = request.get('x-simulated-host') ?? request.get('host') ?? ''
      const title = `Refused: the pretend platform was not taught ${request.method} ${host}${request.path}`
      world.wire.add({ kind: 'api', shop: world.stores.has(host) ? host : null, title, detail: '', status: 501, ms: null })
      response.status(501).json({ errors: title })
    })
    admin.app.use(adminRouter(world))
    doors.app.use(doorsRouter(world, { tick, shoppers: { on: () => shoppersOn(world), set: (on) => switchShoppers(world, on) } }))

    const timers = [setInterval(() => void shoppersTick(world).catch(() => undefined), shopperPause)]
    if (keptIn) {
      keepWorld(world, keptIn)
      timers.push(setInterval(() => keepWorld(world, keptIn), 60_000))
    }
    let closing: Promise<void> | null = null
    const close = async (): Promise<void> => {
      for (const timer of timers) clearInterval(timer)
      switchShoppers(world, false)
      const stopped = app.queue.stop()
      await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, 2_000))])
      await Promise.all([closeMail(world), ...opened.map(({ server }) => shut(server))]) // whoever hangs is let go
      await closeWorld(world)
      await closeApp(app)
      if (keptIn) keepWorld(world, keptIn)
      cleanUp()
    }
    return { world, app, urls, tick, close: () => (closing ??= close()) }
  } catch (error) {
    await Promise.all(opened.map(({ server }) => shut(server)))
    cleanUp()
    throw error
  }
}

/** The app's settings, read by the app's own reader as from an environment. Keys come from the seed, so that kept data stays readable. */
function settingsOf(world: World, options: SimulatorOptions, folder: string): ReturnType<typeof readSettings> {
  const { urls, app } = world
  if (process.env.DATABASE_URL?.startsWith('postgres') && !options.databaseUrl) throw new Error('DATABASE_URL names PostgreSQL, for which the app was loaded: pass databaseUrl, or unset it')
  const key = (name: string): string => createHash('sha256').update(`demo ${name} ${world.seed}`).digest('base64')
  const { apiKey, webhookKey } = mailKeys(world)
  const mailgun = mailgunKeys(world)
  return readSettings({
    NODE_ENV: 'development',
    LOG_LEVEL: options.quiet ? 'silent' : 'error',
    APP_URL: urls.app,
    DATABASE_URL: options.databaseUrl ?? `file:${join(folder, 'homing.db')}`,
    SHOPIFY_API_KEY: app.clientId,
    SHOPIFY_API_SECRET: app.clientSecret,
    SECRET_KEYS: `demo:${key('secret')}`,
    HASH_KEY: key('hash'),
    MAIL_PROVIDER: options.mail ?? 'sendgrid',
    MAIL_PER_SECOND: '2000',
    SENDGRID_API_KEY: apiKey,
    SENDGRID_URL: urls.platform,
    SENDGRID_WEBHOOK_KEY: webhookKey,
    MAILGUN_API_KEY: mailgun.apiKey,
    MAILGUN_DOMAIN: mailgun.domain,
    MAILGUN_URL: urls.platform,
    MAILGUN_SIGNING_KEY: mailgun.signingKey,
    FRAME_ANCESTORS: urls.admin,
    APP_BRIDGE_URL: `${urls.cdn}/shopifycloud/app-bridge.js`,
  })
}

/** The same handlers, counted while they run. */
function counted(plain: Handlers): { handlers: Handlers; running(): number } {
  let running = 0
  const wrapped = Object.entries(plain).map(([kind, handle]) => [
    kind,
    async (payload: never) => {
      running += 1
      try {
        await handle(payload)
      } finally {
        running -= 1
      }
    },
  ])
  return { handlers: Object.fromEntries(wrapped) as Handlers, running: () => running }
}
