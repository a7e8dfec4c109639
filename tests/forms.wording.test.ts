import { createHmac } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { standingOf } from '../app/consent/mailable.ts'
import { newestEntry } from '../app/consent/record.ts'
import { shopSettings } from '../app/db/schema.ts'
import { DAY } from '../app/lib/clock.ts'
import { findByEmail } from '../app/subscribers/find.ts'
import { testApp, testEnv, type TestApp } from './app.ts'

// Words of consent that come along with a sign-up (a theme's own, without script) are evidence of what was shown. Forged, they move nothing.

const forged = '</blockquote><script>alert(1)</script><img src=x onerror=alert(2)> You won! https://evil.example/prize [[link:0]] {{ subscriber.email }}'
let t: TestApp
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())

async function signUpPlainly(email: string, wording: string): Promise<{ status: number; html: string }> {
  const all: Record<string, string> = { shop: t.shop.domain, path_prefix: '/apps/homing', timestamp: String(Math.floor(t.clock.now().getTime() / 1000)), logged_in_customer_id: '' }
  const text = Object.entries(all).map(([name, value]) => `${name}=${value}`).sort().join('')
  const query = new URLSearchParams({ ...all, signature: createHmac('sha256', testEnv.SHOPIFY_API_SECRET).update(text).digest('hex') })
  const answer = await fetch(`${t.http}/proxy/signup?${query.toString()}`, { method: 'POST', body: new URLSearchParams({ formId: 'inline', version: '0', language: 'en', page: '/', website: '', wording, email }) })
  await t.app.queue.runDue({ ...t.handlers, 'consent.write-back': async () => undefined }) // there is no store beside this app
  return { status: answer.status, html: await answer.text() }
}
const newest = async (email: string) => newestEntry(t.app, t.shop.id, (await findByEmail(t.app, t.shop.id, email))!.id)

test('the shown words are kept letter by letter, and the confirmation rests on words of ours', async () => {
  const shown = 'Avec ce bouton, j’accepte que « Fern & Fig » m’écrive. Ç’est tout : <3'
  expect((await signUpPlainly('shown@example.test', shown)).status).toBe(200)
  const entry = (await newest('shown@example.test'))!
  expect(entry).toMatchObject({ state: 'pending', evidence: { wordingAsSent: shown } })
  expect(t.outbox.at(-1)!.text).toContain(entry.wording!)
})

test('forged words reach neither a mail nor a page, and nobody is on the list by them', async () => {
  const { status, html } = await signUpPlainly('victim@example.test', forged)
  expect([status, html.includes('evil.example'), html.includes('<script>alert')]).toEqual([200, false, false])
  const mail = t.outbox.at(-1)!
  expect(mail.to).toBe('victim@example.test')
  for (const part of [mail.subject, mail.html, mail.text]) expect(part).not.toMatch(/evil\.example|You won|alert\(/)
  const page = await (await fetch(t.http + /\/confirm\/[\w.-]+/.exec(mail.text)![0])).text()
  expect(page).toContain('<form')
  expect(page).not.toMatch(/evil\.example|You won|alert\(/)
  expect((await newest('victim@example.test'))!.state).toBe('pending')
})

test('they raise nobody who said no, not even where a sign-up needs no proof', async () => {
  await t.app.db.update(shopSettings).set({ doubleOptIn: false }).where(eq(shopSettings.shopId, t.shop.id))
  const id = await t.addSubscriber(t.shop, { email: 'no@example.test', consent: 'unsubscribed' })
  t.clock.jump(2 * DAY)
  await signUpPlainly('no@example.test', forged)
  expect((await standingOf(t.app, t.shop.id, [id])).get(id)).toBe('not_confirmed')
  await signUpPlainly('single@example.test', forged)
  expect(await newest('single@example.test')).toMatchObject({ state: 'subscribed', wording: forged, wordingVersion: 'theme' }) // as shown, and known to be the theme's
})
