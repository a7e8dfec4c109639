import { AsyncLocalStorage } from 'node:async_hooks'
import { and, desc, eq, inArray, lte, sql } from 'drizzle-orm'
import { PgBoss } from 'pg-boss'
import { jobs } from '../db/schema.ts'
import { skipLocked, type Db } from '../db/open.ts'
import type { Clock } from '../lib/clock.ts'
import { newId } from '../lib/ids.ts'
import type { Logger } from '../lib/log.ts'
import type { JobKind } from './kinds.ts'
import { createLanes } from './lanes.ts'
import { describeFault, nextAttempt, runJob } from './retry.ts'
import type { AddOptions, Handlers, Queue } from './queue.ts'

interface Carried {
  kind: string
  payload: unknown
  attempts: number
}
const name = 'work'
const pause = 500

/**
 * The queue of a PostgreSQL installation. pg-boss hands out what is due: its statements run on our connections, so that a
 * job joins the caller's transaction. What has a time waits in the jobs table by our clock until it is due (pg-boss knows
 * only the database's clock, and the simulator moves ours); so do the next attempt of a failed job, and what gave up.
 */
export function pgBossQueue({ db, clock, log }: { db: Db; clock: Clock; log: Logger }): Queue {
  const boss = new PgBoss({
    db: { executeSql: async (text: string, values?: unknown[]) => ({ rows: (await db.raw(text, values ?? [])) ?? [] }) },
    schedule: false,
  })
  boss.on('error', (error) => log.error({ err: error }, 'pg-boss reported a fault'))
  boss.on('warning', () => undefined)
  const outside = AsyncLocalStorage.snapshot() // opening begins and commits by itself: never in the transaction of whoever adds first
  let opened: Promise<unknown> | null = null
  const open = (): Promise<unknown> =>
    (opened ??= outside(async () => {
      await boss.start()
      // 'short': one waiting job a key, any number running. A worker that dies is noticed by its missing heartbeat.
      await boss.createQueue(name, { policy: 'short', retryLimit: 100, retryDelay: 1, expireInSeconds: 3600, heartbeatSeconds: 60 })
    }))

  const turns = createLanes(log, pause)

  const send = (carried: Carried, key: string | null): Promise<unknown> =>
    boss.send(name, carried, { singletonKey: key ? `${carried.kind}:${key}` : newId(clock.now()) })

  /** Moves what has become due from the jobs table into pg-boss, each exactly once. */
  const promote = (): Promise<void> =>
    db.transaction(async () => {
      const due = and(eq(jobs.state, 'ready'), lte(jobs.runAt, clock.now()))
      const some = skipLocked(db.select({ id: jobs.id }).from(jobs).where(due).orderBy(jobs.runAt, jobs.id).limit(200))
      const moved = await db.delete(jobs).where(and(inArray(jobs.id, some), due)).returning()
      for (const job of moved.sort((a, b) => a.runAt.getTime() - b.runAt.getTime()))
        await send({ kind: job.kind, payload: job.payload, attempts: job.attempts }, job.uniqueKey)
    })

  const work = async (handlers: Handlers, id: string, carried: Carried): Promise<unknown> => {
    const beat = setInterval(() => void boss.touch(name, id).catch(() => undefined), 15_000)
    try {
      await runJob(handlers, carried.kind, carried.payload)
      await boss.deleteJob(name, id)
      return null
    } catch (error) {
      const attempts = carried.attempts + 1
      const now = clock.now()
      const at = nextAttempt(error, attempts, now)
      log[at ? 'warn' : 'error']({ job: carried.kind, attempts, err: error }, at ? 'a job failed and will be tried again' : 'a job gave up')
      await db.transaction(async () => {
        await db.insert(jobs).values({
          id: newId(now), kind: carried.kind, payload: carried.payload, uniqueKey: null, state: at ? 'ready' : 'failed', runAt: at ?? now, attempts,
          lastError: describeFault(error), createdAt: now,
        })
        await boss.deleteJob(name, id)
      })
      return error
    } finally {
      clearInterval(beat)
    }
  }

  return {
    async open() {
      await open()
    },

    async add<K extends JobKind>(kind: K, payload: unknown, options: AddOptions = {}) {
      const now = clock.now()
      if (options.at && options.at > now) {
        await db
          .insert(jobs)
          .values({ id: newId(now), kind, payload, uniqueKey: options.key ?? null, state: 'ready', runAt: options.at, attempts: 0, createdAt: now })
          .onConflictDoUpdate({ target: [jobs.kind, jobs.uniqueKey], set: { runAt: sql`excluded.run_at` }, setWhere: sql`${jobs.runAt} > excluded.run_at` })
        return
      }
      await open()
      await send({ kind, payload, attempts: 0 }, options.key ?? null)
      turns.wake()
    },

    async start(handlers, lanes = 4) {
      await open()
      turns.start(async (free) => {
        await promote()
        const batch = free > 0 ? await boss.fetch<Carried>(name, { batchSize: free }) : []
        return batch.map((job) => () => work(handlers, job.id, job.data))
      }, lanes)
    },

    async stop() {
      await turns.stop()
      if (opened) await boss.stop({ graceful: false, close: false })
      opened = null
    },

    async runDue(handlers, options = {}) {
      await open()
      let count = 0
      for (;;) {
        await promote()
        const [job] = await boss.fetch<Carried>(name, { batchSize: 1 })
        if (!job) return count
        const fault = await work(handlers, job.id, job.data)
        count++
        if (fault && !options.keepGoing) throw fault
      }
    },

    async failed() {
      const rows = await db.select().from(jobs).where(eq(jobs.state, 'failed')).orderBy(desc(jobs.runAt), desc(jobs.id)).limit(100)
      return rows.map((job) => ({ id: job.id, kind: job.kind, error: job.lastError ?? '', at: job.runAt }))
    },
  }
}
