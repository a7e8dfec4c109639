import type { Readable } from 'node:stream'
import { and, eq, inArray } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { insertBound } from '../db/insert-bound.ts'
import { imports, importPieces } from '../db/schema.ts'
import { AppError, conflict } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import type { uploadQuery } from './contract.ts'
import { propose } from './propose.ts'
import { limits, readFile, tooLarge, type Piece } from './reader.ts'
import { noCounts } from './state.ts'

/** Files that wait for the merchant at most: each may be half a gigabyte. */
const mostOpen = 10
/** Characters of pieces that are written in one transaction. */
const enough = 2 * 1024 * 1024

/**
 * Takes a file as it streams in: decoded, cut into pieces, stored. The memory it needs does not grow with the file. Whatever keeps it
 * from being read to its end (too large, no text, a connection that broke) leaves nothing behind.
 * @param length what the sender says it is long, in bytes; null when it did not say.
 * @returns the id of the import, which is in `read`.
 */
export async function upload(app: App, shopId: string, { name, kind }: z.infer<typeof uploadQuery>, stream: Readable, length: number | null): Promise<string> {
  if (length !== null && length > limits.bytes) throw tooLarge()
  const id = newId(app.clock.now())
  await begin(app, shopId, id, name, kind)
  try {
    const reader = readFile()
    let waiting: Piece[] = []
    let chars = 0
    const keep = async (pieces: Piece[], last: boolean): Promise<void> => {
      for (const piece of pieces) chars += piece.content.length
      waiting.push(...pieces)
      if (waiting.length === 0 || (chars < enough && !last)) return
      await store(app, shopId, id, waiting)
      waiting = []
      chars = 0
    }
    // An iterator that is left early would destroy the request, and with it the answer that says why.
    for await (const part of stream.iterator({ destroyOnReturn: false })) await keep(reader.take(part as Buffer), false)
    await keep(reader.end(), true)
    const { encoding, separator, headers, bytes, lines } = reader.facts()
    const proposal = await propose(app, shopId, id, { fileName: name, kind, headers, separator })
    await app.db
      .update(imports)
      .set({ state: 'read', encoding, separator, headers, bytes, linesTotal: lines, ...proposal, updatedAt: app.clock.now() })
      .where(and(eq(imports.shopId, shopId), eq(imports.id, id), eq(imports.state, 'uploading')))
    return id
  } catch (error) {
    await app.db.delete(imports).where(and(eq(imports.shopId, shopId), eq(imports.id, id), eq(imports.state, 'uploading')))
    const { code } = (error ?? {}) as { code?: unknown }
    throw code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' ? new AppError(400, 'malformed', 'The file did not arrive whole. Nothing was kept; please choose it again.') : error
  }
}

async function begin(app: App, shopId: string, id: string, fileName: string, kind: 'people' | 'suppressions'): Promise<void> {
  const now = app.clock.now()
  await app.db.transaction(async () => {
    const open = await app.db.$count(imports, and(eq(imports.shopId, shopId), inArray(imports.state, ['uploading', 'read', 'comparing', 'compared'])))
    if (open >= mostOpen) throw conflict(`${open} files are waiting for you already. Bring them in or delete them first.`)
    await app.db.insert(imports).values({
      shopId, id, state: 'uploading', kind, fileName, bytes: 0, encoding: '', separator: '', recognised: null, headers: [], mapping: null, origin: null, attestedAt: null, attestedBy: null,
      counts: noCounts, piecesDone: 0, linesDone: 0, linesTotal: null, error: null, createdAt: now, startedAt: null, finishedAt: null, undoneAt: null, updatedAt: now,
    })
  })
}

/** Pieces go in as bound values: written as JSON their texts would be written and read once more. */
async function store(app: App, shopId: string, id: string, pieces: Piece[]): Promise<void> {
  await app.db.transaction(async () => {
    const mine = await app.db.update(imports).set({ updatedAt: app.clock.now() }).where(and(eq(imports.shopId, shopId), eq(imports.id, id), eq(imports.state, 'uploading'))).returning({ id: imports.id })
    if (mine.length === 0) throw conflict('This file was given up in the meantime.')
    await insertBound(app.db, importPieces, ['shop_id', 'import_id', 'n', 'first_line', 'content'], pieces.map((piece) => [shopId, id, piece.n, piece.firstLine, piece.content]))
  })
}
