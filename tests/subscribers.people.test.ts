import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standingOf } from '../app/consent/mailable.ts'
import { newestEntry } from '../app/consent/record.ts'
import { events, fieldValues, orders, privacyRequests, subscribers, subscriberTags, suppressions } from '../app/db/schema.ts'
import { appendEvents } from '../app/events/append.ts'
import { apply } from '../app/events/apply.ts'
import { DAY, MINUTE, after } from '../app/lib/clock.ts'
import { newId } from '../app/lib/ids.ts'
import { addressHash } from '../app/lib/crypto.ts'
import type { Shop } from '../app/shops/shops.ts'
import { mostFields } from '../app/subscribers/contract.ts'
import { readValue, setFieldValues } from '../app/subscribers/fields.ts'
import { mergeSubscribers } from '../app/subscribers/merge.ts'
import { previewMerge } from '../app/subscribers/merge-preview.ts'
import { statusOf } from '../app/subscribers/status.ts'
import { upsertSubscribers } from '../app/subscribers/upsert.ts'
import { testApp, type TestApp } from './app.ts'

let t: TestApp
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())

const ada = () => t.api(t.shop)
const cleo = () => t.api(t.stranger)
let n = 0
const person = (more: object = {}, shop: Shop = t.shop): Promise<string> => t.addSubscriber(shop, { email: `someone${++n}@example.test`, ...more })
const ofPerson = async (id: string) => (await t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, id))))[0]
const profile = async (id: string) => (await ada().get(`/api/subscribers/${id}`)).body

describe('custom fields', () => {
  test('are added, renamed, marked as sensitive and deleted; names are taken once, fifty are enough', async () => {
    const added = await ada().post('/api/fields', { name: ' Skin type ', kind: 'text' })
    expect(added.body.fields).toEqual([{ id: expect.any(String), name: 'Skin type', kind: 'text', sensitive: false, people: { people: 0, more: false } }])
    const { id } = added.body.fields[0]
    const taken = await ada().post('/api/fields', { name: 'skin TYPE', kind: 'number' })
    expect([taken.status, taken.body.error.fields]).toEqual([422, { name: 'is taken by another field' }])
    expect((await ada().post('/api/fields', { name: '', kind: 'colour' })).body.error.fields).toMatchObject({ name: 'give the field a name', kind: expect.any(String) })
    expect((await ada().put(`/api/fields/${id}`, { name: 'Skin type', sensitive: true })).body.fields[0]).toMatchObject({ name: 'Skin type', sensitive: true, kind: 'text' })
    const who = await person()
    await setFieldValues(t.app, t.shop.id, [{ subscriberId: who, fieldId: id, value: 'dry' }])
    expect((await ada().get('/api/fields')).body.fields[0].people).toEqual({ people: 1, more: false })
    // The stranger
    expect((await cleo().get('/api/fields')).body).toEqual({ fields: [] })
    expect([(await cleo().put(`/api/fields/${id}`, { name: 'Mine', sensitive: false })).status, (await cleo().delete(`/api/fields/${id}`)).status]).toEqual([404, 404])
    expect((await cleo().post('/api/fields', { name: 'Skin type', kind: 'text' })).status).toBe(200)
    expect((await ada().delete(`/api/fields/${id}`)).body.fields).toEqual([])
    expect(await t.app.db.$count(fieldValues, and(eq(fieldValues.shopId, t.shop.id), eq(fieldValues.fieldId, id)))).toBe(0)
    for (let i = 1; i < mostFields; i++) await cleo().post('/api/fields', { name: `Field ${i}`, kind: 'text' })
    expect((await cleo().post('/api/fields', { name: 'One more', kind: 'text' })).status).toBe(409)
  })

  test.each([
    ['text', ' two words ', 'two words', null], ['number', '12,50', '12.5', 13], ['number', '-3', '-3', -3], ['number', '1e3', null, 0], ['number', '12.000.000', null, 0], ['date', '2026-02-28', '2026-02-28', Date.UTC(2026, 1, 28)],
    ['date', '2026-02-28T10:00:00Z', '2026-02-28', Date.UTC(2026, 1, 28)], ['date', '2026-02-30', null, 0], ['date', '1.2.2026', null, 0], ['yes_no', 'Ja', 'yes', 1], ['yes_no', 'FALSE', 'no', 0], ['yes_no', 'perhaps', null, 0],
  ] as const)('%s: %s', (kind, written, value, number) => {
    expect(readValue(kind, written)).toEqual(value === null ? { fault: expect.any(String) } : { value, number })
  })

  test('values are written for any number of people in a few statements; what does not fit is left out and counted', async () => {
    const added = await ada().post('/api/fields', { name: 'Shoe size', kind: 'number' })
    const fieldId: string = added.body.fields.at(-1).id
    const people = [...(await upsertSubscribers(t.app, t.shop.id, Array.from({ length: 300 }, (_, i) => ({ email: `size${i}@example.test`, source: 'import' as const })))).values()]
    const cost = async (some: string[], value: string | null): Promise<number> => {
      const before = t.app.db.statements()
      await setFieldValues(t.app, t.shop.id, some.map((subscriberId) => ({ subscriberId, fieldId, value })))
      return t.app.db.statements() - before
    }
    expect(await cost(people, '42')).toBe(await cost(people.slice(0, 5), '41'))
    expect(await setFieldValues(t.app, t.shop.id, [{ subscriberId: people[0]!, fieldId, value: 'large' }, { subscriberId: people[1]!, fieldId: 'unknown', value: '1' }, { subscriberId: people[2]!, fieldId, value: '' }])).toBe(2)
    const rows = await t.app.db.select().from(fieldValues).where(and(eq(fieldValues.shopId, t.shop.id), eq(fieldValues.fieldId, fieldId)))
    expect([rows.length, rows.filter((row) => row.value === '41').length]).toEqual([299, 4])
  })
})

