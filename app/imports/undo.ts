import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { othersThan } from '../consent/import-evidence.ts'
import { historiesOf } from '../consent/record.ts'
import { recordUndone } from '../consent/undone.ts'
import { insertAll } from '../db/insert-all.ts'
import { jsonRows } from '../db/json-rows.ts'
import { deliveries, events, fieldValues, importChanges, importPieces, orders, subscriberAliases, subscribers, subscriberTags, suppressionActs, suppressions } from '../db/schema.ts'
import { conflict } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import { holdFreezes, ledgerOf } from '../subscribers/ledger.ts'
import { removePeople } from '../subscribers/remove.ts'
import { after as afterShape, before as beforeShape, knownColumns, type After, type Before } from './changes.ts'
import { cellValue, knownValues } from './field-values.ts'
import { fieldKindsOf } from './pieces.ts'
import type { StoredCounts } from './run.ts'
import { importById, importOf, move, nameOf, type Import } from './state.ts'

/** People whose part is undone in one transaction. */
const batch = 500

/** The merchant wants everything to be as it was before this import. */
export async function askToUndo(app: App, shopId: string, id: string): Promise<void> {
  const row = await importOf(app, shopId, id)
  await app.db.transaction(async () => {
    const total = await app.db.$count(importChanges, ofImport(row))
    const counts: StoredCounts = { ...(row.counts as StoredCounts), undone: { removed: 0, restored: 0, stayed: 0 } }
    if (!(await move(app, shopId, id, ['done', 'stopped', 'failed'], { state: 'undoing', linesDone: 0, linesTotal: total, counts, error: null }))) throw conflict('Only an import that is over can be undone.')
    await app.db.delete(importPieces).where(and(eq(importPieces.shopId, shopId), eq(importPieces.importId, id)))
    await app.queue.add('imports.undo', { shopId, importId: id }, { key: id })
  })
}

interface Change {
  id: string
  before: Before | null
  after: After
}
interface Undone {
  removed: number
  restored: number
  stayed: number
}

/**
 * Undoes an import, 500 people a transaction; what is undone is taken off the list in the same one, so that a process may die anywhere. People whom
 * it brought, and with whom nothing has happened since, are removed without a trace. Of others each thing gets back what it was before, unless
 * something else stands there now; their ledger gets an entry that takes the import's back.
 */
export async function undoImport(app: App, { shopId, importId }: { shopId: string; importId: string }): Promise<void> {
  const row = await importById(app, shopId, importId)
  if (row?.state !== 'undoing') return
  while (await undoSome(app, row)) await turnOfTheLoop()
  await move(app, shopId, importId, ['undoing'], { state: 'undone', undoneAt: app.clock.now() })
}

async function undoSome(app: App, row: Import): Promise<boolean> {
  return app.db.transaction(async () => {
    const { shopId, id } = row
    await holdFreezes(app, shopId)
    const rows = await app.db.select().from(importChanges).where(ofImport(row)).orderBy(asc(importChanges.subscriberId)).limit(batch)
    if (rows.length === 0) return false
    const changes = rows.map((one): Change => ({ id: one.subscriberId, before: one.before === null ? null : beforeShape.parse(one.before), after: one.after === null ? {} : afterShape.parse(one.after) }))
    const people = await peopleOf(app, shopId, changes)
    const unblocked = changes.filter((change) => change.id.startsWith('#')).length
    await unblock(app, row, changes.flatMap((change) => (change.id.startsWith('#') ? [{ hash: change.id.slice(1), after: change.after }] : people.has(change.id) ? [{ hash: people.get(change.id)!.addressHash, after: change.after }] : [])))
    const removed = await removeAdded(app, row, changes.filter((change) => change.before === null && people.has(change.id)).map((change) => people.get(change.id)!))
    const others = changes.filter((change) => people.has(change.id) && !removed.has(change.id))
    await recordUndone(app, shopId, id, others.map((change) => change.id), `${nameOf(row)}, undone`)
    const stayed = await restore(app, row, others, people)
    const gone = changes.length - unblocked - removed.size - others.length // forgotten or merged since
    const tally: Undone = { removed: removed.size, restored: unblocked + others.length - stayed.size, stayed: stayed.size + gone }
    await app.db.delete(importChanges).where(and(ofImport(row), inArray(importChanges.subscriberId, rows.map((one) => one.subscriberId))))
    return progress(app, row, rows.length, tally)
  })
}

