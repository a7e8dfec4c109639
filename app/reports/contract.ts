import { z } from 'zod'
import { complaintNotice } from '../campaigns/contract.ts'
import { sendProgress } from '../deliveries/contract.ts'

/** GET /api/home */
export const homeView = z.object({
  shopName: z.string(),
  currency: z.string(),
  timezone: z.string(),
  /** The answer in words: "In the last 30 days 14 orders, £812.40, came after your mail." */
  sentence: z.string(),
  last30: z.object({ delivered: z.number(), openedHuman: z.number(), clickedHuman: z.number(), unsubscribed: z.number(), orders: z.number(), revenue: z.number(), newSubscribers: z.number() }),
  /** One point a day for 30 days, oldest first, in the shop's zone. */
  days: z.array(z.object({ day: z.string(), mailable: z.number(), gained: z.number(), lost: z.number(), revenue: z.number() })),
  mailable: z.number(),
  everybody: z.number(),
  /** `popupOn` and `joined` (somebody has signed up once) are facts: whether the theme shows a form only the admin itself can tell. */
  onboarding: z.object({ dismissed: z.boolean(), sender: z.boolean(), domain: z.boolean(), popupOn: z.boolean(), joined: z.boolean(), campaign: z.boolean(), synced: z.boolean() }),
  next: z.object({ title: z.string(), body: z.string(), action: z.string(), href: z.string() }).nullable(),
  sending: z.array(z.object({ id: z.string(), name: z.string(), progress: sendProgress })),
  syncing: z.boolean(),
  complaints: complaintNotice.nullable(),
})
export type HomeView = z.infer<typeof homeView>
// POST /api/home/dismiss-onboarding {}

/** GET /api/campaigns/:id/report. Every total is counted from the event log and the send ledger. */
export const campaignReport = z.object({
  id: z.string(),
  name: z.string(),
  subject: z.string(),
  status: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  currency: z.string(),
  sentence: z.string(),
  progress: sendProgress,
  audience: z.number(),
  accepted: z.number(),
  delivered: z.number(),
  bounced: z.number(),
  complained: z.number(),
  unsubscribed: z.number(),
  /** People, each counted once. */
  opened: z.object({ human: z.number(), machine: z.number(), unknown: z.number() }),
  clicked: z.object({ human: z.number(), machine: z.number(), unknown: z.number() }),
  orders: z.number(),
  revenue: z.number(),
  /** Orders within this many days after a click count. */
  attributionDays: z.number(),
  links: z.array(z.object({ n: z.number(), label: z.string(), url: z.string(), clicks: z.number(), people: z.number() })),
  reasons: z.array(z.object({ reason: z.string(), words: z.string(), people: z.number() })),
  topProducts: z.array(z.object({ title: z.string(), quantity: z.number(), revenue: z.number() })),
  /** Opens are not counted for people who did not agree to it; this many of the delivered. */
  untracked: z.number(),
  html: z.string(),
})
export type CampaignReport = z.infer<typeof campaignReport>
