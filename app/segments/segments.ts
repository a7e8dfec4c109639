import { and, asc, eq, inArray, ne } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { campaigns, segments } from '../db/schema.ts'
import { AppError, conflict, notFound } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import type { Shop } from '../shops/shops.ts'
import { askingOf, compileSegment, everybodySql, storeSegmentSql } from './compile.ts'
import type { SegmentView, segmentInput } from './contract.ts'
import { countWhere } from './count.ts'
import { mayMailSql } from './may-mail.ts'
import { forgetQuestion } from './membership.ts'
import { namesFor } from './names.ts'
import { asked, checkRules } from './resolve.ts'
import type { SegmentRules } from './rules.ts'
import { segmentSentence } from './sentence.ts'
import { readRules } from './upgrade.ts'
import type { SQL } from 'drizzle-orm'

export type Segment = typeof segments.$inferSelect
type Input = z.infer<typeof segmentInput>

/** All segments of a shop by name, each with the number of people in it now. */
export async function listSegments(app: Pick<App, 'db' | 'clock'>, shop: Shop): Promise<SegmentView[]> {
  return withCounts(app, shop, await app.db.select().from(segments).where(eq(segments.shopId, shop.id)).orderBy(asc(segments.name), asc(segments.id)))
}

/** One segment, or null when this shop has none of this id. */
export async function findSegment(app: Pick<App, 'db'>, shopId: string, id: string): Promise<Segment | null> {
  const [segment] = await app.db.select().from(segments).where(and(eq(segments.shopId, shopId), eq(segments.id, id)))
  return segment ?? null
}

/** The rules of a stored segment, checked again: what cannot be read must not decide who gets mail. Null: a segment of the store's own. */
export const rulesOf = (segment: Segment): SegmentRules | null => (segment.platformId === null ? readRules(segment.rules) : null)

/** The people of a stored segment as one condition, like `compileSegment`. Throws 409 when it speaks of what is not there any more. */
export async function segmentSql(app: Pick<App, 'db' | 'clock'>, shop: Pick<Shop, 'id' | 'timezone'>, segment: Segment, now = app.clock.now()): Promise<SQL> {
  const rules = rulesOf(segment)
  return rules ? compileSegment(app, shop, rules, now) : storeSegmentSql(shop.id, segment.id)
}

export async function viewSegment(app: Pick<App, 'db' | 'clock'>, shop: Shop, id: string): Promise<SegmentView> {
  const segment = await findSegment(app, shop.id, id)
  if (!segment) throw notFound()
  return (await withCounts(app, shop, [segment]))[0]!
}

export async function createSegment(app: Pick<App, 'db' | 'clock'>, shop: Shop, input: Input): Promise<SegmentView> {
  await checkRules(app, shop.id, input.rules)
  const now = app.clock.now()
  const id = newId(now)
  await app.db.insert(segments).values({ shopId: shop.id, id, name: input.name, rules: input.rules, createdAt: now, updatedAt: now })
  forgetQuestion(app.db, shop.id)
  return viewSegment(app, shop, id)
}

/** Changes a segment of our own. 409 for one of the store's: it is changed there. 422 when its rules would lead back to it. */
export async function updateSegment(app: Pick<App, 'db' | 'clock'>, shop: Shop, id: string, input: Input): Promise<SegmentView> {
  await app.db.transaction(async () => {
    const segment = await findSegment(app, shop.id, id)
    if (!segment) throw notFound()
    if (segment.platformId !== null) throw conflict('This segment belongs to your store. Change it there; we follow.')
    await checkRules(app, shop.id, input.rules, id)
    await app.db.update(segments).set({ name: input.name, rules: input.rules, updatedAt: app.clock.now() }).where(and(eq(segments.shopId, shop.id), eq(segments.id, id)))
  })
  forgetQuestion(app.db, shop.id)
  return viewSegment(app, shop, id)
}

/** Deletes a segment. Refused (409) while a campaign that waits for its hour needs it, or another segment asks about it; a draft that used it will say so. */
export async function deleteSegment(app: Pick<App, 'db'>, shopId: string, id: string): Promise<void> {
  await app.db.transaction(async () => {
    const waiting = await app.db
      .select({ name: campaigns.name, audience: campaigns.audience })
      .from(campaigns)
      .where(and(eq(campaigns.shopId, shopId), inArray(campaigns.status, ['scheduled', 'preparing'])))
      .orderBy(asc(campaigns.id))
    const user = waiting.find(({ audience }) => (audience as { segmentId?: unknown } | null)?.segmentId === id)
    if (user) throw conflict(`The campaign “${user.name}” is scheduled for this segment. Take the campaign back first, or choose another audience for it.`)
    const others = await app.db.select().from(segments).where(and(eq(segments.shopId, shopId), ne(segments.id, id))).orderBy(asc(segments.name), asc(segments.id))
    const asking = others.find((other) => asked([rulesOf(other)].filter((rules) => rules !== null), 'segment', (c) => c.segmentId).includes(id))
    if (asking) throw conflict(`The segment “${asking.name}” asks about this segment. Change that one first.`)
    const gone = await app.db.delete(segments).where(and(eq(segments.shopId, shopId), eq(segments.id, id))).returning({ id: segments.id })
    if (gone.length === 0) throw notFound()
  })
  forgetQuestion(app.db, shopId)
}

/** One count after the other: each reads what it needs and no more, and others get their turn in between. */
async function withCounts(app: Pick<App, 'db' | 'clock'>, shop: Shop, rows: Segment[]): Promise<SegmentView[]> {
  const names = await namesFor(app, shop, rows.flatMap((segment) => rulesOf(segment) ?? []))
  const views: SegmentView[] = []
  for (const segment of rows) {
    const rules = rulesOf(segment)
    const asking = await askingOf(app, shop, rules ? [rules] : []).catch((error: unknown) => {
      if (error instanceof AppError) return error
      throw error
    })
    const where = asking instanceof AppError ? null : rules ? everybodySql(rules, asking) : storeSegmentSql(shop.id, segment.id)
    views.push({
      id: segment.id, name: segment.name, platform: segment.platformId !== null, rules,
      sentence: rules ? segmentSentence(rules, names) : 'is in this segment of your store',
      ...(asking instanceof AppError || !where ? { people: 0, mailable: 0 } : await countWhere(app, shop.id, where, mayMailSql(asking))),
      fault: asking instanceof AppError ? asking.message : null,
      readAt: segment.membersReadAt?.toISOString() ?? null,
      updatedAt: segment.updatedAt.toISOString(),
    })
  }
  return views
}
