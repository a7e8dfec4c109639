import { formatMoney } from '../lib/money.ts'
import type { Condition, Period, Rule, SegmentRules } from './rules.ts'

/** What ids in rules are called, and the shop's money. What is not there any more has no name. */
export interface Names {
  currency: string
  products: Map<string, string>
  fields: Map<string, { name: string; kind: string }>
  forms: Map<string, string>
  campaigns: Map<string, string>
  segments: Map<string, string>
}

/** The rules in words: "bought in the last 90 days and (is in Germany or is in Austria)". */
export function segmentSentence(rules: SegmentRules, names: Names): string {
  const [only] = rules.rules
  if (rules.match !== 'none' && rules.rules.length === 1 && only?.kind === 'group') return segmentSentence(only, names)
  const words = ruleWords(rules, names)
  return rules.match !== 'none' && words.startsWith('(') && rules.rules.length > 1 ? words.slice(1, -1) : words
}

/** A rule inside of others: groups of several stand in brackets. */
export function ruleWords(rule: Rule, names: Names): string {
  if (rule.kind !== 'group') return conditionWords(rule, true, names)
  const parts = rule.rules.map((inner) => ruleWords(inner, names))
  if (rule.match === 'none') return parts.length === 1 && rule.rules[0]!.kind !== 'group' ? conditionWords(rule.rules[0]!, false, names) : `none of (${parts.join(', ')})`
  return parts.length === 1 ? parts[0]! : `(${parts.join(rule.match === 'all' ? ' and ' : ' or ')})`
}

/** One condition in words, or (`yes` false) its opposite. */
export function conditionWords(c: Condition, yes: boolean, names: Names): string {
  switch (c.kind) {
    case 'country':
      return `${c.is === yes ? 'is' : 'is not'} in ${some(c.countries.map(countryName), 'country', 'countries')}`
    case 'language':
      return `${c.is === yes ? 'reads' : 'does not read'} ${some(c.languages.map(languageName), 'language', 'languages')}`
    case 'tag':
      return `${c.has === yes ? 'has' : 'does not have'} the tag “${c.tag}”`
    case 'field':
      return fieldWords(c, yes, names)
    case 'source':
      return `${c.is === yes ? 'came' : 'did not come'} ${some(c.sources.map((source) => sources[source]), 'way', 'ways')}`
    case 'joined':
      return `${yes ? 'joined the list' : 'did not join the list'}${when(c.period)}`
    case 'mailable':
      return c.is === yes ? 'may be mailed' : 'may not be mailed'
    case 'consent':
      return `${c.is === yes ? 'agreed' : 'did not agree'} ${some(c.bases.map((basis) => bases[basis]), 'way', 'ways')}`
    case 'signed_up':
      return `${c.did === yes ? 'signed up' : 'did not sign up'} by ${c.formId === null ? 'a form' : `the form ${named(names.forms.get(c.formId))}`}${when(c.period)}`
    case 'bought':
      return `${c.did === yes ? 'bought' : 'did not buy'}${whatWords(c, names)}${timesWords(c.times)}${when(c.period)}`
    case 'orders':
      return ordersWords(c, yes)
    case 'spent':
      return `spent ${yes ? amounts[c.op] : c.op === 'at_least' ? 'less than' : 'more than'} ${formatMoney(c.value, names.currency)}${when(c.period)}`
    case 'first_order':
    case 'last_order':
      if (c.period.kind === 'ever') return yes ? 'ordered' : 'never ordered'
      return `${yes ? '' : 'not: '}${c.kind === 'first_order' ? 'first' : 'last'} ordered${when(c.period)}`
    case 'opened':
    case 'clicked': {
      const verb = c.kind === 'opened' ? (c.did === yes ? 'opened' : 'did not open') : c.did === yes ? 'clicked in' : 'did not click in'
      return `${verb} ${c.campaignId === null ? 'a mail' : named(names.campaigns.get(c.campaignId))}${timesWords(c.times)}${when(c.period)}`
    }
    case 'got':
      return `${c.did === yes ? 'got' : 'did not get'} ${c.campaignId === null ? 'a mail' : named(names.campaigns.get(c.campaignId))}${when(c.period)}`
    case 'buyer_group':
      return `${c.is === yes ? 'is' : 'is not'} ${some(c.groups.map((group) => groupWords[group]), 'group', 'groups')}`
    case 'segment':
      return `is ${c.in === yes ? 'in' : 'not in'} the segment ${named(names.segments.get(c.segmentId))}`
  }
}

