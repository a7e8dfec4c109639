import { and, eq, getTableColumns, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { standingSql } from '../consent/mailable.ts'
import { lockRows } from '../db/open.ts'
import { batches, deliveries, messages, shopSettings, subscribers } from '../db/schema.ts'
import type { MailProvider } from '../mail/provider.ts'
import { batchPlan } from './batch-plan.ts'

/**
 * Writes the audience of a message: one row for each person of the shop, in or out (`excluded`, with the first rule that decided),
 * in one statement. `where` is the segment, correlated to `subscribers`; null means everybody. From now on nobody joins, and
 * whoever leaves the segment stays. Freezing twice changes nothing. The message must be there, with the way it leaves: those who are in
 * are numbered into batches in the order of their ids (`batchSize` people each, but never more than `most`), and follow their batch.
 * @returns how many rows the message has afterwards, and how many of them are in.
 */
export async function freeze(
  app: Pick<App, 'db' | 'mail' | 'clock'>,
  shopId: string,
  messageId: string,
  where: SQL | null,
  most = Infinity,
): Promise<{ everybody: number; audience: number }> {
  return app.db.transaction(async () => {
    // Whoever forgets or merges a person locks the same row first (subscribers/): a person is frozen before that, and found, or after it, and not there.
    await lockRows(app.db.select({ shopId: shopSettings.shopId }).from(shopSettings).where(eq(shopSettings.shopId, shopId)))
    const [message] = await app.db.select({ way: messages.way, at: messages.createdAt }).from(messages).where(and(eq(messages.shopId, shopId), eq(messages.id, messageId)))
    const ours = and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, messageId))
    if (message && (await app.db.select({ id: deliveries.subscriberId }).from(deliveries).where(ours).limit(1)).length === 0)
      await write(app, shopId, messageId, where, message.at, Math.min(batchSize(app.mail, message.way), most))
    const [counts] = await app.db
      .select({ everybody: sql`count(*)`.mapWith(Number), out: sql`count(case when ${deliveries.state} = 'excluded' then 1 end)`.mapWith(Number) })
      .from(deliveries)
      .where(ours)
    return { everybody: counts?.everybody ?? 0, audience: (counts?.everybody ?? 0) - (counts?.out ?? 0) }
  })
}

/**
 * How many people make a batch: about two seconds of the provider's pace, so that pausing bites at once. In the shared way never more than
 * the provider takes in a call. In the individual way two batches are under way at a time, so each is a second's worth. When a process dies
 * they are in doubt; where only a person can settle that (no evidence) there is one, and it is small.
 */
export function batchSize({ shared, limits, evidence }: Pick<MailProvider, 'shared' | 'limits' | 'evidence'>, way: 'shared' | 'individual'): number {
  if (way === 'shared') return Math.max(1, Math.min(shared?.most ?? 1, Math.ceil(limits.perSecond * 2), 1_000))
  const most = evidence === 'none' ? Math.max(limits.lanes, 50) : 500
  return Math.max(1, Math.min(Math.max(Math.ceil(limits.perSecond), limits.lanes), most))
}

async function write(app: Pick<App, 'db' | 'clock'>, shopId: string, messageId: string, where: SQL | null, at: Date, size: number): Promise<void> {
  const standing = sql`case when trim(${subscribers.email}) = '' then 'no_address' else ${standingSql(shopId, app.clock.now())} end`
  const reason = where ? sql`case when (${where}) then ${standing} else 'not_in_segment' end` : standing
  const everybody = app.db
    .select({ id: subscribers.id, email: subscribers.email, reason: reason.as('reason') })
    .from(subscribers)
    .where(eq(subscribers.shopId, shopId))
    .orderBy(subscribers.id)
    .limit(2 ** 31 - 1) // keeps SQLite from working the reason out anew for each column that uses it
    .as('everybody')
  const isIn = sql`${everybody.reason} is null`
  const before = sql`sum(case when ${isIn} then 1 else 0 end) over (order by ${everybody.id} rows between unbounded preceding and current row)`
  const batch = sql`case when ${isIn} then cast((${before} - 1) / ${size} as integer) end`
  const given: Record<string, SQL> = {
    shopId: sql`${shopId}`, messageId: sql`${messageId}`, subscriberId: sql`${everybody.id}`, email: sql`${everybody.email}`, batch,
    state: sql`case when ${isIn} then null else 'excluded' end`, reason: sql`${everybody.reason}`, attempts: sql`0`,
    createdAt: sql`${sql.param(at, deliveries.createdAt)}`, updatedAt: sql`${sql.param(at, deliveries.updatedAt)}`,
  }
  // In the order of the schema, with nothing in what nothing is known of: so a new column needs no care here.
  const columns = Object.entries(getTableColumns(deliveries)).map(([key, { name }]) => [key, (given[key] ?? sql`null`).as(name)] as const)
  await app.db.insert(deliveries).select(app.db.select(Object.fromEntries(columns) as never).from(everybody).where(sql`true`) as never)
  await app.db.insert(batches).select(batchPlan(shopId, messageId, size, at) as never)
}
