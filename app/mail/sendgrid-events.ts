import { verify } from 'node:crypto'
import { z } from 'zod'
import { MINUTE } from '../lib/clock.ts'
import { jsonOf } from './answers.ts'
import type { Feedback } from './provider.ts'
import { withoutAddresses } from './reason.ts'

/**
 * ECDSA P-256 over timestamp + raw body. The age is bounded, so that an old delivery cannot be played again: SendGrid signs
 * each attempt of a delivery with its own time, and ten minutes leave room for clocks that disagree. A delivery that is played
 * again within them changes nothing, because its event ids are known.
 */
export function isSigned(headers: Record<string, string | undefined>, rawBody: Buffer, publicKey: string, now: Date): boolean {
  const timestamp = headers['x-twilio-email-event-webhook-timestamp']
  const signature = headers['x-twilio-email-event-webhook-signature']
  if (!timestamp || !signature || !/^\d{9,11}$/.test(timestamp)) return false
  if (Math.abs(now.getTime() - Number(timestamp) * 1000) > 10 * MINUTE) return false
  try {
    const key = { key: Buffer.from(publicKey, 'base64'), format: 'der' as const, type: 'spki' as const }
    return verify('sha256', Buffer.concat([Buffer.from(timestamp), rawBody]), key, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

const eventShape = z.object({
  event: z.string(),
  key: z.string().min(1).max(100),
  sg_event_id: z.string().min(1).max(200),
  timestamp: z.number().min(0).max(1e11), // seconds; beyond it there is no such day
  type: z.string().nullish(),
  status: z.string().nullish(),
  reason: z.string().nullish(),
  response: z.string().nullish(),
  sg_machine_open: z.boolean().nullish(),
})

/** Reads a verified delivery. What has no key of ours (somebody else's mail on the same account) or no form is passed over. */
export function readEvents(rawBody: Buffer): Feedback[] {
  const list = jsonOf(rawBody.toString('utf8'))
  if (!Array.isArray(list)) return []
  return list.flatMap((item): Feedback[] => {
    const parsed = eventShape.safeParse(item)
    if (!parsed.success) return []
    const event = parsed.data
    const kind = kindOf(event)
    if (!kind) return []
    const detail = event.reason ?? event.response ?? null
    return [{ id: event.sg_event_id, key: event.key, kind, at: new Date(event.timestamp * 1000), detail: detail && withoutAddresses(detail), machine: event.sg_machine_open === true }]
  })
}

function kindOf(event: z.infer<typeof eventShape>): Feedback['kind'] | null {
  switch (event.event) {
    case 'processed':
    case 'delivered':
    case 'deferred':
    case 'dropped':
      return event.event
    case 'bounce':
      // 5.7.x is about who sends (policy, DMARC), 4.x.x passes: neither says that the address is dead.
      return event.type === 'blocked' || /^(5\.7|4\.)/.test(event.status ?? '') || /\b5\.7\.\d+\b/.test(event.reason ?? '') ? 'blocked' : 'bounced'
    case 'spamreport':
      return 'complained'
    case 'unsubscribe': // only by links that SendGrid makes, which are off; but whoever says it means it
    case 'group_unsubscribe':
      return 'unsubscribed'
    case 'open':
      return 'opened'
    case 'click':
      return 'clicked'
    default:
      return null
  }
}
