import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { lockRows } from '../db/open.ts'
import { fields, fieldValues, shopSettings } from '../db/schema.ts'
import { conflict, invalid, notFound } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import { mostFields, type fieldChange, type FieldKind, type fieldInput, type FieldList, type FieldView } from './contract.ts'

const mostCounted = 10_000

/** The custom fields of a shop, by name. */
export async function fieldsOf(app: Pick<App, 'db'>, shopId: string): Promise<FieldView[]> {
  const { id, name, kind, sensitive } = fields
  const rows = await app.db.select({ id, name, kind, sensitive }).from(fields).where(eq(fields.shopId, shopId)).orderBy(asc(name), asc(id))
  return rows.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { sensitivity: 'base' }))
}

/** The same, with how many people there is something known of. */
export async function listFields(app: Pick<App, 'db'>, shopId: string): Promise<FieldList> {
  const all = await fieldsOf(app, shopId)
  const list: FieldList['fields'] = []
  for (const field of all) {
    const some = app.db.select({ one: fieldValues.fieldId }).from(fieldValues).where(and(eq(fieldValues.shopId, shopId), eq(fieldValues.fieldId, field.id))).limit(mostCounted + 1).as('some')
    const [row] = await app.db.select({ n: sql`count(*)`.mapWith(Number) }).from(some)
    const n = row?.n ?? 0
    list.push({ ...field, people: { people: Math.min(n, mostCounted), more: n > mostCounted } })
  }
  return { fields: list }
}

/** Adds a field. 422 when its name is taken, 409 when there are as many as there can be. */
export async function addField(app: Pick<App, 'db' | 'clock'>, shopId: string, input: z.infer<typeof fieldInput>): Promise<FieldView> {
  return app.db.transaction(async () => {
    const all = await lockedFields(app, shopId)
    if (all.length >= mostFields) throw conflict(`There can be ${mostFields} fields. Delete one that you do not need any more.`)
    mustBeFree(all, input.name)
    const now = app.clock.now()
    const field = { id: newId(now), name: input.name, kind: input.kind, sensitive: input.sensitive }
    await app.db.insert(fields).values({ shopId, ...field, createdAt: now, updatedAt: now })
    return field
  })
}

/** Renames a field, or marks it as sensitive. */
export async function changeField(app: Pick<App, 'db' | 'clock'>, shopId: string, id: string, input: z.infer<typeof fieldChange>): Promise<void> {
  await app.db.transaction(async () => {
    mustBeFree((await lockedFields(app, shopId)).filter((field) => field.id !== id), input.name)
    const changed = await app.db
      .update(fields)
      .set({ name: input.name, sensitive: input.sensitive, updatedAt: app.clock.now() })
      .where(and(eq(fields.shopId, shopId), eq(fields.id, id)))
      .returning({ id: fields.id })
    if (changed.length === 0) throw notFound()
  })
}

/** Deletes a field and what is known in it. Segments that ask for it say that it is gone. */
export async function deleteField(app: Pick<App, 'db'>, shopId: string, id: string): Promise<void> {
  const gone = await app.db.delete(fields).where(and(eq(fields.shopId, shopId), eq(fields.id, id))).returning({ id: fields.id }) // its values go with it
  if (gone.length === 0) throw notFound()
}

/** What is known of one person in one field. An empty or null value: nothing any more. */
export interface FieldValue {
  subscriberId: string
  fieldId: string
  value: string | null
}

/**
 * Writes values of any number of people, set-wise, as `readValue` gives them; one that its field cannot hold, or of a field that is not
 * there, is left out and counted. Later rows win. Joins the ambient transaction.
 * @returns how many were left out.
 */
export async function setFieldValues(app: Pick<App, 'db'>, shopId: string, rows: FieldValue[]): Promise<number> {
  if (rows.length === 0) return 0
  const kinds = new Map((await fieldsOf(app, shopId)).map((field) => [field.id, field.kind]))
  const known = new Map<string, { shopId: string; subscriberId: string; fieldId: string; value: string; number: number | null }>()
  const gone = new Map<string, { subscriberId: string; fieldId: string }>()
  let left = 0
  for (const { subscriberId, fieldId, value } of rows) {
    const kind = kinds.get(fieldId)
    const key = `${subscriberId} ${fieldId}`
    const read = kind && value !== null && value.trim() !== '' ? readValue(kind, value) : null
    if (!kind || (read && 'fault' in read)) {
      left++
      continue
    }
    known.delete(key)
    gone.delete(key)
    if (read) known.set(key, { shopId, subscriberId, fieldId, ...read })
    else gone.set(key, { subscriberId, fieldId })
  }
  const batch = 10_000
  const all = [...known.values()]
  for (let at = 0; at < all.length; at += batch) await insertAll(app.db, fieldValues, all.slice(at, at + batch), { target: ['shopId', 'subscriberId', 'fieldId'], update: ['value', 'number'] })
  for (const fieldId of new Set([...gone.values()].map((one) => one.fieldId))) {
    const people = [...gone.values()].filter((one) => one.fieldId === fieldId).map((one) => one.subscriberId)
    for (let at = 0; at < people.length; at += 1_000)
      await app.db.delete(fieldValues).where(and(eq(fieldValues.shopId, shopId), eq(fieldValues.fieldId, fieldId), inArray(fieldValues.subscriberId, people.slice(at, at + 1_000))))
  }
  return left
}

/**
 * A value as it is stored: text as written; numbers and days in one spelling (12.5, 2026-05-03), yes or no as those words, and `number` for comparing
 * (of days: milliseconds since 1970). Or what is wrong with it, to be read after the name of the field.
 */
export function readValue(kind: FieldKind, written: string): { value: string; number: number | null } | { fault: string } {
  const text = written.trim()
  switch (kind) {
    case 'text':
      return text.length > 1_000 ? { fault: 'at most 1,000 characters' } : { value: text, number: null }
    case 'number': {
      const plain = text.replace(/^([-+]?\d+),(\d{1,2})$/, '$1.$2') // 12,50
      const number = /^[-+]?(\d{1,15}(\.\d{1,6})?)$/.test(plain) ? Number(plain) : NaN
      return Number.isFinite(number) ? { value: String(number), number: Math.round(number) } : { fault: 'is not a number' }
    }
    case 'date': {
      const day = /^(\d{4}-\d{2}-\d{2})([T ].*)?$/.exec(text)?.[1]
      const at = day === undefined ? NaN : Date.parse(`${day}T00:00:00Z`)
      return day !== undefined && Number.isFinite(at) && new Date(at).toISOString().startsWith(day) ? { value: day, number: at } : { fault: 'is not a day (YYYY-MM-DD)' }
    }
    case 'yes_no': {
      const word = text.toLowerCase()
      if (['yes', 'true', '1', 'y', 'ja', 'oui', 'x'].includes(word)) return { value: 'yes', number: 1 }
      if (['no', 'false', '0', 'n', 'nein', 'non'].includes(word)) return { value: 'no', number: 0 }
      return { fault: 'is neither yes nor no' }
    }
  }
}

/** One at a time may add or rename: the row of the shop is locked, and names are compared without size of letters. */
async function lockedFields(app: Pick<App, 'db'>, shopId: string): Promise<FieldView[]> {
  await lockRows(app.db.select({ shopId: shopSettings.shopId }).from(shopSettings).where(eq(shopSettings.shopId, shopId)))
  return fieldsOf(app, shopId)
}

function mustBeFree(others: FieldView[], name: string): void {
  if (others.some((field) => field.name.toLowerCase() === name.toLowerCase())) throw invalid(`There is a field “${name}” already.`, { name: 'is taken by another field' })
}
