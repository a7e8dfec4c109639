import { formatMoney } from '../lib/money.ts'
import type { Condition, SegmentRules } from './contract.ts'

/** The rules in words: "bought in the last 90 days and is in Germany". `currency` is the shop's. */
export function segmentSentence(rules: SegmentRules, currency: string, locale = 'en'): string {
  return rules.conditions.map((condition) => phrase(condition, currency, locale)).join(rules.match === 'all' ? ' and ' : ' or ')
}

function phrase(condition: Condition, currency: string, locale: string): string {
  switch (condition.kind) {
    case 'bought':
      return `${condition.did ? 'bought' : 'did not buy'} ${inDays(condition.days)}`
    case 'opened':
      return `${condition.did ? 'opened a mail' : 'did not open a mail'} ${inDays(condition.days)}`
    case 'clicked':
      return `${condition.did ? 'clicked in a mail' : 'did not click in a mail'} ${inDays(condition.days)}`
    case 'country':
      return `${condition.is ? 'is' : 'is not'} in ${countries(condition.countries)}`
    case 'tag':
      return `${condition.has ? 'has' : 'does not have'} the tag “${condition.tag}”`
    case 'orders_count':
      if (condition.value === 0 && condition.op !== 'at_least') return 'never ordered'
      return `ordered ${amounts[condition.op]} ${condition.value} ${condition.value === 1 ? 'time' : 'times'}`
    case 'total_spent':
      return `spent ${amounts[condition.op]} ${formatMoney(condition.value, currency, locale)}`
  }
}

const amounts = { at_least: 'at least', at_most: 'at most', exactly: 'exactly' }
const inDays = (days: number): string => (days === 1 ? 'in the last day' : `in the last ${days} days`)

function countries(codes: string[]): string {
  const names = codes.slice(0, 3).map((code) => countryName(code))
  if (codes.length > 3) return `${names.join(', ')} or ${codes.length - 3} more ${codes.length === 4 ? 'country' : 'countries'}`
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}` : names[0]!
}

const regions = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' })
function countryName(code: string): string {
  try {
    return regions.of(code.toUpperCase()) ?? code
  } catch {
    return code // two characters that are no letters
  }
}
