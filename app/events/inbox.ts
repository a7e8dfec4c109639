import { and, eq, inArray, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { isPostgres } from '../db/columns.ts'
import { createGroups } from '../db/groups.ts'
import { insertBound } from '../db/insert-bound.ts'
import { skipLocked } from '../db/open.ts'
import { inbox } from '../db/schema.ts'
import { nextAttempt } from '../jobs/retry.ts'
import { HOUR, MINUTE, after } from '../lib/clock.ts'

export interface Delivery {
  source: 'shopify'
  /** The sender's own id of this delivery: the same when it is sent again. */
  deliveryId: string
  shopDomain: string
  topic: string
  body: string
  triggeredAt: Date
}
export type Waiting = typeof inbox.$inferSelect

export interface Intake {
  /**
   * Keeps a delivery durably; after this the sender may forget it. One that is there already changes nothing. Throws `busy` (503)
   * when it cannot tell within a second and a half, or when too many wait: the sender comes again. Never call it in a transaction.
   */
  keep(delivery: Delivery): Promise<void>
  /** Keeps what has been handed over, and nothing more. */
  close(): Promise<void>
}

/**
 * Deliveries that come together are kept together: one commit for all of them, then each sender gets its answer.
 * @param store `storeDeliveries`, here or in another thread.
 */
export function createIntake(store: (group: Delivery[]) => Promise<unknown>): Intake {
  const groups = createGroups<Delivery>(async (group) => void (await store(group)), { most: 500, room: 5_000, patience: 1_500 })
  return { keep: (delivery) => groups.add(delivery), close: () => groups.close() }
}

/** Keeps all of these deliveries, or throws and keeps none. Those that are there already stay as they are. */
export async function storeDeliveries(app: Pick<App, 'db' | 'clock' | 'queue'>, group: Delivery[]): Promise<void> {
  const now = app.clock.now()
  const rows = group.map((d) => [d.source, d.deliveryId, d.shopDomain, d.topic, d.body, d.triggeredAt, now, 'waiting', now, 0])
  await app.db.transaction(async () => {
    await insertBound(app.db, inbox, columns, rows)
    if (!isPostgres) await askForWork(app)
  })
  // A worker that takes the waiting job before we commit would not see these rows. SQLite has one writer, so there the job may
  // stand in the same commit; here it follows, and if it gets lost, the rows are found within a minute (recover.ts).
  if (isPostgres) await askForWork(app)
}
const columns = ['source', 'delivery_id', 'shop_domain', 'topic', 'body', 'triggered_at', 'received_at', 'state', 'next_at', 'attempts']

/** Asks for a look at what is due in the inbox. What is to be done stands in the rows: the job carries nothing. */
export async function askForWork(app: Pick<App, 'queue'>, at?: Date): Promise<void> {
  await app.queue.add('inbox.work', {}, at ? { key: `at ${Math.ceil(at.getTime() / 1000)}`, at } : { key: 'now' })
}

/**
 * Takes what is due, what waits longest first, and answers it in the order in which it happened. It comes back by itself when nobody has ended it after `lease`: so a worker that dies loses
 * nothing, and two workers share what there is.
 */
export async function takeDue(app: Pick<App, 'db' | 'clock'>, most: number): Promise<Waiting[]> {
  const now = app.clock.now()
  const due = and(eq(inbox.state, 'waiting'), sql`${inbox.nextAt} <= ${sql.param(now, inbox.nextAt)}`)
  const oldest = app.db.select({ source: inbox.source, id: inbox.deliveryId }).from(inbox).where(due).orderBy(inbox.nextAt, inbox.triggeredAt, inbox.deliveryId)
  const some = skipLocked(oldest.limit(most))
  const taken = await app.db
    .update(inbox)
    .set({ nextAt: after(now, lease) })
    .where(and(sql`(${inbox.source}, ${inbox.deliveryId}) in ${some}`, due))
    .returning()
  return taken.sort((a, b) => a.triggeredAt.getTime() - b.triggeredAt.getTime() || (a.deliveryId < b.deliveryId ? -1 : 1))
}
const lease = 10 * MINUTE

/** Work on these was put off until a time; it is no failed attempt. */
export async function putOff(app: Pick<App, 'db' | 'queue'>, list: Waiting[], at: Date): Promise<void> {
  if (list.length === 0) return
  await app.db.update(inbox).set({ nextAt: at }).where(stillWaiting(list))
  await askForWork(app, at)
}

/** Work on this failed: again later, as a failed job would be, and every five hours when nothing helps. Answers when. */
export async function noteFailure(app: Pick<App, 'db' | 'clock' | 'queue'>, delivery: Waiting, error: unknown): Promise<Date> {
  const now = app.clock.now()
  const attempts = delivery.attempts + 1
  const at = nextAttempt(error, attempts, now) ?? after(now, 5 * HOUR)
  await app.db.update(inbox).set({ attempts, nextAt: at }).where(stillWaiting([delivery]))
  await askForWork(app, at)
  return at
}

/**
 * Ends deliveries and answers the ids of those that were still waiting: the others were ended by somebody else. What they said is
 * blanked: it may hold personal data, and everything of use is stored elsewhere by now, or in this same transaction.
 */
export async function closeDeliveries(app: Pick<App, 'db' | 'clock'>, list: Waiting[], state: 'done' | 'ignored' | 'failed', note: string | null = null): Promise<Set<string>> {
  if (list.length === 0) return new Set()
  const closed = await app.db.update(inbox).set({ state, note, doneAt: app.clock.now(), nextAt: null, body: '' }).where(stillWaiting(list)).returning({ id: inbox.deliveryId })
  return new Set(closed.map((row) => row.id))
}

/** Deliveries of one source. */
const stillWaiting = (list: Waiting[]): ReturnType<typeof and> =>
  and(eq(inbox.source, list[0]!.source), inArray(inbox.deliveryId, list.map((delivery) => delivery.deliveryId)), eq(inbox.state, 'waiting'))
