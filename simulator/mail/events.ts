import { randomUUID, sign } from 'node:crypto'
import type { SimMail, World } from '../types.ts'
import { mailgunEvent, signedByMailgun } from './mailgun-events.ts'
import { mailStateOf, type EventBatch, type MailEvent } from './provider-state.ts'

const second = 1000
/** Growing gaps, for a day in all; Mailgun gives up after eight hours, or at once when it is told so (406). */
const sendgridGaps = [10, 30, 60, 300, 900, 3600, 4 * 3600, 18 * 3600].map((seconds) => seconds * second)
const mailgunGaps = [300, 600, 900, 3600, 2 * 3600, 4 * 3600].map((seconds) => seconds * second)
const batchSize = 200
/** How long an event waits for others before it is posted, real milliseconds. */
const company = 300
const patience = 10_000

/**
 * What becomes of a mail: `processed`, then `delivered`. Addresses tell otherwise: `bounce…@` bounces (and is dropped from then
 * on), `block…@` is refused this time only, `defer…@` waits first, `complain…@` reports spam.
 */
export function queueEvents(world: World, mail: SimMail): void {
  const state = mailStateOf(world)
  const local = mail.to.toLowerCase().split('@')[0] ?? ''
  const gone = state.suppressed.get(mail.to.toLowerCase())
  if (gone) return tell(world, mail, 'dropped', { reason: gone, status: '5.0.0' })
  tell(world, mail, 'processed', { send_at: 0 })
  if (local.startsWith('bounce')) {
    state.suppressed.set(mail.to.toLowerCase(), 'Bounced Address')
    return tell(world, mail, 'bounce', { type: 'bounce', status: '5.1.1', reason: '550 5.1.1 The email account that you tried to reach does not exist.', bounce_classification: 'Invalid Address' })
  }
  if (local.startsWith('block')) return tell(world, mail, 'bounce', { type: 'blocked', status: '5.7.1', reason: '554 5.7.1 The message was refused because of its content.', bounce_classification: 'Content' }, 'blocked')
  if (local.startsWith('defer')) tell(world, mail, 'deferred', { response: '421 4.7.0 Try again later.', attempt: '1' })
  tell(world, mail, 'delivered', { response: '250 2.0.0 OK' })
  if (local.startsWith('complain')) {
    state.suppressed.set(mail.to.toLowerCase(), 'Spam Reporting Address')
    tell(world, mail, 'spamreport', {})
  }
}

/** A person presses "This is spam" in their mail programme: the provider hears of it and tells the app. */
export function reportSpam(world: World, mail: SimMail): void {
  mailStateOf(world).suppressed.set(mail.to.toLowerCase(), 'Spam Reporting Address')
  tell(world, mail, 'spamreport', {})
}

/** Posts what is due and waits for the answers. Batches that were refused wait for their next try: jump the clock for them. */
export async function deliverEvents(world: World): Promise<void> {
  const state = mailStateOf(world)
  for (;;) {
    await state.posting
    collect(world)
    const now = world.clock.now().getTime()
    const due = state.batches.filter((batch) => batch.dueAt <= now)
    if (due.length === 0 || state.closed) return
    state.batches = state.batches.filter((batch) => batch.dueAt > now)
    state.posting = postAll(world, due).finally(() => (state.posting = null))
  }
}

/** Batches that the app refused and that wait for their next try. */
export const waitingEvents = (world: World): number => mailStateOf(world).batches.length

/** Stops timers; what still waits is forgotten. */
export async function closeMail(world: World): Promise<void> {
  const state = mailStateOf(world)
  state.closed = true
  if (state.timer) clearTimeout(state.timer)
  state.batches.length = 0
  state.collecting.length = 0
  await state.posting
}

