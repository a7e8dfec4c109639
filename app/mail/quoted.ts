import type { Fixed, Piece } from './provider.ts'

/**
 * A text in quoted-printable: lines of at most 76 characters that end with \r\n, in plain ASCII, none of which begins with a
 * full stop (so that nothing has to be stuffed for SMTP) and none of which ends with a space. Line breaks of every kind become
 * the mail's own. No relay has a reason to change such a text, so signatures hold.
 */
export function quoted(pieces: Piece[]): string {
  let text = ''
  let inLine = false // does the last line of `text` go on?
  let wasReturn = false // was the last character a lone \r, whose \n may begin the next piece?
  for (const piece of pieces) {
    const fixed = typeof piece !== 'string'
    let words = fixed ? piece.words : piece
    if (words === '') continue
    const cut = wasReturn && words.startsWith('\n')
    if (cut) words = words.slice(1)
    wasReturn = words.endsWith('\r')
    const part = fixed && !cut ? keptOf(piece) : encode(words)
    if (part === '') continue
    text += inLine ? `=\r\n${part}` : part
    inLine = !part.endsWith('\r\n')
  }
  return text
}

const kept = new WeakMap<Fixed, string>()
function keptOf(piece: Fixed): string {
  let text = kept.get(piece)
  if (text === undefined) kept.set(piece, (text = encode(piece.words)))
  return text
}

/** Most characters of a line before the `=` that breaks it. */
const longest = 75

function encode(words: string): string {
  // A person's name or link: harmless characters, which only need to be broken.
  if (!/^[!-\-/-<>-~](?:[ -<>-~]*[!-<>-~])?$/.test(words) || words.includes('..')) return encodeBytes(Buffer.from(words, 'utf8'))
  if (words.length <= longest) return words
  let text = ''
  let at = 0
  while (words.length - at > longest) {
    const next = words[at + longest] === '.' ? at + longest - 1 : at + longest
    text += `${words.slice(at, next)}=\r\n`
    at = next
  }
  return text + words.slice(at)
}

const hex = Buffer.from('0123456789ABCDEF')
const [tab, lf, cr, space, stop, equals] = [9, 10, 13, 32, 46, 61] as const
/** Bytes that stand for themselves: all printable ones but `=`, spaces and tabs too, of which the last of a line is mended afterwards. */
const plain = new Uint8Array(256).fill(1, 32, 127)
plain[tab] = 1
plain[equals] = 0

let scratch = Buffer.allocUnsafeSlow(64 * 1024)

function encodeBytes(bytes: Buffer): string {
  const most = bytes.length * 3 + Math.ceil((bytes.length * 3) / (longest - 2)) * 3 + 8 // every byte written out, and a break for each line
  if (scratch.length < most) scratch = Buffer.allocUnsafeSlow(most * 2)
  const out = scratch
  let at = 0
  let begin = 0 // of the line, in `out`
  const write = (byte: number): void => {
    if (at - begin + 3 > longest) wrap()
    out[at++] = equals
    out[at++] = hex[byte >> 4]!
    out[at++] = hex[byte & 15]!
  }
  const wrap = (): void => {
    out[at++] = equals
    out[at++] = cr
    out[at++] = lf
    begin = at
  }
  const endLine = (): void => {
    const last = out[at - 1]!
    if (at > begin && (last === space || last === tab)) {
      at--
      write(last)
    }
  }
  for (let i = 0; i < bytes.length; ) {
    if (at === begin && bytes[i] === stop) write(bytes[i++]!)
    const until = Math.min(bytes.length, i + longest - (at - begin))
    while (i < until && plain[bytes[i]!] === 1) out[at++] = bytes[i++]!
    if (i === bytes.length) break
    const byte = bytes[i]!
    if (byte === cr || byte === lf) {
      i += byte === cr && bytes[i + 1] === lf ? 2 : 1
      endLine()
      out[at++] = cr
      out[at++] = lf
      begin = at
    } else if (plain[byte] === 1) wrap()
    else write(bytes[i++]!)
  }
  endLine()
  return out.toString('latin1', 0, at)
}
