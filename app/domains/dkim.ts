import { createPublicKey } from 'node:crypto'

export type DkimKey =
  | { kind: 'key'; algorithm: 'rsa' | 'ed25519'; bits: number; testing: boolean }
  /** `p=` is empty: taken back (RFC 6376 3.6.1). */
  | { kind: 'revoked' }
  | { kind: 'broken'; why: string }

/** Receivers treat shorter RSA keys as no signature at all (RFC 8301 3.2). */
export const leastBits = 1024

/** Reads a DKIM key record. Never throws. */
export function parseDkim(text: string): DkimKey {
  const tags = tagsOf(text)
  if (!tags) return { kind: 'broken', why: 'it is not a list of tag=value' }
  if (tags.has('v') && tags.get('v') !== 'DKIM1') return { kind: 'broken', why: 'it does not begin with v=DKIM1' }
  const key = tags.get('p')
  if (key === undefined) return { kind: 'broken', why: 'it holds no key (p=)' }
  const bytes = key.replace(/\s+/g, '')
  if (bytes === '') return { kind: 'revoked' }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(bytes)) return { kind: 'broken', why: 'its key is not base64; perhaps a part is missing or a quotation mark slipped in' }
  const testing = (tags.get('t') ?? '').split(':').map((flag) => flag.trim()).includes('y')
  const algorithm = (tags.get('k') ?? 'rsa').toLowerCase()
  const raw = Buffer.from(bytes, 'base64')
  if (algorithm === 'ed25519') return raw.length === 32 ? { kind: 'key', algorithm, bits: 256, testing } : { kind: 'broken', why: 'its Ed25519 key is not 32 bytes long' }
  if (algorithm !== 'rsa') return { kind: 'broken', why: `nobody knows the algorithm "${algorithm.slice(0, 20)}"` }
  const bits = rsaBits(raw)
  return bits === null ? { kind: 'broken', why: 'its key cannot be read; perhaps a part is missing' } : { kind: 'key', algorithm, bits, testing }
}

function rsaBits(der: Buffer): number | null {
  for (const type of ['spki', 'pkcs1'] as const)
    try {
      const made = createPublicKey({ key: der, format: 'der', type })
      if (made.asymmetricKeyType === 'rsa') return made.asymmetricKeyDetails?.modulusLength ?? null
    } catch {
      // the other shape
    }
  return null
}

/** tag=value; tag=value, as DKIM and DMARC write them. Null when a part has another form or a tag stands there twice (RFC 6376 3.2). */
export function tagsOf(text: string): Map<string, string> | null {
  const tags = new Map<string, string>()
  for (const part of text.split(';').map((one) => one.trim()).filter(Boolean)) {
    const match = /^([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*)$/s.exec(part)
    if (!match || tags.has(match[1]!)) return null
    tags.set(match[1]!, match[2]!.trim())
  }
  return tags
}
