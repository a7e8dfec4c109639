import { randomBytes, timingSafeEqual } from 'node:crypto'
import express, { Router, type Request, type Response } from 'express'
import { z } from 'zod'
import type { SimMail, World } from '../types.ts'
import { queueEvents } from './events.ts'
import { take } from './faults.ts'
import { mailgunKeys } from './mailgun-events.ts'

const address = /^[^\s@<>(),;:"\\]+@[^\s@<>(),;:"\\]+\.[^\s@<>(),;:"\\.]{2,}$/
const known = /^(from|to|subject|text|html|recipient-variables|o:tracking|o:tracking-clicks|o:tracking-opens|h:[A-Za-z0-9-]+|v:[\w-]+)$/
const variables = z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number()])))

/**
 * Stands for api.mailgun.net: POST /v3/<domain>/messages. Checks and answers as Mailgun does, keeps the mails for the inboxes, and
 * tells the app by signed events what became of them. Misbehaves as `world.faults.mail` asks.
 */
export function mailgunRouter(world: World): Router {
  const router = Router()
  router.post('/v3/:domain/messages', express.raw({ type: () => true, limit: '25mb' }), (request: Request, response: Response, next) => {
    handle(request, response).catch(next)
  })
  return router

  async function handle(request: Request, response: Response): Promise<void> {
    const began = performance.now()
    const note = (title: string, status: number | null, detail: unknown): void =>
      world.wire.add({ kind: 'mail', shop: null, title, detail: typeof detail === 'string' ? detail : JSON.stringify(detail, null, 2), status, ms: Math.round(performance.now() - began) })
    const refuse = (status: number, message: string): void => {
      note(`Mailgun refused a mail: ${message}`, status, message)
      response.status(status).json({ message })
    }
    const { apiKey, domain } = mailgunKeys(world)
    const [given, wanted] = [Buffer.from(request.get('authorization') ?? ''), Buffer.from(`Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`)]
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return refuse(401, 'Forbidden')
    if (request.params.domain !== domain) return refuse(404, `Domain not found: ${String(request.params.domain)}`)
    const faults = world.faults.mail
    if (take(faults, 'hangNext')) return note('Mailgun hangs: no answer', null, 'The mail was not taken.')
    if (take(faults, 'tooManyNext')) return refuse(429, 'Too many requests')
    if (take(faults, 'errorNext')) return refuse(503, 'Service unavailable')

    const read = await readForm(request)
    if (typeof read === 'string') return refuse(400, read)
    const refused = read.people.find((to) => faults.refuseAddresses.has(to.toLowerCase()))
    if (refused !== undefined) return refuse(400, "'to' parameter is not a valid address. please check documentation")
    const id = `${world.clock.now().getTime()}.${randomBytes(8).toString('hex')}@${domain}`
    const mails = mailsOf(world, id, read)
    world.mails.push(...mails)
    note(mails.length === 1 ? `Mail to ${mails[0]!.to}: ${mails[0]!.subject}` : `${mails.length} mails: ${mails[0]!.subject}`, take(faults, 'loseAnswerNext', false) ? null : 200, mails[0]!.source.slice(0, 4000))
    for (const mail of mails) queueEvents(world, mail)
    if (take(faults, 'loseAnswerNext')) return void request.socket.destroy()
    response.status(200).json({ id: `<${id}>`, message: 'Queued. Thank you.' })
  }
}

interface Form {
  fields: Map<string, string>
  people: string[]
  from: { name: string; email: string }
  variables: Record<string, Record<string, string | number>>
}

/** What is asked for; or Mailgun's words against it. Fields that Mailgun has and this stand-in was not taught are refused by name. */
async function readForm(request: Request): Promise<Form | string> {
  const type = request.get('content-type') ?? ''
  if (!/^multipart\/form-data\b/i.test(type) || !Buffer.isBuffer(request.body)) return 'the pretend Mailgun was taught multipart/form-data only'
  const fields = new Map<string, string>()
  const to: string[] = []
  let entries
  try {
    entries = [...(await new globalThis.Response(new Uint8Array(request.body), { headers: { 'content-type': type } }).formData()).entries()]
  } catch {
    return 'the form could not be read'
  }
  for (const [name, value] of entries) {
    if (!known.test(name) || typeof value !== 'string') return `the pretend Mailgun was not taught the field ${name}`
    if (name === 'to') to.push(...value.split(',').map((one) => one.trim()))
    else fields.set(name, value)
  }
  const sender = /^(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<([^<>]+)>$/.exec(fields.get('from') ?? '')
  const from = sender ? { name: (sender[1] ?? sender[2] ?? '').replace(/\\(.)/g, '$1'), email: sender[3]! } : { name: '', email: fields.get('from') ?? '' }
  if (!address.test(from.email)) return "'from' parameter is not a valid address. please check documentation"
  if (to.length === 0) return "'to' parameter is missing"
  if (to.some((one) => !address.test(one))) return "'to' parameter is not a valid address. please check documentation"
  if (to.length > 1000) return 'The number of recipients is limited to 1000.'
  if (!fields.get('text') && !fields.get('html')) return "Need at least one of 'text' or 'html' parameters specified"
  let given: Form['variables'] = {}
  if (fields.has('recipient-variables')) {
    const parsed = variables.safeParse(jsonOf(fields.get('recipient-variables')!))
    if (!parsed.success) return "'recipient-variables' parameter is not a valid JSON"
    given = parsed.data
  } else if (to.length > 1) return 'the pretend Mailgun was taught several recipients with recipient-variables only: without them each would see all'
  return { fields, people: to, from, variables: given }
}

/** One mail per recipient, as each of them finds it. Bodies are made when somebody looks, because a thousand people share one. */
function mailsOf(world: World, id: string, { fields, people, from, variables: given }: Form): SimMail[] {
  const beginning = (prefix: string): [string, string][] => [...fields].flatMap(([name, value]): [string, string][] => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : []))
  return people.map((to, n): SimMail => {
    const own = given[to] ?? {}
    const filled = (words: string): string => words.replace(/%recipient\.([\w-]+)%/g, (tag, name: string) => String(own[name] ?? tag))
    const headers = Object.fromEntries(beginning('h:').map(([name, value]) => [name, filled(value)]))
    const { 'Reply-To': replyTo = null, ...rest } = headers
    const args = Object.fromEntries(beginning('v:').map(([name, value]) => [name, filled(value)]))
    return {
      id: `${id}.${n}`, via: 'mailgun', key: args.key ?? '', args, at: world.clock.now(), to, from, replyTo, subject: filled(fields.get('subject') ?? ''), headers: rest, events: [],
      get html() {
        return filled(fields.get('html') ?? '')
      },
      get text() {
        return filled(fields.get('text') ?? '')
      },
      get source() {
        return JSON.stringify({ ...Object.fromEntries(fields), to, 'recipient-variables': { [to]: own } }, null, 2)
      },
    }
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
