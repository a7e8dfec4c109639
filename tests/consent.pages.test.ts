import { createHash } from 'node:crypto'
import { and, asc, eq } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newestEntry, recordConsent } from '../app/consent/record.ts'
import { consentEntries, events, jobs, shops, shopSettings, subscribers } from '../app/db/schema.ts'
import { DAY } from '../app/lib/clock.ts'
import { newId } from '../app/lib/ids.ts'
import { signLink, type LinkPurpose } from '../app/lib/tokens.ts'
import type { Shop } from '../app/shops/shops.ts'
import { eraseSubscriber } from '../app/subscribers/erase.ts'
import { mergeSubscribers } from '../app/subscribers/merge.ts'
import { testApp, type TestApp } from './app.ts'

let t: TestApp
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())

let n = 0
const someone = (extra: Partial<Parameters<TestApp['addSubscriber']>[1]> = {}, shop: Shop = t.shop): Promise<string> => t.addSubscriber(shop, { email: `p${++n}@example.test`, consent: 'subscribed', ...extra })
const link = (purpose: LinkPurpose, subscriberId: string, messageId = newId(t.clock.now()), shop: Shop = t.shop): string => signLink(t.app.settings.keys, purpose, { shopId: shop.id, messageId, subscriberId })
const state = async (id: string, purpose: 'email_marketing' | 'tracking' = 'email_marketing', shop: Shop = t.shop) => (await newestEntry(t.app, shop.id, id, purpose))?.state
const open = (path: string, init: RequestInit = {}): Promise<Response> => fetch(t.http + path, { redirect: 'manual', ...init })
const form = (fields: Record<string, string>): RequestInit => ({ method: 'POST', body: new URLSearchParams(fields) })
const snapshot = async (): Promise<string> => {
  const tables = [consentEntries, events, subscribers, shops]
  const rows = await Promise.all(tables.map((table) => t.app.db.select().from(table)))
  return createHash('sha256').update(JSON.stringify([rows.map((r) => r.map((row) => JSON.stringify(row)).toSorted()), await t.app.db.$count(jobs)])).digest('hex')
}
async function request(id: string, at = t.clock.now(), shop: Shop = t.shop): Promise<string> {
  const requestId = newId(at)
  await recordConsent(t.app, shop.id, [{ subscriberId: id, purpose: 'email_marketing', act: 'requested', basis: 'none', method: 'form', source: 'Form "Newsletter"', wording: 'Fern & Fig may write to me <soon>.', wordingVersion: 'inline v1', language: 'en', messageId: requestId, occurredAt: at }])
  return requestId
}

