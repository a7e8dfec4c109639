import { and, asc, eq, gte, isNull, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { jsonRows } from '../db/json-rows.ts'
import { consentEntries, shops } from '../db/schema.ts'
import { commitmentOf, firstLink, linkOf, newSalt, type Committed } from './chain.ts'

type Entry = typeof consentEntries.$inferSelect

/** A shop's ledger while its row is locked: what was given out last, and where the chain ends. */
export interface LockedLedger {
  seq: number
  /** Link of the last entry that is sealed. */
  link: string
  /** Are there entries behind it that are not? They were written before there was a chain. */
  open: boolean
}

/** 1 when the newest entry that is there has no link yet. */
const isOpen = sql`coalesce((select case when c.link is null then 1 else 0 end from consent_entries c where c.shop_id = shops.id order by c.seq desc limit 1), 0)`
const page = 1000
/** How many old entries the writer of a new one seals first, at most: some hundredths of a second. What is more is left to `sealLedgers`. */
const mostInPassing = 5 * page

/**
 * Takes a shop's ledger for the rest of the transaction: numbers and links have one order. Whoever writes people and consent in one
 * transaction takes it before the first person, so that two of them wait for each other instead of locking up.
 */
export async function lockLedger(app: Pick<App, 'db'>, shopId: string): Promise<LockedLedger> {
  const [row] = await app.db
    .update(shops)
    .set({ consentSeq: sql`${shops.consentSeq}` })
    .where(eq(shops.id, shopId))
    .returning({ seq: shops.consentSeq, link: shops.consentLink, open: isOpen.mapWith(Number) })
  if (!row) throw new Error('consent for a shop that is not there')
  return { seq: row.seq, link: row.link ?? firstLink(shopId), open: row.open === 1 }
}

/** Gives entries their salts and links, in their order, behind `before`. @returns the new end of the chain. */
export function seal(before: string, entries: Entry[]): string {
  let link = before
  for (const entry of entries) {
    entry.salt = newSalt()
    entry.link = link = linkOf(link, entry.seq, commitmentOf(entry.salt, committedOf(entry)))
  }
  return link
}

/** An entry as it is committed to. */
export const committedOf = (e: Entry): Committed => ({
  person: e.writtenFor ?? e.subscriberId, purpose: e.purpose, act: e.act, state: e.state, basis: e.basis, method: e.method, source: e.source, wording: e.wording, wordingVersion: e.wordingVersion, language: e.language,
  page: e.page, messageId: e.messageId, formId: e.formId, evidence: e.evidence, occurredAt: e.occurredAt, recordedAt: e.recordedAt,
})

/** Seals entries from before the chain in their order, 1,000 at a time, under the ledger's lock. `most`: so many, or a page more. */
export async function sealOpen(app: Pick<App, 'db'>, shopId: string, ledger: LockedLedger, most = mostInPassing): Promise<LockedLedger> {
  let { link, open } = ledger
  if (!open) return ledger
  const ofShop = and(eq(consentEntries.shopId, shopId), isNull(consentEntries.link))
  const [first] = await app.db.select({ seq: consentEntries.seq }).from(consentEntries).where(ofShop).orderBy(asc(consentEntries.seq)).limit(1)
  for (let from = first?.seq ?? ledger.seq + 1, done = 0; open && done < most; done += page) {
    const rows = await app.db.select().from(consentEntries).where(and(ofShop, gte(consentEntries.seq, from))).orderBy(asc(consentEntries.seq)).limit(page)
    link = seal(link, rows)
    // The shop comes from the given rows too: as a constant SQLite would begin with the whole ledger, for each of them.
    const given = jsonRows(rows.map((row) => [shopId, row.seq, row.salt, row.link]))
    if (rows.length > 0)
      await app.db.update(consentEntries).set({ salt: given.text(2), link: given.text(3) }).from(given.from).where(and(sql`${consentEntries.shopId} = ${given.text(0)}`, sql`${consentEntries.seq} = ${given.int(1)}`))
    from = (rows.at(-1)?.seq ?? from) + 1
    open = rows.length === page
  }
  await app.db.update(shops).set({ consentLink: link }).where(eq(shops.id, shopId))
  return { ...ledger, link, open }
}

/** Seals whatever is still open in any ledger, in short transactions: what a large ledger from before the chain needs once. Each minute. */
export async function sealLedgers(app: Pick<App, 'db'>): Promise<void> {
  const found = await app.db.select({ id: shops.id }).from(shops).where(sql`${isOpen} = 1`).orderBy(shops.id)
  for (const { id } of found) await sealAll(app, id)
}

/** Seals everything that is still open in one ledger, in short transactions. Writes nothing when nothing is. */
export async function sealAll(app: Pick<App, 'db'>, shopId: string): Promise<void> {
  const [shop] = await app.db.select({ open: isOpen.mapWith(Number) }).from(shops).where(eq(shops.id, shopId))
  for (let goOn = shop?.open === 1; goOn; ) goOn = await app.db.transaction(async () => (await sealOpen(app, shopId, await lockLedger(app, shopId), page)).open)
}
