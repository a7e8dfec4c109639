import type { lookup } from 'node:dns'
import { describe, expect, test } from 'vitest'
import { askOne } from '../app/campaigns/ask-links.ts'
import { createAsk, isPublic, NotAsked, type Ask } from '../app/lib/ask.ts'

// Asking addresses that people type in: never a way into a network of ours (reliability.md X4, T8).

const signal = AbortSignal.timeout(20_000)
/** A name server that answers with these, one list a question; the last goes on. */
function names(...answers: string[][]): { resolve: typeof lookup; asked: () => number } {
  let n = 0
  const resolve = ((_: string, __: object, done: (fault: null, found: { address: string; family: number }[]) => void) => {
    const found = answers[Math.min(n++, answers.length - 1)]!
    done(null, found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })))
  }) as unknown as typeof lookup
  return { resolve, asked: () => n }
}

describe('what is not asked', () => {
  test.each([
    'http://127.0.0.1/', 'http://2130706433/', 'http://0x7f.1/', 'http://017700000001/', 'http://127.1/', 'http://0/', 'http://[::1]/', 'http://[::]/', 'http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]/',
    'http://169.254.169.254/latest/meta-data/', 'http://10.0.0.1/', 'http://172.31.255.255/', 'http://192.168.1.1/', 'http://100.64.0.1/', 'http://[fd00::1]/', 'http://[fe80::1]/', 'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/', 'http://224.0.0.1/', 'http://255.255.255.255/', 'http://fern.example:8080/', 'https://fern.example:22/', 'http://ada:key@fern.example/', 'ftp://fern.example/', 'file:///etc/passwd',
    'http://①②⑦.⓪.⓪.①/',
  ])('%s', async (url) => {
    const server = names(['93.184.215.14'])
    await expect(createAsk(server.resolve)(new URL(url), signal)).rejects.toBeInstanceOf(NotAsked)
    expect(server.asked()).toBe(0)
  })

  test.each([[['127.0.0.1']], [['10.1.2.3']], [['::1']], [['93.184.215.14', '127.0.0.1']], [['fd12::1', '2606:2800:21f:cb07::1']]])('a name that leads to %j', async (found) => {
    await expect(createAsk(names(found).resolve)(new URL('https://fern.example/'), signal)).rejects.toBeInstanceOf(NotAsked)
  })

  test('open addresses are those of the internet, and no others', () => {
    for (const address of ['8.8.8.8', '93.184.215.14', '172.32.0.1', '100.128.0.1', '2606:2800:21f:cb07::1']) expect([address, isPublic(address)]).toEqual([address, true])
    for (const address of ['', 'fern.example', '0.0.0.0', '198.51.100.7', '203.0.113.9', '2001:db8::1', '::ffff:8.8.8.8', 'fe80::1%eth0']) expect([address, isPublic(address)]).toEqual([address, false])
  })
})

describe('what a link says', () => {
  const says = (told: Awaited<ReturnType<Ask>> | Error): Ask => () => (told instanceof Error ? Promise.reject(told) : Promise.resolve(told))
  const coded = (code: string): Error => Object.assign(new Error('no'), { cause: Object.assign(new Error('no'), { code }) })
  test.each([
    ['a page', says({ status: 200, location: null }), 'answers', 'Answers'],
    ['no such page', says({ status: 404, location: null }), 'does_not', 'There is no such page (404)'],
    ['a broken page', says({ status: 503, location: null }), 'does_not', 'The page is broken (503)'],
    ['a page that shuts machines out', says({ status: 403, location: null }), 'could_not', /^Does not let machines look \(403\)/],
    ['no such name', says(coded('ENOTFOUND')), 'does_not', 'There is no such address'],
    ['no answer', says(coded('ECONNREFUSED')), 'does_not', 'Does not answer'],
    ['a bad certificate', says(coded('CERT_HAS_EXPIRED')), 'does_not', /certificate/],
    ['anything else', says(new Error('odd')), 'could_not', 'Could not be asked'],
    ['a circle', says({ status: 302, location: '/again' }), 'does_not', /without end/],
  ])('%s', async (_, ask, result, words) => {
    const told = await askOne({ ask }, 'https://fern.example/new')
    expect([told.url, told.result]).toEqual(['https://fern.example/new', result])
    expect(told.words).toMatch(words)
  })

  test('where it sends on is looked at anew: not into a private network', async () => {
    const guarded = createAsk(names(['93.184.215.14']).resolve)
    const ask: Ask = (url, until) => (url.hostname === 'fern.example' ? Promise.resolve({ status: 302, location: 'http://169.254.169.254/latest/' }) : guarded(url, until))
    expect(await askOne({ ask }, 'https://fern.example/new')).toMatchObject({ result: 'could_not', words: expect.stringMatching(/not asked/) })
  })
})
