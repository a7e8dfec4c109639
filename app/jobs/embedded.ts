import { and, asc, desc, eq, gt, inArray, lte, or, sql } from 'drizzle-orm'
import { jobs } from '../db/schema.ts'
import type { Db } from '../db/open.ts'
import { MINUTE, after, type Clock } from '../lib/clock.ts'
import { newId } from '../lib/ids.ts'
import type { Logger } from '../lib/log.ts'
import type { JobKind } from './kinds.ts'
import { createLanes } from './lanes.ts'
import { describeFault, nextAttempt, runJob } from './retry.ts'
import type { AddOptions, Handlers, Queue } from './queue.ts'

const lease = 2 * MINUTE // prolonged while the job runs: a worker that dies gives its jobs back this much later
const pause = 250 // milliseconds between looks when nothing woke us

type Job = typeof jobs.$inferSelect

/** The queue of a SQLite installation: rows of the jobs table, taken with a lease. Several processes may take from it. */
export function embeddedQueue({ db, clock, log }: { db: Db; clock: Clock; log: Logger }): Queue {
  const running = new Set<string>()
  const turns = createLanes(log, pause)

  const take = async (limit: number): Promise<Job[]> => {
    const now = clock.now()
    // A lease that ends later than any can was taken while the clock was ahead: it is over.
    const over = or(lte(jobs.leaseUntil, now), gt(jobs.leaseUntil, after(now, 2 * lease)))
    const due = or(and(eq(jobs.state, 'ready'), lte(jobs.runAt, now)), and(eq(jobs.state, 'running'), over))
    const candidates = db.select({ id: jobs.id }).from(jobs).where(due).orderBy(asc(jobs.runAt), asc(jobs.id)).limit(limit + running.size)
    const taken = await db
      .update(jobs)
      .set({ state: 'running', leaseUntil: after(now, lease), uniqueKey: null }) // the next of this key may wait behind it
      .where(and(inArray(jobs.id, candidates), due))
      .returning()
    // A clock that jumped can end the lease of a job that still runs here.
    return taken.filter((job) => !running.has(job.id)).sort((a, b) => a.runAt.getTime() - b.runAt.getTime() || (a.id < b.id ? -1 : 1))
  }

  const work = async (handlers: Handlers, job: Job): Promise<unknown> => {
    const beat = setInterval(() => {
      db.update(jobs).set({ leaseUntil: after(clock.now(), lease) }).where(and(eq(jobs.id, job.id), eq(jobs.state, 'running'))).catch(() => undefined)
    }, lease / 4)
    try {
      await runJob(handlers, job.kind, job.payload)
      await db.delete(jobs).where(eq(jobs.id, job.id))
      return null
    } catch (error) {
      const attempts = job.attempts + 1
      const at = nextAttempt(error, attempts, clock.now())
      log[at ? 'warn' : 'error']({ job: job.kind, attempts, err: error }, at ? 'a job failed and will be tried again' : 'a job gave up')
      await db
        .update(jobs)
        .set({ state: at ? 'ready' : 'failed', runAt: at ?? clock.now(), attempts, leaseUntil: null, lastError: describeFault(error) })
        .where(eq(jobs.id, job.id))
      return error
    } finally {
      clearInterval(beat)
    }
  }

  const run = (handlers: Handlers, job: Job): Promise<unknown> => {
    running.add(job.id)
    return work(handlers, job).finally(() => running.delete(job.id))
  }

  return {
    open: () => Promise.resolve(),

    async add<K extends JobKind>(kind: K, payload: unknown, options: AddOptions = {}) {
      const now = clock.now()
      await db
        .insert(jobs)
        .values({ id: newId(now), kind, payload, uniqueKey: options.key ?? null, state: 'ready', runAt: options.at ?? now, attempts: 0, createdAt: now })
        .onConflictDoUpdate({ target: [jobs.kind, jobs.uniqueKey], set: { runAt: sql`excluded.run_at` }, setWhere: sql`${jobs.runAt} > excluded.run_at` })
      turns.wake()
    },

    async start(handlers, lanes = 4) {
      turns.start(async (free) => (free > 0 ? await take(free) : []).map((job) => () => run(handlers, job)), lanes)
      return Promise.resolve()
    },

    stop: () => turns.stop(),

    async runDue(handlers, options = {}) {
      let count = 0
      for (;;) {
        const [job] = await take(1)
        if (!job) return count
        const fault = await run(handlers, job)
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
