import { sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import type { Db } from '../db/open.ts'
import { facet } from '../db/word-start.ts'

/** What people are sorted by: everybody with the same five things stands together in one index. */
export interface Facet {
  /** As the index has it. */
  key: string
  country: string
  locale: string
  /** Copies of the newest entry about mail; '' when there is none. */
  state: string
  basis: string
  source: string
  ordered: boolean
}

/** Milliseconds for which the sorts of a shop are known: somebody who is the first of a sort, and not among the newest, is found that much later by it. */
const life = 5_000
const known = new WeakMap<Db, Map<string, { until: number; sorts: Promise<Facet[]> }>>()

/** All sorts of people that a shop has, up to five seconds old: found by jumping through the index, whatever the number of people. */
export function facetsOf(app: Pick<App, 'db' | 'clock'>, shopId: string): Promise<Facet[]> {
  const now = app.clock.now().getTime()
  const ofDb = known.get(app.db) ?? new Map<string, { until: number; sorts: Promise<Facet[]> }>()
  known.set(app.db, ofDb)
  for (const [shop, { until }] of ofDb) if (until <= now) ofDb.delete(shop)
  const before = ofDb.get(shopId)
  if (before) return before.sorts
  const sorts = readFacets(app, shopId)
  ofDb.set(shopId, { until: now + life, sorts })
  sorts.catch(() => ofDb.delete(shopId))
  return sorts
}

/** The same, as they are now. */
export async function readFacets(app: Pick<App, 'db'>, shopId: string): Promise<Facet[]> {
  const rows = await app.db
    .select({ key: sql<string>`sorts.f` })
    .from(
      sql`(with recursive found(f) as (
        select f from (select ${facet} as f from subscribers where shop_id = ${shopId} order by ${facet} limit 1) as first
        union all
        select (select ${facet} from subscribers where shop_id = ${shopId} and ${facet} > found.f order by ${facet} limit 1) from found where found.f is not null
      ) select f from found where f is not null) as sorts`,
    )
  return rows.map((row) => read(row.key))
}

/** Read from both ends: a country is not checked by whoever tells it. */
function read(key: string): Facet {
  const parts = key.split('|')
  const [ordered, source, consent] = [parts.pop(), parts.pop() ?? '', parts.pop() ?? '']
  const locale = parts.pop() ?? ''
  const [state = '', basis = ''] = consent.split(':')
  return { key, country: parts.join('|'), locale, state, basis, source, ordered: ordered === '1' }
}

/** 'de-AT' and 'de_AT' are 'de'. */
export const languageOfLocale = (locale: string): string => locale.split(/[-_]/)[0]!.toLowerCase()
