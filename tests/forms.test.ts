import { createHmac } from 'node:crypto'
import { and, asc, eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newestEntry } from '../app/consent/record.ts'
import { consentEntries, deliveries, events, formVersions, messages, shopSettings, signupLimits, subscribers, suppressions } from '../app/db/schema.ts'
import { formSettings, signupInput, type FormView } from '../app/forms/contract.ts'
import { ensureForms } from '../app/forms/defaults.ts'
import { signUp } from '../app/forms/signup.ts'
import { DAY, HOUR } from '../app/lib/clock.ts'
import { standingOf } from '../app/consent/mailable.ts'
import { addressHash } from '../app/lib/crypto.ts'
import { forgetUnconfirmed } from '../app/privacy/forget-again.ts'
import type { Shop } from '../app/shops/shops.ts'
import { eraseSubscriber } from '../app/subscribers/erase.ts'
import { findByEmail } from '../app/subscribers/find.ts'
import { testApp, testEnv, type TestApp } from './app.ts'

let t: TestApp
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())
beforeEach(() => t.clock.jump(31 * DAY)) // each test begins with fresh limits

const signed = (path: string, values: Record<string, string> = {}, shop: Shop = t.shop): string => {
  const all: Record<string, string> = { shop: shop.domain, path_prefix: '/apps/homing', timestamp: String(Math.floor(t.clock.now().getTime() / 1000)), logged_in_customer_id: '', ...values }
  const text = Object.entries(all).map(([name, value]) => `${name}=${value}`).sort().join('')
  return `${t.http}${path}?${new URLSearchParams({ ...all, signature: createHmac('sha256', testEnv.SHOPIFY_API_SECRET).update(text).digest('hex') }).toString()}`
}
const send = (fields: Record<string, unknown>, shop: Shop = t.shop, ip = '203.0.113.9'): Promise<Response> =>
  fetch(signed('/proxy/signup', {}, shop), { method: 'POST', headers: { 'content-type': 'application/json', 'x-forwarded-for': ip }, body: JSON.stringify({ formId: 'inline', version: 1, elapsed: 4000, page: 'https://shop.test/pages/hello?secret=1#x', ...fields }) })
const post = async (fields: Record<string, unknown>, shop?: Shop) => (await send(fields, shop)).json() as Promise<{ ok: boolean; message: string; fields?: Record<string, string> }>
const person = (email: string, shop: Shop = t.shop) => findByEmail(t.app, shop.id, email)
const confirmations = async (shop: Shop = t.shop): Promise<number> => t.app.db.$count(messages, and(eq(messages.shopId, shop.id), eq(messages.kind, 'confirmation')))
const formOf = async (kind: 'popup' | 'inline', shop: Shop = t.shop): Promise<FormView> => ((await t.api(shop).get('/api/forms')).body.forms as FormView[]).find((form) => form.kind === kind)!
const set = (values: Partial<typeof shopSettings.$inferInsert>) => t.app.db.update(shopSettings).set(values).where(eq(shopSettings.shopId, t.shop.id))

