import { randomBytes, timingSafeEqual } from 'node:crypto'
import express, { Router, type Request, type Response } from 'express'
import type { SimMail, World } from '../types.ts'
import { queueEvents } from './events.ts'
import { take } from './faults.ts'
import { mailStateOf } from './provider-state.ts'
import { domainsRouter } from './sendgrid-domains.ts'
import { checkSend, type Refusal, type SendRequest } from './refusals.ts'

/**
 * Stands for api.sendgrid.com: POST /v3/mail/send. Checks and answers as SendGrid does, keeps the mails for the inboxes, and
 * tells the app by signed events what became of them. Misbehaves as `world.faults.mail` asks.
 */
export function sendgridRouter(world: World): Router {
  const router = Router()
  router.post('/v3/mail/send', authorise, express.json({ limit: '30mb', type: () => true }), (request: Request, response: Response) => {
    const began = performance.now()
    const note = (title: string, status: number | null, detail: unknown): void =>
      world.wire.add({ kind: 'mail', shop: null, title, detail: typeof detail === 'string' ? detail : JSON.stringify(detail, null, 2), status, ms: Math.round(performance.now() - began) })
    const refuse = (status: number, errors: Refusal[]): void => {
      note(`SendGrid refused a mail: ${errors[0]?.message ?? ''}`, status, { errors })
      response.status(status).json({ errors })
    }
    const faults = world.faults.mail
    if (take(faults, 'hangNext')) {
      note('SendGrid hangs: no answer', null, 'The mail was not taken.')
      return
    }
    if (take(faults, 'tooManyNext')) {
      const reset = Math.ceil(world.clock.now().getTime() / 1000) + 5
      response.set({ 'X-RateLimit-Limit': '600', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(reset) })
      return refuse(429, [{ message: 'too many requests', field: null, help: null }])
    }
    if (take(faults, 'errorNext')) return refuse(503, [{ message: 'service unavailable', field: null, help: null }])
    if (!/^application\/json\b/i.test(request.get('content-type') ?? '')) return refuse(415, [{ message: 'Content-Type should be application/json.', field: null, help: null }])
    const { ok, refusals } = checkSend(request.body)
    if (!ok) return refuse(400, refusals)
    const refused = ok.personalizations.flatMap((one, n) => one.to.flatMap((to, m) => (faults.refuseAddresses.has(to.email.toLowerCase()) ? [`personalizations.${n}.to.${m}.email`] : [])))
    if (refused.length > 0) return refuse(400, refused.map((field) => ({ message: 'Does not contain a valid address.', field, help: null })))
    if (ok.mail_settings?.sandbox_mode?.enable) return void response.status(200).end()

    const id = randomBytes(16).toString('base64url')
    const mails = mailsOf(world, id, ok)
    world.mails.push(...mails)
    note(mails.length === 1 ? `Mail to ${mails[0]!.to}: ${mails[0]!.subject}` : `${mails.length} mails: ${mails[0]!.subject}`, take(faults, 'loseAnswerNext', false) ? null : 202, mails[0]!.source.slice(0, 4000))
    for (const mail of mails) queueEvents(world, mail)
    if (take(faults, 'loseAnswerNext')) return void request.socket.destroy()
    return void response.status(202).set('X-Message-Id', id).end()
  })
  router.use(domainsRouter(world, authorise))
  router.all('/v3/*path', (request, response) => {
    const title = `Refused: the pretend SendGrid was not taught ${request.method} ${request.path}`
    world.wire.add({ kind: 'mail', shop: null, title, detail: '', status: 501, ms: null })
    response.status(501).json({ errors: [{ message: title, field: null, help: null }] })
  })
  router.use((error: unknown, _request: Request, response: Response, next: (error: unknown) => void) => {
    const { type, status } = (error ?? {}) as { type?: string; status?: number }
    if (!type || !status) return next(error)
    response.status(status).json({ errors: [{ message: status === 413 ? 'The request is larger than 30 MB.' : 'Bad Request', field: null, help: null }] })
  })
  return router

  function authorise(request: Request, response: Response, next: () => void): void {
    const given = Buffer.from(request.get('authorization') ?? '')
    const wanted = Buffer.from(`Bearer ${mailStateOf(world).apiKey}`)
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return next()
    world.wire.add({ kind: 'mail', shop: null, title: 'SendGrid refused a mail: wrong key', detail: '', status: 401, ms: null })
    response.status(401).json({ errors: [{ message: 'The provided authorization grant is invalid, expired, or revoked', field: null, help: null }] })
  }
}

/**
 * One mail per recipient, as each of them finds it: with the substitutions set in, in the subject and in both parts. These are
 * made when somebody looks, because a thousand people share one body of a call.
 */
function mailsOf(world: World, id: string, request: SendRequest): SimMail[] {
  const part = (type: string): string => request.content.find((one) => one.type === type)?.value ?? ''
  const [html, text] = [part('text/html'), part('text/plain')]
  let n = 0
  return request.personalizations.flatMap((one) =>
    one.to.map((to): SimMail => {
      const args = { ...request.custom_args, ...one.custom_args }
      const filled = (words: string): string => Object.entries(one.substitutions ?? {}).reduce((all, [tag, value]) => all.replaceAll(tag, () => value), words)
      return {
        id: `${id}.recvd-${n++}`,
        key: args.key ?? '',
        args,
        at: world.clock.now(),
        to: to.email,
        from: { name: request.from.name ?? '', email: request.from.email },
        replyTo: request.reply_to?.email ?? null,
        subject: filled(one.subject ?? request.subject ?? ''),
        get html() {
          return filled(html)
        },
        get text() {
          return filled(text)
        },
        headers: { ...request.headers, ...one.headers },
        get source() {
          return JSON.stringify({ ...request, personalizations: [{ ...one, to: [to] }] }, null, 2)
        },
        events: [],
      }
    }),
  )
}
