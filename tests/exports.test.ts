import fc from 'fast-check'
import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordConsent } from '../app/consent/record.ts'
import { consentEntries, fields, fieldValues, subscribers, subscriberTags, suppressions } from '../app/db/schema.ts'
import { csvFile } from '../app/exports/file.ts'
import { addressHash } from '../app/lib/crypto.ts'
import { csvRecords, withoutGuard } from '../app/lib/csv.ts'
import { newId } from '../app/lib/ids.ts'
import type { Shop } from '../app/shops/shops.ts'
import { testApp, type TestApp } from './app.ts'
import { addMany } from './campaign.ts'

// Everything about the list, as files: whole, harmless, and nobody else's.

let t: TestApp
const many = 1_050 // two pages
const evil = { email: '+ada@evil.example', firstName: '=HYPERLINK("https://evil.example";"x")', lastName: '-2+3', tags: ['@SUM(1+1)', 'plain'], field: '\t=1+1', sensitive: 'Nuts; "all"\nof them, really', source: '\r=1', wording: 'Yes, "write" me\r\nevery week' }
const files = ['/api/subscribers/export.csv', '/api/consent/export.csv', '/api/suppressions/export.csv', '/api/tags/export.csv', '/api/segments/export.csv']

beforeAll(async () => {
  t = await testApp()
  const now = t.clock.now()
  const { db } = t.app
  await addMany(t.app, t.shop, many, 'crowd')
  t.clock.jump(1000)
  const ada = await t.addSubscriber(t.shop, { email: evil.email, firstName: evil.firstName, lastName: evil.lastName, country: 'CA', locale: 'fr' })
  await db.update(subscribers).set({ totalSpent: 123_450, ordersCount: 3, firstOrderAt: new Date('2025-05-03T09:00:12.345Z'), lastOrderAt: null }).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, ada)))
  await recordConsent(t.app, t.shop.id, [{ subscriberId: ada, purpose: 'email_marketing', act: 'confirmed', basis: 'express_confirmed', method: 'form', source: evil.source, wording: evil.wording, language: 'fr', occurredAt: now }])
  const gone = await t.addSubscriber(t.shop, { email: 'gone@example.test', consent: 'unsubscribed' })
  const kept = await t.addSubscriber(t.shop, { email: 'kept.only@example.test', consent: 'subscribed' })
  await db.update(subscribers).set({ restrictedAt: now }).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, kept)))
  await db.insert(subscriberTags).values([...evil.tags.map((tag, i) => ({ shopId: t.shop.id, subscriberId: ada, tag, own: i === 0 ? true : null })), { shopId: t.shop.id, subscriberId: gone, tag: 'plain' }, { shopId: t.shop.id, subscriberId: kept, tag: 'plain' }])
  for (const [name, sensitive, kind, value] of [['Nickname', false, 'text', evil.field], ['Allergies', true, 'text', evil.sensitive], ['Points', false, 'number', '-12'], ['orders', false, 'text', 'x']] as const) {
    const id = newId(now)
    await db.insert(fields).values({ shopId: t.shop.id, id, name, kind, sensitive, createdAt: now, updatedAt: now })
    await db.insert(fieldValues).values({ shopId: t.shop.id, subscriberId: ada, fieldId: id, value, number: null })
  }
  const block = (shop: Shop, email: string, reason: 'bounced' | 'manual' | 'erased', detail: string | null): Promise<unknown> =>
    db.insert(suppressions).values({ shopId: shop.id, addressHash: addressHash(t.app.settings.keys, shop.id, email), reason, detail, createdAt: now })
  await block(t.shop, 'gone@example.test', 'bounced', '=550 unknown')
  await block(t.shop, 'crowd7@example.org', 'manual', null)
  await block(t.shop, 'nobody.here@example.test', 'manual', 'only its hash is known')
  await block(t.shop, 'crowd8@example.org', 'erased', null)
  await t.addSubscriber(t.stranger, { email: 'cleos.own@example.test', consent: 'subscribed' })
})
afterAll(() => t.close())