describe('what is known about a person', () => {
  test('is changed as a whole; a value that does not fit is named and nothing is written', async () => {
    const fields: { id: string; name: string }[] = (await ada().post('/api/fields', { name: 'Birthday', kind: 'date' })).body.fields
    const birthday = fields.find((field) => field.name === 'Birthday')!.id
    const [id] = (await upsertSubscribers(t.app, t.shop.id, [{ email: 'grace@example.test', firstName: 'Grace', source: 'shopify', platformId: '77', tags: ['store’s'] }])).values()
    const change = { firstName: 'Grace', lastName: ' Hopper ', locale: 'en-US', country: 'US', tags: ['navy', 'store’s', 'navy'], fields: { [birthday]: '1906-12-09' } }
    const bad = await ada().put(`/api/subscribers/${id!}`, { ...change, firstName: 'Nobody', fields: { [birthday]: 'in winter', gone: 'x' } })
    expect([bad.status, bad.body.error.fields]).toEqual([422, { [`fields.${birthday}`]: 'is not a day (YYYY-MM-DD)', 'fields.gone': 'is not there any more' }])
    expect((await ada().put(`/api/subscribers/${id!}`, { ...change, country: 'Germany', locale: '?', tags: [''] })).body.error.fields).toEqual({ country: 'is not a country code such as US', locale: 'is not a language such as en or de-AT', 'tags.0': 'write a tag' })
    expect((await ofPerson(id!))?.firstName).toBe('Grace')
    const { body } = await ada().put(`/api/subscribers/${id!}`, change)
    expect(body).toMatchObject({ firstName: 'Grace', lastName: 'Hopper', locale: 'en-US', country: 'US', inStore: true, tags: [{ tag: 'navy', own: true }, { tag: 'store’s', own: false }] })
    expect(body.fields).toContainEqual(expect.objectContaining({ name: 'Birthday', value: '1906-12-09' }))
    // What the store tells later replaces its own tags only; ours go when the merchant takes them away.
    await upsertSubscribers(t.app, t.shop.id, [{ email: 'grace@example.test', source: 'shopify', platformId: '77', tags: ['new'] }])
    await apply(t.app, t.shop, { kind: 'tags', platformId: '77', added: ['told'], removed: ['navy'] }, t.clock.now())
    expect((await profile(id!)).tags).toEqual([{ tag: 'navy', own: true }, { tag: 'new', own: false }, { tag: 'told', own: false }])
    expect((await ada().put(`/api/subscribers/${id!}`, { ...change, tags: [], lastName: '', fields: { [birthday]: '' } })).body).toMatchObject({ lastName: null, tags: [{ tag: 'new' }, { tag: 'told' }] })
    expect((await profile(id!)).fields.find((field: { id: string }) => field.id === birthday).value).toBeNull()
    expect((await cleo().put(`/api/subscribers/${id!}`, { firstName: 'Mine', lastName: null, locale: null, country: null })).status).toBe(404)
  })

  test('shows the segments that a person is in', async () => {
    await ada().post('/api/segments', { name: 'Norway', rules: { kind: 'group', match: 'all', rules: [{ kind: 'country', is: true, countries: ['NO'] }] } })
    const [inside, outside] = [await person({ country: 'NO' }), await person({ country: 'SE' })]
    expect([(await profile(inside)).segments, (await profile(outside)).segments]).toEqual([[{ id: expect.any(String), name: 'Norway' }], []])
  })
})

