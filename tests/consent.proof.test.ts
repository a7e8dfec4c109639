import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { and, asc, desc, eq, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyFile } from '../app/consent/ledger-file.ts'
import { standingOf } from '../app/consent/mailable.ts'
import { verifyLedger } from '../app/consent/read-ledger.ts'
import { recordConsent, type ConsentInput } from '../app/consent/record.ts'
import { sealLedgers } from '../app/consent/seal.ts'
import { insertAll } from '../app/db/insert-all.ts'
import { consentEntries, consentErased, shops, subscribers } from '../app/db/schema.ts'
import { ledger } from '../app/ledger.ts'
import { newId } from '../app/lib/ids.ts'
import { signLink } from '../app/lib/tokens.ts'
import type { Shop } from '../app/shops/shops.ts'
import { eraseSubscriber } from '../app/subscribers/erase.ts'
import { mergeSubscribers } from '../app/subscribers/merge.ts'
import { testApp, testEnv, type TestApp } from './app.ts'
import { tempFolder } from './setup.ts'

// The ledger proves itself: whatever happened to people, and whoever touched the database.

let t: TestApp
const folder = tempFolder()
beforeAll(async () => {
  t = await testApp()
})
afterAll(async () => {
  await t.close()
  folder.remove()
})

let n = 0
const someone = (shop: Shop = t.shop): Promise<string> => t.addSubscriber(shop, { email: `proof${++n}@example.test` })
const yes = (subscriberId: string, extra: Partial<ConsentInput> = {}): ConsentInput => ({
  subscriberId, purpose: 'email_marketing', act: 'granted', basis: 'express_single', method: 'form', source: 'Form "Foot"', wording: 'Yes, write to me', occurredAt: t.clock.now(), ...extra,
})
const verify = (shop: Shop = t.shop) => verifyLedger(t.app, shop.id)
const entriesOf = (id: string, shop: Shop = t.shop) => t.app.db.select().from(consentEntries).where(and(eq(consentEntries.shopId, shop.id), eq(consentEntries.subscriberId, id))).orderBy(asc(consentEntries.seq))
const saved = (name: string, content: string): string => {
  writeFileSync(join(folder.path, name), content)
  return join(folder.path, name)
}
async function run(...args: string[]): Promise<{ code: number; said: string; out: string }> {
  let [said, out] = ['', '']
  const before = { ...process.env }
  Object.assign(process.env, testEnv, { DATABASE_URL: t.app.settings.DATABASE_URL, DATA_DIR: folder.path })
  try {
    const code = await ledger(args, { say: (line) => void (said += `${line}\n`), out: (text) => Promise.resolve(void (out += text)) })
    return { code, said, out }
  } finally {
    for (const name of Object.keys(process.env)) delete process.env[name]
    Object.assign(process.env, before)
  }
}

test('entries from before the chain are sealed in their order before the first new one, however many there are', async () => {
  const [person, other] = [await someone(t.stranger), await someone(t.stranger)]
  const old = 6_500 // more than the writer of a new entry seals in passing
  const now = t.clock.now()
  await t.app.db.update(shops).set({ consentSeq: old + 7 }).where(eq(shops.id, t.stranger.id))
  await insertAll(t.app.db, consentEntries, Array.from({ length: old }, (_, i) => ({
    shopId: t.stranger.id, seq: i < 100 ? i + 1 : i + 8, subscriberId: person, purpose: 'tracking' as const, act: 'granted', state: 'subscribed', basis: 'express_single', method: 'form', source: `old ${i}`, // with a gap: somebody was forgotten
    occurredAt: now, recordedAt: now,
  })))
  await recordConsent(t.app, t.stranger.id, [yes(other)])
  expect(await verify(t.stranger)).toMatchObject({ broken: null, counts: { entries: 5_000, unsealed: 1_501 } })
  await sealLedgers(t.app)
  expect(await verify(t.stranger)).toMatchObject({ broken: null, counts: { entries: old + 1, unsealed: 0 } })
  await recordConsent(t.app, t.stranger.id, [yes(person)])
  expect(await verify(t.stranger)).toMatchObject({ broken: null, counts: { entries: old + 2, unsealed: 0 }, head: { seq: old + 9 } })
})

