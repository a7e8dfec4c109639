import { and, asc, eq, inArray, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { consentEntries, consentErased } from '../db/schema.ts'
import { getShop, type Shop } from '../shops/shops.ts'
import { firstLink } from './chain.ts'
import type { EntryLine, Receipt } from './ledger-file.ts'
import type { Person } from './person.ts'
import { ledgerEnd, readLedger, type Stored } from './read-ledger.ts'
import { sealAll } from './seal.ts'
import { signAs } from './signature.ts'

/**
 * A shop's whole ledger as JSON lines, in pieces, with the signed end (docs/ledger.md). What is added while it is written is not in it.
 * No address stands in it: people are their ids.
 */
export async function* exportLedger(app: Pick<App, 'db' | 'clock' | 'settings'>, { id, domain, name }: Pick<Shop, 'id' | 'domain' | 'name'>): AsyncGenerator<string> {
  await sealAll(app, id)
  const end = (await ledgerEnd(app, id)) ?? { seq: 0, link: null }
  const about = { ledger: 'homing' as const, version: 1 as const, shop: { id, domain, name } }
  let [entries, erased, last] = [0, 0, 0]
  yield line(about)
  for await (const links of readLedger(app, id, end.seq)) {
    for (const stored of links) {
      if ('row' in stored) entries++
      else erased++
      last = 'row' in stored ? stored.row.seq : stored.erased.seq
    }
    yield links.map(lineOf).join('')
  }
  yield line(signAs(app.settings.keys, { ...about, seq: last, link: end.link ?? firstLink(id), entries, erased, at: app.clock.now().toISOString() }))
}

/**
 * What the ledger holds of one person, signed, for them to keep: with it they can show later what they said, and that the ledger was
 * not written anew since. `address` is how it is shown to them, most letters hidden.
 */
export async function receiptOf(app: Pick<App, 'db' | 'clock' | 'settings'>, shopId: string, { id }: Pick<Person, 'id'>, address: string): Promise<Receipt> {
  const shop = (await getShop(app, shopId))!
  await sealAll(app, shopId)
  const end = (await ledgerEnd(app, shopId))!
  const rows = await app.db.select().from(consentEntries).where(and(eq(consentEntries.shopId, shopId), eq(consentEntries.subscriberId, id))).orderBy(asc(consentEntries.seq))
  const before = await linksBefore(app, shopId, id)
  return signAs(app.settings.keys, {
    receipt: 'homing' as const, version: 1 as const, shop: { id: shop.id, domain: shop.domain, name: shop.name }, person: id, address, at: app.clock.now().toISOString(),
    ledgerEnds: { seq: end.seq, link: end.link ?? firstLink(shopId) },
    entries: rows.filter((row) => row.seq <= end.seq).map((row) => ({ ...entryOf(row), before: before.get(row.seq) ?? firstLink(shopId) })),
  })
}

/** number of an entry -> the link on which its own stands. */
async function linksBefore(app: Pick<App, 'db'>, shopId: string, person: string): Promise<Map<number, string>> {
  const before = (table: SQL): SQL => sql`coalesce((select max(b.seq) from ${table} b where b.shop_id = ${shopId} and b.seq < consent_entries.seq), 0)`
  const rows = await app.db
    .select({ seq: consentEntries.seq, entry: before(sql`consent_entries`).mapWith(Number), erased: before(sql`consent_erased`).mapWith(Number) })
    .from(consentEntries)
    .where(and(eq(consentEntries.shopId, shopId), eq(consentEntries.subscriberId, person)))
  const wanted = rows.map((row) => Math.max(row.entry, row.erased))
  const links = new Map<number, string>()
  for (const table of [consentEntries, consentErased])
    for (const row of await app.db.select({ seq: table.seq, link: table.link }).from(table).where(and(eq(table.shopId, shopId), inArray(table.seq, wanted)))) if (row.link) links.set(row.seq, row.link)
  return new Map(rows.flatMap((row, i) => (links.has(wanted[i]!) ? [[row.seq, links.get(wanted[i]!)!]] : [])))
}

const line = (value: unknown): string => `${JSON.stringify(value)}\n`

const lineOf = (stored: Stored): string =>
  line('row' in stored ? entryOf(stored.row) : { seq: stored.erased.seq, erased: true, commitment: stored.erased.commitment, link: stored.erased.link })

function entryOf(row: typeof consentEntries.$inferSelect): EntryLine {
  const { seq, purpose, act, state, basis, method, source, wording, wordingVersion, language, page, messageId, formId, evidence } = row
  return {
    seq, person: row.writtenFor ?? row.subscriberId, holder: row.subscriberId, purpose, act, state, basis, method, source, wording, wordingVersion, language, page, messageId, formId, evidence,
    occurredAt: row.occurredAt.toISOString(), recordedAt: row.recordedAt.toISOString(), salt: row.salt!, link: row.link!,
  }
}
