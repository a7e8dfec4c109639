import { randomFillSync } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz' // Crockford base 32, lower case: sorts the same in every collation

/**
 * A new id: 48 bits of time and 80 random bits, as 26 characters that sort by time (a ULID in lower case).
 * @param at the instant that the id carries; pass `app.clock.now()`.
 */
export function newId(at: Date): string {
  if (drawn === pool.length) {
    randomFillSync(pool)
    drawn = 0
  }
  bytesOfNew.writeUIntBE(at.getTime(), 0, 6)
  pool.copy(bytesOfNew, 6, drawn, (drawn += 10))
  return idFromBytes(bytesOfNew)
}
/** Random bytes for 400 ids: each call for them costs more than the rest of an id. */
const pool = Buffer.alloc(4_000)
let drawn = pool.length
const bytesOfNew = Buffer.alloc(16)

/** No id made at this instant or later sorts before it. */
export function firstIdOf(at: Date): string {
  const bytes = Buffer.alloc(16)
  bytes.writeUIntBE(Math.max(0, at.getTime()), 0, 6)
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

export const isId = (value: string): boolean => /^[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(value)