async function progress(app: App, { shopId, id }: Import, done: number, tally: Undone): Promise<boolean> {
  const current = await importById(app, shopId, id)
  const counts = current?.counts as StoredCounts
  const sum = { removed: (counts.undone?.removed ?? 0) + tally.removed, restored: (counts.undone?.restored ?? 0) + tally.restored, stayed: (counts.undone?.stayed ?? 0) + tally.stayed }
  return move(app, shopId, id, ['undoing'], { linesDone: (current?.linesDone ?? 0) + done, counts: { ...counts, undone: sum } })
}

type Person = typeof subscribers.$inferSelect
const ofImport = ({ shopId, id }: Pick<Import, 'shopId' | 'id'>) => and(eq(importChanges.shopId, shopId), eq(importChanges.importId, id))

async function peopleOf(app: App, shopId: string, changes: Change[]): Promise<Map<string, Person>> {
  const ids = changes.filter((change) => !change.id.startsWith('#')).map((change) => change.id)
  const rows = ids.length === 0 ? [] : await app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shopId), inArray(subscribers.id, ids)))
  return new Map(rows.map((person) => [person.id, person]))
}

/** Removes those whom the import brought and with whom nothing has happened since. @returns who is gone. */
async function removeAdded(app: App, { shopId, id: importId }: Import, people: Person[]): Promise<Set<string>> {
  const untouched = people.filter((person) => person.platformId === null && person.ordersCount === 0 && person.restrictedAt === null && person.updatedAt.getTime() === person.createdAt.getTime()).map((person) => person.id)
  if (untouched.length === 0) return new Set()
  const busy = new Set<string | null>()
  for (const table of [events, orders]) for (const row of await app.db.selectDistinct({ id: table.subscriberId }).from(table).where(and(eq(table.shopId, shopId), inArray(table.subscriberId, untouched)))) busy.add(row.id)
  for (const row of await app.db.selectDistinct({ id: deliveries.subscriberId }).from(deliveries).where(await ledgerOf(app, shopId, untouched))) busy.add(row.id)
  for (const row of await app.db.select({ id: subscriberAliases.keptId }).from(subscriberAliases).where(and(eq(subscriberAliases.shopId, shopId), inArray(subscriberAliases.keptId, untouched)))) busy.add(row.id)
  for (const entries of (await historiesOf(app, shopId, untouched)).values()) for (const entry of othersThan(entries, importId)) busy.add(entry.subscriberId)
  const going = untouched.filter((one) => !busy.has(one))
  await removePeople(app, shopId, going)
  return new Set(going)
}

