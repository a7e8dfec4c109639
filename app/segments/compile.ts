import { sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { endsBefore } from '../consent/standing.ts'
import { isPostgres } from '../db/columns.ts'
import { after, DAY } from '../lib/clock.ts'
import type { Shop } from '../shops/shops.ts'
import { conditionSql, instant, member, type Asking } from './conditions.ts'
import { resolve, type Resolved } from './resolve.ts'
import type { Rule, SegmentRules } from './rules.ts'
import { spanOf } from './when.ts'

type Asked = Pick<Shop, 'id' | 'timezone'>

/**
 * The people of a segment as one condition, correlated to the table `subscribers` (not aliased): true for those who are in, false or null
 * for all others (so never wrap it in `not`; `case when` and `where` are right). Throws 409 when the rules speak of what is not there any more.
 */
export async function compileSegment(app: Pick<App, 'db' | 'clock'>, shop: Asked, rules: SegmentRules, now = app.clock.now()): Promise<SQL> {
  return everybodySql(rules, await askingOf(app, shop, [rules], now))
}

/** What several segments are compiled with, looked up once; about everybody. */
export async function askingOf(app: Pick<App, 'db' | 'clock'>, shop: Asked, all: SegmentRules[], now = app.clock.now()): Promise<Asking> {
  return asking(shop, await resolve(app, shop.id, all), now)
}

/** The same about one person. */
export const aboutOne = (a: Asking): Asking => ({ ...a, one: true })

export function asking(shop: Asked, resolved: Resolved, now: Date): Asking {
  const day = (from: string, to: string) => spanOf({ kind: 'between', from, to }, now, shop.timezone)
  return {
    shopId: shop.id,
    zone: shop.timezone,
    resolved,
    one: false,
    ago: (days) => instant(after(now, -days * DAY)),
    dayBegins: (from) => instant(day(from, from).from!),
    dayEnds: (to) => instant(day(to, to).to!),
    lawEnds: () => instant(endsBefore(now)),
  }
}

/** Rules as a condition about everybody. Where nothing leads to few people, SQLite is told to read them in the order in which they lie. */
export const everybodySql = (rules: SegmentRules, a: Asking): SQL => (isPostgres || leads(rules, true, a) ? ruleSql(rules, true, a) : sql`(subscribers.id > '' and ${ruleSql(rules, true, a)})`)

/** The ids of exactly the people who fit, each once, when the rules are one condition that is a set of people; null for all other rules. */
export function peopleSet(rules: SegmentRules, a: Asking): SQL | null {
  let only: Rule = rules
  while (only.kind === 'group' && only.match !== 'none' && only.rules.length === 1) only = only.rules[0]!
  let set: SQL | null = null
  if (only.kind !== 'group') ruleSql(only, true, { ...a, found: (one) => (set = one) })
  return only.kind === 'segment' && a.resolved.segments.get(only.segmentId)?.rules ? null : set
}

/** Does an index lead to the people who fit (a set, or who bought, opened or clicked by when)? */
function leads(rule: Rule, yes: boolean, a: Asking): boolean {
  if (rule.kind === 'group') {
    const [each, all] = rule.match === 'none' ? [!yes, yes] : [yes, (rule.match === 'all') === yes]
    return all ? rule.rules.some((inner) => leads(inner, each, a)) : rule.rules.every((inner) => leads(inner, each, a))
  }
  switch (rule.kind) {
    case 'tag':
      return rule.has === yes
    case 'signed_up':
    case 'bought':
    case 'opened':
    case 'clicked':
      return rule.did === yes
    case 'got':
      return rule.did === yes && rule.campaignId !== null
    case 'orders':
      return yes ? rule.op !== 'at_most' && rule.value > 0 : rule.op === 'at_most'
    case 'spent':
      return yes ? rule.op === 'at_least' && rule.value > 0 : rule.op === 'at_most'
    case 'first_order':
    case 'last_order':
      return yes
    case 'buyer_group':
      return rule.is === yes
    case 'field':
      return (rule.op !== 'is_not' && rule.op !== 'unknown') === yes
    case 'segment': {
      const inner = a.resolved.segments.get(rule.segmentId)!
      return inner.rules ? leads(inner.rules, rule.in === yes, a) : rule.in === yes
    }
    default:
      return false
  }
}

/** A tree, or its opposite. `not` is carried down to the conditions, which know what it means for those of whom nothing is known. */
export function ruleSql(rule: Rule, yes: boolean, a: Asking): SQL {
  if (rule.kind === 'group') {
    const [each, all] = rule.match === 'none' ? [!yes, yes] : [yes, (rule.match === 'all') === yes]
    const parts = rule.rules.map((inner) => ruleSql(inner, each, a))
    return sql`(${sql.join(parts, all ? sql` and ` : sql` or `)})`
  }
  if (rule.kind !== 'segment') return sql`(${conditionSql(rule, yes, a)})`
  const is = rule.in === yes
  const inner = a.resolved.segments.get(rule.segmentId)!
  if (inner.rules) return ruleSql(inner.rules, is, a)
  return inStoreSegment(a, is, rule.segmentId)
}

/** The people of a segment of the store's own, as last read; correlated like the others. */
export const storeSegmentSql = (shopId: string, segmentId: string, one = false): SQL => inStoreSegment({ shopId, one }, true, segmentId)

const inStoreSegment = (a: Pick<Asking, 'shopId' | 'one' | 'found'>, yes: boolean, segmentId: string): SQL =>
  member(a, yes, { who: sql`m.subscriber_id`, from: sql`segment_members m`, where: sql`m.shop_id = ${a.shopId} and m.segment_id = ${segmentId}`, bound: true })
