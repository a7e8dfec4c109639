import type { App } from '../app.ts'
import { after, MINUTE } from '../lib/clock.ts'
import { newId } from '../lib/ids.ts'
import type { Outcome, SharedRecipient } from '../mail/provider.ts'
import { restsHere } from '../operations/rests.ts'
import { recordBatch } from './batch-record.ts'
import type { CompiledMail } from './compile-mail.ts'
import { batchSize } from './freeze.ts'
import { nextBatch } from './next-batch.ts'
import { giveBack, rest, restingUntil, takeTurn } from './pace.ts'
import type { Run } from './run.ts'

/** Hands a prepared body over for these people in one call. */
export type SharedCall = (recipients: SharedRecipient[]) => Promise<Outcome>

/** So many calls in flight keep the provider busy; more would only put more people in doubt at once when a process dies. */
const most = 4
/** So many calls refused in a row, not because of an address, with none taken in between: it is the mail that is refused. */
const faultOfTheMail = 8

/** What a worker has learnt during a turn, over all its lanes. */
interface Turn {
  stop: boolean
  /** Answers lost in a row: the provider is not well. */
  doubts: number
  /** Calls refused in a row for another reason than an address. */
  refusals: number
}

/**
 * Sends the batches of a shared message that are due, several at a time, until there are none, the time is over, the provider asks
 * for rest or refuses us. Each batch: its turn at the provider, claim and promise, last look, one call, record.
 * @param until in milliseconds of this machine's running clock
 */
export async function sendBatches(app: App, run: Run, mail: CompiledMail, call: SharedCall, until: number): Promise<void> {
  const size = batchSize(app.mail, 'shared')
  // Where two seconds' worth fits into one call, one more in flight hides its answer's way.
  const lanes = Math.min(app.mail.limits.lanes, most, app.mail.limits.perSecond * 2 > size ? most : 2)
  const turn: Turn = { stop: false, doubts: 0, refusals: 0 }
  const over = (): boolean => turn.stop || performance.now() >= until || restingUntil(app.mail, app.clock) !== null || restsHere(app) !== null
  const lane = async (first: boolean): Promise<void> => {
    const worker = newId(app.clock.now())
    // While calls are refused one by one is tried, so that what is wrong is found out with few of them.
    while (!over() && (first || turn.refusals === 0)) {
      await takeTurn(app.mail, run.shopId, size)
      const mails = over() ? null : await sendOne(app, run, mail, call, worker, turn)
      giveBack(app.mail, run.shopId, size - (mails ?? 0))
      if (mails === null) return
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: lanes }, (_, i) => lane(i === 0)))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/** @returns how many mails began; null when no batch is due, or nothing may leave. */
async function sendOne(app: App, run: Run, mail: CompiledMail, call: SharedCall, worker: string, turn: Turn): Promise<number | null> {
  const next = await nextBatch(app, run, mail, worker, (person) => ({ key: person.key, to: person.email, values: mail.valuesOf(person), subscriberId: person.subscriberId }))
  if (!next) return null
  const { batch, called } = next
  if (called.length === 0) return 0
  const outcome = await handOver(app, call, called)
  const pause = judge(app, turn, outcome)
  await recordBatch(app, run, worker, batch, called, outcome, pause)
  return called.length
}

async function handOver(app: App, call: SharedCall, called: SharedRecipient[]): Promise<Outcome> {
  try {
    return await call(called)
  } catch (error) {
    app.log.error({ err: error, provider: app.mail.name }, 'a mail provider threw, which none may')
    return { kind: 'uncertain', reason: 'the provider’s code failed' }
  }
}

/** What an answer means for the other batches. @returns why the campaign must be paused, or null. */
function judge(app: App, turn: Turn, outcome: Outcome): string | null {
  const quiet = (milliseconds: number): void => {
    rest(app.mail, after(app.clock.now(), milliseconds))
    turn.stop = true
  }
  turn.doubts = outcome.kind === 'uncertain' ? turn.doubts + 1 : 0
  if (outcome.kind === 'accepted') turn.refusals = 0
  if (outcome.kind === 'refused' && !outcome.badAddress && !outcome.people) turn.refusals++
  if (outcome.kind === 'later' && outcome.whole) quiet(outcome.retryAfterMs)
  if (turn.doubts >= 2) quiet(MINUTE) // each may be a thousand people
  const pause = outcome.kind === 'paused' || (outcome.kind === 'refused' && turn.refusals >= faultOfTheMail) ? outcome.reason : null
  if (pause !== null) turn.stop = true
  return pause
}