describe('one click (RFC 8058)', () => {
  const bodies: [string, () => RequestInit][] = [
    ['urlencoded', () => ({ method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'List-Unsubscribe=One-Click' })],
    ['multipart', () => {
      const body = new FormData()
      body.set('List-Unsubscribe', 'One-Click')
      return { method: 'POST', body }
    }],
    ['no body at all', () => ({ method: 'POST' })],
    ['a body that nobody can read', () => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"broken' })],
  ]
  test.each(bodies)('works with %s: 200, no redirect, no cookie, in effect at once', async (_name, body) => {
    const id = await someone()
    const messageId = newId(t.clock.now())
    const answer = await open(`/u/${link('unsubscribe', id, messageId)}`, body())
    expect([answer.status, answer.headers.get('location'), answer.headers.get('set-cookie')]).toEqual([200, null, null])
    expect(await newestEntry(t.app, t.shop.id, id)).toMatchObject({ state: 'unsubscribed', method: 'one_click', messageId })
    const told = await t.app.db.select().from(events).where(and(eq(events.shopId, t.shop.id), eq(events.subscriberId, id)))
    expect(told).toMatchObject([{ kind: 'unsubscribed', messageId }])
  })

  test('pressed twice is one withdrawal and one event', async () => {
    const id = await someone()
    const path = `/u/${link('unsubscribe', id)}`
    await Promise.all([open(path, { method: 'POST' }), open(path, { method: 'POST' }), open(path, { method: 'POST' })])
    t.clock.jump(DAY)
    expect((await open(path, { method: 'POST' })).status).toBe(200)
    expect(await t.app.db.$count(events, and(eq(events.shopId, t.shop.id), eq(events.subscriberId, id)))).toBe(1)
  })

  test('works 400 days later, after the shop has left, for a merged and for an erased person', async () => {
    const id = await someone()
    const kept = await someone()
    const gone = await someone()
    const paths = [id, kept, gone].map((one) => `/u/${link('unsubscribe', one)}`)
    const merged = await someone()
    const mergedPath = `/u/${link('unsubscribe', merged)}`
    await mergeSubscribers(t.app, t.shop.id, kept, merged)
    await eraseSubscriber(t.app, t.shop.id, gone)
    await t.app.db.update(shops).set({ status: 'uninstalled' }).where(eq(shops.id, t.shop.id))
    t.clock.jump(400 * DAY)
    for (const path of [...paths, mergedPath]) expect((await open(path, { method: 'POST' })).status).toBe(200)
    await t.app.db.update(shops).set({ status: 'installed' }).where(eq(shops.id, t.shop.id))
    expect([await state(id), await state(kept), await state(gone)]).toEqual(['unsubscribed', 'unsubscribed', undefined])
  })

  test('leaves the same person alone in another shop', async () => {
    const mine = await someone({ email: 'two-shops@example.test' })
    const theirs = await someone({ email: 'two-shops@example.test' }, t.stranger)
    await open(`/u/${link('unsubscribe', mine)}`, { method: 'POST' })
    expect(await state(theirs, 'email_marketing', t.stranger)).toBe('subscribed')
    // A token that names one shop's person under another shop finds nobody.
    await open(`/u/${link('unsubscribe', theirs)}`, { method: 'POST' })
    expect(await state(theirs, 'email_marketing', t.stranger)).toBe('subscribed')
  })
})

describe('links that are not ours', () => {
  test('any changed byte, another purpose and plain nonsense get the same page and change nothing', async () => {
    const id = await someone()
    const good = link('unsubscribe', id)
    const before = await snapshot()
    const plain = await (await open('/u/nonsense')).text()
    const mutated = fc.tuple(fc.integer({ min: 0, max: good.length - 1 }), fc.constantFrom('A', 'b', 'Z', '0', '9', '_', '-', '.'))
    const forged = fc.sample(mutated, 60).map(([at, letter]) => good.slice(0, at) + letter + good.slice(at + 1)).filter((token) => token !== good)
    for (const token of [...forged, link('confirm', id), link('click', id), link('open', id), good.slice(0, -1), `${good}A`, '%00', '..%2f'])
      for (const [method, path] of [['POST', '/u/'], ['GET', '/u/'], ['POST', '/p/'], ['GET', '/confirm/']] as const) {
        const answer = await open(path + token, { method })
        expect([answer.status, await answer.text()]).toEqual([404, plain])
      }
    expect(await snapshot()).toBe(before)
  })
})

describe('machines that open links', () => {
  test('GET and HEAD of every page, ten times, change nothing', async () => {
    const id = await someone()
    const waiting = await someone({ consent: 'none' })
    const requestId = await request(waiting)
    const paths = [`/u/${link('unsubscribe', id)}`, `/p/${link('preferences', id)}`, `/confirm/${link('confirm', waiting, requestId)}`, `/u/${link('unsubscribe', id)}?from=page`]
    const before = await snapshot()
    for (let round = 0; round < 10; round++)
      for (const path of paths) for (const method of ['GET', 'HEAD']) expect((await open(path, { method })).status).toBe(200)
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) await open(`${paths[0]}/undo`, { method })
    expect(await snapshot()).toBe(before)
  })

  test('pages work without script, are not indexed, framed or cached, and set no cookie', async () => {
    const id = await someone()
    for (const path of [`/u/${link('unsubscribe', id)}`, `/p/${link('preferences', id)}`, '/u/nonsense']) {
      const answer = await open(path)
      const html = await answer.text()
      expect(html).not.toMatch(/<script|javascript:|\son\w+=/i)
      expect(html).toContain('<meta name="robots" content="noindex, nofollow">')
      expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/)
      expect([answer.headers.get('cache-control'), answer.headers.get('referrer-policy'), answer.headers.get('set-cookie')]).toEqual(['no-store', 'no-referrer', null])
    }
  })

  test('nothing that a shop or a person is called becomes markup, and no whole address is shown', async () => {
    const evil = '"><script>alert(1)</script>'
    await t.app.db.update(shops).set({ name: evil }).where(eq(shops.id, t.shop.id))
    const id = await someone({ email: 'very.private.person@example.test', firstName: evil })
    for (const path of [`/u/${link('unsubscribe', id)}`, `/p/${link('preferences', id)}`]) {
      const html = await (await open(path)).text()
      expect(html).not.toContain('<script')
      expect(html).not.toContain('very.private')
      expect(html).toContain('v•••@example.test')
    }
    await t.app.db.update(shops).set({ name: t.shop.name }).where(eq(shops.id, t.shop.id))
  })
})

