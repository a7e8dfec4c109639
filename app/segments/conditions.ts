import { sql, type SQL } from 'drizzle-orm'
import { isPostgres } from '../db/columns.ts'
import { orders } from '../db/schema.ts'
import { mayMailSql } from './may-mail.ts'
import { marks } from './rfm.ts'
import { fieldNumber, type Resolved } from './resolve.ts'
import type { Condition, Period } from './rules.ts'

/** What one condition is compiled with. */
export interface Asking {
  shopId: string
  zone: string
  resolved: Resolved
  /** True: about one person, who is found first. Then each condition looks at that person's rows instead of making a set of everybody. */
  one: boolean
  /** So many days before the moment of asking, as a parameter. */
  ago(days: number): SQL
  /** The first moment of a day, and of the one after it. */
  dayBegins(day: string): SQL
  dayEnds(day: string): SQL
  /** What began then or before has run out where a law says so (consent/standing.ts). */
  lawEnds(): SQL
  /** Told when a condition about everybody is nothing but being in a set of people who are certainly there: `select` of their ids, each once. */
  found?(set: SQL): void
}
type Of<K extends Condition['kind']> = Extract<Condition, { kind: K }>

/**
 * A condition as SQL, correlated to `subscribers` (not aliased), or its opposite (`yes` false). True for those who fit; for others false or
 * null, so it must not be wrapped in `not`. Segments in segments are compile.ts' own.
 */
export function conditionSql(c: Exclude<Condition, { kind: 'segment' }>, yes: boolean, a: Asking): SQL {
  switch (c.kind) {
    case 'country':
      return oneOf(sql`subscribers.country`, c.countries.flatMap((code) => [code.toUpperCase(), code.toLowerCase()]), c.is === yes)
    case 'language':
      return language(c.languages, c.is === yes)
    case 'source':
      return oneOf(sql`subscribers.source`, c.sources, c.is === yes)
    case 'tag': // Shopify's tags do not tell capital letters apart
      return member(a, c.has === yes, { who: sql`t.subscriber_id`, from: sql`subscriber_tags t`, where: sql`t.shop_id = ${a.shopId} and lower(t.tag) = lower(${c.tag})`, bound: true })
    case 'field':
      return field(c, yes, a)
    case 'joined':
      return at(sql`subscribers.created_at`, c.period, yes, a)
    case 'mailable':
      return mayMailSql(a, c.is === yes)
    case 'consent':
      return oneOf(sql`subscribers.consent_basis`, c.bases, c.is === yes)
    case 'signed_up':
      return member(a, c.did === yes, {
        who: sql`c.subscriber_id`,
        from: sql`consent_entries c`,
        where: sql`c.shop_id = ${a.shopId} and ${c.formId === null ? sql`c.form_id is not null` : sql`c.form_id = ${c.formId}`} and c.method = 'form'${during(sql`c.recorded_at`, c.period, a)}`,
      })
    case 'bought':
      return c.what.kind === 'anything' ? ordered(c.times, c.period, c.did === yes, a) : boughtSome(c, c.did === yes, a)
    case 'orders':
      return ordersCount(c, yes, a)
    case 'spent':
      return spent(c, yes, a)
    case 'first_order':
      return at(sql`subscribers.first_order_at`, c.period, yes, a)
    case 'last_order':
      return at(sql`subscribers.last_order_at`, c.period, yes, a)
    case 'opened':
    case 'clicked':
      return acted(c, c.did === yes, a)
    case 'got':
      return got(c, c.did === yes, a)
    case 'buyer_group':
      return groups(c, c.is === yes, a)
  }
}

/** Rows that make somebody a member: whose they are, from where, which. `atLeast`: a member has so much of `count`, whatever that counts. */
export interface Rows {
  who: SQL
  from: SQL
  where: SQL
  count?: SQL
  atLeast?: SQL
  /** These rows go with their person, so that whoever stands in them is there. */
  bound?: true
}

/**
 * Who has such rows. About everybody SQLite makes the set once and looks people up in it (asked per person it would look into the rows of
 * each); PostgreSQL is asked with `exists`, from which it makes whichever join is best, where `not in` would be a set in memory or nothing.
 */