describe('tags of many', () => {
  test('are given and taken by id or by filter; the store’s stay, and the answer says why', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, (_, i) => person({ country: i < 4 ? 'IS' : 'FI' })))
    const theirs = await person({ country: 'IS' }, t.stranger)
    await t.app.db.insert(subscriberTags).values({ shopId: t.shop.id, subscriberId: people[0]!, tag: 'nordic' })
    const tag = (action: 'add' | 'remove', whom: object) => ada().post('/api/subscribers/tag', { tag: 'nordic', action, people: whom })
    expect((await tag('add', { ids: [...people, theirs, 'nobody'] })).body).toEqual({ changed: 5, kept: 0, sentence: '“nordic” was given to 5 people.' })
    expect((await tag('add', { ids: people })).body.sentence).toBe('They all have “nordic” already.')
    expect(await t.app.db.$count(subscriberTags, eq(subscriberTags.shopId, t.stranger.id))).toBe(0)
    expect((await tag('remove', { filter: { country: 'IS' } })).body).toEqual({ changed: 3, kept: 1, sentence: '“nordic” was taken from 3 people. 1 person has it from your store: remove it there, or the next news from there would bring it back.' })
    expect((await tag('add', { filter: { country: 'IS', search: 'someone' } })).body.changed).toBe(3)
    expect((await cleo().post('/api/subscribers/tag', { tag: 'nordic', action: 'remove', people: { ids: people } })).body.changed).toBe(0)
    expect((await ada().get('/api/subscribers?tag=nordic')).body.rows).toHaveLength(6)
    expect((await ada().post('/api/subscribers/tag', { tag: ' ', action: 'add', people: { ids: [] } })).status).toBe(422)
  })

  test('a filter that fits thousands reaches each of them, a few statements per thousand', async () => {
    await upsertSubscribers(t.app, t.shop.id, Array.from({ length: 4_500 }, (_, i) => ({ email: `crowd${i}@many.example`, source: 'shopify' as const, country: 'PT' })))
    const before = t.app.db.statements()
    const { body } = await ada().post('/api/subscribers/tag', { tag: 'crowd', action: 'add', people: { filter: { country: 'PT' } } })
    expect(body.changed).toBe(4_500)
    expect(t.app.db.statements() - before).toBeLessThan(80)
  })
})

