import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz' // Crockford base 32, lower case: sorts the same in every collation

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
  let value = BigInt('0x' + bytes.toString('hex'))
  let out = ''
  for (let i = 0; i < 26; i++) {
    out = alphabet[Number(value & 31n)] + out
    value >>= 5n
  }
  return out
}

/** 26 characters -> 16 bytes, or null when the text is not an id. */
export function idToBytes(id: string): Buffer | null {
  if (!isId(id)) return null
  let value = 0n
  for (const letter of id) value = (value << 5n) | BigInt(alphabet.indexOf(letter))
  return Buffer.from(value.toString(16).padStart(32, '0'), 'hex')
}

export const isId = (value: string): boolean => /^[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(value)
