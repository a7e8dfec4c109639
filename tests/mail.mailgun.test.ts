import { createHmac, randomBytes } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMailgun } from '../app/mail/mailgun.ts'
import type { Feedback, MailProvider } from '../app/mail/provider.ts'
import { testClock } from './clock.ts'
import { mailFor } from './contracts/mail.ts'
import { personFor, sharedFor } from './contracts/mail-shared.ts'

const clock = testClock()
const forms: FormData[] = []
let answer: (response: ServerResponse) => void = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"<1@mail.example.com>","message":"Queued. Thank you."}')
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
    void new Response(Buffer.concat(chunks), { headers: { 'content-type': request.headers['content-type']! } }).formData().then((form) => {
      forms.push(form)
      answer(response)
    })
  })
})
let provider: MailProvider
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  provider = createMailgun({ apiKey: 'key-test', domain: 'mail.example.com', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, signingKey: 'sign', perSecond: 1000, clock, timeoutMs: 1500 })
})
afterAll(async () => {
  await provider.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

describe('what it is told', () => {
  test('one mail: every field, its own tracking off, and no personal data beside the mail', async () => {
    await provider.send(mailFor('nora@example.org', { from: { name: 'Fern "&" Fig', email: 'ada@fern-and-fig.example' } }))
    expect(Object.fromEntries(forms.at(-1)!)).toEqual({
      to: 'nora@example.org', from: '"Fern \\"&\\" Fig" <ada@fern-and-fig.example>', subject: 'Größe zählt: 20 % – nur heute', text: 'Hello Ünal\n', html: '<!doctype html><html lang="en"><body><p>Hello Ünal</p></body></html>',
      'v:key': 'key-nora', 'h:Reply-To': 'hello@fern-and-fig.example', 'h:Message-ID': '<key-nora@fern-and-fig.example>', 'h:List-Unsubscribe': '<https://app.example.test/u/t1.abc>', 'h:List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      'o:tracking': 'no', 'o:tracking-clicks': 'no', 'o:tracking-opens': 'no',
    })
  })

  test('many: the body once, and the variables of each', async () => {
    expect(await provider.shared!.prepare(sharedFor())([personFor('ann'), personFor('ben')])).toEqual({ kind: 'accepted', providerId: '1' })
    const form = Object.fromEntries(forms.at(-1)!) as Record<string, string>
    expect(form).toMatchObject({
      to: 'ann@example.org,ben@example.org', subject: 'News for %recipient.v0% – 20 off', 'v:key': '%recipient.key%',
      'h:Message-ID': '<%recipient.key%@fern-and-fig.example>', 'h:List-Unsubscribe': '<https://app.example.test/u/%recipient.v3%>', 'h:Precedence': 'bulk',
    })
    expect(JSON.parse(form['recipient-variables']!)).toEqual({
      'ann@example.org': { key: '01hbatch.ann', v0: 'First ann', v1: '<b>ann</b>', v2: 't1.ann', v3: 'u1.ann' },
      'ben@example.org': { key: '01hbatch.ben', v0: 'First ben', v1: '<b>ben</b>', v2: 't1.ben', v3: 'u1.ben' },
    })
  })

  test('words that Mailgun would fill in by itself do not leave: in the text everybody waits, in a value only its person', async () => {
    const before = forms.length
    for (const words of ['%recipient.email%', 'see %unsubscribe_url%', '%Recipient.v0%', '%mailing_list_unsubscribe_url%']) {
      expect(await provider.shared!.prepare(sharedFor({ text: [words] }))([personFor('ann')]), words).toMatchObject({ kind: 'paused', reason: expect.stringContaining('%') as string })
      expect(await provider.send(mailFor('nora@example.org', { text: words })), words).toMatchObject({ kind: 'refused', badAddress: false })
    }
    expect(await provider.shared!.prepare(sharedFor())([personFor('ann'), personFor('ben', { values: ['%recipient.v3%', '', '', ''] })])).toMatchObject({ kind: 'refused', badAddress: false, people: [1] })
    expect(forms.length).toBe(before)
    expect(await provider.send(mailFor('nora@example.org', { text: '100% wool, 20%OFF %x%' }))).toMatchObject({ kind: 'accepted' })
  })
})

test('each answer has its outcome (reliability.md 4.2)', async () => {
  const usual = answer
  const with_ = async (status: number, message = '', headers: Record<string, string> = {}): Promise<unknown> => {
    answer = (response) => void response.writeHead(status, headers).end(JSON.stringify({ message }))
    return provider.send(mailFor('nora@example.org'))
  }
  try {
    expect(await with_(429, 'slow down', { 'retry-after': '12' })).toMatchObject({ kind: 'later', retryAfterMs: 12_000, whole: true })
    expect(await with_(429)).toMatchObject({ kind: 'later', retryAfterMs: 60_000 })
    for (const status of [500, 502, 503, 504, 408, 302]) expect(await with_(status), String(status)).toMatchObject({ kind: 'uncertain' })
    for (const status of [401, 402, 403, 404]) expect(await with_(status), String(status)).toMatchObject({ kind: 'paused' })
    expect(await with_(413)).toMatchObject({ kind: 'refused', badAddress: false })
    expect(await with_(400, "'to' parameter is not a valid address. please check documentation")).toMatchObject({ kind: 'refused', badAddress: true })
    expect(await with_(400, "'from' parameter is not a valid address. please check documentation")).toMatchObject({ kind: 'paused' })
    expect(await with_(400, 'nora@example.org: no')).toMatchObject({ kind: 'refused', badAddress: false, reason: 'Mailgun answered 400: (address) no' })
  } finally {
    answer = usual
  }
})

describe('its events', () => {
  const delivery = (event: object, change: { at?: Date; key?: string; token?: string; signature?: string } = {}): Buffer => {
    const timestamp = String(Math.floor((change.at ?? clock.now()).getTime() / 1000))
    const token = change.token ?? randomBytes(25).toString('hex')
    const signature = change.signature ?? createHmac('sha256', change.key ?? 'sign').update(timestamp + token).digest('hex')
    return Buffer.from(JSON.stringify({ signature: { timestamp, token, signature }, 'event-data': event }))
  }
  const event = (change: object): object => ({ event: 'delivered', id: 'e1', timestamp: 1_795_000_000.5, recipient: 'nora@example.org', 'user-variables': { key: 'k1' }, message: { headers: { 'message-id': 'k1@fern-and-fig.example' } }, ...change })
  const read = (body: Buffer, now = clock.now()): Feedback[] | null => provider.feedback!({}, body, now)
  const ago = (milliseconds: number): Date => new Date(clock.now().getTime() - milliseconds)
  const hour = 3_600_000

  test('are believed with a signature by our key, as long as Mailgun may come again', () => {
    expect(read(delivery(event({}), { token: 'a'.repeat(50) }))).toEqual([{ id: 'e1', key: 'k1', kind: 'delivered', at: new Date(1_795_000_000_500), detail: null, machine: false, once: 'a'.repeat(50) }])
    expect(read(delivery(event({}), { at: ago(8 * hour) }))).toHaveLength(1)
    expect(read(delivery(event({}), { at: ago(10 * hour) }))).toBeNull()
    expect(read(delivery(event({}), { at: ago(-hour) }))).toBeNull()
    expect(read(delivery(event({}), { key: 'another' }))).toBeNull()
    for (const signature of ['', 'zz', '0'.repeat(64), 'f'.repeat(63)]) expect(read(delivery(event({}), { signature })), signature).toBeNull()
    for (const body of ['', '[]', 'null', '{', '{"signature":{}}', '{"signature":null,"event-data":{}}', JSON.stringify(event({}))]) expect(read(Buffer.from(body)), body).toBeNull()
    const good = JSON.parse(delivery(event({})).toString()) as { signature: Record<string, string> }
    for (const name of ['timestamp', 'token']) expect(read(Buffer.from(JSON.stringify({ ...good, signature: { ...good.signature, [name]: `${good.signature[name]!.slice(0, -1)}x` } }))), name).toBeNull()
  })

  test('without a signing key nothing is believed', () => {
    const open = createMailgun({ apiKey: 'k', domain: 'd.example', url: 'http://127.0.0.1:1', signingKey: '', perSecond: 1, clock })
    expect(open.feedback!({}, delivery(event({}), { key: '' }), clock.now())).toBeNull()
  })

  test('are put into our words', () => {
    const kind = (change: object): string | undefined => read(delivery(event(change)))?.[0]?.kind
    const failed = (change: object, status: object = {}): string | undefined => kind({ event: 'failed', severity: 'permanent', reason: 'bounce', ...change, 'delivery-status': { code: 550, message: '5.1.1 unknown', ...status } })
    for (const [theirs, ours] of [['accepted', 'processed'], ['delivered', 'delivered'], ['opened', 'opened'], ['clicked', 'clicked'], ['complained', 'complained'], ['unsubscribed', 'unsubscribed'], ['rejected', 'dropped'], ['stored', undefined], ['list_member_uploaded', undefined]])
      expect(kind({ event: theirs }), theirs).toBe(ours)
    expect(failed({ severity: 'temporary' }, { code: 421 })).toBe('deferred')
    expect(failed({})).toBe('bounced')
    expect(failed({}, { 'enhanced-code': '5.7.515', message: 'Access denied' })).toBe('blocked') // sender set-up
    expect(failed({ reason: 'espblock' })).toBe('blocked')
    expect(failed({ reason: 'old' }, { code: 602 })).toBe('blocked')
    expect(failed({ reason: 'old' }, { code: 450, message: '4.2.2 mailbox full' })).toBe('blocked')
    expect(failed({ reason: 'suppress-bounce' }, { code: 605, message: '' })).toBe('dropped')
    expect(failed({ reason: 'suppress-unsubscribe' }, { code: 606, message: '' })).toBe('dropped')
    expect(failed({}, { code: '550' })).toBe('bounced')
  })

  test('a key comes back as it was given, or by our Message-Id; somebody else’s mail is passed over', () => {
    const keyOf = (change: object): string | undefined => read(delivery(event(change)))?.[0]?.key
    expect(keyOf({ 'user-variables': [] })).toBe('k1')
    expect(keyOf({ 'user-variables': { key: '%recipient.key%' }, message: null })).toBeUndefined()
    expect(keyOf({ 'user-variables': [], message: { headers: {} } })).toBeUndefined()
    expect(keyOf({ 'user-variables': { key: 'x'.repeat(101) }, message: null })).toBeUndefined()
  })

  test('a reason keeps no address; a machine is told by Mailgun’s word; what has no form is passed over', () => {
    const first = (change: object): Feedback | undefined => read(delivery(event(change)))?.[0]
    expect(first({ event: 'failed', severity: 'permanent', 'delivery-status': { code: 550, 'enhanced-code': '5.1.1', message: '<nora@example.org> unknown' } })?.detail).toBe('5.1.1 <(address)> unknown')
    expect(first({ event: 'failed', severity: 'permanent', reason: 'suppress-bounce', 'delivery-status': { code: 605, description: 'Not delivering to previously bounced address' } })?.detail).toBe('suppress-bounce Not delivering to previously bounced address')
    expect([first({ event: 'opened', 'client-info': { bot: 'apple' } })?.machine, first({ event: 'opened', 'client-info': { bot: '' } })?.machine, first({ event: 'opened' })?.machine]).toEqual([true, false, false])
    for (const change of [{ id: undefined }, { timestamp: 'soon' }, { timestamp: 1e12 }, { event: 3 }]) expect(read(delivery(event(change)))).toEqual([])
  })
})
