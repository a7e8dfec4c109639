import { and, desc, eq, gte, inArray, lt, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { jsonRows } from '../db/json-rows.ts'
import { subscribers } from '../db/schema.ts'
import type { Who } from './filter.ts'
import { newestFirst, type Way } from './ways.ts'

/** An index that leads to no more people than this is gone along to its end. */
const few = 5_000
/** How many of the newest people are looked at, in growing steps, before asking what an index has to say. */
const windows = [100, 1_000, 5_000, 15_000]
/** How many people an index is asked for, in growing steps. */
const strides = [60, 300, 1_500, 5_000]
/** When two things hold for many, and both for hardly anybody, a request looks at so many people and says where to go on. */
const budget = 20_000

export interface Found {
  /** Newest first. */
  ids: string[]
  /** Where to go on; null: that was all. */
  next: string | null
}

/**
 * The next `size` people who fit, newest first, at a cost that does not depend on how many people there are: who are many are found
 * among the newest, who are few by an index. Where neither helps, the answer may be shorter, even empty, and says where to go on.
 */
export async function findPage(app: Pick<App, 'db'>, shopId: string, { where, ways }: Who, before: string | null, size: number): Promise<Found> {
  const [only, second] = ways
  if (!only) return cut(await newest(app, shopId, where, { before, limit: size + 1 }), size)
  if (!second && only.kind === 'sorted') return along(app, shopId, where, only, before, size)
  if (!second) {
    const short = only.kind === 'gathered' && (await only.size(before, only.alone + 1)) <= only.alone
    const seen = short ? null : await among(app, shopId, where, before, size, only.kind === 'sorts' ? windows.slice(0, 3) : windows)
    return seen ?? along(app, shopId, where, only, before, size)
  }
  const way = (await shortest(ways.filter((one) => one.kind !== 'sorts'), before)) ?? ways.find((one) => one.kind === 'sorted')
  if (way) return along(app, shopId, where, way, before, size, true)
  const seen = await among(app, shopId, where, before, size, windows)
  return seen ?? along(app, shopId, where, (await shortest(ways, before)) ?? only, before, size, true)
}

/** The way that leads to the fewest people, when these are few. */
export async function shortest(ways: Way[], before: string | null, most = few): Promise<Way | null> {
  let [best, least]: [Way | null, number] = [null, most + 1]
  for (const way of ways) {
    const size = await way.size(before, least)
    if (size < least) [best, least] = [way, size]
    if (least < strides[1]!) break // few enough: asking the others costs more
  }
  return best
}

/** Looks at the newest people, step by step; null when they do not answer the question. */
async function among(app: Pick<App, 'db'>, shopId: string, where: SQL | undefined, before: string | null, size: number, steps: number[]): Promise<Found | null> {
  const found: string[] = []
  let from = before
  for (const step of steps) {
    const [edge] = await newest(app, shopId, undefined, { before: from, limit: 1, offset: step - 1 })
    found.push(...(await newest(app, shopId, where, { before: from, downTo: edge, limit: size + 1 - found.length })))
    if (edge === undefined || found.length > size) return cut(found, size)
    from = edge
  }
  return null
}

/** Goes along an index from person to person, as far as the budget allows. What must be gathered is gathered once where other things decide too. */
async function along(app: Pick<App, 'db'>, shopId: string, where: SQL | undefined, way: Way, before: string | null, size: number, others = false): Promise<Found> {
  const found: string[] = []
  let last = before
  for (let [seen, i] = [0, others && way.kind === 'gathered' ? strides.length : 0]; seen < budget; i++) {
    const stride = Math.max(size + 10, strides[Math.min(i, strides.length - 1)]!)
    const ids = await way.ids(last, stride)
    found.push(...(await fitting(app, shopId, where, ids, size + 1 - found.length)))
    if (found.length > size || ids.length < stride) return cut(found, size)
    last = ids.at(-1)!
    seen += ids.length
  }
  return { ids: found, next: last }
}

/** Who of these, given newest first, fits: the first `most`, or a few more. Asked without an order, which would lead SQLite past everybody. */
async function fitting(app: Pick<App, 'db'>, shopId: string, where: SQL | undefined, ids: string[], most: number): Promise<string[]> {
  const fit: string[] = []
  const step = 250
  for (let at = 0; at < ids.length && fit.length < most; at += step) {
    const given = jsonRows(ids.slice(at, at + step).map((id) => [id]))
    const these = inArray(subscribers.id, sql`(select ${given.text(0)} from ${given.from})`)
    const rows = await app.db.select({ id: subscribers.id }).from(subscribers).where(and(eq(subscribers.shopId, shopId), these, where))
    fit.push(...rows.map((row) => row.id).sort(newestFirst))
  }
  return fit
}

interface Part {
  before: string | null
  /** The last person who is looked at. */
  downTo?: string | undefined
  limit: number
  offset?: number
}

async function newest(app: Pick<App, 'db'>, shopId: string, where: SQL | undefined, { before, downTo, limit, offset = 0 }: Part): Promise<string[]> {
  const rows = await app.db
    .select({ id: subscribers.id })
    .from(subscribers)
    .where(and(eq(subscribers.shopId, shopId), before === null ? undefined : lt(subscribers.id, before), downTo === undefined ? undefined : gte(subscribers.id, downTo), where))
    .orderBy(desc(subscribers.id))
    .limit(limit)
    .offset(offset)
  return rows.map((row) => row.id)
}

const cut = (ids: string[], size: number): Found => ({ ids: ids.slice(0, size), next: ids.length > size ? ids[size - 1]! : null })
