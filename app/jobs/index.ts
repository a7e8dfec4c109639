import { isPostgres } from '../db/columns.ts'
import type { Db } from '../db/open.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { embeddedQueue } from './embedded.ts'
import { pgBossQueue } from './pg-boss.ts'
import type { Queue } from './queue.ts'

/** SQLite: our small engine over the jobs table. PostgreSQL: pg-boss. The same promises, held by one battery of tests. */
export function createQueue(base: { db: Db; clock: Clock; log: Logger }): Queue {
  return isPostgres ? pgBossQueue(base) : embeddedQueue(base)
}
