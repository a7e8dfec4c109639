import { and, eq, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { standingSql } from '../consent/mailable.ts'
import { deliveries, messages, subscribers } from '../db/schema.ts'

/**
 * Writes the audience of a message: one row for each person of the shop, in (`pending`) or out (`excluded`, with the first
 * rule that decided), in one statement. `where` is the segment, correlated to `subscribers`; null means everybody. From now on
 * nobody joins, and whoever leaves the segment stays. Freezing twice changes nothing. The message must be there.
 * @returns how many rows the message has afterwards, and how many of them are in.
 */
export async function freeze(app: Pick<App, 'db'>, shopId: string, messageId: string, where: SQL | null): Promise<{ everybody: number; audience: number }> {
  const standing = sql`case when trim(${subscribers.email}) = '' then 'no_address' else ${standingSql(shopId)} end`
  const reason = where ? sql`case when (${where}) then ${standing} else 'not_in_segment' end` : standing
  const people = app.db
    .select({ id: subscribers.id, email: subscribers.email, frozenAt: messages.createdAt, reason: reason.as('reason') })
    .from(subscribers)
    .innerJoin(messages, and(eq(messages.shopId, subscribers.shopId), eq(messages.id, messageId)))
    .where(eq(subscribers.shopId, shopId))
    .as('people')
  const nothing = sql`null`
  await app.db
    .insert(deliveries)
    .select(
      app.db
        .select({
          shopId: sql<string>`${shopId}`.as('shop_id'),
          messageId: sql<string>`${messageId}`.as('message_id'),
          subscriberId: people.id,
          email: people.email,
          state: sql<string>`case when ${people.reason} is null then 'pending' else 'excluded' end`.as('state'),
          reason: people.reason as unknown as SQL.Aliased<string>,
          attempts: sql<number>`0`.as('attempts'),
          claimedBy: nothing.as('claimed_by'),
          leaseUntil: nothing.as('lease_until'),
          nextAt: nothing.as('next_at'),
          requestId: nothing.as('request_id'),
          postedAt: nothing.as('posted_at'),
          acceptedAt: nothing.as('accepted_at'),
          providerId: nothing.as('provider_id'),
          outcome: nothing.as('outcome'),
          outcomeAt: nothing.as('outcome_at'),
          createdAt: people.frozenAt,
          updatedAt: sql<Date>`${people.frozenAt}`.as('updated_at'),
        } as never)
        .from(people)
        .where(sql`true`) as never,
    )
    .onConflictDoNothing()
  const [counts] = await app.db
    .select({ everybody: sql`count(*)`.mapWith(Number), audience: sql`coalesce(sum(case when ${deliveries.state} = 'excluded' then 0 else 1 end), 0)`.mapWith(Number) })
    .from(deliveries)
    .where(and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, messageId)))
  return { everybody: counts?.everybody ?? 0, audience: counts?.audience ?? 0 }
}
