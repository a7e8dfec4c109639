import { csvLine, csvStart } from '../lib/csv.ts'

export type Cell = string | number | null

/** People, entries or whatever is asked for at once. */
export const pageSize = 1000

/** A CSV file piece by piece, with its head; UTF-8 with a mark at its beginning, so that spreadsheets read it. A page of rows is a piece. */
export async function* csvFile(head: string[], pages: AsyncIterable<Cell[][]>): AsyncGenerator<string> {
  let start = csvStart + csvLine(head)
  for await (const rows of pages) {
    yield start + rows.map(csvLine).join('')
    start = ''
  }
  if (start) yield start
}

/** All rows, a page at a time: `read` answers at most `pageSize` of those behind the last one, so that the last page costs what the first one does. */
export async function* pagesOf<Row>(read: (after: Row | null) => Promise<Row[]>): AsyncGenerator<Row[]> {
  for (let last: Row | null = null; ; ) {
    const rows = await read(last)
    if (rows.length > 0) yield rows
    if (rows.length < pageSize) return
    last = rows.at(-1)!
  }
}

/** An instant as spreadsheets know it, in UTC: 2026-05-03 09:00:12. The head of the column says UTC. */
export const utc = (at: Date | null): string => at?.toISOString().slice(0, 19).replace('T', ' ') ?? ''
export const yesNo = (yes: boolean): string => (yes ? 'yes' : 'no')
