import { and, asc, desc, eq, inArray, isNotNull, ne, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { campaigns, fields, forms, products, segments, subscribers, subscriberTags } from '../db/schema.ts'
import type { Shop } from '../shops/shops.ts'
import type { SegmentChoices } from './contract.ts'
import { cutPointsInWords, cutPointsOf } from './rfm.ts'

const some = 500

/**
 * What the builder offers: what there is in this shop. `q` narrows the products by letters anywhere in their title; deleted products are
 * offered too, because people bought them. Sensitive fields are not. `ids`: exactly these products instead, as far as there are any.
 */
export async function choicesOf(app: Pick<App, 'db'>, shop: Shop, q: string, ids: string[] | null = null): Promise<SegmentChoices> {
  const of = (table: typeof products | typeof campaigns | typeof fields | typeof forms | typeof segments) => eq(table.shopId, shop.id)
  const wanted = q.trim().toLowerCase()
  const titled = wanted ? sql`lower(${products.title}) like ${`%${wanted.replace(/[!%_]/g, (letter) => `!${letter}`)}%`} escape '!'` : undefined
  const cuts = await cutPointsOf(app, shop.id)
  return {
    products: await app.db.select({ id: products.id, title: products.title, imageUrl: products.imageUrl }).from(products).where(and(of(products), ids ? inArray(products.id, ids) : titled)).orderBy(asc(sql`case when ${products.deletedAt} is null then 0 else 1 end`), asc(products.title), asc(products.id)).limit(ids ? 100 : 50),
    categories: await wordsOf(products.productType),
    vendors: await wordsOf(products.vendor),
    tags: (await app.db.selectDistinct({ tag: subscriberTags.tag }).from(subscriberTags).where(eq(subscriberTags.shopId, shop.id)).orderBy(asc(subscriberTags.tag)).limit(some)).map((row) => row.tag),
    countries: await mostFrequent(subscribers.country),
    languages: await mostFrequent(subscribers.locale),
    fields: await app.db.select({ id: fields.id, name: fields.name, kind: fields.kind }).from(fields).where(and(of(fields), eq(fields.sensitive, false))).orderBy(asc(fields.name), asc(fields.id)).limit(some),
    forms: await app.db.select({ id: forms.id, name: forms.name }).from(forms).where(of(forms)).orderBy(asc(forms.name), asc(forms.id)).limit(some),
    campaigns: (await app.db.select({ id: campaigns.id, name: campaigns.name, sentAt: campaigns.startedAt }).from(campaigns).where(and(of(campaigns), isNotNull(campaigns.startedAt))).orderBy(desc(campaigns.startedAt), desc(campaigns.id)).limit(some)).map((row) => ({ ...row, sentAt: row.sentAt?.toISOString() ?? null })),
    segments: await app.db.select({ id: segments.id, name: segments.name }).from(segments).where(of(segments)).orderBy(asc(segments.name), asc(segments.id)).limit(some),
    currency: shop.currency,
    timezone: shop.timezone,
    buyerGroups: { measured: cuts.measured, buyers: cuts.buyers, measuredAt: cuts.measuredAt?.toISOString() ?? null, words: cutPointsInWords(cuts) },
  }

  async function wordsOf(column: typeof products.productType | typeof products.vendor): Promise<string[]> {
    const rows = await app.db.selectDistinct({ word: column }).from(products).where(and(of(products), isNotNull(column), ne(column, ''))).orderBy(asc(column)).limit(some)
    return rows.flatMap((row) => row.word ?? [])
  }
  async function mostFrequent(column: typeof subscribers.country | typeof subscribers.locale): Promise<string[]> {
    const rows = await app.db.select({ word: column, n: sql`count(*)`.mapWith(Number).as('n') }).from(subscribers).where(and(eq(subscribers.shopId, shop.id), isNotNull(column), ne(column, ''))).groupBy(column).orderBy(desc(sql`count(*)`), asc(column)).limit(some)
    return rows.flatMap((row) => row.word ?? [])
  }
}
