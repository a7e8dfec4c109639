import type { App } from '../app.ts'
import { newId } from '../lib/ids.ts'
import { restsHere, restTurn, sendingRests } from '../operations/rests.ts'
import { cancelDeliveries } from './cancel.ts'
import { claim, release } from './claim.ts'
import { compileMail, type CompiledMail } from './compile-mail.ts'
import { sendAlone } from './dissolve.ts'
import { restingUntil } from './pace.ts'
import { post, type Stop } from './post.ts'
import { pauseCampaign } from './record.ts'
import { loadRun, type Run } from './run.ts'
import { sendBatches } from './send-batches.ts'
import { sendEach } from './send-each.ts'
import { settle } from './settle.ts'
import { prepareCall } from './way.ts'

/** How long one turn of sending lasts, so that a process that is asked to stop can, and other messages get their turn. */
const slice = 10_000
/** The loops of this process, by app: a second one for the same message would only halve the pace of both. */
const running = new WeakMap<App, Map<string, { again: boolean }>>()

/**
 * Sends a message to whoever of its frozen audience is due, for a while, then asks for its own next turn; when nothing is open
 * any more it asks for the campaign to be finished. Any number of workers may do this at once: a claim decides who posts what.
 * A worker that dies leaves what `recoverDeliveries` sorts out; nothing is sent twice and nobody is lost (docs/sending.md).
 */
export async function sendDeliveries(app: App, { shopId, messageId }: { shopId: string; messageId: string }): Promise<void> {
  const mine = running.get(app) ?? new Map<string, { again: boolean }>()
  running.set(app, mine)
  const other = mine.get(messageId)
  if (other) {
    other.again = true
    return
  }
  const turn = { again: false }
  mine.set(messageId, turn)
  try {
    const until = performance.now() + slice
    let run = await loadRun(app, shopId, messageId)
    do {
      turn.again = false
      if (run?.shop.status === 'uninstalled') await cancelDeliveries(app, shopId, messageId, 'shop_uninstalled')
      else if (run) await sendWhile(app, run, until)
      if (turn.again) run = await loadRun(app, shopId, messageId)
    } while (turn.again && performance.now() < until)
  } finally {
    mine.delete(messageId)
  }
  await settle(app, shopId, messageId, (await sendingRests(app)) === null ? null : restTurn(app.clock.now()))
}

async function sendWhile(app: App, run: Run, until: number): Promise<void> {
  const mail = await compiled(app, run)
  if (!mail) return
  if (run.message.way === 'individual') await sendEach(app, run, mail, until)
  else {
    const call = prepareCall(app.mail, mail)
    if (call) await sendBatches(app, run, mail, call, until)
    else await sendAlone(app, run) // the provider was changed meanwhile for one that cannot
  }
  await sendRows(app, run, mail, until)
}

/** Rows that travel alone: single mails, and those that left their batch. */
async function sendRows(app: App, run: Run, mail: CompiledMail, until: number): Promise<void> {
  const worker = newId(app.clock.now())
  const size = rowsAtOnce(app)
  while (performance.now() < until && !restingUntil(app.mail, app.clock) && !restsHere(app)) {
    const rows = await claim(app, run, worker, size.claim)
    if (rows.length === 0) return
    let stop: Stop | null = null
    let at = 0
    for (; at < rows.length && !stop; at += size.post) stop = await post(app, run, mail, worker, rows.slice(at, at + size.post))
    if (at < rows.length) await release(app, run, worker)
    if (stop) return
  }
}

/** The message made ready; null when it cannot be: then the campaign waits for a person, and nobody is lost. */
async function compiled(app: App, run: Run): Promise<CompiledMail | null> {
  try {
    return compileMail(app, run)
  } catch (error) {
    if (!run.campaign) throw error
    app.log.error({ err: error, messageId: run.messageId }, 'a message could not be made ready')
    await pauseCampaign(app, run, 'the mail could not be composed')
    return null
  }
}

/**
 * Rows per claim and per promise. A promise lasts about two seconds at the provider's pace, so that pausing bites at once. What
 * is promised when a process dies is in doubt; where only a person can settle that (no evidence), it is kept small.
 */
function rowsAtOnce(app: Pick<App, 'mail'>): { claim: number; post: number } {
  const { lanes, perSecond } = app.mail.limits
  const two = Math.min(Math.max(Math.ceil(perSecond * 2), lanes), 500)
  return { claim: two, post: app.mail.evidence === 'none' ? Math.min(two, Math.max(lanes, 50)) : two }
}
