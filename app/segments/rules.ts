import { z } from 'zod'

// The rules of a segment, as the builder makes them and as they are stored. Everything is asked live: a period is counted from the moment of asking.

/** When something happened. `last`: within the last so many days; `before`: longer ago than that; `between`: from the first to the last day, both included, in the shop's zone. */
export const period = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ever') }),
  z.object({ kind: z.literal('last'), days: z.number().int().min(1, 'at least 1 day').max(3650, 'at most 3650 days') }),
  z.object({ kind: z.literal('before'), days: z.number().int().min(1, 'at least 1 day').max(3650, 'at most 3650 days') }),
  z.object({ kind: z.literal('between'), from: z.iso.date('is not a day'), to: z.iso.date('is not a day') }).refine((p) => p.from <= p.to, { path: ['to'], message: 'lies before the first day' }),
])
export type Period = z.infer<typeof period>

/** What was bought: anything, some products, or products of a category (the store's product type) or vendor. */
export const bought = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('anything') }),
  z.object({ kind: z.literal('products'), productIds: z.array(z.string().max(40)).min(1, 'choose a product').max(100, 'at most 100 products') }),
  z.object({ kind: z.literal('category'), category: z.string().min(1, 'choose a category').max(255) }),
  z.object({ kind: z.literal('vendor'), vendor: z.string().min(1, 'choose a vendor').max(255) }),
])
export const compare = z.enum(['at_least', 'at_most', 'exactly'])
const times = z.number().int().min(1, 'at least once').max(10_000)
const text = z.string().trim().min(1, 'write something').max(255, 'at most 255 characters')

/**
 * One condition. Orders that are tests or cancelled never count; opens and clicks count only when a human did them. A person of whom
 * the thing asked is unknown does not fit `is`, and fits `is: false`.
 */
export const condition = z.discriminatedUnion('kind', [
  // who they are
  z.object({ kind: z.literal('country'), is: z.boolean(), countries: z.array(z.string().length(2, 'two-letter country codes')).min(1, 'choose a country').max(250) }),
  z.object({ kind: z.literal('language'), is: z.boolean(), languages: z.array(z.string().min(2).max(10)).min(1, 'choose a language').max(50) }), // 'de' fits 'de-AT' too
  z.object({ kind: z.literal('tag'), has: z.boolean(), tag: text }),
  /** `value` of a date is a day (YYYY-MM-DD), of yes/no 'yes' or 'no'; `known` needs none. */
  z.object({ kind: z.literal('field'), fieldId: z.string().max(40).min(1, 'choose a field'), op: z.enum(['is', 'is_not', 'contains', 'at_least', 'at_most', 'known', 'unknown']), value: z.string().max(255).default('') }),
  z.object({ kind: z.literal('source'), is: z.boolean(), sources: z.array(z.enum(['shopify', 'order', 'form', 'import', 'manual'])).min(1, 'choose where they came from') }),
  z.object({ kind: z.literal('joined'), period }),
  z.object({ kind: z.literal('mailable'), is: z.boolean() }), // may be mailed now
  z.object({ kind: z.literal('consent'), is: z.boolean(), bases: z.array(z.enum(['express_single', 'express_confirmed', 'soft_opt_in', 'merchant_record'])).min(1, 'choose how they agreed') }),
  z.object({ kind: z.literal('signed_up'), did: z.boolean(), formId: z.string().max(40).nullable(), period }), // null: any form
  // what they did
  z.object({ kind: z.literal('bought'), did: z.boolean(), what: bought, times: times.default(1), period }), // in at least so many orders
  z.object({ kind: z.literal('orders'), op: compare, value: z.number().int().min(0).max(1_000_000), period }),
  z.object({ kind: z.literal('spent'), op: z.enum(['at_least', 'at_most']), value: z.number().int().min(0).max(1e12), period }), // minor units of the shop's currency
  z.object({ kind: z.literal('first_order'), period }),
  z.object({ kind: z.literal('last_order'), period }),
  z.object({ kind: z.literal('opened'), did: z.boolean(), campaignId: z.string().max(40).nullable(), times: times.default(1), period }), // null: any mail
  z.object({ kind: z.literal('clicked'), did: z.boolean(), campaignId: z.string().max(40).nullable(), times: times.default(1), period }),
  z.object({ kind: z.literal('got'), did: z.boolean(), campaignId: z.string().max(40).nullable(), period }), // a campaign of ours was handed over for them
  z.object({ kind: z.literal('buyer_group'), is: z.boolean(), groups: z.array(z.enum(['champions', 'loyal', 'promising', 'new', 'at_risk', 'lapsed'])).min(1, 'choose a group') }),
  z.object({ kind: z.literal('segment'), in: z.boolean(), segmentId: z.string().max(40).min(1, 'choose a segment') }),
])
export type Condition = z.infer<typeof condition>

/** `all` of the rules hold, `any` one of them, or `none`. Groups stand in groups, at most three deep. */
export interface Group {
  kind: 'group'
  match: 'all' | 'any' | 'none'
  rules: Rule[]
}
export type Rule = Condition | Group

const limits = { depth: 3, conditions: 50 }
const group: z.ZodType<Group> = z.lazy(() =>
  z.object({ kind: z.literal('group'), match: z.enum(['all', 'any', 'none']), rules: z.array(z.union([condition, group])).min(1, 'add a condition').max(50, 'at most 50 conditions') }),
)

/** How deep groups stand in groups; a plain list of conditions is 1 deep. */
export const depthOf = (rule: Rule): number => (rule.kind === 'group' ? 1 + Math.max(0, ...rule.rules.map(depthOf)) : 0)
/** All conditions of a tree, from the first to the last. */
export const conditionsOf = (rule: Rule): Condition[] => (rule.kind === 'group' ? rule.rules.flatMap(conditionsOf) : [rule])

/** What is stored and asked: always a group at the top. */
export const segmentRules = group
  .refine((rules) => depthOf(rules) <= limits.depth, { message: 'groups can stand in groups three deep' })
  .refine((rules) => conditionsOf(rules).length <= limits.conditions, { message: 'at most 50 conditions' })
export type SegmentRules = Group
