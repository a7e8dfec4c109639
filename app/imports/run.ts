import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { lockLedger } from '../consent/seal.ts'
import { consentEntries, importPieces, imports, subscribers, subscriberTags } from '../db/schema.ts'
import { tablesHaveGrown, tablesWereFilled } from '../db/statistics.ts'
import { conflict } from '../lib/errors.ts'
import { applyPlan, CameInBetween } from './apply.ts'
import type { ImportCounts } from './contract.ts'
import { readingOf } from './lines.ts'
import { fieldKindsOf, linesOf, pieceOf, type ReadPiece } from './pieces.ts'
import { planLines, type PlanContext } from './plan.ts'
import { fail, importById, importOf, mappingOf, move, noCounts, type Import } from './state.ts'

/** What counts of an import are stored as: those that are shown, and how many lines something was found about. */
export type StoredCounts = ImportCounts & { findings?: number; undone?: { removed: number; restored: number; stayed: number } }

/** The merchant has seen what would change, and wants it. */
export async function startImport(app: App, shopId: string, id: string): Promise<void> {
  const row = await importOf(app, shopId, id)
  const { mailable, findings } = row.counts as StoredCounts
  await app.db.transaction(async () => {
    const fresh = { ...noCounts, mailable, findings }
    if (!(await move(app, shopId, id, ['compared'], { state: 'running', startedAt: app.clock.now(), piecesDone: 0, linesDone: 0, counts: fresh }))) throw conflict('This file is not ready to be brought in.')
    await app.queue.add('imports.run', { shopId, importId: id }, { key: id })
  })
}

/** Ends an import before its next piece. What is in stays, until it is undone. */
export async function stopImport(app: App, shopId: string, id: string): Promise<void> {
  await importOf(app, shopId, id)
  await app.db.transaction(async () => {
    if (!(await move(app, shopId, id, ['running'], { state: 'stopping' }))) throw conflict('It does not run any more.')
    await app.queue.add('imports.run', { shopId, importId: id }, { key: id }) // whoever runs it may be dead
  })
}

/**
 * Brings a file in, a piece of about 1,000 lines a transaction: people, tags, fields, ledger, what was there before, how far it has come, and that the
 * piece is gone, all or nothing. So a process may die anywhere, and the next goes on exactly there; of two at once only one gets a piece.
 */
export async function runImport(app: App, { shopId, importId }: { shopId: string; importId: string }): Promise<void> {
  const row = await importById(app, shopId, importId)
  if (row?.state === 'stopping') return stopped(app, row)
  if (row?.state !== 'running') return
  const reading = readingOf(mappingOf(row), row.kind)
  const context: PlanContext = { row, reading, fieldKinds: await fieldKindsOf(app, shopId), withStanding: false }
  let counts = row.counts as StoredCounts
  let grownAt = 500 // lines at which the engine was last told; again each time their number has doubled
  for (let n = row.piecesDone; ; n++) {
    const piece = await pieceOf(app, row, n)
    if (!piece) return finish(app, row, counts)
    const settled = await settle(app, context, n, linesOf(piece, row.separator, reading), counts)
    if (!settled) {
      const now = await importById(app, shopId, importId)
      return now?.state === 'stopping' ? stopped(app, now) : undefined // otherwise somebody else has this piece
    }
    counts = settled
    if (counts.lines >= 2 * grownAt) {
      await tablesHaveGrown(app.db, [subscribers, consentEntries])
      grownAt = counts.lines
    }
    await turnOfTheLoop()
  }
}

/** Settles one piece. @returns the counts so far; null when it was not ours to settle. */
async function settle(app: App, context: PlanContext, n: number, read: ReadPiece, counts: StoredCounts): Promise<StoredCounts | null> {
  const { shopId, id } = context.row
  const mine = and(eq(imports.shopId, shopId), eq(imports.id, id))
  for (let tries = 1; ; tries++)
    try {
      return await app.db.transaction(async () => {
        const claimed = await app.db.update(imports).set({ piecesDone: n + 1 }).where(and(mine, eq(imports.state, 'running'), eq(imports.piecesDone, n))).returning({ id: imports.id })
        if (claimed.length === 0) return null
        await lockLedger(app, shopId) // before the first person (consent/seal.ts)
        const plan = await planLines(app, context, read.lines, read.refused)
        await applyPlan(app, context.row, plan)
        const sum = { ...counts }
        for (const name of ['lines', 'added', 'changed', 'lowered', 'same', 'refused'] as const) sum[name] += plan.counts[name]
        await app.db.delete(importPieces).where(and(eq(importPieces.shopId, shopId), eq(importPieces.importId, id), eq(importPieces.n, n)))
        await app.db.update(imports).set({ linesDone: sum.lines, counts: sum, updatedAt: app.clock.now() }).where(mine)
        return sum
      })
    } catch (error) {
      if (!(error instanceof CameInBetween) || tries === 5) throw error
    }
}

/** Behind the last piece. One that is missing in the middle is a fault that no new attempt would heal. */
async function finish(app: App, row: Import, counts: StoredCounts): Promise<void> {
  const { shopId, id } = row
  const left = await app.db.$count(importPieces, and(eq(importPieces.shopId, shopId), eq(importPieces.importId, id)))
  const now = app.clock.now()
  if (left > 0) return fail(app, shopId, id, 'running', `After ${counts.lines.toLocaleString('en')} lines a part of the file was missing. What was brought in so far can be undone.`)
  await move(app, shopId, id, ['running'], { state: 'done', finishedAt: now, linesDone: counts.lines, linesTotal: counts.lines })
  await tablesWereFilled(app.db, [subscribers, subscriberTags, consentEntries])
}

async function stopped(app: App, row: Import): Promise<void> {
  await app.db.transaction(async () => {
    if (!(await move(app, row.shopId, row.id, ['stopping'], { state: 'stopped', finishedAt: app.clock.now() }))) return
    await app.db.delete(importPieces).where(and(eq(importPieces.shopId, row.shopId), eq(importPieces.importId, row.id)))
  })
}
