import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { insertAll } from '../../app/db/insert-all.ts'
import { migrate } from '../../app/db/migrate.ts'
import { openDatabase } from '../../app/db/open.ts'
import { events } from '../../app/db/schema.ts'
import { newId } from '../../app/lib/ids.ts'
import type { OpenBench } from '../bench.ts'

type Row = typeof events.$inferInsert

/**
 * One `insertAll` of 100,000 events (eleven columns, a key and four indexes) against a statement of better-sqlite3, prepared
 * once and run for each row in one transaction. Both on a fresh copy of the same migrated file, both with synchronous=FULL.
 */
export const open: OpenBench = async ({ recipients }) => {
  const count = recipients ?? 100_000
  const folder = mkdtempSync(join(tmpdir(), 'homing-bench-'))
  const empty = join(folder, 'empty.db')
  const first = openDatabase(`file:${empty}`)
  await migrate(first)
  await first.raw('pragma wal_checkpoint(truncate)')
  await first.close()
  const rows = makeRows(count)
  let turn = 0
  const fresh = (): string => {
    const file = join(folder, `turn-${turn++}.db`)
    copyFileSync(empty, file)
    return file
  }
  const gone = (file: string): void => ['', '-wal', '-shm'].forEach((end) => rmSync(file + end, { force: true }))
  return {
    unit: 'rows',
    bar: 0.6,
    async limit() {
      const file = fresh()
      const db = new Database(file)
      for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON', 'mmap_size = 0', 'cache_size = -65536']) db.pragma(pragma)
      const from = performance.now()
      const statement = db.prepare('insert into events (shop_id, id, kind, subscriber_id, message_id, verdict, link_no, detail, at, day, dedupe_key) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      db.transaction(() => {
        for (const r of rows) statement.run(r.shopId, r.id, r.kind, r.subscriberId, r.messageId, r.verdict, r.linkNo, null, r.at.getTime(), r.day, r.dedupeKey)
      })()
      const seconds = (performance.now() - from) / 1000
      check(db.prepare('select count(*) from events').pluck().get(), count)
      db.close()
      gone(file)
      return count / seconds
    },
    async product() {
      const file = fresh()
      const db = openDatabase(`file:${file}`)
      const from = performance.now()
      const written = await insertAll(db, events, rows)
      const seconds = (performance.now() - from) / 1000
      check(written, count)
      check(await db.$count(events), count)
      await db.close()
      gone(file)
      return count / seconds
    },
    detail: () => ({ rows: count, table: 'events', columns: 11, indexes: 5 }),
    close: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

function makeRows(count: number): Row[] {
  const at = new Date('2026-11-22T10:00:00Z')
  const [shopId, messageId] = [newId(at), newId(at)]
  return Array.from({ length: count }, (_, i) => {
    const subscriberId = newId(at)
    return { shopId, id: newId(at), kind: 'clicked', subscriberId, messageId, verdict: 'human' as const, linkNo: i % 40, detail: null, at, day: '2026-11-22', dedupeKey: `c:${messageId}:${subscriberId}:${i % 40}` }
  })
}

function check(found: unknown, count: number): void {
  if (found !== count) throw new Error(`${String(found)} rows were written, not ${count}`)
}
