import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { eq } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { standingOf } from '../app/consent/mailable.ts'
import { historiesOf, newestEntry, recordConsent } from '../app/consent/record.ts'
import { unsubscribe } from '../app/consent/unsubscribe.ts'
import { isPostgres } from '../app/db/columns.ts'
import { consentEntries, events, fields, fieldValues, importChanges, importPieces, imports, subscribers, subscriberTags, suppressions } from '../app/db/schema.ts'
import { askForComparison, compareImport } from '../app/imports/compare.ts'
import type { ImportView } from '../app/imports/contract.ts'
import { runImport, startImport, stopImport } from '../app/imports/run.ts'
import { askToUndo, undoImport } from '../app/imports/undo.ts'
import { upload } from '../app/imports/upload.ts'
import { viewImport } from '../app/imports/view.ts'
import { newId } from '../app/lib/ids.ts'
import type { Shop } from '../app/shops/shops.ts'
import { findByEmail } from '../app/subscribers/find.ts'
import { addShop, testApp, type TestApp } from './app.ts'

let t: TestApp
let fieldId: string
beforeAll(async () => {
  t = await testApp()
  fieldId = await field(t.shop)
})
afterAll(() => t.close())

const field = async (shop: Shop): Promise<string> => {
  const id = newId(t.clock.now())
  await t.app.db.insert(fields).values({ shopId: shop.id, id, name: 'Size', kind: 'number', sensitive: false, createdAt: t.clock.now(), updatedAt: t.clock.now() })
  return id
}
const bring = async (shop: Shop, content: string, kind: 'people' | 'suppressions' = 'people', consent: 'record' | 'none' | 'unsubscribed' = 'record'): Promise<ImportView> => {
  const { app } = t
  const importId = await upload(app, shop.id, { name: 'x.csv', kind }, Readable.from([Buffer.from(content)]), null)
  const { mapping } = await viewImport(app, shop.id, importId)
  await askForComparison(app, shop.id, importId, '42', { mapping: { ...mapping, consent, tags: ['all'] }, origin: 'own_store', attested: true })
  await compareImport(app, { shopId: shop.id, importId })
  await startImport(app, shop.id, importId)
  await runImport(app, { shopId: shop.id, importId })
  return viewImport(app, shop.id, importId)
}
const undo = async (shop: Shop, importId: string): Promise<ImportView> => {
  await askToUndo(t.app, shop.id, importId)
  await undoImport(t.app, { shopId: shop.id, importId })
  return viewImport(t.app, shop.id, importId)
}

/** Everything about people that an import may touch; where they stand is what is derived. */
async function picture(shop: Shop): Promise<string> {
  const { db } = t.app
  const people = await db.select({ id: subscribers.id, email: subscribers.email, first: subscribers.firstName, last: subscribers.lastName, locale: subscribers.locale, country: subscribers.country, source: subscribers.source, copy: subscribers.consentState, basis: subscribers.consentBasis }).from(subscribers).where(eq(subscribers.shopId, shop.id)).orderBy(subscribers.emailKey)
  const tags = await db.select().from(subscriberTags).where(eq(subscriberTags.shopId, shop.id)).orderBy(subscriberTags.subscriberId, subscriberTags.tag)
  const values = await db.select().from(fieldValues).where(eq(fieldValues.shopId, shop.id)).orderBy(fieldValues.subscriberId, fieldValues.fieldId)
  const blocked = await db.select({ hash: suppressions.addressHash, reason: suppressions.reason }).from(suppressions).where(eq(suppressions.shopId, shop.id)).orderBy(suppressions.addressHash, suppressions.reason)
  const standing = [...(await standingOf(t.app, shop.id, people.map((one) => one.id)))].sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify([people, tags, values, blocked, standing])).digest('hex')
}

