import { createReadStream, createWriteStream, rmSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import Database from 'better-sqlite3'
import { parse } from 'csv-parse'
import { eq } from 'drizzle-orm'
import { insertAll } from '../../app/db/insert-all.ts'
import { consentEntries, imports, importChanges, shops, subscribers } from '../../app/db/schema.ts'
import { recordConsent } from '../../app/consent/record.ts'
import { askForComparison, compareImport } from '../../app/imports/compare.ts'
import { runImport, startImport } from '../../app/imports/run.ts'
import { importById } from '../../app/imports/state.ts'
import { upload } from '../../app/imports/upload.ts'
import { addressHash } from '../../app/lib/crypto.ts'
import { newId } from '../../app/lib/ids.ts'
import type { OpenBench } from '../bench.ts'
import { openStore } from '../store.ts'

/**
 * A list of `recipients` lines (a million unless told otherwise), in random order, half of them there already with other names: people, the consent
 * ledger of the new ones (sealed into the chain), what was there before, how far it has come; from the start to "done". The file has been uploaded and
 * compared before. The limit reads the same file with csv-parse and upserts each row with a prepared statement, 1,000 a transaction; it writes people and
 * nothing else. Both on fresh SQLite files with the same migrations, synchronous=FULL.
 */
export const open: OpenBench = async ({ recipients }) => {
  const lines = recipients ?? 1_000_000
  const few = Math.max(1000, Math.round(lines / 10))
  const folder = await openStore()
  const file = `${folder.file}.csv`
  await writeFile(file, lines)
  const seconds: Record<string, number> = {}
  let peaks: { few: number; many: number } | null = null
  return {
    unit: 'lines',
    bar: 0.6,
    async limit() {
      const store = await prepared(lines)
      const db = new Database(store.file)
      for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON', 'mmap_size = 0', 'cache_size = -65536']) db.pragma(pragma)
      const [from, cpu] = [performance.now(), process.cpuUsage()]
      await upsertLoop(db, store, file)
      const rate = lines / ((performance.now() - from) / 1000)
      seconds.limit_cpu_seconds = cpuSince(cpu)
      check(db.prepare('select count(*) from subscribers').pluck().get(), lines)
      db.close()
      await store.close()
      return rate
    },
    async product() {
      // The memory of a tenth of the file first, so that both are measured in the same process.
      const small = `${file}.few`
      if (!peaks) await writeFile(small, few)
      const before = peaks ? null : await importOnce(small, few)
      const all = await importOnce(file, lines)
      if (before) {
        peaks = { few: before.peakMb, many: all.peakMb }
        rmSync(small)
      }
      Object.assign(seconds, all.parts)
      return lines / all.seconds
    },
    faults: () => (peaks !== null && peaks.many <= 1.1 * peaks.few ? [] : ['memory_ratio']),
    detail: () => ({
      lines, new: lines - Math.floor(lines / 2), ...seconds, run_peak_mb_few: peaks?.few, run_peak_mb: peaks?.many,
      memory_ratio: peaks ? Math.round((peaks.many / peaks.few) * 1000) / 1000 : null, memory_bar: 1.1,
    }),
    close: async () => {
      rmSync(file, { force: true })
      await folder.close()
    },
  }
}

/** Seconds of processor since then: on a machine that is not quiet they tell more than the clock. */
function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return Math.round((user + system) / 10_000) / 100
}

type Store = Awaited<ReturnType<typeof prepared>>

/** A fresh store in which every second person of the file is, with an entry in the ledger. */
async function prepared(lines: number): Promise<Awaited<ReturnType<typeof openStore>>> {
  const store = await openStore()
  const { app, shop } = store
  const now = app.clock.now()
  for (let at = 0; at < lines; at += 20_000) {
    const people = Array.from({ length: Math.min(20_000, lines - at) }, (_, i) => at + i).filter((i) => i % 2 === 1)
    await app.db.transaction(async () => {
      const rows = people.map((i) => {
        const email = emailOf(i)
        return { shopId: shop.id, id: newId(now), email, emailKey: email, addressHash: addressHash(app.settings.keys, shop.id, email), firstName: 'Before', lastName: null, country: 'US', source: 'shopify', ordersCount: 0, totalSpent: 0, createdAt: now, updatedAt: now }
      })
      await insertAll(app.db, subscribers, rows)
      await recordConsent(app, shop.id, rows.map((row) => ({ subscriberId: row.id, purpose: 'email_marketing' as const, act: 'confirmed' as const, basis: 'express_confirmed' as const, method: 'double_opt_in' as const, source: 'bench', occurredAt: now })))
    })
  }
  await app.db.raw('pragma wal_checkpoint(truncate)')
  return store
}

