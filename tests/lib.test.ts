import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayIn } from '../app/lib/clock.ts'
import { addressHash, decrypt, derive, encrypt, type Keys } from '../app/lib/crypto.ts'
import { escapeHtml, truncateIp } from '../app/lib/http.ts'
import { idFromBytes, isId, newId } from '../app/lib/ids.ts'
import { messageSigner, readLink, readMessageLink, signLink, type LinkPurpose } from '../app/lib/tokens.ts'

const secret = (n: number): Buffer => Buffer.alloc(32, n)
const keys = (...ns: number[]): Keys => ({ current: { id: `k${ns[0]}`, secret: secret(ns[0]!) }, all: new Map(ns.map((n) => [`k${n}`, secret(n)])), hash: secret(9) })
const purposes: LinkPurpose[] = ['open', 'click', 'unsubscribe', 'preferences', 'confirm', 'view']
const wayOut = new Set<LinkPurpose>(['unsubscribe', 'preferences'])

describe('ids', () => {
  test('sort by time, in any order of letters and digits', () => {
    const ids = Array.from({ length: 200 }, (_, i) => newId(new Date(1_700_000_000_000 + i * 977)))
    expect([...ids].sort()).toEqual(ids)
    expect([...ids].sort((a, b) => a.localeCompare(b))).toEqual(ids)
    expect(new Set(ids).size).toBe(200)
  })
  test('are all of their bytes, in their order (property)', () => {
    const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((some) => Buffer.from(some))
    fc.assert(fc.property(bytes, bytes, (one, two) => {
      const [a, b] = [idFromBytes(one), idFromBytes(two)]
      expect([isId(a), isId(b)]).toEqual([true, true])
      expect(a < b ? -1 : a > b ? 1 : 0).toBe(Buffer.compare(one, two))
    }))
    for (const wrong of ['', 'x', newId(new Date(0)).toUpperCase() + 'A', 'u'.repeat(26), '8'.repeat(26)]) expect(isId(wrong)).toBe(false)
  })
})

describe('what is encrypted', () => {
  test('comes back, only in its context, also after the keys were rotated', () => {
    const sealed = encrypt(keys(1), 'shop:a', 'shpat_secret')
    expect(sealed).not.toContain('secret')
    expect(decrypt(keys(2, 1), 'shop:a', sealed)).toBe('shpat_secret')
    expect(() => decrypt(keys(1), 'shop:b', sealed)).toThrow()
    expect(() => decrypt(keys(2), 'shop:a', sealed)).toThrow(/k1/)
    expect(encrypt(keys(1), 'shop:a', 'shpat_secret')).not.toBe(sealed)
  })
  test('a changed character is noticed, wherever it is', () => {
    const sealed = encrypt(keys(1), 'c', 'plain')
    for (let i = 3; i < sealed.length; i++) {
      const changed = sealed.slice(0, i) + (sealed[i] === 'A' ? 'B' : 'A') + sealed.slice(i + 1)
      let read: string | null = null
      try {
        read = decrypt(keys(1), 'c', changed)
      } catch {
        // refused, as it should be
      }
      // The last character of a base64url part can carry unused bits: then the same bytes are read.
      expect(read === null || Buffer.from(changed.split('.').at(-1)!, 'base64url').equals(Buffer.from(sealed.split('.').at(-1)!, 'base64url'))).toBe(true)
    }
  })
  test('an address is recognised however it is typed, and only in its own shop', () => {
    expect(addressHash(keys(1), 's', ' Ben@Example.com ')).toBe(addressHash(keys(2), 's', 'ben@example.com'))
    expect(addressHash(keys(1), 's', 'ben@example.com')).not.toBe(addressHash(keys(1), 't', 'ben@example.com'))
    expect(addressHash(keys(1), 's', 'ben@example.com')).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('links in mails', () => {
  const subject = { shopId: newId(new Date(1)), messageId: newId(new Date(2)), subscriberId: newId(new Date(3)) }
  test('name what they were made for, and are worth nothing for another purpose', () => {
    for (const purpose of purposes) {
      const token = signLink(keys(1), purpose, subject)
      expect(readLink(keys(2, 1), purpose, token)).toEqual(subject)
      for (const other of purposes) if (other !== purpose && !(wayOut.has(purpose) && wayOut.has(other))) expect(readLink(keys(1), other, token)).toBeNull()
    }
  })
  test('are signed for a whole mail at once, with the same result', () => {
    const signer = messageSigner(keys(1), subject)
    const tags = signer.tagsOf(subject.subscriberId)
    for (const [purpose, tag] of [['unsubscribe', tags.wayOut], ['preferences', tags.wayOut], ['click', tags.click], ['open', tags.open]] as const) expect(signer.head + tag).toBe(signLink(keys(1), purpose, subject))
    const hmac = createHmac('sha512', derive(keys(1).current.secret, 'link')).update(subject.shopId + subject.messageId + subject.subscriberId).digest('base64url')
    expect(tags.wayOut + tags.click.slice(26) + tags.open.slice(26)).toBe(subject.subscriberId + hmac.slice(0, 72))
  })
  test('of a message itself name nobody, and are read as nobody’s alone', () => {
    const { head, forNobody } = messageSigner(keys(1), subject)
    const { subscriberId, ...message } = subject
    expect(readMessageLink(keys(2, 1), head + forNobody)).toEqual(message)
    for (const purpose of purposes) expect(readLink(keys(1), purpose, head + forNobody)).toBeNull()
    for (const purpose of purposes) expect(readMessageLink(keys(1), signLink(keys(1), purpose, subject))).toBeNull()
    expect(readMessageLink(keys(2), head + forNobody)).toBeNull()
    expect(readMessageLink(keys(1), head + forNobody.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')))).toBeNull()
    expect(() => signLink(keys(1), 'click', { ...message, subscriberId: forNobody.slice(0, 26) })).toThrow()
    expect(subscriberId).toHaveLength(26)
  })
  test('no changed byte is taken', () => {
    const token = signLink(keys(1), 'unsubscribe', subject)
    for (let i = 0; i < token.length; i++)
      for (const letter of 'Az09_-.') if (token[i] !== letter) expect(readLink(keys(1), 'unsubscribe', token.slice(0, i) + letter + token.slice(i + 1))).toBeNull()
    for (const wrong of ['', '.', 'k1.', `k1.${'A'.repeat(86)}`, `${token}A`, `${token}=`, token.slice(0, -1)]) expect(readLink(keys(1), 'unsubscribe', wrong)).toBeNull()
  })
  test('one made 400 days ago still works: there is no end date in it', () => {
    expect(readLink(keys(3, 2, 1), 'unsubscribe', signLink(keys(1), 'unsubscribe', subject))).toEqual(subject)
  })
})

test('addresses of machines are cut before they are stored', () => {
  expect(truncateIp('203.0.113.77')).toBe('203.0.113.0')
  expect(truncateIp('::ffff:203.0.113.77')).toBe('203.0.113.0')
  expect(truncateIp('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1::')
})

test('a day is the shop’s day', () => {
  const at = new Date('2026-01-01T03:00:00Z')
  expect(dayIn('America/Los_Angeles', at)).toBe('2025-12-31')
  expect(dayIn('Asia/Tokyo', at)).toBe('2026-01-01')
  expect(dayIn('Nowhere/Land', at)).toBe('2026-01-01')
})

test('text is harmless in HTML', () => {
  expect(escapeHtml(`<a href="x" onclick='y'>&`)).toBe('&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;')
})
