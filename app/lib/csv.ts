import { isAscii, isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'

// Comma separated values: written so that no spreadsheet runs what stands in them, and read in whatever way a spreadsheet writes them.

/** Put in front of a file, it tells spreadsheets that the text is UTF-8. */
export const csvStart = '\uFEFF'

/**
 * One line of a CSV file (RFC 4180), with its end. A text that a spreadsheet would run as a formula (it begins with = + - @, a tab or a
 * carriage return, CWE-1236) gets a ' in front; numbers are written as they are, null as nothing.
 */
export function csvLine(cells: (string | number | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(cell: string | number | null): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  const safe = /^[=+\-@\t\r＝＋－＠]/.test(cell) ? `'${cell}` : cell
  return /[",;\r\n\t]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** What `csvLine` put in front of a dangerous text is taken away again, so that what was exported can be brought in. */
export const withoutGuard = (cell: string): string => (cell.charCodeAt(0) === 39 && /^'[=+\-@\t\r＝＋－＠]/.test(cell) ? cell.slice(1) : cell)

/**
 * The records of a text that ends where a record ends, each a list of its cells. Lines end with CR, LF or both; a cell that begins with
 * a quotation mark ends with the next single one, and two of them in it are one. Empty lines are records without cells.
 */
export function csvRecords(text: string, separator: string): string[][] {
  if (!text.includes('"')) return plainRecords(text, separator)
  const records: string[][] = []
  const between = separator.charCodeAt(0)
  let cells: string[] = []
  let at = 0
  for (;;) {
    let cell: string
    if (text.charCodeAt(at) === quote) {
      let end = text.indexOf('"', at + 1)
      let doubled = false
      while (end >= 0 && text.charCodeAt(end + 1) === quote) {
        doubled = true
        end = text.indexOf('"', end + 2)
      }
      if (end < 0) end = text.length
      cell = text.slice(at + 1, end)
      if (doubled) cell = cell.replaceAll('""', '"')
      const after = endOfPlain(text, end + 1, between)
      if (after > end + 1) cell += text.slice(end + 1, after) // something behind the quotation mark: kept as it is
      at = after
    } else {
      const end = endOfPlain(text, at, between)
      cell = text.slice(at, end)
      at = end
    }
    const next = text.charCodeAt(at)
    if (next === between) {
      cells.push(cell)
      at++
      continue
    }
    if (at < text.length || cell !== '' || cells.length > 0) records.push(cells.length === 0 && cell === '' ? [] : [...cells, cell])
    if (at >= text.length) return records
    at += next === cr && text.charCodeAt(at + 1) === lf ? 2 : 1
    if (at >= text.length) return records
    cells = []
  }
}
const [quote, cr, lf] = [34, 13, 10]

function endOfPlain(text: string, from: number, between: number): number {
  for (let at = from; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === between || char === lf || char === cr) return at
  }
  return text.length
}

function plainRecords(text: string, separator: string): string[][] {
  if (text === '') return []
  const lines = text.split(text.includes('\r') ? /\r\n|\n|\r/ : '\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => (line === '' ? [] : line.split(separator)))
}

export type Encoding = 'UTF-8' | 'UTF-16 LE' | 'UTF-16 BE' | 'Windows-1252'

/**
 * Decodes a file whose encoding nobody told, part by part. A byte order mark decides; without one, NUL at every other byte means
 * UTF-16; else it is UTF-8 until a byte comes that cannot be, and then Windows-1252, if everything before was plain ASCII (which is the
 * same in both), or a damaged UTF-8. `decode` of the last part is asked with `last`.
 */
export function csvDecoder(): { decode(part: Buffer, last?: boolean): string; encoding(): Encoding } {
  let kind: Encoding | 'ASCII' | null = null
  let decoder: TextDecoder | null = null
  let held: Buffer = Buffer.alloc(0) // the beginning of a letter whose end comes with the next part
  const start = (encoding: Encoding, label: string): void => {
    kind = encoding
    decoder = new TextDecoder(label) // drops the byte order mark
  }
  return {
    decode(part, last = false) {
      let bytes = held.length > 0 ? Buffer.concat([held, part]) : part
      held = Buffer.alloc(0)
      if (kind === null) {
        if (bytes.length < 4 && !last) return (held = Buffer.from(bytes)), ''
        if (bytes[0] === 0xff && bytes[1] === 0xfe) start('UTF-16 LE', 'utf-16le')
        else if (bytes[0] === 0xfe && bytes[1] === 0xff) start('UTF-16 BE', 'utf-16be')
        else if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) start('UTF-8', 'utf-8')
        else if (bytes[0] !== 0 && bytes[1] === 0 && bytes[2] !== 0 && bytes[3] === 0) start('UTF-16 LE', 'utf-16le')
        else if (bytes[0] === 0 && bytes[1] !== 0 && bytes[2] === 0 && bytes[3] !== 0) start('UTF-16 BE', 'utf-16be')
        else kind = 'ASCII'
      }
      if (decoder) return decoder.decode(bytes, { stream: !last })
      if (isAscii(bytes)) return bytes.toString('latin1')
      const open = last ? 0 : unfinished(bytes)
      if (open > 0) {
        held = Buffer.from(bytes.subarray(bytes.length - open))
        bytes = bytes.subarray(0, bytes.length - open)
      }
      if (isUtf8(bytes)) {
        if (!isAscii(bytes)) start('UTF-8', 'utf-8')
      } else if (beginsAsUtf8(bytes)) start('UTF-8', 'utf-8')
      else {
        start('Windows-1252', 'windows-1252')
        bytes = Buffer.concat([bytes, held])
        held = Buffer.alloc(0)
      }
      return decoder ? (decoder as TextDecoder).decode(bytes, { stream: !last }) : bytes.toString('latin1')
    },
    encoding: () => (kind === null || kind === 'ASCII' ? 'UTF-8' : kind),
  }
}

/** How many bytes at the end begin a letter of UTF-8 that is not whole. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return 0
    if (byte >= 0xc2) return back < lettersBytes(byte) ? back : 0
  }
  return 0
}
const lettersBytes = (first: number): number => (first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2)

/** Is the first letter that is not ASCII a whole one of UTF-8? */
function beginsAsUtf8(bytes: Buffer): boolean {
  const at = bytes.findIndex((byte) => byte >= 0x80)
  return at >= 0 && bytes[at]! >= 0xc2 && isUtf8(bytes.subarray(at, at + lettersBytes(bytes[at]!)))
}