describe('the unsubscribe page', () => {
  test('its button unsubscribes, and "that was a mistake" puts one back, confirmed as before', async () => {
    const id = await someone()
    const path = `/u/${link('unsubscribe', id)}`
    expect(await (await open(path)).text()).toContain('Unsubscribe</button>')
    const left = await (await open(`${path}?from=page`, { method: 'POST' })).text()
    expect(left).toContain('You are unsubscribed')
    expect(await newestEntry(t.app, t.shop.id, id)).toMatchObject({ state: 'unsubscribed', method: 'unsubscribe_page' })
    t.clock.jump(5_000)
    expect((await open(`${path}/undo`, { method: 'POST' })).status).toBe(200)
    expect(await newestEntry(t.app, t.shop.id, id)).toMatchObject({ state: 'subscribed', act: 'granted', basis: 'express_confirmed', wording: expect.stringContaining('Sign me up again') })
  })

  test('nobody comes onto the list by an undo who was not on it', async () => {
    const id = await someone({ consent: 'none' })
    const path = `/u/${link('unsubscribe', id)}`
    await open(path, { method: 'POST' })
    await open(`${path}/undo`, { method: 'POST' })
    expect(await state(id)).toBe('unsubscribed')
  })

  test('speaks the person’s language, else the shop’s', async () => {
    const german = await (await open(`/u/${link('unsubscribe', await someone({ locale: 'de-AT' }))}`)).text()
    expect(german).toContain('<html lang="de"')
    expect(german).toContain('Abmelden</button>')
    const french = await (await open(`/u/${link('unsubscribe', await someone({ locale: 'fr' }))}`)).text()
    expect(french).toContain('Se désinscrire</button>')
    const cleos = await (await open(`/u/${link('unsubscribe', await someone({}, t.stranger), undefined, t.stranger)}`)).text()
    expect(cleos).toContain('<html lang="de"')
  })
})

describe('the confirmation page', () => {
  test('its button, and only its button, subscribes; the ledger keeps words, version and language of the sign-up', async () => {
    const id = await someone({ consent: 'none' })
    const path = `/confirm/${link('confirm', id, await request(id))}`
    const page = await (await open(path)).text()
    expect(page).toContain('Yes, sign me up')
    expect(page).toContain('Fern &amp; Fig may write to me &lt;soon&gt;.')
    expect(page).toMatch(/<input type="checkbox" name="tracking" value="on">/)
    t.clock.jump(1000)
    expect((await open(path, form({}))).status).toBe(200)
    expect(await newestEntry(t.app, t.shop.id, id)).toMatchObject({ state: 'subscribed', act: 'confirmed', basis: 'express_confirmed', method: 'double_opt_in', wording: 'Fern & Fig may write to me <soon>.', wordingVersion: 'inline v1', language: 'en' })
    expect(await state(id, 'tracking')).toBeUndefined()
    await open(path, form({}))
    expect(await t.app.db.$count(events, and(eq(events.shopId, t.shop.id), eq(events.subscriberId, id)))).toBe(1)
    expect(await (await open(path)).text()).toContain('You are on the list')
  })

  test('a ticked box is a consent of its own, with its words', async () => {
    const id = await someone({ consent: 'none' })
    const path = `/confirm/${link('confirm', id, await request(id))}`
    await open(path, form({ tracking: 'on' }))
    expect(await newestEntry(t.app, t.shop.id, id, 'tracking')).toMatchObject({ state: 'subscribed', method: 'double_opt_in', wording: expect.stringContaining('may see which mails I open') })
  })

  test('a browser that refuses tracking is not asked, told so, and believed', async () => {
    const id = await someone({ consent: 'none' })
    const path = `/confirm/${link('confirm', id, await request(id))}`
    const page = await (await open(path, { headers: { 'sec-gpc': '1' } })).text()
    expect(page).not.toContain('name="tracking"')
    expect(page).toContain('you do not want to be tracked')
    await open(path, { ...form({ tracking: 'on' }), headers: { 'sec-gpc': '1' } })
    expect([await state(id), await state(id, 'tracking')]).toEqual(['subscribed', 'unsubscribed'])
  })

  test('a shop that records nothing does not ask, and a tick that was made up counts for nothing', async () => {
    await t.app.db.update(shopSettings).set({ tracking: 'off' }).where(eq(shopSettings.shopId, t.shop.id))
    const id = await someone({ consent: 'none' })
    const path = `/confirm/${link('confirm', id, await request(id))}`
    expect(await (await open(path)).text()).not.toContain('name="tracking"')
    await open(path, form({ tracking: 'on' }))
    await t.app.db.update(shopSettings).set({ tracking: 'by_law' }).where(eq(shopSettings.shopId, t.shop.id))
    expect([await state(id), await state(id, 'tracking')]).toEqual(['subscribed', undefined])
  })

  test('after 30 days it asks to sign up again and confirms nothing', async () => {
    const id = await someone({ consent: 'none' })
    const path = `/confirm/${link('confirm', id, await request(id))}`
    t.clock.jump(30 * DAY - 1000)
    expect((await open(path)).status).toBe(200)
    t.clock.jump(2000)
    expect([(await open(path)).status, (await open(path, form({}))).status]).toEqual([410, 410])
    expect(await state(id)).toBe('pending')
  })

  test('a link for somebody else’s sign-up confirms nobody', async () => {
    const id = await someone({ consent: 'none' })
    const other = await someone({ consent: 'none' })
    const requestId = await request(id)
    expect((await open(`/confirm/${link('confirm', other, requestId)}`, form({}))).status).toBe(404)
    expect([await state(id), await state(other)]).toEqual(['pending', undefined])
  })
})

