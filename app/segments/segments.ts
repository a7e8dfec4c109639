import { and, asc, desc, eq, inArray, sql, type SQL } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { standingSql } from '../consent/mailable.ts'
import { campaigns, segments, subscribers } from '../db/schema.ts'
import { conflict, notFound } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import type { Shop } from '../shops/shops.ts'
import { segmentRules, type SegmentRules, type SegmentView, type segmentCount, type segmentInput } from './contract.ts'
import { segmentSentence } from './sentence.ts'
import { segmentWhere } from './where.ts'

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

/** The rules of a stored segment, checked again: what cannot be read must not decide who gets mail. */
export const rulesOf = (segment: Segment): SegmentRules => segmentRules.parse(segment.rules)

export async function viewSegment(app: Pick<App, 'db' | 'clock'>, shop: Shop, id: string): Promise<SegmentView> {
  const segment = await findSegment(app, shop.id, id)
  if (!segment) throw notFound()
  return (await withCounts(app, shop, [segment]))[0]!
}

export async function createSegment(app: Pick<App, 'db' | 'clock'>, shop: Shop, input: Input): Promise<SegmentView> {
  const now = app.clock.now()
  const id = newId(now)
  await app.db.insert(segments).values({ shopId: shop.id, id, name: input.name, rules: input.rules, createdAt: now, updatedAt: now })
  return viewSegment(app, shop, id)
}

export async function updateSegment(app: Pick<App, 'db' | 'clock'>, shop: Shop, id: string, input: Input): Promise<SegmentView> {
  const changed = await app.db
    .update(segments)
    .set({ name: input.name, rules: input.rules, updatedAt: app.clock.now() })
    .where(and(eq(segments.shopId, shop.id), eq(segments.id, id)))
    .returning({ id: segments.id })
  if (changed.length === 0) throw notFound()
  return viewSegment(app, shop, id)
}

/** Deletes a segment. Refused (409) while a campaign that waits for its hour needs it; a draft that used it will say so. */
export async function deleteSegment(app: Pick<App, 'db'>, shopId: string, id: string): Promise<void> {
  await app.db.transaction(async () => {
    const waiting = await app.db
      .select({ name: campaigns.name, audience: campaigns.audience })
      .from(campaigns)
      .where(and(eq(campaigns.shopId, shopId), inArray(campaigns.status, ['scheduled', 'preparing'])))
      .orderBy(asc(campaigns.id))
    const user = waiting.find(({ audience }) => (audience as { segmentId?: unknown } | null)?.segmentId === id)
    if (user) throw conflict(`The campaign “${user.name}” is scheduled for this segment. Take the campaign back first, or choose another audience for it.`)
    const gone = await app.db.delete(segments).where(and(eq(segments.shopId, shopId), eq(segments.id, id))).returning({ id: segments.id })
    if (gone.length === 0) throw notFound()
  })
}

/** How many people fit the rules now, how many of them may be mailed, and five of them, newest first. */
export async function countSegment(app: Pick<App, 'db' | 'clock'>, shop: Shop, rules: SegmentRules): Promise<z.infer<typeof segmentCount>> {
  const where = segmentWhere(shop.id, rules, app.clock.now())
  const [counts] = await countAll(app, shop.id, [rules])
  const sample = await app.db
    .select({ id: subscribers.id, email: subscribers.email, firstName: subscribers.firstName, lastName: subscribers.lastName })
    .from(subscribers)
    .where(and(eq(subscribers.shopId, shop.id), where))
    .orderBy(desc(subscribers.createdAt), desc(subscribers.id))
    .limit(5)
  return {
    sentence: segmentSentence(rules, shop.currency),
    ...counts!,
    sample: sample.map(({ id, email, firstName, lastName }) => ({ id, email, name: [firstName, lastName].filter(Boolean).join(' ') })),
  }
}

async function withCounts(app: Pick<App, 'db' | 'clock'>, shop: Shop, rows: Segment[]): Promise<SegmentView[]> {
  const views: SegmentView[] = []
  for (let at = 0; at < rows.length; at += atOnce) {
    const some = rows.slice(at, at + atOnce)
    const counts = await countAll(app, shop.id, some.map(rulesOf))
    some.forEach((segment, i) => {
      const rules = rulesOf(segment)
      views.push({ id: segment.id, name: segment.name, rules, sentence: segmentSentence(rules, shop.currency), ...counts[i]!, updatedAt: segment.updatedAt.toISOString() })
    })
  }
  return views
}

/** Several segments counted in one walk over the people. */
async function countAll(app: Pick<App, 'db' | 'clock'>, shopId: string, all: SegmentRules[]): Promise<{ people: number; mailable: number }[]> {
  const now = app.clock.now()
  const marks = Object.fromEntries(all.map((rules, i) => [`m${i}`, sql<number>`case when ${segmentWhere(shopId, rules, now)} then 1 else 0 end`.as(`m${i}`)]))
  const people = app.db
    .select({ free: sql<number>`case when ${standingSql(shopId)} is null then 1 else 0 end`.as('free'), ...marks })
    .from(subscribers)
    .where(eq(subscribers.shopId, shopId))
    .as('people')
  const mark = (i: number): SQL.Aliased<number> => (people as unknown as Record<string, SQL.Aliased<number>>)[`m${i}`]!
  const sums = Object.fromEntries(
    all.flatMap((_, i) => [
      [`people${i}`, sql`coalesce(sum(${mark(i)}), 0)`.mapWith(Number)],
      [`mailable${i}`, sql`coalesce(sum(${mark(i)} * ${people.free}), 0)`.mapWith(Number)],
    ]),
  )
  const [row] = await app.db.select(sums).from(people)
  return all.map((_, i) => ({ people: Number(row?.[`people${i}`] ?? 0), mailable: Number(row?.[`mailable${i}`] ?? 0) }))
}

const atOnce = 10
