import { hash } from 'node:crypto'
import { derive, sameBytes, type Keys } from './crypto.ts'
import { isId } from './ids.ts'

/**
 * What a link in a mail may be good for. Each has a tag of its own, so that a click link cannot unsubscribe anybody and an open
 * token cannot click. `unsubscribe` and `preferences` are one thing, the way out: whoever may leave may also choose less.
 */
export type LinkPurpose = 'open' | 'click' | 'unsubscribe' | 'preferences' | 'confirm' | 'view'

/** The parts that a link names. All are random ids, so that no address and no name stands in any URL. */
export interface LinkSubject {
  shopId: string
  messageId: string
  subscriberId: string
}

// A token is `keyId.` shop, message, subscriber (26 characters each) and a 144-bit tag (24). So everything up to the subscriber is
// the same in all mails of a message. It does not expire: an unsubscribe link must work for as long as somebody keeps the mail
// (CAN-SPAM 30 days, CASL 60 days; we promise more than 400).

export function signLink(keys: Keys, purpose: LinkPurpose, subject: LinkSubject): string {
  if (!ours(subject) || subject.subscriberId === nobody) throw new Error('a link can only name ids that newId made')
  return headOf(keys, subject) + subject.subscriberId + tagOf(keys.current.secret, purpose, bodyOf(subject))
}

/**
 * The subject of a token, or null when it was not made by us for this purpose. What `messageSigner` made for nobody is null here
 * too: only `readMessageLink` reads it, so that a link without a person is never taken for one with.
 */
export function readLink(keys: Keys, purpose: LinkPurpose, token: string): LinkSubject | null {
  const subject = read(keys, purpose, token)
  return subject && subject.subscriberId !== nobody ? subject : null
}

/**
 * Reads the click token that all people of a message share who may not be tracked (`MessageSigner.forNobody`): it leads to the
 * message's links, names nobody, and nothing may ever be recorded for it. Null for every other token.
 */
export function readMessageLink(keys: Keys, token: string): Omit<LinkSubject, 'subscriberId'> | null {
  const subject = read(keys, 'click', token)
  return subject?.subscriberId === nobody ? { shopId: subject.shopId, messageId: subject.messageId } : null
}

/** What stands behind `MessageSigner.head` in a token, for one person. */
export interface PersonTags {
  /** For `unsubscribe` and `preferences`. */
  wayOut: string
  click: string
  open: string
}
/** Signs the links of one message: one keyed computation a person for everything in the mail. */
export interface MessageSigner {
  /** The beginning that all tokens of the message share; a whole token is `head + tags.click` and so on. */
  head: string
  tagsOf(subscriberId: string): PersonTags
  /** The end of the click token that names nobody (`readMessageLink`). */
  forNobody: string
}

export function messageSigner(keys: Keys, message: Omit<LinkSubject, 'subscriberId'>): MessageSigner {
  const common = { ...message, subscriberId: nobody }
  if (!ours(common)) throw new Error('a link can only name ids that newId made')
  const key = keyFor(keys.current.secret, 'click')
  const start = message.shopId + message.messageId
  return {
    head: headOf(keys, message),
    tagsOf(subscriberId) {
      if (!isId(subscriberId) || subscriberId === nobody) throw new Error('a link can only name ids that newId made')
      const tags = digest(key, start + subscriberId)
      return { wayOut: subscriberId + cut(tags, 'unsubscribe'), click: subscriberId + cut(tags, 'click'), open: subscriberId + cut(tags, 'open') }
    },
    forNobody: nobody + cut(digest(key, start + nobody), 'click'),
  }
}

const idLength = 26
const tagLength = 24
/** Stands where a person would: newId never makes it, because its time is 1970. */
const nobody = '0'.repeat(idLength)

function read(keys: Keys, purpose: LinkPurpose, token: string): LinkSubject | null {
  const dot = token.indexOf('.')
  const secret = dot > 0 ? keys.all.get(token.slice(0, dot)) : undefined
  if (!secret || token.length !== dot + 1 + 3 * idLength + tagLength) return null
  const [shopId, messageId, subscriberId, tag] = [0, 1, 2, 3].map((i) => token.slice(dot + 1 + i * idLength, dot + 1 + (i + 1) * idLength)) as [string, string, string, string]
  const subject = { shopId, messageId, subscriberId }
  return ours(subject) && sameBytes(Buffer.from(tag), Buffer.from(tagOf(secret, purpose, bodyOf(subject)))) ? subject : null
}

const ours = ({ shopId, messageId, subscriberId }: LinkSubject): boolean => isId(shopId) && isId(messageId) && isId(subscriberId)
const headOf = (keys: Keys, { shopId, messageId }: Omit<LinkSubject, 'subscriberId'>): string => `${keys.current.id}.${shopId}${messageId}`
const bodyOf = ({ shopId, messageId, subscriberId }: LinkSubject): string => shopId + messageId + subscriberId

/** What stands in a mail shares one computation; what proves a mailbox has a key of its own. */
const keyFor = (secret: Buffer, purpose: LinkPurpose): Buffer => derive(secret, purpose === 'confirm' || purpose === 'view' ? `link:${purpose}` : 'link')
const tagOf = (secret: Buffer, purpose: LinkPurpose, body: string): string => cut(digest(keyFor(secret, purpose), body), purpose)

/** Each purpose its own 18 bytes of the 64. */
const places: Record<LinkPurpose, number> = { unsubscribe: 0, preferences: 0, click: 1, open: 2, confirm: 0, view: 0 }
const cut = (digest: string, purpose: LinkPurpose): string => digest.slice(places[purpose] * tagLength, (places[purpose] + 1) * tagLength)

/**
 * HMAC-SHA-512 (RFC 2104) of three ids, base64url. Made of two one-shot hashes over blocks that are kept for each key, which takes
 * half the time of an Hmac object (performance.md 3.3). `key` is at most 128 bytes, `body` always 78.
 */
function digest(key: Buffer, body: string): string {
  const { inner, outer } = blocks.get(key) ?? newBlocks(key)
  inner.write(body, blockLength, 'latin1')
  outer.write(hash('sha512', inner, 'binary'), blockLength, 'latin1')
  return hash('sha512', outer, 'base64url')
}

const blockLength = 128
const blocks = new WeakMap<Buffer, { inner: Buffer; outer: Buffer }>()
function newBlocks(key: Buffer): { inner: Buffer; outer: Buffer } {
  const made = { inner: Buffer.alloc(blockLength + 3 * idLength), outer: Buffer.alloc(blockLength + 64) }
  for (let i = 0; i < blockLength; i++) {
    made.inner[i] = (key[i] ?? 0) ^ 0x36
    made.outer[i] = (key[i] ?? 0) ^ 0x5c
  }
  blocks.set(key, made)
  return made
}
