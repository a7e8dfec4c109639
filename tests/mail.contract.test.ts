import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { generateKeyPairSync, sign } from 'node:crypto'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMailgun } from '../app/mail/mailgun.ts'
import { createOutbox } from '../app/mail/outbox.ts'
import { createSendGrid } from '../app/mail/sendgrid.ts'
import { createSmtp } from '../app/mail/smtp.ts'
import type { MailProvider } from '../app/mail/provider.ts'
import { mailContract, mailFor, type Arrived, type Behaviour, type MailHarness } from './contracts/mail.ts'
import { personFor, sharedFor } from './contracts/mail-shared.ts'
import { testClock } from './clock.ts'
import { freePort } from './setup.ts'

const clock = testClock()
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const webhookKey = keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')

async function sendGridHarness(): Promise<MailHarness & { bodies: Record<string, unknown>[]; answer(with_: (response: ServerResponse) => void): void }> {
  const arrived: Arrived[] = []
  const bodies: Record<string, unknown>[] = []
  let how: Behaviour = 'take'
  let special: ((response: ServerResponse) => void) | null = null
  const error = (response: ServerResponse, status: number, message: string, field: string | null, headers = {}): void =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ errors: [{ message, field, help: null }] }))
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.headers.authorization !== 'Bearer SG.test') return error(response, 401, 'The provided authorization grant is invalid, expired, or revoked', null)
      const body = JSON.parse(Buffer.concat(chunks).toString()) as {
        personalizations: { to: { email: string }[]; custom_args: { key: string }; headers?: Record<string, string>; substitutions?: Record<string, string> }[]
        from: { email: string }
        subject: string
        content: { type: string; value: string }[]
        headers?: Record<string, string>
      }
      if (special) return special(response)
      if (how === 'busy') return error(response, 429, 'too many requests', null, { 'retry-after': '7' })
      if (how === 'bad address') return error(response, 400, 'Does not contain a valid address.', 'personalizations.0.to.0.email')
      if (how === 'bad sender') return error(response, 403, 'The from address does not match a verified Sender Identity.', 'from')
      if (how === 'refuse') return error(response, 413, 'Request Entity Too Large', null)
      if (how === 'hang') return
      bodies.push(body)
      const part = (type: string): string => body.content.find((one) => one.type === type)?.value ?? ''
      for (const { to, custom_args, headers, substitutions = {} } of body.personalizations) {
        const filled = (words: string): string => Object.entries(substitutions).reduce((text, [tag, value]) => text.replaceAll(tag, () => value), words)
        arrived.push({
          recipients: to.map((one) => one.email), from: body.from.email, subject: filled(body.subject), html: filled(part('text/html')), text: filled(part('text/plain')), key: custom_args.key,
          headers: Object.fromEntries(Object.entries({ ...body.headers, ...headers }).map(([name, value]) => [name.toLowerCase(), value])),
        })
      }
      if (how === 'lost') return request.socket.destroy()
      response.writeHead(202, { 'x-message-id': `sg-${arrived.length}` }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const make = (port: number): MailProvider => createSendGrid({ apiKey: 'SG.test', url: `http://127.0.0.1:${port}`, webhookKey, perSecond: 1000, clock, timeoutMs: 1500 })
  return {
    provider: make((server.address() as AddressInfo).port),
    nobodyThere: make(await freePort()),
    bodies,
    behave: (next) => {
      special = null
      how = next
    },
    answer: (with_) => void (special = with_),
    arrived: async () => arrived,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function smtpHarness(): Promise<MailHarness> {
  const arrived: Promise<Arrived>[] = []
  let how: Behaviour = 'take'
  const fault = (code: number, words: string): Error => Object.assign(new Error(words), { responseCode: code })
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onMailFrom: (_address, _session, done) => done(how === 'bad sender' ? fault(550, '5.7.60 You may not send as this sender') : null),
    onRcptTo: (_address, _session, done) =>
      done(how === 'bad address' ? fault(550, '5.1.1 No such user here') : how === 'busy' ? fault(451, '4.7.1 Greylisted, try again') : null),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        if (how === 'refuse') return done(fault(554, '5.6.0 Message looks like spam'))
        if (how === 'hang') return
        const recipients = session.envelope.rcptTo.map((to) => to.address)
        const from = session.envelope.mailFrom ? session.envelope.mailFrom.address : ''
        arrived.push(
          simpleParser(Buffer.concat(chunks)).then((mail) => ({
            recipients,
            from,
            subject: mail.subject ?? '',
            html: mail.html || '',
            text: mail.text ?? '',
            key: null,
            headers: Object.fromEntries(mail.headerLines.map(({ key, line }) => [key, line.slice(line.indexOf(':') + 1).replace(/\r?\n\s+/g, ' ').trim()])),
          })),
        )
        if (how === 'lost') {
          const connections = (server as unknown as { connections: Set<{ _socket: { destroy(): void } }> }).connections
          for (const connection of connections) connection._socket.destroy()
          return
        }
        done()
      })
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const make = (port: number): MailProvider => createSmtp({ url: `smtp://127.0.0.1:${port}`, perSecond: 1000, timeoutMs: 1500 })
  const providers = [make((server.server.address() as AddressInfo).port), make(await freePort())] as const
  return {
    provider: providers[0],
    nobodyThere: providers[1],
    behave: (next) => void (how = next),
    arrived: () => Promise.all(arrived),
    close: async () => {
      for (const provider of providers) await provider.close()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function outboxHarness(): Promise<MailHarness> {
  const outbox = createOutbox()
  const nobodyThere = createOutbox()
  nobodyThere.script(() => ({ kind: 'later', reason: 'nobody there', retryAfterMs: 30_000, whole: true }))
  return {
    provider: outbox,
    nobodyThere,
    behave: (how) =>
      outbox.script(() => {
        if (how === 'busy') return { kind: 'later', reason: 'busy', retryAfterMs: 7_000, whole: true }
        if (how === 'bad address') return { kind: 'refused', reason: 'no such user', badAddress: true }
        if (how === 'refuse') return { kind: 'refused', reason: 'spam', badAddress: false }
        if (how === 'bad sender') return { kind: 'paused', reason: 'not verified' }
        if (how === 'lost' || how === 'hang') return { kind: 'uncertain', reason: 'no answer' }
        return undefined
      }),
    arrived: async () =>
      outbox.taken.map((mail) => ({
        recipients: [mail.to], from: mail.from.email, subject: mail.subject, html: mail.html, text: mail.text, key: mail.key,
        headers: Object.fromEntries(Object.entries(mail.headers).map(([name, value]) => [name.toLowerCase(), value])),
      })),
    close: () => outbox.close(),
  }
}

async function mailgunHarness(): Promise<MailHarness> {
  const arrived: Arrived[] = []
  let how: Behaviour = 'take'
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    const answer = (status: number, message: string, headers = {}): void => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ id: '<20261122.1@mail.example.com>', message }))
    const take = async (): Promise<void> => {
      if (request.url !== '/v3/mail.example.com/messages' || request.headers.authorization !== `Basic ${Buffer.from('api:key-test').toString('base64')}`) return answer(401, 'Forbidden')
      const form = await new Response(Buffer.concat(chunks), { headers: { 'content-type': request.headers['content-type']! } }).formData()
      const text = (name: string): string => (form.get(name) as string | null) ?? ''
      if (how === 'busy') return answer(429, 'Too many requests', { 'retry-after': '7' })
      if (how === 'bad address') return answer(400, "'to' parameter is not a valid address. please check documentation")
      if (how === 'bad sender') return answer(400, "'from' parameter is not a valid address. please check documentation")
      if (how === 'refuse') return answer(413, 'Request Entity Too Large')
      if (how === 'hang') return
      for (const name of ['o:tracking', 'o:tracking-clicks', 'o:tracking-opens']) if (text(name) !== 'no') return answer(400, `${name} is on`)
      const variables = (text('recipient-variables') ? JSON.parse(text('recipient-variables')) : {}) as Record<string, Record<string, string>>
      for (const to of text('to').split(',')) {
        const filled = (words: string): string => words.replace(/%recipient\.(\w+)%/g, (_, name: string) => variables[to]![name]!)
        const headers = [...form].flatMap(([name, value]) => (name.startsWith('h:') && name !== 'h:Reply-To' ? [[name.slice(2).toLowerCase(), filled(value as string)] as const] : []))
        // A form's line breaks are \r\n on the wire; ours go as they are.
        arrived.push({ recipients: [to], from: /<(.*)>/.exec(text('from'))![1]!, subject: filled(text('subject')), html: filled(text('html')), text: filled(text('text')), key: filled(text('v:key')), headers: Object.fromEntries(headers) })
      }
      if (how === 'lost') request.socket.destroy()
      else answer(200, 'Queued. Thank you.')
    }
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => void take())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const make = (port: number): MailProvider => createMailgun({ apiKey: 'key-test', domain: 'mail.example.com', url: `http://127.0.0.1:${port}`, signingKey: 'sign', perSecond: 1000, clock, timeoutMs: 1500 })
  const providers = [make((server.address() as AddressInfo).port), make(await freePort())] as const
  return {
    provider: providers[0],
    nobodyThere: providers[1],
    behave: (next) => void (how = next),
    arrived: async () => arrived,
    close: async () => {
      for (const provider of providers) await provider.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('outbox', () => mailContract(outboxHarness, { evidence: 'none', shared: 1_000 }))
describe('smtp', () => mailContract(smtpHarness, { evidence: 'none', shared: null }))
describe('sendgrid', () => mailContract(sendGridHarness, { evidence: 'events', shared: 1_000 }))
describe('mailgun', () => mailContract(mailgunHarness, { evidence: 'events', shared: 1_000 }))

describe('sendgrid, in its own words', () => {
  let harness: Awaited<ReturnType<typeof sendGridHarness>>
  beforeAll(async () => void (harness = await sendGridHarness()))
  afterAll(() => harness.close())
  const with_ = async (status: number, body: unknown = {}, headers: Record<string, string> = {}): Promise<unknown> => {
    harness.answer((response) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body)))
    return harness.provider.send(mailFor('nora@example.org'))
  }

  test('asks for no tracking of its own, sends one personalisation, and no personal data beside the mail', async () => {
    await harness.provider.send(mailFor('nora@example.org'))
    const body = harness.bodies.at(-1)!
    expect(body.tracking_settings).toEqual({ click_tracking: { enable: false, enable_text: false }, open_tracking: { enable: false }, subscription_tracking: { enable: false }, ganalytics: { enable: false } })
    expect(body.personalizations).toEqual([{ to: [{ email: 'nora@example.org' }], custom_args: { key: 'key-nora' } }])
    expect(body.categories).toBeUndefined()
    expect(body.reply_to).toMatchObject({ email: 'hello@fern-and-fig.example' })
  })

  test('a shared call is the raw API’s: tags that the text does not hold, nothing wrapped, values and headers of each, nothing else personal', async () => {
    await harness.provider.shared!.prepare(sharedFor())([personFor('ann'), personFor('ben')])
    const body = harness.bodies.at(-1) as { personalizations: { substitutions: Record<string, string> }[]; subject: string; content: { type: string; value: string }[]; [more: string]: unknown }
    const tags = Object.keys(body.personalizations[0]!.substitutions)
    expect(body.personalizations).toEqual(['ann', 'ben'].map((name) => ({
      to: [{ email: `${name}@example.org` }], custom_args: { key: `01hbatch.${name}` },
      headers: { 'Message-ID': `<01hbatch.${name}@fern-and-fig.example>`, 'List-Unsubscribe': `<https://app.example.test/u/u1.${name}>` },
      substitutions: { [tags[0]!]: `First ${name}`, [tags[1]!]: `<b>${name}</b>`, [tags[2]!]: `t1.${name}` },
    })))
    for (const tag of tags) expect(tag).toMatch(/^-[a-z]{7}\d-$/)
    expect(body.subject).toBe(`News for ${tags[0]} – 20 off`)
    expect(body.content.map((part) => part.type)).toEqual(['text/plain', 'text/html'])
    expect(body.headers).toEqual({ 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click', Precedence: 'bulk' })
    expect(body.tracking_settings).toMatchObject({ click_tracking: { enable: false }, open_tracking: { enable: false }, subscription_tracking: { enable: false } })
    for (const field of ['categories', 'custom_args', 'template_id', 'batch_id', 'asm']) expect(body).not.toHaveProperty(field)
  })

  test('values that are longer than SendGrid takes keep only their person back', async () => {
    const send = harness.provider.shared!.prepare(sharedFor())
    const long = personFor('ben', { values: ['ü'.repeat(5_000), '', '', ''] })
    expect(await send([personFor('ann'), long, personFor('cleo')])).toMatchObject({ kind: 'refused', badAddress: false, people: [1] })
    expect(await send([personFor('ann'), personFor('ben', { values: ['ü'.repeat(4_800), '', '', ''] })])).toMatchObject({ kind: 'accepted' })
  })

  test('whom SendGrid names in its answer is named', async () => {
    const errors = [3, 0].map((n) => ({ message: 'Does not contain a valid address.', field: `personalizations.${n}.to.0.email` }))
    harness.answer((response) => void response.writeHead(400).end(JSON.stringify({ errors })))
    const people = ['a', 'b', 'c', 'd'].map((name) => personFor(name))
    expect(await harness.provider.shared!.prepare(sharedFor())(people)).toMatchObject({ kind: 'refused', badAddress: true, people: [3, 0] })
    harness.answer((response) => void response.writeHead(400).end(JSON.stringify({ errors: [...errors, { message: 'bad', field: 'content.0.value' }] })))
    const outcome = await harness.provider.shared!.prepare(sharedFor())(people)
    expect(outcome).toMatchObject({ kind: 'refused', badAddress: false })
    expect(outcome).not.toHaveProperty('people')
  })

  test('each answer has its outcome (reliability.md 4.2)', async () => {
    expect(await with_(429, {}, { 'retry-after': '12' })).toMatchObject({ kind: 'later', retryAfterMs: 12_000, whole: true })
    expect(await with_(429, {}, { 'x-ratelimit-reset': String(clock.now().getTime() / 1000 + 25) })).toMatchObject({ kind: 'later', retryAfterMs: 25_000 })
    expect(await with_(429, {}, { 'retry-after': new Date(clock.now().getTime() + 40_000).toUTCString() })).toMatchObject({ kind: 'later', retryAfterMs: 40_000 })
    expect(await with_(429)).toMatchObject({ kind: 'later', retryAfterMs: 60_000 })
    for (const status of [500, 502, 503, 504, 408]) expect(await with_(status), String(status)).toMatchObject({ kind: 'uncertain' })
    for (const status of [401, 402, 403, 404]) expect(await with_(status), String(status)).toMatchObject({ kind: 'paused' })
    expect(await with_(413)).toMatchObject({ kind: 'refused', badAddress: false })
    expect(await with_(400, { errors: [{ message: 'bad content', field: 'content.0.value' }] })).toMatchObject({ kind: 'refused', badAddress: false })
    expect(await with_(400, { errors: [{ message: 'bad from', field: 'from.email' }] })).toMatchObject({ kind: 'paused' })
    expect(await with_(400, 'not json at all')).toMatchObject({ kind: 'refused', badAddress: false })
    expect(await with_(302, {}, { location: 'http://127.0.0.1:1/' })).toMatchObject({ kind: 'uncertain' })
  })

  test('a reason never keeps an address', async () => {
    expect(await with_(400, { errors: [{ message: 'nora@example.org is not valid', field: 'personalizations.0.to.0.email' }] })).toMatchObject({ reason: 'SendGrid answered 400: (address) is not valid' })
  })

  const signed = (body: Buffer, at = clock.now(), key = keys.privateKey): Record<string, string> => {
    const timestamp = String(Math.floor(at.getTime() / 1000))
    return {
      'x-twilio-email-event-webhook-timestamp': timestamp,
      'x-twilio-email-event-webhook-signature': sign('sha256', Buffer.concat([Buffer.from(timestamp), body]), key).toString('base64'),
    }
  }
  const event = (change: object): object => ({ email: 'nora@example.org', timestamp: 1_795_000_000, event: 'delivered', sg_event_id: 'e1', sg_message_id: 'm1', key: 'k1', ...change })
  const bodyOf = (...list: object[]): Buffer => Buffer.from(`${JSON.stringify(list)}\r\n`)
  const read = (body: Buffer, headers = signed(body)): ReturnType<NonNullable<MailProvider['feedback']>> => harness.provider.feedback!(headers, body, clock.now())

  test('events are believed only with a fresh signature over exactly these bytes', () => {
    const body = bodyOf(event({}))
    expect(read(body)).toHaveLength(1)
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    expect(read(body, signed(body, clock.now(), stranger))).toBeNull()
    expect(read(body, {})).toBeNull()
    expect(read(body, signed(body, new Date(clock.now().getTime() - 11 * 60_000)))).toBeNull()
    expect(read(body, signed(body, new Date(clock.now().getTime() + 11 * 60_000)))).toBeNull()
    expect(read(body, { ...signed(body), 'x-twilio-email-event-webhook-timestamp': String(Math.floor(clock.now().getTime() / 1000) + 1) })).toBeNull()
    const headers = signed(body)
    for (let i = 0; i < body.length; i++) {
      const changed = Buffer.from(body)
      changed[i] = changed[i]! ^ 1
      expect(read(changed, headers), `byte ${i}`).toBeNull()
    }
    expect(read(body.subarray(0, -2), headers)).toBeNull() // the trailing line break is signed too
  })

  test('events are put into our words', () => {
    const kinds = (change: object): (string | undefined)[] => (read(bodyOf(event(change))) ?? []).map((item) => item.kind)
    expect(kinds({ event: 'processed' })).toEqual(['processed'])
    expect(kinds({ event: 'bounce', type: 'bounce', status: '5.1.1' })).toEqual(['bounced'])
    expect(kinds({ event: 'bounce', type: 'blocked', status: '5.1.1' })).toEqual(['blocked'])
    expect(kinds({ event: 'bounce', type: 'bounce', status: '5.7.515', reason: '550 5.7.515 Access denied' })).toEqual(['blocked']) // sender set-up
    expect(kinds({ event: 'spamreport' })).toEqual(['complained'])
    expect([kinds({ event: 'unsubscribe' }), kinds({ event: 'group_unsubscribe' }), kinds({ event: 'group_resubscribe' })]).toEqual([['unsubscribed'], ['unsubscribed'], []])
    expect(kinds({ event: 'account_status_change' })).toEqual([])
    expect(kinds({ key: undefined })).toEqual([]) // somebody else's mail
    expect(read(bodyOf(event({ event: 'bounce', reason: '550 <nora@example.org> unknown' })))?.[0]?.detail).toBe('550 <(address)> unknown')
    expect(read(Buffer.from('[not json'))).toEqual([])
    expect(read(Buffer.from('{"a":1}'))).toEqual([])
  })
})
