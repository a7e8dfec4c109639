import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalEntry, commitmentOf, firstLink, linkOf, newSalt, type Committed } from '../app/consent/chain.ts'
import { verifyFile } from '../app/consent/ledger-file.ts'
import { fingerprint, fits, publicKeyOf, signAs } from '../app/consent/signature.ts'
import { createVerifier, type Found } from '../app/consent/verify.ts'
import { canonicalJson } from '../app/lib/canonical-json.ts'
import type { Keys } from '../app/lib/crypto.ts'

const keysOf = (hash: number, secret = 1): Keys => ({ current: { id: 't', secret: Buffer.alloc(32, secret) }, all: new Map([['t', Buffer.alloc(32, secret)]]), hash: Buffer.alloc(32, hash) })
const keys = keysOf(2)
const shop = { id: 's1', domain: 'fern-and-fig.myshopify.com', name: 'Fern & Fig' }
const at = new Date('2026-11-22T10:00:00.123Z')

const words = fc.constantFrom('', 'Ä"quoted"\\', 'line\nbreak', 'plain', '𝒜 emoji 🌿', 'x'.repeat(40))
const entries = fc.record({
  person: fc.constantFrom('p1', 'p2', 'p3'), purpose: fc.constantFrom('email_marketing', 'tracking'), act: fc.constantFrom('granted', 'withdrawn'), state: fc.constantFrom('subscribed', 'unsubscribed'), basis: fc.constant('express_single'),
  method: fc.constantFrom('form', 'one_click'), source: words, wording: fc.option(words), wordingVersion: fc.option(words), language: fc.constant('en'), page: fc.option(words), messageId: fc.constant(null), formId: fc.option(words),
  evidence: fc.option(fc.dictionary(words, fc.oneof(words, fc.integer(), fc.boolean(), fc.array(fc.integer(), { maxLength: 2 })), { maxKeys: 3 })),
  occurredAt: fc.integer({ min: 0, max: 1e12 }).map((n) => new Date(n)), recordedAt: fc.constant(at),
})

interface Link {
  seq: number
  entry: Committed
  salt: string
  link: string
}
function chain(list: Committed[], shopId = shop.id): Link[] {
  let before = firstLink(shopId)
  return list.map((entry, i) => {
    const salt = newSalt()
    before = linkOf(before, i + 1, commitmentOf(salt, entry))
    return { seq: i + 1, entry, salt, link: before }
  })
}
const found = (link: Link): Found => ({ seq: link.seq, entry: link.entry, salt: link.salt, link: link.link, holder: link.entry.person })
const forgotten = ({ seq, salt, entry, link }: Link): Found => ({ seq, link, commitment: commitmentOf(salt, entry) })
function firstBroken(links: Found[], head = links.at(-1)?.link ?? null, shopId = shop.id) {
  const verifier = createVerifier(shopId)
  for (const link of links) {
    const broken = verifier.add(link)
    if (broken) return broken
  }
  return verifier.end({ seq: links.at(-1)?.seq ?? 0, link: head })
}
/** A ledger as it is exported. */
function fileOf(links: Link[], gone: Set<number> = new Set()): string[] {
  const about = { ledger: 'homing', version: 1, shop }
  return [
    JSON.stringify(about),
    ...links.map((link) => {
      const { entry: { person, occurredAt, recordedAt, ...rest }, seq, salt } = link
      if (gone.has(seq)) return JSON.stringify({ seq, erased: true, commitment: commitmentOf(salt, link.entry), link: link.link })
      return JSON.stringify({ seq, person, holder: person, ...rest, occurredAt: occurredAt.toISOString(), recordedAt: recordedAt.toISOString(), salt, link: link.link })
    }),
    JSON.stringify(signAs(keys, { ...about, seq: links.length, link: links.at(-1)?.link ?? firstLink(shop.id), entries: links.length - gone.size, erased: gone.size, at: at.toISOString() })),
  ]
}

