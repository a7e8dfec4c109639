import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { readArgs } from '../bench/args.ts'
import { startLoad } from '../bench/load.ts'
import { measurePairs, median, verdictOf } from '../bench/pairs.ts'
import { exitCode, inWords, reportOf } from '../bench/report.ts'
import { startSink, type Sink, type SinkOptions } from '../bench/sink.ts'
import { startSmtpSink, type SmtpSink, type SmtpSinkOptions } from '../bench/smtp-sink.ts'
import type { MailProvider, Outcome } from '../app/mail/provider.ts'
import { createSmtp } from '../app/mail/smtp.ts'

// The arithmetic and the tools of the benchmarks. Nothing here looks at a watch.

describe('the verdict', () => {
  test('is the median, of an even number the mean of the two in the middle', () => {
    expect(median([3])).toBe(3)
    expect(median([9, 1, 5])).toBe(5)
    expect(median([10, 9, 1, 2])).toBe(5.5)
    expect(() => median([])).toThrow()
  })

  test('leaves the first pair out, and takes ratios of pairs, not of medians', () => {
    const pairs = [{ limit: 1, product: 100 }, { limit: 100, product: 50 }, { limit: 200, product: 180 }, { limit: 1000, product: 600 }]
    expect(verdictOf(pairs, 0.6)).toEqual({ ratio: 0.6, min: 0.5, max: 0.9, bar: 0.6, ok: true, limit: 200, product: 180 })
    expect(verdictOf(pairs, 0.61).ok).toBe(false)
  })

  test('is refused when there is nothing to judge', () => {
    const good = { limit: 1, product: 1 }
    expect(() => verdictOf([], 1)).toThrow()
    expect(() => verdictOf([good], 1)).toThrow('first is discarded')
    for (const bad of [{ limit: 0, product: 1 }, { limit: 1, product: 0 }, { limit: NaN, product: 1 }, { limit: 1, product: Infinity }]) expect(() => verdictOf([good, good, bad], 1)).toThrow('nothing')
  })

  test('limit and product take turns', async () => {
    const order: string[] = []
    const turn = (name: string) => async (): Promise<number> => order.push(name)
    const pairs = await measurePairs(3, turn('limit'), turn('product'))
    expect(order).toEqual(['limit', 'product', 'limit', 'product', 'limit', 'product'])
    expect(pairs).toEqual([{ limit: 1, product: 2 }, { limit: 3, product: 4 }, { limit: 5, product: 6 }])
  })
})

describe('the report', () => {
  const reportFor = (product: number): ReturnType<typeof reportOf> => reportOf('x', verdictOf([{ limit: 1, product: 1 }, { limit: 100_000, product }], 0.6), 123.4, { unit: 'rows' })

  test('under the bar it says so and ends with 1, at the bar with 0', () => {
    expect([exitCode(reportFor(60_000)), exitCode(reportFor(59_999)), exitCode(reportFor(90_000))]).toEqual([0, 1, 0])
    expect(inWords(reportFor(59_999), 'rows')).toContain('UNDER THE BAR')
    expect(inWords(reportFor(60_000), 'rows')).toContain('holds')
  })

  test('a hair under the bar is not printed as the bar', () => {
    expect(reportFor(59_999).ratio).toBe(0.599)
  })

  test('has the fields that a machine reads', () => {
    expect(JSON.parse(JSON.stringify(reportFor(70_000)))).toEqual({ bench: 'x', ratio: 0.7, min: 0.7, max: 0.7, bar: 0.6, ok: true, peak_mb: 123, detail: { limit_per_s: 100_000, product_per_s: 70_000, unit: 'rows' } })
  })
})

test('what is asked for is read strictly', () => {
  expect(readArgs(['render', '--recipients', '5000', '--json'], ['render'])).toEqual({ name: 'render', recipients: 5000, pairs: 6, json: true })
  for (const wrong of [[], ['other'], ['render', 'render'], ['render', '--recipients', '0'], ['render', '--recipients', '5e3'], ['render', '--pairs', '1'], ['render', '--fast']]) expect(() => readArgs(wrong, ['render'])).toThrow()
})

test('what cannot be measured ends with 2, not with a verdict', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bench/main.ts', 'nothing'], { encoding: 'utf8' })
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toContain('NAME is one of: render')
})

