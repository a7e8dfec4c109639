import { z } from 'zod'

// Browser-safe: shapes only. The admin imports this file too.

/** What happened. `granted` and `confirmed` are acts of the person; `bought`: they ordered and did not refuse; `imported` is what a record said; the rest lower. */
export const consentAct = z.enum(['granted', 'requested', 'confirmed', 'bought', 'imported', 'withdrawn', 'noted'])
/** Where a person stands after an entry. Only `subscribed` may be mailed. `unconfirmed_record`: the store says yes, but nobody attested how. */
export const consentState = z.enum(['none', 'pending', 'unconfirmed_record', 'subscribed', 'unsubscribed'])
/** On what ground we may write. `soft_opt_in`: an order, at which they could refuse mail about similar products and did not. */
export const consentBasis = z.enum(['none', 'express_single', 'express_confirmed', 'soft_opt_in', 'merchant_record'])
export const consentMethod = z.enum([
  'form', 'double_opt_in', 'preference_page', 'unsubscribe_page', 'one_click', 'complaint', 'store_event', 'store_read', 'store_import', 'import', 'order', 'merchant', 'merge',
])
export type ConsentAct = z.infer<typeof consentAct>
export type ConsentState = z.infer<typeof consentState>
export type ConsentBasis = z.infer<typeof consentBasis>
export type ConsentMethod = z.infer<typeof consentMethod>

/** One entry of the ledger as the admin shows it. */
export const consentEntryView = z.object({
  seq: z.number(),
  purpose: z.enum(['email_marketing', 'tracking']),
  act: consentAct,
  state: consentState,
  basis: consentBasis,
  method: consentMethod,
  source: z.string(),
  wording: z.string().nullable(),
  wordingVersion: z.string().nullable(),
  language: z.string().nullable(),
  page: z.string().nullable(),
  /** What the merchant wrote down of how they agreed, when somebody was added by hand. */
  note: z.string().nullable(),
  occurredAt: z.string(),
  recordedAt: z.string(),
})
export type ConsentEntryView = z.infer<typeof consentEntryView>

/**
 * GET /api/consent/disagreements -> disagreementList: people whom the store calls subscribed with a newer time than our ledger has,
 * which raised nobody (the news of it was lost, or how it came about is not known). The newest 200; `total` counts all.
 */
export const disagreement = z.object({
  subscriberId: z.string(),
  email: z.string(),
  name: z.string(), // '' when unknown
  ours: z.object({ state: consentState, source: z.string(), at: z.string() }),
  store: z.object({ level: z.enum(['single', 'confirmed', 'unknown']), source: z.string(), at: z.string() }),
  foundAt: z.string(),
})
export const disagreementList = z.object({ total: z.number(), rows: z.array(disagreement) })
export type Disagreement = z.infer<typeof disagreement>
/** POST /api/consent/disagreements/:subscriberId { decision: 'keep' } -> disagreementList. 404 when there is none to decide. Raising is the person's own act. */
export const disagreementDecision = z.object({ decision: z.literal('keep') })
