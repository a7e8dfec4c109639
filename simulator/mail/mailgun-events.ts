import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import type { SimMail, World } from '../types.ts'

/** What the app's settings need to send by the pretend Mailgun. */
export const mailgunKeys = (world: World): { apiKey: string; domain: string; signingKey: string } => {
  const secret = (use: string): string => createHmac('sha256', world.app.clientSecret).update(`mailgun ${use}`).digest('hex')
  return { apiKey: `key-${secret('api').slice(0, 32)}`, domain: 'mail.homing.example', signingKey: secret('webhook') }
}

/** Puts one of SendGrid's events (`events.ts` speaks in them) into Mailgun's words. */
export function mailgunEvent(mail: SimMail, event: string, at: Date, more: Record<string, unknown>): Record<string, unknown> {
  const told = (words: object): Record<string, unknown> => ({
    id: randomUUID().replaceAll('-', ''), timestamp: at.getTime() / 1000, 'log-level': 'info', recipient: mail.to, 'user-variables': Object.keys(mail.args).length > 0 ? mail.args : [],
    message: { headers: { to: mail.to, 'message-id': (mail.headers['Message-ID'] ?? mail.id).replace(/^<|>$/g, ''), subject: mail.subject } }, ...words,
  })
  const said = (...names: string[]): string => names.map((name) => more[name]).find((one) => typeof one === 'string') ?? ''
  const [status, words] = [said('status'), said('reason', 'response')]
  switch (event) {
    case 'processed':
      return told({ event: 'accepted' })
    case 'deferred':
      return told({ event: 'failed', severity: 'temporary', reason: 'generic', 'delivery-status': { code: 421, 'enhanced-code': '4.7.0', message: words } })
    case 'bounce':
      return told({ event: 'failed', severity: 'permanent', reason: more.type === 'blocked' ? 'espblock' : 'bounce', 'delivery-status': { code: more.type === 'blocked' ? 554 : 550, 'enhanced-code': status, message: words } })
    case 'dropped':
      return told({
        event: 'failed', severity: 'permanent', reason: /spam/i.test(words) ? 'suppress-complaint' : 'suppress-bounce',
        'delivery-status': { code: /spam/i.test(words) ? 607 : 605, message: '', description: 'Not delivering to a suppressed address' },
      })
    case 'spamreport':
      return told({ event: 'complained' })
    default:
      return told({ event, ...(event === 'delivered' ? { 'delivery-status': { code: 250, message: 'OK' } } : {}) })
  }
}

/** A delivery of the webhook: what happened, and a signature over its time and a token of its own. */
export function signedByMailgun(world: World, event: object): string {
  const timestamp = String(Math.floor(world.clock.now().getTime() / 1000))
  const token = randomBytes(25).toString('hex')
  const signature = createHmac('sha256', mailgunKeys(world).signingKey).update(timestamp + token).digest('hex')
  return JSON.stringify({ signature: { timestamp, token, signature }, 'event-data': event })
}
