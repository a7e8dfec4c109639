import { and, eq, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { subscribers, suppressions } from '../db/schema.ts'
import { appendEvents } from '../events/append.ts'
import { after, DAY } from '../lib/clock.ts'
import { historiesOf, recordConsent, type ConsentEntry } from './record.ts'
import { askForWriteBack } from './write-back.ts'

/** How long a confirmation mail is good for. */
export const confirmationLife = 30 * DAY

/**
 * Where a confirmation link stands: its sign-up waits, was confirmed, has grown too old; null when there is no such sign-up.
 * Reads only: opening the link changes nothing (reliability.md L2).
 */
export async function confirmationOf(app: Pick<App, 'db' | 'clock'>, shopId: string, subscriberId: string, requestId: string): Promise<{ state: 'waiting' | 'confirmed' | 'too_old'; request: ConsentEntry; tracking: ConsentEntry | null } | null> {
  const histories = await historiesOf(app, shopId, [subscriberId])
  const mail = histories.get(`${subscriberId} email_marketing`) ?? []
  const tracking = histories.get(`${subscriberId} tracking`) ?? []
  const request = mail.find((entry) => entry.messageId === requestId && entry.act === 'requested')
  if (!request || !(await isSameMailbox(app, shopId, subscriberId, request))) return null
  const state = mail[0]?.state === 'subscribed' ? 'confirmed' : after(request.occurredAt, confirmationLife) < app.clock.now() ? 'too_old' : 'waiting'
  return { state, request, tracking: tracking[0]?.messageId === requestId && tracking[0].state === 'pending' ? tracking[0] : null }
}

/**
 * Has the person still the address to which the mail went? The store may have changed it since, or made two records one: then
 * the button proves a mailbox that is not theirs any more, and nothing about the one that would get the mail.
 */
async function isSameMailbox(app: Pick<App, 'db'>, shopId: string, subscriberId: string, request: ConsentEntry): Promise<boolean> {
  const asked = request.evidence?.address
  if (typeof asked !== 'string') return true
  const [person] = await app.db.select({ hash: subscribers.addressHash }).from(subscribers).where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, subscriberId)))
  return person?.hash === asked
}

/**
 * Confirms a sign-up: the person pressed the button on the page that only the mail to their address leads to. What they ticked
 * in the form for tracking counts from now on too; `trackingWording` is given when they ticked it here.
 * @returns where the link stands now, or null when there is no such sign-up.
 */
export async function confirm(app: Pick<App, 'db' | 'clock' | 'queue'>, shopId: string, subscriberId: string, requestId: string, given: { trackingWording: string | null; language: string; gpc: boolean }): Promise<'confirmed' | 'too_old' | null> {
  return app.db.transaction(async () => {
    const found = await confirmationOf(app, shopId, subscriberId, requestId)
    if (!found) return null
    if (found.state !== 'waiting') return found.state
    const at = app.clock.now()
    const { request } = found
    await liftTombstone(app, shopId, subscriberId)
    const same = { subscriberId, act: 'confirmed' as const, basis: 'express_confirmed' as const, method: 'double_opt_in' as const, messageId: requestId, occurredAt: at }
    const of = (entry: ConsentEntry) => ({ source: entry.source, wording: entry.wording, wordingVersion: entry.wordingVersion, language: entry.language, page: entry.page, formId: entry.formId, evidence: entry.evidence })
    await recordConsent(app, shopId, [
      { ...same, ...of(request), purpose: 'email_marketing' },
      ...(found.tracking && !given.gpc ? [{ ...same, ...of(found.tracking), purpose: 'tracking' as const }] : []),
      ...(given.trackingWording && !given.gpc
        ? [{ ...same, act: 'granted' as const, purpose: 'tracking' as const, source: 'Confirmation page', wording: given.trackingWording, language: given.language }]
        : []),
      // A browser that refuses tracking speaks for its owner, who now is known to be at the keyboard.
      ...(given.gpc ? [{ ...same, act: 'withdrawn' as const, basis: 'none' as const, purpose: 'tracking' as const, source: 'Browser setting (Global Privacy Control)', evidence: { gpc: true } }] : []),
    ])
    await appendEvents(app, shopId, [{ kind: 'confirmed', subscriberId, messageId: null, detail: request.formId ? { formId: request.formId } : null, at, dedupeKey: `confirmed:${requestId}` }])
    await askForWriteBack(app, shopId, subscriberId)
    return 'confirmed'
  })
}

/** Somebody who asked to be forgotten came back by their own act. */
async function liftTombstone(app: Pick<App, 'db'>, shopId: string, subscriberId: string): Promise<void> {
  const theirs = sql`${suppressions.addressHash} = (select s.address_hash from subscribers s where s.shop_id = ${shopId} and s.id = ${subscriberId})`
  await app.db.delete(suppressions).where(and(eq(suppressions.shopId, shopId), eq(suppressions.reason, 'erased'), theirs))
}