describe('a shopper signs up', () => {
  test('from the form to the button in the mail: person, ledger, event, mail, and then on the list', async () => {
    const form = await formOf('inline')
    const reply = await post({ formId: form.id, version: form.version, email: ' New.Person@example.test', firstName: 'Nia', tracking: true, language: 'de' })
    expect(reply).toEqual({ ok: true, message: form.settings.texts.de!.success })
    const nia = (await person('new.person@example.test'))!
    expect(nia).toMatchObject({ firstName: 'Nia', locale: 'de', source: 'form' })
    const [version] = await t.app.db.select().from(formVersions).where(and(eq(formVersions.shopId, t.shop.id), eq(formVersions.formId, form.id)))
    expect(await newestEntry(t.app, t.shop.id, nia.id)).toMatchObject({
      act: 'requested', state: 'pending', method: 'form', wording: form.settings.texts.de!.consent, wordingVersion: 'inline v1', language: 'de', page: 'https://shop.test/pages/hello', formId: form.id,
      evidence: { formHash: version!.hash, formVersion: 1 },
    })
    expect(await newestEntry(t.app, t.shop.id, nia.id, 'tracking')).toMatchObject({ state: 'pending', wording: form.settings.texts.de!.tracking })
    expect(await t.app.db.select().from(events).where(and(eq(events.shopId, t.shop.id), eq(events.subscriberId, nia.id)))).toMatchObject([{ kind: 'signed_up' }])

    const handlers = { ...t.handlers, 'consent.write-back': async () => undefined }
    await t.app.queue.runDue(handlers)
    const mail = t.outbox.at(-1)!
    expect(mail).toMatchObject({ to: 'New.Person@example.test', subject: 'Bitte bestätigen Sie Ihre Anmeldung bei Fern & Fig' })
    expect(Object.fromEntries(Object.entries(mail.headers).map(([name, value]) => [name.toLowerCase(), value]))).toHaveProperty('auto-submitted')
    const links = [...mail.html.matchAll(/href="([^"]*\/confirm\/[^"]+)"/g)].map((match) => match[1]!)
    expect([links.length, mail.text.includes(links[0]!)]).toEqual([1, true])
    expect(mail.html).toContain('1 Fern Street')
    const path = new URL(links[0]!).pathname
    expect(path).toMatch(/^\/confirm\/t1\.[0-9a-z]{78}[\w-]{24}$/) // ids only: no address, no name
    t.clock.jump(HOUR)
    expect((await fetch(t.http + path)).status).toBe(200)
    expect((await newestEntry(t.app, t.shop.id, nia.id))?.state).toBe('pending')
    expect((await fetch(t.http + path, { method: 'POST' })).status).toBe(200)
    expect(await newestEntry(t.app, t.shop.id, nia.id)).toMatchObject({ state: 'subscribed', basis: 'express_confirmed', formId: form.id })
    expect(await newestEntry(t.app, t.shop.id, nia.id, 'tracking')).toMatchObject({ state: 'subscribed' })
    expect(await formOf('inline')).toMatchObject({ signups: 1, confirmed: 1 })
    expect(await formOf('inline', t.stranger)).toMatchObject({ signups: 0, confirmed: 0 })
  })

  test('without double opt-in they are on the list at once; but who said no before must prove the mailbox', async () => {
    await set({ doubleOptIn: false })
    const before = await confirmations()
    await post({ email: 'quick@example.test' })
    expect(await newestEntry(t.app, t.shop.id, (await person('quick@example.test'))!.id)).toMatchObject({ state: 'subscribed', basis: 'express_single', act: 'granted' })
    expect(await confirmations()).toBe(before)
    const refuser = await t.addSubscriber(t.shop, { email: 'said-no@example.test', consent: 'unsubscribed' })
    expect(await post({ email: 'said-no@example.test' })).toEqual(await post({ email: 'quick2@example.test' }))
    expect((await newestEntry(t.app, t.shop.id, refuser))?.state).toBe('pending')
    t.clock.jump(2 * DAY)
    await post({ email: 'said-no@example.test' })
    expect((await newestEntry(t.app, t.shop.id, refuser))?.state).toBe('pending')
    await set({ doubleOptIn: true })
  })

  test('who is subscribed gets no mail and is not changed, not even by name', async () => {
    const id = await t.addSubscriber(t.shop, { email: 'member@example.test', firstName: 'Mia', consent: 'subscribed' })
    const before = await confirmations()
    expect((await post({ email: 'MEMBER@example.test', firstName: 'Rude word', tracking: true })).ok).toBe(true)
    expect([await confirmations(), (await person('member@example.test'))?.firstName]).toEqual([before, 'Mia'])
    expect(await t.app.db.$count(consentEntries, and(eq(consentEntries.shopId, t.shop.id), eq(consentEntries.subscriberId, id)))).toBe(1)
    await t.addSubscriber(t.shop, { email: 'known@example.test', firstName: 'Kim', consent: 'none' })
    await post({ email: 'known@example.test', firstName: 'Rude word' })
    expect((await person('known@example.test'))?.firstName).toBe('Kim')
  })

  test('new, known, subscribed, blocked and forgotten addresses get the same answer', async () => {
    await t.addSubscriber(t.shop, { email: 'same-member@example.test', consent: 'subscribed' })
    const forgotten = await t.addSubscriber(t.shop, { email: 'same-erased@example.test', consent: 'subscribed' })
    await eraseSubscriber(t.app, t.shop.id, forgotten)
    for (const reason of ['bounced', 'complained', 'manual'] as const)
      await t.app.db.insert(suppressions).values({ shopId: t.shop.id, addressHash: addressHash(t.app.settings.keys, t.shop.id, `same-${reason}@example.test`), reason, detail: null, createdAt: t.clock.now() })
    const answers = await Promise.all(['new', 'member', 'erased', 'bounced', 'complained', 'manual'].map(async (name) => {
      const answer = await send({ email: `same-${name}@example.test` })
      return [answer.status, await answer.text()]
    }))
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect([await person('same-bounced@example.test'), await person('same-complained@example.test'), await person('same-manual@example.test')]).toEqual([null, null, null])
    expect((await newestEntry(t.app, t.shop.id, (await person('same-erased@example.test'))!.id))?.state).toBe('pending')
  })

  test('who was forgotten is back when they press the button in the mail, not when somebody types their address', async () => {
    await set({ doubleOptIn: false })
    const former = await t.addSubscriber(t.shop, { email: 'returns@example.test', consent: 'subscribed' })
    await eraseSubscriber(t.app, t.shop.id, former)
    await post({ email: 'returns@example.test' })
    const { id } = (await person('returns@example.test'))!
    expect((await standingOf(t.app, t.shop.id, [id])).get(id)).toBe('erased')
    await t.app.queue.runDue({ ...t.handlers, 'consent.write-back': async () => undefined })
    const mail = t.outbox.at(-1)!
    expect(mail.to).toBe('returns@example.test')
    const path = new URL(/href="([^"]*\/confirm\/[^"]+)"/.exec(mail.html)![1]!).pathname
    expect((await fetch(t.http + path)).status).toBe(200)
    expect((await standingOf(t.app, t.shop.id, [id])).get(id)).toBe('erased')
    expect((await fetch(t.http + path, { method: 'POST' })).status).toBe(200)
    expect((await standingOf(t.app, t.shop.id, [id])).get(id)).toBeNull()
    await set({ doubleOptIn: true })
  })

  test('unanswered, what the form brought of somebody who was forgotten is forgotten again when the mail is no good any more', async () => {
    await eraseSubscriber(t.app, t.shop.id, await t.addSubscriber(t.shop, { email: 'typed@example.test', consent: 'subscribed' }))
    await post({ email: 'typed@example.test' })
    await forgetUnconfirmed(t.app)
    expect(await person('typed@example.test')).not.toBeNull()
    t.clock.jump(31 * DAY)
    await forgetUnconfirmed(t.app)
    expect(await person('typed@example.test')).toBeNull()
  })

  test('a browser that refuses tracking is believed, whatever is ticked', async () => {
    await post({ email: 'gpc@example.test', tracking: true, gpc: true })
    expect(await newestEntry(t.app, t.shop.id, (await person('gpc@example.test'))!.id, 'tracking')).toMatchObject({ state: 'unsubscribed' })
  })

  test('is told beside the field what is wrong, in their language; nothing is stored', async () => {
    const before = await t.app.db.$count(subscribers)
    for (const email of ['', 'nobody', 'a@b', 'a b@example.test', 'x@example.test\r\nBcc: y@example.test', '<x@example.test>', `${'x'.repeat(300)}@example.test`])
      expect(await post({ email, language: 'fr' })).toMatchObject({ ok: false, fields: { email: 'Cela ne ressemble pas à une adresse e-mail.' } })
    expect(await t.app.db.$count(subscribers)).toBe(before)
  })

  test('with the theme’s own words (no script): the words come along, and a page answers', async () => {
    const plain = (fields: Record<string, string>): Promise<Response> => fetch(signed('/proxy/signup'), { method: 'POST', body: new URLSearchParams({ formId: 'inline', version: '0', language: 'de', page: '/', website: '', ...fields }) })
    const answer = await plain({ email: 'plain@example.test', wording: 'Fern & Fig darf mir schreiben, jederzeit abbestellbar.' })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')])
    expect(await answer.text()).toContain('<html lang="de"')
    expect(await newestEntry(t.app, t.shop.id, (await person('plain@example.test'))!.id)).toMatchObject({
      wording: (await formOf('inline')).settings.texts.de!.consent, wordingVersion: expect.stringMatching(/^inline v/), evidence: { wordingAsSent: 'Fern & Fig darf mir schreiben, jederzeit abbestellbar.' },
    })
    const bad = await plain({ email: '"><script>alert(1)</script>' })
    expect([bad.status, (await bad.text()).includes('<script')]).toEqual([422, false])
  })

  test('a form that is off, an unknown one, another shop’s, and a shop without a sender take nobody', async () => {
    const popup = await formOf('popup')
    const theirs = await formOf('inline', t.stranger)
    for (const formId of [popup.id, 'popup', 'nonsense', theirs.id]) expect((await post({ formId, email: 'off@example.test' })).ok).toBe(false)
    await set({ senderEmail: '' })
    expect((await post({ email: 'off@example.test' })).ok).toBe(false)
    await set({ senderEmail: 'ada@fern-and-fig.example' })
    expect(await person('off@example.test')).toBeNull()
    expect(await person('off@example.test', t.stranger)).toBeNull()
  })
})

