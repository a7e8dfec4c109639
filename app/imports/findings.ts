import { and, asc, eq, gt } from 'drizzle-orm'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { importFindings } from '../db/schema.ts'
import { csvLine, csvStart } from '../lib/csv.ts'
import type { Finding } from './plan.ts'

/** Kept at most; all are counted. */
export const mostFindings = 100_000

/** Keeps what was found, one finding a line: the weightiest. @returns how many lines something was found about. */
export async function keepFindings(app: Pick<App, 'db'>, shopId: string, importId: string, found: Finding[], kept: number): Promise<number> {
  const byLine = new Map<number, Finding>()
  for (const one of found) {
    const other = byLine.get(one.line)
    if (!other || weight[one.kind] > weight[other.kind]) byLine.set(one.line, one)
  }
  const rows = [...byLine.values()].slice(0, Math.max(0, mostFindings - kept))
  await insertAll(app.db, importFindings, rows.map((one) => ({ shopId, importId, ...one })), { target: ['shopId', 'importId', 'line'] })
  return byLine.size
}
const weight = { refused: 3, lowered: 2, kept: 1, hint: 0 }

/** The first findings, in the order of the file. */
export async function firstFindings(app: Pick<App, 'db'>, shopId: string, importId: string, most = 50): Promise<Finding[]> {
  return pageOf(app, shopId, importId, 0, most)
}

/** All findings as a CSV file, written while it is read. */
export async function* findingsCsv(app: Pick<App, 'db'>, shopId: string, importId: string): AsyncGenerator<string> {
  yield csvStart + csvLine(['Line', 'What happened', 'Why', 'Address'])
  for (let line = 0; ; ) {
    const rows = await pageOf(app, shopId, importId, line, 1000)
    if (rows.length > 0) yield rows.map((row) => csvLine([row.line, kindWords[row.kind], row.reason, row.content])).join('')
    if (rows.length < 1000) return
    line = rows.at(-1)!.line
  }
}
const kindWords: Record<Finding['kind'], string> = { refused: 'Not brought in', kept: 'Left as it is', lowered: 'Gets less mail', hint: 'Look at it' }

async function pageOf(app: Pick<App, 'db'>, shopId: string, importId: string, after: number, most: number): Promise<Finding[]> {
  const rows = await app.db
    .select({ line: importFindings.line, kind: importFindings.kind, reason: importFindings.reason, content: importFindings.content })
    .from(importFindings)
    .where(and(eq(importFindings.shopId, shopId), eq(importFindings.importId, importId), gt(importFindings.line, after)))
    .orderBy(asc(importFindings.line))
    .limit(most)
  return rows as Finding[]
}
