import { and, count, desc, eq, lt, ne, or, sql, type SQL } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { subscribers, suppressionActs, suppressions } from '../db/schema.ts'
import { addressHash } from '../lib/crypto.ts'
import { invalid } from '../lib/errors.ts'
import { isAddress } from '../mail/check.ts'
import { blockReason, type BlockedAddress, type suppressionFound, type suppressionList, type suppressionQuery } from './contract.ts'

const pageSize = 50

/** The blocked addresses of a shop, newest first, 50 a page, with how many there are of each reason. */
export async function listSuppressions(app: Pick<App, 'db'>, shopId: string, { reason, cursor }: z.infer<typeof suppressionQuery>): Promise<z.infer<typeof suppressionList>> {
  const rows = await blocked(app, shopId, and(reason ? eq(suppressions.reason, reason) : undefined, cursor ? behind(cursor) : undefined), pageSize + 1)
  const page = rows.slice(0, pageSize)
  const last = page.at(-1)
  const sizes = await app.db
    .select({ reason: suppressions.reason, addresses: count() })
    .from(suppressions)
    .where(and(eq(suppressions.shopId, shopId), isShown))
    .groupBy(suppressions.reason)
  const of = (one: string): number => sizes.find((size) => size.reason === one)?.addresses ?? 0
  return {
    rows: page,
    nextCursor: rows.length > pageSize && last ? `${Date.parse(last.since)}.${last.key}.${last.reason}` : null,
    counts: { bounced: of('bounced'), complained: of('complained'), manual: of('manual') },
  }
}

/** One full address, found by its keyed hash: also when the person is not in the list any more. 422 when it is no address. */
export async function findSuppressions(app: Pick<App, 'db' | 'settings'>, shopId: string, email: string): Promise<z.infer<typeof suppressionFound>> {
  if (!isAddress(email)) throw invalid('Enter a whole e-mail address.', { email: 'is not an e-mail address' })
  const hash = addressHash(app.settings.keys, shopId, email)
  const acts = await app.db
    .select({ act: suppressionActs.act, reason: suppressionActs.reason, note: suppressionActs.note, at: suppressionActs.at })
    .from(suppressionActs)
    .where(and(eq(suppressionActs.shopId, shopId), eq(suppressionActs.addressHash, hash)))
    .orderBy(desc(suppressionActs.at), desc(suppressionActs.id))
    .limit(20)
  return { email, rows: await blocked(app, shopId, eq(suppressions.addressHash, hash), 10), acts: acts.map((one) => ({ ...one, at: one.at.toISOString() })) }
}

/** Blocked addresses that fit, newest first, with whom they belong to and whether they may be lifted. */
export async function blocked(app: Pick<App, 'db'>, shopId: string, where: SQL | undefined, limit: number): Promise<BlockedAddress[]> {
  const newest = (column: 'state' | 'basis'): SQL<string | null> =>
    sql<string | null>`(select ${column === 'state' ? sql`c.state` : sql`c.basis`} from consent_entries c
      where c.shop_id = ${shopId} and c.subscriber_id = ${subscribers.id} and c.purpose = 'email_marketing' order by c.seq desc limit 1)`
  const saidAt = sql`(select c.occurred_at from consent_entries c where c.shop_id = ${shopId} and c.subscriber_id = ${subscribers.id} and c.purpose = 'email_marketing' order by c.seq desc limit 1)`
  const rows = await app.db
    .select({
      key: suppressions.addressHash, reason: suppressions.reason, since: suppressions.createdAt, said: suppressions.detail,
      subscriberId: subscribers.id, email: subscribers.email, firstName: subscribers.firstName, lastName: subscribers.lastName,
      state: newest('state'), basis: newest('basis'), later: sql`case when ${saidAt} > ${suppressions.createdAt} then 1 else 0 end`.mapWith(Number),
    })
    .from(suppressions)
    .leftJoin(subscribers, and(eq(subscribers.shopId, suppressions.shopId), eq(subscribers.addressHash, suppressions.addressHash)))
    .where(and(eq(suppressions.shopId, shopId), isShown, where))
    .orderBy(desc(suppressions.createdAt), desc(suppressions.addressHash), desc(suppressions.reason))
    .limit(limit)
  return rows.map((row) => {
    const reason = blockReason.parse(row.reason)
    // A complaint is the person's own "no". Only their own act afterwards, never a record, says something else.
    const askedAgain = row.later === 1 && (row.state === 'pending' || (row.state === 'subscribed' && (row.basis === 'express_single' || row.basis === 'express_confirmed')))
    return {
      key: row.key, reason, since: row.since.toISOString(), said: row.said,
      person: row.subscriberId === null ? null : { subscriberId: row.subscriberId, email: row.email ?? '', name: [row.firstName, row.lastName].filter(Boolean).join(' ') },
      unsubscribed: row.state === 'unsubscribed',
      lift: reason === 'manual' ? 'free' : reason === 'bounced' ? 'warn' : askedAgain ? 'asked_again' : 'never',
    }
  })
}

/**
 * Whoever asked to be forgotten is nowhere to be seen: neither that they asked, nor what we knew of the address before. What the
 * shop writes down afterwards is its own again.
 */
export const isShown: SQL | undefined = and(
  ne(suppressions.reason, 'erased'),
  sql`not exists (select 1 from suppressions e where e.shop_id = ${suppressions.shopId} and e.address_hash = ${suppressions.addressHash}
    and e.reason = 'erased' and e.created_at >= ${suppressions.createdAt})`,
)

/** Everything after the last row that was seen. */
function behind(cursor: string): SQL | undefined {
  const [, at, hash, reason] = /^(\d{1,15})\.([0-9a-f]{1,64})\.([a-z]+)$/.exec(cursor) ?? []
  const kind = blockReason.safeParse(reason).data
  if (!at || !hash || !kind) throw invalid('This page does not exist. Begin at the top.', { cursor: 'is not one of ours' })
  const since = new Date(Number(at))
  return or(
    lt(suppressions.createdAt, since),
    and(eq(suppressions.createdAt, since), or(lt(suppressions.addressHash, hash), and(eq(suppressions.addressHash, hash), lt(suppressions.reason, kind)))),
  )
}
