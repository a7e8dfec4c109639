import { z } from 'zod'

/** Kinds of rows in the event log. */
export const eventKind = z.enum([
  'signed_up', // sent a form (double opt-in still open, if asked for)
  'confirmed', // pressed the button in the confirmation page
  'unsubscribed',
  'ordered',
  'delivered', // the receiving server took it
  'deferred',
  'bounced', // hard
  'blocked', // soft: this time not
  'dropped',
  'complained',
  'opened',
  'clicked',
  'restricted', // their data may be kept and not used (subscribers/restrict.ts)
  'restriction_lifted',
])
export type EventKind = z.infer<typeof eventKind>
