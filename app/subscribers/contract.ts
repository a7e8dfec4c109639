import { z } from 'zod'
import { consentEntryView, consentState } from '../consent/contract.ts'

/** Shown in words and colour: may we write to this person, and if not, why. */
export const mailable = z.enum(['subscribed', 'pending', 'unconfirmed_record', 'unsubscribed', 'none', 'bounced', 'complained', 'blocked', 'restricted'])
export type Mailable = z.infer<typeof mailable>

/** GET /api/subscribers?search=&status=&tag=&cursor= (50 a page, newest first). `total` counts everybody who fits the filter. */
export const subscriberQuery = z.object({
  search: z.string().trim().max(200).default(''),
  status: mailable.optional(),
  tag: z.string().max(255).optional(),
  cursor: z.string().max(200).optional(),
})
export const subscriberRow = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  status: mailable,
  country: z.string().nullable(),
  ordersCount: z.number(),
  totalSpent: z.number(), // minor units
  createdAt: z.string(),
})
export const subscriberList = z.object({
  rows: z.array(subscriberRow),
  nextCursor: z.string().nullable(),
  total: z.number(),
  counts: z.object({ everybody: z.number(), mailable: z.number() }),
  currency: z.string(),
})

/** GET /api/subscribers/:id */
export const timelineItem = z.object({
  at: z.string(),
  /** ordered | delivered | opened | clicked | bounced | complained | signed_up | confirmed | unsubscribed | consent | sent */
  kind: z.string(),
  title: z.string(), // "Opened Spring sale"
  detail: z.string().nullable(), // "Judged a machine: security scanner"
  verdict: z.enum(['human', 'machine', 'unknown']).nullable(),
})
export const subscriberProfile = z.object({
  id: z.string(),
  email: z.string(),
  firstName: z.string().nullable(),
  lastName: z.string().nullable(),
  locale: z.string().nullable(),
  country: z.string().nullable(),
  source: z.string(),
  tags: z.array(z.string()),
  status: mailable,
  /** One sentence: "Subscribed on 3 May 2026 through the pop-up, confirmed by mail." */
  statusSentence: z.string(),
  consentState,
  ordersCount: z.number(),
  totalSpent: z.number(),
  currency: z.string(),
  firstOrderAt: z.string().nullable(),
  lastOrderAt: z.string().nullable(),
  createdAt: z.string(),
  timeline: z.array(timelineItem),
  consent: z.array(consentEntryView),
  canUnsubscribe: z.boolean(),
})
export type SubscriberProfile = z.infer<typeof subscriberProfile>
export type SubscriberList = z.infer<typeof subscriberList>
// POST /api/subscribers/:id/unsubscribe {} -> subscriberProfile