test('after any sequence of consents, merges and erasures the chain verifies, and the copies beside people are their newest entries', async () => {
  const ids: string[] = []
  for (let i = 0; i < 24; i++) ids.push(await t.addSubscriber(t.shop, { email: `random${i}@example.test`, consent: (['none', 'subscribed', 'pending', 'unsubscribed'] as const)[i % 4]! })) // unsealed, as from before
  const act = fc.record({ who: fc.nat(), other: fc.nat(), what: fc.constantFrom('yes', 'no', 'tracking', 'batch', 'batch', 'yes', 'merge', 'erase'), odd: fc.constantFrom('plain', 'half \ud83d', 'nul \0', 'ä') })
  for (const { who, other, what, odd } of fc.sample(act, 120)) {
    const [a, b] = [ids[who % ids.length]!, ids[other % ids.length]!]
    t.clock.jump(1_000)
    if (what === 'yes') await recordConsent(t.app, t.shop.id, [yes(a, { source: odd, evidence: { odd, nested: { z: [odd], a: 1.5 } } })])
    if (what === 'no') await recordConsent(t.app, t.shop.id, [yes(a, { act: 'withdrawn', basis: 'none', method: 'one_click' })])
    if (what === 'tracking') await recordConsent(t.app, t.shop.id, [yes(a, { purpose: 'tracking' })])
    if (what === 'batch') await recordConsent(t.app, t.shop.id, [yes(a), yes(b), yes(a, { act: 'withdrawn', basis: 'none', method: 'preference_page', occurredAt: new Date(t.clock.now().getTime() + 500) })])
    if (ids.length <= 6) continue
    if (what === 'merge' && (await mergeSubscribers(t.app, t.shop.id, a, b))) ids.splice(ids.indexOf(b), 1)
    if (what === 'erase' && (await eraseSubscriber(t.app, t.shop.id, a))) ids.splice(ids.indexOf(a), 1)
  }
  const { broken, counts } = await verify()
  expect(broken).toBeNull()
  expect(counts.erased).toBeGreaterThan(0)
  expect(counts.entries).toBeGreaterThan(20)
  expect(await t.app.db.$count(consentEntries, and(eq(consentEntries.shopId, t.shop.id), sql`written_for is not null`))).toBeGreaterThan(0)
  const people = await t.app.db.select().from(subscribers).where(eq(subscribers.shopId, t.shop.id))
  expect(people).toHaveLength(ids.length)
  for (const person of people) {
    const newest = (await entriesOf(person.id)).findLast((entry) => entry.purpose === 'email_marketing')
    expect([person.consentState, person.consentBasis, person.consentAt, person.consentRecordedAt]).toEqual(newest ? [newest.state, newest.basis, newest.occurredAt, newest.recordedAt] : [null, null, null, null])
  }
})

test('any change in the database is named, with its entry', async () => {
  const rows = await t.app.db.select().from(consentEntries).where(eq(consentEntries.shopId, t.shop.id)).orderBy(asc(consentEntries.seq))
  const erased = await t.app.db.select().from(consentErased).where(eq(consentErased.shopId, t.shop.id)).orderBy(asc(consentErased.seq))
  const columns = ['subscriberId', 'purpose', 'act', 'state', 'basis', 'method', 'source', 'wording', 'wordingVersion', 'language', 'page', 'messageId', 'formId', 'evidence', 'occurredAt', 'recordedAt', 'writtenFor', 'salt', 'link'] as const
  for (const [i, column] of columns.entries()) {
    const row = rows[(i * 7) % rows.length]!
    const at = and(eq(consentEntries.shopId, t.shop.id), eq(consentEntries.seq, row.seq))
    const value = row[column]
    const otherDigit = (text: string): string => text.slice(0, -1) + (text.endsWith('0') ? '1' : '0')
    const other =
      value instanceof Date ? new Date(value.getTime() + 1) : typeof value === 'object' && value !== null ? { ...value, more: true } : column === 'evidence' ? { more: true } : column === 'salt' || column === 'link' ? otherDigit(value!) : `${value ?? ''}x`
    await t.app.db.update(consentEntries).set({ [column]: other }).where(at)
    expect([column, (await verify()).broken?.seq]).toEqual([column, row.seq])
    await t.app.db.update(consentEntries).set({ [column]: value }).where(at)
  }
  const middle = rows[Math.floor(rows.length / 2)]!
  await t.app.db.delete(consentEntries).where(and(eq(consentEntries.shopId, t.shop.id), eq(consentEntries.seq, middle.seq)))
  expect((await verify()).broken?.seq).toBeGreaterThan(middle.seq)
  await t.app.db.insert(consentEntries).values(middle)
  const last = rows.at(-1)!
  await t.app.db.delete(consentEntries).where(and(eq(consentEntries.shopId, t.shop.id), eq(consentEntries.seq, last.seq)))
  expect((await verify()).broken).not.toBeNull()
  await t.app.db.insert(consentEntries).values(last)
  await t.app.db.update(consentErased).set({ commitment: '0'.repeat(64) }).where(and(eq(consentErased.shopId, t.shop.id), eq(consentErased.seq, erased[0]!.seq)))
  expect((await verify()).broken?.seq).toBe(erased[0]!.seq)
  await t.app.db.update(consentErased).set({ commitment: erased[0]!.commitment }).where(and(eq(consentErased.shopId, t.shop.id), eq(consentErased.seq, erased[0]!.seq)))
  expect((await verify()).broken).toBeNull()
})

