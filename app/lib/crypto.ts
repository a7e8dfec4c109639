import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { cleanText } from './text.ts'

/** The installation's keys. `current` encrypts; every key decrypts and verifies, so that keys can be rotated. */
export interface Keys {
  current: { id: string; secret: Buffer }
  all: Map<string, Buffer>
  /** Keys the hashes of erased and suppressed addresses. Never rotated: a changed key would forget every suppression. */
  hash: Buffer
}

/** AES-256-GCM; the text form is `keyId.nonce.tag.ciphertext`, each part base64url. `context` must be the same to decrypt. */
export function encrypt(keys: Keys, context: string, plain: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', derive(keys.current.secret, 'encrypt'), nonce).setAAD(Buffer.from(context))
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return [keys.current.id, ...[nonce, cipher.getAuthTag(), body].map((part) => part.toString('base64url'))].join('.')
}

/** Reverses `encrypt`. Throws when the key is unknown, the context differs or a byte was changed. */
export function decrypt(keys: Keys, context: string, sealed: string): string {
  const [id = '', nonce = '', tag = '', body = ''] = sealed.split('.')
  const secret = keys.all.get(id)
  if (!secret) throw new Error(`no key named ${id} to decrypt with`)
  const decipher = createDecipheriv('aes-256-gcm', derive(secret, 'encrypt'), Buffer.from(nonce, 'base64url'))
    .setAAD(Buffer.from(context))
    .setAuthTag(Buffer.from(tag, 'base64url'))
  return Buffer.concat([decipher.update(Buffer.from(body, 'base64url')), decipher.final()]).toString('utf8')
}

/** A key for one purpose, so that a tag made for one thing is worth nothing for another. */
export function derive(secret: Buffer, purpose: string): Buffer {
  const cached = derived.get(secret)?.get(purpose)
  if (cached) return cached
  const key = Buffer.from(hkdfSync('sha256', secret, '', `homing:${purpose}`, 32))
  if (!derived.has(secret)) derived.set(secret, new Map())
  derived.get(secret)!.set(purpose, key)
  return key
}
const derived = new WeakMap<Buffer, Map<string, Buffer>>()

export const hmac = (key: Buffer | string, data: Buffer | string): Buffer =>
  createHmac('sha256', typeof key === 'string' ? key : keyObject(key)).update(data).digest()

/** A key as OpenSSL holds it, made once: making it anew for each tag costs six times the tag. */
function keyObject(key: Buffer): KeyObject {
  const made = keyObjects.get(key) ?? createSecretKey(key)
  keyObjects.set(key, made)
  return made
}
const keyObjects = new WeakMap<Buffer, KeyObject>()

/** Compares in constant time; different lengths are simply unequal. */
export function sameBytes(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/**
 * A keyed hash of an e-mail address, bound to the shop: it lets us recognise an address that we no longer keep.
 * 32 hex characters (128 bits).
 */
export function addressHash(keys: Keys, shopId: string, email: string): string {
  return hmac(derive(keys.hash, 'address'), `${shopId}:${normaliseEmail(email)}`).toString('hex').slice(0, 32)
}

/**
 * How addresses are compared: trimmed, lower case, and one spelling of letters and domains that have several (é as one letter or
 * two; münchen.de or xn--mnchen-3ya.de). They are shown as typed.
 */
export function normaliseEmail(email: string): string {
  const plain = cleanText(email).trim().toLowerCase()
  const at = plain.lastIndexOf('@')
  if (at < 0 || !/[^\x21-\x7e]/.test(plain)) return plain
  return `${plain.slice(0, at).normalize('NFC')}@${domainToASCII(plain.slice(at + 1)) || plain.slice(at + 1).normalize('NFC')}`
}
