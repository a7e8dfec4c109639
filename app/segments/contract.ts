import { z } from 'zod'

/** One condition of a segment. Days are counted back from now, each time the segment is asked. */
export const condition = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('bought'), did: z.boolean(), days: z.number().int().min(1, 'at least 1 day').max(3650, 'at most 3650 days') }),
  z.object({ kind: z.literal('opened'), did: z.boolean(), days: z.number().int().min(1, 'at least 1 day').max(3650, 'at most 3650 days') }),
  z.object({ kind: z.literal('clicked'), did: z.boolean(), days: z.number().int().min(1, 'at least 1 day').max(3650, 'at most 3650 days') }),
  z.object({ kind: z.literal('country'), is: z.boolean(), countries: z.array(z.string().length(2, 'two-letter country codes')).min(1, 'choose a country').max(250) }),
  z.object({ kind: z.literal('tag'), has: z.boolean(), tag: z.string().trim().min(1, 'write a tag').max(255) }),
  z.object({ kind: z.literal('orders_count'), op: z.enum(['at_least', 'at_most', 'exactly']), value: z.number().int().min(0).max(1_000_000) }),
  /** `value` in minor units of the shop's currency. */
  z.object({ kind: z.literal('total_spent'), op: z.enum(['at_least', 'at_most']), value: z.number().int().min(0).max(1e12) }),
])
export type Condition = z.infer<typeof condition>

/** All conditions must hold (`all`), or one of them (`any`). */
export const segmentRules = z.object({ match: z.enum(['all', 'any']), conditions: z.array(condition).min(1, 'add a condition').max(20) })
export type SegmentRules = z.infer<typeof segmentRules>

export const segmentInput = z.object({ name: z.string().trim().min(1, 'give the segment a name').max(100, 'at most 100 characters'), rules: segmentRules })
/** GET /api/segments -> { segments: segmentView[] }; POST /api/segments; GET|PUT|DELETE /api/segments/:id */
export const segmentView = z.object({
  id: z.string(),
  name: z.string(),
  rules: segmentRules,
  /** In words: "bought in the last 90 days and is in Germany" */
  sentence: z.string(),
  people: z.number(),
  mailable: z.number(),
  updatedAt: z.string(),
})
/** POST /api/segments/count { rules } -> how many, and up to five of them */
export const segmentCount = z.object({ sentence: z.string(), people: z.number(), mailable: z.number(), sample: z.array(z.object({ id: z.string(), email: z.string(), name: z.string() })) })
export type SegmentView = z.infer<typeof segmentView>