export function member(a: Pick<Asking, 'one' | 'found'>, yes: boolean, { who, from, where, count, atLeast, bound }: Rows): SQL {
  const not = yes ? sql`` : sql`not `
  if (bound && yes && !a.one) a.found?.(sql`select distinct ${who} from ${from} where ${where}`)
  if (a.one && count) return yes ? sql`(select ${count} from ${from} where ${where} and ${who} = subscribers.id) ${atLeast}` : sql`not coalesce((select ${count} from ${from} where ${where} and ${who} = subscribers.id) ${atLeast}, ${isPostgres ? sql`false` : sql`0`})`
  if (a.one || (isPostgres && !count)) return sql`${not}exists (select 1 from ${from} where ${where} and ${who} = subscribers.id)`
  const set = count ? sql`select ${who} as who from ${from} where ${where} and ${who} is not null group by ${who} having ${count} ${atLeast}` : sql`select ${who} as who from ${from} where ${where} and ${who} is not null`
  return isPostgres ? sql`${not}exists (select 1 from (${set}) counted where counted.who = subscribers.id)` : sql`subscribers.id ${not}in (${set})`
}

function oneOf(column: SQL, values: string[], yes: boolean): SQL {
  const list = sql.join([...new Set(values)].map((value) => sql`${value}`), sql`, `)
  return yes ? sql`${column} in (${list})` : sql`(${column} is null or ${column} not in (${list}))`
}

/** 'de' fits 'de', 'de-AT' and 'de_AT', whatever the letters' size; asked with one look at the beginning for each length of tag. */
function language(languages: string[], yes: boolean): SQL {
  const byLength = Map.groupBy(new Set(languages.map((tag) => tag.toLowerCase().replaceAll('_', '-'))), (tag) => tag.length)
  const fits = [...byLength].map(([length, tags]) => {
    const spellings = tags.flatMap((tag) => [tag, tag.replaceAll('-', '_')]).flatMap((tag) => [tag, `${tag}-`, `${tag}_`])
    return oneOf(sql`lower(substr(subscribers.locale, 1, ${length + 1}))`, spellings, yes)
  })
  return sql`(${sql.join(fits, yes ? sql` or ` : sql` and `)})`
}

/** A time of the person within a period; whoever has no such time fits the opposite. */
function at(column: SQL, period: Period, yes: boolean, a: Asking): SQL {
  if (period.kind === 'ever') return yes ? sql`${column} is not null` : sql`${column} is null`
  const { from, to } = ends(period, a)
  if (yes) return sql`(${sql.join([...(from ? [sql`${column} >= ${from}`] : []), ...(to ? [sql`${column} < ${to}`] : [])], sql` and `)})`
  return sql`(${sql.join([sql`${column} is null`, ...(from ? [sql`${column} < ${from}`] : []), ...(to ? [sql`${column} >= ${to}`] : [])], sql` or `)})`
}

/** The same as a part of the condition of rows: " and x.at >= …", or nothing. */
function during(column: SQL, period: Period, a: Asking): SQL {
  const { from, to } = ends(period, a)
  return sql`${from ? sql` and ${column} >= ${from}` : sql``}${to ? sql` and ${column} < ${to}` : sql``}`
}

function ends(period: Period, a: Asking): { from: SQL | null; to: SQL | null } {
  if (period.kind === 'last') return { from: a.ago(period.days), to: null }
  if (period.kind === 'before') return { from: null, to: a.ago(period.days) }
  if (period.kind === 'between') return { from: a.dayBegins(period.from), to: a.dayEnds(period.to) }
  return { from: null, to: null }
}

/** Orders that count: neither tests nor cancelled. The words are those of the index `orders_counted`. */
const counted = (a: Asking, period: Period): SQL => sql`o.shop_id = ${a.shopId} and not o.test and o.cancelled_at is null${during(sql`o.processed_at`, period, a)}`

/** In at least so many orders, of anything. */
function ordered(times: number, period: Period, yes: boolean, a: Asking): SQL {
  if (period.kind === 'ever') return sql`subscribers.orders_count ${yes ? sql`>=` : sql`<`} ${times}${yes ? bought : sql``}`
  if (times === 1 && period.kind === 'last') return at(sql`subscribers.last_order_at`, period, yes, a)
  if (times === 1 && period.kind === 'before') return at(sql`subscribers.first_order_at`, period, yes, a)
  if (times === 1) return member(a, yes, { who: sql`o.subscriber_id`, from: sql`orders o`, where: counted(a, period) })
  return member(a, yes, { who: sql`o.subscriber_id`, from: sql`orders o`, where: counted(a, period), count: sql`count(*)`, atLeast: sql`>= ${times}` })
}

function ordersCount({ op, value, period }: Of<'orders'>, yes: boolean, a: Asking): SQL {
  const least = (n: number, fits: boolean): SQL => (n <= 0 ? (fits ? always : never) : ordered(n, period, fits, a))
  if (op === 'at_least') return least(value, yes)
  if (op === 'at_most') return least(value + 1, !yes)
  if (value === 0) return least(1, !yes)
  return yes ? sql`(${least(value, true)} and ${least(value + 1, false)})` : sql`(${least(value, false)} or ${least(value + 1, true)})`
}
const always = sql`1 = 1`
const never = sql`1 = 0`
/** Says nothing new of those who ordered or spent something, and lets the index of buyers be read instead of everybody. */
const bought = sql` and subscribers.last_order_at is not null`

