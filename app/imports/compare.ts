import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { and, eq, inArray, isNotNull } from 'drizzle-orm'
import type { App } from '../app.ts'
import { fields, importFindings, importPieces, imports } from '../db/schema.ts'
import { conflict, invalid } from '../lib/errors.ts'
import type { z } from 'zod'
import { attestations, type compareInput, type ImportMapping, type ImportState } from './contract.ts'
import { createWinners } from './doubles.ts'
import { keepFindings } from './findings.ts'
import { readingOf, type Reading } from './lines.ts'
import { fieldKindsOf, linesOf, lost, pieceOf } from './pieces.ts'
import { planLines, type PlanContext } from './plan.ts'
import { importById, importOf, mappingOf, move, noCounts, type Import } from './state.ts'

/**
 * Takes what the merchant says of a file: what its columns are, where its addresses come from, that they agreed; keeps who said so and when, and asks
 * for the comparison. Lists that were bought or shared are refused here.
 */
export async function askForComparison(app: App, shopId: string, id: string, userId: string, { mapping, origin, attested }: z.infer<typeof compareInput>): Promise<void> {
  const row = await importOf(app, shopId, id)
  if (origin === 'bought') throw invalid('Lists that were bought or rented may not be brought in: the people on them never agreed to hear from you, and mail to them is unlawful in most countries and ruins your reputation as a sender.', { origin: 'may not be brought in' })
  if (origin === 'partner') throw invalid('Lists that somebody else collected may not be brought in: those people agreed to hear from them, not from you.', { origin: 'may not be brought in' })
  if (row.kind === 'people' && !attested) throw invalid('Please confirm that these people gave you their addresses and may hear from you.', { attested: 'is needed' })
  await checkMapping(app, row, mapping)
  const now = app.clock.now()
  await app.db.transaction(async () => {
    const values = { state: 'comparing' as const, mapping, origin, attestedAt: attested ? now : null, attestedBy: userId, attestation: attested ? attestations[mapping.consent] : null, counts: noCounts, linesDone: 0, piecesDone: 0, error: null, startedAt: null, finishedAt: null }
    if (!(await move(app, shopId, id, ['read'], values))) throw conflict(row.state === 'compared' ? 'Go back to the columns first.' : 'This file is not waiting for its columns any more.')
    await app.queue.add('imports.compare', { shopId, importId: id }, { key: id })
  })
}

async function checkMapping(app: Pick<App, 'db'>, row: Import, mapping: ImportMapping): Promise<void> {
  const { columns } = mapping
  if (columns.length !== row.headers.length) throw invalid(`The file has ${row.headers.length} columns; say of each what it is.`, { 'mapping.columns': 'must be as many as the file has' })
  const names = columns.map((target) => (typeof target === 'object' ? target.fieldId : target)).filter((target) => target !== 'ignore')
  if (!names.includes('email')) throw invalid('Choose the column that holds the e-mail addresses.', { 'mapping.columns': 'none is the e-mail address' })
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw invalid('Two columns have the same meaning. Choose one of them.', { 'mapping.columns': 'two have the same meaning' })
  const own = columns.flatMap((target) => (typeof target === 'object' ? [target.fieldId] : []))
  const known = new Set((await app.db.select({ id: fields.id }).from(fields).where(eq(fields.shopId, row.shopId))).map((field) => field.id))
  if (own.some((fieldId) => !known.has(fieldId))) throw invalid('One of the chosen fields does not exist any more.', { 'mapping.columns': 'a field is missing' })
}

/**
 * Reads the whole file and finds out what would change; changes nothing. First which line counts for each address, then line by line
 * against what is known. When its process dies it begins anew: nothing came of it yet. It ends early when it is not wanted any more.
 */
export async function compareImport(app: App, { shopId, importId }: { shopId: string; importId: string }): Promise<void> {
  const row = await importById(app, shopId, importId)
  if (row?.state !== 'comparing') return
  const reading = readingOf(mappingOf(row), row.kind)
  await app.db.delete(importFindings).where(and(eq(importFindings.shopId, shopId), eq(importFindings.importId, importId)))
  await markDoubles(app, row, reading)
  const context: PlanContext = { row, reading, fieldKinds: await fieldKindsOf(app, shopId), withStanding: true }
  const counts = { ...noCounts }
  let findings = 0
  for (let n = 0; ; n++) {
    const piece = await pieceOf(app, row, n)
    if (!piece) break
    const read = linesOf(piece, row.separator, reading)
    const plan = await planLines(app, context, read.lines, read.refused)
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += plan.counts[name]
    findings += await keepFindings(app, shopId, importId, plan.findings, findings)
    if (!(await move(app, shopId, importId, ['comparing'], { linesDone: counts.lines, counts: { ...counts, findings } }))) return
    await turnOfTheLoop()
  }
  if (counts.lines === 0) throw lost()
  await move(app, shopId, importId, ['comparing'], { state: 'compared', linesDone: counts.lines, linesTotal: counts.lines, counts: { ...counts, findings } })
}

/** Writes beside each piece which of its lines do not count. */
async function markDoubles(app: App, row: Import, reading: Reading): Promise<void> {
  const ofImport = and(eq(importPieces.shopId, row.shopId), eq(importPieces.importId, row.id))
  await app.db.update(importPieces).set({ skip: null }).where(and(ofImport, isNotNull(importPieces.skip)))
  const winners = createWinners()
  let lines = 0
  for (let n = 0; ; n++) {
    const piece = await pieceOf(app, row, n)
    if (!piece) break
    for (const line of linesOf(piece, row.separator, reading).lines) {
      winners.add(line.key, line.line, line.says !== 'yes' && line.says !== 'none')
      lines++
    }
    await turnOfTheLoop()
  }
  if (winners.size() === lines) return
  for (let n = 0; ; n++) {
    const piece = await pieceOf(app, row, n)
    if (!piece) break
    const skip = linesOf(piece, row.separator, reading).lines.filter((line) => winners.lineOf(line.key) !== line.line).map((line) => line.line)
    if (skip.length > 0) await app.db.update(importPieces).set({ skip }).where(and(ofImport, eq(importPieces.n, n)))
    await turnOfTheLoop()
  }
}

/** The merchant goes back to the columns; a comparison that runs ends. */
export async function backToColumns(app: App, shopId: string, id: string): Promise<void> {
  await importOf(app, shopId, id)
  const back = { state: 'read' as const, origin: null, attestedAt: null, attestedBy: null, attestation: null, counts: noCounts, linesDone: 0 }
  if (!(await move(app, shopId, id, ['compared', 'comparing'], back))) throw conflict('The columns cannot be changed any more.')
  await app.db.delete(importFindings).where(and(eq(importFindings.shopId, shopId), eq(importFindings.importId, id)))
}

/** Gives up a file before anything was changed by it: it is gone, with all that was found. */
export async function dropImport(app: Pick<App, 'db'>, shopId: string, id: string): Promise<void> {
  const row = await importOf(app, shopId, id)
  const open: ImportState[] = row.startedAt === null ? ['read', 'comparing', 'compared', 'failed'] : []
  if (!open.includes(row.state as ImportState)) throw conflict('It has changed something already. It can be undone, not deleted.')
  const gone = await app.db
    .delete(imports)
    .where(and(eq(imports.shopId, shopId), eq(imports.id, id), inArray(imports.state, open)))
    .returning({ id: imports.id })
  if (gone.length === 0) throw conflict('It has gone on in the meantime.')
}
