import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { HOUR, MINUTE } from '../lib/clock.ts'
import { jsonOf } from './answers.ts'
import type { Feedback } from './provider.ts'
import { withoutAddresses } from './reason.ts'

/**
 * How old a signature may be. Mailgun comes again for eight hours when it was not heard, and does not say whether it signs anew;
 * what keeps an old delivery from being played again is that each token counts once (`Feedback.once`).
 */
const oldest = 9 * HOUR

const deliveryShape = z.object({
  signature: z.object({ timestamp: z.union([z.string(), z.number()]).transform(String), token: z.string().min(1).max(100), signature: z.string().regex(/^[0-9a-f]{64}$/i) }),
  'event-data': z.unknown(),
})
const text = z.string().nullish().catch(null)
const eventShape = z.object({
  event: z.string(),
  id: z.string().min(1).max(200),
  timestamp: z.number().min(0).max(1e11), // seconds, with fractions; beyond it there is no such day
  severity: text,
  reason: text,
  'user-variables': z.object({ key: z.string().nullish() }).nullish().catch(null), // an empty list where there are none
  message: z.object({ headers: z.object({ 'message-id': z.string().nullish() }).nullish() }).nullish().catch(null),
  'delivery-status': z.object({ code: z.union([z.string(), z.number()]).nullish(), 'enhanced-code': text, message: text, description: text }).nullish().catch(null),
  'client-info': z.object({ bot: text }).nullish().catch(null),
})
type Event = z.infer<typeof eventShape>

/**
 * Verifies a delivery of Mailgun's webhook and reads it. The signature covers time and token, and not what the delivery says: so
 * the token goes along, to be believed once. Null: not signed with this key, or too old. What has no key of ours (somebody
 * else's mail on the same domain) or no form is passed over.
 */
export function readMailgun(rawBody: Buffer, signingKey: string, now: Date): Feedback[] | null {
  const delivery = deliveryShape.safeParse(jsonOf(rawBody.toString('utf8')))
  if (!delivery.success || signingKey === '') return null
  const { timestamp, token, signature } = delivery.data.signature
  if (!/^\d{9,11}$/.test(timestamp)) return null
  const wanted = createHmac('sha256', signingKey).update(timestamp + token).digest()
  if (!timingSafeEqual(wanted, Buffer.from(signature, 'hex'))) return null
  const age = now.getTime() - Number(timestamp) * 1000
  if (age > oldest || age < -10 * MINUTE) return null
  const parsed = eventShape.safeParse(delivery.data['event-data'])
  if (!parsed.success) return []
  const kind = kindOf(parsed.data)
  const key = keyOf(parsed.data)
  if (!kind || !key) return []
  const { id, timestamp: at, 'client-info': client } = parsed.data
  return [{ id, key, kind, at: new Date(at * 1000), detail: detailOf(parsed.data), machine: Boolean(client?.bot), once: token }]
}

/** Our key, as it was given; or the first half of our own Message-Id, which is the same. */
function keyOf(event: Event): string | null {
  const key = event['user-variables']?.key || /^<?([^@<>\s]+)@/.exec(event.message?.headers?.['message-id'] ?? '')?.[1]
  return key && key.length <= 100 && !key.includes('%') ? key : null
}

function kindOf(event: Event): Feedback['kind'] | null {
  switch (event.event) {
    case 'accepted':
      return 'processed'
    case 'delivered':
    case 'opened':
    case 'clicked':
    case 'unsubscribed':
    case 'complained':
      return event.event
    case 'failed':
      return event.severity === 'temporary' ? 'deferred' : failure(event)
    case 'rejected':
      return 'dropped'
    default:
      return null
  }
}

/** A failure for good: Mailgun did not try (its own list), the address is dead, or it is about the sender or the day. */
function failure(event: Event): Feedback['kind'] {
  const status = event['delivery-status']
  const code = Number(status?.code)
  if (event.reason?.startsWith('suppress-') || (code >= 605 && code <= 607)) return 'dropped'
  const words = `${status?.['enhanced-code'] ?? ''} ${status?.message ?? ''} ${status?.description ?? ''}`
  // Given up after many tries ("old"), 4.x.x and 5.7.x: none says that the address is dead.
  if (event.reason === 'old' || event.reason === 'espblock' || (code >= 400 && code < 500) || /\b(5\.7|4\.\d)\.\d+\b/.test(words)) return 'blocked'
  return 'bounced'
}

function detailOf(event: Event): string | null {
  const status = event['delivery-status']
  const words = [event.reason?.startsWith('suppress-') ? event.reason : null, status?.['enhanced-code'], status?.message || status?.description].filter(Boolean).join(' ')
  return words ? withoutAddresses(words) : null
}
