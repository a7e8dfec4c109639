import type { Fixed, Piece } from './provider.ts'

/**
 * The inside of a JSON string, in plain ASCII: so the length of a body is its length in bytes, and turning it into bytes is a
 * copy. Half a pair of surrogates stays what it is, escaped.
 */
export function jsonText(text: string): string {
  if (!/[^ !#-[\]-~]/.test(text)) return text
  return JSON.stringify(text).slice(1, -1).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * The same of a run of pieces; what is fixed is escaped once and kept as long as the piece lives. Joined in one go: a text that grows
 * piece by piece would have to be put together again when it is made bytes.
 */
export function jsonPieces(pieces: Piece[]): string {
  const parts: string[] = []
  const own: string[] = [] // a person's few values stand in many places
  const escaped: string[] = []
  for (const piece of pieces) {
    if (typeof piece !== 'string') {
      parts.push(jsonFixed(piece))
      continue
    }
    let at = own.indexOf(piece)
    if (at < 0) {
      at = own.push(piece) - 1
      escaped.push(jsonText(piece))
    }
    parts.push(escaped[at]!)
  }
  return parts.join('')
}

const kept = new WeakMap<Fixed, string>()
function jsonFixed(piece: Fixed): string {
  let text = kept.get(piece)
  if (text === undefined) kept.set(piece, (text = jsonText(piece.words)))
  return text
}