async function importOnce(file: string, lines: number): Promise<{ seconds: number; peakMb: number; parts: Record<string, number> }> {
  const store = await prepared(lines)
  const { app, shop } = store
  const parts: Record<string, number> = {}
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const from = performance.now()
    try {
      return await work()
    } finally {
      parts[name] = Math.round((performance.now() - from) / 10) / 100
    }
  }
  const importId = await timed('upload_seconds', () => upload(app, shop.id, { name: 'list.csv', kind: 'people' }, createReadStream(file), null))
  const row = (await importById(app, shop.id, importId))!
  await askForComparison(app, shop.id, importId, '1', { mapping: { ...(row.mapping as { columns: [] }), tags: [], consent: 'record' }, origin: 'other_tool', attested: true })
  await timed('compare_seconds', () => compareImport(app, { shopId: shop.id, importId }))
  await startImport(app, shop.id, importId)
  const entries = await app.db.$count(consentEntries)
  globalThis.gc?.()
  const memory = watchPeak()
  const cpu = process.cpuUsage()
  await timed('run_seconds', () => runImport(app, { shopId: shop.id, importId }))
  parts.run_cpu_seconds = cpuSince(cpu)
  const peakMb = memory.stop()
  const there = Math.floor(lines / 2)
  check((await importById(app, shop.id, importId))?.state, 'done')
  check(await app.db.$count(subscribers), lines)
  check(await app.db.$count(importChanges, eq(importChanges.importId, importId)), lines)
  check((await app.db.$count(consentEntries)) - entries, lines - there)
  check((await app.db.select({ seq: shops.consentSeq }).from(shops).where(eq(shops.id, shop.id)))[0]?.seq, lines)
  check(await app.db.$count(imports, eq(imports.state, 'done')), 1)
  await store.close()
  return { seconds: parts.run_seconds!, peakMb, parts }
}

/** The highest resident memory of this process until it is stopped. */
function watchPeak(): { stop(): number } {
  let peak = process.memoryUsage.rss()
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50)
  return {
    stop: () => {
      clearInterval(timer)
      return Math.round(Math.max(peak, process.memoryUsage.rss()) / 2 ** 20)
    },
  }
}

async function upsertLoop(db: Database.Database, { shop, app }: Store, file: string): Promise<void> {
  const statement = db.prepare(`insert into subscribers (shop_id, id, email, email_key, address_hash, first_name, last_name, country, source, orders_count, total_spent, created_at, updated_at)
    values (?, ?, ?, ?, ?, ?, ?, ?, 'import', 0, 0, ?, ?)
    on conflict (shop_id, email_key) do update set first_name = excluded.first_name, last_name = excluded.last_name, country = excluded.country, updated_at = excluded.updated_at`)
  const write = db.transaction((rows: string[][]) => {
    const now = app.clock.now()
    for (const [email = '', first, last, country] of rows)
      statement.run(shop.id, newId(now), email, email.toLowerCase(), addressHash(app.settings.keys, shop.id, email), first, last, country, now.getTime(), now.getTime())
  })
  let rows: string[][] = []
  await pipeline(createReadStream(file), parse({ from_line: 2 }), async (records: AsyncIterable<string[]>) => {
    for await (const record of records) {
      rows.push(record)
      if (rows.length < 1000) continue
      write(rows)
      rows = []
    }
  })
  write(rows)
}

const emailOf = (i: number): string => `person.${((i * 7919) % 10_000_019).toString(36)}.${i}@example.org`

/** As a spreadsheet writes it: quoted where it must be, and in an order that has nothing to do with the addresses. */
async function writeFile(path: string, lines: number): Promise<void> {
  const step = 611_953 // a prime that divides no number of lines below it, so that each line comes once
  await pipeline(
    Readable.from(
      (function* () {
        yield 'Email,First Name,Last Name,Country,Company,City,Notes\n'
        for (let n = 0; n < lines; n += 1000) {
          let text = ''
          for (let k = n; k < Math.min(lines, n + 1000); k++) {
            const i = (k * step) % lines
            text += `${emailOf(i)},First${i},"O'Last, ${i}",${['US', 'DE', 'FR'][i % 3]},Company number ${i % 1000},"Portland, OR","bought ${i % 40} times, likes ""pot ${i}"""\n`
          }
          yield text
        }
      })(),
    ),
    createWriteStream(path),
  )
}

function check(found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(`found ${String(found)} where ${String(wanted)} must be`)
}
