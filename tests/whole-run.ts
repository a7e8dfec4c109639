import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { Logger } from '../app/lib/log.ts'
import type { Shop } from '../app/shops/shops.ts'
import { createCustomer, createProduct, placeOrder } from '../simulator/actions/index.ts'
import type { SimStore } from '../simulator/types.ts'
import { pot, pretend, type Pretend } from './pretend.ts'

/** A mail as it reached the stand-in for SendGrid; of a shared call, what it says of one person, with their values set in. */
export interface SentMail {
  url: string
  headers: Record<string, string>
  /** The request body, without the other people. */
  body: {
    personalizations: { to: { email: string }[]; custom_args: Record<string, string>; headers?: Record<string, string>; substitutions?: Record<string, string> }[]
    content: { type: string; value: string }[]
    headers: Record<string, string>
    subject: string
    [more: string]: unknown
  }
  html: string
  text: string
  to: string
  key: string
}

export interface WholeRun {
  p: Pretend
  shop: Shop
  sent: SentMail[]
  /** How the stand-in answers the next mails, each by its status and words; then 202 again. */
  answers: { status: number; message: string }[]
  signUp(fields: Record<string, unknown>): Promise<Response>
  /** News from the mail provider, signed. */
  tell(events: object[]): Promise<Response>
  /** Writes and sends a campaign to everybody who may be mailed, through the admin's API; answers its id. */
  send(name: string): Promise<string>
  close(): Promise<void>
}

/** The real app beside the pretend platform, with the real SendGrid provider and a stand-in for the other end: what leaves is kept. */
export async function wholeRun(options: { seed?: number; store?: Partial<SimStore>; env?: Record<string, string>; log?: Logger; watch?: (request: Request) => void } = {}): Promise<WholeRun> {
  const sent: SentMail[] = []
  const answers: WholeRun['answers'] = []
  const server = express()
    .use(express.json({ limit: '5mb' }))
    .post('/v3/mail/send', (request, response) => {
      const answer = answers.shift()
      if (answer) return void response.status(answer.status).json({ errors: [{ message: answer.message, field: 'personalizations.0.to.0.email', help: null }] })
      const body = request.body as SentMail['body']
      for (const one of body.personalizations) {
        const filled = (words: string): string => Object.entries(one.substitutions ?? {}).reduce((text, [tag, value]) => text.replaceAll(tag, () => value), words)
        const part = (type: string): string => filled(body.content.find((content) => content.type === type)?.value ?? '')
        sent.push({
          url: request.originalUrl, headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])), html: part('text/html'), text: part('text/plain'),
          body: { ...body, personalizations: [one], subject: filled(body.subject), headers: { ...body.headers, ...one.headers } }, to: one.to[0]!.email, key: one.custom_args.key!,
        })
      }
      response.status(202).set('X-Message-Id', `m${sent.length}`).end()
    })
    .listen(0, '127.0.0.1')
  await once(server, 'listening')
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { seed, store, log, watch } = options
  const p = await pretend({
    ...(seed ? { seed } : {}), ...(store ? { store } : {}), ...(log ? { log } : {}), ...(watch ? { watch } : {}),
    env: {
      MAIL_PROVIDER: 'sendgrid', SENDGRID_API_KEY: 'SG.whole-run', SENDGRID_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, MAIL_PER_SECOND: '10000',
      SENDGRID_WEBHOOK_KEY: keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'), ...options.env,
    },
  })
  createProduct(p.world, p.store, pot(1))
  const shop = await p.open()
  await p.readAll(shop)
  const seconds = (): string => String(Math.floor(p.world.clock.now().getTime() / 1000))
  return {
    p, shop, sent, answers,
    signUp(fields) {
      const all: Record<string, string> = { shop: shop.domain, path_prefix: '/apps/homing', timestamp: seconds() }
      const text = Object.entries(all).map(([name, value]) => `${name}=${value}`).sort().join('')
      const query = new URLSearchParams({ ...all, signature: createHmac('sha256', p.world.app.clientSecret).update(text).digest('hex') })
      return fetch(`${p.t.http}/proxy/signup?${query.toString()}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ formId: 'inline', version: 1, elapsed: 4000, page: '/', ...fields }) })
    },
    tell(events) {
      const timestamp = seconds()
      const body = JSON.stringify(events)
      const signature = sign('sha256', Buffer.from(timestamp + body), keys.privateKey).toString('base64')
      return fetch(`${p.t.http}/events/sendgrid`, { method: 'POST', body, headers: { 'x-twilio-email-event-webhook-timestamp': timestamp, 'x-twilio-email-event-webhook-signature': signature } })
    },
    async send(name) {
      const api = p.t.api(shop)
      const templates = (await api.get('/api/templates')).body as { templates: { id: string }[] }
      const made = (await api.post('/api/campaigns', { name, templateId: templates.templates[0]!.id })).body as { id: string; version: number; content: unknown; audience: unknown }
      const saved = await api.put(`/api/campaigns/${made.id}`, { version: made.version, name, subject: 'For {{ subscriber.first_name | default: "you" }}', preheader: '', content: made.content, audience: made.audience })
      if (saved.status !== 200) throw new Error(JSON.stringify(saved.body))
      const begun = await api.post(`/api/campaigns/${made.id}/send`)
      if (begun.status !== 200) throw new Error(JSON.stringify(begun.body))
      await p.calm()
      return made.id
    },
    async close() {
      await p.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A customer of the store with an order. */
export function shopper(run: Pick<WholeRun, 'p'>, email: string, firstName: string): void {
  const { world, store } = run.p
  const customer = createCustomer(world, store, { email, firstName, country: 'US' })
  placeOrder(world, store, { customerId: customer.id, lines: [{ variantId: [...store.products.values()][0]!.variants[0]!.id, quantity: 1 }] })
}

/** Every address that a mail holds, in both parts and in its headers. */
export const urlsIn = (mail: Pick<SentMail, 'html' | 'text' | 'body'>): string[] => [
  ...new Set([
    ...[...mail.html.matchAll(/(?:href|src)="([^"]+)"/g)].map((match) => match[1]!.replaceAll('&amp;', '&')),
    ...[...mail.text.matchAll(/https?:\/\/[^\s>]+/g)].map((match) => match[0]),
    ...[...(mail.body.headers['List-Unsubscribe'] ?? '').matchAll(/<([^>]+)>/g)].map((match) => match[1]!),
  ]),
]
