import { and, eq, gt, isNotNull, isNull, lte, ne, or, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { standingSql } from '../consent/mailable.ts'
import { skipLocked } from '../db/open.ts'
import { batches, campaigns, deliveries, shops, subscribers } from '../db/schema.ts'
import { after, HOUR, MINUTE } from '../lib/clock.ts'
import { newId } from '../lib/ids.ts'
import { mayLeave } from '../operations/rests.ts'
import { givenRows, sameRow, type Run } from './run.ts'

/** How long a worker may hold rows. Twice what a batch may take (post.ts), so that only a dead or frozen worker runs out of it. */
export const lease = 2 * MINUTE

/**
 * May what waits go now? What was put off by an answer waits six hours at most (record.ts): a time beyond was set while this machine's
 * clock was ahead. What has never begun may wait for days: that is the plan of a new domain (campaigns/spread.ts).
 */
export const isDue = ({ nextAt, requestId }: typeof deliveries | typeof batches, now: Date): SQL | undefined =>
  or(isNull(nextAt), lte(nextAt, now), and(gt(nextAt, after(now, 7 * HOUR)), isNotNull(requestId)))

/** Is the lease over? One that ends later than any can was taken while this machine's clock was ahead. */
export const leaseOver = (until: typeof deliveries.leaseUntil | typeof batches.leaseUntil, now: Date): SQL | undefined => or(lte(until, now), gt(until, after(now, 2 * lease)))

export interface Claimed {
  subscriberId: string
  email: string
}
export interface Begun extends Claimed {
  requestId: string
  attempts: number
}

/**
 * Takes up to `limit` rows that are due, for this worker alone, in one statement. The guard stands on the outer update too:
 * what another worker took in the meantime is not taken again. Takes nothing while the campaign is not being sent or the app
 * is not installed. No order: everybody is meant.
 */
export async function claim(app: Pick<App, 'db' | 'clock'>, run: Run, worker: string, limit: number): Promise<Claimed[]> {
  const now = app.clock.now()
  const due = and(
    eq(deliveries.shopId, run.shopId),
    eq(deliveries.messageId, run.messageId),
    eq(deliveries.state, 'pending'),
    isDue(deliveries, now),
    mayGo(app, run),
  )
  const some = app.db
    .$with('some')
    .as(skipLocked(app.db.select({ shopId: deliveries.shopId, messageId: deliveries.messageId, subscriberId: deliveries.subscriberId }).from(deliveries).where(due).limit(limit)))
  // A list in front, not `in (select ... limit)`: PostgreSQL may run that once for each row that it considers.
  return app.db
    .with(some)
    .update(deliveries)
    .set({ state: 'claimed', claimedBy: worker, leaseUntil: after(now, lease), nextAt: null, updatedAt: now })
    .from(some)
    .where(and(eq(deliveries.shopId, some.shopId), eq(deliveries.messageId, some.messageId), eq(deliveries.subscriberId, some.subscriberId), stillIn('pending')))
    .returning({ subscriberId: deliveries.subscriberId, email: deliveries.email })
}

/**
 * The last look and the promise, in one statement: rows whose people may still be mailed become `posting` and get the key
 * under which the provider will speak of them, durable before the first byte leaves. A row keeps its key over all attempts, so
 * that news of an earlier one still finds it. The others end as `suppressed` with the reason, or go back when the campaign was
 * paused. @returns the rows that must be posted now.
 */
export async function begin(app: Pick<App, 'db' | 'clock'>, run: Run, worker: string, rows: Claimed[]): Promise<Begun[]> {
  if (rows.length === 0) return []
  const now = app.clock.now()
  const given = givenRows(rows.map(({ subscriberId }) => ({ key: { shopId: run.shopId, messageId: run.messageId, subscriberId }, cells: [newId(now)] })))
  const mine = and(sameRow(given), stillIn('claimed'), eq(deliveries.claimedBy, worker))
  const begun = await app.db
    .update(deliveries)
    .set({
      state: 'posting',
      requestId: sql`coalesce(${deliveries.requestId}, ${given.text(3)})`,
      attempts: sql`${deliveries.attempts} + 1`,
      postedAt: now,
      leaseUntil: after(now, lease),
      updatedAt: now,
    })
    .from(given.from)
    .where(and(mine, mayGo(app, run), sql`${blockedBecause(run, now)} is null`))
    .returning({ subscriberId: deliveries.subscriberId, email: deliveries.email, requestId: deliveries.requestId, attempts: deliveries.attempts })
  if (begun.length < rows.length)
    await app.db
      .update(deliveries)
      .set({
        state: sql`case when ${blockedBecause(run, now)} is null then 'pending' else 'suppressed' end`,
        reason: blockedBecause(run, now),
        claimedBy: null,
        leaseUntil: null,
        updatedAt: now,
      })
      .from(given.from)
      .where(mine)
  return begun as Begun[]
}

/** Gives back what this worker took and did not begin. */
export async function release(app: Pick<App, 'db' | 'clock'>, run: Run, worker: string): Promise<void> {
  await app.db
    .update(deliveries)
    .set({ state: 'pending', claimedBy: null, leaseUntil: null, updatedAt: app.clock.now() })
    .where(and(eq(deliveries.shopId, run.shopId), eq(deliveries.messageId, run.messageId), eq(deliveries.state, 'claimed'), eq(deliveries.claimedBy, worker)))
}

/** The state, in words that no index answers: rows are to be found by their key, one by one, not by reading all in this state. */
const stillIn = (state: 'pending' | 'claimed'): SQL => sql`coalesce(${deliveries.state}, '') = ${state}`

/** True while this message may be sent at all: sending does not rest, the app is installed and, for a campaign, nobody paused or cancelled it. */
export function mayGo(app: Pick<App, 'db'>, run: Run): SQL | undefined {
  const shop = app.db.select({ one: sql`1` }).from(shops).where(and(eq(shops.id, run.shopId), ne(shops.status, 'uninstalled')))
  const campaign = app.db.select({ one: sql`1` }).from(campaigns).where(and(eq(campaigns.shopId, run.shopId), eq(campaigns.id, run.messageId), eq(campaigns.status, 'sending')))
  return and(mayLeave(), sql`exists ${shop}`, run.message.kind === 'campaign' ? sql`exists ${campaign}` : undefined)
}

/**
 * Why the person of a row may not get this message now, or null. A campaign needs consent. A confirmation asks for it, so only
 * a block of the address or the person stops it; it is also how somebody who was forgotten comes back. A test goes to an address and was checked when it was queued.
 */
function blockedBecause(run: Run, now: Date): SQL<string | null> {
  if (run.message.kind === 'test') return sql<string | null>`cast(null as text)`
  const standing = standingSql(run.shopId, now)
  const reason = run.message.kind === 'campaign' ? standing : sql`case when ${standing} in ('suppressed', 'bounced', 'complained', 'restricted') then ${standing} end`
  // '' stands for "nothing against it", so that a person who is not there any more can be told apart.
  const found = sql`(select coalesce(${reason}, '') from ${subscribers} where ${subscribers.shopId} = ${run.shopId} and ${subscribers.id} = ${deliveries.subscriberId})`
  return sql<string | null>`nullif(coalesce(${found}, 'erased'), '')`
}
