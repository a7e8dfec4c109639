import { eq, type SQL } from 'drizzle-orm'
import { subscribers } from '../app/db/schema.ts'
import type { Condition, Rule, SegmentRules } from '../app/segments/contract.ts'

/** A condition such as a segment gives: people of one country. */
export const segmentSql = (country: string): SQL => eq(subscribers.country, country)

export const all = (...rules: Rule[]): SegmentRules => ({ kind: 'group', match: 'all', rules })
export const any = (...rules: Rule[]): SegmentRules => ({ kind: 'group', match: 'any', rules })
export const none = (...rules: Rule[]): SegmentRules => ({ kind: 'group', match: 'none', rules })
export const last = (days: number) => ({ kind: 'last' as const, days })
export const before = (days: number) => ({ kind: 'before' as const, days })
export const ever = { kind: 'ever' as const }

export const country = (...countries: string[]): Condition => ({ kind: 'country', is: true, countries })
export const tag = (name: string, has = true): Condition => ({ kind: 'tag', has, tag: name })
export const bought = (period: Extract<Condition, { kind: 'bought' }>['period'] = ever, times = 1, did = true): Condition => ({ kind: 'bought', did, what: { kind: 'anything' }, times, period })
export const mailable: Condition = { kind: 'mailable', is: true }
