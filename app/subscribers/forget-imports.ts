import { and, eq, inArray, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { importChanges, importFindings, importPieces, imports } from '../db/schema.ts'
import { csvRecords } from '../lib/csv.ts'
import { normaliseEmail } from '../lib/crypto.ts'

/**
 * Forgets a person in what merchants brought as files: what was there before an import, what was found about their line, and their lines in files that are
 * not brought in yet, which become empty ones. For whoever forgets people, in the same transaction.
 */
export async function forgetInImports(app: Pick<App, 'db'>, shopId: string, ids: string[], emailKey: string, addressHash: string): Promise<void> {
  const all = await app.db.select({ id: imports.id, separator: imports.separator }).from(imports).where(eq(imports.shopId, shopId)).orderBy(imports.id)
  for (const { id, separator } of all) {
    await app.db.delete(importChanges).where(and(eq(importChanges.shopId, shopId), eq(importChanges.importId, id), inArray(importChanges.subscriberId, [...ids, `#${addressHash}`])))
    await app.db.delete(importFindings).where(and(eq(importFindings.shopId, shopId), eq(importFindings.importId, id), sql`lower(${importFindings.content}) like ${`%${escaped(emailKey)}%`} escape '!'`))
    const ofImport = and(eq(importPieces.shopId, shopId), eq(importPieces.importId, id))
    const pieces = await app.db
      .select({ n: importPieces.n, content: importPieces.content })
      .from(importPieces)
      .where(and(ofImport, sql`lower(${importPieces.content}) like ${`%${escaped(emailKey)}%`} escape '!'`))
      .orderBy(importPieces.n)
    for (const { n, content } of pieces) await app.db.update(importPieces).set({ content: withoutPerson(content, separator || ',', emailKey) }).where(and(ofImport, eq(importPieces.n, n)))
  }
}

const escaped = (text: string): string => text.replace(/[!%_]/g, '!$&')

/** The same lines, with those of one address emptied, so that the others keep their numbers. */
function withoutPerson(content: string, separator: string, emailKey: string): string {
  const quoted = (cell: string): string => (/["\r\n]/.test(cell) || cell.includes(separator) ? `"${cell.replaceAll('"', '""')}"` : cell)
  return csvRecords(content, separator)
    .map((cells) => (cells.some((cell) => cell.toLowerCase().includes(emailKey) || normaliseEmail(cell) === emailKey) ? '' : cells.map(quoted).join(separator)))
    .map((line) => `${line}\n`)
    .join('')
}