test('a sign-up is confirmed in the language in which it was made', async () => {
  const id = await someone({ consent: 'none' })
  const requestId = newId(t.clock.now())
  await recordConsent(t.app, t.shop.id, [{ subscriberId: id, purpose: 'email_marketing', act: 'requested', basis: 'none', method: 'form', source: 'Form', language: 'fr', messageId: requestId, occurredAt: t.clock.now() }])
  expect(await (await open(`/confirm/${link('confirm', id, requestId)}`)).text()).toContain('Oui, je m’inscris')
})

describe('the preference page', () => {
  test('shows what is true and writes down only what was changed', async () => {
    const id = await someone({ country: 'DE' })
    const path = `/p/${link('preferences', id)}`
    const page = await (await open(path)).text()
    expect(page).toContain('name="mail" value="on" checked')
    expect(page).toContain('name="tracking" value="on">')
    const entries = (): Promise<number> => t.app.db.$count(consentEntries, and(eq(consentEntries.shopId, t.shop.id), eq(consentEntries.subscriberId, id)))
    await open(path, form({ mail: 'on', asked: 'tracking' }))
    expect(await entries()).toBe(1)
    t.clock.jump(1000)
    await open(path, form({ mail: 'on', tracking: 'on', asked: 'tracking' }))
    expect([await state(id), await state(id, 'tracking'), await entries()]).toEqual(['subscribed', 'subscribed', 2])
    await open(path, form({ asked: 'tracking' }))
    expect([await state(id), await state(id, 'tracking')]).toEqual(['unsubscribed', 'unsubscribed'])
    t.clock.jump(1000)
    const saved = await (await open(path, form({ mail: 'on', asked: 'tracking' }))).text()
    expect(saved).toContain('role="status"')
    expect([await state(id), await state(id, 'tracking')]).toEqual(['subscribed', 'unsubscribed'])
  })

  test('a withdrawal there is told to the store, like any other', async () => {
    const id = await someone({ platformId: '4711' })
    await open(`/p/${link('preferences', id)}`, form({ asked: 'tracking' }))
    const told: unknown[] = []
    const handlers = { ...t.handlers, 'consent.write-back': async (job: unknown) => void told.push(job) }
    await t.app.queue.runDue(handlers as typeof t.handlers, { keepGoing: true })
    expect(told).toContainEqual({ shopId: t.shop.id, subscriberId: id })
  })
})

test('the ledger of this shop has no entry of the stranger’s people, and the other way round', async () => {
  const rows = await t.app.db.select({ shopId: consentEntries.shopId, subscriberId: consentEntries.subscriberId }).from(consentEntries).orderBy(asc(consentEntries.seq))
  const people = new Map((await t.app.db.select().from(subscribers)).map((person) => [person.id, person.shopId]))
  expect(rows.filter((row) => (people.get(row.subscriberId) ?? row.shopId) !== row.shopId)).toEqual([])
})
