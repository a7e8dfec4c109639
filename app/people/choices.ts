import { asc, eq, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { segments } from '../db/schema.ts'
import type { Shop } from '../shops/shops.ts'
import { personSource, type SubscriberChoices } from '../subscribers/contract.ts'
import { fieldsOf } from '../subscribers/fields.ts'
import { languageOfLocale, readFacets } from './facets.ts'

const mostTags = 500

/** What there is to filter by. Read from the indexes, whatever the number of people. */
export async function choicesOf(app: Pick<App, 'db'>, shop: Pick<Shop, 'id'>): Promise<SubscriberChoices> {
  const sorts = await readFacets(app, shop.id)
  const all = (of: (sort: (typeof sorts)[number]) => string): string[] => [...new Set(sorts.map(of))].filter(Boolean).sort()
  const tags = await app.db
    .select({ tag: sql<string>`tags.t` })
    .from(
      sql`(with recursive found(t, n) as (
        select t, 1 from (select tag as t from subscriber_tags where shop_id = ${shop.id} order by tag limit 1) as first
        union all
        select (select tag from subscriber_tags where shop_id = ${shop.id} and tag > found.t order by tag limit 1), found.n + 1 from found where found.t is not null and found.n < ${mostTags}
      ) select t, n from found where t is not null) as tags`,
    )
    .orderBy(sql`tags.n`)
  return {
    tags: tags.map((row) => row.tag),
    countries: all((sort) => sort.country),
    languages: all((sort) => languageOfLocale(sort.locale)),
    sources: personSource.options.filter((one) => sorts.some((sort) => sort.source === one)),
    fields: await fieldsOf(app, shop.id),
    segments: await app.db.select({ id: segments.id, name: segments.name }).from(segments).where(eq(segments.shopId, shop.id)).orderBy(asc(segments.name), asc(segments.id)),
  }
}
