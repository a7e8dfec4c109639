import { createHash } from 'node:crypto'
import type { App } from '../../app.ts'
import { receive } from '../../events/inbox.ts'
import { hmac, sameBytes } from '../../lib/crypto.ts'
import { unauthorised } from '../../lib/errors.ts'
import type { Route } from '../../lib/http.ts'
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
    body: 'raw',
    async handle(app, request, response) {
      const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      if (!isSigned(app, raw, request.get('x-shopify-hmac-sha256'))) throw unauthorised('The signature does not fit.')
      const topic = (request.get('x-shopify-topic') ?? '').slice(0, 200)
      const domain = shopDomain(request.get('x-shopify-shop-domain'))
      if (topic && domain) {
        await receive(app, {
          source: 'shopify',
          deliveryId: (request.get('x-shopify-webhook-id') ?? digest(topic, domain, raw)).slice(0, 200),
          shopDomain: domain,
          topic,
          body: raw.toString('utf8').replaceAll('\0', ''), // PostgreSQL keeps no NUL in text
          triggeredAt: instant(request.get('x-shopify-triggered-at')) ?? app.clock.now(),
        })
      }
      response.status(200).end()
    },
  },
]

/** True when one of our secrets made this signature of these bytes. Compared in constant time. */
export function isSigned(app: App, raw: Buffer, signature: string | undefined): boolean {
  if (!signature) return false
  const given = Buffer.from(signature, 'base64')
  if (given.toString('base64') !== signature) return false // one spelling only
  return secrets(app).map((secret) => sameBytes(hmac(secret, raw), given)).some(Boolean)
}

/** A delivery without an id of its own is recognised by what it says. */
const digest = (topic: string, domain: string, raw: Buffer): string => createHash('sha256').update(`${topic}\n${domain}\n`).update(raw).digest('hex')

function instant(text: string | undefined): Date | null {
  const at = text ? new Date(text) : null
  return at && !Number.isNaN(at.getTime()) ? at : null
}
