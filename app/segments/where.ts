import { sql, type SQL } from 'drizzle-orm'
import { events, orders } from '../db/schema.ts'
import { after, DAY } from '../lib/clock.ts'
import type { Condition, SegmentRules } from './contract.ts'

/**
 * The people of a segment as one condition, correlated to the table `subscribers` (not aliased). Days are counted back from
 * `now`. Orders that are tests or cancelled never count; opens and clicks count only when a human did them, so an open of
 * which we cannot tell does not count. A person without a known country is in no country.
 */
export function segmentWhere(shopId: string, rules: SegmentRules, now: Date): SQL {
  const parts = rules.conditions.map((condition) => one(shopId, condition, now))
  return sql`(${sql.join(parts, rules.match === 'all' ? sql` and ` : sql` or `)})`
}

function one(shopId: string, condition: Condition, now: Date): SQL {
  switch (condition.kind) {
    case 'bought':
      return did(condition.did, sql`select 1 from orders o where ${countedOrders(shopId)} and o.processed_at >= ${sql.param(since(now, condition.days), orders.processedAt)}`)
    case 'opened':
    case 'clicked':
      return did(
        condition.did,
        sql`select 1 from events e where e.shop_id = ${shopId} and e.subscriber_id = subscribers.id and e.at >= ${sql.param(since(now, condition.days), events.at)} and e.kind = ${condition.kind} and e.verdict = 'human'`,
      )
    case 'country': {
      const codes = sql.join(condition.countries.map((code) => sql`${code.toUpperCase()}`), sql`, `)
      return condition.is ? sql`upper(coalesce(subscribers.country, '')) in (${codes})` : sql`upper(coalesce(subscribers.country, '')) not in (${codes})`
    }
    case 'tag': // Shopify's tags do not tell capital letters apart
      return did(condition.has, sql`select 1 from subscriber_tags t where t.shop_id = ${shopId} and t.subscriber_id = subscribers.id and (t.tag = ${condition.tag} or lower(t.tag) = lower(${condition.tag}))`)
    case 'orders_count':
      return sql`(select count(*) from orders o where ${countedOrders(shopId)}) ${operators[condition.op]} ${condition.value}`
    case 'total_spent':
      return sql`(select coalesce(sum(o.total), 0) from orders o where ${countedOrders(shopId)}) ${operators[condition.op]} ${condition.value}`
  }
}

const did = (yes: boolean, query: SQL): SQL => (yes ? sql`exists (${query})` : sql`not exists (${query})`)
const countedOrders = (shopId: string): SQL => sql`o.shop_id = ${shopId} and o.subscriber_id = subscribers.id and not o.test and o.cancelled_at is null`
const since = (now: Date, days: number): Date => after(now, -days * DAY)
const operators = { at_least: sql`>=`, at_most: sql`<=`, exactly: sql`=` }