describe('the shop’s forms', () => {
  test('each shop has a pop-up that is off and an inline form that is on, naming it, in three languages; once', async () => {
    await Promise.all([ensureForms(t.app, t.stranger), ensureForms(t.app, t.stranger), t.api(t.stranger).get('/api/forms')])
    const { body } = await t.api(t.stranger).get('/api/forms')
    expect(body.forms.map((form: FormView) => [form.kind, form.status, Object.keys(form.settings.texts).toSorted()])).toEqual([['popup', 'off', ['de', 'en', 'fr']], ['inline', 'on', ['de', 'en', 'fr']]])
    for (const form of body.forms as FormView[]) {
      expect(formSettings.parse(form.settings)).toEqual(form.settings)
      for (const texts of Object.values(form.settings.texts)) expect(texts.consent).toContain('Kiln & Kettle')
    }
    expect([body.embedUrl, body.blockUrl]).toEqual([
      'https://kiln-and-kettle.myshopify.com/admin/themes/current/editor?context=apps&template=index&activateAppId=test-client-id/popup',
      'https://kiln-and-kettle.myshopify.com/admin/themes/current/editor?template=index&addAppBlockId=test-client-id/signup&target=newAppsSection',
    ])
  })

  test('a published change is a version of its own with its hash; the old words stay on record', async () => {
    const before = await formOf('popup')
    const settings = structuredClone(before.settings)
    settings.texts.en!.consent = 'New words: Fern & Fig may write to me, and I can leave at any time.'
    const saved = await t.api(t.shop).put(`/api/forms/${before.id}`, { name: 'Spring pop-up', status: 'on', settings, version: before.version })
    expect(saved.body).toMatchObject({ version: 2, name: 'Spring pop-up', status: 'on' })
    const versions = await t.app.db.select().from(formVersions).where(and(eq(formVersions.shopId, t.shop.id), eq(formVersions.formId, before.id))).orderBy(asc(formVersions.version))
    expect([versions.length, new Set(versions.map((v) => v.hash)).size]).toEqual([2, 2])
    // A shopper who still had the old page open agreed to the old words.
    await post({ formId: before.id, version: 1, email: 'old-words@example.test' })
    expect(await newestEntry(t.app, t.shop.id, (await person('old-words@example.test'))!.id)).toMatchObject({ wording: before.settings.texts.en!.consent, wordingVersion: 'popup v1' })
    const off = await t.api(t.shop).put(`/api/forms/${before.id}`, { name: 'Spring pop-up', status: 'off', settings, version: 2 })
    expect(off.body).toMatchObject({ version: 2, status: 'off' })
  })

  test('two windows cannot overwrite each other; faults are named; the stranger cannot reach it', async () => {
    const form = await formOf('inline')
    const input = { name: 'Mine', status: 'on', settings: form.settings, version: form.version }
    const other = structuredClone(form.settings)
    other.texts.en!.heading = 'Changed'
    expect((await t.api(t.shop).put(`/api/forms/${form.id}`, { ...input, settings: other })).status).toBe(200)
    expect((await t.api(t.shop).put(`/api/forms/${form.id}`, input)).status).toBe(409)
    const empty = structuredClone(form.settings)
    empty.texts.en!.consent = 'too short'
    const refused = await t.api(t.shop).put(`/api/forms/${form.id}`, { ...input, version: form.version + 1, settings: empty })
    expect([refused.status, Object.keys(refused.body.error.fields)]).toEqual([422, ['settings.texts.en.consent']])
    expect([(await t.api(t.stranger).get(`/api/forms/${form.id}`)).status, (await t.api(t.stranger).put(`/api/forms/${form.id}`, input)).status]).toEqual([404, 404])
  })

  test('a shopper meets the form in their language, else in the shop’s; one that is off is not there', async () => {
    const form = async (query: Record<string, string>, shop?: Shop) => ((await (await fetch(signed('/proxy/form', query, shop))).json()) as { form: { language: string; id: string } | null }).form
    expect([(await form({ kind: 'inline', locale: 'fr-CA' }))?.language, (await form({ kind: 'inline', locale: 'ja' }))?.language, (await form({ kind: 'inline', locale: 'ja' }, t.stranger))?.language]).toEqual(['fr', 'en', 'de'])
    expect(await form({ kind: 'popup', locale: 'en' })).toBeNull()
    expect((await form({ kind: 'inline', locale: 'en' }))?.id).not.toBe((await form({ kind: 'inline', locale: 'en' }, t.stranger))?.id)
  })
})

