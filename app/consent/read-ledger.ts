import { and, asc, eq, gt, lte } from 'drizzle-orm'
import type { App } from '../app.ts'
import { consentEntries, consentErased, shops } from '../db/schema.ts'
import { holdAgainst, type Held } from './ledger-file.ts'
import { committedOf } from './seal.ts'
import { createVerifier, type Broken, type Found, type Verifier } from './verify.ts'

type Row = typeof consentEntries.$inferSelect
/** A link as it is stored. */
export type Stored = { row: Row } | { erased: typeof consentErased.$inferSelect }

const page = 5000

/** Where a shop's ledger ends now; null when there is no such shop. */
export async function ledgerEnd(app: Pick<App, 'db'>, shopId: string): Promise<{ seq: number; link: string | null } | null> {
  const [end] = await app.db.select({ seq: shops.consentSeq, link: shops.consentLink }).from(shops).where(eq(shops.id, shopId))
  return end ?? null
}

/** The links of a ledger in their order up to number `last`, page by page. What is forgotten while it is read is found as forgotten. */
export async function* readLedger(app: Pick<App, 'db'>, shopId: string, last: number): AsyncGenerator<Stored[]> {
  for (let from = 0; from < last; ) {
    const rows = await app.db
      .select()
      .from(consentEntries)
      .where(and(eq(consentEntries.shopId, shopId), gt(consentEntries.seq, from), lte(consentEntries.seq, last)))
      .orderBy(asc(consentEntries.seq))
      .limit(page)
    const to = rows.length === page ? rows.at(-1)!.seq : last
    const erased = await app.db
      .select()
      .from(consentErased)
      .where(and(eq(consentErased.shopId, shopId), gt(consentErased.seq, from), lte(consentErased.seq, to)))
      .orderBy(asc(consentErased.seq))
    yield inOrder(rows, erased)
    from = to
  }
}

/** What is found of a ledger in the database: the first thing that does not fit, and what was counted until there. `against`: links that somebody holds. */
export async function verifyLedger(app: Pick<App, 'db'>, shopId: string, against: Held[] = []): Promise<{ broken: Broken | null } & Pick<Verifier, 'counts' | 'head'>> {
  for (let again = false; ; again = true) {
    const found = await verifyOnce(app, shopId, against)
    // Records that become one while we read look as if somebody had moved entries. What is found twice is so.
    if (!found.broken || again) return found
  }
}

async function verifyOnce(app: Pick<App, 'db'>, shopId: string, against: Held[]): Promise<{ broken: Broken | null } & Pick<Verifier, 'counts' | 'head'>> {
  const verifier = createVerifier(shopId)
  const holds = holdAgainst(against)
  const end = await ledgerEnd(app, shopId)
  if (!end) throw new Error('there is no such shop in this database')
  const { counts, head } = verifier
  for await (const links of readLedger(app, shopId, end.seq))
    for (const stored of links) {
      const found = foundIn(stored)
      const broken = verifier.add(found) ?? holds.look(found)
      if (broken) return { broken, counts, head }
    }
  return { broken: verifier.end(end) ?? holds.end(head.seq), counts, head }
}

function inOrder(rows: Row[], erased: (typeof consentErased.$inferSelect)[]): Stored[] {
  const gone = new Set(erased.map((one) => one.seq))
  const all = [...rows.filter((row) => !gone.has(row.seq)).map((row): Stored & { seq: number } => ({ seq: row.seq, row })), ...erased.map((one) => ({ seq: one.seq, erased: one }))]
  return erased.length === 0 ? all : all.toSorted((a, b) => a.seq - b.seq)
}

const foundIn = (stored: Stored): Found =>
  'row' in stored
    ? { seq: stored.row.seq, link: stored.row.link, salt: stored.row.salt, holder: stored.row.subscriberId, entry: committedOf(stored.row) }
    : { seq: stored.erased.seq, link: stored.erased.link, commitment: stored.erased.commitment }
