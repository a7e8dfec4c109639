import { generateKeyPairSync, sign } from 'node:crypto'
import { and, eq } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import fc from 'fast-check'
import { newestEntry } from '../app/consent/record.ts'
import { deliveries, events, subscribers, suppressions } from '../app/db/schema.ts'
import { takeFeedback } from '../app/deliveries/feedback.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import { createOutbox, type Outbox } from '../app/mail/outbox.ts'
import type { Feedback, MailProvider } from '../app/mail/provider.ts'
import { createSendGrid } from '../app/mail/sendgrid.ts'
import { addMany, makeCampaign, rowsOf } from './campaign.ts'
import { testClock } from './clock.ts'
import { testApp, type TestApp } from './app.ts'

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
let t: TestApp
let outbox: Outbox
let id: string
let keyOf: Record<string, string>

beforeEach(async () => {
  const clock = testClock()
  // Takes mails like the outbox, verifies events like SendGrid.
  const sendGrid = createSendGrid({ apiKey: 'SG.test', url: 'http://127.0.0.1:1', webhookKey: keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'), perSecond: 1, clock })
  outbox = createOutbox({ evidence: 'events' })
  const mail: MailProvider = { ...outbox, name: 'sendgrid', feedback: (headers, body, now) => sendGrid.feedback!(headers, body, now) }
  t = await testApp({ mail, clock })
  await addMany(t.app, t.shop, 4)
  id = await makeCampaign(t.app, t.shop)
  await freeze(t.app, t.shop.id, id, null)
  await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
  keyOf = Object.fromEntries(outbox.taken.map((one) => [one.to, one.key]))
})
afterEach(() => t.close())

const post = (body: string, change: { headers?: Record<string, string>; key?: typeof keys.privateKey; age?: number } = {}): Promise<Response> => {
  const timestamp = String(Math.floor(t.clock.now().getTime() / 1000) - (change.age ?? 0))
  const signature = sign('sha256', Buffer.from(timestamp + body), change.key ?? keys.privateKey).toString('base64')
  return fetch(`${t.http}/events/sendgrid`, {
    method: 'POST', body,
    headers: { 'content-type': 'application/json', 'x-twilio-email-event-webhook-timestamp': timestamp, 'x-twilio-email-event-webhook-signature': signature, ...change.headers },
  })
}
const event = (person: number, kind: string, change: object = {}): object => ({
  email: `person${person}@example.org`, timestamp: Math.floor(t.clock.now().getTime() / 1000), event: kind, sg_event_id: `${kind}-${person}`, sg_message_id: 'x', key: keyOf[`person${person}@example.org`], ...change,
})
const rowOf = async (person: number) => (await rowsOf(t.app, t.shop, id)).find((row) => row.email === `person${person}@example.org`)!
const logged = () => t.app.db.select().from(events).where(eq(events.shopId, t.shop.id)).orderBy(events.dedupeKey)
const blocked = async () => (await t.app.db.select({ hash: suppressions.addressHash, reason: suppressions.reason }).from(suppressions).where(eq(suppressions.shopId, t.shop.id)).orderBy(suppressions.addressHash, suppressions.reason))

test('delivered, bounced and complained reach the rows, the log, the blocked list and the ledger', async () => {
  const body = JSON.stringify([
    event(0, 'processed'), event(0, 'delivered'), event(1, 'bounce', { type: 'bounce', status: '5.1.1', reason: '550 5.1.1 <person1@example.org> unknown' }), event(2, 'delivered'), event(2, 'spamreport'),
    event(3, 'bounce', { type: 'blocked', reason: 'mailbox full' }), event(0, 'open'), event(0, 'click', { url: 'http://127.0.0.1:1/canary' }),
  ])
  const before = t.app.db.statements()
  expect((await post(body)).status).toBe(200)
  expect(t.app.db.statements() - before).toBeLessThan(24)
  expect([(await rowOf(0)).outcome, (await rowOf(1)).outcome, (await rowOf(2)).outcome, (await rowOf(3)).outcome]).toEqual(['delivered', 'bounced', 'complained', null])
  const log = await logged()
  expect(log.map((one) => one.dedupeKey)).toEqual(['mail:bounce-1', 'mail:bounce-3', 'mail:delivered-0', 'mail:delivered-2', 'mail:spamreport-2'])
  expect(log.map((one) => one.kind)).toEqual(['bounced', 'blocked', 'delivered', 'delivered', 'complained'])
  expect(JSON.stringify(log)).not.toContain('@example.org')
  const people = await t.app.db.select().from(subscribers).where(eq(subscribers.shopId, t.shop.id))
  const hash = (n: number): string => people.find((one) => one.emailKey === `person${n}@example.org`)!.addressHash
  expect(new Set(await blocked())).toEqual(new Set([{ hash: hash(1), reason: 'bounced' }, { hash: hash(2), reason: 'complained' }]))
  const complainer = people.find((one) => one.emailKey === 'person2@example.org')!
  expect(await newestEntry(t.app, t.shop.id, complainer.id)).toMatchObject({ state: 'unsubscribed', method: 'complaint', messageId: id })
  const next = await makeCampaign(t.app, t.shop)
  expect(await freeze(t.app, t.shop.id, next, null)).toEqual({ everybody: 4, audience: 2 })
})

test('nothing forged gets in', async () => {
  const body = JSON.stringify([event(0, 'spamreport')])
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const forged = [
    await post(body, { key: stranger }),
    await post(body, { age: 700 }),
    await post(body, { age: -700 }),
    await post(body, { headers: { 'x-twilio-email-event-webhook-signature': '' } }),
    await post(body, { headers: { 'x-twilio-email-event-webhook-timestamp': '1' } }),
    await post(body, { headers: { 'x-twilio-email-event-webhook-signature': 'AAAA' } }),
    await fetch(`${t.http}/events/sendgrid`, { method: 'POST', body }),
    await fetch(`${t.http}/events/sendgrid`, { method: 'POST' }),
  ]
  expect(forged.map((reply) => reply.status)).toEqual(forged.map(() => 401))
  expect(await logged()).toEqual([])
  expect(await blocked()).toEqual([])
  expect((await rowOf(0)).outcome).toBeNull()
})

test('unknown keys, other accounts and nonsense are answered and change nothing', async () => {
  for (const body of ['[]', '{}', 'not json', '[null,1,"x",[]]', JSON.stringify([event(0, 'delivered', { key: 'somebody-else' })]), JSON.stringify([event(0, 'delivered', { key: undefined })]), JSON.stringify([event(0, 'group_resubscribe')])])
    expect((await post(body)).status, body).toBe(200)
  expect(await logged()).toEqual([])
})

test('events in any order, any number of times, in any portions, end the same', { timeout: 60_000 }, async () => {
  const at = (minute: number): Date => new Date(t.clock.now().getTime() + minute * 60_000)
  const item = (person: number, kind: Feedback['kind'], minute: number, detail: string | null = null): Feedback => ({ id: `${kind}-${person}-${minute}`, key: keyOf[`person${person}@example.org`]!, kind, at: at(minute), detail, machine: false })
  const all = [item(0, 'processed', 0), item(0, 'delivered', 1), item(0, 'delivered', 5), item(0, 'complained', 9), item(1, 'deferred', 1), item(1, 'bounced', 3), item(1, 'bounced', 8), item(1, 'delivered', 2), item(2, 'delivered', 4), item(2, 'bounced', 60, 'Invalid'), item(3, 'dropped', 1, 'Bounced Address')]
  const state = async (): Promise<unknown> => ({
    rows: (await rowsOf(t.app, t.shop, id)).map((row) => [row.email, row.state, row.outcome, row.outcomeAt]),
    log: (await logged()).map((one) => [one.dedupeKey, one.kind, one.at]),
    blocked: await blocked(),
  })
  const reset = async (): Promise<void> => {
    await t.app.db.delete(events).where(eq(events.shopId, t.shop.id))
    await t.app.db.delete(suppressions).where(eq(suppressions.shopId, t.shop.id))
    await t.app.db.update(deliveries).set({ outcome: null, outcomeAt: null, state: 'posting', acceptedAt: null }).where(and(eq(deliveries.shopId, t.shop.id), eq(deliveries.messageId, id)))
  }
  await reset()
  await takeFeedback(t.app, all)
  const expected = await state()
  expect(JSON.stringify(expected)).toContain('complained')
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }), fc.integer({ min: 1, max: 25 }), async (list, portion) => {
      await reset()
      for (let i = 0; i < list.length; i += portion) await takeFeedback(t.app, list.slice(i, i + portion))
      expect(await state()).toEqual(expected)
    }),
    { numRuns: 40, seed: 11 },
  )
})

