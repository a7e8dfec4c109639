import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz' // Crockford base 32, lower case: sorts the same in every collation
const values = Object.fromEntries(Array.from(alphabet, (letter, i) => [letter, i]))

/**
 * A new id: 48 bits of time and 80 random bits, as 26 characters that sort by time (a ULID in lower case).
 * @param at the instant that the id carries; pass `app.clock.now()`.
 */
export function newId(at: Date): string {
  const bytes = Buffer.concat([Buffer.alloc(6), randomBytes(10)])
  bytes.writeUIntBE(at.getTime(), 0, 6)
  return idFromBytes(bytes)
}

/** 16 bytes -> 26 characters. */
export function idFromBytes(bytes: Buffer): string {
  let [out, held, bits] = ['', 0, 2] // 26 letters hold 130 bits: the first two are nothing
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; held &= (1 << bits) - 1) out += alphabet[held >> (bits -= 5)]!
  }
  return out
}

/** 26 characters -> 16 bytes, or null when the text is not an id. */
export function idToBytes(id: string): Buffer | null {
  if (!isId(id)) return null
  const bytes = Buffer.alloc(16)
  let [held, bits, at] = [0, -2, 0]
  for (const letter of id) {
    held = (held << 5) | values[letter]!
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = held >> bits
    held &= (1 << bits) - 1
  }
  return bytes
}

export const isId = (value: string): boolean => /^[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(value)
