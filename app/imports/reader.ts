import { csvDecoder, csvRecords, type Encoding } from '../lib/csv.ts'
import { AppError, invalid } from '../lib/errors.ts'
import { isAddress } from '../mail/check.ts'

/** What a file may be at most. Bytes of the file, characters of a line and of a cell, columns, lines. */
export const limits = { bytes: 500 * 1024 * 1024, row: 1024 * 1024, cell: 64 * 1024, columns: 200, lines: 5_000_000 }

/** Lines of a piece, and characters after which it ends earlier. */
const pieceLines = 1000
const pieceChars = 1024 * 1024
/** Characters from which separator and headers are read. */
const sampleChars = 64 * 1024

export interface Piece {
  n: number
  /** Number of its first line in the file, as a spreadsheet counts: the first line of the file is 1, a cell with line breaks is still one line. */
  firstLine: number
  content: string
}
export interface FileReader {
  /** Takes the next part of the file; answers the pieces that are whole now. Throws in words when this is no file that can be brought in. */
  take(part: Buffer): Piece[]
  /** The file has ended. */
  end(): Piece[]
  facts(): { encoding: Encoding; separator: string; headers: string[]; bytes: number; lines: number }
}

/**
 * Reads a file of unknown encoding and separator part by part, and cuts it into pieces that end where a line ends. It holds no more than
 * one piece and one part at a time.
 */
export function readFile(): FileReader {
  const decoder = csvDecoder()
  let bytes = 0
  let separator = ''
  let between = 0
  let headers: string[] | null = null
  let text = '' // what has not become a piece yet
  let pieceAt = 0 // where in it the next piece begins
  let rowAt = 0 // where in it the line begins that is being read
  let at = 0 // how far it has been read
  let [inQuotes, cellBegins, blank] = [false, true, true]
  let columns = 1
  let row = 0 // lines of the file that are whole
  let [firstLine, inPiece, pieces, filled] = [1, 0, 0, 0]

  const cut = (end: number): Piece => {
    const piece = { n: pieces++, firstLine, content: text.slice(pieceAt, end) }
    pieceAt = end
    firstLine = row + 1
    inPiece = 0
    return piece
  }

  /** Decides what the whole file is read with: by its first lines. */
  const begin = (): void => {
    const told = /^sep=(.)\r?\n/i.exec(text)
    if (told) {
      separator = told[1]!
      pieceAt = rowAt = at = told[0].length
      row = 1
    } else separator = guessSeparator(text)
    between = separator.charCodeAt(0)
    firstLine = row + 1
  }

  /** The first line: the names of the columns, or already a person when there are none. */
  const takeHeaders = (end: number): void => {
    const cells = csvRecords(text.slice(rowAt, end), separator)[0] ?? []
    if (cells.length > limits.columns) throw tooManyColumns()
    if (cells.some((cell) => cell.length > limits.cell)) throw invalid('The first line of the file holds a cell that is too long to be the name of a column.')
    if (cells.some((cell) => isAddress(cell.trim()))) headers = cells.map((_, i) => `Column ${i + 1}`)
    else {
      headers = cells.map((cell, i) => cell.trim().slice(0, 200) || `Column ${i + 1}`)
      pieceAt = end
      firstLine = row + 1
      return
    }
    inPiece = 1
    filled++
  }

  const scan = (last: boolean): Piece[] => {
    const done: Piece[] = []
    const end = text.length
    for (; at < end; at++) {
      const char = text.charCodeAt(at)
      if (inQuotes) {
        blank = false
        if (char !== 34) continue
        if (at + 1 >= end && !last) break
        if (text.charCodeAt(at + 1) === 34) at++
        else inQuotes = false
      } else if (char === between) {
        cellBegins = true
        if (++columns > limits.columns && headers === null) throw tooManyColumns()
      } else if (char === 10 || char === 13) {
        if (char === 13) {
          if (at + 1 >= end && !last) break
          if (text.charCodeAt(at + 1) === 10) at++
        }
        row++
        if (headers === null) {
          if (!blank) takeHeaders(at + 1)
          else {
            pieceAt = at + 1
            firstLine = row + 1
          }
        } else {
          inPiece++
          if (!blank && ++filled > limits.lines) throw new AppError(413, 'too_large', `The file has more than ${limits.lines.toLocaleString('en')} lines. Please split it into several files.`)
          if (inPiece >= pieceLines || at + 1 - pieceAt >= pieceChars) done.push(cut(at + 1))
        }
        rowAt = at + 1
        columns = 1
        cellBegins = blank = true
      } else if (char === 34 && cellBegins) {
        inQuotes = true
        cellBegins = false
      } else {
        cellBegins = false
        if (char !== 32) blank = false
      }
    }
    if (at - rowAt > limits.row)
      throw invalid(`Line ${(row + 1).toLocaleString('en')} is longer than ${limits.row / 1024 / 1024} MB. Most likely a quotation mark is opened there and never closed, or this is no table. Nothing was kept.`)
    text = text.slice(pieceAt)
    at -= pieceAt
    rowAt -= pieceAt
    pieceAt = 0
    return done
  }

  const add = (decoded: string, last: boolean): Piece[] => {
    if (decoded.includes('\0')) throw notText()
    text += decoded
    if (separator === '') {
      if (text.length < sampleChars && !last) return []
      begin()
    }
    return scan(last)
  }

  return {
    take(part) {
      if (bytes === 0) refuseKnownKinds(part)
      bytes += part.length
      if (bytes > limits.bytes) throw tooLarge()
      // In small parts, so that a line that does not end is noticed before much of it is held.
      const done: Piece[] = []
      for (let from = 0; from < part.length; from += 256 * 1024) done.push(...add(decoder.decode(part.subarray(from, from + 256 * 1024)), false))
      return done
    },
    end() {
      const done = add(decoder.decode(Buffer.alloc(0), true), true)
      if (rowAt < text.length) {
        text += '\n' // the last line needs no end of its own
        inQuotes = false // and a quotation mark that is still open ends with the file
        done.push(...scan(true))
      }
      if (inPiece > 0) done.push(cut(text.length))
      if (headers === null) throw invalid('The file is empty.')
      if (filled === 0) throw invalid('The file has a first line with names of columns, and nothing below it.')
      return done
    },
    facts: () => ({ encoding: decoder.encoding(), separator, headers: headers ?? [], bytes, lines: filled }),
  }
}