interface File {
  status: number
  headers: Headers
  bytes: Buffer
  head: string[]
  rows: Record<string, string>[]
}
async function get(shop: Shop, path: string): Promise<File> {
  const response = await fetch(t.http + path, { headers: { authorization: `Bearer ${await t.sessionToken(shop)}` } })
  const bytes = Buffer.from(await response.arrayBuffer())
  const [head = [], ...records] = csvRecords(bytes.toString('utf8').replace(/^\uFEFF/, ''), ',')
  return { status: response.status, headers: response.headers, bytes, head, rows: records.map((cells) => Object.fromEntries(head.map((name, n) => [name, cells[n] ?? '?']))) }
}
const people = (query = ''): Promise<File> => get(t.shop, `/api/subscribers/export.csv${query}`)

describe('the people', () => {
  test('are all there, each once, in a constant number of statements per thousand', async () => {
    const before = t.app.db.statements()
    const { status, headers, bytes, rows, head } = await people()
    const used = t.app.db.statements() - before
    expect([status, headers.get('content-type'), headers.get('content-disposition')]).toEqual([200, 'text/csv; charset=utf-8', expect.stringMatching(/^attachment; filename="?people-\d{4}-\d\d-\d\d\.csv"?$/)])
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
    expect(rows).toHaveLength(many + 2)
    expect(new Set(rows.map((row) => row.Email)).size).toBe(many + 2)
    expect(used).toBeLessThanOrEqual(4 * 2 + 8) // two pages; the rest looks up who asks
    expect(new Set(head.map((name) => name.toLowerCase())).size).toBe(head.length)
  })

  test('stand there with all that is known: fields, tags, orders, and where they stand in words', async () => {
    const { rows } = await people()
    const of = (email: string): Record<string, string> => rows.find((row) => withoutGuard(row.Email!) === email)!
    expect(of(evil.email)).toMatchObject({
      Country: 'CA', Language: 'fr', 'Came by': 'Sign-up form', 'May be mailed': 'yes', Consent: 'Agreed and confirmed by mail', Orders: '3', Spent: '1234.5', Currency: 'USD',
      'First order (UTC)': '2025-05-03 09:00:12', 'Last order (UTC)': '', 'Allergies (sensitive)': evil.sensitive, Points: '-12', 'orders (own field)': 'x', 'Said no (UTC)': '',
    })
    expect(withoutGuard(of(evil.email).Nickname!)).toBe(evil.field)
    expect(withoutGuard(of(evil.email)['Agreed through']!)).toBe(evil.source)
    expect(of(evil.email)['Agreed (UTC)']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    expect(of('gone@example.test')).toMatchObject({ 'May be mailed': 'no', 'Where they stand': 'Mail to this address came back, so nothing is sent to it.', Consent: '', Tags: 'plain' })
    expect(of('gone@example.test')['Said no (UTC)']).not.toBe('')
    expect(of('crowd7@example.org')).toMatchObject({ 'May be mailed': 'no', 'Where they stand': 'You blocked this address, so nothing is sent to it.' })
  })

  test('whose data may only be kept are in no file', async () => {
    for (const path of files) expect((await get(t.shop, path)).bytes.includes('kept.only')).toBe(false)
    expect((await people('?status=restricted')).rows).toEqual([])
    expect((await get(t.shop, '/api/tags/export.csv')).rows.find((row) => row.Tag === 'plain')).toEqual({ Tag: 'plain', People: '2', 'Given in Homing': '0', 'Given by the store': '2' })
  })

  test('are those of the list when it is filtered', async () => {
    for (const query of ['?status=bounced', '?tag=plain&search=gone', '?search=gone']) expect((await people(query)).rows.map((row) => row.Email), query).toEqual(['gone@example.test'])
    expect((await people('?status=subscribed')).rows).toHaveLength(many - 1) // with Ada, without those who are blocked
    expect((await people('?status=nonsense')).status).toBe(422)
    expect((await people(`?segmentId=${newId(new Date(0))}`)).status).toBe(404)
  })
})

describe('the other files', () => {
  test('the consent history has every entry in its order, in words, and its links are those of the chain', async () => {
    const { rows } = await get(t.shop, '/api/consent/export.csv')
    expect(rows).toHaveLength(many + 2)
    expect(rows.map((row) => Number(row.Entry))).toEqual(rows.map((row) => Number(row.Entry)).toSorted((a, b) => a - b))
    const own = rows.find((row) => withoutGuard(row.Email!) === evil.email)!
    expect(own).toMatchObject({ About: 'Mail', 'What happened': 'Confirmed', How: 'Sign-up form', 'Where it left them': 'Said yes', Consent: 'Agreed and confirmed by mail', 'Words they saw': evil.wording, Language: 'fr', Happened: expect.stringMatching(/Z$/) as string })
    const [stored] = await t.app.db.select({ link: consentEntries.link }).from(consentEntries).where(and(eq(consentEntries.shopId, t.shop.id), eq(consentEntries.seq, Number(own.Entry))))
    expect(own['Link of the chain']).toBe(stored!.link ?? '')
  })

  test('blocked addresses are those that are known; who asked to be forgotten is not among them', async () => {
    const { rows } = await get(t.shop, '/api/suppressions/export.csv')
    expect(rows.map((row) => [row.Email, row.Why, withoutGuard(row['What was said']!)].join('; ')).toSorted()).toEqual(['crowd7@example.org; Blocked by hand; ', 'gone@example.test; Address does not work; =550 unknown'])
  })

  test('segments are written in words and as rules', async () => {
    const rules = { kind: 'group', match: 'all', rules: [{ kind: 'tag', has: true, tag: 'plain' }] }
    expect((await t.api(t.shop).post('/api/segments', { name: '@plain, "ones"', rules })).status).toBe(200)
    const { rows } = await get(t.shop, '/api/segments/export.csv')
    const row = rows.find((one) => withoutGuard(one.Segment!) === '@plain, "ones"')!
    expect(JSON.parse(row['Rules (JSON)']!)).toEqual(rules)
    expect(row['In words']).toContain('plain')
  })
})

test('no cell of any file is a formula, whatever stands in the data', async () => {
  for (const path of files) {
    const text = (await get(t.shop, path)).bytes.toString('utf8').slice(1)
    const bad = csvRecords(text, ',').flat().filter((cell) => /^[=+\-@\t\r]/.test(cell) && !/^-?\d+(\.\d+)?$/.test(cell))
    expect(bad, path).toEqual([])
  }
  const danger = fc.tuple(fc.constantFrom('', '=', '+', '-', '@', '\t', '\r', '\n', '"', ',', ';', ' '), fc.string({ unit: 'grapheme', maxLength: 12 })).map((parts) => parts.join(''))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(danger, danger, fc.integer()), { minLength: 1, maxLength: 5 }), async (rows) => {
      let text = ''
      for await (const piece of csvFile(['a', 'b', 'c'], (async function* () { yield rows })())) text += piece // eslint-disable-line typescript/require-await -- a page that is there already
      const read = csvRecords(text.slice(1), ',').slice(1)
      expect(read.flat().filter((cell) => /^[=+\-@\t\r]/.test(cell) && !/^-\d+$/.test(cell))).toEqual([])
      expect(read.map((cells) => cells.map((cell, n) => (n < 2 ? withoutGuard(cell) : cell)))).toEqual(rows.map(([a, b, c]) => [withoutGuard(a), withoutGuard(b), String(c)]))
    }),
    { numRuns: 300 },
  )
})

