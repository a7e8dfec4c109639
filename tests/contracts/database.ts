import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isPostgres } from '../../app/db/columns.ts'
import { insertAll, isUniqueViolation } from '../../app/db/insert-all.ts'
import { migrate } from '../../app/db/migrate.ts'
import { openDatabase, skipLocked, type Db } from '../../app/db/open.ts'
import { deliveries, jobs, messages, orders, products, segments, shopSettings, suppressions, variants } from '../../app/db/schema.ts'
import { defaultBrand } from '../../app/templates/contract.ts'
import { freshDatabase } from '../fresh-database.ts'

const at = new Date('2026-03-04T05:06:07.089Z')
const segment = (id: string, name = id, shopId = 'ada') => ({ shopId, id, name, rules: { match: 'all' }, createdAt: at, updatedAt: at })
const tick = (ms = 5): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** What every engine behind `Db` must do. Run for each of them. */
export function databaseBattery(engine: string): void {
  describe(`the database on ${engine}`, () => {
    let db: Db
    let url: string
    let drop: () => Promise<void>
    const names = async (shopId = 'ada'): Promise<string[]> =>
      (await db.select({ name: segments.name }).from(segments).where(eq(segments.shopId, shopId)).orderBy(asc(segments.id))).map((row) => row.name)

    beforeAll(async () => {
      ;({ url, drop } = await freshDatabase())
      db = openDatabase(url)
      await migrate(db)
    })
    afterAll(async () => {
      await db.close()
      await drop()
    })

    test('the engine is the one that was asked for', async () => {
      const [row] = await db.raw<{ v: string }>(isPostgres ? 'select version() as v' : 'select sqlite_version() as v')
      expect(row!.v).toMatch(isPostgres ? /^PostgreSQL/ : /^3\./)
    })

    test.skipIf(isPostgres)('every SQLite connection syncs in full, also after its first write', async () => {
      const second = openDatabase(url)
      for (const connection of [db, second]) {
        await connection.insert(segments).values(segment(`sync-${Math.random()}`, 'x', 'sync'))
        expect(await connection.raw('pragma synchronous')).toEqual([{ synchronous: 2 }])
        expect(await connection.raw('pragma journal_mode')).toEqual([{ journal_mode: 'wal' }])
        expect(await connection.raw('pragma foreign_keys')).toEqual([{ foreign_keys: 1 }])
      }
      await second.close()
    })

    test('a transaction that throws leaves nothing', async () => {
      await expect(
        db.transaction(async () => {
          await db.insert(segments).values(segment('r1', 'gone', 'roll'))
          throw new Error('no')
        }),
      ).rejects.toThrow('no')
      expect(await names('roll')).toEqual([])
    })

    test('a nested transaction joins the outer one, and falls with it', async () => {
      await expect(
        db.transaction(async () => {
          await db.insert(segments).values(segment('n1', 'outer', 'nest'))
          await db.transaction(async () => {
            await db.insert(segments).values(segment('n2', 'inner', 'nest'))
          })
          expect(await names('nest')).toEqual(['outer', 'inner'])
          throw new Error('no')
        }),
      ).rejects.toThrow('no')
      expect(await names('nest')).toEqual([])
    })

    test('a statement outside never lands inside an open transaction, and never sees its half', async () => {
      let seen: string[] | undefined
      let wroteOutside = false
      const inside = db.transaction(async () => {
        await db.insert(segments).values(segment('i1', 'inside', 'iso'))
        await tick(30)
        throw new Error('rolled back')
      })
      await tick()
      const outside = (async () => {
        seen = await names('iso')
        await db.insert(segments).values(segment('o1', 'outside', 'iso'))
        wroteOutside = true
      })()
      await expect(inside).rejects.toThrow('rolled back')
      await outside
      expect(seen).toEqual([])
      expect(wroteOutside).toBe(true)
      expect(await names('iso')).toEqual(['outside'])
    })

    test.skipIf(isPostgres)('a statement outside waits for the open transaction to end', async () => {
      const order: string[] = []
      const inside = db.transaction(async () => {
        await tick(20)
        order.push('transaction')
      })
      await tick()
      await names().then(() => order.push('statement'))
      await inside
      expect(order).toEqual(['transaction', 'statement'])
    })

    test('concurrent transactions do not lose each other’s changes', async () => {
      await db.insert(segments).values({ ...segment('counter', '0', 'count') })
      await Promise.all(
        Array.from({ length: 20 }, () =>
          db.transaction(async () => {
            await db.update(segments).set({ name: sql`cast(cast(${segments.name} as integer) + 1 as text)` }).where(and(eq(segments.shopId, 'count'), eq(segments.id, 'counter')))
            await tick(1)
          }),
        ),
      )
      expect(await names('count')).toEqual(['20'])
    })

    test('a taken key is told apart from every other fault', async () => {
      await db.insert(segments).values(segment('u', 'first', 'unique'))
      const again = await db.insert(segments).values(segment('u', 'second', 'unique')).then(() => null, (error: unknown) => error)
      expect(isUniqueViolation(again)).toBe(true)
      const other = await db.raw('select * from no_such_table').then(() => null, (error: unknown) => error)
      expect(isUniqueViolation(other)).toBe(false)
    })

    test('times, booleans, JSON, nothing and big money come back as they went in', async () => {
      const row = {
        shopId: 'round', senderName: 'Ünï "quoted" \u2028', senderEmail: '', replyTo: '', postalAddress: 'a\nb', senderConfirmedAt: at, brand: { ...defaultBrand, deep: [1, null, { x: 'ä' }] },
        doubleOptIn: false, tracking: 'off' as const, attributionDays: 5, recordsAttestedAt: null, softOptInSince: null, softOptInWording: null, softOptInFamily: null, rfm: null, rfmMeasuredAt: null, onboardingDismissedAt: null, complaintsStoppedAt: null, complaintsBecause: null, complaintsConfirmedAt: null, complaintsConfirmedBy: null, updatedAt: at,
      }
      await db.insert(shopSettings).values(row)
      expect((await db.select().from(shopSettings).where(eq(shopSettings.shopId, 'round')))[0]).toEqual(row)
      const order = { shopId: 'round', id: '1', name: '#1', subscriberId: null, total: 9_007_199_254_740_991, currency: 'JPY', test: true, cancelledAt: null, processedAt: at, day: '2026-03-04', checkoutToken: null, platformUpdatedAt: at }
      await db.insert(orders).values(order)
      expect((await db.select().from(orders).where(eq(orders.shopId, 'round')))[0]).toEqual(order)
      const [sum] = await db.select({ total: sql`sum(${orders.total})`.mapWith(Number) }).from(orders).where(eq(orders.shopId, 'round'))
      expect(sum!.total).toBe(9_007_199_254_740_991)
    })

    test('insertAll writes what insert writes, in one statement', async () => {
      const one = { shopId: 'all', id: '', title: 'T "x" \\ é', handle: 'h', url: null, imageUrl: null, imageAlt: '', vendor: null, productType: 'p', tags: ['a', 'b"c'], status: 'active', priceMin: 100, priceMax: null, compareAtMin: null, currency: 'USD', available: false, inventory: -3, deletedAt: null, platformUpdatedAt: at }
      await db.insert(products).values({ ...one, id: 'plain' })
      const before = db.statements()
      expect(await insertAll(db, products, Array.from({ length: 2_000 }, (_, i) => ({ ...one, id: `b${i}`, available: i % 2 === 0 })))).toBe(2_000)
      expect(db.statements() - before).toBe(1)
      const [plain, bulk] = await db.select().from(products).where(and(eq(products.shopId, 'all'), inArray(products.id, ['plain', 'b1']))).orderBy(sql`${products.id} desc`)
      expect({ ...bulk, id: '' }).toEqual({ ...plain, id: '' })
      expect(await insertAll(db, products, [{ ...one, id: 'b2' }, { ...one, id: 'new' }], { target: ['shopId', 'id'] })).toBe(1)
      const newer = new Date(at.getTime() + 1)
      const guard = { target: ['shopId', 'id'], update: ['title', 'platformUpdatedAt'], onlyIf: 'excluded.platform_updated_at >= products.platform_updated_at' }
      expect(await insertAll(db, products, [{ ...one, id: 'b3', title: 'newer', platformUpdatedAt: newer }], guard)).toBe(1)
      expect(await insertAll(db, products, [{ ...one, id: 'b3', title: 'older' }], guard)).toBe(0)
      const [kept] = await db.select().from(products).where(and(eq(products.shopId, 'all'), eq(products.id, 'b3')))
      expect(kept!.title).toBe('newer')
    })

    test('insertAll keeps any text (property)', async () => {
      let n = 0
      await fc.assert(
        fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' }).filter((s) => !s.includes('\0')), { minLength: 1, maxLength: 20 }), async (texts) => {
          const shopId = `prop-${n++}`
          await insertAll(db, suppressions, texts.map((detail, i) => ({ shopId, addressHash: String(i).padStart(3, '0'), reason: 'manual' as const, detail, createdAt: at })))
          const rows = await db.select().from(suppressions).where(eq(suppressions.shopId, shopId)).orderBy(asc(suppressions.addressHash))
          expect(rows.map((row) => row.detail)).toEqual(texts)
          expect(rows[0]!.createdAt).toEqual(at)
        }),
        { numRuns: 40 },
      )
    })

    test('a child needs its parent, and goes with it', async () => {
      await expect(db.insert(variants).values({ shopId: 'fk', id: 'v', productId: 'none', title: '', sku: null, price: 1, compareAt: null, inventory: 0, available: true })).rejects.toThrow()
    })

    test('rows are claimed by several connections without a double', async () => {
      const connections = Array.from({ length: 4 }, () => openDatabase(url))
      await insertAll(db, jobs, Array.from({ length: 600 }, (_, i) => ({ id: `claim-${i}`, kind: 'claim', payload: {}, uniqueKey: null, state: 'ready' as const, runAt: at, attempts: 0, leaseUntil: null, lastError: null, createdAt: at })))
      const got: string[] = []
      await Promise.all(
        connections.map(async (connection) => {
          for (;;) {
            const ready = and(eq(jobs.kind, 'claim'), eq(jobs.state, 'ready'))
            const some = skipLocked(connection.select({ id: jobs.id }).from(jobs).where(ready).orderBy(asc(jobs.id)).limit(20))
            const rows = await connection.update(jobs).set({ state: 'running' }).where(and(inArray(jobs.id, some), ready)).returning({ id: jobs.id })
            got.push(...rows.map((row) => row.id))
            if (rows.length > 0) continue
            const [left] = await connection.select({ n: sql`count(*)`.mapWith(Number) }).from(jobs).where(ready)
            if (left!.n === 0) break
          }
        }),
      )
      await Promise.all(connections.map((connection) => connection.close()))
      expect(got.length).toBe(600)
      expect(new Set(got).size).toBe(600)
    })

    test('each table of a merchant has shop_id first in its key, and each of its indexes begins with it', async () => {
      const operators = new Set(['jobs', 'inbox', 'shops', 'migrations', 'installation'])
      const acrossShops = new Set(['deliveries_request', 'deliveries_unsettled', 'batches_request', 'batches_unsettled']) // provider events name no shop; recovery looks at all
      const keys = await db.raw<{ tab: string; col: string; idx: string }>(
        isPostgres
          ? `select c.relname as tab, i.relname as idx, a.attname as col from pg_index x join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
             join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum = x.indkey[0] where n.nspname = 'public'`
          : `select m.name as tab, il.name as idx, ii.name as col from sqlite_master m join pragma_index_list(m.name) il join pragma_index_info(il.name) ii where m.type = 'table' and ii.seqno = 0`,
      )
      const wrong = keys.filter((key) => !operators.has(key.tab) && key.col !== 'shop_id' && !acrossShops.has(key.idx))
      expect(wrong).toEqual([])
      expect(new Set(keys.map((key) => key.tab)).size).toBeGreaterThan(20)
    })

    test('a migration that rebuilds a table keeps the rows of its children', async () => {
      const own = await freshDatabase()
      const old = openDatabase(own.url)
      await migrate(old)
      await old.insert(messages).values({ shopId: 's', id: 'm', kind: 'campaign', subject: '', preheader: '', html: '', text: '', fromName: '', fromEmail: '', replyTo: '', language: 'en', way: 'individual', createdAt: at })
      await old.insert(deliveries).values({ shopId: 's', messageId: 'm', subscriberId: 'p', email: 'p@x.example', state: 'pending', attempts: 0, createdAt: at, updatedAt: at })
      await migrate(old, new URL('../fixtures/rebuild', import.meta.url).pathname + (isPostgres ? '-postgres' : '-sqlite'))
      expect(await old.select({ id: deliveries.subscriberId }).from(deliveries)).toEqual([{ id: 'p' }])
      const [row] = await old.raw<{ note: string }>('select note from messages')
      expect(row!.note).toBe('rebuilt')
      await old.raw('delete from messages')
      expect(await old.select({ id: deliveries.subscriberId }).from(deliveries)).toEqual([]) // and the tie between them still holds
      await old.close()
      await own.drop()
    })

    test('a migration that fails leaves the schema as it was', async () => {
      const own = await freshDatabase()
      const old = openDatabase(own.url)
      await migrate(old)
      await expect(migrate(old, new URL('../fixtures/broken', import.meta.url).pathname)).rejects.toThrow()
      await expect(old.raw('select * from half_made')).rejects.toThrow()
      expect(await migrate(old)).toBe(0)
      await old.close()
      await own.drop()
    })
  })
}