describe('adding somebody by hand', () => {
  const basis = { how: 'paper', on: '2026-05-01', note: 'Form in the green folder' }
  test('is the merchant’s record with what they can show, and lets nobody be mailed who was not vouched for', async () => {
    const { status, body } = await ada().post('/api/subscribers', { email: 'Paper@Example.test', firstName: 'Pat', basis })
    expect([status, body]).toEqual([200, { id: expect.any(String), added: true, sentence: expect.stringContaining('Added. Agreed on 1 May 2026 as you wrote it down (agreed on paper)') }])
    expect(await newestEntry(t.app, t.shop.id, body.id)).toMatchObject({ state: 'unconfirmed_record', basis: 'merchant_record', method: 'merchant', evidence: { how: 'paper', note: 'Form in the green folder', userId: '42' } })
    expect(await ofPerson(body.id)).toMatchObject({ source: 'manual', firstName: 'Pat', email: 'Paper@Example.test' })
    expect((await standingOf(t.app, t.shop.id, [body.id])).get(body.id)).toBe('record_not_attested')
    const again = await ada().post('/api/subscribers', { email: 'paper@example.test', firstName: 'Other', lastName: 'Smith', basis: null })
    expect(again.body).toMatchObject({ id: body.id, added: false })
    expect(await ofPerson(body.id)).toMatchObject({ firstName: 'Pat', lastName: 'Smith' })
  })

  test.each(['subscribed', 'unsubscribed', 'pending'] as const)('changes nothing for somebody who is %s', async (consent) => {
    const email = `by-hand-${consent}@example.test`
    const id = await t.addSubscriber(t.shop, { email, consent })
    const before = await newestEntry(t.app, t.shop.id, id)
    const { body } = await ada().post('/api/subscribers', { email, basis })
    expect(body).toMatchObject({ id, added: false, sentence: expect.stringContaining('stands') })
    expect(await newestEntry(t.app, t.shop.id, id)).toEqual(before)
  })

  test('without a basis nothing is written into the ledger; who asked to be forgotten is not added; faults name their field', async () => {
    const { body } = await ada().post('/api/subscribers', { email: 'no-basis@example.test', basis: null })
    expect([body.sentence, await newestEntry(t.app, t.shop.id, body.id)]).toEqual(['Added. Never agreed to get mail.', null])
    await t.app.db.insert(suppressions).values({ shopId: t.shop.id, addressHash: addressHash(t.app.settings.keys, t.shop.id, 'gone@example.test'), reason: 'erased', createdAt: t.clock.now() })
    const faults = async (input: object) => (await ada().post('/api/subscribers', { email: 'x@example.test', basis: null, ...input })).body.error?.fields
    expect(await faults({ email: 'Gone@example.test', basis })).toEqual({ email: 'asked to be forgotten' })
    expect(await faults({ email: 'nonsense' })).toEqual({ email: 'is not an e-mail address' })
    expect(await faults({ basis: { ...basis, on: '2099-01-01' } })).toEqual({ 'basis.on': 'lies in the future' })
    expect(await faults({ basis: { ...basis, on: 'May', note: ' ' } })).toMatchObject({ 'basis.on': 'is not a day', 'basis.note': expect.stringContaining('say where this is kept') })
    expect((await cleo().post('/api/subscribers', { email: 'gone@example.test', basis: null })).status).toBe(200) // asked Ada, not Cleo
  })
})