test('of somebody who was forgotten there is no entry and no salt, and nothing that tells who it was', async () => {
  const id = await someone()
  await recordConsent(t.app, t.shop.id, [yes(id, { source: 'canary-source', evidence: { canary: id } })])
  const [entry] = await entriesOf(id)
  await eraseSubscriber(t.app, t.shop.id, id)
  const left = JSON.stringify(await Promise.all([consentEntries, consentErased, shops].map((table) => t.app.db.select().from(table))))
  for (const trace of [id, entry!.salt!, 'canary']) expect(left).not.toContain(trace)
  expect(left).toContain(entry!.link!)
  expect((await verify()).broken).toBeNull()
})

describe('exported', () => {
  let file = ''
  test('the ledger verifies with nothing but the file, and is this shop’s alone', async () => {
    const answer = await t.api(t.shop).get('/api/consent/ledger')
    expect(answer.headers.get('content-disposition')).toContain('consent-ledger-fern-and-fig.jsonl')
    file = String(answer.body)
    const { counts } = await verify()
    expect(await verifyFile(file.split('\n'))).toMatchObject({ broken: null, what: 'ledger', shop: { domain: t.shop.domain }, entries: counts.entries, erased: counts.erased })
    const theirs = String((await t.api(t.stranger).get('/api/consent/ledger')).body)
    expect(theirs).not.toContain(t.shop.id)
    expect(await verifyFile(theirs.split('\n'))).toMatchObject({ broken: null, shop: { domain: t.stranger.domain } })
    expect(file + theirs).not.toContain('@')
  })

  test('a receipt is the person’s, by the admin and by the link in their mail; another shop gets nothing', async () => {
    const id = await someone()
    await recordConsent(t.app, t.shop.id, [yes(id), yes(id, { purpose: 'tracking' })])
    const told = await t.api(t.shop).get(`/api/subscribers/${id}/receipt`)
    expect(told.body).toMatchObject({ signed: { receipt: 'homing', person: id, address: `p•••@example.test`, entries: [{ wording: 'Yes, write to me', state: 'subscribed' }, { purpose: 'tracking' }] } })
    expect(await verifyFile([JSON.stringify(told.body)])).toMatchObject({ broken: null, what: 'receipt', entries: 2 })
    expect((await t.api(t.stranger).get(`/api/subscribers/${id}/receipt`)).status).toBe(404)
    const token = signLink(t.app.settings.keys, 'preferences', { shopId: t.shop.id, messageId: newId(t.clock.now()), subscriberId: id })
    const page = await (await fetch(`${t.http}/p/${token}`)).text()
    const path = /href="(\/p\/[^"]+\/receipt)"/.exec(page)![1]!
    const own = await fetch(t.http + path)
    expect([own.status, own.headers.get('cache-control'), own.headers.get('content-disposition')]).toEqual([200, 'no-store', 'attachment; filename=consent-receipt.json'])
    const text = await own.text()
    expect(text).not.toContain('proof')
    expect((JSON.parse(text) as { signed: { entries: unknown } }).signed.entries).toEqual((told.body as { signed: { entries: unknown } }).signed.entries)
    expect((await fetch(`${t.http}/p/${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}/receipt`)).status).toBe(404)
    const wrong = JSON.parse(text) as { signed: { entries: { wording: string }[] } }
    wrong.signed.entries[0]!.wording = 'Yes, write to me every day'
    expect((await verifyFile([JSON.stringify(wrong)])).broken).toMatchObject({ seq: (await entriesOf(id))[0]!.seq })
    saved('receipt.json', text)
  })

  test('the command names the first broken entry and fails; a ledger that was written anew does not fit a receipt', async () => {
    const url = t.app.settings.DATABASE_URL
    const [good, receipt] = [saved('ledger.jsonl', file), join(folder.path, 'receipt.json')]
    expect(await run('verify', good)).toMatchObject({ code: 0, said: expect.stringContaining('all fit') as string })
    expect(await run('verify', receipt)).toMatchObject({ code: 0, said: expect.stringContaining('each fits its link') as string })
    expect(await run('verify', url)).toMatchObject({ code: 0, said: expect.stringMatching(/fern-and-fig.*all fit[^]*kiln-and-kettle.*all fit/) as string })
    expect(await run('verify', url, '--against', receipt)).toMatchObject({ code: 0, said: expect.stringContaining('unchanged') as string })
    expect(await run('verify', url, '--shop', 'nobody.myshopify.com')).toMatchObject({ code: 1 })
    expect(await run('verify', good, '--against', receipt)).toMatchObject({ code: 1, said: expect.stringContaining('is not there') as string }) // exported before
    const exported = await run('export', '--shop', t.shop.domain)
    expect([exported.code, exported.said]).toEqual([0, ''])
    expect(exported.out.startsWith(file.slice(0, file.lastIndexOf('{"signed"')))).toBe(true) // and what came since
    expect(await run('verify', saved('exported.jsonl', exported.out), '--against', receipt)).toMatchObject({ code: 0 })
    expect(await run('export', '--shop', 'nobody.myshopify.com')).toMatchObject({ code: 1, out: '' })
    const lines = file.split('\n')
    const entry = lines.findIndex((line) => line.includes('"granted"'))
    expect(await run('verify', saved('bad.jsonl', lines.with(entry, lines[entry]!.replace('granted', 'withdrawn')).join('\n')))).toMatchObject({ code: 1, said: expect.stringContaining(`BROKEN: entry ${(JSON.parse(lines[entry]!) as { seq: number }).seq} `) as string })
    expect(await run('verify', saved('half.jsonl', lines.slice(0, 5).join('\n')))).toMatchObject({ code: 1, said: expect.stringContaining('something is missing') as string })
    expect(await run('verify', saved('none.txt', 'hello'))).toMatchObject({ code: 1 })
    await expect(run('verify', join(folder.path, 'nowhere'))).rejects.toThrow('ENOENT')
    for (const args of [[], ['verify'], ['export'], ['verify', good, '--shop'], ['verify', good, 'more'], ['mend', good]]) expect(await run(...args)).toMatchObject({ code: 2, said: expect.stringContaining('npm run ledger') as string })
    // Somebody writes the whole chain anew, without an entry that they do not like: it fits itself, and not what was given out.
    const [kept] = await t.app.db.select().from(shops).where(eq(shops.id, t.shop.id))
    const before = await t.app.db.select().from(consentEntries).where(eq(consentEntries.shopId, t.shop.id)).orderBy(desc(consentEntries.seq))
    const disliked = before.find((row) => row.wording !== null && !(row.seq === kept!.consentSeq))!
    await t.app.db.delete(consentEntries).where(and(eq(consentEntries.shopId, t.shop.id), eq(consentEntries.seq, disliked.seq)))
    await t.app.db.delete(consentErased).where(eq(consentErased.shopId, t.shop.id))
    await t.app.db.update(consentEntries).set({ link: null, salt: null }).where(eq(consentEntries.shopId, t.shop.id))
    await t.app.db.update(shops).set({ consentLink: null }).where(eq(shops.id, t.shop.id))
    await sealLedgers(t.app)
    expect(await run('verify', url)).toMatchObject({ code: 0 })
    expect(await run('verify', url, '--against', receipt)).toMatchObject({ code: 1, said: expect.stringMatching(/BROKEN: entry \d+ (fits, but|is not there)/) as string })
  })
})

test('who may be mailed does not change because a person has a receipt', async () => {
  const id = await someone()
  await t.api(t.shop).get(`/api/subscribers/${id}/receipt`)
  expect((await standingOf(t.app, t.shop.id, [id])).get(id)).toBe('never_agreed')
  expect(await entriesOf(id)).toEqual([])
})
