import type { App } from '../app.ts'
import { AppError } from '../lib/errors.ts'
import { readLink } from '../lib/tokens.ts'
import { journalOf, type Journal, type OptOut } from '../operations/journal.ts'
import { localOf } from '../operations/local.ts'
import type { ConsentMethod } from './contract.ts'
import { visitorOf } from './person.ts'
import { newestEntry } from './record.ts'
import { unsubscribe, type Act } from './unsubscribe.ts'

/** How long the database may take before the journal answers for it, in milliseconds (reliability.md D10: 300 in all). */
const patience = 150

/**
 * Takes an opt-out durably: into the ledger by `work` or, where the database is full, damaged, away or too slow, into the journal, from
 * where `replayOptOuts` brings it into the ledger before anything is sent. @returns what `work` found, or null when the journal has it.
 * Throws when neither could keep it: then nobody is told that they have left.
 */
export async function takeOptOut<T>(app: App, optOut: OptOut, work: () => Promise<T>): Promise<T | null> {
  const journal = journalOf(app)
  if (!journal) return work()
  const taken = work()
  const first = await Promise.race([taken.then((value) => ({ value }), (error: unknown) => ({ error })), new Promise<null>((resolve) => setTimeout(() => resolve(null), patience))])
  const unsafe = app.db.damaged() || localOf(app).rests.has('damaged') // what goes into a damaged file may not outlive it
  if (first && 'value' in first && !unsafe) return first.value
  if (first && 'error' in first && first.error instanceof AppError) throw first.error
  taken.catch(() => undefined) // it may still succeed; the journal's entry then changes nothing
  journal.write(optOut)
  app.log.warn({ late: first === null, err: first && 'error' in first ? first.error : undefined }, 'the database could not take an opt-out in time: it is kept in the journal')
  void soon(app, journal)
  return null
}

export const howTheyLeft = (byHand: boolean, messageId: string, language: string): Act => ({
  method: byHand ? 'unsubscribe_page' : 'one_click',
  source: byHand ? 'Unsubscribe page' : 'Unsubscribe button of the mail program',
  messageId,
  language,
})

/**
 * Writes what waits in the journal into the ledger, with the time at which it was pressed. Safe to run twice and by several processes:
 * who has left already, or has come back by an own act since, is only struck off.
 */
export async function replayOptOuts(app: App, journal: Journal): Promise<void> {
  for (const entry of journal.read()) {
    const { token, byHand, language, at } = entry.optOut
    const subject = readLink(app.settings.keys, 'unsubscribe', token)
    const person = subject && (await visitorOf(app, subject)).person
    if (subject && person)
      await app.db.transaction(async () => {
        const newest = await newestEntry(app, subject.shopId, person.id)
        if (newest?.state === 'unsubscribed' || (newest?.state === 'subscribed' && newest.occurredAt > at && ownAct.has(newest.method))) return
        await unsubscribe(app, subject.shopId, person.id, { ...howTheyLeft(byHand, subject.messageId, language), at })
      })
    journal.done([entry])
  }
}

/** A "yes" that only the person can have given. */
const ownAct = new Set<string>(['double_opt_in', 'preference_page', 'unsubscribe_page'] satisfies ConsentMethod[])

/** Not only at the next look: sending rests as long as something waits. */
async function soon(app: App, journal: Journal): Promise<void> {
  if (retrying.has(journal)) return
  retrying.add(journal)
  for (let tries = 0; tries < 5; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 500).unref())
    if (app.db.damaged() || localOf(app).rests.has('damaged')) break
    if (await replayOptOuts(app, journal).then(() => !journal.waiting(), () => false)) break // otherwise the watch goes on trying
  }
  retrying.delete(journal)
}
const retrying = new WeakSet<Journal>()
