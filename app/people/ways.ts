import { and, desc, eq, isNotNull, lt, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { jsonRows } from '../db/json-rows.ts'
import { fieldValues, subscribers, subscriberTags } from '../db/schema.ts'
import { facet } from '../db/word-start.ts'
import { facetsOf, type Facet } from './facets.ts'
import { idsOfTerm } from './search.ts'

/** An index that leads to people: newest first, behind `before`, at most `limit`. It may name people who do not fit; it misses nobody who does. */
export interface Way {
  ids(before: string | null, limit: number): Promise<string[]>
  /** How many there are from `before` on, or in all, at most `most`. */
  size(before: string | null, most: number): Promise<number>
  /** 'sorted': the first few cost what they are. 'sorts': the same once the sorts of people are known. 'gathered': all are read before the first is known. */
  kind: 'sorted' | 'sorts' | 'gathered'
  /** Where nothing else decides, gathering up to so many costs less than looking at the newest people. */
  alone: number
}

type Reader = Pick<App, 'db'>

export const byTag = (app: Reader, shopId: string, tag: string): Way => ({
  kind: 'sorted',
  alone: Infinity,
  size: (_, most) => counted(app, sql`select tag from subscriber_tags where shop_id = ${shopId} and tag = ${tag}`, most),
  ids: async (before, limit) =>
    (
      await app.db
        .select({ id: subscriberTags.subscriberId })
        .from(subscriberTags)
        .where(and(eq(subscriberTags.shopId, shopId), eq(subscriberTags.tag, tag), before === null ? undefined : lt(subscriberTags.subscriberId, before)))
        .orderBy(desc(subscriberTags.subscriberId))
        .limit(limit)
    ).map((row) => row.id),
})

export const byField = (app: Reader, shopId: string, fieldId: string, value: string): Way => ({
  kind: 'sorted',
  alone: Infinity,
  size: (_, most) => counted(app, sql`select value from field_values where shop_id = ${shopId} and field_id = ${fieldId} and value = ${value}`, most),
  ids: async (before, limit) =>
    (
      await app.db
        .select({ id: fieldValues.subscriberId })
        .from(fieldValues)
        .where(and(eq(fieldValues.shopId, shopId), eq(fieldValues.fieldId, fieldId), eq(fieldValues.value, value), before === null ? undefined : lt(fieldValues.subscriberId, before)))
        .orderBy(desc(fieldValues.subscriberId))
        .limit(limit)
    ).map((row) => row.id),
})

export const byRestriction = (app: Reader, shopId: string): Way => ({
  kind: 'sorted',
  alone: Infinity,
  size: (_, most) => counted(app, sql`select id from subscribers where shop_id = ${shopId} and restricted_at is not null`, most),
  ids: async (before, limit) =>
    (
      await app.db
        .select({ id: subscribers.id })
        .from(subscribers)
        .where(and(eq(subscribers.shopId, shopId), isNotNull(subscribers.restrictedAt), before === null ? undefined : lt(subscribers.id, before)))
        .orderBy(desc(subscribers.id))
        .limit(limit)
    ).map((row) => row.id),
})

export const byTerm = (app: Reader, shopId: string, term: string): Way => ({
  kind: 'gathered',
  alone: 4_000,
  size: (before, most) => counted(app, idsOfTerm(shopId, term, before), most),
  ids: (before, limit) => named(app, sql`select distinct id from (${idsOfTerm(shopId, term, before)}) as found order by id desc limit ${limit}`),
})

/** The people of whom two terms hold that are common each, from what the indexes say of both. Beyond `mostGathered` it is left to looking at people. */
export function byTwoTerms(app: Reader, shopId: string, terms: string[]): Way {
  const mostGathered = 100_000
  const both = async (before: string | null): Promise<SQL | null> => {
    const sizes: { term: string; size: number }[] = []
    for (const term of terms) sizes.push({ term, size: await counted(app, idsOfTerm(shopId, term, before), mostGathered + 1) })
    const [least, next] = sizes.toSorted((a, b) => a.size - b.size)
    if (!least || !next || next.size > mostGathered) return null
    return sql`select distinct id from (${idsOfTerm(shopId, next.term, before)}) as larger where id in (select id from (${idsOfTerm(shopId, least.term, before)}) as smaller)`
  }
  return {
    kind: 'gathered',
    alone: 0,
    size: async (before, most) => {
      const query = await both(before)
      return query ? counted(app, query, most) : most
    },
    ids: async (before, limit) => {
      const query = await both(before)
      return named(app, sql`${query ?? sql`select distinct id from (${idsOfTerm(shopId, terms[0]!, before)}) as found`} order by id desc limit ${limit}`)
    },
  }
}

/** Written as a cross join, which SQLite takes in the order in which it is written: from the blocked addresses to the people. */
export const bySuppression = (app: Reader, shopId: string, reason: 'bounced' | 'complained' | 'manual'): Way => ({
  kind: 'gathered',
  alone: 1_500,
  size: (_, most) => counted(app, sql`select address_hash from suppressions where shop_id = ${shopId} and reason = ${reason}`, most),
  ids: (before, limit) =>
    named(
      app,
      sql`select p.id as id from suppressions s cross join subscribers p
        where p.shop_id = s.shop_id and p.address_hash = s.address_hash and s.shop_id = ${shopId} and s.reason = ${reason}${before === null ? sql`` : sql` and p.id < ${before}`} order by p.id desc limit ${limit}`,
    ),
})

/** So many sorts of people are asked for in one statement. */
const atOnce = 100

/** Up to `mostSorted` people of the sorts that are asked for are read and sorted; of more, the newest of each sort. */
export function byFacets(app: Reader & Pick<App, 'clock'>, shopId: string, fits: (facet: Facet) => boolean, mostSorted = 20_000): Way {
  let found: Promise<string[]> | undefined
  const keys = (): Promise<string[]> => (found ??= facetsOf(app, shopId).then((all) => all.filter(fits).map((one) => one.key)))
  const older = (before: string | null): SQL => (before === null ? sql`` : sql` and id < ${before}`)
  const among = async (before: string | null): Promise<SQL> => {
    const given = jsonRows((await keys()).map((key) => [key]))
    return sql`select id from subscribers where shop_id = ${shopId} and ${facet} in (select ${given.text(0)} from ${given.from})${older(before)}`
  }
  const size = async (before: string | null, most: number): Promise<number> => ((await keys()).length === 0 ? 0 : counted(app, await among(before), most))
  return {
    kind: 'sorts',
    alone: 0,
    size,
    async ids(before, limit) {
      const all = await keys()
      if (all.length === 0) return []
      // Sorted by an expression, for else SQLite reads everybody in the order of ids.
      if ((await size(before, mostSorted + 1)) <= mostSorted) return named(app, sql`${await among(before)} order by id || '' desc limit ${limit}`)
      const newest: string[] = []
      for (let at = 0; at < all.length; at += atOnce) {
        const each = all.slice(at, at + atOnce).map((key) => {
          const sort = sql`select id from subscribers where shop_id = ${shopId} and ${facet} = ${key}${older(before)} order by id desc limit ${limit}`
          return sql`select id from (${sort}) as one`
        })
        newest.push(...(await named(app, sql`select id from (${sql.join(each, sql` union all `)}) as found order by id desc limit ${limit}`)))
      }
      return newest.sort(newestFirst).slice(0, limit)
    },
  }
}

export const newestFirst = (a: string, b: string): number => (a < b ? 1 : a > b ? -1 : 0)

async function named(app: Reader, query: SQL): Promise<string[]> {
  return (await app.db.select({ id: sql<string>`named.id` }).from(sql`(${query}) as named`).orderBy(sql`named.id desc`)).map((row) => row.id)
}

async function counted(app: Reader, query: SQL, most: number): Promise<number> {
  const [row] = await app.db.select({ n: sql`count(*)`.mapWith(Number) }).from(sql`(select 1 from (${query}) as found limit ${most}) as counted`)
  return row?.n ?? 0
}
