import { and, asc, eq, inArray, or, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { standingOf } from '../consent/mailable.ts'
import { subscribers } from '../db/schema.ts'
import { reasonWords, type DeliveryReason } from '../deliveries/contract.ts'
import { DAY } from '../lib/clock.ts'
import { formatMoney } from '../lib/money.ts'
import type { Shop } from '../shops/shops.ts'
import { aboutOne, askingOf, ruleSql } from './compile.ts'
import type { Explained } from './contract.ts'
import { namesFor } from './names.ts'
import { checkRules, type Resolved } from './resolve.ts'
import { groupOf } from './rfm.ts'
import { conditionsOf, type Condition, type Rule, type SegmentRules } from './rules.ts'
import { conditionWords, countryName, groupWords, languageName, ruleWords, type Names } from './sentence.ts'

type Person = typeof subscribers.$inferSelect

/** Up to ten people whose address or name fits, by address: whether each is in, why, and which conditions hold for them. */
export async function explain(app: Pick<App, 'db' | 'clock'>, shop: Shop, rules: SegmentRules, q: string): Promise<Explained[]> {
  await checkRules(app, shop.id, rules)
  return explainPeople(app, shop, rules, await peopleLike(app, shop.id, q))
}

/** The same for people who are known by their ids. */
export async function explainPeople(app: Pick<App, 'db' | 'clock'>, shop: Shop, rules: SegmentRules, ids: string[]): Promise<Explained[]> {
  if (ids.length === 0) return []
  const conditions = conditionsOf(rules)
  const asking = aboutOne(await askingOf(app, shop, [rules]))
  const names = await namesFor(app, shop, [rules])
  const marks = Object.fromEntries(conditions.map((condition, i) => [`m${i}`, sql`case when ${ruleSql(condition, true, asking)} then 1 else 0 end`.mapWith(Number)]))
  const rows = await app.db
    .select({ person: subscribers, ...marks })
    .from(subscribers)
    .where(and(eq(subscribers.shopId, shop.id), inArray(subscribers.id, ids)))
    .orderBy(asc(subscribers.emailKey))
  const standing = await standingOf(app, shop.id, ids)
  return rows.map((row) => {
    const person = row.person as Person
    const holds = new Map(conditions.map((condition, i) => [condition, Number((row as Record<string, unknown>)[`m${i}`]) === 1]))
    const told: Told = { names, holds, fact: (condition) => factOf(condition, person, { shop, now: app.clock.now(), resolved: asking.resolved, standing: standing.get(person.id) ?? null }) }
    const isIn = fits(rules, holds)
    const name = [person.firstName, person.lastName].filter(Boolean).join(' ')
    return {
      subscriberId: person.id,
      email: person.email,
      name,
      in: isIn,
      sentence: `${person.firstName || name || person.email} is ${isIn ? 'in' : 'out'}: ${because(rules, told)}`,
      parts: conditions.map((condition) => ({ sentence: conditionWords(condition, true, names), holds: holds.get(condition)!, fact: told.fact(condition) })),
    }
  })
}

/** Addresses and names that hold these letters; wildcards in them are letters like others. Who has exactly this address comes first. */
async function peopleLike(app: Pick<App, 'db'>, shopId: string, q: string): Promise<string[]> {
  const wanted = q.trim().toLowerCase()
  const exact = await app.db.select({ id: subscribers.id }).from(subscribers).where(and(eq(subscribers.shopId, shopId), eq(subscribers.emailKey, wanted)))
  if (exact.length > 0) return exact.map((row) => row.id)
  const pattern = `%${wanted.replace(/[!%_]/g, (letter) => `!${letter}`)}%`
  const name = sql`lower(coalesce(${subscribers.firstName}, '') || ' ' || coalesce(${subscribers.lastName}, ''))`
  const rows = await app.db
    .select({ id: subscribers.id })
    .from(subscribers)
    .where(and(eq(subscribers.shopId, shopId), or(sql`${subscribers.emailKey} like ${pattern} escape '!'`, sql`${name} like ${pattern} escape '!'`)))
    .orderBy(asc(subscribers.emailKey))
    .limit(10)
  return rows.map((row) => row.id)
}

interface Told {
  names: Names
  holds: Map<Condition, boolean>
  fact(condition: Condition): string
}

function fits(rule: Rule, holds: Map<Condition, boolean>): boolean {
  if (rule.kind !== 'group') return holds.get(rule)!
  const each = rule.rules.map((inner) => fits(inner, holds))
  return rule.match === 'all' ? each.every(Boolean) : rule.match === 'any' ? each.some(Boolean) : !each.some(Boolean)
}

/** What decided: the rules that let somebody in, or the first that keeps them out. */
function because(rule: Rule, told: Told): string {
  const yes = (inner: Rule): boolean => fits(inner, told.holds)
  if (rule.kind !== 'group') return yes(rule) ? conditionWords(rule, true, told.names) : told.fact(rule) || conditionWords(rule, false, told.names)
  if (rule.match === 'none') {
    const against = rule.rules.find(yes)
    if (against) return against.kind === 'group' ? because(against, told) : told.fact(against) || because(against, told)
    return rule.rules.map((inner) => (inner.kind === 'group' ? because(inner, told) : conditionWords(inner, false, told.names))).join(' and ')
  }
  const of = rule.rules.filter((inner) => yes(inner) === yes(rule))
  const deciding = (rule.match === 'all') === yes(rule) ? of : of.slice(0, 1) // all that let in, or one that does; one that keeps out, or all that do
  return [...new Set(deciding.map((inner) => because(inner, told)))].join(' and ') || ruleWords(rule, told.names)
}

interface Known {
  shop: Shop
  now: Date
  resolved: Resolved
  standing: DeliveryReason | null
}

/** What we know of a person about a condition: "ordered 3 days ago"; '' when the condition's own words say it best. */
function factOf(c: Condition, p: Person, { shop, now, resolved, standing }: Known): string {
  const ago = (at: Date): string => agoWords(at, now)
  switch (c.kind) {
    case 'country':
      return p.country ? `is in ${countryName(p.country)}` : 'we do not know the country'
    case 'language':
      return p.locale ? `reads ${languageName(p.locale)}` : 'we do not know the language'
    case 'joined':
      return `joined the list ${ago(p.createdAt)}`
    case 'mailable':
      return standing === null ? 'may be mailed' : `may not be mailed (${reasonWords[standing].toLowerCase()})`
    case 'bought':
      if (c.what.kind !== 'anything') return p.lastOrderAt ? '' : 'never ordered'
      return ordersFact()
    case 'orders':
      return c.period.kind === 'ever' ? (p.ordersCount === 0 ? 'never ordered' : `ordered ${p.ordersCount} ${p.ordersCount === 1 ? 'time' : 'times'}`) : p.lastOrderAt ? '' : 'never ordered'
    case 'spent':
      return c.period.kind === 'ever' ? `spent ${formatMoney(p.totalSpent, shop.currency)}` : p.lastOrderAt ? '' : 'never ordered'
    case 'last_order':
      return p.lastOrderAt ? `ordered ${ago(p.lastOrderAt)}` : 'never ordered'
    case 'first_order':
      return p.firstOrderAt ? `first ordered ${ago(p.firstOrderAt)}` : 'never ordered'
    case 'opened':
      return c.campaignId !== null ? '' : p.lastOpenAt ? (c.times === 1 && c.period.kind !== 'before' && c.period.kind !== 'between' ? `opened a mail ${ago(p.lastOpenAt)}` : '') : 'never opened a mail'
    case 'clicked':
      return c.campaignId !== null ? '' : p.lastClickAt ? (c.times === 1 && c.period.kind !== 'before' && c.period.kind !== 'between' ? `clicked in a mail ${ago(p.lastClickAt)}` : '') : 'never clicked in a mail'
    case 'buyer_group': {
      const group = groupOf(p, resolved.cuts, now)
      return group ? `is ${groupWords[group]}` : 'never ordered'
    }
    default:
      return ''
  }

  function ordersFact(): string {
    if (!p.lastOrderAt) return 'never ordered'
    if (c.kind === 'bought' && c.times > 1) return c.period.kind === 'ever' ? `ordered ${p.ordersCount} ${p.ordersCount === 1 ? 'time' : 'times'}` : ''
    return c.kind === 'bought' && (c.period.kind === 'before' || c.period.kind === 'between') ? '' : `ordered ${ago(p.lastOrderAt)}`
  }
}

/** "today", "yesterday", "3 days ago": whole days that have passed. */
export function agoWords(at: Date, now: Date): string {
  const days = Math.floor((now.getTime() - at.getTime()) / DAY)
  return days < 1 ? 'less than a day ago' : days === 1 ? 'a day ago' : `${days} days ago`
}
