import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standingOf } from '../app/consent/mailable.ts'
import { recordConsent } from '../app/consent/record.ts'
import { insertAll } from '../app/db/insert-all.ts'
import { suppressionActs, suppressions } from '../app/db/schema.ts'
import { addressHash } from '../app/lib/crypto.ts'
import { DAY } from '../app/lib/clock.ts'
import { eraseSubscriber } from '../app/subscribers/erase.ts'
import { suppressionFound, suppressionList, type BlockedAddress } from '../app/suppressions/contract.ts'
import { testApp, type TestApp } from './app.ts'

let t: TestApp
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())

const api = (of = t.shop) => t.api(of)
const hashOf = (email: string, of = t.shop): string => addressHash(t.app.settings.keys, of.id, email)
const list = async (query = '', of = t.shop) => suppressionList.parse((await api(of).get(`/api/suppressions${query}`)).body)
const find = async (email: string, of = t.shop) => suppressionFound.parse((await api(of).post('/api/suppressions/find', { email })).body)
const block = (email: string, reason: 'bounced' | 'complained' | 'erased', detail: string | null = null, of = t.shop) =>
  t.app.db.insert(suppressions).values({ shopId: of.id, addressHash: hashOf(email, of), reason, detail, createdAt: t.clock.now() })
const lift = (row: Pick<BlockedAddress, 'key' | 'reason'>, more: object = {}, of = t.shop) => api(of).post('/api/suppressions/lift', { key: row.key, reason: row.reason, ...more })
const standing = async (id: string) => (await standingOf(t.app, t.shop.id, [id])).get(id)

describe('blocking by hand', () => {
  test('stops mail to a person at once, however the address is written, and says who it is', async () => {
    const ada = await t.addSubscriber(t.shop, { email: 'Ada@Example.org', firstName: 'Ada', consent: 'subscribed' })
    expect(await standing(ada)).toBeNull()
    expect((await api().post('/api/suppressions', { email: ' ada@EXAMPLE.org ', note: 'asked by telephone' })).body).toEqual({ added: 1, already: 0 })
    expect(await standing(ada)).toBe('suppressed')
    expect((await api().post('/api/suppressions', { email: 'ada@example.org' })).body).toEqual({ added: 0, already: 1 })
    expect((await list()).rows).toMatchObject([{ reason: 'manual', said: 'asked by telephone', person: { subscriberId: ada, email: 'Ada@Example.org', name: 'Ada' }, unsubscribed: false, lift: 'free' }])
    expect((await find('ADA@example.org')).acts).toMatchObject([{ act: 'blocked', reason: 'manual', note: 'asked by telephone' }])
    const [act] = await t.app.db.select().from(suppressionActs).where(eq(suppressionActs.shopId, t.shop.id))
    expect(act).toMatchObject({ userId: '42', addressHash: hashOf('ada@example.org') })
  })

  test('what is no address is refused by the name of its field', async () => {
    for (const email of ['ada', 'a@b', 'a b@example.org', '']) {
      const { status, body } = await api().post('/api/suppressions', { email })
      expect(status).toBe(422)
      expect(Object.keys(body.error.fields)).toEqual(['email'])
    }
  })

  test('many lines: each bad one is named with its number and then nothing is blocked; good ones are taken once', async () => {
    const before = (await list()).counts.manual
    const bad = await api().post('/api/suppressions/many', { text: 'one@example.org\n\nnot an address\ntwo@example.org;\n@\n' })
    expect(bad.status).toBe(422)
    expect(bad.body.error.fields).toEqual({ 'line 3': '“not an address” is not an e-mail address', 'line 5': '“@” is not an e-mail address' })
    expect((await list()).counts.manual).toBe(before)
    const good = await api().post('/api/suppressions/many', { text: 'one@example.org\r\ntwo@example.org,\n ONE@example.org \nada@example.org\n', note: 'old list' })
    expect(good.body).toEqual({ added: 2, already: 1 })
    expect((await find('two@example.org')).rows).toMatchObject([{ reason: 'manual', said: 'old list', person: null, lift: 'free' }])
    expect((await api().post('/api/suppressions/many', { text: ' \n' })).body.error.fields).toEqual({ text: 'is empty' })
    const lines = Array.from({ length: 10_001 }, (_, i) => `p${i}@example.net`)
    expect((await api().post('/api/suppressions/many', { text: lines.join('\n') })).body.error.fields).toEqual({ text: 'has more than 10,000 lines' })
  })
})