export const tooLarge = (): AppError => new AppError(413, 'too_large', `The file is larger than ${limits.bytes / 1024 / 1024} MB. Please split it into several files. Nothing was kept.`)
const tooManyColumns = (): AppError => invalid(`The file has more than ${limits.columns} columns. Leave out those that you do not need. Nothing was kept.`)
const notText = (): AppError => invalid('This is not a text file. Save your table as CSV (“comma separated values”) and choose that file.')

/** The files that are most often taken for a CSV file, named. */
function refuseKnownKinds(part: Buffer): void {
  const begins = part.toString('latin1', 0, 4)
  if (begins === 'PK\x03\x04') throw invalid('This is an Excel workbook or a ZIP archive. Open it, save the table as CSV (“comma separated values”), and choose that file.')
  if (begins === '\xd0\xcf\x11\xe0') throw invalid('This is an old Excel workbook. Open it, save the table as CSV (“comma separated values”), and choose that file.')
  if (begins === '%PDF' || begins.startsWith('\x1f\x8b')) throw notText()
}

/** The character that cuts the first lines into the same number of cells, more than one; of several the one with most cells. A list of one column has none: a comma then. */
function guessSeparator(text: string): string {
  const sample = text.slice(0, sampleChars)
  let best = { separator: ',', even: 0, cells: 1 }
  for (const separator of [',', ';', '\t', '|']) {
    const records = csvRecords(sample, separator).filter((cells) => cells.length > 0).slice(0, 20)
    const cells = records[0]?.length ?? 0
    if (cells < 2) continue
    const whole = records.length > 1 ? records.slice(0, -1) : records // the last may have been cut off
    const even = whole.filter((record) => record.length === cells).length / whole.length
    if (even > best.even || (even === best.even && cells > best.cells)) best = { separator, even, cells }
  }
  return best.separator
}
