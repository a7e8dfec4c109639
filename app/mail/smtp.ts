import { systemClock, type Clock } from '../lib/clock.ts'
import { checkMail } from './check.ts'
import { asciiAddress } from './mime-header.ts'
import { mimeOf } from './mime.ts'
import type { MailProvider, Outcome } from './provider.ts'
import { withoutAddresses } from './reason.ts'
import { SmtpConnection, type Delivery, type SmtpMail } from './smtp-connection.ts'
import { readSmtpUrl } from './server-address.ts'

export interface SmtpOptions {
  /** smtps://user:password@host or smtp://…; its options are those of `readSmtpUrl`. */
  url: string
  perSecond: number
  clock?: Clock
  connections?: number
  timeoutMs?: number
  /** An own authority, for tests. */
  ca?: string
}

/** A connection is given up after so many mails, or so long without one: servers close what is older. */
const mostMails = 500
const idleMs = 30_000

interface Job {
  mail: SmtpMail
  /** It met a connection that was over before the message began; it may meet no second one. */
  again: boolean
  done: (delivery: Delivery) => void
}

/**
 * Any mail server that speaks SMTP, over a few kept connections. It tells nothing afterwards: the reply after the message is all the
 * evidence there is, so a connection that breaks after the first byte of the message leaves a doubt that only a person can
 * settle. A server that wants fewer connections than we open gets fewer.
 */
export function createSmtp(options: SmtpOptions): MailProvider {
  const address = readSmtpUrl(options.url)
  const lanes = options.connections ?? address.connections
  const clock = options.clock ?? systemClock
  const limits = { timeoutMs: options.timeoutMs ?? 20_000, bodyTimeoutMs: options.timeoutMs ?? 45_000, ...(options.ca ? { ca: options.ca } : {}) }
  const waiting: Job[] = []
  const free: SmtpConnection[] = []
  const all = new Set<SmtpConnection>()
  let most = lanes
  let closed = false
  let sweeper: NodeJS.Timeout | null = null

  const leaveIdle = (): void => {
    for (const connection of free.filter((one) => performance.now() - one.idleSince >= idleMs)) connection.quit()
  }
  const start = (job: Job): void => {
    for (let connection = free.pop(); connection; connection = free.pop()) {
      if (!connection.isOver && performance.now() - connection.idleSince < idleMs) return void run(connection, job)
      connection.quit()
    }
    if (all.size < most) void open(job)
    else waiting.push(job)
  }
  const next = (): void => {
    while (waiting.length > 0 && (free.length > 0 || all.size < most)) start(waiting.shift()!)
  }

  const open = async (job: Job): Promise<void> => {
    let ready = false
    const connection: SmtpConnection = new SmtpConnection(address, limits, () => {
      all.delete(connection)
      const at = free.indexOf(connection)
      if (at >= 0) free.splice(at, 1)
      if (all.size === 0) most = lanes
      if (ready) next()
    })
    all.add(connection)
    sweeper ??= setInterval(leaveIdle, idleMs).unref()
    const fault = await connection.open()
    if (!fault) {
      ready = true
      return run(connection, job)
    }
    if (all.size > 0 && wantsFewer(fault)) {
      most = all.size // the others may be let in, or are already: they take it along
      waiting.unshift(job)
      next()
    } else for (const one of [job, ...(all.size === 0 ? waiting.splice(0) : [])]) one.done(fault)
  }

  const run = async (connection: SmtpConnection, job: Job): Promise<void> => {
    connection.wake()
    const reused = connection.delivered > 0
    const delivery = await connection.deliver(job.mail)
    if (reused && !job.again && wasStale(delivery)) {
      connection.quit()
      return start({ ...job, again: true })
    }
    if (closed || connection.delivered >= mostMails) connection.quit()
    else if (!connection.isOver) {
      connection.rest()
      free.push(connection)
    }
    job.done(delivery)
    next()
  }

  return {
    name: 'smtp',
    idempotent: false,
    evidence: 'none',
    limits: { lanes, perSecond: options.perSecond },
    async send(mail) {
      const fault = checkMail(mail)
      if (fault) return fault
      if (closed) return { kind: 'later', reason: 'the connection to the mail server was closed', retryAfterMs: 30_000, whole: true }
      // The envelope names the one checked address and nothing that a header says.
      const ready: SmtpMail = { from: asciiAddress(mail.from.email), to: asciiAddress(mail.to), data: mimeOf(mail, clock.now()) }
      return outcomeOf(await new Promise<Delivery>((done) => start({ mail: ready, again: false, done })))
    },
    async close() {
      closed = true
      if (sweeper) clearInterval(sweeper)
      for (const job of waiting.splice(0)) job.done({ kind: 'lost', fault: 'CLOSED', begun: false })
      for (const connection of free.splice(0)) connection.quit()
    },
  }
}

/** No connection now: that may be because there are others of ours. */
const wantsFewer = (fault: Delivery): boolean => fault.kind === 'lost' || (fault.kind === 'said' && (fault.reply.code < 500 || fault.stage === 'greeting'))

/** The server had ended this connection, or does so now, before any of the message left: another one will do. */
const wasStale = (delivery: Delivery): boolean => (delivery.kind === 'lost' && !delivery.begun) || (delivery.kind === 'said' && delivery.stage !== 'body' && delivery.reply.code === 421)

const lacks: Record<Extract<Delivery, { kind: 'cannot' }>['what'], Outcome> = {
  tls: { kind: 'paused', reason: 'The mail server offers no encryption (STARTTLS)' },
  auth: { kind: 'paused', reason: 'The mail server offers no way of signing in that Homing knows (PLAIN, LOGIN)' },
  address: { kind: 'refused', reason: 'the mail server takes no addresses with letters beyond ASCII', badAddress: true },
  size: { kind: 'refused', reason: 'the mail is larger than the mail server takes', badAddress: false },
}

function outcomeOf(delivery: Delivery): Outcome {
  if (delivery.kind === 'cannot') return lacks[delivery.what]
  if (delivery.kind === 'lost')
    return delivery.begun
      ? { kind: 'uncertain', reason: `The answer of the mail server was lost (${delivery.fault})` }
      : { kind: 'later', reason: `The mail server could not be asked (${delivery.fault})`, retryAfterMs: 30_000, whole: true }
  const { stage, reply: { code, text } } = delivery
  if (stage === 'body' && code < 300) return { kind: 'accepted', providerId: text ? withoutAddresses(`${code} ${text}`).slice(0, 200) : null }
  const reason = withoutAddresses(`The mail server said: ${code} ${text}`)
  if (stage === 'body' && code < 400) return { kind: 'uncertain', reason } // no answer to a message that anybody knows
  // An answer is certain, wherever it came: the server did not take the mail.
  if (code >= 500 && (stage === 'auth' || stage === 'mail' || isSenderTrouble(text))) return { kind: 'paused', reason }
  const alone = stage === 'rcpt' || stage === 'data' || stage === 'body'
  if (code >= 500 && alone) return { kind: 'refused', reason, badAddress: stage === 'rcpt' && !/\b5\.7\.\d/.test(text) }
  return { kind: 'later', reason, retryAfterMs: 5 * 60_000, whole: !alone || code === 421 }
}

/** Missing authentication of the sending domain (550 5.7.515 and its kin) says nothing about the recipient (reliability.md 2.1). */
const isSenderTrouble = (text: string): boolean => /\b5\.7\.(515|509|26|25|23|60)\b/.test(text)
