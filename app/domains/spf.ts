import type { Dns, Looked } from '../lib/dns.ts'
import { tidyName } from './names.ts'

export interface Spf {
  terms: { name: string; value: string; sign: '+' | '-' | '~' | '?' }[]
}

/** Is this text an SPF record at all? Other texts of a domain are not our business (RFC 7208 4.5). */
export const isSpf = (text: string): boolean => /^v=spf1( |$)/i.test(text)

/** Reads an SPF record. Null when a word of it has no meaning: receivers then treat the whole record as broken (RFC 7208 4.6). */
export function parseSpf(text: string): Spf | null {
  if (!isSpf(text)) return null
  const terms: Spf['terms'] = []
  for (const word of text.slice(6).split(' ').filter(Boolean)) {
    const match = /^([+\-~?])?([a-z][a-z0-9_.-]*)(?:([:=/])(.*))?$/i.exec(word)
    if (!match) return null
    const [, sign, name = '', mark, rest = ''] = match
    const known = name.toLowerCase()
    if (mark === '=') {
      if (sign) return null
      if (known === 'redirect' && rest === '') return null
      terms.push({ name: `${known}=`, value: rest, sign: '+' }) // redirect=, exp= and what is not known: allowed
      continue
    }
    if (!mechanisms.has(known)) return null
    if (['include', 'exists', 'ip4', 'ip6'].includes(known) && (mark !== ':' || rest === '')) return null
    if (known === 'all' && mark) return null
    terms.push({ name: known, value: mark === '/' ? '' : rest, sign: (sign as '+' | undefined) ?? '+' })
  }
  return { terms }
}

const mechanisms = new Set(['all', 'include', 'a', 'mx', 'ptr', 'ip4', 'ip6', 'exists'])

/** What an SPF record costs a receiver: it may ask the DNS ten times, then it gives up (RFC 7208 4.6.4). */
export type SpfCost =
  | { kind: 'counted'; lookups: number; names: Set<string> }
  /** A name that it points to has no SPF record, or two, or a broken one: the whole record counts as broken. */
  | { kind: 'broken'; at: string; lookups: number }
  /** A look-up failed: nobody knows. */
  | { kind: 'unknown'; at: string }

export const mostLookups = 10

/**
 * Counts the look-ups of a record with all that it includes. Ends soon after the eleventh, whatever loops the records make.
 * `names` are the domains whose records were included or redirected to.
 */
export async function spfCost(dns: Dns, spf: Spf): Promise<SpfCost> {
  const names = new Set<string>()
  let lookups = 0
  const waiting: Spf[] = [spf]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const hasAll = next.terms.some((term) => term.name === 'all')
    for (const { name, value } of next.terms) {
      const follows = name === 'include' || (name === 'redirect=' && !hasAll)
      if (!follows && !['a', 'mx', 'ptr', 'exists'].includes(name)) continue
      lookups += 1
      if (lookups > mostLookups) return { kind: 'counted', lookups, names }
      if (!follows || value.includes('%')) continue // a name made per mail: its answer cannot be known before
      const target = tidyName(value)
      names.add(target)
      const found = spfOf(await dns.txt(target))
      if (found === 'failed') return { kind: 'unknown', at: target }
      if (typeof found === 'string') return { kind: 'broken', at: target, lookups }
      waiting.push(found)
    }
  }
  return { kind: 'counted', lookups, names }
}

function spfOf(looked: Looked<string>): Spf | 'failed' | 'none' | 'two' | 'broken' {
  if (looked.kind === 'failed') return 'failed'
  const records = looked.kind === 'found' ? looked.records.filter(isSpf) : []
  if (records.length !== 1) return records.length === 0 ? 'none' : 'two'
  return parseSpf(records[0]!) ?? 'broken'
}

/** The same record with one more term, in front of its "all": what the owner sets instead of a second record. */
export function withTerm(record: string, term: string): string {
  const words = record.split(' ').filter(Boolean)
  const all = words.findIndex((word) => /^[+\-~?]?all$|^redirect=/i.test(word))
  return [...words.slice(0, all < 0 ? words.length : all), term, ...(all < 0 ? [] : words.slice(all))].join(' ')
}