test('an entry has one spelling, which docs/ledger.md shows', () => {
  const entry: Committed = {
    person: '01k', purpose: 'email_marketing', act: 'granted', state: 'subscribed', basis: 'express_single', method: 'form', source: 'Form "A"', wording: 'Yes', wordingVersion: null, language: 'en', page: '/', messageId: null,
    formId: null, evidence: { formVersion: 2, a: null }, occurredAt: at, recordedAt: at,
  }
  expect(canonicalEntry(entry)).toBe('["01k","email_marketing","granted","subscribed","express_single","form","Form \\"A\\"","Yes",null,"en","/",null,null,{"a":null,"formVersion":2},1795341600123,1795341600123]')
  expect(commitmentOf('00'.repeat(16), entry)).toBe('026245480c953f99e605c6534893aa278fb8ca316ba512509ae191425964042a')
})

test('canonical JSON: the same content is the same text', () => {
  expect(canonicalJson({ b: 1, a: [{ d: undefined, c: 'é\n' }, null], 10: 1e21, 2: -0 })).toBe('{"10":1e+21,"2":0,"a":[{"c":"é\\n"},null],"b":1}')
  fc.assert(fc.property(fc.jsonValue(), (value) => canonicalJson(JSON.parse(canonicalJson(value))) === canonicalJson(value)), { numRuns: 500 })
})

test('an untouched ledger verifies, whoever in it was forgotten; not as another shop’s', () => {
  fc.assert(
    fc.property(fc.array(entries, { minLength: 1, maxLength: 12 }), fc.uniqueArray(fc.integer({ min: 1, max: 12 })), (list, gone) => {
      const links = chain(list)
      expect(firstBroken(links.map((link) => (gone.includes(link.seq) ? forgotten(link) : found(link))))).toBeNull()
      expect(firstBroken(links.map(found), undefined, 'another')).toMatchObject({ seq: 1 })
    }),
    { numRuns: 300 },
  )
})

test('whatever is changed, taken out, put in or moved is named', () => {
  const where = fc.nat()
  fc.assert(
    fc.property(fc.array(entries, { minLength: 3, maxLength: 10 }), where, fc.constantFrom('field', 'salt', 'link', 'out', 'swap', 'twice', 'commitment', 'seq'), where, (list, which, how, field) => {
      const links = chain(list)
      const head = links.at(-1)!.link
      const all = links.map(found)
      const i = which % links.length
      const one = all[i] as Extract<Found, { salt: string | null }>
      const changed = { ...one }
      let named = i + 1
      if (how === 'field') {
        const name = (Object.keys(one.entry) as (keyof Committed)[])[field % 16]!
        const value = one.entry[name]
        const other = value instanceof Date ? new Date(value.getTime() + 1) : typeof value === 'string' ? `${value}!` : name === 'evidence' ? { ...one.entry.evidence, more: 1 } : '!'
        changed.entry = { ...one.entry, [name]: other }
        if (name === 'person') changed.holder = changed.entry.person
        all[i] = changed
      } else if (how === 'salt') all[i] = { ...changed, salt: newSalt() }
      else if (how === 'link') all[i] = { ...changed, link: randomBytes(32).toString('hex') }
      else if (how === 'seq') all[i] = { ...changed, seq: one.seq + links.length }
      else if (how === 'commitment') all[i] = { seq: one.seq, link: one.link, commitment: randomBytes(32).toString('hex') }
      else if (how === 'twice') all.splice(i, 0, one)
      else if (how === 'out') {
        all.splice(i, 1)
        named = i + 1 < links.length ? i + 2 : links.length - 1 // the one behind the gap; or the one that is the last now
      } else {
        all.splice(i % 2, 2, all[(i % 2) + 1]!, all[i % 2]!)
        named = (i % 2) + 2
      }
      if (how === 'seq') named = one.seq + links.length
      expect(firstBroken(all, head)?.seq).toBe(named)
    }),
    { numRuns: 600 },
  )
})

