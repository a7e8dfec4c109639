import { and, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { importPieces, imports } from '../db/schema.ts'
import { notFound } from '../lib/errors.ts'
import { importMapping, type ImportCounts, type ImportMapping, type ImportState } from './contract.ts'

export type Import = typeof imports.$inferSelect

export const noCounts: ImportCounts = { lines: 0, added: 0, changed: 0, lowered: 0, same: 0, refused: 0, mailable: 0 }

/** One import of the shop, or null. */
export async function importById(app: Pick<App, 'db'>, shopId: string, id: string): Promise<Import | null> {
  const [row] = await app.db.select().from(imports).where(and(eq(imports.shopId, shopId), eq(imports.id, id)))
  return row ?? null
}

/** The same, 404 when it is not there. */
export async function importOf(app: Pick<App, 'db'>, shopId: string, id: string): Promise<Import> {
  const row = await importById(app, shopId, id)
  if (!row) throw notFound()
  return row
}

/** Takes an import from one of the states to another; false when it is in none of them (any more). */
export async function move(app: Pick<App, 'db' | 'clock'>, shopId: string, id: string, from: ImportState[], values: Partial<Import> & { state?: ImportState }): Promise<boolean> {
  const moved = await app.db
    .update(imports)
    .set({ ...values, updatedAt: app.clock.now() })
    .where(and(eq(imports.shopId, shopId), eq(imports.id, id), inArray(imports.state, from)))
    .returning({ id: imports.id })
  return moved.length === 1
}

/** Ends an import that cannot go on, with the reason in words; what is left of its file goes. */
export async function fail(app: Pick<App, 'db' | 'clock'>, shopId: string, id: string, from: ImportState, error: string): Promise<void> {
  await app.db.transaction(async () => {
    if (!(await move(app, shopId, id, [from], { state: 'failed', finishedAt: app.clock.now(), error }))) return
    await app.db.delete(importPieces).where(and(eq(importPieces.shopId, shopId), eq(importPieces.importId, id)))
  })
}

export const mappingOf = (row: Import): ImportMapping => importMapping.parse(row.mapping)
/** How this import is called where its doing is shown: in the ledger, beside a blocked address. */
export const nameOf = (row: Pick<Import, 'fileName'>): string => `Import of “${row.fileName}”`