/** Gives each thing back what it was, unless something else stands there now. @returns of whom something was kept. */
async function restore(app: App, row: Import, changes: Change[], people: Map<string, Person>): Promise<Set<string>> {
  const { shopId } = row
  const now = app.clock.now()
  const stayed = new Set(changes.filter((change) => change.before === null).map((change) => change.id))
  const columns = changes.flatMap((change) => {
    const is = change.after.columns
    if (!is || !change.before?.columns) return []
    const person = people.get(change.id)!
    const next = { ...person }
    for (const column of knownColumns) {
      if (!(column in is)) continue
      if (person[column] === is[column]) next[column] = change.before.columns[column] ?? null
      else stayed.add(change.id)
    }
    const untouched = change.before.updatedAt !== undefined && person.updatedAt.getTime() === change.after.updatedAt
    return [[change.id, next.firstName, next.lastName, next.locale, next.country, untouched ? new Date(change.before.updatedAt!) : now]]
  })
  if (columns.length > 0) {
    const given = jsonRows(columns)
    await app.db
      .update(subscribers)
      .set({ firstName: given.text(1), lastName: given.text(2), locale: given.text(3), country: given.text(4), updatedAt: given.time(5) })
      .from(given.from)
      .where(and(sql`${subscribers.shopId} = ${given.fixed(shopId)}`, sql`${subscribers.id} = ${given.text(0)}`))
  }
  const edited = changes.filter((change) => change.before !== null) // whoever was new and stays keeps what came with them
  const tags = edited.flatMap((change) => (change.after.tags ?? []).map((tag) => [change.id, tag]))
  if (tags.length > 0) {
    const given = jsonRows(tags)
    await app.db.delete(subscriberTags).where(and(eq(subscriberTags.shopId, shopId), eq(subscriberTags.own, true), sql`(${subscriberTags.subscriberId}, ${subscriberTags.tag}) in (select ${given.text(0)}, ${given.text(1)} from ${given.from})`))
  }
  await restoreFields(app, shopId, edited, stayed)
  return stayed
}

async function restoreFields(app: App, shopId: string, changes: Change[], stayed: Set<string>): Promise<void> {
  const touched = changes.filter((change) => change.after.fields)
  if (touched.length === 0) return
  const kinds = await fieldKindsOf(app, shopId)
  const fieldIds = [...new Set(touched.flatMap((change) => Object.keys(change.after.fields!)))]
  const current = await knownValues(app, shopId, touched.map((change) => change.id), fieldIds)
  const back: (typeof fieldValues.$inferInsert)[] = []
  const away: string[][] = []
  for (const change of touched)
    for (const [fieldId, value] of Object.entries(change.after.fields!)) {
      const old = change.before?.fields?.[fieldId] ?? null
      const read = old === null ? null : cellValue(kinds.get(fieldId), old)
      if (current.get(change.id)?.get(fieldId) !== value) stayed.add(change.id)
      else if (read) back.push({ shopId, subscriberId: change.id, fieldId, ...read })
      else away.push([change.id, fieldId])
    }
  await insertAll(app.db, fieldValues, back, { target: ['shopId', 'subscriberId', 'fieldId'], update: ['value', 'number'] })
  if (away.length === 0) return
  const given = jsonRows(away)
  await app.db.delete(fieldValues).where(and(eq(fieldValues.shopId, shopId), sql`(${fieldValues.subscriberId}, ${fieldValues.fieldId}) in (select ${given.text(0)}, ${given.text(1)} from ${given.from})`))
}

/** Takes back the blocks that the import put there; what was blocked anew since is somebody else's. */
async function unblock(app: App, { shopId, attestedBy, ...row }: Import, given: { hash: string; after: After }[]): Promise<void> {
  const pairs = given.flatMap(({ hash, after }) => (after.blocked ?? []).map((reason) => [hash, reason, new Date(after.blockedAt ?? 0)]))
  if (pairs.length === 0) return
  const list = jsonRows(pairs)
  const gone = await app.db
    .delete(suppressions)
    .where(and(eq(suppressions.shopId, shopId), sql`(${suppressions.addressHash}, ${suppressions.reason}, ${suppressions.createdAt}) in (select ${list.text(0)}, ${list.text(1)}, ${list.time(2)} from ${list.from})`))
    .returning({ hash: suppressions.addressHash, reason: suppressions.reason })
  const now = app.clock.now()
  if (attestedBy !== null)
    await insertAll(app.db, suppressionActs, gone.map(({ hash, reason }) => ({ shopId, id: newId(now), addressHash: hash, act: 'lifted' as const, reason: reason as 'manual', note: `${nameOf(row)}, undone`, userId: attestedBy, at: now })))
}
