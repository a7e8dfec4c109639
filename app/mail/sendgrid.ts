import { verify } from 'node:crypto'
import sharedClient from '@sendgrid/client'
import sharedService from '@sendgrid/mail'
import { z } from 'zod'
import { MINUTE, type Clock } from '../lib/clock.ts'
import { checkMail } from './check.ts'
import { withoutAddresses } from './reason.ts'
import type { Feedback, Mail, MailProvider, Outcome } from './provider.ts'

// The packages export one instance for everybody, with its class beside it; each provider gets its own.
const { Client } = sharedClient as unknown as { Client: new () => typeof sharedClient }
const { MailService } = sharedService as unknown as { MailService: new () => typeof sharedService }

export interface SendGridOptions {
  apiKey: string
  /** https://api.sendgrid.com, https://api.eu.sendgrid.com or the simulator. */
  url: string
  /** Public key of the signed event webhook: base64 of its DER form. */
  webhookKey: string
  perSecond: number
  clock: Clock
  timeoutMs?: number
}

/**
 * SendGrid v3 (platform.md 16.1). One mail a call: each is rendered for one person, and the last look at consent happens
 * just before. Its own click, open and unsubscribe tracking is off: consent decides about tracking, and our ledger must hear
 * of every unsubscribe.
 */
export function createSendGrid(options: SendGridOptions): MailProvider {
  const client = new Client()
  client.setDefaultHeader('Authorization', `Bearer ${options.apiKey}`) // setApiKey() prints a warning for keys of another shape
  client.setDefaultRequest('baseUrl', options.url.endsWith('/') ? options.url : `${options.url}/`)
  const transport = { timeout: options.timeoutMs ?? 20_000, maxRedirects: 0, proxy: false }
  for (const [name, value] of Object.entries(transport)) client.setDefaultRequest(name as 'url', value as never)
  const service = new MailService()
  service.setClient(client)

  return {
    name: 'sendgrid',
    evidence: 'events',
    limits: { lanes: 16, perSecond: options.perSecond },
    async send(mail) {
      const fault = checkMail(mail)
      if (fault) return fault
      try {
        const [response] = await service.send(requestOf(mail))
        return { kind: 'accepted', providerId: headerOf(response.headers, 'x-message-id') }
      } catch (error) {
        return outcomeOf(error, options.clock.now())
      }
    },
    feedback: (headers, rawBody, now) => (isSigned(headers, rawBody, options.webhookKey, now) ? readEvents(rawBody) : null),
    close: async () => undefined,
  }
}

const requestOf = (mail: Mail): Parameters<typeof sharedService.send>[0] => ({
  personalizations: [{ to: [{ email: mail.to }], customArgs: { key: mail.key } }],
  from: { email: mail.from.email, name: mail.from.name },
  ...(mail.replyTo ? { replyTo: { email: mail.replyTo } } : {}),
  subject: mail.subject,
  content: [
    { type: 'text/plain', value: mail.text },
    { type: 'text/html', value: mail.html },
  ],
  headers: mail.headers,
  trackingSettings: { clickTracking: { enable: false, enableText: false }, openTracking: { enable: false }, subscriptionTracking: { enable: false }, ganalytics: { enable: false } },
})

// What the error of the client tells: an answer of SendGrid, or a fault on the way with Node's code for it.
const answerShape = z.object({ response: z.object({ headers: z.unknown(), body: z.unknown() }), code: z.number() })
const errorList = z.object({ errors: z.array(z.object({ message: z.string().nullish(), field: z.string().nullish() })) })

/** Puts a fault into our words; the list of what is certain and what is not is reliability.md 4.2. */
function outcomeOf(error: unknown, now: Date): Outcome {
  const answer = answerShape.safeParse(error)
  if (!answer.success) return unanswered(error)
  const { code: status, response } = answer.data
  const errors = errorList.safeParse(typeof response.body === 'string' ? jsonOf(response.body) : response.body)
  const first = errors.success ? errors.data.errors[0] : undefined
  const reason = withoutAddresses(`SendGrid answered ${status}${first?.message ? `: ${first.message}` : ''}`)
  if (status === 429) return { kind: 'later', reason, retryAfterMs: restOf(response.headers, now), whole: true }
  if (status === 401 || status === 403 || status === 404 || status === 405) return { kind: 'paused', reason }
  if (status === 413) return { kind: 'refused', reason, badAddress: false }
  if (status >= 500 || status === 408) return { kind: 'uncertain', reason }
  const field = first?.field ?? ''
  if (/^from\b|^reply_to\b/.test(field)) return { kind: 'paused', reason }
  return { kind: 'refused', reason, badAddress: /(^|\.)to(\.|$)/.test(field) }
}

/** Nobody was reached: certain. Everything else may have been taken. */
function unanswered(error: unknown): Outcome {
  const { code, cause } = error as { code?: string; cause?: { code?: string } }
  const name = cause?.code ?? code ?? ''
  const reason = `SendGrid could not be asked (${name || 'no answer'})`
  const neverReached = /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EPROTO|ERR_TLS_.*|ERR_SSL_.*|CERT_.*|.*_CERT(_.*)?|UNABLE_TO_.*)$/.test(name)
  return neverReached ? { kind: 'later', reason, retryAfterMs: 30_000, whole: true } : { kind: 'uncertain', reason }
}

/** How long SendGrid asks us to wait: Retry-After (seconds or a date), else X-RateLimit-Reset (epoch seconds), else a minute. */
function restOf(headers: unknown, now: Date): number {
  const after = headerOf(headers, 'retry-after')
  const reset = headerOf(headers, 'x-ratelimit-reset')
  const wait = after ? (/^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now.getTime()) : reset ? Number(reset) * 1000 - now.getTime() : MINUTE
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 1_000), 60 * MINUTE) : MINUTE
}

function headerOf(headers: unknown, name: string): string | null {
  const value = (headers as Record<string, unknown> | null | undefined)?.[name]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/**
 * ECDSA P-256 over timestamp + raw body. The age is bounded, so that an old delivery cannot be played again: SendGrid signs
 * each attempt of a delivery with its own time, and ten minutes leave room for clocks that disagree. A delivery that is played
 * again within them changes nothing, because its event ids are known.
 */
function isSigned(headers: Record<string, string | undefined>, rawBody: Buffer, publicKey: string, now: Date): boolean {
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
function readEvents(rawBody: Buffer): Feedback[] {
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
    case 'open':
      return 'opened'
    case 'click':
      return 'clicked'
    default:
      return null
  }
}
