import { createHmac, randomBytes } from 'node:crypto'
import { and, eq } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newestEntry } from '../app/consent/record.ts'
import { inbox, suppressions } from '../app/db/schema.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import { createMailgun } from '../app/mail/mailgun.ts'
import { createOutbox, type Outbox } from '../app/mail/outbox.ts'
import { nightly } from '../app/shops/nightly.ts'
import { testApp, type TestApp } from './app.ts'
import { addMany, makeCampaign, rowsOf } from './campaign.ts'
import { testClock } from './clock.ts'

let t: TestApp
let outbox: Outbox
let id: string
let keyOf: Record<string, string>

beforeEach(async () => {
  const clock = testClock()
  // Takes mails like the outbox, verifies events like Mailgun.
  const mailgun = createMailgun({ apiKey: 'k', domain: 'mail.example.com', url: 'http://127.0.0.1:1', signingKey: 'sign', perSecond: 1, clock })
  outbox = createOutbox({ evidence: 'events' })
  t = await testApp({ mail: { ...outbox, name: 'mailgun', feedback: (headers, body, now) => mailgun.feedback!(headers, body, now) }, clock })
  await addMany(t.app, t.shop, 4)
  id = await makeCampaign(t.app, t.shop)
  await freeze(t.app, t.shop.id, id, null)
  await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
  keyOf = Object.fromEntries(outbox.taken.map((one) => [one.to, one.key]))
})
afterEach(() => t.close())

const signature = (key = 'sign'): object => {
  const [timestamp, token] = [String(Math.floor(t.clock.now().getTime() / 1000)), randomBytes(25).toString('hex')]
  return { timestamp, token, signature: createHmac('sha256', key).update(timestamp + token).digest('hex') }
}
const event = (person: number, kind: string, change: object = {}): object => ({
  event: kind, id: `${kind}-${person}`, timestamp: t.clock.now().getTime() / 1000, recipient: `person${person}@example.org`, 'user-variables': { key: keyOf[`person${person}@example.org`] }, ...change,
})
const post = (what: object, by: object = signature(), path = '/events/mailgun'): Promise<Response> =>
  fetch(t.http + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ signature: by, 'event-data': what }) })
const rowOf = async (person: number) => (await rowsOf(t.app, t.shop, id)).find((row) => row.email === `person${person}@example.org`)!
const bounce = { severity: 'permanent', reason: 'bounce', 'delivery-status': { code: 550, 'enhanced-code': '5.1.1', message: 'unknown' } }
const blocked = () => t.app.db.select({ reason: suppressions.reason }).from(suppressions).where(eq(suppressions.shopId, t.shop.id)).orderBy(suppressions.reason)

test('delivered, bounced, complained and unsubscribed reach the rows, the blocked list and the ledger', async () => {
  for (const what of [event(0, 'delivered'), event(1, 'failed', bounce), event(2, 'complained'), event(3, 'unsubscribed')]) expect((await post(what)).status).toBe(200)
  expect([(await rowOf(0)).outcome, (await rowOf(1)).outcome, (await rowOf(2)).outcome]).toEqual(['delivered', 'bounced', 'complained'])
  expect(await blocked()).toEqual([{ reason: 'bounced' }, { reason: 'complained' }])
  for (const [person, method] of [[2, 'complaint'], [3, 'one_click']] as const)
    expect(await newestEntry(t.app, t.shop.id, (await rowOf(person)).subscriberId, 'email_marketing')).toMatchObject({ state: 'unsubscribed', method, messageId: id })
})

test('a signature counts once, whatever is said under it the next time, and whoever hears it', async () => {
  const by = signature()
  expect((await post(event(0, 'delivered'), by)).status).toBe(200)
  expect((await post(event(1, 'complained'), by)).status).toBe(200) // its body is not covered by the signature: this could be anybody's
  expect((await rowOf(1)).outcome).toBeNull()
  expect(await blocked()).toEqual([])
  const racing = signature()
  const answers = await Promise.all([1, 2, 3].map((person) => post(event(person, 'complained'), racing)))
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200])
  expect(await blocked()).toHaveLength(1)
})

test('a delivery that could not be taken in may come again under its signature', async () => {
  const by = signature()
  const whole = t.app.db.transaction.bind(t.app.db)
  t.app.db.transaction = (work) => whole(async () => {
    await work()
    throw new Error('the disk is full')
  })
  expect((await post(event(0, 'complained'), by)).status).toBe(500)
  t.app.db.transaction = whole
  expect((await rowOf(0)).outcome).toBeNull()
  expect((await post(event(0, 'complained'), by)).status).toBe(200)
  expect((await rowOf(0)).outcome).toBe('complained')
})

test('what is not signed changes nothing and may come again (401); the address of another provider is not there', async () => {
  expect((await post(event(0, 'complained'), signature('other'))).status).toBe(401)
  expect((await fetch(`${t.http}/events/mailgun`, { method: 'POST' })).status).toBe(401)
  expect((await post(event(0, 'complained'), signature(), '/events/sendgrid')).status).toBe(404)
  expect((await rowOf(0)).outcome).toBeNull()
})

test('tokens are forgotten when their signatures are too old to count', async () => {
  await post(event(0, 'delivered'))
  const kept = () => t.app.db.select({ id: inbox.deliveryId }).from(inbox).where(and(eq(inbox.source, 'mailgun'), eq(inbox.topic, 'token')))
  await nightly(t.app)
  expect(await kept()).toHaveLength(1)
  t.clock.set(new Date(t.clock.now().getTime() + 25 * 3_600_000))
  await nightly(t.app)
  expect(await kept()).toHaveLength(0)
})
