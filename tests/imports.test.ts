import { request } from 'node:http'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standingOf } from '../app/consent/mailable.ts'
import { newestEntry } from '../app/consent/record.ts'
import { fields, fieldValues, importChanges, importFindings, importPieces, imports, subscribers, subscriberTags, suppressions } from '../app/db/schema.ts'
import { addressHash } from '../app/lib/crypto.ts'
import { newId } from '../app/lib/ids.ts'
import type { ImportMapping, ImportView } from '../app/imports/contract.ts'
import type { Shop } from '../app/shops/shops.ts'
import { eraseSubscriber } from '../app/subscribers/erase.ts'
import { findByEmail } from '../app/subscribers/find.ts'
import { testApp, type TestApp } from './app.ts'

let t: TestApp
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())

const send = async (content: string | Buffer, name = 'list.csv', kind = 'people', shop: Shop = t.shop): Promise<{ status: number; body: ImportView & { error: { message: string } } }> => {
  const response = await fetch(`${t.http}/api/imports?${new URLSearchParams({ name, kind }).toString()}`, { method: 'POST', headers: { authorization: `Bearer ${await t.sessionToken(shop)}` }, body: content })
  return { status: response.status, body: (await response.json()) as never }
}
/** The store is not told: nobody would answer. */
const runJobs = () => t.app.queue.runDue({ ...t.handlers, 'consent.write-back': () => Promise.resolve() })
const of = (id: string) => t.api(t.shop).get(`/api/imports/${id}`).then((reply) => reply.body as ImportView)
const post = (id: string, what: string, body?: unknown) => t.api(t.shop).post(`/api/imports/${id}/${what}`, body)
const compared = async (id: string, mapping: ImportMapping): Promise<ImportView> => {
  expect(await post(id, 'compare', { mapping, origin: 'other_tool', attested: true })).toMatchObject({ status: 200, body: { state: 'comparing' } })
  await runJobs()
  return of(id)
}
const brought = async (content: string, mapping?: Partial<ImportMapping>, kind = 'people'): Promise<ImportView> => {
  const { body } = await send(content, 'list.csv', kind)
  const before = await compared(body.id, { ...body.mapping, ...mapping })
  expect(before.state).toBe('compared')
  expect(await post(body.id, 'start')).toMatchObject({ status: 200, body: { state: 'running' } })
  await runJobs()
  const after = await of(body.id)
  expect(after).toMatchObject({ state: 'done', counts: before.counts })
  return after
}

test('a file goes in: columns, comparison that changes nothing, people with tags and fields, and the merchant’s record of their consent', async () => {
  const known = await t.addSubscriber(t.shop, { email: 'known@example.test', firstName: 'Old', consent: 'subscribed' })
  const gone = await t.addSubscriber(t.shop, { email: 'said.no@example.test', consent: 'unsubscribed' })
  const fieldId = newId(t.clock.now())
  await t.app.db.insert(fields).values({ shopId: t.shop.id, id: fieldId, name: 'Shoe size', kind: 'number', sensitive: false, createdAt: t.clock.now(), updatedAt: t.clock.now() })
  const file = ['E-Mail;Vorname;Nachname;Land;Tags;Shoe size', 'ben@example.test;Ben;Ode;Deutschland;vip, "north";42', 'KNOWN@example.test;New;;;;', 'said.no@example.test;Sal;;;;', 'nobody;;;;;', ';;;;;', 'ben@example.test;Benno;Ode;DE;;abc', 'info@example.test;;;Atlantis;;'].join('\r\n')
  const { status, body } = await send(file, 'Kunden.csv')
  expect([status, body.state, body.separator, body.headers, body.recognised, body.mapping.consent]).toEqual([200, 'read', ';', ['E-Mail', 'Vorname', 'Nachname', 'Land', 'Tags', 'Shoe size'], null, 'none'])
  expect(body.mapping.columns).toEqual(['email', 'first_name', 'last_name', 'country', 'tags', { fieldId }])
  expect(body.preview[0]).toEqual(['ben@example.test', 'Ben', 'Ode', 'Deutschland', 'vip, "north"', '42'])

  const before = await compared(body.id, { ...body.mapping, tags: ['spring'], consent: 'record' })
  expect(before).toMatchObject({ state: 'compared', counts: { lines: 6, added: 2, changed: 2, lowered: 0, same: 0, refused: 2, mailable: 3 }, findingsTotal: 5 })
  expect(before.findings.map((one) => [one.line, one.kind])).toEqual([[2, 'refused'], [4, 'kept'], [5, 'refused'], [7, 'hint'], [8, 'hint']])
  expect(await findByEmail(t.app, t.shop.id, 'ben@example.test')).toBeNull()

  await post(body.id, 'start')
  await runJobs()
  expect(await of(body.id)).toMatchObject({ state: 'done', counts: before.counts, linesDone: 6, linesTotal: 6, canUndo: true, preview: [] })
  const ben = (await findByEmail(t.app, t.shop.id, 'ben@example.test'))!
  expect(ben).toMatchObject({ firstName: 'Benno', lastName: 'Ode', country: 'DE', source: 'import', consentState: 'subscribed', consentBasis: 'merchant_record' })
  expect(await t.app.db.select({ tag: subscriberTags.tag, own: subscriberTags.own }).from(subscriberTags).where(eq(subscriberTags.subscriberId, ben.id)).orderBy(subscriberTags.tag)).toEqual([{ tag: 'spring', own: true }])
  expect(await newestEntry(t.app, t.shop.id, ben.id)).toMatchObject({ method: 'import', source: 'Import of “Kunden.csv”', evidence: { importId: body.id, attestedBy: '42' } })
  expect(await standingOf(t.app, t.shop.id, [ben.id, known, gone])).toEqual(new Map([[ben.id, null], [known, null], [gone, 'unsubscribed']]))
  expect(await t.app.db.$count(importPieces)).toBe(0)

  const csv = await fetch(`${t.http}/api/imports/${body.id}/findings.csv`, { headers: { authorization: `Bearer ${await t.sessionToken(t.shop)}` } })
  expect([csv.headers.get('content-disposition'), (await csv.text()).split('\r\n')[1]]).toEqual(['attachment; filename="Kunden - findings.csv"', '2,Not brought in,"the same address stands in the file again, and the other line counts",ben@example.test'])
  expect(await t.app.db.$count(fieldValues)).toBe(0)
})

