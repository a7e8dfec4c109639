import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, describe, expect, test } from 'vitest'
import type { MailProvider } from '../app/mail/provider.ts'
import { createSmtp } from '../app/mail/smtp.ts'
import { ReplyReader } from '../app/mail/smtp-reply.ts'
import { mailFor } from './contracts/mail.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
const pem = (name: string): string => readFileSync(new URL(`fixtures/tls/${name}.pem`, import.meta.url), 'utf8')

interface Heard {
  /** Everything that a client sent, one string for each chunk; commands and messages. */
  chunks: string[]
  connections: number
  /** Messages that came whole. */
  messages: string[]
}
type Answers = Record<string, string | ((socket: Socket, n: number) => string | undefined)>

/** A server that answers each command as told, and hangs up where the answer is missing. `END` answers a message. */
async function talk(answers: Answers, url = '?tls=never', options: { connections?: number } = {}): Promise<{ provider: MailProvider; heard: Heard }> {
  const heard: Heard = { chunks: [], connections: 0, messages: [] }
  const all: Answers = { HELLO: '220 test ESMTP', EHLO: '250 test', RSET: '250 ok', MAIL: '250 ok', RCPT: '250 ok', DATA: '354 go on', END: '250 taken', QUIT: '221 bye', ...answers }
  const sockets = new Set<Socket>()
  const counts: Record<string, number> = {}
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    heard.connections++
    let rest = ''
    let inData = false
    const say = (what: string): boolean => {
      const answer = all[what]
      const text = typeof answer === 'function' ? answer(socket, (counts[what] = (counts[what] ?? 0) + 1)) : answer
      if (text === undefined || text === '') socket.destroy()
      else if (text !== 'nothing') socket.write(`${text}\r\n`)
      return text?.startsWith('354') === true
    }
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      heard.chunks.push(data.toString())
      rest += data.toString()
      for (;;) {
        const end = rest.indexOf(inData ? '\r\n.\r\n' : '\r\n')
        if (inData && rest.startsWith('.\r\n')) {
          ;[inData, rest] = [false, rest.slice(3)]
          say('EMPTY')
          continue
        }
        if (end < 0) return
        const piece = rest.slice(0, end)
        rest = rest.slice(end + (inData ? 5 : 2))
        if (inData) {
          inData = false
          heard.messages.push(piece)
          say('END')
        } else inData = say(piece.split(/[ :]/)[0]!.toUpperCase())
      }
    })
    say('HELLO')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const provider = createSmtp({ url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}${url}`, perSecond: 100, timeoutMs: 1500, ...options })
  closing.push(async () => {
    await provider.close()
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { provider, heard }
}

const nora = mailFor('nora@example.org')

describe('each answer has its outcome', () => {
  const cases: [string, Answers, object][] = [
    ['the line breaks before the message begins: certainly not taken', { RCPT: '' }, { kind: 'later', whole: true }],
    ['the address is put off: later, alone', { RCPT: '450 4.2.0 try again' }, { kind: 'later', whole: false }],
    ['the address is unknown', { RCPT: '550 5.1.1 unknown' }, { kind: 'refused', badAddress: true }],
    ['the policy says no: not the address', { RCPT: '550 5.7.1 blocked by policy' }, { kind: 'refused', badAddress: false }],
    ['the sender’s set-up is at fault (5.7.515)', { RCPT: '550 5.7.515 Access denied, sending domain does not meet the required authentication level' }, { kind: 'paused' }],
    ['the sender is refused', { MAIL: '550 5.1.8 bad sender' }, { kind: 'paused' }],
    ['the server is closing', { MAIL: '421 4.3.2 closing' }, { kind: 'later', whole: true }],
    ['the server does not want us now', { HELLO: '421 too busy' }, { kind: 'later', whole: true }],
    ['the server does not want us at all', { HELLO: '554 go away' }, { kind: 'later', whole: true }],
    ['no data now', { DATA: '451 4.3.0 not now' }, { kind: 'later', whole: false }],
    ['the message is put off', { END: '452 4.3.1 disk full' }, { kind: 'later', whole: false }],
    ['the message is refused', { END: '554 5.6.0 spam' }, { kind: 'refused', badAddress: false }],
    ['the line breaks after the message', { END: '' }, { kind: 'uncertain' }],
    ['no answer to the message', { END: 'nothing' }, { kind: 'uncertain' }],
    ['no answer to the address', { RCPT: 'nothing' }, { kind: 'later' }],
    ['no answer that anybody knows to the message', { END: '354 go on again' }, { kind: 'uncertain' }],
    ['not SMTP after the message', { END: 'HTTP/1.1 200 OK' }, { kind: 'uncertain' }],
    ['not SMTP at all', { HELLO: 'SSH-2.0-OpenSSH_9.9' }, { kind: 'later', whole: true }],
    ['a line without end', { EHLO: `250-${'x'.repeat(5_000)}` }, { kind: 'later', whole: true }],
    ['a reply without end', { EHLO: '250-x\r\n'.repeat(300) + '250 x' }, { kind: 'later', whole: true }],
  ]
  for (const pipelining of [false, true]) {
    test.each(cases)(`${pipelining ? 'in one go' : 'one by one'}: %s`, async (_, answers, outcome) => {
      const { provider } = await talk({ ...(pipelining ? { EHLO: '250-test\r\n250 PIPELINING' } : {}), ...answers })
      expect(await provider.send(nora)).toMatchObject(outcome)
    })
  }

  test('the reason keeps the server’s words and no address', async () => {
    const { provider } = await talk({ RCPT: '550 5.1.1 <nora@example.org> unknown' })
    expect(await provider.send(nora)).toMatchObject({ reason: 'The mail server said: 550 5.1.1 <(address)> unknown' })
  })
})

describe('the conversation', () => {
  test('envelope and DATA leave in one go where the server allows it, else one by one; the message only after "go on"', async () => {
    const [one, many] = [await talk({ EHLO: '250-test\r\n250 PIPELINING' }), await talk({})]
    for (const { provider } of [one, many]) expect(await provider.send(nora)).toMatchObject({ kind: 'accepted' })
    expect(one.heard.chunks.slice(1, 2)).toEqual(['MAIL FROM:<ada@fern-and-fig.example>\r\nRCPT TO:<nora@example.org>\r\nDATA\r\n'])
    expect(many.heard.chunks.slice(1, 4)).toEqual(['MAIL FROM:<ada@fern-and-fig.example>\r\n', 'RCPT TO:<nora@example.org>\r\n', 'DATA\r\n'])
    for (const { heard } of [one, many]) expect((await simpleParser(heard.messages[0]!)).subject).toBe(nora.subject)
  })

  test('a server that goes on although it refused the person gets an empty message and the next mail', async () => {
    const { provider, heard } = await talk({ EHLO: '250-test\r\n250 PIPELINING', RCPT: (_, n) => (n === 1 ? '550 5.1.1 unknown' : '250 ok'), EMPTY: '554 5.5.1 nobody to send to' }, '?tls=never', { connections: 1 })
    expect(await provider.send(nora)).toMatchObject({ kind: 'refused', badAddress: true })
    expect(await provider.send(mailFor('ben@example.org'))).toMatchObject({ kind: 'accepted' })
    expect([heard.connections, heard.messages.length]).toEqual([1, 1])
    expect((await simpleParser(heard.messages[0]!)).to).toMatchObject({ text: 'ben@example.org' })
  })

  test('after a refusal the old envelope is forgotten before the next', async () => {
    const { provider, heard } = await talk({ RCPT: (_, n) => (n === 1 ? '550 5.1.1 unknown' : '250 ok') }, '?tls=never', { connections: 1 })
    await provider.send(nora)
    expect(await provider.send(mailFor('ben@example.org'))).toMatchObject({ kind: 'accepted' })
    const commands = heard.chunks.join('').split('\r\n').filter((line) => /^(RSET|MAIL|RCPT|DATA)\b/.test(line)).map((line) => line.slice(0, 4))
    expect(commands).toEqual(['MAIL', 'RCPT', 'RSET', 'MAIL', 'RCPT', 'DATA'])
  })

  test('an old server that only knows HELO will do', async () => {
    const { provider } = await talk({ EHLO: '502 what?', HELO: '250 test' })
    expect(await provider.send(nora)).toMatchObject({ kind: 'accepted' })
  })

  test('what the server cannot take does not leave', async () => {
    const small = await talk({ EHLO: '250-test\r\n250 SIZE 1000' })
    expect(await small.provider.send(mailFor('nora@example.org', { text: 'x'.repeat(2_000) }))).toMatchObject({ kind: 'refused', badAddress: false })
    const { provider } = await talk({})
    expect(await provider.send(mailFor('nöra@example.org'))).toMatchObject({ kind: 'refused', badAddress: true })
    const modern = await talk({ EHLO: '250-test\r\n250 SMTPUTF8' })
    expect(await modern.provider.send(mailFor('nöra@exämple.org'))).toMatchObject({ kind: 'accepted' })
    expect(modern.heard.chunks.join('')).toContain('MAIL FROM:<ada@fern-and-fig.example> SMTPUTF8\r\nRCPT TO:<nöra@xn--exmple-cua.org>')
    expect(small.heard.messages).toEqual([])
  })
})

describe('connections', () => {
  test('one that the server ended between two mails is replaced, and nobody notices', async () => {
    const { provider, heard } = await talk({ END: (socket) => (setTimeout(() => socket.end(), 5), '250 taken') }, '?tls=never', { connections: 1 })
    for (let i = 0; i < 3; i++) {
      expect(await provider.send(mailFor(`p${i}@example.org`))).toMatchObject({ kind: 'accepted' })
      await new Promise((resolve) => setTimeout(resolve, 40))
    }
    expect([heard.connections, heard.messages.length]).toEqual([3, 3])
  })

  test('one on which the server says "closing" to the next mail is replaced too', async () => {
    const { provider, heard } = await talk({ MAIL: (_, n) => (n === 2 ? '421 4.4.2 closing' : '250 ok') }, '?tls=never', { connections: 1 })
    for (let i = 0; i < 2; i++) expect(await provider.send(mailFor(`p${i}@example.org`))).toMatchObject({ kind: 'accepted' })
    expect([heard.connections, heard.messages.length]).toEqual([2, 2])
  })

  test('one that breaks once the message has begun is not tried again', async () => {
    const { provider, heard } = await talk({ END: (_, n) => (n === 2 ? undefined : '250 taken') }, '?tls=never', { connections: 1 })
    expect(await provider.send(nora)).toMatchObject({ kind: 'accepted' })
    expect(await provider.send(nora)).toMatchObject({ kind: 'uncertain' })
    expect(heard.messages).toHaveLength(2)
  })

  test('a reply that nobody asked for is not taken for the answer to the next mail', async () => {
    const { provider, heard } = await talk({ END: (_, n) => (n === 1 ? '250 taken\r\n250 taken\r\n250 ok\r\n250 ok' : '250 taken'), RCPT: (_, n) => (n === 1 ? '250 ok' : '550 5.1.1 unknown') }, '?tls=never', { connections: 1 })
    expect(await provider.send(nora)).toMatchObject({ kind: 'accepted' })
    expect(await provider.send(mailFor('ben@example.org'))).toMatchObject({ kind: 'refused', badAddress: true })
    expect([heard.connections, heard.messages.length]).toEqual([2, 1])
  })

  test('a server that takes only two at a time gets two, and all mails', async () => {
    let open = 0
    const { provider, heard } = await talk({ HELLO: (socket) => (open >= 2 ? '421 4.7.0 too many connections' : (open++, socket.on('close', () => open--), '220 test')), END: '250 taken' }, '?tls=never', { connections: 2 })
    expect(await provider.send(nora)).toMatchObject({ kind: 'accepted' })
    const { provider: eager, heard: alsoHeard } = await talk({ HELLO: (_, n) => (n > 2 ? '421 4.7.0 too many connections' : '220 test') }, '?tls=never', { connections: 8 })
    expect(await eager.send(nora)).toMatchObject({ kind: 'accepted' })
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, i) => eager.send(mailFor(`p${i}@example.org`))))
    expect(outcomes.filter((one) => one.kind !== 'accepted')).toEqual([])
    expect([heard.messages.length, alsoHeard.messages.length]).toEqual([1, 21])
  })

  test('closing lets nobody wait', async () => {
    const { provider } = await talk({ MAIL: 'nothing' }, '?tls=never', { connections: 1 })
    const [first, second] = [provider.send(nora), provider.send(nora)]
    await new Promise((resolve) => setTimeout(resolve, 50))
    await provider.close()
    expect(await second).toMatchObject({ kind: 'later' })
    expect(await first).toMatchObject({ kind: 'later' })
    expect(await provider.send(nora)).toMatchObject({ kind: 'later' })
  })
})

describe('encryption and signing in', () => {
  const serve = async (options: SMTPServerOptions, url: (port: number) => string, ca: string | null = pem('cert')): Promise<{ provider: MailProvider; taken: { secure: boolean; user: unknown }[] }> => {
    const taken: { secure: boolean; user: unknown }[] = []
    const server = new SMTPServer({
      key: pem('key'), cert: pem('cert'), logger: false, authMethods: ['PLAIN', 'LOGIN'],
      onAuth: ({ username, password }, _session, done) => (password === 'päss wörd' ? done(null, { user: username }) : done(Object.assign(new Error('5.7.8 wrong'), { responseCode: 535 }))),
      onData: (stream, session, done) => {
        stream.resume().on('end', () => (taken.push({ secure: session.secure, user: session.user }), done()))
      },
      ...options,
    })
    server.on('error', () => undefined)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    const provider = createSmtp({ url: url((server.server.address() as AddressInfo).port), perSecond: 100, timeoutMs: 1500, ...(ca ? { ca } : {}) })
    closing.push(() => provider.close(), () => new Promise<void>((resolve) => server.close(() => resolve())))
    return { provider, taken }
  }
  const user = `ada:${encodeURIComponent('päss wörd')}`

  test.each<[string, SMTPServerOptions, (port: number) => string]>([
    ['STARTTLS, PLAIN', {}, (port) => `smtp://${user}@127.0.0.1:${port}?tls=upgrade`],
    ['STARTTLS, LOGIN', { authMethods: ['LOGIN'] }, (port) => `smtp://${user}@localhost:${port}?tls=upgrade`],
    ['TLS from the first byte', { secure: true }, (port) => `smtps://${user}@localhost:${port}`],
  ])('%s', async (_, options, url) => {
    const { provider, taken } = await serve(options, url)
    for (let i = 0; i < 3; i++) expect(await provider.send(nora)).toMatchObject({ kind: 'accepted' })
    expect(taken).toEqual(Array.from({ length: 3 }, () => ({ secure: true, user: 'ada' })))
  })

  test.each<[string, SMTPServerOptions, (port: number) => string, string | null]>([
    ['a certificate that nobody vouches for', {}, (port) => `smtp://${user}@127.0.0.1:${port}?tls=upgrade`, null],
    ['the same from the first byte', { secure: true }, (port) => `smtps://${user}@127.0.0.1:${port}`, null],
    ['a certificate for another name', { cert: pem('other-cert') }, (port) => `smtp://${user}@127.0.0.1:${port}?tls=upgrade`, pem('other-cert')],
    ['the same from the first byte', { cert: pem('other-cert'), secure: true }, (port) => `smtps://${user}@localhost:${port}`, pem('other-cert')],
  ])('%s: nothing is said, not even the password', async (_, options, url, ca) => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0' // must make no difference
    try {
      const { provider, taken } = await serve(options, url, ca)
      expect(await provider.send(nora)).toMatchObject({ kind: 'later', whole: true })
      expect(taken).toEqual([])
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    }
  })

  test('a wrong password pauses, and so does a server that cannot encrypt or knows no way of signing in', async () => {
    const wrong = await serve({}, (port) => `smtp://ada:wrong@127.0.0.1:${port}?tls=upgrade`)
    expect(await wrong.provider.send(nora)).toMatchObject({ kind: 'paused', reason: expect.stringContaining('535') as string })
    const plain = await talk({}, '?tls=upgrade')
    expect(await plain.provider.send(nora)).toMatchObject({ kind: 'paused', reason: expect.stringContaining('STARTTLS') as string })
    expect(plain.heard.chunks.join('')).not.toContain('MAIL')
    const strange = await serve({ authMethods: ['CRAM-MD5'] }, (port) => `smtp://${user}@127.0.0.1:${port}?tls=upgrade`)
    expect(await strange.provider.send(nora)).toMatchObject({ kind: 'paused', reason: expect.stringContaining('signing in') as string })
  })

  test('what somebody put in before the handshake ends the connection', async () => {
    const { provider, heard } = await talk({ EHLO: '250-test\r\n250 STARTTLS', STARTTLS: '220 go on\r\n250 injected' }, '?tls=upgrade')
    expect(await provider.send(nora)).toMatchObject({ kind: 'later' })
    expect(heard.chunks.join('')).not.toContain('MAIL')
  })
})

describe('replies', () => {
  test('are read whole, however they are cut', () => {
    const text = '220 hi\r\n250-a\r\n250-b c\r\n250 d\r\n354\r\n550 5.1.1 nöbody\n'
    for (let size = 1; size <= text.length; size++) {
      const reader = new ReplyReader()
      const found = []
      for (let at = 0; at < text.length; at += size) found.push(...reader.read(text.slice(at, at + size)))
      expect(found.map(({ code, text: words }) => [code, words])).toEqual([[220, 'hi'], [250, 'a b c d'], [354, ''], [550, '5.1.1 nöbody']])
      expect(reader.isEmpty).toBe(true)
    }
  })
  test.each(['250-a\r\n251 b\r\n', 'hello\r\n', '25\r\n', '2500 x\r\n', '150 x\r\n', '650 x\r\n', '\r\n', ' 250 x\r\n'])('%j is none', (text) => {
    expect(() => new ReplyReader().read(text)).toThrow()
  })
})
