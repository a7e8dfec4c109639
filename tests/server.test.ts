import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isPostgres } from '../app/db/columns.ts'
import { newId } from '../app/lib/ids.ts'
import { routes } from '../app/server.ts'
import { testApp, testEnv, type TestApp } from './app.ts'
import { freshDatabase } from './fresh-database.ts'
import { freePort } from './setup.ts'

const seconds = (): number => Math.floor(t.clock.now().getTime() / 1000)
let t: TestApp
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())

/** What is open to everybody, and why; a public route that is not listed here fails the build. */
const open = new Map([
  ['post /webhooks/shopify', 'signed by Shopify'],
  ['post /events/sendgrid', 'signed by SendGrid'],
  ['post /events/mailgun', 'signed by Mailgun'],
  ['get /o/:token', 'opened by a link that we signed'],
  ['get /c/:token/:n', 'opened by a link that we signed'],
  ['get /confirm/:token', 'opened by a link that we signed'],
  ['post /confirm/:token', 'opened by a link that we signed'],
  ['get /u/:token', 'opened by a link that we signed'],
  ['post /u/:token', 'opened by a link that we signed'],
  ['post /u/:token/undo', 'opened by a link that we signed'],
  ['get /p/:token', 'opened by a link that we signed'],
  ['post /p/:token', 'opened by a link that we signed'],
])
const filled = (path: string): string => path.replace(/\{?\*\w+\}?/g, 'x').replace(/:(\w+)/g, (_, name: string) => (name === 'n' ? '1' : newId(new Date(0))))
const call = (path: string, method: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(t.http + path, { method, headers, redirect: 'manual', ...(method === 'GET' || method === 'HEAD' ? {} : { body: '{}' }) })

describe('doors', () => {
  test('every open route is known; documents hold no data', () => {
    const unknown = routes.filter((r) => r.guard === 'public' && !open.has(`${r.method} ${r.path}`) && r.method !== 'get').map((r) => `${r.method} ${r.path}`)
    expect(unknown).toEqual([])
    const listed = new Set(routes.map((r) => `${r.method} ${r.path}`))
    expect([...open.keys()].filter((key) => !listed.has(key))).toEqual([])
    expect(routes.filter((r) => r.path.startsWith('/api/') && r.guard !== 'shop')).toEqual([])
    expect(routes.filter((r) => r.path.startsWith('/proxy/') && r.guard !== 'proxy')).toEqual([])
  })

  test('no guarded route answers a stranger, however it is spelled or asked', async () => {
    const guarded = routes.filter((r) => r.guard !== 'public')
    expect(guarded.length).toBeGreaterThan(30)
    const bad: string[] = []
    for (const route of guarded) {
      const path = filled(route.path)
      const spellings = [path, `${path}/`, path.toUpperCase(), `/${path}`, path.replace('/api', '/api/.'), path.replace('/', '/%2e/'), `${path}?x=1`, `${path};x`, `${path}%20`, path.replace('/api/', '/api//'), `${path}.json`, path.replace('/api', '/%61pi')]
      for (const spelling of spellings)
        for (const method of spelling === path ? ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'] : ['GET', route.method.toUpperCase()]) {
          const { status, headers } = await call(spelling, method)
          if (![400, 401, 404, 405].includes(status) && !(status === 200 && method === 'OPTIONS')) bad.push(`${method} ${spelling}: ${status}`)
          if (headers.get('set-cookie')) bad.push(`${method} ${spelling} sets a cookie`)
        }
    }
    expect(bad).toEqual([])
  }, 60_000)

  test('a missing or forged session token is 401, and App Bridge is told to fetch a fresh one', async () => {
    const paths = ['/api/home', '/api/campaigns', '/api/subscribers', '/api/settings']
    const tokens = [
      undefined, 'Bearer', 'Bearer x', `Bearer ${'x.'.repeat(2)}x`, `Basic ${Buffer.from('a:b').toString('base64')}`,
      `Bearer ${await t.sessionToken(t.shop, {}, 'another secret')}`,
      `Bearer ${await t.sessionToken(t.shop, { aud: 'another app' })}`,
      `Bearer ${await t.sessionToken(t.shop, { exp: seconds() - 60 })}`,
      `Bearer ${await t.sessionToken(t.shop, { nbf: seconds() + 60 })}`,
      `Bearer ${await t.sessionToken(t.shop, { dest: `https://${t.stranger.domain}` })}`,
      `Bearer ${await t.sessionToken(t.shop, { iss: 'https://evil.example/admin' })}`,
      `Bearer ${await t.sessionToken(t.shop, { iss: 'https://evil.example/admin', dest: 'https://evil.example' })}`,
      `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ dest: `https://${t.shop.domain}`, aud: testEnv.SHOPIFY_API_KEY })).toString('base64url')}.`,
    ]
    for (const path of paths)
      for (const authorization of tokens) {
        const response = await call(path, 'GET', authorization === undefined ? {} : { authorization })
        expect(response.status, `${path} with token ${tokens.indexOf(authorization)}`).toBe(401)
        expect(response.headers.get('x-shopify-retry-invalid-session-request')).toBe('1')
        expect(await response.text()).not.toContain('x.')
      }
    expect((await t.api(t.shop).get('/api/settings')).status).toBe(200)
  })

  test('ids of another shop, and ids of nobody, are 404 and look the same', async () => {
    const own = await t.addSubscriber(t.shop, { email: 'ben@example.test', consent: 'subscribed' })
    const segment = await t.api(t.shop).post('/api/segments', { name: 'Buyers', rules: { kind: 'group', match: 'all', rules: [{ kind: 'orders', op: 'at_least', value: 1, period: { kind: 'ever' } }] } })
    const campaign = await t.api(t.shop).post('/api/campaigns', { name: 'Spring' })
    const field = await t.api(t.shop).post('/api/fields', { name: 'Shoe size', kind: 'number' })
    expect([segment.status, campaign.status, field.status]).toEqual([200, 200, 200])
    const file = await fetch(`${t.http}/api/imports?name=ada.csv`, { method: 'POST', headers: { authorization: `Bearer ${await t.sessionToken(t.shop)}` }, body: 'email\nben@example.test\n' })
    const { id: importId } = (await file.json()) as { id: string }
    const ids: Record<string, string> = { imports: importId, subscribers: own, fields: field.body.fields[0].id, segments: segment.body.id, campaigns: campaign.body.id }
    for (const route of routes.filter((r) => r.guard === 'shop' && r.path.includes(':id'))) {
      const room = route.path.split('/')[2]!
      const id = ids[room]
      if (!id) continue
      const method = route.method as 'get' | 'post' | 'put' | 'delete'
      const replies = []
      for (const asked of [id, newId(new Date(0)), 'x'.repeat(26), `${id}'--`]) {
        const reply = await t.api(t.stranger)[method](route.path.replace(':id', encodeURIComponent(asked)), validBody(route.path))
        replies.push({ status: reply.status, body: reply.body })
      }
      expect(replies.map((reply) => reply.status), `${method} ${route.path}`).toEqual([404, 404, 404, 404])
      expect(new Set(replies.map((reply) => JSON.stringify(reply.body))).size).toBe(1)
    }
    expect((await t.api(t.shop).get(`/api/subscribers/${own}`)).status).toBe(200)
    expect((await t.api(t.shop).get(`/api/campaigns/${campaign.body.id}`)).status).toBe(200)
  })
})

/** A body that would be taken from the owner, so that a 404 is about the id. */
function validBody(path: string): unknown {
  if (path.endsWith('/schedule')) return { at: '2026-11-23T12:00:00.000Z' }
  if (/\/held\/(again|leave)$/.test(path)) return { people: 'all' }
  if (path.endsWith('/test')) return { to: 'cleo@kiln-and-kettle.example' }
  if (path === '/api/subscribers/:id') return { firstName: 'x', lastName: null, locale: null, country: null }
  if (path === '/api/fields/:id') return { name: 'x' }
  if (/\/(restrict|lift)$/.test(path)) return { reason: 'they asked for it' }
  if (path.endsWith('/merge')) return { removedId: newId(new Date(0)) }
  if (path === '/api/imports/:id/compare') return { mapping: { columns: ['email'], tags: [], consent: 'none' }, origin: 'own_store', attested: true }
  if (path === '/api/segments/:id') return { name: 'x', rules: { kind: 'group', match: 'all', rules: [{ kind: 'orders', op: 'at_least', value: 1, period: { kind: 'ever' } }] } }
  if (path === '/api/campaigns/:id') return { version: 1, name: 'x', subject: '', preheader: '', content: { blocks: [] }, audience: { kind: 'everyone' } }
  return {}
}

describe('bad input', () => {
  test('malformed JSON is 400, a huge body 413, a wrong field is named; each in words', async () => {
    const headers = { authorization: `Bearer ${await t.sessionToken(t.shop)}`, 'content-type': 'application/json' }
    const send = async (body: string): Promise<{ status: number; error: { message: string; fields: Record<string, string> } }> => {
      const response = await fetch(`${t.http}/api/segments`, { method: 'POST', headers, body })
      return { status: response.status, ...((await response.json()) as { error: { message: string; fields: Record<string, string> } }) }
    }
    expect(await send('{"name":')).toMatchObject({ status: 400, error: { message: 'The request is not valid JSON.' } })
    expect(await send(JSON.stringify({ name: 'x'.repeat(3_000_000) }))).toMatchObject({ status: 413 })
    const wrong = await send(JSON.stringify({ name: '', rules: { kind: 'group', match: 'all', rules: [] } }))
    expect(wrong.status).toBe(422)
    expect(wrong.error.fields).toMatchObject({ name: 'give the segment a name', 'rules.rules': 'add a condition' })
    expect((await fetch(`${t.http}/api/segments`, { headers: { ...headers, 'content-type': 'application/json; charset=nonsense' }, method: 'POST', body: '{}' })).status).toBeLessThan(500)
    expect((await fetch(`${t.http}/api/campaigns/%E0%A4%A`, { headers })).status).toBe(400)
  })

  test('every answer forbids framing unless it says otherwise, and none sets a cookie', async () => {
    for (const path of ['/healthz', '/api/home', '/nowhere', '/u/x', '/c/x/1', '/assets/nothing.js', '/assets/index.html']) {
      const response = await call(path, 'GET')
      expect(response.headers.get('content-security-policy'), path).toMatch(/frame-ancestors/)
      expect(response.headers.get('set-cookie')).toBeNull()
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(response.headers.get('x-powered-by')).toBeNull()
    }
    const picture = await call('/o/x', 'GET') // has nothing to frame
    expect([picture.headers.get('x-content-type-options'), picture.headers.get('set-cookie'), picture.headers.get('x-powered-by')]).toEqual(['nosniff', null, null])
    expect((await call('/assets/index.html', 'GET')).status).toBe(404)
  })

  test('it is alive, and ready while its database answers', async () => {
    expect(await (await call('/healthz', 'GET')).json()).toEqual({ ok: true })
    expect((await call('/readyz', 'GET')).status).toBe(200)
  })
})

describe('npm start', () => {
  const main = fileURLToPath(new URL('../app/main.ts', import.meta.url))
  const run = (env: Record<string, string>): { output: () => string; ended: Promise<number | null>; stop: () => void } => {
    const child = spawn(process.execPath, [main], { env: { PATH: process.env.PATH ?? '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()))
    return { output: () => output, ended: new Promise((resolve) => child.once('exit', resolve)), stop: () => void child.kill('SIGTERM') }
  }

  test('names every variable that is missing and ends with 1', async () => {
    const started = run({})
    expect(await started.ended).toBe(1)
    for (const name of ['APP_URL', 'SHOPIFY_API_KEY', 'SECRET_KEYS', 'MAIL_PROVIDER']) expect(started.output()).toContain(name)
  })

  test('refuses the demo’s settings in production', async () => {
    const started = run({ ...testEnv, NODE_ENV: 'production', FRAME_ANCESTORS: 'http://127.0.0.1:1' })
    expect(await started.ended).toBe(1)
    expect(started.output()).toContain('FRAME_ANCESTORS')
  })

  test('serves, and ends gently on SIGTERM with 0', async () => {
    const database = await freshDatabase()
    const port = await freePort()
    const started = run({ ...testEnv, NODE_ENV: 'development', LOG_LEVEL: 'info', DATABASE_URL: database.url, PORT: String(port) })
    const until = Date.now() + 20_000
    while (!started.output().includes('started') && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50))
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)
    started.stop()
    expect(await started.ended).toBe(0)
    for (const line of started.output().trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
    await database.drop()
  }, isPostgres ? 40_000 : 30_000)
})