/** The headers that sign a body of the event webhook. */
export function signEvents(world: World, body: string): Record<string, string> {
  const timestamp = String(Math.floor(world.clock.now().getTime() / second))
  const signature = sign('sha256', Buffer.concat([Buffer.from(timestamp), Buffer.from(body)]), mailStateOf(world).privateKey)
  return { 'x-twilio-email-event-webhook-timestamp': timestamp, 'x-twilio-email-event-webhook-signature': signature.toString('base64') }
}

function tell(world: World, mail: SimMail, event: string, more: Record<string, unknown>, known = event): void {
  const state = mailStateOf(world)
  if (state.closed) return
  const at = world.clock.now()
  mail.events.push({ kind: known, at })
  if (mail.via === 'mailgun') {
    const signed = signedByMailgun(world, mailgunEvent(mail, event, at, more))
    for (let times = world.faults.mail.duplicateEvents ? 2 : 1; times > 0; times--) state.batches.push({ events: [{ event }], signed, attempt: 0, dueAt: at.getTime() })
    return schedule(world)
  }
  const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')
  const one: MailEvent = { email: mail.to, timestamp: Math.floor(at.getTime() / second), event, sg_event_id: id, sg_message_id: mail.id, 'smtp-id': `<${mail.id}@geopod-ismtpd.sendgrid.example>`, ...mail.args, ...more }
  state.collecting.push(one)
  if (world.faults.mail.duplicateEvents) state.collecting.push(one)
  schedule(world)
}

function schedule(world: World): void {
  const state = mailStateOf(world)
  if (!watched.has(world)) {
    watched.add(world)
    world.clock.onJump(() => schedule(world))
  }
  if (state.timer || state.closed) return
  const next = state.collecting.length > 0 ? company : state.batches.reduce((first, batch) => Math.min(first, batch.dueAt), Infinity) - world.clock.now().getTime()
  if (!Number.isFinite(next)) return
  state.timer = setTimeout(() => {
    state.timer = null
    void deliverEvents(world).then(() => schedule(world))
  }, Math.min(Math.max(next, company), 60_000))
  state.timer.unref()
}
const watched = new WeakSet<World>()

function collect(world: World): void {
  const state = mailStateOf(world)
  while (state.collecting.length > 0) state.batches.push({ events: state.collecting.splice(0, batchSize), attempt: 0, dueAt: world.clock.now().getTime() })
}

async function postAll(world: World, batches: EventBatch[]): Promise<void> {
  for (const batch of batches) {
    const began = performance.now()
    const body = batch.signed ?? JSON.stringify(batch.events)
    const [path, gaps] = batch.signed ? ['/events/mailgun', mailgunGaps] : ['/events/sendgrid', sendgridGaps]
    let status: number | null = null
    try {
      const answer = await fetch(`${world.urls.app}${path}`, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.timeout(patience),
        headers: { 'content-type': 'application/json', ...(batch.signed ? { 'user-agent': 'Go-http-client/2.0' } : { 'user-agent': 'SendGrid Event API', ...signEvents(world, body) }) },
        body,
      })
      status = answer.status
      await answer.body?.cancel()
    } catch {
      // no connection or no answer: tried again like any other refusal
    }
    const taken = (status !== null && status >= 200 && status < 300) || (batch.signed !== undefined && status === 406)
    const gap = gaps[batch.attempt]
    if (!taken && gap !== undefined && !mailStateOf(world).closed) mailStateOf(world).batches.push({ ...batch, attempt: batch.attempt + 1, dueAt: world.clock.now().getTime() + gap })
    const kinds = Object.entries(Object.groupBy(batch.events, (one) => one.event)).map(([kind, all]) => `${all?.length ?? 0} ${kind}`).join(', ')
    world.wire.add({
      kind: 'mail', shop: null, status, ms: Math.round(performance.now() - began),
      title: `Mail events: ${kinds}${taken ? '' : gap === undefined ? ' (given up)' : ` (refused, again in ${gap / second} s)`}`,
      detail: body.slice(0, 4000),
    })
  }
}
