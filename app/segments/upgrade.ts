import { z } from 'zod'
import { segmentRules, type Condition, type SegmentRules } from './rules.ts'

// Segments that were stored before rules became a tree: one list of conditions, with days of their own.
const days = z.number().int().min(1).max(3650)
const before = z.object({
  match: z.enum(['all', 'any']),
  conditions: z
    .array(
      z.discriminatedUnion('kind', [
        z.object({ kind: z.enum(['bought', 'opened', 'clicked']), did: z.boolean(), days }),
        z.object({ kind: z.literal('country'), is: z.boolean(), countries: z.array(z.string().length(2)).min(1).max(250) }),
        z.object({ kind: z.literal('tag'), has: z.boolean(), tag: z.string().trim().min(1).max(255) }),
        z.object({ kind: z.literal('orders_count'), op: z.enum(['at_least', 'at_most', 'exactly']), value: z.number().int().min(0).max(1_000_000) }),
        z.object({ kind: z.literal('total_spent'), op: z.enum(['at_least', 'at_most']), value: z.number().int().min(0).max(1e12) }),
      ]),
    )
    .min(1)
    .max(20),
})
type Before = z.infer<typeof before>['conditions'][number]

/** Rules as they are stored, in the shape of today; what was stored before the tree means what it meant. Throws (zod) on what nobody can read. */
export function readRules(stored: unknown): SegmentRules {
  const old = before.safeParse(stored)
  return old.success ? { kind: 'group', match: old.data.match, rules: old.data.conditions.map(upgraded) } : segmentRules.parse(stored)
}

function upgraded(condition: Before): Condition {
  const ever = { kind: 'ever' as const }
  switch (condition.kind) {
    case 'bought':
      return { kind: 'bought', did: condition.did, what: { kind: 'anything' }, times: 1, period: { kind: 'last', days: condition.days } }
    case 'opened':
    case 'clicked':
      return { kind: condition.kind, did: condition.did, campaignId: null, times: 1, period: { kind: 'last', days: condition.days } }
    case 'orders_count':
      return { kind: 'orders', op: condition.op, value: condition.value, period: ever }
    case 'total_spent':
      return { kind: 'spent', op: condition.op, value: condition.value, period: ever }
    default:
      return condition
  }
}
