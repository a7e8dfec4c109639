import { and, desc, eq, inArray, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { consentEntries, shops } from '../db/schema.ts'
import { MINUTE } from '../lib/clock.ts'
import type { ConsentAct, ConsentBasis, ConsentMethod, ConsentState } from './contract.ts'
import { fold, fromStore, height, wholeSecond, type Standing } from './fold.ts'

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

/** How far the store's clock may be ahead of ours; a "yes" dated later than that is not believed. */
const skew = 5 * MINUTE
const batch = 1000

/**
 * Adds news to the ledger; each piece is folded onto the person's newest entry (see `fold`), and what changes nothing leaves no
 * entry. Joins the ambient transaction. The row of the shop is locked while numbers are given, so entries have one order.
 * @returns the number of entries written.
 */
export async function recordConsent(app: Pick<App, 'db' | 'clock'>, shopId: string, news: ConsentInput[]): Promise<number> {
  let written = 0
  for (let at = 0; at < news.length; at += batch) written += await recordBatch(app, shopId, news.slice(at, at + batch))
  return written
}

async function recordBatch(app: Pick<App, 'db' | 'clock'>, shopId: string, news: ConsentInput[]): Promise<number> {
  return app.db.transaction(async () => {
    let seq = await lockLedger(app, shopId)
    const now = app.clock.now()
    const histories = await historiesOf(app, shopId, [...new Set(news.map((n) => n.subscriberId))])
    const entries: ConsentEntry[] = []
    for (const piece of news) {
      const key = `${piece.subscriberId} ${piece.purpose}`
      const history = histories.get(key) ?? []
      const previous = history[0] ?? null
      if (isTooEarly(piece, now) || isEcho(history, piece)) continue
      const folded = fold(previous as Standing | null, piece)
      if (!folded) continue
      const entry = entryOf(shopId, ++seq, piece, folded, previous, now)
      entries.push(entry)
      histories.set(key, [entry, ...history])
    }
    await append(app, shopId, entries)
    return entries.length
  })
}

/**
 * When two records of one person become one, the lower of the two standings is what remains; `because` names the reason in
 * plain words. For `mergeSubscribers` only, inside its transaction, after the entries have been moved.
 */
export async function recordLower(app: Pick<App, 'db' | 'clock'>, shopId: string, keptId: string, standings: { purpose: Purpose; kept: ConsentEntry | null; removed: ConsentEntry }[], because: string): Promise<void> {
  let seq = await lockLedger(app, shopId)
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
      wording: null, wordingVersion: null, language: null, page: null, messageId: null, formId: null, evidence: null, occurredAt, recordedAt: now,
    }
  })
  await append(app, shopId, entries)
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

/** Takes the ledger's lock for the rest of the transaction and answers the last number given. */
async function lockLedger(app: Pick<App, 'db'>, shopId: string): Promise<number> {
  const [row] = await app.db.update(shops).set({ consentSeq: sql`${shops.consentSeq}` }).where(eq(shops.id, shopId)).returning({ seq: shops.consentSeq })
  if (!row) throw new Error('consent for a shop that is not there')
  return row.seq
}

async function append(app: Pick<App, 'db'>, shopId: string, entries: ConsentEntry[]): Promise<void> {
  const last = entries.at(-1)
  if (!last) return
  await insertAll(app.db, consentEntries, entries)
  await app.db.update(shops).set({ consentSeq: last.seq }).where(eq(shops.id, shopId))
}

/** News from the store that is only our own word coming back: an entry with this outcome and second is there already. */
function isEcho(history: ConsentEntry[], piece: ConsentInput): boolean {
  if (!fromStore(piece.method)) return false
  const second = wholeSecond(piece.occurredAt)
  const outcome = fold(null, piece)?.state ?? 'none'
  return history.some((entry) => wholeSecond(entry.occurredAt) === second && (entry.state === outcome || (entry.state === 'subscribed' && outcome === 'unconfirmed_record')))
}

const isTooEarly = (piece: ConsentInput, now: Date): boolean =>
  fromStore(piece.method) && piece.act !== 'withdrawn' && piece.occurredAt.getTime() > now.getTime() + skew

function entryOf(shopId: string, seq: number, piece: ConsentInput, folded: { state: ConsentState; basis: ConsentBasis }, previous: ConsentEntry | null, now: Date): ConsentEntry {
  // A withdrawal answers what was said before, so it is never dated earlier: the store's older "yes" must not climb over it.
  const occurredAt = piece.act === 'withdrawn' && previous && previous.occurredAt > piece.occurredAt ? previous.occurredAt : piece.occurredAt
  return {
    shopId, seq, subscriberId: piece.subscriberId, purpose: piece.purpose, act: piece.act, state: folded.state, basis: folded.basis, method: piece.method, source: piece.source,
    wording: piece.wording ?? null, wordingVersion: piece.wordingVersion ?? null, language: piece.language ?? null, page: piece.page ?? null,
    messageId: piece.messageId ?? null, formId: piece.formId ?? null, evidence: piece.evidence ?? null, occurredAt, recordedAt: now,
  }
}
