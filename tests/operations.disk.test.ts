import Database from 'better-sqlite3'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { and, eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isPostgres } from '../app/db/columns.ts'
import { openDatabase, openSqlite, type Db } from '../app/db/open.ts'
import { campaigns, installation, segments } from '../app/db/schema.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import { databaseFile } from '../app/operations/places.ts'
import { restsBecause } from '../app/operations/rests.ts'
import { look } from '../app/operations/watch.ts'
import { arrive } from '../app/operations/fence.ts'
import { addMany, makeCampaign, statesOf } from './campaign.ts'
import { hooksOf } from './operations.ts'
import { tempFolder } from './setup.ts'
import { testApp, type TestApp } from './app.ts'

const MB = 1024 * 1024
const at = new Date('2026-03-04T05:06:07.089Z')
const segment = (id: string, name = id) => ({ shopId: 'ada', id, name, rules: {}, createdAt: at, updatedAt: at })
const full = (): Error => Object.assign(new Error('database or disk is full'), { code: isPostgres ? '53100' : 'SQLITE_FULL' })

/** A database whose disk is full after so many writes: every further one is refused. */
function fullDb(db: Db, after = 0): Db {
  let left = after
  const writes = (target: object, name: string | symbol): never => {
    const value = Reflect.get(target, name) as unknown
    if (typeof value !== 'function') return value as never
    if (name === 'with') return ((...all: unknown[]) => new Proxy((value as (...given: unknown[]) => object).apply(target, all), { get: writes })) as never
    return ((...all: unknown[]) => {
      if ((name === 'update' || name === 'insert' || name === 'delete') && left-- <= 0) throw full()
      return (value as (...given: unknown[]) => unknown).apply(target, all)
    }) as never
  }
  return new Proxy<Db>(db, { get: writes })
}

describe('a full disk', () => {
  let t: TestApp
  beforeEach(async () => {
    t = await testApp()
    await arrive(t.app)
  })
  afterEach(() => t.close())

  test.each(['individual', 'shared'] as const)('lets no mail out without its durable row, whenever it begins (%s)', async (way) => {
    await addMany(t.app, t.shop, 12)
    let refused = 0
    for (let writes = 0; writes < 8; writes++) {
      const id = await makeCampaign(t.app, t.shop, { way })
      await freeze(t.app, t.shop.id, id, null)
      t.outbox.length = 0
      await sendDeliveries({ ...t.app, db: fullDb(t.app.db, writes) }, { shopId: t.shop.id, messageId: id }).catch(() => refused++)
      const { pending = 0, claimed = 0, ...begun } = await statesOf(t.app, t.shop, id)
      expect(t.outbox.length, `full after ${writes} writes`).toBeLessThanOrEqual(Object.values(begun).reduce((a, b) => a + b, 0))
      if (writes === 0) expect([t.outbox.length, pending + claimed]).toEqual([0, 12])
    }
    expect(refused).toBeGreaterThan(1)
  })

  test('rests everything that leaves, for a plain reason, and goes on by itself with the next look after there is room', async () => {
    await addMany(t.app, t.shop, 4)
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null)
    let went = 0
    const withRoom = (free: number, whole = 100_000 * MB) => look(t.app, hooksOf(t.app, { roomOn: () => ({ free, whole }), goesOn: async () => void went++ }), false)
    if (isPostgres) {
      const sick = { ...t.app, db: fullDb(t.app.db) } // its server's disk cannot be seen from here: it tells by refusing
      await look(sick, hooksOf(sick), false)
      expect(await restsBecause(sick)).toBe('disk_full')
      await sendDeliveries(sick, { shopId: t.shop.id, messageId: id }).catch(() => undefined)
    } else {
      await withRoom(100 * MB)
      expect((await t.app.db.select().from(installation))[0]!.restingBecause).toBe('disk_full') // and so for every process
      expect((await t.api(t.shop).get('/api/operations')).body.rests).toEqual({ because: 'disk_full', words: expect.stringContaining('The disk of the server is full') as string })
      await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
    }
    expect(t.outbox).toEqual([])
    const [campaign] = await t.app.db.select().from(campaigns).where(and(eq(campaigns.shopId, t.shop.id), eq(campaigns.id, id)))
    expect(campaign!.status, 'not paused: nobody has to press anything').toBe('sending')
    if (!isPostgres) {
      await withRoom(900 * MB, 10_000 * MB)
      expect(went).toBe(1)
    }
    expect(await restsBecause(t.app)).toBeNull()
    await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
    expect(t.outbox).toHaveLength(4)
  })

  test.skipIf(isPostgres)('no campaign begins below 500 MB or 5 %, while what is under way goes on', async () => {
    await addMany(t.app, t.shop, 2)
    const draft = await makeCampaign(t.app, t.shop, { status: 'draft' })
    const under = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, under, null)
    for (const [free, whole] of [[499, 5_000], [600, 20_000], [9_999, 4_000_000]] as const) {
      await look(t.app, hooksOf(t.app, { roomOn: () => ({ free: free * MB, whole: whole * MB }) }), false)
      const reply = await t.api(t.shop).post(`/api/campaigns/${draft}/send`)
      expect([reply.status, reply.body.error.message]).toEqual([409, expect.stringContaining('almost full')])
    }
    await sendDeliveries(t.app, { shopId: t.shop.id, messageId: under })
    expect(t.outbox).toHaveLength(2)
    for (const [free, whole] of [[501, 5_000], [10_001, 4_000_000]] as const) {
      await look(t.app, hooksOf(t.app, { roomOn: () => ({ free: free * MB, whole: whole * MB }) }), false)
      expect((await t.api(t.shop).post(`/api/campaigns/${draft}/send`)).body.error?.message ?? '').not.toContain('almost full')
    }
  })
})