describe('restricting, forgetting', () => {
  test('a restriction keeps somebody from all mail until it is lifted, with who and why', async () => {
    const id = await person({ consent: 'subscribed' })
    expect((await ada().post(`/api/subscribers/${id}/lift`, { reason: 'no need' })).status).toBe(409)
    expect((await cleo().post(`/api/subscribers/${id}/restrict`, { reason: 'mine' })).status).toBe(404)
    expect((await ada().post(`/api/subscribers/${id}/restrict`, { reason: ' ' })).body.error.fields).toEqual({ reason: 'say why' })
    const { body } = await ada().post(`/api/subscribers/${id}/restrict`, { reason: 'Says the address is wrong' })
    expect(body).toMatchObject({ status: 'restricted', restricted: { at: t.clock.now().toISOString(), reason: 'Says the address is wrong' } })
    expect((await standingOf(t.app, t.shop.id, [id])).get(id)).toBe('restricted')
    t.clock.jump(MINUTE)
    const lifted = (await ada().post(`/api/subscribers/${id}/lift`, { reason: 'Put right' })).body
    expect([lifted.status, lifted.restricted]).toEqual(['subscribed', null])
    expect(lifted.timeline.slice(0, 2)).toMatchObject([{ title: 'You lifted the restriction', detail: 'Put right' }, { title: 'You restricted the use of their data', detail: 'Says the address is wrong' }])
    expect(await t.app.db.select({ detail: events.detail }).from(events).where(and(eq(events.shopId, t.shop.id), eq(events.subscriberId, id), eq(events.kind, 'restricted')))).toEqual([{ detail: { reason: 'Says the address is wrong', userId: '42' } }])
  })

  test('who asks to be forgotten gets nothing from then on, is written down, and is forgotten by a job', async () => {
    const email = 'forget-me@example.test'
    const id = await t.addSubscriber(t.shop, { email, consent: 'subscribed' })
    expect((await cleo().post(`/api/subscribers/${id}/erase`)).status).toBe(404)
    const { body } = await ada().post(`/api/subscribers/${id}/erase`)
    expect(body).toEqual({ dueAt: after(t.clock.now(), 30 * DAY).toISOString() })
    expect((await standingOf(t.app, t.shop.id, [id])).get(id)).toBe('erased')
    expect((await ada().get('/api/privacy/requests')).body.requests[0]).toMatchObject({ kind: 'redact', who: 'f***@example.test', state: 'open' })
    await t.app.queue.runDue({ ...t.handlers, 'consent.write-back': () => Promise.resolve() })
    expect([await ofPerson(id), (await ada().get(`/api/subscribers/${id}`)).status]).toEqual([undefined, 404])
    expect((await t.app.db.select().from(privacyRequests).where(eq(privacyRequests.shopId, t.shop.id)))[0]).toMatchObject({ state: 'done', emailHint: null, subscriberId: null })
    expect((await ada().post('/api/subscribers', { email, basis: null })).status).toBe(422)
  })
})

