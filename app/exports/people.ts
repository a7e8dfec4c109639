import { and, asc, desc, eq, inArray, isNull, lt, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { consentBasis } from '../consent/contract.ts'
import { standingSql } from '../consent/mailable.ts'
import type { ConsentEntry } from '../consent/record.ts'
import { jsonRows } from '../db/json-rows.ts'
import { consentEntries, fields, fieldValues, subscribers, subscriberTags } from '../db/schema.ts'
import { minorDigits } from '../lib/money.ts'
import type { Shop } from '../shops/shops.ts'
import { personSource, type SubscriberFilter } from '../subscribers/contract.ts'
import { subscriberWhere } from '../people/filter.ts'
import { statusOf } from '../subscribers/status.ts'
import { sentenceOf } from '../subscribers/words.ts'
import { csvFile, pageSize, pagesOf, utc, yesNo, type Cell } from './file.ts'
import { basisWords, sourceWords } from './words.ts'

const head = [
  'Email', 'First name', 'Last name', 'Language', 'Country', 'Came by', 'Tags', 'May be mailed', 'Where they stand', 'Consent', 'Agreed (UTC)', 'Agreed through', 'Said no (UTC)',
  'Orders', 'Spent', 'Currency', 'First order (UTC)', 'Last order (UTC)', 'In the list since (UTC)', 'Store’s customer number',
]

/**
 * The people of a shop as a CSV file, the newest first, each with where they stand as they are read. `filter`: as the list has it. Whose
 * data may only be kept (restricted) is left out. Per page of 1,000: four statements, whatever the size of the shop.
 */
export async function exportPeople(app: Pick<App, 'db' | 'clock'>, shop: Shop, filter: SubscriberFilter): Promise<AsyncGenerator<string>> {
  const own = await app.db.select({ id: fields.id, name: fields.name, kind: fields.kind, sensitive: fields.sensitive }).from(fields).where(eq(fields.shopId, shop.id)).orderBy(asc(fields.name), asc(fields.id))
  const where = and(eq(subscribers.shopId, shop.id), isNull(subscribers.restrictedAt), await subscriberWhere(app, shop, filter))
  const pages = async function* (): AsyncGenerator<Cell[][]> {
    const page = (last: { id: string } | null) =>
      app.db
        .select({ id: subscribers.id, person: subscribers, reason: standingSql(shop.id, app.clock.now()) })
        .from(subscribers)
        .where(and(where, last ? lt(subscribers.id, last.id) : undefined))
        .orderBy(desc(subscribers.id))
        .limit(pageSize)
    for await (const rows of pagesOf(page)) {
      const ids = rows.map((row) => row.id)
      const [newest, tags, values] = [await newestOf(app, shop.id, ids), await tagsOf(app, shop.id, ids), own.length > 0 ? await valuesOf(app, shop.id, ids) : null]
      yield rows.map(({ person, reason }) => {
        const entry = newest.get(person.id)
        return [
          person.email, person.firstName, person.lastName, person.locale, person.country, sourceOf(person.source), (tags.get(person.id) ?? []).join(', '),
          yesNo(reason === null), sentenceOf(statusOf(reason), entry ? [entry] : [], shop), ...consentCells(entry),
          person.ordersCount, person.totalSpent / 10 ** minorDigits(shop.currency), shop.currency, utc(person.firstOrderAt), utc(person.lastOrderAt), utc(person.createdAt), person.platformId,
          ...own.map((field) => valueCell(field.kind, values?.get(`${person.id} ${field.id}`))),
        ]
      })
    }
  }
  return csvFile([...head, ...fieldHeads(own)], pages())
}

/** Names of the shop's own fields; a sensitive one says so, and none is called like another column. */
function fieldHeads(own: { name: string; sensitive: boolean }[]): string[] {
  const taken = new Set(head.map((one) => one.toLowerCase()))
  return own.map(({ name, sensitive }) => `${name}${taken.has(name.toLowerCase()) ? ' (own field)' : ''}${sensitive ? ' (sensitive)' : ''}`)
}

/** Number cells where a number is written: a minus is then no formula. */
const valueCell = (kind: string, value: string | undefined): Cell => (kind === 'number' && value !== undefined && value !== '' && Number.isFinite(Number(value)) ? Number(value) : (value ?? null))

function sourceOf(source: string): string {
  const known = personSource.safeParse(source).data
  return known ? sourceWords[known] : source
}

/** On what ground, since when and through what; or since when not. */
function consentCells(entry: ConsentEntry | undefined): Cell[] {
  if (entry?.state === 'subscribed' || entry?.state === 'unconfirmed_record') return [basisWords[consentBasis.parse(entry.basis)], utc(entry.occurredAt), entry.source, '']
  return ['', '', '', entry?.state === 'unsubscribed' ? utc(entry.occurredAt) : '']
}

/** Many ids as one parameter. */
function among(ids: string[]): SQL {
  const given = jsonRows(ids.map((id) => [id]))
  return sql`(select ${given.text(0)} from ${given.from})`
}

async function newestOf(app: Pick<App, 'db'>, shopId: string, ids: string[]): Promise<Map<string, ConsentEntry>> {
  const last = app.db
    .select({ seq: sql<number>`max(${consentEntries.seq})` })
    .from(consentEntries)
    .where(and(eq(consentEntries.shopId, shopId), inArray(consentEntries.subscriberId, among(ids)), eq(consentEntries.purpose, 'email_marketing')))
    .groupBy(consentEntries.subscriberId)
  const rows = await app.db.select().from(consentEntries).where(and(eq(consentEntries.shopId, shopId), inArray(consentEntries.seq, last))).orderBy(asc(consentEntries.seq))
  return new Map(rows.map((row) => [row.subscriberId, row]))
}

async function tagsOf(app: Pick<App, 'db'>, shopId: string, ids: string[]): Promise<Map<string, string[]>> {
  const rows = await app.db
    .select({ id: subscriberTags.subscriberId, tag: subscriberTags.tag })
    .from(subscriberTags)
    .where(and(eq(subscriberTags.shopId, shopId), inArray(subscriberTags.subscriberId, among(ids))))
    .orderBy(asc(subscriberTags.subscriberId), asc(subscriberTags.tag))
  const map = new Map<string, string[]>()
  for (const { id, tag } of rows) map.set(id, [...(map.get(id) ?? []), tag])
  return map
}

async function valuesOf(app: Pick<App, 'db'>, shopId: string, ids: string[]): Promise<Map<string, string>> {
  const rows = await app.db
    .select({ id: fieldValues.subscriberId, fieldId: fieldValues.fieldId, value: fieldValues.value })
    .from(fieldValues)
    .where(and(eq(fieldValues.shopId, shopId), inArray(fieldValues.subscriberId, among(ids))))
    .orderBy(asc(fieldValues.subscriberId), asc(fieldValues.fieldId))
  return new Map(rows.map(({ id, fieldId, value }) => [`${id} ${fieldId}`, value]))
}
