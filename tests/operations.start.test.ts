import Database from 'better-sqlite3'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, copyFileSync, existsSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isPostgres } from '../app/db/columns.ts'
import { installation } from '../app/db/schema.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import { signLink } from '../app/lib/tokens.ts'
import { createOutbox } from '../app/mail/outbox.ts'
import { openingFault } from '../app/operations/check-file.ts'
import { databaseFile } from '../app/operations/places.ts'
import { restsBecause } from '../app/operations/rests.ts'
import { operate } from '../app/operator.ts'
import { start } from '../app/main.ts'
import { createLog } from '../app/lib/log.ts'
import { addMany, makeCampaign, rowsOf, statesOf } from './campaign.ts'
import { processOn } from './operations.ts'
import { freePort } from './setup.ts'
import { testApp, testEnv, type TestApp } from './app.ts'

let t: TestApp
beforeEach(async () => {
  t = await testApp({ env: { PORT: '0' } })
})
afterEach(() => t.close())

const url = (): string => t.app.settings.DATABASE_URL
const hasStrace = spawnSync('strace', ['-V']).status === 0

describe('ending', () => {
  let provider: Server
  let asked: { at: number; answered: boolean }[]
  beforeEach(async () => {
    asked = []
    provider = createServer((request, response) => {
      const one = { at: performance.now(), answered: false }
      asked.push(one)
      request.resume()
      request.once('end', () => {
        setTimeout(() => {
          one.answered = true
          response.writeHead(202, { 'x-message-id': `m${asked.length}` }).end()
        }, 400)
      })
    }).listen(0, '127.0.0.1')
    await once(provider, 'listening')
  })
  afterEach(() => {
    provider.closeAllConnections()
    provider.close()
  })

  test('on SIGTERM in the middle of a send: no new claim, what is in flight is finished and recorded, exit 0, nothing uncertain', { timeout: 90_000 }, async () => {
    await addMany(t.app, t.shop, 400)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null, 20) // a second's worth
    const port = await freePort()
    const child = spawn(process.execPath, [fileURLToPath(new URL('../app/main.ts', import.meta.url))], {
      env: {
        PATH: process.env.PATH ?? '', ...testEnv, NODE_ENV: 'development', LOG_LEVEL: 'info', DATABASE_URL: url(), DATA_DIR: t.app.settings.DATA_DIR ?? '', PORT: String(port), MAIL_PROVIDER: 'sendgrid',
        SENDGRID_API_KEY: 'SG.x', SENDGRID_WEBHOOK_KEY: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE', SENDGRID_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}`, MAIL_PER_SECOND: '20',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()))
    const ended = once(child, 'exit') as Promise<[number | null, string | null]>
    await expect.poll(() => asked.length, { timeout: 40_000, message: 'sending began' }).toBeGreaterThan(10)
    const from = performance.now()
    child.kill('SIGTERM')
    const [code] = await ended
    expect(code, output).toBe(0)
    expect(performance.now() - from).toBeLessThan(30_000)
    const states = await statesOf(t.app, t.shop, id)
    expect(Object.keys(states).toSorted()).toEqual(['accepted', 'pending'])
    expect(states.accepted).toBe(asked.length)
    expect(asked.every((one) => one.answered)).toBe(true)
    expect(asked.filter((one) => one.at > from).length, 'only what was promised already').toBeLessThanOrEqual(45)
    expect((await t.app.db.select().from(installation))[0]).toMatchObject({ cleanStop: true, fencedAt: null })
  })

  test('a kill is noticed at the next start, an end as it should is not', async () => {
    const said: string[] = []
    const log = createLog('silent')
    log.info = ((_: unknown, text: string) => void said.push(text)) as typeof log.info
    const env: Record<string, string> = t.app.settings.DATA_DIR ? { DATA_DIR: t.app.settings.DATA_DIR } : {}
    const begin = () => processOn(url(), { clock: t.clock, env, log })
    await (await begin()).stop()
    said.length = 0
    await (await begin()).kill()
    expect(said.join()).not.toContain('was checked')
    await (await begin()).stop()
    expect(said.join().includes('was checked')).toBe(!isPostgres)
  })
})

describe.skipIf(isPostgres)('a damaged file', () => {
  /** Numbers that are the same in each run. */
  const seeded = (seed: number) => () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0
    return (seed >>> 0) / 2 ** 32
  }

  test('200 times some random bytes: no mail leaves from a file that the engine calls damaged, and it is said what to do', { timeout: 180_000 }, async () => {
    await addMany(t.app, t.shop, 25)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    await (await processOn(url(), { clock: t.clock })).kill()
    await t.app.db.raw('pragma wal_checkpoint(truncate)')
    const file = databaseFile(t.app)!
    const [sound, twin] = [readFileSync(file), readFileSync(`${file}.generation`)]
    await t.app.db.close()
    const random = seeded(14)
    const seen = { damaged: 0, sound: 0, sent: 0 }
    for (let trial = 0; trial < 201; trial++) {
      const bytes = Buffer.from(sound)
      const flips = trial === 0 ? 0 : 1 + Math.floor(random() * 100)
      for (let i = 0; i < flips; i++) bytes[Math.floor(random() * bytes.length)]! ^= 1 + Math.floor(random() * 255)
      const place = openSync(file, existsSync(file) ? 'r+' : 'w') // in place: it is no copy, it is damaged
      writeSync(place, bytes)
      closeSync(place)
      for (const ending of ['-wal', '-shm']) rmSync(file + ending, { force: true })
      writeFileSync(`${file}.generation`, twin)
      const damaged = isDamaged(bytes, `${file}.copy`)
      seen[damaged ? 'damaged' : 'sound']++
      const mail = createOutbox()
      const said: string[] = []
      const log = createLog('silent')
      for (const level of ['fatal', 'error'] as const) log[level] = ((_: unknown, text: string) => void said.push(text)) as typeof log.fatal
      const running = await processOn(url(), { clock: t.clock, mail, log }).catch((error: unknown) => {
        said.push(openingFault(error) ?? (error as Error).message)
        return null
      })
      if (running) {
        await sendDeliveries(running.app, { shopId: t.shop.id, messageId: id }).catch(() => undefined)
        if (damaged) expect(await restsBecause(running.app)).toBe('damaged')
        await running.kill().catch(() => undefined)
      }
      if (damaged) expect([trial, mail.taken.length, said.join()]).toEqual([trial, 0, expect.stringMatching(/damaged/)])
      if (trial === 0) expect(mail.taken).toHaveLength(25)
      seen.sent += mail.taken.length > 0 ? 1 : 0
    }
    expect(seen.damaged).toBeGreaterThan(100)
  })

  /** Another judge: the engine itself, on a copy. */
  function isDamaged(bytes: Buffer, copy: string): boolean {
    writeFileSync(copy, bytes)
    try {
      const db = new Database(copy)
      try {
        return db.pragma('integrity_check(1)', { simple: true }) !== 'ok'
      } finally {
        db.close()
      }
    } catch {
      return true
    } finally {
      for (const ending of ['', '-wal', '-shm']) rmSync(copy + ending, { force: true })
    }
  }

  test('serves, takes opt-outs and does no work; a process that only works does not start, and says why', async () => {
    const person = await t.addSubscriber(t.shop, { email: 'a@example.test', consent: 'subscribed' })
    await (await processOn(url(), { clock: t.clock })).kill()
    await t.app.db.raw('pragma wal_checkpoint(truncate)')
    const db = new Database(databaseFile(t.app)!, { readonly: true })
    const { root } = db.prepare("select rootpage as root from sqlite_schema where type = 'index' and tbl_name = 'order_lines' and name not like 'sqlite_%'").get() as { root: number }
    db.close()
    await t.app.db.close()
    const place = openSync(databaseFile(t.app)!, 'r+')
    writeSync(place, Buffer.alloc(4096, 0xa5), 0, 4096, (root - 1) * 4096) // an index that no page needs
    closeSync(place)

    const said: unknown[] = []
    const log = createLog('silent')
    log.fatal = ((_: unknown, text: string) => void said.push(text)) as typeof log.fatal
    await expect(processOn(url(), { clock: t.clock, env: { ROLE: 'worker' }, log })).rejects.toThrow(/damaged.*Backups/s)
    const { app } = await processOn(url(), { clock: t.clock, env: { PORT: '0' }, log, mail: createOutbox() })
    const running = await start(app)
    try {
      expect(said.at(-1)).toContain('brought back a backup')
      const ready = await fetch(`http://127.0.0.1:${running.port}/readyz`)
      expect([ready.status, await ready.json()]).toEqual([200, { ok: true, sending: false }])
      const token = signLink(app.settings.keys, 'unsubscribe', { shopId: t.shop.id, messageId: t.shop.id, subscriberId: person })
      expect((await fetch(`http://127.0.0.1:${running.port}/u/${token}`, { method: 'POST' })).status).toBe(200)
    } finally {
      await running.close()
    }
  })
})

describe.skipIf(isPostgres)('a disk', () => {
  test.skipIf(!hasStrace)('that does not confirm a sync: the process is gone at once, and what it had confirmed is there', { timeout: 60_000 }, () => {
    const path = `${databaseFile(t.app)!}.sync`
    const run = spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=fsync,fdatasync', '-e', 'inject=fsync,fdatasync:error=EIO:when=30+', process.execPath, fileURLToPath(new URL('fixtures/sync-writer.ts', import.meta.url)), `file:${path}`, '200'], { encoding: 'utf8' })
    const confirmed = run.stdout.trim().split('\n')
    expect(confirmed).not.toContain('went on')
    expect(confirmed.length).toBeLessThan(200)
    expect([run.status, run.signal]).not.toEqual([0, null])
    expect(run.stderr).toContain('SQLITE_IOERR_FSYNC')
    const db = new Database(path)
    expect(db.prepare('select count(*) as n from kept').get()).toEqual({ n: expect.toSatisfy((n: number) => n >= confirmed.length) as number })
    db.close()
  })

  test('backed up while it is written to: the copy is sound, whole, and fenced when it is brought back', async () => {
    await addMany(t.app, t.shop, 300)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    const running = await processOn(url(), { clock: t.clock })
    const to = `${databaseFile(t.app)!}.backup`
    const said: string[] = []
    let longest = 0
    let last = performance.now()
    const beat = setInterval(() => {
      longest = Math.max(longest, performance.now() - last - 5)
      last = performance.now()
    }, 5)
    const [code] = await Promise.all([operate(t.app, ['backup', to], (line) => said.push(line)), sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })])
    clearInterval(beat)
    expect([code, said[0]]).toEqual([0, expect.stringContaining('checked')])
    await expect(operate(t.app, ['backup', to], () => undefined)).rejects.toThrow('there already')
    const copy = new Database(to, { readonly: true })
    expect(copy.pragma('integrity_check', { simple: true })).toBe('ok')
    expect(copy.prepare('select count(*) as n from subscribers where shop_id = ?').get(t.shop.id)).toEqual({ n: 300 })
    copy.close()
    expect((await rowsOf(t.app, t.shop, id)).length).toBe(300)
    await running.stop()
    const elsewhere = `${to}-restored.db`
    copyFileSync(to, elsewhere)
    const restored = await processOn(`file:${elsewhere}`, { clock: t.clock })
    expect(await restsBecause(restored.app)).toBe('copied')
    await restored.kill()
    expect(await t.app.db.$count(installation, eq(installation.id, 'this'))).toBe(1)
  })
})
