import { eq } from 'drizzle-orm'
import { afterAll, expect, test } from 'vitest'
import { isPostgres } from '../app/db/columns.ts'
import { migrate } from '../app/db/migrate.ts'
import { openDatabase } from '../app/db/open.ts'
import { jobs } from '../app/db/schema.ts'
import { createQueue } from '../app/jobs/index.ts'
import type { Handlers } from '../app/jobs/queue.ts'
import { createLog } from '../app/lib/log.ts'
import { testClock } from './clock.ts'
import { queueBattery } from './contracts/queue.ts'
import { freshDatabase } from './fresh-database.ts'

queueBattery(isPostgres ? 'PostgreSQL (pg-boss)' : 'SQLite (embedded)')

const own = await freshDatabase()
const db = openDatabase(own.url)
afterAll(async () => {
  await db.close()
  await own.drop()
})

test.skipIf(isPostgres)('a job whose worker died is taken by another when the lease is over', async () => {
  await migrate(db)
  const clock = testClock()
  const queue = createQueue({ db, clock, log: createLog('silent') })
  await queue.add('sync.start', { shopId: 'dead' })
  await db.update(jobs).set({ state: 'running', leaseUntil: new Date(clock.now().getTime() + 120_000) }).where(eq(jobs.kind, 'sync.start'))
  let ran = 0
  const work = { 'sync.start': async () => void ran++ } as unknown as Handlers
  expect(await queue.runDue(work)).toBe(0)
  clock.jump(120_000)
  expect(await queue.runDue(work)).toBe(1)
  expect(ran).toBe(1)
})

// pg-boss looks after its own tables with texts of several statements and stops with an error when it does not see what each of them gave.
test.runIf(isPostgres)('a text of several statements gives the rows of all of them', async () => {
  expect(await db.raw('begin; select 1 as one; select 2 as two; commit')).toEqual([{ one: 1 }, { two: 2 }])
})
