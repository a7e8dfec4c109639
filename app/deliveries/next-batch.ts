import type { App } from '../app.ts'
import { restsHere } from '../operations/rests.ts'
import { claimBatch, leaveOut, stillOurs, type Batch, type Out } from './batches.ts'
import { endEmpty, releaseBatch } from './batch-record.ts'
import type { CompiledMail } from './compile-mail.ts'
import { lastLook, type Looked } from './last-look.ts'
import type { Run } from './run.ts'

/**
 * The next batch that is due, claimed, promised and looked at for the last time: whoever may not be mailed any more, or whose mail cannot be
 * made, has left it durably. With nobody left it has been ended, and when the lease was over before we came to it, given back; then nobody is called.
 * @param make what is handed over for a person; when it throws, that person is refused
 * @returns null when no batch is due, or nothing may leave
 */
export async function nextBatch<T>(app: App, run: Run, mail: CompiledMail, worker: string, make: (person: Looked) => T): Promise<{ batch: Batch; called: T[] } | null> {
  const batch = restsHere(app) ? null : await claimBatch(app, run, worker)
  if (!batch) return null
  let called: T[] | null
  try {
    called = await whoGetsIt(app, run, mail, worker, batch, make)
  } catch (error) {
    await releaseBatch(app, run, worker, batch).catch(() => undefined) // if this fails too it ends as uncertain, and comes back
    throw error
  }
  if (!called) return { batch, called: [] }
  if (called.length === 0) await endEmpty(app, run, worker, batch)
  else if (!stillOurs(app, batch)) {
    await releaseBatch(app, run, worker, batch)
    return { batch, called: [] }
  }
  return { batch, called }
}

/** The last look, and who is left for the call; null when the batch is somebody else's by now. */
async function whoGetsIt<T>(app: App, run: Run, mail: CompiledMail, worker: string, batch: Batch, make: (person: Looked) => T): Promise<T[] | null> {
  const outs: Out[] = []
  const called: T[] = []
  for (const person of await lastLook(app, run, batch, mail)) {
    const { subscriberId, email, reason } = person
    if (reason) {
      outs.push({ subscriberId, email, state: 'suppressed', reason })
      continue
    }
    try {
      called.push(make(person))
    } catch (error) {
      app.log.error({ err: error, messageId: run.messageId }, 'a mail could not be composed')
      outs.push({ subscriberId, email, state: 'refused', reason: 'provider_refused', detail: 'the mail could not be composed' })
    }
  }
  return (await leaveOut(app, run, worker, batch, outs)) ? called : null
}
