import { z } from 'zod'
import { brand } from '../templates/contract.ts'

/** `on` states that people can refuse these mails when they order. The words that offer it, and the products they are about, are needed for that. */
export const softOptIn = z
  .object({ on: z.boolean(), wording: z.string().trim().max(1000, 'at most 1,000 characters'), family: z.string().trim().max(200, 'at most 200 characters') })
  .superRefine(({ on, wording, family }, context) => {
    if (on && !wording) context.addIssue({ code: 'custom', path: ['wording'], message: 'write the words that offer to refuse' })
    if (on && !family) context.addIssue({ code: 'custom', path: ['family'], message: 'say what these mails are about' })
  })
/** GET|PUT /api/settings */
export const settingsInput = z.object({
  senderName: z.string().trim().max(100),
  senderEmail: z.union([z.literal(''), z.email('is not an e-mail address')]),
  replyTo: z.union([z.literal(''), z.email('is not an e-mail address')]),
  postalAddress: z.string().trim().max(500),
  brand,
  doubleOptIn: z.boolean(),
  tracking: z.enum(['off', 'consented', 'by_law']),
  attributionDays: z.number().int().min(1, 'at least 1 day').max(30, 'at most 30 days'),
  /** The merchant states that people whom the store's records call subscribed agreed to it. Cannot be taken back by sending false. */
  attestRecords: z.boolean(),
  /** Missing: as it is. */
  softOptIn: softOptIn.optional(),
})
export const syncView = z.object({
  kind: z.enum(['shop', 'customers', 'products', 'orders']),
  state: z.enum(['waiting', 'asked', 'reading', 'done', 'failed']),
  done: z.number(),
  total: z.number().nullable(),
  error: z.string().nullable(),
  finishedAt: z.string().nullable(),
})
export const settingsView = settingsInput.extend({
  shop: z.object({ name: z.string(), domain: z.string(), email: z.string().nullable(), currency: z.string(), timezone: z.string(), locale: z.string(), url: z.string().nullable() }),
  senderReady: z.boolean(), // name, address and postal address are all there
  recordsAttestedAt: z.string().nullable(),
  softOptIn,
  softOptInSince: z.string().nullable(),
  /** Of the key that signs exported ledgers and receipts. */
  ledgerKey: z.string(),
  unattestedRecords: z.number(), // people who would become mailable
  mailProvider: z.string(),
  /** "Orders of the last 60 days" or "All orders": what the store lets us see. */
  orderHistory: z.enum(['sixty_days', 'all']),
  syncs: z.array(syncView),
})
export type SettingsView = z.infer<typeof settingsView>
export type SyncView = z.infer<typeof syncView>
// POST /api/sync {} starts reading the store again -> settingsView
// GET  /api/privacy/requests -> { requests: privacyRequestView[] }; GET /api/privacy/requests/:id/export -> the file; POST /api/privacy/requests/:id/done
export const privacyRequestView = z.object({ id: z.string(), kind: z.enum(['data_request', 'redact']), who: z.string(), state: z.enum(['open', 'done']), receivedAt: z.string(), dueAt: z.string(), doneAt: z.string().nullable(), hasExport: z.boolean() })