test('an entry may stand with another record only if the chain itself tells that the two became one', () => {
  const [a] = fc.sample(entries, 1) as [Committed]
  const merge = (person: string, mergedFrom: string): Committed => ({ ...a, person, method: 'merge', evidence: { mergedFrom } })
  const links = chain([{ ...a, person: 'x' }, merge('y', 'x'), merge('z', 'y')])
  const held = (holders: string[]): Found[] => links.map((link, i) => ({ ...found(link), holder: holders[i]! }))
  expect(firstBroken(held(['z', 'z', 'z']))).toBeNull()
  expect(firstBroken(held(['y', 'z', 'z']))).toMatchObject({ seq: 1 })
  expect(firstBroken(held(['z', 'thief', 'z']))).toMatchObject({ seq: 2 })
})

test('a file: any byte that is changed is found, and an entry is named', async () => {
  const links = chain(fc.sample(entries, 4))
  const lines = fileOf(links, new Set([3]))
  expect(await verifyFile(lines)).toMatchObject({ broken: null, what: 'ledger', entries: 3, erased: 1, ends: { seq: 4, link: links[3]!.link }, key: publicKeyOf(keys) })
  for (const [n, line] of lines.entries()) {
    const bytes = Buffer.from(line)
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = changed[at]! ^ (1 << (at % 7))
      if (changed[at] === 0x0a || changed[at] === 0x0d) continue // then it is two lines
      const { broken } = await verifyFile(lines.with(n, changed.toString('utf8')))
      if (!broken && JSON.stringify(JSON.parse(changed.toString('utf8'))) === JSON.stringify(JSON.parse(line))) continue // the same content in another spelling
      expect([n, at, broken]).not.toEqual([n, at, null])
      if (n > 0 && n < lines.length - 1) expect([n, at, broken!.seq === n || broken!.fault.includes(`behind entry ${n - 1}`) || broken!.seq! > n]).toEqual([n, at, true])
    }
  }
  for (let n = 0; n < lines.length; n++) expect((await verifyFile(lines.toSpliced(n, 1))).broken).not.toBeNull()
})

test('a ledger that was written anew fits itself, and not what somebody holds of the old one', async () => {
  const list = fc.sample(entries, 5)
  const [old, anew] = [chain(list), chain(list.map((entry, i) => (i === 1 ? { ...entry, source: 'never happened' } : entry)))]
  const held = [{ seq: 5, link: old[4]!.link }, { seq: 1, link: old[0]!.link }]
  expect((await verifyFile(fileOf(old), held)).broken).toBeNull()
  expect((await verifyFile(fileOf(anew))).broken).toBeNull()
  expect((await verifyFile(fileOf(anew), held)).broken).toMatchObject({ seq: 1, fault: expect.stringContaining('written anew') as string })
  expect((await verifyFile(fileOf(old.slice(0, 4)), [held[0]!])).broken).toMatchObject({ seq: 5 })
})

test('a signature is of one key and one content', () => {
  const signed = signAs(keys, { b: 1, a: 'x' })
  expect(fits(signed)).toBe(true)
  expect(fits(JSON.parse(JSON.stringify({ ...signed, signed: { a: 'x', b: 1 } })) as typeof signed)).toBe(true)
  expect(fits({ ...signed, signed: { b: 2, a: 'x' } })).toBe(false)
  expect(fits({ ...signed, key: publicKeyOf(keysOf(9)) })).toBe(false)
  expect(fits({ ...signed, key: '' })).toBe(false)
  expect(publicKeyOf(keysOf(2, 7))).toBe(publicKeyOf(keys)) // SECRET_KEYS were rotated: an old receipt shows the same key
  expect(fingerprint(signed.key)).toMatch(/^([0-9a-f]{4} ){15}[0-9a-f]{4}$/)
})
