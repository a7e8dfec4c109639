import type { App } from '../app.ts'
import { appendEvents } from '../events/append.ts'
import type { ConsentMethod } from './contract.ts'
import { historiesOf, recordConsent } from './record.ts'
import { askForWriteBack } from './write-back.ts'

export interface Act {
  method: ConsentMethod
  /** Plain words: 'Unsubscribe link'. */
  source: string
  /** The mail in which the link was pressed. */
  messageId?: string | null
  language?: string | null
  evidence?: Record<string, unknown> | null
  /** When the person acted; now, if unsaid. */
  at?: Date
}

/**
 * Takes a person off the list at once: the ledger says so from the commit on, and every later look at it (the last one just
 * before a mail leaves) finds it. The store is told by a job. Answers false when they were off it already.
 */
export async function unsubscribe(app: Pick<App, 'db' | 'clock' | 'queue'>, shopId: string, subscriberId: string, act: Act): Promise<boolean> {
  const { at = app.clock.now(), ...how } = act
  return app.db.transaction(async () => {
    const written = await recordConsent(app, shopId, [{ ...how, subscriberId, purpose: 'email_marketing', act: 'withdrawn', basis: 'none', occurredAt: at }])
    if (written === 0) return false
    const [entry, before] = (await historiesOf(app, shopId, [subscriberId])).get(`${subscriberId} email_marketing`) ?? []
    if (before?.state === 'unsubscribed') return false // said once more: written down, but nothing new
    await appendEvents(app, shopId, [
      { kind: 'unsubscribed', subscriberId, messageId: act.messageId ?? null, detail: { method: act.method }, at, dedupeKey: `unsubscribed:${subscriberId}:${entry?.seq}` },
    ])
    await askForWriteBack(app, shopId, subscriberId)
    return true
  })
}

/**
 * Puts a person on the list by their own act on a page that only their mail leads to ("That was a mistake", or the box on the
 * preference page). Who had confirmed by mail before is confirmed again, because the same mailbox is proven by the same link.
 */
export async function subscribeAgain(app: Pick<App, 'db' | 'clock' | 'queue'>, shopId: string, subscriberId: string, act: Act & { wording: string }): Promise<boolean> {
  return app.db.transaction(async () => {
    const history = (await historiesOf(app, shopId, [subscriberId])).get(`${subscriberId} email_marketing`) ?? []
    const basis = history.some((entry) => entry.basis === 'express_confirmed') ? 'express_confirmed' : 'express_single'
    if (history[0]?.state === 'subscribed' && history[0].basis !== 'soft_opt_in') return false
    const written = await recordConsent(app, shopId, [{ ...act, subscriberId, purpose: 'email_marketing', act: 'granted', basis, occurredAt: app.clock.now() }])
    if (written > 0) await askForWriteBack(app, shopId, subscriberId)
    return written > 0
  })
}