function spent({ op, value, period }: Of<'spent'>, yes: boolean, a: Asking): SQL {
  const more = op === 'at_least' ? yes : !yes // true: those with at least (or more than) the sum
  const bound = op === 'at_least' ? value : value + 1 // at most v: not at least v + 1; sums are whole
  if (period.kind === 'ever') return sql`subscribers.total_spent ${more ? sql`>=` : sql`<`} ${bound}${more && bound > 0 ? bought : sql``}`
  const rows: Rows = { who: sql`o.subscriber_id`, from: sql`orders o`, where: counted(a, period), count: sql`sum(o.total)`, atLeast: sql`>= ${bound}` }
  if (bound > 0) return member(a, more, rows)
  return member(a, !more, { ...rows, atLeast: sql`< ${bound}` }) // who bought nothing spent 0
}

/** Some products, or those of a category or vendor. */
function boughtSome({ what, times, period }: Of<'bought'>, yes: boolean, a: Asking): SQL {
  const single = what.kind === 'products' && what.productIds.length === 1
  const among = (column: SQL): SQL => {
    if (what.kind === 'products') return sql`${column} in (${sql.join(what.productIds.map((id) => sql`${id}`), sql`, `)})`
    const named = what.kind === 'category' ? sql`x.product_type = ${what.category}` : what.kind === 'vendor' ? sql`x.vendor = ${what.vendor}` : sql`1 = 1`
    return a.one ? sql`exists (select 1 from products x where x.shop_id = ${a.shopId} and x.id = ${column} and ${named})` : sql`${column} in (select x.id from products x where x.shop_id = ${a.shopId} and ${named})`
  }
  const rollup = { who: sql`p.subscriber_id`, from: sql`purchases p`, bound: true as const }
  const of = sql`p.shop_id = ${a.shopId} and ${among(sql`p.product_id`)}`
  if (times === 1 && period.kind === 'ever') return member(a, yes, { ...rollup, where: of })
  if (times === 1 && period.kind === 'last') return member(a, yes, { ...rollup, where: sql`${of} and p.last_at >= ${a.ago(period.days)}` })
  if (times === 1 && period.kind === 'before') return member(a, yes, { ...rollup, where: sql`${of} and p.first_at < ${a.ago(period.days)}` })
  if (single && period.kind === 'ever') return member(a, yes, { ...rollup, where: sql`${of} and p.orders >= ${times}` })
  return member(a, yes, {
    who: sql`o.subscriber_id`,
    from: sql`order_lines l join orders o on o.shop_id = l.shop_id and o.id = l.order_id`,
    where: sql`l.shop_id = ${a.shopId} and ${among(sql`l.product_id`)} and ${counted(a, period)}`,
    ...(times === 1 ? {} : { count: sql`count(distinct o.id)`, atLeast: sql`>= ${times}` }),
  })
}

/** Opens and clicks that a human did. The words are those of the indexes `events_human` and `events_human_message`. */
function acted({ kind, campaignId, times, period }: Of<'opened'> | Of<'clicked'>, yes: boolean, a: Asking): SQL {
  if (campaignId === null && times === 1 && (period.kind === 'ever' || period.kind === 'last')) return at(kind === 'opened' ? sql`subscribers.last_open_at` : sql`subscribers.last_click_at`, period, yes, a)
  const of = campaignId === null ? sql`` : sql` and e.message_id = ${campaignId}`
  // Of one person their own events are read; the index by time, which has everybody's, must not look cheaper.
  const what = a.one && campaignId === null ? sql`e.kind || ''` : sql`e.kind`
  const where = sql`e.shop_id = ${a.shopId}${of} and ${what} = ${kind === 'opened' ? sql`'opened'` : sql`'clicked'`} and e.verdict = 'human'${during(sql`e.at`, period, a)}`
  return member(a, yes, { who: sql`e.subscriber_id`, from: sql`events e`, where, ...(times === 1 ? {} : { count: sql`count(*)`, atLeast: sql`>= ${times}` }) })
}

