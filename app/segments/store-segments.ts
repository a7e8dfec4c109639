import { and, asc, eq, inArray, isNotNull, lt, isNull, or, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { jsonRows } from '../db/json-rows.ts'
import { segmentMembers, segments, shops, subscribers } from '../db/schema.ts'
import { after, MINUTE } from '../lib/clock.ts'
import { AppError, conflict, notFound } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import { getShop, type Shop } from '../shops/shops.ts'
import type { SegmentView, StoreSegment } from './contract.ts'
import { asked } from './resolve.ts'
import { viewSegment } from './segments.ts'
import { readRules } from './upgrade.ts'

/** People read longer ago than this are read again before a campaign or a rehearsal relies on them. */
export const fresh = 10 * MINUTE
const chunk = 1_000

/** The store's own segments, by name, and which of them we follow. Throws 503 when the store does not answer. */
export async function listStoreSegments(app: Pick<App, 'db' | 'platforms' | 'log'>, shop: Shop): Promise<StoreSegment[]> {
  const told = await ask(app, shop)
  const followed = await app.db.select({ id: segments.id, platformId: segments.platformId }).from(segments).where(and(eq(segments.shopId, shop.id), isNotNull(segments.platformId)))
  const byNumber = new Map(followed.map((row) => [row.platformId, row.id]))
  return told.map((one) => ({ ...one, segmentId: byNumber.get(one.platformId) ?? null })).sort((a, b) => a.name.localeCompare(b.name, 'en') || (a.platformId < b.platformId ? -1 : 1))
}

/** Makes one of the store's segments one of ours that follows it. Its people are read at once, in the background. Following twice changes nothing. */
export async function followStoreSegment(app: App, shop: Shop, platformId: string): Promise<SegmentView> {
  const told = (await ask(app, shop)).find((one) => one.platformId === platformId)
  if (!told) throw notFound()
  const id = await app.db.transaction(async () => {
    await app.db.update(shops).set({ status: sql`${shops.status}` }).where(eq(shops.id, shop.id)) // two who press at once: one after the other
    const [known] = await app.db.select({ id: segments.id }).from(segments).where(and(eq(segments.shopId, shop.id), eq(segments.platformId, platformId)))
    if (known) return known.id
    const now = app.clock.now()
    const made = newId(now)
    await app.db.insert(segments).values({ shopId: shop.id, id: made, name: told.name.slice(0, 100), rules: { kind: 'store' }, platformId, createdAt: now, updatedAt: now })
    await app.queue.add('segments.read', { shopId: shop.id, segmentId: made }, { key: `${shop.id} ${made}` })
    return made
  })
  return viewSegment(app, shop, id)
}

/**
 * Reads who is in a segment of the store's own, and writes down the difference: in one transaction, after everything was read. People whom we
 * do not know (yet) are left out; the nightly reconcile brings them. A segment that is not there any more is left as it was, and said so.
 */
export async function readStoreSegment(app: App, { shopId, segmentId }: { shopId: string; segmentId: string }): Promise<void> {
  const shop = await getShop(app, shopId)
  const [segment] = await app.db.select().from(segments).where(and(eq(segments.shopId, shopId), eq(segments.id, segmentId)))
  if (!shop || shop.status !== 'installed' || !segment?.platformId) return
  const startedAt = app.clock.now()
  const numbers: string[] = []
  for await (const number of app.platforms.shopify.segmentMembers(shop, segment.platformId)) numbers.push(number)
  await app.db.transaction(async () => {
    const mine = and(eq(segments.shopId, shopId), eq(segments.id, segmentId))
    // The claim first: of two readings at once the one that began later stands.
    const claimed = await app.db.update(segments).set({ membersReadAt: startedAt }).where(and(mine, or(isNull(segments.membersReadAt), lt(segments.membersReadAt, startedAt), eq(segments.membersReadAt, startedAt)))).returning({ id: segments.id })
    if (claimed.length === 0) return
    await app.db.delete(segmentMembers).where(and(eq(segmentMembers.shopId, shopId), eq(segmentMembers.segmentId, segmentId)))
    for (let at = 0; at < numbers.length; at += chunk) {
      const rows = jsonRows(numbers.slice(at, at + chunk).map((number) => [number]))
      const people = await app.db.selectDistinct({ id: subscribers.id }).from(subscribers).where(and(eq(subscribers.shopId, shopId), sql`${subscribers.platformId} in (select ${rows.text(0)} from ${rows.from})`))
      await insertAll(app.db, segmentMembers, people.map(({ id }) => ({ shopId, segmentId, subscriberId: id })), { target: ['shopId', 'segmentId', 'subscriberId'] })
    }
  })
}

/** Each night: the people of every store segment that somebody follows are read again. */
export async function readStoreSegments(app: App): Promise<void> {
  const rows = await app.db
    .select({ shopId: segments.shopId, id: segments.id })
    .from(segments)
    .innerJoin(shops, and(eq(shops.id, segments.shopId), eq(shops.status, 'installed')))
    .where(isNotNull(segments.platformId))
    .orderBy(asc(segments.shopId), asc(segments.id))
  for (const { shopId, id } of rows) await app.queue.add('segments.read', { shopId, segmentId: id }, { key: `${shopId} ${id}` })
}

/**
 * Sees to it that the people of these segments are as the store says now: those of the store's own that were read more than ten minutes ago
 * are read again. For jobs that rely on them (a freeze, a rehearsal), never inside a transaction. Throws 409 in words when the store does not
 * answer and they were never read; older people are better than none otherwise.
 */
export async function freshenSegments(app: App, shop: Shop, ids: string[]): Promise<void> {
  const wanted = await storeSegmentsAmong(app, shop.id, ids)
  for (const segment of wanted) {
    if (segment.membersReadAt && segment.membersReadAt >= after(app.clock.now(), -fresh)) continue
    await readStoreSegment(app, { shopId: shop.id, segmentId: segment.id }).catch((error: unknown) => {
      app.log.warn({ shopId: shop.id, segmentId: segment.id, err: error }, 'a segment of the store could not be read')
      if (!segment.membersReadAt) throw conflict(`Your store does not tell us who is in its segment “${segment.name}” at the moment. Try again in a few minutes.`)
    })
  }
}

/** The store's own segments that these lead to, directly or by segments in segments. */
async function storeSegmentsAmong(app: App, shopId: string, ids: string[]): Promise<(typeof segments.$inferSelect)[]> {
  const seen = new Set<string>()
  const found: (typeof segments.$inferSelect)[] = []
  let next = ids
  while (next.length > 0) {
    const rows = await app.db.select().from(segments).where(and(eq(segments.shopId, shopId), inArray(segments.id, next)))
    for (const row of rows) seen.add(row.id)
    found.push(...rows.filter((row) => row.platformId !== null))
    next = asked(rows.flatMap((row) => (row.platformId === null ? readRules(row.rules) : [])), 'segment', (c) => c.segmentId).filter((id) => !seen.has(id))
  }
  return found
}

async function ask(app: Pick<App, 'platforms' | 'log'>, shop: Shop): Promise<{ platformId: string; name: string; query: string }[]> {
  try {
    return await app.platforms.shopify.storeSegments(shop)
  } catch (error) {
    app.log.warn({ shopId: shop.id, err: error }, 'the segments of a store could not be read')
    throw new AppError(503, 'store_unreachable', 'Your store does not answer at the moment. Try again in a few minutes.')
  }
}