describe('consent', () => {
  test('yes fills an empty ledger only; every kind of no lowers; what was said to us later than in the file stands', async () => {
    const people = { fresh: 'none', waiting: 'pending', yes: 'subscribed', bouncing: 'subscribed', spam: 'subscribed', left: 'subscribed' } as const
    const ids: Record<string, string> = {}
    for (const [name, consent] of Object.entries(people)) ids[name] = await t.addSubscriber(t.shop, { email: `${name}@c.test`, consent })
    t.clock.jump(1000)
    const file = 'Email,Klaviyo ID,Email Marketing Consent,Email Marketing Consent Timestamp,Email Suppressions\n' + [
      'fresh@c.test,1,SUBSCRIBED,2024-05-03 10:00:00,[]', 'waiting@c.test,2,SUBSCRIBED,,', 'yes@c.test,3,NEVER_SUBSCRIBED,,', 'bouncing@c.test,4,SUBSCRIBED,,HARD_BOUNCE', 'spam@c.test,5,SUBSCRIBED,,SPAM_COMPLAINT',
      'left@c.test,6,UNSUBSCRIBED,,', 'new.no@c.test,7,UNSUBSCRIBED,,', 'new.yes@c.test,8,SUBSCRIBED,2024-05-03T10:00:00+02:00,', 'new.never@c.test,9,NEVER_SUBSCRIBED,,',
    ].join('\n')
    const done = await brought(file)
    expect(done).toMatchObject({ recognised: 'klaviyo', recognisedWords: 'This looks like a list of profiles from Klaviyo.', counts: { lines: 9, added: 3, changed: 1, lowered: 3, same: 2, refused: 0, mailable: 3 } })
    for (const name of ['new.no', 'new.yes', 'new.never']) ids[name] = (await findByEmail(t.app, t.shop.id, `${name}@c.test`))!.id
    const standing = await standingOf(t.app, t.shop.id, Object.values(ids))
    expect(Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, standing.get(id)]))).toEqual({
      fresh: null, waiting: 'not_confirmed', yes: null, bouncing: 'bounced', spam: 'complained', left: 'unsubscribed', 'new.no': 'unsubscribed', 'new.yes': null, 'new.never': 'never_agreed',
    })
    expect((await newestEntry(t.app, t.shop.id, ids['new.yes']!))?.occurredAt).toEqual(new Date('2024-05-03T08:00:00Z'))
    // An old "no" of a file is older than what they told us since.
    const again = await brought('email,opt-out date\nyes@c.test,2020-01-01\nfresh@c.test,2020-01-01\n')
    expect(again).toMatchObject({ counts: { lowered: 1, same: 1 }, findings: [{ line: 2, kind: 'hint' }, { line: 3, kind: 'lowered' }] })
    expect(await standingOf(t.app, t.shop.id, [ids.yes!, ids.fresh!])).toEqual(new Map([[ids.yes, null], [ids.fresh, 'unsubscribed']]))
  })

  test('a list of suppressed addresses takes known people off and blocks unknown ones, also for lists that come later', async () => {
    const known = await t.addSubscriber(t.shop, { email: 'k@s.test', consent: 'subscribed' })
    const done = await brought('Email,Reason,Timestamp\nk@s.test,UNSUBSCRIBED,2026-01-01T00:00:00Z\nu@s.test,HARD_BOUNCE,2025-01-01T00:00:00Z\nv@s.test,USER_SUPPRESSED,\nw@s.test,UNSUBSCRIBED,\n', {}, 'suppressions')
    expect(done).toMatchObject({ recognised: 'klaviyo', counts: { added: 3, lowered: 0, same: 1 } })
    const later = await brought('Email\nk@s.test\nu@s.test\nv@s.test\nw@s.test\n', { consent: 'record' })
    expect(later.findings.map((one) => one.kind)).toEqual(['kept', 'kept', 'kept'])
    const people = await Promise.all(['k', 'u', 'v', 'w'].map(async (name) => (await findByEmail(t.app, t.shop.id, `${name}@s.test`))!.id))
    expect(people[0]).toBe(known)
    const standing = await standingOf(t.app, t.shop.id, people)
    expect(people.map((id) => standing.get(id))).toEqual([null, 'bounced', 'suppressed', 'suppressed'])
  })

  test('of several lines with one address the last counts, but a no above it is not lost', async () => {
    const done = await brought('email,status,first name\ntwo@d.test,unsubscribed,First\nTWO@d.test ,subscribed,Second\none@d.test,subscribed,First\none@d.test,subscribed,Last\n')
    expect(done).toMatchObject({ counts: { lines: 4, added: 2, refused: 2, mailable: 1 } })
    expect(done.findings.map((one) => one.line)).toEqual([3, 4])
    expect(await findByEmail(t.app, t.shop.id, 'two@d.test')).toMatchObject({ firstName: 'First', consentState: 'unsubscribed' })
    expect(await findByEmail(t.app, t.shop.id, 'one@d.test')).toMatchObject({ firstName: 'Last', consentState: 'subscribed' })
  })
})

