import { z } from 'zod'
import { condition, conditionsOf, depthOf, period, segmentRules, type Condition, type Group, type Period, type Rule, type SegmentRules } from './rules.ts'

// Browser-safe: shapes only. The admin imports this file too.
export { condition, conditionsOf, depthOf, period, segmentRules }
export type { Condition, Group, Period, Rule, SegmentRules }

export const segmentInput = z.object({ name: z.string().trim().min(1, 'give the segment a name').max(100, 'at most 100 characters'), rules: segmentRules })
/**
 * GET /api/segments -> { segments: segmentView[] }; POST /api/segments; GET|PUT|DELETE /api/segments/:id
 * 409: what another segment or a scheduled campaign needs is not deleted; the store's own segments are not changed here.
 */
export const segmentView = z.object({
  id: z.string(),
  name: z.string(),
  /** A segment of the store's own that we follow: who is in it is decided there, `rules` is null. */
  platform: z.boolean(),
  rules: segmentRules.nullable(),
  /** In words: "bought in the last 90 days and is in Germany" */
  sentence: z.string(),
  people: z.number(),
  mailable: z.number(),
  /** Why it cannot be asked any more, in words (a field is gone, say); nobody is in it then. */
  fault: z.string().nullable(),
  /** When the people of the store's own segment were last read; null: not yet, or our own segment. */
  readAt: z.string().nullable(),
  updatedAt: z.string(),
})
export type SegmentView = z.infer<typeof segmentView>

/** POST /api/segments/count { rules } -> how many, and up to five of them */
export const segmentCount = z.object({ sentence: z.string(), people: z.number(), mailable: z.number(), sample: z.array(z.object({ id: z.string(), email: z.string(), name: z.string() })) })
export type SegmentCount = z.infer<typeof segmentCount>

/** POST /api/segments/explain segmentQuestion -> { people: explained[] }: up to 10 people whose address or name fits. */
export const segmentQuestion = z.object({ rules: segmentRules, q: z.string().trim().min(1, 'write an address or a name').max(255, 'at most 255 characters') })
export const explained = z.object({
  subscriberId: z.string(),
  email: z.string(),
  name: z.string(), // '' when unknown
  in: z.boolean(),
  /** "Ada is in: bought at least 2 times and may be mailed", "Ada is out: ordered 3 days ago" */
  sentence: z.string(),
  /** Each condition as it is written, in order, whether it holds for this person, and what we know ("ordered 3 days ago"; '' when there is nothing to add). */
  parts: z.array(z.object({ sentence: z.string(), holds: z.boolean(), fact: z.string() })),
})
export type Explained = z.infer<typeof explained>

/**
 * GET /api/segments/choices?q=&ids= -> what the builder offers. `q` narrows the products by their title; at most 50 products, 500 of each other kind.
 * `ids` (with commas, at most 100): instead of a search, exactly these products, so that chosen ones can be named; one that is missing in the answer is gone.
 */
export const segmentChoices = z.object({
  products: z.array(z.object({ id: z.string(), title: z.string(), imageUrl: z.string().nullable() })),
  categories: z.array(z.string()),
  vendors: z.array(z.string()),
  tags: z.array(z.string()),
  countries: z.array(z.string()), // codes, of which there are people, the most frequent first
  languages: z.array(z.string()),
  fields: z.array(z.object({ id: z.string(), name: z.string(), kind: z.enum(['text', 'number', 'date', 'yes_no']) })), // none of the sensitive ones
  forms: z.array(z.object({ id: z.string(), name: z.string() })),
  campaigns: z.array(z.object({ id: z.string(), name: z.string(), sentAt: z.string().nullable() })), // that began to leave, the newest first
  segments: z.array(z.object({ id: z.string(), name: z.string() })),
  /** Minor units and symbols follow from it. */
  currency: z.string(),
  timezone: z.string(),
  /** Where the buyer groups come from: measured over so many buyers, or fixed because there are too few yet. */
  buyerGroups: z.object({ measured: z.boolean(), buyers: z.number(), measuredAt: z.string().nullable(), words: z.string() }),
})
export type SegmentChoices = z.infer<typeof segmentChoices>

/** GET /api/segments/ready-made -> { segments: readyMade[] }. Added by POST /api/segments { name, rules }. */
export const readyMade = z.object({ key: z.string(), name: z.string(), help: z.string(), rules: segmentRules, sentence: z.string(), people: z.number(), mailable: z.number() })
export type ReadyMade = z.infer<typeof readyMade>

/** GET /api/segments/store -> { segments: storeSegment[] }, the store's own; 503 when the store does not answer. POST /api/segments/store { platformId } -> segmentView. */
export const storeSegment = z.object({ platformId: z.string(), name: z.string(), query: z.string(), /** Our segment that follows it. */ segmentId: z.string().nullable() })
export const followInput = z.object({ platformId: z.string().min(1).max(64) })
export type StoreSegment = z.infer<typeof storeSegment>