test('an import that is undone leaves everything as it was; the same file can be brought in again', async () => {
  const ids = await Promise.all(['old@u.test', 'yes@u.test', 'no@u.test', 'nothing@u.test'].map((email, i) => t.addSubscriber(t.shop, { email, firstName: 'Old', consent: (['subscribed', 'subscribed', 'unsubscribed', 'none'] as const)[i]! })))
  await t.app.db.insert(subscriberTags).values({ shopId: t.shop.id, subscriberId: ids[0]!, tag: 'all', own: null })
  await t.app.db.insert(fieldValues).values({ shopId: t.shop.id, subscriberId: ids[0]!, fieldId, value: '40', number: 40 })
  const before = await picture(t.shop)
  const file = 'email,first name,country,size,status,reason\nold@u.test,New,DE,41,subscribed,\nyes@u.test,,,38,unsubscribed,\nno@u.test,Other,,,subscribed,\nnothing@u.test,,,,subscribed,\nfresh@u.test,F,FR,39,subscribed,\nspam@u.test,,,,,complained\nbad@u.test,,,,,bounced\n'
  t.clock.jump(60_000)
  const done = await bring(t.shop, file)
  expect(done).toMatchObject({ state: 'done', counts: { added: 3, changed: 3, lowered: 1 } })
  expect(await picture(t.shop)).not.toBe(before)
  t.clock.jump(60_000)
  expect(await undo(t.shop, done.id)).toMatchObject({ state: 'undone', canUndo: false, undone: { removed: 3, restored: 4, stayed: 0 } })
  expect(await picture(t.shop)).toBe(before)
  expect([await t.app.db.$count(importChanges), await t.app.db.$count(importPieces)]).toEqual([0, 0])
  // The ledger has not been rewritten: what was said, and that it was taken back, stands there.
  expect((await historiesOf(t.app, t.shop.id, [ids[1]!])).get(`${ids[1]!} email_marketing`)?.map((entry) => [entry.state, entry.method])).toEqual([['subscribed', 'import'], ['unsubscribed', 'import'], ['subscribed', 'form']])
  t.clock.jump(60_000)
  const again = await bring(t.shop, file)
  expect(again.counts).toEqual(done.counts)
  await undo(t.shop, again.id)
  expect(await picture(t.shop)).toBe(before)

  const list = await bring(t.shop, 'email,reason\nold@u.test,unsubscribed\nyes@u.test,spam\nunknown@u.test,bounced\n', 'suppressions')
  expect(list).toMatchObject({ state: 'done', counts: { added: 1, lowered: 2 } })
  await undo(t.shop, list.id)
  expect(await picture(t.shop)).toBe(before)
})

test('what happened since stays, and is told', async () => {
  const edited = await t.addSubscriber(t.shop, { email: 'edited@since.test', firstName: 'Old', consent: 'subscribed' })
  t.clock.jump(60_000)
  const done = await bring(t.shop, 'email,first name\nedited@since.test,File\nclicked@since.test,C\nleft@since.test,L\nplain@since.test,P\n')
  t.clock.jump(60_000)
  const [clicked, left] = await Promise.all(['clicked', 'left'].map(async (name) => (await findByEmail(t.app, t.shop.id, `${name}@since.test`))!.id))
  await t.app.db.insert(events).values({ shopId: t.shop.id, id: newId(t.clock.now()), kind: 'clicked', subscriberId: clicked!, messageId: null, verdict: 'human', linkNo: null, detail: null, at: t.clock.now(), day: '2026-01-01', dedupeKey: 'since' })
  await unsubscribe(t.app, t.shop.id, left!, { method: 'one_click', source: 'test' })
  await t.app.db.update(subscribers).set({ firstName: 'By hand' }).where(eq(subscribers.id, edited))
  expect(await undo(t.shop, done.id)).toMatchObject({ undone: { removed: 1, restored: 0, stayed: 3 } })
  expect(await findByEmail(t.app, t.shop.id, 'plain@since.test')).toBeNull()
  expect(await findByEmail(t.app, t.shop.id, 'edited@since.test')).toMatchObject({ firstName: 'By hand' })
  expect(await standingOf(t.app, t.shop.id, [clicked!, left!, edited])).toEqual(new Map([[clicked, 'never_agreed'], [left, 'unsubscribed'], [edited, null]]))
  expect(await t.app.db.$count(suppressions, eq(suppressions.reason, 'erased'))).toBe(0)
})

