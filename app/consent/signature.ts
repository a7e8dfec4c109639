import { createPrivateKey, createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto'
import { canonicalJson } from '../lib/canonical-json.ts'
import { derive, type Keys } from '../lib/crypto.ts'

/** Something that an installation signed, with the key that tells so. The signature is over the canonical JSON of `signed`. */
export interface Signed<T> {
  signed: T
  /** Ed25519 public key, 32 bytes, base64url. */
  key: string
  /** 64 bytes, base64url. */
  signature: string
}

/**
 * Signs with the installation's key (Ed25519, RFC 8032). It comes from HASH_KEY, which is never rotated: so a receipt of today still
 * shows the same key in ten years, and there is nothing more to keep.
 */
export function signAs<T>(keys: Keys, signed: T): Signed<T> {
  const { secret, key } = keyOf(keys)
  return { signed, key, signature: sign(null, Buffer.from(canonicalJson(signed)), secret).toString('base64url') }
}

/** Whether the key in it signed exactly this. Whose key it is, its fingerprint tells to whoever knows that. */
export function fits({ signed, key, signature }: Signed<unknown>): boolean {
  try {
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key }, format: 'jwk' })
    return verify(null, Buffer.from(canonicalJson(signed)), publicKey, Buffer.from(signature, 'base64url'))
  } catch {
    return false // no key at all
  }
}

/** SHA-256 of the public key, in groups of four, as people compare it. */
export const fingerprint = (key: string): string => hash('sha256', Buffer.from(key, 'base64url'), 'hex').replace(/.{4}(?=.)/g, '$& ')

/** The public key of this installation. */
export const publicKeyOf = (keys: Keys): string => keyOf(keys).key

function keyOf(keys: Keys): { secret: KeyObject; key: string } {
  const known = made.get(keys)
  if (known) return known
  const secret = createPrivateKey({ key: Buffer.concat([pkcs8, derive(keys.hash, 'ledger')]), format: 'der', type: 'pkcs8' })
  const key = createPublicKey(secret).export({ format: 'jwk' }).x!
  made.set(keys, { secret, key })
  return { secret, key }
}
const made = new WeakMap<Keys, { secret: KeyObject; key: string }>()
/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410). */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')
