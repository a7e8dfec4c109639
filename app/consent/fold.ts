import type { ConsentAct, ConsentBasis, ConsentMethod, ConsentState } from './contract.ts'

/** Where a person stands: the newest entry of their ledger. */
export interface Standing {
  state: ConsentState
  basis: ConsentBasis
  occurredAt: Date
}

/** A piece of news about somebody's consent. */
export interface News {
  act: ConsentAct
  basis: ConsentBasis
  method: ConsentMethod
  /** When the person acted, as told by whoever saw it. */
  occurredAt: Date
}

/** What an entry leads to, or null when the news changes nothing and is not written down. */
export type Folded = { state: ConsentState; basis: ConsentBasis } | null

/**
 * The rules of the ledger, as one pure function.
 *
 * 1. Only the person's own act raises: a form, a confirmation, the preference page, or the store telling of such an act by an
 *    event with its time. What a merchant does, and what a bulk read finds, never lifts anybody out of an earlier entry.
 * 2. An import or a sweep fills an empty ledger (as a record that the merchant must vouch for); otherwise it only lowers.
 *    So does an order (as a soft opt-in); a later one renews that, and touches nothing else.
 * 3. Older news never overwrites newer; at the same time the lower state wins. The store tells whole seconds.
 * 4. A withdrawal that we saw ourselves always counts, whatever its time.
 * 5. What rests on no act of the person, a record or a soft opt-in, does not outlive a "no", whichever of the two we hear of first.
 * (platform.md 6.4; reliability.md L4, L5, L9)
 */
export function fold(previous: Standing | null, news: News): Folded {
  const target = targetOf(news)
  if (!previous) return target.state === 'none' ? null : target
  const step = Math.sign(height[target.state] - height[previous.state])
  if (step < 0) return mayLower(previous, news) ? target : null
  if (step > 0) return mayRaise(previous, news) ? target : null
  return renews(previous, news) ? { ...target, basis: stronger(previous.basis, target.basis) } : null
}

/** How much a state allows; a withdrawal is below never having agreed, because an import may not climb over it. */
export const height: Record<ConsentState, number> = { unsubscribed: 0, none: 1, pending: 2, unconfirmed_record: 3, subscribed: 4 }

/** Told by the store rather than seen by us. */
export const fromStore = (method: ConsentMethod): boolean => method === 'store_event' || isRead(method)

/** The store tells times in whole seconds, we keep thousandths. */
export const wholeSecond = (at: Date): number => Math.floor(at.getTime() / 1000) * 1000

function mayLower(previous: Standing, { act, method, occurredAt }: News): boolean {
  const notOlder = occurredAt.getTime() >= wholeSecond(previous.occurredAt)
  const restsOnNoAct = previous.basis === 'merchant_record' || previous.basis === 'soft_opt_in'
  if (act === 'withdrawn') return notOlder || !fromStore(method) || restsOnNoAct
  // Signing up again takes nothing away from somebody who agreed; only the store may tell of a step back to "waiting".
  if (act === 'requested') return previous.basis === 'soft_opt_in' || (notOlder && fromStore(method))
  // "Not subscribed" is no withdrawal: it counts only as an event that is newer than what we know.
  if (act === 'noted') return method === 'store_event' && occurredAt > previous.occurredAt
  return false // a "yes" of less weight
}

function mayRaise(previous: Standing, news: News): boolean {
  if (!isOwnAct(news)) return false
  return fromStore(news.method) ? news.occurredAt > previous.occurredAt : news.occurredAt >= previous.occurredAt
}

/** Is the same state worth a new entry? A newer act of the person is: what is older than it must not count any more. */
function renews(previous: Standing, news: News): boolean {
  const later = news.occurredAt.getTime() - previous.occurredAt.getTime()
  // A "no" said again counts from then on: a "yes" from between the two may still be on its way. Pressing twice is one "no".
  if (news.act === 'withdrawn') return fromStore(news.method) ? later > 0 : later >= 60_000
  if (isOrder(news)) return previous.basis === 'soft_opt_in' && later > 0
  if (!isOwnAct(news)) return false
  // An order hides no older "yes": an empty ledger is all that it ever fills.
  if (previous.basis === 'soft_opt_in' && news.act !== 'requested') return true
  return fromStore(news.method) ? later > 0 : later >= 0
}

const strength: Record<ConsentBasis, number> = { none: 0, merchant_record: 1, soft_opt_in: 2, express_single: 3, express_confirmed: 4 }
/** A renewal never makes the ground weaker: somebody who confirmed by mail and ticks a box later stays confirmed. */
const stronger = (a: ConsentBasis, b: ConsentBasis): ConsentBasis => (strength[a] > strength[b] ? a : b)

const isRead = (method: ConsentMethod): boolean => method === 'store_read' || method === 'store_import' || method === 'import'
const isOrder = ({ act, method, basis }: Omit<News, 'occurredAt'>): boolean => act === 'bought' && method === 'order' && basis === 'soft_opt_in'
const isExpress = (basis: ConsentBasis): boolean => basis === 'express_single' || basis === 'express_confirmed'
const ownMethods: ConsentMethod[] = ['form', 'double_opt_in', 'preference_page', 'unsubscribe_page']

/** An act of the person: seen by us, or told by the store with the kind of opt-in. A bare "yes" of unknown origin is a record, no act. */
function isOwnAct({ act, method, basis }: Omit<News, 'occurredAt'>): boolean {
  if (act === 'requested') return ownMethods.includes(method) || method === 'store_event'
  if (act === 'confirmed') return ownMethods.includes(method) || method === 'store_event'
  return act === 'granted' && isExpress(basis) && (ownMethods.includes(method) || method === 'store_event')
}

function targetOf(news: News): { state: ConsentState; basis: ConsentBasis } {
  if (news.act === 'withdrawn') return { state: 'unsubscribed', basis: 'none' }
  if (news.act === 'noted') return { state: 'none', basis: 'none' }
  if (news.act === 'requested') return { state: 'pending', basis: 'none' }
  if (news.act === 'bought') return isOrder(news) ? { state: 'subscribed', basis: 'soft_opt_in' } : { state: 'none', basis: 'none' }
  // A file is only brought in once the merchant has vouched for it: its record needs no attestation of the store's records besides.
  if (news.act === 'imported' && news.method === 'import') return { state: 'subscribed', basis: 'merchant_record' }
  const basis = news.act === 'confirmed' ? 'express_confirmed' : news.basis
  if (isOwnAct(news)) return { state: 'subscribed', basis }
  return { state: 'unconfirmed_record', basis: isExpress(basis) ? basis : 'merchant_record' }
}
