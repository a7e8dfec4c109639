import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcp, type AddressInfo } from 'node:net'
import { generateKeyPairSync, sign } from 'node:crypto'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createOutbox } from '../app/mail/outbox.ts'
import { createSendGrid } from '../app/mail/sendgrid.ts'
import { createSmtp } from '../app/mail/smtp.ts'
import type { MailProvider } from '../app/mail/provider.ts'
import { mailContract, mailFor, type Arrived, type Behaviour, type MailHarness } from './contracts/mail.ts'
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
        personalizations: { to: { email: string }[] }[]
        from: { email: string }
        subject: string
        content: { type: string; value: string }[]
        headers: Record<string, string>
      }
      if (special) return special(response)
      if (how === 'busy') return error(response, 429, 'too many requests', null, { 'retry-after': '7' })
      if (how === 'bad address') return error(response, 400, 'Does not contain a valid address.', 'personalizations.0.to.0.email')
      if (how === 'bad sender') return error(response, 403, 'The from address does not match a verified Sender Identity.', 'from')
      if (how === 'refuse') return error(response, 413, 'Request Entity Too Large', null)
      if (how === 'hang') return
      bodies.push(body)
      arrived.push({
        recipients: body.personalizations.flatMap((p) => p.to.map((to) => to.email)),
        from: body.from.email,
        subject: body.subject,
        html: body.content.find((part) => part.type === 'text/html')?.value ?? '',
        text: body.content.find((part) => part.type === 'text/plain')?.value ?? '',
        headers: Object.fromEntries(Object.entries(body.headers).map(([name, value]) => [name.toLowerCase(), value])),
      })
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
        recipients: [mail.to], from: mail.from.email, subject: mail.subject, html: mail.html, text: mail.text,
        headers: Object.fromEntries(Object.entries(mail.headers).map(([name, value]) => [name.toLowerCase(), value])),
      })),
    close: () => outbox.close(),
  }
}

describe('outbox', () => mailContract(outboxHarness))
describe('smtp', () => mailContract(smtpHarness))
describe('sendgrid', () => mailContract(sendGridHarness))

describe('smtp, in its own words', () => {
  /** A server that answers each command as told, and hangs up where the answer is missing. */
  const talk = async (answers: Record<string, string>): Promise<{ provider: MailProvider; close: () => Promise<void> }> => {
    const server = createTcp((socket) => {
      socket.on('error', () => undefined)
      socket.write('220 test ESMTP\r\n')
      socket.on('data', (data) => {
        for (const line of data.toString().split('\r\n').filter(Boolean)) {
          const verb = line.split(/[ :]/)[0]!.toUpperCase()
          const answer = { EHLO: '250 test', RSET: '250 ok', QUIT: '221 bye', ...answers }[verb]
          if (answer === undefined) return socket.destroy()
          socket.write(`${answer}\r\n`)
        }
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const provider = createSmtp({ url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}?ignoreTLS=true`, perSecond: 100, timeoutMs: 1500 })
    return { provider, close: async () => (await provider.close(), await new Promise<void>((resolve) => server.close(() => resolve()))) }
  }
  const cases: [string, Record<string, string>, object][] = [
    ['the line breaks before the message begins: certainly not taken', { MAIL: '250 ok' }, { kind: 'later' }],
    ['the address is put off: later, alone', { MAIL: '250 ok', RCPT: '450 4.2.0 try again' }, { kind: 'later', whole: false }],
    ['the address is unknown', { MAIL: '250 ok', RCPT: '550 5.1.1 unknown' }, { kind: 'refused', badAddress: true }],
    ['the policy says no: not the address', { MAIL: '250 ok', RCPT: '550 5.7.1 blocked by policy' }, { kind: 'refused', badAddress: false }],
    ['the sender’s set-up is at fault (5.7.515)', { MAIL: '250 ok', RCPT: '550 5.7.515 Access denied, sending domain does not meet the required authentication level' }, { kind: 'paused' }],
    ['the server is closing', { MAIL: '421 4.3.2 closing' }, { kind: 'later', whole: true }],
    ['no data now', { MAIL: '250 ok', RCPT: '250 ok', DATA: '451 4.3.0 not now' }, { kind: 'later', whole: false }],
  ]
  test.each(cases)('%s', async (_, answers, outcome) => {
    const { provider, close } = await talk(answers)
    expect(await provider.send(mailFor('nora@example.org'))).toMatchObject(outcome)
    await close()
  })
})

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

  test('each answer has its outcome (reliability.md 4.2)', async () => {
    expect(await with_(429, {}, { 'retry-after': '12' })).toMatchObject({ kind: 'later', retryAfterMs: 12_000, whole: true })
    expect(await with_(429, {}, { 'x-ratelimit-reset': String(clock.now().getTime() / 1000 + 25) })).toMatchObject({ kind: 'later', retryAfterMs: 25_000 })
    expect(await with_(429, {}, { 'retry-after': new Date(clock.now().getTime() + 40_000).toUTCString() })).toMatchObject({ kind: 'later', retryAfterMs: 40_000 })
    expect(await with_(429)).toMatchObject({ kind: 'later', retryAfterMs: 60_000 })
    for (const status of [500, 502, 503, 504, 408]) expect(await with_(status), String(status)).toMatchObject({ kind: 'uncertain' })
    for (const status of [401, 403, 404]) expect(await with_(status), String(status)).toMatchObject({ kind: 'paused' })
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
    expect(kinds({ event: 'account_status_change' })).toEqual([])
    expect(kinds({ key: undefined })).toEqual([]) // somebody else's mail
    expect(read(bodyOf(event({ event: 'bounce', reason: '550 <nora@example.org> unknown' })))?.[0]?.detail).toBe('550 <(address)> unknown')
    expect(read(Buffer.from('[not json'))).toEqual([])
    expect(read(Buffer.from('{"a":1}'))).toEqual([])
  })
})
