import { and, eq, inArray, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { jsonRows } from '../db/json-rows.ts'
import { fieldValues } from '../db/schema.ts'
import type { FieldKind } from '../subscribers/contract.ts'
import { readValue } from '../subscribers/fields.ts'
import { readConsent, readTime } from './cells.ts'

/** A cell as a value of a custom field, in whatever spelling a spreadsheet gives numbers, days, yes and no; null when it does not fit the field's kind. */
export function cellValue(kind: FieldKind | undefined, cell: string): Value | null {
  if (kind === undefined) return null
  const read = readValue(kind, kind === 'number' ? plainNumber(cell) : kind === 'date' ? (readTime(cell)?.toISOString().slice(0, 10) ?? cell) : kind === 'yes_no' ? yesOrNo(cell) : cell)
  return 'fault' in read ? null : read
}
type Value = { value: string; number: number | null }

/** 1.234,5 and 1 234,5 and 1,234.5 as 1234.5. */
const plainNumber = (text: string): string =>
  /^[-+]?\d{1,3}(?:[ '.]\d{3})+(?:,\d+)?$|^[-+]?\d+,\d{1,2}$/.test(text) && !/^[-+]?\d{1,3}\.\d{3}$/.test(text) ? text.replace(/[ '.]/g, '').replace(',', '.') : text.replace(/(?<=\d),(?=\d{3}(?:\D|$))/g, '')

function yesOrNo(text: string): string {
  const says = readConsent(text)
  return says === 'yes' || says === 'no' ? says : text
}

/** What stands in these fields of these people: person -> field -> value. */
export async function knownValues(app: Pick<App, 'db'>, shopId: string, ids: string[], fieldIds: string[]): Promise<Map<string, Map<string, string>>> {
  const map = new Map<string, Map<string, string>>()
  if (ids.length === 0) return map
  const given = jsonRows(ids.map((id) => [id]))
  const query = app.db
    .select({ id: fieldValues.subscriberId, fieldId: fieldValues.fieldId, value: fieldValues.value })
    .from(fieldValues)
    .where(and(eq(fieldValues.shopId, shopId), inArray(fieldValues.fieldId, fieldIds), inArray(fieldValues.subscriberId, sql`(select ${given.text(0)} from ${given.from})`)))
  for (const [id, fieldId, value] of (await app.db.lists(query.toSQL())) as string[][]) map.set(id!, (map.get(id!) ?? new Map()).set(fieldId!, value!))
  return map
}
