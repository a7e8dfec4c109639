import { and, desc, eq, inArray, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { jsonRows } from '../db/json-rows.ts'
import { consentEntries, shops, subscribers } from '../db/schema.ts'
import { MINUTE } from '../lib/clock.ts'
import { cleanText } from '../lib/text.ts'
import type { ConsentAct, ConsentBasis, ConsentMethod, ConsentState } from './contract.ts'
import { fold, fromStore, height, wholeSecond, type Standing } from './fold.ts'
import { leavesNothing } from './import-evidence.ts'
import { lockLedger, seal, sealOpen, type LockedLedger } from './seal.ts'

export type Purpose = 'email_marketing' | 'tracking'
export type ConsentEntry = typeof consentEntries.$inferSelect

export interface ConsentInput {
  subscriberId: string
  purpose: Purpose
  act: ConsentAct
  /** The ground that the news claims; what it comes to is decided by `fold`. */
  basis: ConsentBasis
  method: ConsentMethod
  /** Plain words: 'Pop-up "Newsletter"', 'Shopify', 'Unsubscribe link'. */
  source: string
  wording?: string | null
  wordingVersion?: string | null
  language?: string | null
  page?: string | null
  /** The mail in which the person pressed a link, or the id of a sign-up that waits for its confirmation. */
  messageId?: string | null
  formId?: string | null
  evidence?: Record<string, unknown> | null
  /** When the person acted. */
  occurredAt: Date
}

/** How far the store's clock may be ahead of ours; a "yes" or an order dated later than that is not believed. */
const skew = 5 * MINUTE
const batch = 1000

/**
 * Adds news to the ledger; each piece is folded onto the person's newest entry (see `fold`), and what changes nothing leaves no
 * entry. Joins the ambient transaction. The row of the shop is locked while numbers are given, so entries have one order; each is
 * sealed into the chain, and the person's row gets its copy of where they stand now, in the same transaction.
 * @returns the number of entries written.
 */
export async function recordConsent(app: Pick<App, 'db' | 'clock'>, shopId: string, news: ConsentInput[]): Promise<number> {
  let written = 0
  for (let at = 0; at < news.length; at += batch) written += await recordBatch(app, shopId, news.slice(at, at + batch))
  return written
}

async function recordBatch(app: Pick<App, 'db' | 'clock'>, shopId: string, news: ConsentInput[]): Promise<number> {
  return app.db.transaction(async () => {
    const ledger = await lockLedger(app, shopId)
    let { seq } = ledger
    const now = app.clock.now()
    const histories = await historiesOf(app, shopId, [...new Set(news.map((n) => n.subscriberId))])
    const entries: ConsentEntry[] = []
    for (const piece of news) {
      const key = `${piece.subscriberId} ${piece.purpose}`
      const history = histories.get(key) ?? []
      const previous = history[0] && !leavesNothing(history[0]) ? history[0] : null
      if (isTooEarly(piece, now) || isEcho(history, piece)) continue
      const folded = fold(previous as Standing | null, piece)
      if (!folded) continue
      const entry = entryOf(shopId, ++seq, piece, folded, previous, now)
      entries.push(entry)
      histories.set(key, [entry, ...history])
    }
    await append(app, shopId, ledger, entries)
    return entries.length
  })
}

/**
 * When two records of one person become one, the lower of the two standings is what remains; `because` names the reason in
 * plain words. For `mergeSubscribers` only, inside its transaction, after the entries have been moved. The evidence names the record that
 * is gone: so the chain itself tells why its entries stand with the kept one (verify.ts).
 */
export async function recordLower(app: Pick<App, 'db' | 'clock'>, shopId: string, keptId: string, standings: { purpose: Purpose; kept: ConsentEntry | null; removed: ConsentEntry }[], because: string): Promise<void> {
  const ledger = await lockLedger(app, shopId)
  let { seq } = ledger
  const now = app.clock.now()
  const entries = standings.map(({ purpose, kept, removed }): ConsentEntry => {
    // Who agreed under another address has not agreed for this one; who said no has said no.
    const low = kept && height[kept.state as ConsentState] <= height[removed.state as ConsentState] ? kept : removed
    const nothing = !kept && removed.state !== 'unsubscribed'
    const state = nothing ? 'none' : (low.state as ConsentState)
    const basis = nothing ? 'none' : (low.basis as ConsentBasis)
    const occurredAt = kept && kept.occurredAt > low.occurredAt ? kept.occurredAt : low.occurredAt
    return {
      shopId, seq: ++seq, subscriberId: keptId, purpose, act: state === 'unsubscribed' ? 'withdrawn' : 'noted', state, basis, method: 'merge', source: because,
      wording: null, wordingVersion: null, language: null, page: null, messageId: null, formId: null, evidence: { mergedFrom: removed.subscriberId }, occurredAt, recordedAt: now, writtenFor: null, salt: null, link: null,
    }
  })
  await append(app, shopId, ledger, entries)
}

/** All entries of some people, newest first, by "subscriberId purpose". */
export async function historiesOf(app: Pick<App, 'db'>, shopId: string, subscriberIds: string[]): Promise<Map<string, ConsentEntry[]>> {
  const map = new Map<string, ConsentEntry[]>()
  if (subscriberIds.length === 0) return map
  const rows = await app.db
    .select()
    .from(consentEntries)
    .where(and(eq(consentEntries.shopId, shopId), inArray(consentEntries.subscriberId, subscriberIds)))
    .orderBy(desc(consentEntries.seq))
  for (const row of rows) {
    const key = `${row.subscriberId} ${row.purpose}`
    const list = map.get(key)
    if (list) list.push(row)
    else map.set(key, [row])
  }
  return map
}

/** The newest entry of a person and purpose, or null when nothing was ever told. */
export async function newestEntry(app: Pick<App, 'db'>, shopId: string, subscriberId: string, purpose: Purpose = 'email_marketing'): Promise<ConsentEntry | null> {
  const [entry] = await app.db
    .select()
    .from(consentEntries)
    .where(and(eq(consentEntries.shopId, shopId), eq(consentEntries.subscriberId, subscriberId), eq(consentEntries.purpose, purpose)))
    .orderBy(desc(consentEntries.seq))
    .limit(1)
  return entry ?? null
}

/**
 * The first entries of people whose rows the caller is about to insert, in the same transaction: nothing was ever said of them, so no history is read,
 * and the caller writes the copy of where they stand into their rows (imports/apply.ts). One piece of news for each person at most.
 */
export async function recordFirst(app: Pick<App, 'db' | 'clock'>, shopId: string, news: ConsentInput[]): Promise<ConsentEntry[]> {
  const ledger = await lockLedger(app, shopId)
  let { seq } = ledger
  const now = app.clock.now()
  const entries = news.flatMap((piece): ConsentEntry[] => {
    const folded = isTooEarly(piece, now) ? null : fold(null, piece)
    return folded ? [entryOf(shopId, ++seq, piece, folded, null, now)] : []
  })
  await write(app, shopId, ledger, entries)
  return entries
}

/** Appends entries that need no folding, numbered by `next`, under the ledger's lock. For whoever writes down what follows from other entries (undone.ts). */
export async function appendEntries(app: Pick<App, 'db'>, shopId: string, make: (next: () => number) => Promise<ConsentEntry[]>): Promise<void> {
  const ledger = await lockLedger(app, shopId)
  let { seq } = ledger
  await append(app, shopId, ledger, await make(() => ++seq))
}

async function append(app: Pick<App, 'db'>, shopId: string, ledger: LockedLedger, entries: ConsentEntry[]): Promise<void> {
  await write(app, shopId, ledger, entries)
  if (entries.length > 0) await copyStandings(app, shopId, entries)
}

async function write(app: Pick<App, 'db'>, shopId: string, ledger: LockedLedger, entries: ConsentEntry[]): Promise<void> {
  const last = entries.at(-1)
  if (!last) return
  const { link, open } = await sealOpen(app, shopId, ledger)
  const head = open ? link : seal(link, entries) // behind what is still open they wait for their turn (seal.ts)
  await insertAll(app.db, consentEntries, entries)
  await app.db.update(shops).set({ consentSeq: last.seq, consentLink: head }).where(eq(shops.id, shopId))
}

/** What lists and counts read instead of the ledger: the newest entry about mail, beside its person. */
async function copyStandings(app: Pick<App, 'db'>, shopId: string, entries: ConsentEntry[]): Promise<void> {
  const newest = new Map(entries.flatMap((entry) => (entry.purpose === 'email_marketing' ? [[entry.subscriberId, entry]] : [])))
  if (newest.size === 0) return
  const given = jsonRows([...newest.values()].map((entry) => (leavesNothing(entry) ? [entry.subscriberId, null, null, null, null] : [entry.subscriberId, entry.state, entry.basis, entry.occurredAt, entry.recordedAt])))
  await app.db
    .update(subscribers)
    .set({ consentState: given.text(1), consentBasis: given.text(2), consentAt: given.time(3), consentRecordedAt: given.time(4) })
    .from(given.from)
    .where(and(sql`${subscribers.shopId} = ${given.fixed(shopId)}`, sql`${subscribers.id} = ${given.text(0)}`))
}

/** News from the store that is only our own word coming back: an entry with this outcome and second is there already. */
function isEcho(history: ConsentEntry[], piece: ConsentInput): boolean {
  if (!fromStore(piece.method)) return false
  const second = wholeSecond(piece.occurredAt)
  const outcome = fold(null, piece)?.state ?? 'none'
  return history.some((entry) => wholeSecond(entry.occurredAt) === second && (entry.state === outcome || (entry.state === 'subscribed' && outcome === 'unconfirmed_record')))
}

const isTooEarly = (piece: ConsentInput, now: Date): boolean =>
  (fromStore(piece.method) || piece.method === 'order') && piece.act !== 'withdrawn' && piece.occurredAt.getTime() > now.getTime() + skew

function entryOf(shopId: string, seq: number, piece: ConsentInput, folded: { state: ConsentState; basis: ConsentBasis }, previous: ConsentEntry | null, now: Date): ConsentEntry {
  // A withdrawal answers what was said before, so it is never dated earlier: the store's older "yes" must not climb over it.
  const occurredAt = piece.act === 'withdrawn' && previous && previous.occurredAt > piece.occurredAt ? previous.occurredAt : piece.occurredAt
  const text = (value: string | null | undefined): string | null => (value === null || value === undefined ? null : cleanText(value))
  return {
    shopId, seq, subscriberId: piece.subscriberId, purpose: piece.purpose, act: piece.act, state: folded.state, basis: folded.basis, method: piece.method, source: cleanText(piece.source),
    wording: text(piece.wording), wordingVersion: text(piece.wordingVersion), language: text(piece.language), page: text(piece.page), messageId: text(piece.messageId), formId: text(piece.formId),
    evidence: cleanEvidence(piece.evidence), occurredAt, recordedAt: now, writtenFor: null, salt: null, link: null,
  }
}

/** As the database will give it back: what is sealed is what is stored. */
function cleanEvidence(evidence: Record<string, unknown> | null | undefined): Record<string, unknown> | null {
  if (!evidence) return null
  const text = JSON.stringify(evidence)
  if (!text.includes('\\u')) return evidence
  return JSON.parse(text, (_, inner: unknown) => (typeof inner === 'string' ? cleanText(inner) : inner)) as Record<string, unknown>
}