test('random histories and random files: nobody who could not be mailed becomes mailable by a file, but who had no ledger; undoing restores everything', async () => {
  const words = ['subscribed', 'unsubscribed', 'never subscribed', 'cleaned', 'spam', '', 'yes', 'no', '=1+1', 'pending']
  const person = fc.record({ who: fc.integer({ min: 0, max: 25 }), says: fc.constantFrom(...words), at: fc.constantFrom('', '2020-01-01', '2026-11-01', '2031-01-01', '01/02/2026'), first: fc.constantFrom('', 'Ann', '"Q"', 'Zoë\n'), size: fc.constantFrom('', '1', 'x') })
  const act = fc.record({ who: fc.integer({ min: 0, max: 19 }), act: fc.constantFrom('granted' as const, 'requested' as const, 'withdrawn' as const, 'imported' as const), method: fc.constantFrom('form' as const, 'store_event' as const, 'store_read' as const) })
  let turn = 0
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 30 }), fc.array(fc.tuple(fc.array(person, { minLength: 1, maxLength: 25 }), fc.constantFrom('people' as const, 'suppressions' as const), fc.constantFrom('record' as const, 'none' as const, 'unsubscribed' as const)), { minLength: 1, maxLength: 3 }), async (acts, files) => {
      const shop = await addShop(t.app, { domain: `random-${turn++}.myshopify.com`, name: 'R', currency: 'USD', timezone: 'UTC', locale: 'en', country: 'US', email: 'r@r.example' })
      await field(shop)
      const ids = await Promise.all(Array.from({ length: 20 }, (_, who) => t.addSubscriber(shop, { email: `p${who}@r.test`, consent: 'none' })))
      for (const { who, act: what, method } of acts) {
        t.clock.jump(60_000)
        await recordConsent(t.app, shop.id, [{ subscriberId: ids[who]!, purpose: 'email_marketing', act: what, basis: what === 'granted' ? 'express_single' : 'none', method, source: 'test', occurredAt: t.clock.now() }])
      }
      const pictures: string[] = []
      const done: ImportView[] = []
      for (const [lines, kind, consent] of files) {
        t.clock.jump(60_000)
        pictures.push(await picture(shop))
        const before = await standingOf(t.app, shop.id, ids)
        const entries = new Set((await t.app.db.selectDistinct({ id: consentEntries.subscriberId }).from(consentEntries).where(eq(consentEntries.shopId, shop.id))).map((row) => row.id))
        const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`
        const result = await bring(shop, ['email,status,opt out date,first name,size', ...lines.map((one) => [`P${one.who}@r.test`, one.says, one.at, one.first, one.size].map(quoted).join(','))].join('\r\n'), kind, consent)
        expect(result.state).toBe('done')
        expect(result.counts.lines).toBe(lines.length)
        const { added, changed, lowered, same, refused } = result.counts
        expect(added + changed + lowered + same + refused).toBe(lines.length)
        const after = await standingOf(t.app, shop.id, ids)
        for (const id of ids)
          if (after.get(id) === null && before.get(id) !== null) {
            expect([before.get(id), entries.has(id), kind, consent]).toEqual(['never_agreed', false, 'people', 'record'])
            expect(await newestEntry(t.app, shop.id, id)).toMatchObject({ method: 'import', basis: 'merchant_record' })
          }
        done.push(result)
      }
      for (const one of done.toReversed()) {
        t.clock.jump(60_000)
        expect(await undo(shop, one.id)).toMatchObject({ state: 'undone', undone: { stayed: 0 } })
        expect(await picture(shop)).toBe(pictures.pop())
      }
    }),
    { numRuns: isPostgres ? 3 : 6 },
  )
}, 60_000)

test('a process that dies anywhere goes on exactly; a piece is never brought in twice; stopping and undoing what is in', async () => {
  const shop = await addShop(t.app, { domain: 'kill.myshopify.com', name: 'K', currency: 'USD', timezone: 'UTC', locale: 'en', country: 'US', email: 'k@k.example' })
  const before = await picture(shop)
  const people = Array.from({ length: 2200 }, (_, i) => `k${i}@k.test`)
  const begun = async (end: string): Promise<string> => {
    const importId = await upload(t.app, shop.id, { name: 'k.csv', kind: 'people' }, Readable.from([Buffer.from(['email', ...people].join(end))]), null)
    const { mapping } = await viewImport(t.app, shop.id, importId)
    await askForComparison(t.app, shop.id, importId, '42', { mapping: { ...mapping, consent: 'record' }, origin: 'own_event', attested: true })
    await compareImport(t.app, { shopId: shop.id, importId })
    await startImport(t.app, shop.id, importId)
    return importId
  }
  const id = await begun('\n')
  // It dies at a statement of our choice, each time later, and comes back; two come back at once.
  const { db } = t.app
  const real = db.transaction.bind(db)
  for (const die of [1, 3, 1]) {
    let left = die
    db.transaction = ((work: () => Promise<unknown>) => real(async () => {
      const result = await work()
      if (--left === 0) throw new Error('killed before the commit')
      return result
    })) as typeof db.transaction
    await expect(t.handlers['imports.run']({ shopId: shop.id, importId: id })).rejects.toThrow('killed')
    db.transaction = real as typeof db.transaction
  }
  const row = async () => (await db.select().from(imports).where(eq(imports.id, id)))[0]!
  expect((await row()).state).toBe('running')
  await Promise.all([1, 2].map(() => t.handlers['imports.run']({ shopId: shop.id, importId: id })))
  expect(await row()).toMatchObject({ state: 'done', linesDone: 2200, counts: { added: 2200, refused: 0 } })
  expect([await db.$count(subscribers, eq(subscribers.shopId, shop.id)), await db.$count(consentEntries, eq(consentEntries.shopId, shop.id)), await db.$count(importPieces)]).toEqual([2200, 2200, 0])
  expect(await undo(shop, id)).toMatchObject({ state: 'undone', undone: { removed: 2200 } })
  expect(await picture(shop)).toBe(before)

  const next = await begun('\r')
  const running = runImport(t.app, { shopId: shop.id, importId: next })
  while ((await db.$count(subscribers, eq(subscribers.shopId, shop.id))) === 0) await new Promise(setImmediate)
  await stopImport(t.app, shop.id, next)
  await running
  const stopped = await viewImport(t.app, shop.id, next)
  expect(stopped).toMatchObject({ state: 'stopped', canUndo: true })
  expect(stopped.counts.added).toBeLessThan(2200)
  expect(await undo(shop, next)).toMatchObject({ state: 'undone', undone: { removed: stopped.counts.added } })
  expect(await picture(shop)).toBe(before)
})