/** Buyer groups as they stand after "is". */
export const groupWords = { champions: 'a champion', loyal: 'a loyal buyer', promising: 'a promising buyer', new: 'a new buyer', at_risk: 'a buyer at risk', lapsed: 'a lapsed buyer' }
const amounts = { at_least: 'at least', at_most: 'at most', exactly: 'exactly' }
const sources = { shopify: 'from the store', order: 'by an order', form: 'by a form', import: 'by an import', manual: 'by hand' }
const bases = { express_single: 'in a form', express_confirmed: 'in a form and confirmed it', soft_opt_in: 'as a buyer who did not refuse', merchant_record: 'by the store’s own record' }
const named = (name: string | undefined): string => (name === undefined ? '(not there any more)' : `“${name}”`)

/** " in the last 90 days", " more than 90 days ago", " from 1 to 31 March 2026"; nothing for ever. */
export function when(period: Period): string {
  switch (period.kind) {
    case 'ever':
      return ''
    case 'last':
      return period.days === 1 ? ' in the last day' : ` in the last ${period.days} days`
    case 'before':
      return ` more than ${period.days === 1 ? 'a day' : `${period.days} days`} ago`
    case 'between':
      return period.from === period.to ? ` on ${dayWords(period.from)}` : ` from ${dayWords(period.from)} to ${dayWords(period.to)}`
  }
}
const dayWords = (day: string): string => new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).format(new Date(`${day}T12:00:00Z`))

function whatWords(c: Extract<Condition, { kind: 'bought' }>, names: Names): string {
  if (c.what.kind === 'products') return ` ${some(c.what.productIds.map((id) => named(names.products.get(id))), 'product', 'products')}`
  if (c.what.kind === 'category') return ` from the category “${c.what.category}”`
  return c.what.kind === 'vendor' ? ` something by “${c.what.vendor}”` : ''
}

const timesWords = (times: number): string => (times === 1 ? '' : ` at least ${times} times`)

function ordersWords({ op, value, period }: Extract<Condition, { kind: 'orders' }>, yes: boolean): string {
  const count = (words: string, n: number): string => `ordered ${words} ${n} ${n === 1 ? 'time' : 'times'}${when(period)}`
  if (op === 'exactly' && !yes) return `did not order exactly ${value} ${value === 1 ? 'time' : 'times'}${when(period)}`
  const [least, n] = op === 'exactly' ? [null, value] : op === 'at_least' ? [yes, yes ? value : value - 1] : [!yes, yes ? value : value + 1]
  if (n <= 0 && least !== true) return period.kind === 'ever' ? 'never ordered' : `did not order${when(period)}`
  return least === null ? count('exactly', n) : count(least ? 'at least' : 'at most', n)
}

function fieldWords({ fieldId, op, value }: Extract<Condition, { kind: 'field' }>, yes: boolean, names: Names): string {
  const field = names.fields.get(fieldId)
  const name = named(field?.name)
  const shown = field?.kind === 'date' && /^\d{4}-\d\d-\d\d$/.test(value) ? dayWords(value) : field?.kind === 'text' || !field ? `“${value}”` : value
  const words = {
    is: `${name} is ${yes ? '' : 'not '}${shown}`,
    is_not: `${name} is ${yes ? 'not ' : ''}${shown}`,
    contains: `${name} ${yes ? 'contains' : 'does not contain'} ${shown}`,
    at_least: field?.kind === 'date' ? `${name} is ${yes ? 'on or after' : 'not on or after'} ${shown}` : `${name} is ${yes ? 'at least' : 'not at least'} ${shown}`,
    at_most: field?.kind === 'date' ? `${name} is ${yes ? 'on or before' : 'not on or before'} ${shown}` : `${name} is ${yes ? 'at most' : 'not at most'} ${shown}`,
    known: `${name} is ${yes ? 'known' : 'not known'}`,
    unknown: `${name} is ${yes ? 'not known' : 'known'}`,
  }
  return words[op]
}

/** "A, B or C"; of more than four the first three. */
function some(all: string[], one: string, many: string): string {
  const names = [...new Set(all)]
  if (names.length > 4 || (names.length === 4 && many === 'countries')) return `${names.slice(0, 3).join(', ')} or ${names.length - 3} more ${names.length === 4 ? one : many}`
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}` : names[0]!
}

const regions = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' })
export const countryName = (code: string): string => nameIn(regions, code.toUpperCase()) ?? code
const tongues = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'code' })
export const languageName = (tag: string): string => nameIn(tongues, tag.replaceAll('_', '-')) ?? tag

function nameIn(list: Intl.DisplayNames, code: string): string | undefined {
  try {
    return list.of(code)
  } catch {
    return undefined // letters that are no code
  }
}
