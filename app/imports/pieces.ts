import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { fields, importPieces } from '../db/schema.ts'
import { csvRecords } from '../lib/csv.ts'
import { GiveUp } from '../jobs/queue.ts'
import type { FieldKind } from '../subscribers/contract.ts'
import { isRefused, readLine, type Line, type Reading, type Refused } from './lines.ts'
import type { Import } from './state.ts'

export interface ReadPiece {
  lines: Line[]
  refused: Refused[]
}
type Row = Pick<typeof importPieces.$inferSelect, 'n' | 'firstLine' | 'content' | 'skip'>

/** One piece of a file, or null behind the last. */
export async function pieceOf(app: Pick<App, 'db'>, row: Import, n: number): Promise<Row | null> {
  const [piece] = await app.db
    .select({ n: importPieces.n, firstLine: importPieces.firstLine, content: importPieces.content, skip: importPieces.skip })
    .from(importPieces)
    .where(and(eq(importPieces.shopId, row.shopId), eq(importPieces.importId, row.id), eq(importPieces.n, n)))
  return piece ?? null
}

/** Its lines as they are understood; those that do not count, because their address stands in the file again, are refused. */
export function linesOf(piece: Row, separator: string, reading: Reading, skip = piece.skip ?? []): ReadPiece {
  const passed = new Set(skip)
  const lines: Line[] = []
  const refused: Refused[] = []
  for (const [i, cells] of csvRecords(piece.content, separator).entries()) {
    const line = readLine(cells, piece.firstLine + i, reading)
    if (line === null) continue
    if (isRefused(line)) refused.push(line)
    else if (passed.has(line.line)) refused.push({ line: line.line, reason: 'the same address stands in the file again, and the other line counts', content: line.email })
    else lines.push(line)
  }
  return { lines, refused }
}

/** The kinds of the custom fields that a file fills. One that was deleted in the meantime has none, and nothing is brought into it. */
export async function fieldKindsOf(app: Pick<App, 'db'>, shopId: string): Promise<Map<string, FieldKind>> {
  const rows = await app.db.select({ id: fields.id, kind: fields.kind }).from(fields).where(eq(fields.shopId, shopId))
  return new Map(rows.map((row) => [row.id, row.kind]))
}

export const lost = (): GiveUp => new GiveUp('a piece of the file is missing')