describe.skipIf(isPostgres)('the file of SQLite', () => {
  let folder: ReturnType<typeof tempFolder>
  beforeEach(() => void (folder = tempFolder()))
  afterEach(() => folder.remove())

  test.each(['run', 'commit'])('a sync that was not confirmed ends the process at once (%s)', async (where) => {
    const lost: unknown[] = []
    const db = openSqlite(`${folder.path}/a.db`, (error) => lost.push(error))
    await db.raw('create table segments (shop_id text, id text, name text, rules text, platform_id text, members_read_at int, created_at int, updated_at int)')
    const fault = Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' })
    const driver = Database.prototype as unknown as { exec(this: void, text: string): unknown }
    const statement = Object.getPrototypeOf(new Database(':memory:').prepare('select 1')) as { run(this: void, ...all: unknown[]): unknown }
    const { exec } = driver
    const { run } = statement
    try {
      if (where === 'run') statement.run = () => { throw fault }
      else driver.exec = function (this: unknown, text: string) {
        if (text === 'commit') throw fault
        return exec.call(this as never, text)
      }
      if (where === 'run') await expect(db.insert(segments).values(segment('x'))).rejects.toThrow()
      else await expect(db.transaction(async () => void (await db.insert(segments).values(segment('x'))))).rejects.toThrow()
    } finally {
      statement.run = run
      driver.exec = exec
    }
    expect(lost).toEqual([fault])
    await db.close()
  })

  test('damage that shows in any statement is remembered', async () => {
    const path = `${folder.path}/b.db`
    const made = openDatabase(`file:${path}`)
    await made.raw('create table a (x text)')
    for (let i = 0; i < 50; i++) await made.raw("insert into a values (hex(randomblob(2000)))")
    await made.close()
    const bytes = readFileSync(path)
    bytes.fill(0xff, 8192, 40_000)
    const { writeFileSync } = await import('node:fs')
    writeFileSync(path, bytes)
    const db = openDatabase(`file:${path}`)
    expect(db.damaged()).toBe(false)
    await expect(db.raw('select sum(length(x)) from a')).rejects.toThrow()
    expect(db.damaged()).toBe(true)
    await db.close()
  })

  test('the write-ahead file stays bounded: what a long reader let grow is given back when it ends', { timeout: 60_000 }, async () => {
    const t = await testApp()
    await arrive(t.app)
    const path = databaseFile(t.app)!
    const wal = (): number => statSync(`${path}-wal`).size
    const reader = new Database(path)
    reader.exec('begin')
    reader.prepare('select count(*) from segments').get()
    const big = 'x'.repeat(400_000)
    for (let i = 0; i < 250; i++) await t.app.db.insert(segments).values({ ...segment(`w${i}`), rules: { big } })
    const grown = wal()
    expect(grown).toBeGreaterThan(90 * MB)
    reader.exec('commit')
    await look(t.app, hooksOf(t.app), false)
    expect(wal()).toBeLessThan(64 * MB)
    expect(wal()).toBe(0)
    // And without a reader it does not grow in the first place.
    let peak = 0
    for (let i = 0; i < 100; i++) {
      await t.app.db.insert(segments).values({ ...segment(`v${i}`), rules: { big } })
      peak = Math.max(peak, wal())
    }
    expect(peak).toBeLessThan(16 * MB)
    reader.close()
    await t.close()
  })

  test('is never read through a memory map, and its log is limited on each connection', async () => {
    const db = openDatabase(`file:${folder.path}/c.db`)
    expect(await db.raw('pragma mmap_size')).toEqual([{ mmap_size: 0 }])
    expect(await db.raw('pragma journal_size_limit')).toEqual([{ journal_size_limit: 64 * MB }])
    expect(await db.raw('pragma wal_autocheckpoint')).toEqual([{ wal_autocheckpoint: 1000 }])
    await db.close()
  })

  test('no statement is left open across a wait: nothing iterates over rows', () => {
    const root = fileURLToPath(new URL('../app', import.meta.url))
    const faults = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => /\.iterate\(|new pg\.Query|pg-cursor|pg-query-stream/.test(readFileSync(file, 'utf8')))
    expect(faults).toEqual([])
  })

  test('who waits for another process that writes does not stand still', async () => {
    const db = openDatabase(`file:${folder.path}/d.db`)
    await db.raw('create table a (x int)')
    const other = new Database(`${folder.path}/d.db`)
    other.exec('begin immediate')
    let ticks = 0
    const beat = setInterval(() => ticks++, 20)
    const writing = [db.raw('insert into a values (1)'), db.transaction(async () => void (await db.raw('insert into a values (2)')))]
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(await db.raw('select count(*) as n from a'), 'and reads on').toEqual([{ n: 0 }])
    other.exec('commit')
    await Promise.all(writing)
    clearInterval(beat)
    expect(ticks).toBeGreaterThan(0) // it would be none for the ten seconds of the engine’s own patience
    expect(await db.raw('select x from a order by x')).toEqual([{ x: 1 }, { x: 2 }])
    other.close()
    await db.close()
  })
})
