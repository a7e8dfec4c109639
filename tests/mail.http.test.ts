import { readFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { readAnswer } from '../app/mail/http-answer.ts'
import { createHttpClient, type HttpClient } from '../app/mail/http-client.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
const listen = async (server: Server, options: { scheme?: string; connections?: number; ca?: string } = {}): Promise<HttpClient> => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = createHttpClient({ url: `${options.scheme ?? 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: options.connections ?? 4, timeoutMs: 400, ...(options.ca ? { ca: options.ca } : {}) })
  closing.push(async () => {
    client.close()
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return client
}
const ok = 'HTTP/1.1 202 Accepted\r\nX-Message-Id: m1\r\nContent-Length: 0\r\n\r\n'
/** A server that does with each whole request what it is told. */
const raw = (onRequest: (socket: Socket, n: number) => void): { server: Server; seen: { requests: number; connections: number } } => {
  const seen = { requests: 0, connections: 0 }
  const server = createServer((socket) => {
    seen.connections++
    let got = ''
    socket.on('data', (data) => {
      got += data.toString('latin1')
      const end = got.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/.exec(got)?.[1] ?? NaN)
      if (end < 0 || got.length < end + 4 + length) return
      got = got.slice(end + 4 + length)
      onRequest(socket, ++seen.requests)
    })
  })
  return { server, seen }
}
const post = (client: HttpClient, body: (string | Buffer)[] = ['{}']) => client.post('/v3/mail/send', 'content-type: application/json\r\n', body)

describe('what goes out', () => {
  test('a request as any server reads it: path, headers, length, all parts in order', async () => {
    const seen: object[] = []
    const client = await listen(createHttp((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        seen.push({ method: request.method, url: request.url, type: request.headers['content-type'], host: request.headers.host, body: Buffer.concat(chunks).toString() })
        response.writeHead(200, { 'x-a': '1' }).end('done')
      })
    }))
    const result = await post(client, ['{"a":"', Buffer.from('ü'), '', '"}'])
    expect(seen).toEqual([{ method: 'POST', url: '/v3/mail/send', type: 'application/json', host: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string, body: '{"a":"ü"}' }])
    expect(result.answer).toMatchObject({ status: 200, body: 'done', headers: { 'x-a': '1' } })
  })

  test('large bodies arrive whole, many at once on few connections, each with its own answer', async () => {
    const client = await listen(createHttp((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => response.end(`${Buffer.concat(chunks).length}`))
    }), { connections: 3 })
    const sizes = Array.from({ length: 40 }, (_, i) => 1 + i * 30_000)
    const results = await Promise.all(sizes.map((size) => post(client, ['x'.repeat(size)])))
    expect(results.map((one) => one.answer?.body)).toEqual(sizes.map(String))
  })
})

describe('kept connections', () => {
  test('carry one request after the other', async () => {
    const { server, seen } = raw((socket) => socket.write(ok))
    const client = await listen(server)
    for (let i = 0; i < 5; i++) expect(await post(client)).toMatchObject({ answer: { status: 202 } })
    expect(seen).toEqual({ requests: 5, connections: 1 })
  })

  test('that the other side has ended are not used again', async () => {
    const { server, seen } = raw((socket) => socket.end(ok))
    const client = await listen(server)
    for (let i = 0; i < 3; i++) {
      expect(await post(client)).toMatchObject({ answer: { status: 202 } })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(seen).toEqual({ requests: 3, connections: 3 })
  })

  test.each([['connection: close', ok.replace('X-Message-Id', 'Connection: close\r\nX-Message-Id')], ['HTTP/1.0', ok.replace('1.1', '1.0')], ['more than the answer', `${ok}HTTP/1.1 200 OK\r\n\r\n`]])('are given up after "%s"', async (_, answer) => {
    const { server, seen } = raw((socket) => socket.write(answer))
    const client = await listen(server)
    for (let i = 0; i < 2; i++) expect(await post(client)).toMatchObject({ answer: { status: 202 } })
    expect(seen.connections).toBe(2)
  })

  test('on which an answer comes that nobody asked for are not believed', async () => {
    const givenUp = Promise.withResolvers<void>()
    const { server, seen } = raw((socket, n) => {
      socket.write(ok)
      if (n === 1) setTimeout(() => socket.once('close', () => givenUp.resolve()).write(ok.replace('m1', 'stray')), 50)
    })
    const client = await listen(server)
    await post(client)
    await givenUp.promise
    expect((await post(client)).answer?.headers['x-message-id']).toBe('m1')
    expect(seen.connections).toBe(2)
  })

  test('an answer before the request had left whole is an answer, and ends the connection', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.pause().write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n')))
    const client = await listen(server)
    expect(await post(client, ['x'.repeat(20_000_000)])).toMatchObject({ answer: { status: 413 } })
  })
})

describe('without an answer it says whether anything may have been taken', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['reset', (socket) => socket.resetAndDestroy()], ['closed', (socket) => socket.end()], ['silence', () => undefined], ['half an answer', (socket) => socket.end(ok.slice(0, 30))],
    ['half a body', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')], ['one byte after the other for ever', (socket) => void setInterval(() => socket.writable && socket.write('H'), 50).unref()],
    ['something else than HTTP', (socket) => socket.write('220 mail ESMTP\r\n\r\n')], ['a head without end', (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`)],
    ['a body without end', (socket) => socket.write(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(300_000)}`)], ['two lengths', (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab')],
    ['length and chunks', (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')],
  ])('%s: it may', async (_, misbehave) => {
    const { server, seen } = raw(misbehave)
    const client = await listen(server)
    const since = performance.now()
    expect(await post(client)).toMatchObject({ answer: null, begun: true })
    expect(performance.now() - since).toBeLessThan(2_000)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(seen.requests).toBe(1) // and it was not sent again
  })

  test('nobody there, a name that is none, a server that does not speak TLS: it cannot', async () => {
    const server = createServer()
    const client = await listen(server)
    await new Promise((resolve) => server.close(resolve))
    expect(await post(client)).toMatchObject({ answer: null, begun: false, fault: 'ECONNREFUSED' })
    const nowhere = createHttpClient({ url: 'https://nobody.invalid', connections: 1, timeoutMs: 2_000 })
    expect(await post(nowhere)).toMatchObject({ answer: null, begun: false })
    const { server: plain } = raw(() => undefined)
    expect(await post(await listen(plain, { scheme: 'https' }))).toMatchObject({ answer: null, begun: false })
  })

  test('closing answers everybody who waits', async () => {
    const { server } = raw(() => undefined)
    const client = await listen(server, { connections: 1 })
    const [first, second] = [post(client), post(client)]
    await new Promise((resolve) => setTimeout(resolve, 50))
    client.close()
    expect(await first).toMatchObject({ answer: null, begun: true })
    expect(await second).toMatchObject({ answer: null, begun: false })
    expect(await post(client)).toMatchObject({ answer: null, begun: false })
  })
})

describe('TLS', () => {
  const pem = (name: string): string => readFileSync(new URL(`fixtures/tls/${name}.pem`, import.meta.url), 'utf8')
  const serve = async (cert: string, ca?: string): Promise<{ client: HttpClient; asked: () => number }> => {
    let asked = 0
    const client = await listen(createHttps({ key: pem('key'), cert: pem(cert) }, (request, response) => (asked++, request.resume(), response.writeHead(202).end())), { scheme: 'https', ...(ca ? { ca } : {}) })
    return { client, asked: () => asked }
  }

  test('works with a certificate that is vouched for, and connections are kept', async () => {
    const { client, asked } = await serve('cert', pem('cert'))
    for (let i = 0; i < 3; i++) expect(await post(client, ['x'.repeat(100_000)])).toMatchObject({ answer: { status: 202 } })
    expect(asked()).toBe(3)
  })

  test.each([['nobody vouches for it', 'cert', undefined], ['it is for another name', 'other-cert', 'other-cert']])('says nothing when %s, whatever the environment says', async (_, cert, ca) => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      const { client, asked } = await serve(cert, ca && pem(ca))
      expect(await post(client)).toMatchObject({ answer: null, begun: false })
      expect(asked()).toBe(0)
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    }
  })
})

describe('answers', () => {
  const read = (text: string, ended = false) => readAnswer(Buffer.from(text), ended)
  test.each<[string, string, object]>([
    ['with a length', 'HTTP/1.1 400 Bad Request\r\ncontent-length: 3\r\n\r\nabc', { status: 400, body: 'abc', reusable: true }],
    ['without a word for the status', 'HTTP/1.1 202\r\ncontent-length: 0\r\n\r\n', { status: 202 }],
    ['in chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n', { body: 'abc0123456789', reusable: true }],
    ['in chunks with a trailer', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: y\r\n\r\n', { body: 'a', reusable: true }],
    ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204, body: '', reusable: true }],
    ['after "go on"', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\nHTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n', { status: 202 }],
    ['with repeated headers', 'HTTP/1.1 200 OK\r\nx-a: 1\r\nX-A: 2\r\ncontent-length: 0\r\n\r\n', { headers: { 'x-a': '1, 2' } }],
  ])('%s are read, and not before they are whole', (_, text, answer) => {
    for (let length = 0; length < text.length; length++) expect(read(text.slice(0, length))).toBeNull()
    expect(read(text)).toMatchObject(answer)
  })
  test('the end of the connection ends a body that says nothing of its length', () => {
    expect(read('HTTP/1.1 200 OK\r\n\r\nabc')).toBeNull()
    expect(read('HTTP/1.1 200 OK\r\n\r\nabc', true)).toMatchObject({ body: 'abc', reusable: false })
  })
  test.each(['HTTP/2 200\r\n\r\n', 'HTTP/1.1 20x OK\r\n\r\n', 'HTTP/1.1 101 Switching\r\n\r\n', 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n', 'HTTP/1.1 200 OK\r\n folded: x\r\n\r\n', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n'])('%j is none', (text) => {
    expect(() => read(text, true)).toThrow()
  })
})
