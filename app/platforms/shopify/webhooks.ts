import { createHash } from 'node:crypto'
import type { App } from '../../app.ts'
import { hmac, sameBytes } from '../../lib/crypto.ts'
import { unauthorised } from '../../lib/errors.ts'
import { answerLean, readRaw, type Route } from '../../lib/http.ts'
import { secrets, shopDomain } from './api.ts'

/**
 * POST /webhooks/shopify: everything that the platform tells us, the compliance topics too. The signature is checked over the
 * bytes as they came; then the delivery is kept and answered at once, whoever it is about. Work follows (events/ingest.ts).
 */
export const webhookRoutes: Route[] = [
  {
    guard: 'public',
    method: 'post',
    path: '/webhooks/shopify',
    lean: true,
    async handle(app, request, response) {
      const raw = await readRaw(request, largest)
      const { headers } = request
      if (!isSigned(app, raw, one(headers['x-shopify-hmac-sha256']))) throw unauthorised('The signature does not fit.')
      const topic = (one(headers['x-shopify-topic']) ?? '').slice(0, 200)
      const domain = shopDomain(headers['x-shopify-shop-domain'])
      if (topic && domain) {
        await app.intake.keep({
          source: 'shopify',
          deliveryId: (one(headers['x-shopify-webhook-id']) ?? digest(topic, domain, raw)).slice(0, 200),
          shopDomain: domain,
          topic,
          body: withoutNul(raw.toString('utf8')),
          triggeredAt: instant(one(headers['x-shopify-triggered-at'])) ?? app.clock.now(),
        })
      }
      answerLean(response, 200, [])
    },
  },
]
const largest = 6 * 1024 * 1024 // bytes; the platform sends less

/** True when one of our secrets made this signature of these bytes. Compared in constant time. */
export function isSigned(app: App, raw: Buffer, signature: string | undefined): boolean {
  if (!signature) return false
  const given = Buffer.from(signature, 'base64')
  if (given.toString('base64') !== signature) return false // one spelling only
  return secrets(app).some((secret) => sameBytes(hmac(keyOf(secret), raw), given))
}

/** As bytes, and the same bytes each time: so the key is made ready once (lib/crypto.ts). */
function keyOf(secret: string): Buffer {
  const key = keyBytes.get(secret) ?? Buffer.from(secret)
  keyBytes.set(secret, key)
  return key
}
const keyBytes = new Map<string, Buffer>()

/** A delivery without an id of its own is recognised by what it says. */
const digest = (topic: string, domain: string, raw: Buffer): string => createHash('sha256').update(`${topic}\n${domain}\n`).update(raw).digest('hex')

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? undefined : value)

/** PostgreSQL keeps no NUL in text. */
const withoutNul = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '') : text)

function instant(text: string | undefined): Date | null {
  const at = text ? new Date(text) : null
  return at && !Number.isNaN(at.getTime()) ? at : null
}