describe('two records of one person', () => {
  test('are found by mailbox and by name at the same domain, not further', async () => {
    const add = (email: string, firstName?: string, lastName?: string) => t.addSubscriber(t.shop, { email, ...(firstName ? { firstName } : {}), ...(lastName ? { lastName } : {}) })
    const id = await add('mary.shelley@post.example', 'Mary', 'Shelley')
    const plus = await add('maryshelley+shop@post.example')
    const named = await add('m-s@post.example', 'mary', 'SHELLEY')
    await add('mary.shelley@other.example', 'Mary', 'Shelley')
    await add('mary.shell@post.example', 'Mary', 'Shell')
    await t.addSubscriber(t.stranger, { email: 'mary.shelley+x@post.example' })
    const { body } = await ada().get(`/api/subscribers/${id}/duplicates`)
    expect(body.people.map((one: { id: string; why: string }) => [one.id, one.why])).toEqual([[plus, 'The same mailbox, written with a plus or dots'], [named, 'The same name at the same domain']])
    expect((await cleo().get(`/api/subscribers/${id}/duplicates`)).status).toBe(404)
  })

  const standings = ['subscribed', 'unsubscribed', 'pending', 'none'] as const
  test('the preview of a merge says what the merge then does, whatever the two said', async () => {
    for (const kept of standings)
      for (const removed of standings)
        for (const block of kept === 'subscribed' ? ([null, 'kept', 'removed', 'restricted'] as const) : [null]) {
          const [a, b] = [await person({ consent: kept }), await person({ consent: removed })]
          if (block === 'restricted') await t.app.db.update(subscribers).set({ restrictedAt: t.clock.now() }).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, b)))
          else if (block) await t.app.db.insert(suppressions).values({ shopId: t.shop.id, addressHash: (await ofPerson(block === 'kept' ? a : b))!.addressHash, reason: 'bounced', createdAt: t.clock.now() })
          const preview = await previewMerge(t.app, t.shop, a, b)
          await mergeSubscribers(t.app, t.shop.id, a, b)
          expect([kept, removed, block, preview.status]).toEqual([kept, removed, block, statusOf((await standingOf(t.app, t.shop.id, [a])).get(a) ?? null)])
        }
  })

  test('by the merchant: what is known joins, the other address gets nothing more; the stranger’s people are not in reach', async () => {
    const fieldId: string = (await ada().post('/api/fields', { name: 'Merged', kind: 'text' })).body.fields.find((field: { name: string }) => field.name === 'Merged').id
    const [a, b, theirs] = [await person({ consent: 'subscribed' }), await person({ consent: 'subscribed', firstName: 'Ada' }), await person({}, t.stranger)]
    await setFieldValues(t.app, t.shop.id, [{ subscriberId: b, fieldId, value: 'kept' }])
    const preview = (await ada().get(`/api/subscribers/${a}/merge?removedId=${b}`)).body
    expect(preview).toMatchObject({ kept: { id: a }, removed: { id: b, name: 'Ada' }, status: 'subscribed', orders: 0, sentence: expect.stringContaining('goes on getting mail') })
    expect([(await ada().post(`/api/subscribers/${a}/merge`, { removedId: theirs })).status, (await ada().post(`/api/subscribers/${a}/merge`, { removedId: a })).status, (await cleo().post(`/api/subscribers/${a}/merge`, { removedId: b })).status]).toEqual([404, 422, 404])
    const { body } = await ada().post(`/api/subscribers/${a}/merge`, { removedId: b })
    expect(body).toMatchObject({ id: a, firstName: 'Ada', status: 'subscribed' })
    expect(body.fields.find((field: { id: string }) => field.id === fieldId).value).toBe('kept')
    expect((await ada().post(`/api/subscribers/${a}/merge`, { removedId: b })).status).toBe(422) // it is the same one by now
  })
})

test('a long timeline comes part by part, each thing once', async () => {
  const id = await person()
  const start = t.clock.now()
  await appendEvents(t.app, t.shop.id, Array.from({ length: 230 }, (_, i) => ({ kind: 'opened' as const, subscriberId: id, verdict: 'human' as const, at: after(start, -Math.floor(i / 3) * 400), dedupeKey: `many${i}` })))
  await t.app.db.insert(orders).values({ shopId: t.shop.id, id: newId(start), name: '#7', subscriberId: id, total: 100, currency: 'USD', test: false, processedAt: after(start, -20_000), day: '2026-05-03', platformUpdatedAt: start })
  const seen: { at: string; kind: string }[] = []
  const first = await profile(id)
  let next: string | null = first.nextBefore
  seen.push(...first.timeline)
  let parts = 1
  for (; next; parts++) {
    const { body }: { body: { items: typeof seen; nextBefore: string | null } } = await ada().get(`/api/subscribers/${id}/timeline?before=${next}`)
    seen.push(...body.items)
    next = body.nextBefore
  }
  expect([seen.length, seen.filter((item) => item.kind === 'ordered').length, parts]).toEqual([231, 1, 3])
  expect(seen.map((item) => Math.floor(Date.parse(item.at) / 1000))).toEqual(seen.map((item) => Math.floor(Date.parse(item.at) / 1000)).toSorted((a, b) => b - a))
  expect([(await ada().get(`/api/subscribers/${id}/timeline?before=x`)).status, (await cleo().get(`/api/subscribers/${id}/timeline`)).status]).toEqual([422, 404])
})
