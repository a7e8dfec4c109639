import { and, asc, count, eq, gt, isNull, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { subscribers, subscriberTags } from '../db/schema.ts'
import { csvFile, pageSize, pagesOf, type Cell } from './file.ts'

const head = ['Tag', 'People', 'Given in Homing', 'Given by the store']

/** The tags of a shop with how many people have them, as a CSV file. Who has which stands in the file of people. */
export function exportTags(app: Pick<App, 'db'>, shopId: string): AsyncGenerator<string> {
  const pages = async function* (): AsyncGenerator<Cell[][]> {
    const page = (last: { tag: string } | null) =>
      app.db
        .select({ tag: subscriberTags.tag, people: count(), own: sql`count(case when ${subscriberTags.own} then 1 end)`.mapWith(Number) })
        .from(subscriberTags)
        .innerJoin(subscribers, and(eq(subscribers.shopId, shopId), eq(subscribers.id, subscriberTags.subscriberId)))
        .where(and(eq(subscriberTags.shopId, shopId), isNull(subscribers.restrictedAt), last ? gt(subscriberTags.tag, last.tag) : undefined))
        .groupBy(subscriberTags.tag)
        .orderBy(asc(subscriberTags.tag))
        .limit(pageSize)
    for await (const rows of pagesOf(page)) yield rows.map(({ tag, people, own }) => [tag, people, own, people - own])
  }
  return csvFile(head, pages())
}