describe('the sink', () => {
  let sink: Sink | null = null
  afterEach(async () => {
    await sink?.stop()
    sink = null
  })
  const bodyFor = (...people: string[]): string => JSON.stringify({ from: { email: 'ada@fern-and-fig.example' }, content: [{ type: 'text/plain', value: '"to":[{"email":"nobody@example.org"' }], personalizations: people.map((email) => ({ to: [{ email }] })) })
  const start = async (options: SinkOptions): Promise<(body: string) => Promise<Response>> => {
    const { port } = (sink = await startSink(options))
    return (body) => fetch(`http://127.0.0.1:${port}/v3/mail/send`, { method: 'POST', body, signal: AbortSignal.timeout(2_000) })
  }

  test.each(['drain', 'parse', 'delay'] as const)('%s: counts who came and who came twice', async (mode) => {
    const post = await start({ mode, delayMs: 5 })
    for (const email of ['a@example.org', 'b@example.org', 'a@example.org']) expect((await post(bodyFor(email))).status).toBe(202)
    expect(await sink!.counts()).toMatchObject({ calls: 3, recipients: 3, distinct: 2, doubles: 1, unread: 0 })
    await sink!.forget()
    expect(await sink!.counts()).toMatchObject({ calls: 0, recipients: 0, firstAt: null })
  })

  test('parse and drain: see everybody in a call, whatever its text says; a call without a recipient is noticed', async () => {
    for (const mode of ['parse', 'drain'] as const) {
      await (await start({ mode }))(bodyFor('a@example.org', 'b@example.org'))
      expect(await sink!.counts()).toMatchObject({ calls: 1, recipients: 2, distinct: 2 })
      await sink!.stop()
    }
    await (await start({ mode: 'drain' }))('{}')
    expect(await sink!.counts()).toMatchObject({ calls: 1, recipients: 0, unread: 1 })
  })

  test('429 and 5xx take nothing, hang takes it and never answers', async () => {
    for (const [mode, status] of [['429', 429], ['5xx', 503]] as const) {
      const post = await start({ mode, every: 2 })
      expect([(await post(bodyFor('a@example.org'))).status, (await post(bodyFor('b@example.org'))).status]).toEqual([202, status])
      expect(await sink!.counts()).toMatchObject({ calls: 2, recipients: 1, distinct: 1 })
      await sink!.stop()
    }
    const post = await start({ mode: 'hang', every: 1 })
    await expect(post(bodyFor('a@example.org'))).rejects.toThrow()
    expect(await sink!.counts()).toMatchObject({ calls: 1, recipients: 1 })
  })
})

describe('the mail server', () => {
  let sink: SmtpSink | null = null
  afterEach(async () => {
    await sink?.stop()
    sink = null
  })
  const start = async (options: SmtpSinkOptions): Promise<MailProvider> => {
    sink = await startSmtpSink(options)
    return createSmtp({ url: `smtp://127.0.0.1:${sink.port}`, perSecond: 1000, timeoutMs: 1_500 })
  }
  const send = (provider: MailProvider, to: string): Promise<Outcome> =>
    provider.send({ key: 'k', from: { name: 'Ada', email: 'ada@fern-and-fig.example' }, replyTo: '', to, subject: 'Pots', html: '<p>.</p>', text: '.\n', headers: {} })

  test.each(['drain', 'delay'] as const)('%s: takes everything, counts who came and who came twice', async (mode) => {
    const provider = await start({ mode, delayMs: 5 })
    const outcomes = await Promise.all(['a', 'b', 'c', 'a'].map((name) => send(provider, `${name}@example.org`)))
    expect(outcomes.map((one) => one.kind)).toEqual(['accepted', 'accepted', 'accepted', 'accepted'])
    expect(await sink!.counts()).toMatchObject({ calls: 4, recipients: 4, distinct: 3, doubles: 1, unread: 0 })
    await sink!.forget()
    expect(await sink!.counts()).toMatchObject({ calls: 0, recipients: 0 })
    await provider.close()
  })

  test('4xx takes nothing, hang takes it and never answers', async () => {
    for (const [mode, kind, recipients] of [['4xx', 'later', 1], ['hang', 'uncertain', 2]] as const) {
      const provider = await start({ mode, every: 2 })
      expect([(await send(provider, 'a@example.org')).kind, (await send(provider, 'b@example.org')).kind]).toEqual(['accepted', kind])
      expect(await sink!.counts()).toMatchObject({ calls: 2, recipients })
      await provider.close()
      await sink!.stop()
    }
  })
})

test('the load generator asks exactly as often as it is told, numbers its requests and counts the answers by status', async () => {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.url} ${String(request.headers['x-id'])}`)
    request.resume().on('end', () => response.writeHead(seen.length % 5 === 0 ? 404 : 200, request.url === '/endless' ? {} : { 'content-length': 2 }).end('ok'))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const load = startLoad()
  const order = { port: (server.address() as AddressInfo).port, connections: 4, seconds: 20, most: 50, method: 'POST' as const, paths: ['/a', '/b'], headers: { 'X-Id': 'n{n}' }, body: 'some words' }
  try {
    const { answered, statuses } = await load.run(order)
    expect([answered, statuses]).toEqual([50, { 200: 40, 404: 10 }])
    expect(new Set(seen)).toEqual(new Set(Array.from({ length: 50 }, (_, n) => `${n % 2 ? '/b' : '/a'} n${n}`)))
    await expect(load.run({ ...order, most: 1, paths: ['/endless'] })).rejects.toThrow('without a length')
  } finally {
    await load.stop()
    server.closeAllConnections()
    server.close()
  }
})