/** The provider took a campaign's mail for them: their row of the send ledger says so, or the batch that it follows (deliveries/state.ts). */
function got({ campaignId, period }: Of<'got'>, yes: boolean, a: Asking): SQL {
  const { from, to } = ends(period, a)
  const which = (column: SQL): SQL =>
    campaignId !== null
      ? sql`${column} = ${campaignId}`
      : sql`${column} in (select k.id from campaigns k where k.shop_id = ${a.shopId} and k.started_at is not null${to ? sql` and k.started_at < ${to}` : sql``}${from ? sql` and (k.finished_at is null or k.finished_at >= ${from})` : sql``})`
  const accepted = sql`b.shop_id = ${a.shopId} and b.state = 'accepted'${during(sql`b.accepted_at`, period, a)}`
  const taken = a.one ? sql`exists (select 1 from batches b where ${accepted} and b.message_id = d.message_id and b.n = d.batch)` : sql`(d.message_id, d.batch) in (select b.message_id, b.n from batches b where ${accepted} and ${which(sql`b.message_id`)})`
  const rows: Rows = {
    who: sql`d.subscriber_id`,
    from: sql`deliveries d`,
    where: sql`d.shop_id = ${a.shopId} and ${which(sql`d.message_id`)} and (case when d.state is null then ${taken} else d.state = 'accepted'${during(sql`d.accepted_at`, period, a)} end)`,
  }
  // Of any campaign: person by person, for the ledger has a row for everybody in each, and the first that fits is enough.
  return member(campaignId === null ? { ...a, one: true } : a, yes, rows)
}

function field({ fieldId, op, value }: Of<'field'>, yes: boolean, a: Asking): SQL {
  const kind = a.resolved.fields.get(fieldId)!.kind
  const number = fieldNumber(kind, value)
  const rows = (where: SQL): Rows => ({ who: sql`v.subscriber_id`, from: sql`field_values v`, where: sql`v.shop_id = ${a.shopId} and v.field_id = ${fieldId}${where}`, bound: true })
  // A number as it was written: field_values.number is whole. The case keeps PostgreSQL from reading other fields' words as numbers.
  const own = kind === 'number' ? sql`(case when v.field_id = ${fieldId} then cast(v.value as double precision) end)` : sql`v.number`
  const same = kind === 'text' ? sql` and lower(v.value) = lower(${value.trim()})` : sql` and ${own} = ${number}`
  switch (op) {
    case 'known':
      return member(a, yes, rows(sql``))
    case 'unknown':
      return member(a, !yes, rows(sql``))
    case 'is':
      return member(a, yes, rows(same))
    case 'is_not':
      return member(a, !yes, rows(same))
    case 'contains':
      return member(a, yes, rows(sql` and lower(v.value) like '%' || lower(${value.trim().replace(/[!%_]/g, (letter) => `!${letter}`)}) || '%' escape '!'`))
    case 'at_least':
      return member(a, yes, rows(sql` and ${own} >= ${number}`))
    case 'at_most':
      return member(a, yes, rows(sql` and ${own} <= ${number}`))
  }
}

/** The groups of rfm.ts. Two that share a mark are asked together by what they share, so that the index of buyers need not be read whole. */
function groups({ groups: wanted }: Of<'buyer_group'>, yes: boolean, a: Asking): SQL {
  const mark = marks(a.resolved.cuts)
  const since = (days: number): SQL => sql`subscribers.last_order_at >= ${a.ago(days)}`
  const often = sql`subscribers.orders_count > ${mark.often}`
  const seldom = sql`subscribers.orders_count <= ${mark.often}`
  const much = sql`subscribers.total_spent > ${mark.much}`
  const pair = (one: SQL, other: SQL, [first, second]: [boolean, boolean], both: SQL): SQL[] => (first && second ? [both] : first ? [one] : second ? [other] : [])
  const has = (...names: (typeof wanted)[number][]) => names.map((name) => wanted.includes(name)) as [boolean, boolean]
  const [lately, notLongAgo, longAgo] = [since(mark.lately), since(mark.notLongAgo), sql`subscribers.last_order_at < ${a.ago(mark.notLongAgo)}`]
  const risk = sql`${since(mark.longAgo)} and subscribers.orders_count > 1`
  const parts = [
    ...pair(sql`(${lately} and ${often} and ${much})`, sql`(${notLongAgo} and ${often} and not (${lately} and ${much}))`, has('champions', 'loyal'), sql`(${notLongAgo} and ${often})`),
    ...pair(sql`(${lately} and ${seldom} and subscribers.orders_count = 1)`, sql`(${notLongAgo} and ${seldom} and not (${lately} and subscribers.orders_count = 1))`, has('new', 'promising'), sql`(${notLongAgo} and ${seldom})`),
    ...pair(sql`(${longAgo} and ${risk})`, sql`(${longAgo} and not (${risk}))`, has('at_risk', 'lapsed'), longAgo),
  ]
  const fits = sql`(${sql.join(parts, sql` or `)})`
  return yes ? sql`(subscribers.last_order_at is not null and ${fits})` : sql`(subscribers.last_order_at is null or not ${fits})`
}

/** An instant as a parameter of a column of times. */
export const instant = (date: Date): SQL => sql`${sql.param(date, orders.processedAt)}`
