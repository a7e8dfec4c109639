import { derive, hmac, sameBytes, type Keys } from './crypto.ts'
import { idFromBytes, idToBytes } from './ids.ts'

/** What a link in a mail may be good for. The tag is keyed by purpose: a click link cannot unsubscribe anybody. */
export type LinkPurpose = 'open' | 'click' | 'unsubscribe' | 'preferences' | 'confirm' | 'view'

/** The parts that a link names. All are random ids, so that no address and no name stands in any URL. */
export interface LinkSubject {
  shopId: string
  messageId: string
  subscriberId: string
}

/**
 * A link token: key id, three ids (48 bytes) and a 128-bit tag, base64url. It does not expire: an unsubscribe link
 * must work for as long as somebody keeps the mail (CAN-SPAM 30 days, CASL 60 days; we promise more than 400).
 */
export function signLink(keys: Keys, purpose: LinkPurpose, subject: LinkSubject): string {
  const body = Buffer.concat([subject.shopId, subject.messageId, subject.subscriberId].map(bytesOf))
  return `${keys.current.id}.${Buffer.concat([body, tagOf(keys.current.secret, purpose, body)]).toString('base64url')}`
}

/** The subject of a token, or null when it was not made by us for this purpose. */
export function readLink(keys: Keys, purpose: LinkPurpose, token: string): LinkSubject | null {
  const dot = token.indexOf('.')
  const secret = dot > 0 ? keys.all.get(token.slice(0, dot)) : undefined
  const bytes = Buffer.from(token.slice(dot + 1), 'base64url')
  if (!secret || bytes.length !== 64 || bytes.toString('base64url') !== token.slice(dot + 1)) return null
  const body = bytes.subarray(0, 48)
  if (!sameBytes(bytes.subarray(48), tagOf(secret, purpose, body))) return null
  const [shopId, messageId, subscriberId] = [0, 16, 32].map((at) => idFromBytes(body.subarray(at, at + 16)))
  return { shopId: shopId!, messageId: messageId!, subscriberId: subscriberId! }
}

function bytesOf(id: string): Buffer {
  const bytes = idToBytes(id)
  if (!bytes) throw new Error('a link can only name ids that newId made')
  return bytes
}

const tagOf = (secret: Buffer, purpose: LinkPurpose, body: Buffer): Buffer =>
  hmac(derive(secret, `link:${purpose}`), body).subarray(0, 16)
