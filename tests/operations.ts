import { createApp, closeApp, type App } from '../app/app.ts'
import { readSettings } from '../app/env.ts'
import type { Fetch } from '../app/lib/fetch.ts'
import type { Logger } from '../app/lib/log.ts'
import type { MailProvider } from '../app/mail/provider.ts'
import { openOperations } from '../app/operate.ts'
import type { Hooks } from '../app/operations/watch.ts'
import { replayOptOuts } from '../app/consent/opt-out.ts'
import { testEnv } from './app.ts'
import type { TestClock } from './clock.ts'

export interface Process {
  app: App
  /** Ends as SIGTERM does. */
  stop(): Promise<void>
  /** Ends without a word. */
  kill(): Promise<void>
}

/** Another process over a database: started, fence and all, but without server and watch. */
export async function processOn(url: string, given: { clock: TestClock; env?: Record<string, string>; fetch?: Fetch; mail?: MailProvider; log?: Logger }): Promise<Process> {
  const settings = readSettings({ ...testEnv, DATABASE_URL: url, ...given.env })
  const refuse: Fetch = () => Promise.reject(new Error('no road'))
  const app = createApp({ settings, clock: given.clock, fetch: given.fetch ?? refuse, ...(given.mail ? { mail: given.mail } : {}), ...(given.log ? { log: given.log } : {}) })
  const operations = await openOperations(app).catch(async (error: unknown) => {
    await closeApp(app)
    throw error
  })
  return {
    app,
    stop: async () => {
      await operations.close()
      await closeApp(app)
    },
    kill: () => closeApp(app),
  }
}

export const hooksOf = (app: App, more: Partial<Hooks> = {}): Hooks => ({ replay: (journal) => replayOptOuts(app, journal), goesOn: () => Promise.resolve(), roomOn: () => ({ free: 50e9, whole: 100e9 }), ...more })