describe('the form is no weapon', () => {
  test('a machine that fills the hidden field or is too fast hears the same friendly words, and nothing is stored', async () => {
    const good = await post({ email: 'human@example.test' })
    const before = [await t.app.db.$count(subscribers), await confirmations()]
    expect(await post({ email: 'bot1@example.test', website: 'https://spam.example' })).toEqual(good)
    expect(await post({ email: 'bot2@example.test', elapsed: 40 })).toEqual(good)
    expect([await t.app.db.$count(subscribers), await confirmations()]).toEqual(before)
  })

  test('300 sign-ups for 5 people from 60 networks: one mail each in 24 hours, three in 30 days', async () => {
    const victims = ['one@example.test', 'two@example.test', 'three@example.test', 'four@gmail.com', 'five@example.test']
    const spellings = (address: string, i: number): string => (i % 3 === 0 ? address.toUpperCase() : i % 3 === 1 ? address.replace('@', `+${i}@`) : address === 'four@gmail.com' ? 'f.o.u.r@googlemail.com' : address)
    const attack = async (count: number): Promise<void> => {
      const input = (i: number) => signupInput.parse({ formId: 'inline', version: 1, email: spellings(victims[i % 5]!, i), elapsed: 3000 })
      for (let at = 0; at < count; at += 50) await Promise.all(Array.from({ length: Math.min(50, count - at) }, (_, i) => signUp(t.app, t.shop, input(at + i), `198.51.${(at + i) % 60}.7`)))
    }
    const start = await confirmations()
    await attack(300)
    expect(await confirmations()).toBe(start + 5)
    t.clock.jump(23 * HOUR)
    await attack(100)
    expect(await confirmations()).toBe(start + 5)
    for (let day = 0; day < 10; day++) {
      t.clock.jump(DAY + 1000)
      await attack(15)
    }
    expect(await confirmations()).toBe(start + 15)
    const rows = await t.app.db.select().from(deliveries).where(eq(deliveries.shopId, t.shop.id)).orderBy(asc(deliveries.createdAt))
    expect(rows.filter((row) => /one/i.test(row.email))).toHaveLength(3)
  }, 120_000)

  test('one network gets so many, then is told to wait; the limit keeps no address of anybody', async () => {
    const replies = await Promise.all(Array.from({ length: 40 }, (_, i) => signUp(t.app, t.shop, signupInput.parse({ formId: 'inline', version: 1, email: `crowd${i}@example.test`, elapsed: 3000 }), `192.0.2.${i}`)))
    expect(replies.filter((reply) => reply.ok)).toHaveLength(30)
    expect((await signUp(t.app, t.stranger, signupInput.parse({ formId: 'inline', version: 1, email: 'crowd@example.test', elapsed: 3000 }), '192.0.2.1')).ok).toBe(true)
    const kept = JSON.stringify(await t.app.db.select().from(signupLimits))
    for (const trace of ['192.0.2', 'crowd', 'example']) expect(kept).not.toContain(trace)
  })
})
