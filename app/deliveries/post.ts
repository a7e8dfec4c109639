import type { App } from '../app.ts'
import { after, MINUTE } from '../lib/clock.ts'
import type { Outcome } from '../mail/provider.ts'
import { begin, lease, type Begun, type Claimed } from './claim.ts'
import type { CompiledMail } from './compile-mail.ts'
import { nobody, peopleOf, type Person } from './last-look.ts'
import { rest, takeTurn } from './pace.ts'
import { record, type Result } from './record.ts'
import type { Run } from './run.ts'

/** Why no more should be posted now. */
export type Stop = { kind: 'rest'; until: Date } | { kind: 'paused'; reason: string } | { kind: 'time' }

/**
 * Posts claimed rows: promise (durable), hand over with several in flight, record. Five statements for a batch, however
 * large. Ends early, and gives back what it has not begun, when the provider asks for rest, refuses the sender, stops
 * answering or says no to everybody, or when the lease could run out.
 */
export async function post(app: App, run: Run, compiled: CompiledMail, worker: string, rows: Claimed[]): Promise<Stop | null> {
  const until = { here: performance.now() + lease / 2, everywhere: after(app.clock.now(), lease) }
  const people = await peopleOf(app, run, rows.map((row) => row.subscriberId), compiled)
  const begun = await begin(app, run, worker, rows)
  if (begun.length === 0) return null
  const { results, stop } = await handOver(app, run, compiled, begun, people, until)
  await record(app, run, worker, results, stop)
  return stop
}

/**
 * Hands over promised mails one by one, `lanes` in flight. Whatever was not begun, because the provider asked for rest, refuses us, stops answering or
 * says no to everybody, or because the lease could run out, comes back without an outcome.
 * @param until when the promise ends, by this machine's running clock (milliseconds) and by the clock that all workers share
 */
export async function handOver(
  app: App, run: Run, compiled: CompiledMail, begun: Begun[], people: { get(subscriberId: string): Person | undefined }, until: { here: number; everywhere: Date }, lanes = app.mail.limits.lanes,
): Promise<{ results: Result[]; stop: Stop | null }> {
  const results: Result[] = []
  const waiting = [...begun]
  let stop: Stop | null = null
  let doubts = 0 // answers lost in a row: the provider is not well
  let refusals = 0 // mails refused in a row for another reason than the address: the mail or the sender is at fault
  const judge = (outcome: Outcome): void => {
    if (outcome.kind === 'later' && outcome.whole) stop ??= { kind: 'rest', until: after(app.clock.now(), outcome.retryAfterMs) }
    else if (outcome.kind === 'paused') stop ??= outcome
    doubts = outcome.kind === 'uncertain' ? doubts + 1 : 0
    refusals = outcome.kind === 'refused' && !outcome.badAddress ? refusals + 1 : outcome.kind === 'accepted' ? 0 : refusals
    if (doubts >= 5) stop ??= { kind: 'rest', until: after(app.clock.now(), MINUTE) }
    if (refusals >= 10 && outcome.kind === 'refused') stop ??= { kind: 'paused', reason: outcome.reason }
  }
  const lane = async (): Promise<void> => {
    for (;;) {
      if (waiting.length === 0 || stop) return
      await takeTurn(app.mail, run.shopId)
      if (performance.now() > until.here || app.clock.now() >= until.everywhere) stop ??= { kind: 'time' } // a worker that was frozen must not go on with what others may hold by now
      const row = stop ? undefined : waiting.shift()
      if (!row) return
      const outcome = await handOverOne(app, run, compiled, row, people.get(row.subscriberId))
      judge(outcome)
      results.push({ row, outcome })
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, begun.length) }, lane))
  const ended = stop as Stop | null // TypeScript does not see the lanes change it
  if (ended?.kind === 'rest') rest(app.mail, ended.until)
  for (const row of waiting) results.push({ row, outcome: null })
  return { results, stop: ended }
}

async function handOverOne(app: App, run: Run, compiled: CompiledMail, row: Begun, person: Person | undefined): Promise<Outcome> {
  let mail
  try {
    mail = compiled.one({ ...(person ?? nobody(row.subscriberId)), email: row.email, key: row.requestId })
  } catch (error) {
    app.log.error({ err: error, messageId: run.messageId }, 'a mail could not be composed')
    return { kind: 'refused', reason: 'the mail could not be composed', badAddress: false }
  }
  if (mail.to !== row.email || mail.key !== row.requestId) throw new Error('a mail was about to leave for somebody else')
  try {
    return await app.mail.send(mail)
  } catch (error) {
    app.log.error({ err: error, provider: app.mail.name }, 'a mail provider threw, which none may')
    return { kind: 'uncertain', reason: 'the provider’s code failed' }
  }
}
