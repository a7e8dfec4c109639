import express from 'express'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMailgun } from '../app/mail/mailgun.ts'
import { readMailgun } from '../app/mail/mailgun-events.ts'
import type { MailProvider } from '../app/mail/provider.ts'
import { createSendGrid } from '../app/mail/sendgrid.ts'
import { mailOf } from '../app/mail/shared.ts'
import { closeMail, deliverEvents, waitingEvents } from '../simulator/mail/events.ts'
import { mailgunKeys } from '../simulator/mail/mailgun-events.ts'
import { mailgunRouter } from '../simulator/mail/mailgun.ts'
import { mailKeys } from '../simulator/mail/provider-state.ts'
import { sendgridRouter } from '../simulator/mail/sendgrid.ts'
import { open, shut, type Opened } from '../simulator/ports.ts'
import type { World } from '../simulator/types.ts'
import { closeWorld, createWorld } from '../simulator/world.ts'
import { mailFor } from './contracts/mail.ts'
import { personFor, sharedFor } from './contracts/mail-shared.ts'

// The pretend mail providers understand what our own providers say, and refuse what they were not taught.

let opened: Opened[]
let world: World
let heard: { path: string; body: string }[]
let answers: number[]
let sendgrid: MailProvider
let mailgun: MailProvider

beforeEach(async () => {
  const [app, platform] = (opened = [await open(0), await open(0)]) as [Opened, Opened]
  heard = []
  answers = []
  app.app.use(express.text({ type: () => true }), (request, response) => {
    heard.push({ path: request.path, body: String(request.body) })
    response.sendStatus(answers.shift() ?? 200)
  })
  world = createWorld({ seed: 7, start: new Date('2026-11-22T10:00:00Z'), urls: { app: app.url, doors: app.url, admin: app.url, cdn: app.url, platform: platform.url, storefront: () => app.url } })
  platform.app.use(mailgunRouter(world), sendgridRouter(world))
  const { apiKey, webhookKey } = mailKeys(world)
  sendgrid = createSendGrid({ apiKey, webhookKey, url: platform.url, perSecond: 1000, clock: world.clock, timeoutMs: 1500 })
  mailgun = createMailgun({ ...mailgunKeys(world), url: platform.url, perSecond: 1000, clock: world.clock, timeoutMs: 1500 })
})
afterEach(async () => {
  await Promise.all([sendgrid.close(), mailgun.close()])
  await closeMail(world)
  await Promise.all(opened.map(({ server }) => shut(server)))
  await closeWorld(world)
})

const people = ['ann', 'ben', 'cleo'].map((name) => personFor(name))
describe.each([['SendGrid', () => sendgrid], ['Mailgun', () => mailgun]])('the pretend %s', (_, provider) => {
  test('a shared call lies in each inbox with the values of that person', async () => {
    expect(await provider().shared!.prepare(sharedFor())(people)).toMatchObject({ kind: 'accepted' })
    expect(world.mails.map(({ key, to, from, replyTo, subject, html, text, headers }) => ({ key, to, from, replyTo, subject, html, text, headers }))).toEqual(people.map((person) => mailOf(sharedFor(), person)))
  })

  test('one mail lies in its inbox', async () => {
    expect(await provider().send(mailFor('nora@example.org'))).toMatchObject({ kind: 'accepted' })
    const { key, to, from, replyTo, subject, html, text, headers } = world.mails[0]!
    expect({ key, to, from, replyTo, subject, html, text, headers }).toEqual(mailFor('nora@example.org'))
  })

  test('misbehaves on request', async () => {
    const faults = world.faults.mail
    for (const [fault, outcome] of [['tooManyNext', 'later'], ['errorNext', 'uncertain'], ['hangNext', 'uncertain']] as const) {
      faults[fault] = 1
      expect(await provider().send(mailFor('nora@example.org')), fault).toMatchObject({ kind: outcome })
    }
    faults.refuseAddresses.add('ben@example.org')
    expect(await provider().shared!.prepare(sharedFor())(people)).toMatchObject({ kind: 'refused', badAddress: true })
    expect(world.mails).toHaveLength(0)
    faults.refuseAddresses.clear()
    faults.loseAnswerNext = 1
    expect(await provider().send(mailFor('nora@example.org'))).toMatchObject({ kind: 'uncertain' })
    expect(world.mails).toHaveLength(1)
  })
})