describe('lifting', () => {
  test('what the shop blocked itself it may lift, and who did is written down', async () => {
    const bea = await t.addSubscriber(t.shop, { email: 'bea@example.org', consent: 'subscribed' })
    await api().post('/api/suppressions', { email: 'bea@example.org' })
    const [row] = (await find('bea@example.org')).rows
    t.clock.jump(1000)
    expect((await lift(row!, { note: 'a mistake' })).body).toEqual({ sentence: 'Lifted. They may be mailed again.' })
    expect(await standing(bea)).toBeNull()
    const found = await find('bea@example.org')
    expect(found.rows).toEqual([])
    expect(found.acts.map(({ act, note }) => [act, note])).toEqual([['lifted', 'a mistake'], ['blocked', null]])
    expect((await lift(row!)).status).toBe(404) // once
  })

  test('an address that did not work is lifted only by somebody who has read the warning', async () => {
    await block('cy@example.org', 'bounced', '550 5.1.1 no such user')
    const [row] = (await find('cy@example.org')).rows
    expect(row).toMatchObject({ lift: 'warn', said: '550 5.1.1 no such user', person: null })
    expect((await lift(row!)).status).toBe(409)
    expect((await find('cy@example.org')).rows).toHaveLength(1)
    expect((await lift(row!, { understood: true })).body.sentence).toBe('Lifted. The address is not in your list, so nothing is sent to it.')
  })

  test('never lifts an unsubscribe: the ledger still decides, and it says so', async () => {
    const dee = await t.addSubscriber(t.shop, { email: 'dee@example.org', consent: 'unsubscribed' })
    await api().post('/api/suppressions', { email: 'dee@example.org' })
    const [row] = (await find('dee@example.org')).rows
    expect(row).toMatchObject({ unsubscribed: true, lift: 'free' })
    expect((await lift(row!)).body.sentence).toBe('Lifted. They unsubscribed themselves, so they still get nothing.')
    expect(await standing(dee)).toBe('unsubscribed')
  })

  test('a complaint stays until the person has signed up again by an act of their own', async () => {
    const eve = await t.addSubscriber(t.shop, { email: 'eve@example.org', consent: 'subscribed' })
    await block('eve@example.org', 'complained')
    const news = { subscriberId: eve, purpose: 'email_marketing' as const, source: 'test' }
    await recordConsent(t.app, t.shop.id, [{ ...news, act: 'withdrawn', basis: 'none', method: 'complaint', occurredAt: t.clock.now() }])
    const row = async () => (await find('eve@example.org')).rows[0]!
    expect(await row()).toMatchObject({ lift: 'never', unsubscribed: true })
    expect((await lift(await row(), { understood: true })).status).toBe(409)
    // A record of unknown origin is no act of theirs.
    t.clock.jump(DAY)
    await recordConsent(t.app, t.shop.id, [{ ...news, act: 'imported', basis: 'merchant_record', method: 'store_import', occurredAt: t.clock.now() }])
    expect(await row()).toMatchObject({ lift: 'never' })
    t.clock.jump(DAY)
    await recordConsent(t.app, t.shop.id, [{ ...news, act: 'granted', basis: 'express_single', method: 'preference_page', occurredAt: t.clock.now() }])
    expect(await row()).toMatchObject({ lift: 'asked_again', unsubscribed: false })
    expect(await standing(eve)).toBe('complained') // until somebody lifts it
    expect((await lift(await row())).status).toBe(409)
    expect((await lift(await row(), { understood: true })).body.sentence).toBe('Lifted. They may be mailed again.')
    expect(await standing(eve)).toBeNull()
  })
})