test('a stranger gets her own people and nothing of Ada’s', async () => {
  const [own, ...others] = await Promise.all(files.map((path) => get(t.stranger, path)))
  expect(own!.rows.map((row) => row.Email)).toEqual(['cleos.own@example.test'])
  expect(own!.head).not.toContain('Nickname')
  expect(others.map(({ rows }) => rows.length)).toEqual([1, 0, 0, expect.any(Number)])
  for (const { bytes } of others) for (const word of ['crowd', 'evil', 'gone@', 'plain']) expect(bytes.includes(word)).toBe(false)
  expect((await people()).bytes.includes('cleos.own')).toBe(false)
  for (const path of files) expect((await fetch(t.http + path)).status).toBe(401)
})

test('a file that breaks before it begins says so; one that breaks later is never taken for whole', async () => {
  const real = t.app.db.select
  const failAfter = (statements: number): void => {
    let n = 0
    t.app.db.select = ((...given: Parameters<typeof real>) => {
      if (++n > statements) throw new Error('the disk is gone')
      return real.apply(t.app.db, given)
    }) as typeof real
  }
  try {
    failAfter(2) // who asks, and their settings
    expect((await people()).status).toBe(500)
    failAfter(7)
    await expect(people()).rejects.toThrow()
  } finally {
    t.app.db.select = real
  }
  expect((await people()).rows).toHaveLength(many + 2)
})