describe('what is not taken', () => {
  test('lists that were bought or belong to others, files nobody vouched for, columns that make no sense; each in words, and nothing is lost', async () => {
    const { body } = await send('mail,b\na@n.test,1\n')
    const { columns } = body.mapping
    const mapping = { ...body.mapping, consent: 'record' }
    const ask = (change: object) => post(body.id, 'compare', { mapping, origin: 'own_store', attested: true, ...change })
    for (const origin of ['bought', 'partner']) expect(await ask({ origin })).toMatchObject({ status: 422, body: { error: { message: expect.stringContaining('may not be brought in') as string, fields: { origin: 'may not be brought in' } } } })
    expect(await ask({ attested: false })).toMatchObject({ status: 422, body: { error: { fields: { attested: 'is needed' } } } })
    for (const bad of [['ignore', 'ignore'], ['email', 'email'], ['email'], [columns[0], { fieldId: 'of nobody' }]]) expect((await ask({ mapping: { ...mapping, columns: bad } })).status).toBe(422)
    expect(await of(body.id)).toMatchObject({ state: 'read', origin: null })
    expect((await post(body.id, 'start')).status).toBe(409)
    expect((await ask({})).body).toMatchObject({ state: 'comparing' })
    expect((await post(body.id, 'back')).body).toMatchObject({ state: 'read', origin: null, attested: null }) // the comparison that was asked for finds nothing to do
    await runJobs()
    expect(await of(body.id)).toMatchObject({ state: 'read' })
    expect((await t.api(t.shop).delete(`/api/imports/${body.id}`)).status).toBe(200)
    expect((await t.api(t.shop).get(`/api/imports/${body.id}`)).status).toBe(404)
    expect(await t.app.db.$count(importPieces)).toBe(0)
  })

  test('a file that is too long, is no text, or does not arrive whole leaves nothing, and a stranger sends none', async () => {
    const before = await t.app.db.$count(imports)
    expect(await send(Buffer.from([0x50, 0x4b, 3, 4, 0, 0]))).toMatchObject({ status: 422, body: { error: { message: expect.stringContaining('Excel') as string } } })
    expect(await send(`email\n${'x'.repeat(3_000_000)}`)).toMatchObject({ status: 422, body: { error: { message: expect.stringContaining('longer than 1 MB') as string } } })
    const raw = async (headers: Record<string, string>, work: (socket: ReturnType<typeof request>) => void): Promise<number | null> => {
      const authorization = `Bearer ${await t.sessionToken(t.shop)}`
      return new Promise((resolve) => {
        const asked = request(`${t.http}/api/imports`, { method: 'POST', headers: { authorization, ...headers } }, (response) => {
          resolve(response.statusCode ?? null)
          asked.destroy()
        })
        asked.on('error', () => resolve(null))
        work(asked)
      })
    }
    expect(await raw({ 'content-length': String(2 * 2 ** 30) }, (asked) => void asked.write('email\n'))).toBe(413)
    expect(await raw({}, (asked) => {
      asked.write('email\na@x.test\n')
      setTimeout(() => asked.destroy(), 100)
    })).toBeNull()
    expect(await raw({ authorization: 'Bearer x' }, (asked) => void asked.write('email\n'))).toBe(401)
    while ((await t.app.db.$count(imports, eq(imports.state, 'uploading'))) > 0) await new Promise((resolve) => setTimeout(resolve, 20))
    expect([await t.app.db.$count(imports), await t.app.db.$count(importPieces)]).toEqual([before, 0])
  })
})