describe('who asked to be forgotten', () => {
  test('is nowhere to be seen, by list, count or search, nor is what was known before; and nothing lifts it', async () => {
    const fay = await t.addSubscriber(t.shop, { email: 'fay@example.org', firstName: 'Fay', consent: 'subscribed' })
    await api().post('/api/suppressions', { email: 'fay@example.org', note: 'Fay called twice' })
    await block('fay@example.org', 'bounced', 'said something')
    const before = await list()
    t.clock.jump(1000)
    await eraseSubscriber(t.app, t.shop.id, fay)
    const after = await list()
    expect(after.counts).toEqual({ ...before.counts, manual: before.counts.manual - 1, bounced: before.counts.bounced - 1 })
    expect(after.rows.map((row) => row.key)).not.toContain(hashOf('fay@example.org'))
    expect(await find('fay@example.org')).toEqual({ email: 'fay@example.org', rows: [], acts: [] })
    const kept = await t.app.db.select().from(suppressions).where(and(eq(suppressions.shopId, t.shop.id), eq(suppressions.addressHash, hashOf('fay@example.org'))))
    expect(kept.map((row) => row.reason).toSorted()).toEqual(['bounced', 'erased', 'manual'])
    expect(kept.every((row) => row.detail === null)).toBe(true)
    for (const reason of ['erased', 'manual', 'bounced']) expect([404, 422]).toContain((await lift({ key: hashOf('fay@example.org'), reason: reason as 'manual' }, { understood: true })).status)
    // Whoever blocks the address anew sees their own block and nothing else; lifting that leaves the tombstone.
    t.clock.jump(1000)
    expect((await api().post('/api/suppressions', { email: 'fay@example.org', note: 'new' })).body).toEqual({ added: 1, already: 0 })
    const [row, ...more] = (await find('fay@example.org')).rows
    expect([row?.reason, row?.said, more]).toEqual(['manual', 'new', []])
    expect((await lift(row!)).status).toBe(200)
    const left = await t.app.db.select({ reason: suppressions.reason }).from(suppressions).where(and(eq(suppressions.shopId, t.shop.id), eq(suppressions.addressHash, hashOf('fay@example.org'))))
    expect(left.map((one) => one.reason).toSorted()).toEqual(['bounced', 'erased'])
  })
})

describe('the list', () => {
  test('comes newest first in pages that neither overlap nor leave anybody out, also when many came at once', async () => {
    await insertAll(t.app.db, suppressions, Array.from({ length: 130 }, (_, i) => ({
      shopId: t.shop.id, addressHash: hashOf(`many${i}@example.com`), reason: i % 2 ? ('bounced' as const) : ('complained' as const), detail: null, createdAt: t.clock.now(),
    })))
    const seen: string[] = []
    let cursor: string | null = ''
    let pages = 0
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof list>> = await list(cursor ? `?cursor=${cursor}` : '')
      seen.push(...page.rows.map((row) => `${row.key} ${row.reason}`))
      cursor = page.nextCursor
      pages++
    }
    const { counts } = await list()
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.length).toBe(counts.bounced + counts.complained + counts.manual)
    expect(pages).toBe(Math.ceil(seen.length / 50))
    const onlyBounced = await list('?reason=bounced')
    expect(onlyBounced.rows.every((row) => row.reason === 'bounced')).toBe(true)
    expect((await api().get('/api/suppressions?cursor=nonsense')).status).toBe(422)
  })

  test('is the shop’s own: a stranger sees, finds and lifts nothing', async () => {
    const { rows } = await list('?reason=manual')
    expect(await list('', t.stranger)).toEqual({ rows: [], nextCursor: null, counts: { bounced: 0, complained: 0, manual: 0 } })
    expect((await find('ada@example.org', t.stranger)).rows).toEqual([])
    expect((await lift(rows[0]!, { understood: true }, t.stranger)).status).toBe(404)
    expect((await find('ada@example.org')).rows).toHaveLength(1)
    // The same address is another hash for another shop.
    await api(t.stranger).post('/api/suppressions', { email: 'ada@example.org' })
    expect((await list('', t.stranger)).rows[0]!.key).not.toBe(hashOf('ada@example.org'))
  })
})