test('news of one shop’s mail reaches that shop only', async () => {
  const theirs = await t.addSubscriber(t.stranger, { email: 'person0@example.org', consent: 'subscribed' })
  const other = await makeCampaign(t.app, t.stranger)
  await freeze(t.app, t.stranger.id, other, null)
  await sendDeliveries(t.app, { shopId: t.stranger.id, messageId: other })
  expect((await post(JSON.stringify([event(0, 'spamreport')]))).status).toBe(200)
  expect(await t.app.db.select().from(events).where(eq(events.shopId, t.stranger.id))).toEqual([])
  expect(await t.app.db.select().from(suppressions).where(eq(suppressions.shopId, t.stranger.id))).toEqual([])
  expect(await newestEntry(t.app, t.stranger.id, theirs)).toMatchObject({ state: 'subscribed' })
})

test('who unsubscribes at the provider is unsubscribed here, from that moment on; nothing there subscribes anybody', async () => {
  const { subscriberId } = await rowOf(1)
  for (const kind of ['group_unsubscribe', 'group_unsubscribe', 'group_resubscribe']) expect((await post(JSON.stringify([event(1, kind)]))).status).toBe(200)
  expect(await newestEntry(t.app, t.shop.id, subscriberId)).toMatchObject({ state: 'unsubscribed', messageId: id })
  expect((await logged()).map((one) => one.kind)).toEqual(['unsubscribed'])
})

test('an installation that does not use SendGrid has no such address', async () => {
  await t.close()
  t = await testApp()
  expect((await post('[]')).status).toBe(404)
})