test('SendGrid: the same address twice in a call, and more than 10,000 bytes of values, are refused', async () => {
  const ask = async (personalizations: object[]): Promise<{ errors: { field: string }[] }> =>
    (await (await fetch(`${world.urls.platform}/v3/mail/send`, {
      method: 'POST', headers: { authorization: `Bearer ${mailKeys(world).apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ personalizations, from: { email: 'ada@fern-and-fig.example' }, subject: 'Hi', content: [{ type: 'text/plain', value: 'Hi -a-' }] }),
    })).json()) as { errors: { field: string }[] }
  expect((await ask([{ to: [{ email: 'ann@example.org' }] }, { to: [{ email: 'Ann@example.org' }] }])).errors[0]!.field).toBe('personalizations.1.to')
  expect((await ask([{ to: [{ email: 'ann@example.org' }], substitutions: { '-a-': 'x'.repeat(10_000) } }])).errors[0]!.field).toBe('personalizations.0.substitutions')
})

describe('Mailgun', () => {
  const ask = (fields: [string, string][], { domain = mailgunKeys(world).domain, key = mailgunKeys(world).apiKey } = {}): Promise<Response> => {
    const form = new FormData()
    for (const [name, value] of fields) form.append(name, value)
    return fetch(`${world.urls.platform}/v3/${domain}/messages`, { method: 'POST', headers: { authorization: `Basic ${Buffer.from(`api:${key}`).toString('base64')}` }, body: form })
  }
  const good: [string, string][] = [['from', 'Fern & Fig <ada@fern-and-fig.example>'], ['to', 'ann@example.org'], ['subject', 'Pots'], ['text', 'Pots']]

  test('answers with an id, and refuses what is wrong or what it was not taught, by name', async () => {
    expect(await (await ask(good)).json()).toMatchObject({ id: expect.stringMatching(/^<.+@.+>$/) as string, message: 'Queued. Thank you.' })
    const cases: [[string, string][], RegExp][] = [
      [[...good, ['template', 'welcome']], /template/], [[...good, ['o:deliverytime', 'soon']], /o:deliverytime/], [[...good, ['cc', 'x@example.org']], /cc/],
      [[...good, ['to', 'ben@example.org']], /recipient-variables/], [[...good, ['recipient-variables', '{']], /JSON/], [good.filter(([name]) => name !== 'text'), /text/],
      [good.map(([name, value]) => [name, name === 'to' ? 'ann at example' : value]), /'to'/], [good.map(([name, value]) => [name, name === 'from' ? 'nobody' : value]), /'from'/],
    ]
    for (const [fields, words] of cases) {
      const answer = await ask(fields)
      expect([answer.status, ((await answer.json()) as { message: string }).message]).toEqual([400, expect.stringMatching(words)])
    }
    expect([(await ask(good, { key: 'key-other' })).status, (await ask(good, { domain: 'other.example' })).status]).toEqual([401, 404])
    expect(world.mails).toHaveLength(1)
  })

  const told = (): (string | undefined)[] => heard.map(({ body }) => readMailgun(Buffer.from(body), mailgunKeys(world).signingKey, world.clock.now())?.[0]?.kind)
  test('tells by signed deliveries, one for each event, what became of a mail', async () => {
    for (const name of ['ann', 'bounce', 'bounce', 'block', 'defer', 'complain', 'complain']) await mailgun.send(mailFor(`${name}@example.org`))
    await deliverEvents(world)
    expect(heard.every(({ path }) => path === '/events/mailgun')).toBe(true)
    expect(told()).toEqual(['processed', 'delivered', 'processed', 'bounced', 'dropped', 'processed', 'blocked', 'processed', 'deferred', 'delivered', 'processed', 'delivered', 'complained', 'dropped'])
    expect(heard.map(({ body }) => readMailgun(Buffer.from(body), mailgunKeys(world).signingKey, world.clock.now())?.[0]?.key)).toContain('key-ann')
  })

  test('comes again with the same signature for eight hours, and not after 406', async () => {
    answers = [500, 406]
    await mailgun.send(mailFor('ann@example.org'))
    await deliverEvents(world)
    expect([heard.length, waitingEvents(world)]).toEqual([2, 1])
    world.clock.jump(5 * 60_000)
    await deliverEvents(world)
    expect([heard.length, waitingEvents(world), heard[2]!.body]).toEqual([3, 0, heard[0]!.body])
  })
})
