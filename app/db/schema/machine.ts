import { bool, index, int, json, table, text, time, uniqueIndex } from '../columns.ts'

// The installation itself, and its work.

/** One row: which installation this database belongs to. A restored or copied database is known by it and does not send (operations/fence.ts). */
export const installation = table('installation', {
  id: text().primaryKey(), // 'this'
  /** Drawn anew at each start. Its twin stands outside of the database; who answers at our public address must know it. */
  generation: text().notNull(),
  /** Last beat; always later than the one before, whatever the clock does. A database whose last beat is older than what its twin or a process has seen went back in time. */
  beatAt: time().notNull(),
  /** Public address at the last start, and where the database itself is (PostgreSQL: database and timeline). */
  address: text().notNull(),
  place: text(),
  /** PostgreSQL: the transaction that wrote this row. A row brought back by a dump was written by another. */
  stamp: text(),
  fencedAt: time(),
  fencedBecause: text(), // operations/contract.ts: fenceCause
  /** Why all sending rests for all processes (operations/contract.ts: restCause), or null. */
  restingBecause: text(),
  cleanStop: bool().notNull(),
  updatedAt: time().notNull(),
})

/** Work that survives a crash, on SQLite and, for work with a time, on PostgreSQL (jobs/). */
export const jobs = table(
  'jobs',
  {
    id: text().primaryKey(),
    kind: text().notNull(),
    payload: json<unknown>().notNull(),
    uniqueKey: text(),
    state: text().$type<'ready' | 'running' | 'failed'>().notNull(),
    runAt: time().notNull(),
    attempts: int().notNull(),
    leaseUntil: time(),
    lastError: text(),
    createdAt: time().notNull(),
  },
  (t) => [uniqueIndex('jobs_key').on(t.kind, t.uniqueKey), index('jobs_due').on(t.state, t.runAt)],
)