test('whoever is forgotten is forgotten in files too: brought in, compared, and still to come; and a file does not bring them back', async () => {
  const canary = 'Canary.Person@e.test'
  const id = await t.addSubscriber(t.shop, { email: canary, firstName: 'Canarybefore', consent: 'unsubscribed' })
  await brought(`email,first name\n${canary},Canaryname\n`, { consent: 'record' })
  const { body } = await send(`email,first name\nother@e.test,"O\nther"\n${canary.toUpperCase()},Canaryname\nlast@e.test,L\n`)
  const waiting = await compared(body.id, { ...body.mapping, consent: 'record' })
  expect(waiting.findingsTotal).toBe(1)
  const everything = async (): Promise<string> => JSON.stringify([await t.app.db.select().from(importChanges), await t.app.db.select().from(importFindings), await t.app.db.select().from(importPieces), await t.app.db.select().from(subscribers)]).toLowerCase()
  expect(await everything()).toContain('canary')
  expect(await eraseSubscriber(t.app, t.shop.id, id)).toBe(true)
  expect(await everything()).not.toContain('canary')
  await post(body.id, 'start')
  await runJobs()
  expect(await of(body.id)).toMatchObject({ state: 'done', counts: { lines: 2, added: 2 } })
  const again = await brought(`email\n${canary}\n`, { consent: 'record' })
  expect(again).toMatchObject({ counts: { added: 0, refused: 1, mailable: 0 }, findings: [{ line: 2, kind: 'refused', reason: 'asked to be forgotten', content: '' }] })
  expect(await everything()).not.toContain('canary')
  expect(await t.app.db.$count(suppressions, eq(suppressions.addressHash, addressHash(t.app.settings.keys, t.shop.id, canary)))).toBe(1)
})

test('an import whose job was lost goes on; a file that nobody comes back to goes', async () => {
  const { body } = await send('email\nlost@l.test\n')
  await compared(body.id, body.mapping)
  await post(body.id, 'start')
  await t.app.queue.runDue({ ...t.handlers, 'imports.run': () => Promise.resolve() })
  expect(await of(body.id)).toMatchObject({ state: 'running' })
  t.clock.jump(16 * 60_000)
  await t.handlers['lost.recover']({})
  await runJobs()
  expect(await of(body.id)).toMatchObject({ state: 'done' })
  const stuck = await send('email\nstuck@l.test\n')
  await post(stuck.body.id, 'compare', { mapping: stuck.body.mapping, origin: 'own_store', attested: true })
  await t.app.queue.runDue({ ...t.handlers, 'imports.compare': () => Promise.resolve() })
  t.clock.jump(13 * 3_600_000)
  await t.handlers['lost.recover']({})
  expect(await of(stuck.body.id)).toMatchObject({ state: 'failed', canUndo: false, error: expect.stringContaining('twelve hours') as string })
  expect((await t.api(t.shop).delete(`/api/imports/${stuck.body.id}`)).status).toBe(200)
  const left = await send('email\nleft@l.test\n')
  t.clock.jump(31 * 86_400_000)
  await t.handlers['lost.recover']({})
  expect((await t.api(t.shop).get(`/api/imports/${left.body.id}`)).status).toBe(404)
})
