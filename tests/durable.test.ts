import { afterAll, beforeAll, expect, test } from 'vitest'
import { isPostgres } from '../app/db/columns.ts'
import { weakSettings } from '../app/db/durable.ts'
import { createLog } from '../app/lib/log.ts'
import { start } from '../app/main.ts'
import type { App } from '../app/app.ts'
import { testApp, type TestApp } from './app.ts'

// The PostgreSQL of the tests runs with everything off that keeps a commit through a power cut: just what must not be in production.
let t: TestApp
beforeAll(async () => {
  t = await testApp({ env: { PORT: '0' } })
})
afterAll(() => t.close())

const as = (settings: Partial<App['settings']>, said: unknown[] = []): App => {
  const log = createLog('silent')
  log.error = ((what: unknown) => void said.push(what)) as typeof log.error
  return { ...t.app, log, settings: { ...t.app.settings, ...settings } }
}

test('names what is off', async () => {
  expect(await weakSettings(t.app.db)).toEqual(isPostgres ? ['fsync', 'full_page_writes', 'synchronous_commit'] : [])
})

test.runIf(isPostgres)('nothing that sends starts on such a database in production, and it says why', async () => {
  const said: unknown[] = []
  for (const ROLE of ['all', 'worker'] as const) await expect(start(as({ NODE_ENV: 'production', ROLE }, said))).rejects.toThrow('fsync, full_page_writes, synchronous_commit switched off')
  expect(said).toEqual(Array(2).fill({ off: ['fsync', 'full_page_writes', 'synchronous_commit'] }))
})

test('a developer is told and goes on; so does what only shows pages', async () => {
  for (const settings of [{ NODE_ENV: 'development', ROLE: 'web' }, { NODE_ENV: 'production', ROLE: 'web' }] as const) {
    const said: unknown[] = []
    const app = as(settings, said)
    const running = await start({ ...app, db: Object.assign(Object.create(t.app.db) as App['db'], { close: () => Promise.resolve() }), queue: { ...t.app.queue, stop: () => Promise.resolve() }, mail: { ...t.app.mail, close: () => Promise.resolve() } } as App)
    expect((await fetch(`http://127.0.0.1:${running.port}/readyz`)).status).toBe(200)
    expect(said).toHaveLength(isPostgres ? 1 : 0)
    await running.close()
  }
})
