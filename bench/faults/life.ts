// One life of the real app as a process of its own: app/main.ts with a clock that it is told, and an end that it is told. The app
// knows nothing of this: what happens here happens to the drivers under it and to the process around it.
import { flushCompileCache } from 'node:module'
import Database from 'better-sqlite3'
import { createApp } from '../../app/app.ts'
import { isPostgres } from '../../app/db/columns.ts'
import { readSettings, type Settings } from '../../app/env.ts'
import type { Clock } from '../../app/lib/clock.ts'
import type { MailProvider } from '../../app/mail/provider.ts'
import { createSendGrid } from '../../app/mail/sendgrid.ts'
import { createSmtp } from '../../app/mail/smtp.ts'
import { start } from '../../app/main.ts'
import { silentDns } from '../../tests/domain.ts'
import { worldClock } from './clock.ts'
import { watchWrites } from './ledger-writes.ts'
import { lifeOrder, type LifeNews } from './life-orders.ts'

let dies: { when: 'before' | 'after'; n: number } | null = null
let diskFull = false
let works = false
const clock = worldClock({ at: Date.now(), real: Date.now(), factor: 1 })

const tell = (news: LifeNews): void => void process.send?.(news)
const end = (): void => void process.kill(process.pid, 'SIGKILL')
watchWrites({
  before: (ledger) => {
    if (ledger && dies?.when === 'before' && --dies.n <= 0) end()
    if (diskFull) throw isPostgres ? Object.assign(new Error('could not extend file: No space left on device'), { code: '53100' }) : new Database.SqliteError('database or disk is full', 'SQLITE_FULL')
  },
  after: (ledger) => {
    if (ledger && dies?.when === 'after' && --dies.n <= 0) end()
    if (ledger && !works) tell({ news: 'works' })
    works ||= ledger
  },
})

async function live(env: Record<string, string>, timeoutMs: number): Promise<void> {
  const settings = readSettings(env)
  const app = createApp({ settings, clock, mail: mailOf(settings, clock, timeoutMs), fetch: () => Promise.reject(new Error('a fault run asks nobody outside this machine')), dns: silentDns })
  const running = await start(app)
  process.on('SIGTERM', () => {
    running.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  })
}

/** As app/mail/index.ts makes it, but for the timeout, which is shortened with the time. */
const mailOf = (settings: Settings, clock: Clock, timeoutMs: number): MailProvider =>
  settings.MAIL_PROVIDER === 'smtp'
    ? createSmtp({ url: settings.SMTP_URL ?? '', perSecond: settings.MAIL_PER_SECOND, timeoutMs })
    : createSendGrid({
        apiKey: settings.SENDGRID_API_KEY ?? '', url: settings.SENDGRID_URL, webhookKey: settings.SENDGRID_WEBHOOK_KEY ?? '', perSecond: settings.MAIL_PER_SECOND, clock, timeoutMs,
      })

process.on('disconnect', () => process.exit())
process.on('message', (message) => {
  const order = lifeOrder.parse(message)
  if (order.ask === 'time') clock.set(order.time)
  else if (order.ask === 'disk') diskFull = order.full
  else if (order.ask === 'spare') dies = null
  else {
    dies = order.dies
    diskFull = order.diskFull
    clock.set(order.time)
    live(order.env, order.timeoutMs).then(
      () => tell({ news: 'lives' }),
      (error: unknown) => {
        process.stderr.write(`could not start: ${error instanceof Error ? error.stack : 'unknown fault'}\n`)
        process.exit(1)
      },
    )
  }
})
flushCompileCache() // a process that is killed does not
tell({ news: 'warm' })
