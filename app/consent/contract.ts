import { z } from 'zod'

// Browser-safe: shapes only. The admin imports this file too.

/** What happened. `granted` and `confirmed` are acts of the person; `imported` is what a store's record said; the rest lower. */
export const consentAct = z.enum(['granted', 'requested', 'confirmed', 'imported', 'withdrawn', 'noted'])
/** Where a person stands after an entry. Only `subscribed` may be mailed. `unconfirmed_record`: the store says yes, but nobody attested how. */
export const consentState = z.enum(['none', 'pending', 'unconfirmed_record', 'subscribed', 'unsubscribed'])
/** On what ground we may write. */
export const consentBasis = z.enum(['none', 'express_single', 'express_confirmed', 'merchant_record'])
export const consentMethod = z.enum([
  'form', 'double_opt_in', 'preference_page', 'unsubscribe_page', 'one_click', 'complaint', 'store_event', 'store_read', 'store_import', 'merchant',
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
  occurredAt: z.string(),
  recordedAt: z.string(),
})
export type ConsentEntryView = z.infer<typeof consentEntryView>
