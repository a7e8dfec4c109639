import type { App } from '../app.ts'
import { newId } from '../lib/ids.ts'
import { restsHere } from '../operations/rests.ts'
import type { CompiledMail } from './compile-mail.ts'
import type { Looked } from './last-look.ts'
import { nextBatch } from './next-batch.ts'
import { restingUntil } from './pace.ts'
import { handOver, type Stop } from './post.ts'
import { recordEach } from './record-each.ts'
import type { Run } from './run.ts'

/**
 * Sends the batches of an individual message that are due: claim and promise, last look, one call for each person with several in flight, record.
 * Two batches at a time, so that the calls of one hide the database's work for the other (one, where a doubt is for ever). Ends when there are none, the time is over, or the
 * provider asks for rest or refuses us.
 * @param until in milliseconds of this machine's running clock
 */
export async function sendEach(app: App, run: Run, mail: CompiledMail, until: number): Promise<void> {
  let stop: Stop | null = null
  const { evidence, limits: { lanes } } = app.mail
  const over = (): boolean => stop !== null || performance.now() >= until || restingUntil(app.mail, app.clock) !== null || restsHere(app) !== null
  const loop = async (share: number): Promise<void> => {
    const worker = newId(app.clock.now())
    while (!over()) {
      const next = await nextBatch(app, run, mail, worker, (person) => person)
      if (!next) return
      const { batch, called } = next
      if (called.length === 0) continue
      const people = new Map<string, Looked>(called.map((person) => [person.subscriberId, person]))
      const rows = called.map(({ subscriberId, email, key }) => ({ subscriberId, email, requestId: key, attempts: batch.attempts }))
      const handed = await handOver(app, run, mail, rows, people, { here: batch.deadline, everywhere: batch.leaseUntil }, share)
      stop ??= handed.stop
      await recordEach(app, run, worker, batch, handed.results, handed.stop)
    }
  }
  const shares = lanes > 1 && evidence !== 'none' ? [Math.ceil(lanes / 2), Math.floor(lanes / 2)] : [lanes]
  const ends = await Promise.allSettled(shares.map(loop))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
