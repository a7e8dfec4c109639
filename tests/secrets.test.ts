import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { isPostgres } from '../app/db/columns.ts'
import { subscribers } from '../app/db/schema.ts'
import { createLog } from '../app/lib/log.ts'
import { mintSessionToken } from '../simulator/platform/session-token.ts'
import { testEnv } from './app.ts'
import { shopper, urlsIn, wholeRun, type WholeRun } from './whole-run.ts'

// Secrets stay secret (reliability.md X10, T19): canaries are planted, a whole run with faults is lived through, and then the
// database, every line of the log, every answer and the admin's files are searched for them.

const secretKey = Buffer.from('canary-of-the-secret-key-0123456789').toString('base64')
const hashKey = Buffer.from('canary-of-the-hashing-key-123456789').toString('base64')
const email = 'petra.canary@example.com'
const firstName = 'Petracanary'
const secrets = new Map<string, string>([
  ['the mail provider’s key', 'SG.canary-key-of-the-mail-provider'],
  ['the secret key', secretKey],
  ['the secret key, raw', 'canary-of-the-secret-key'],
  ['the hash key', hashKey],
  ['the hash key, raw', 'canary-of-the-hashing-key'],
  ['the secret from before', testEnv.SHOPIFY_API_SECRET_PREVIOUS],
])

let run: WholeRun
let log = ''
const answers: { what: string; text: string }[] = []
const answered = async (what: string, response: Response): Promise<Response> => {
  const text = await response.clone().text()
  answers.push({ what: `${what} ${response.status}`, text: `${JSON.stringify(Object.fromEntries(response.headers))}\n${text}` })
  return response
}

beforeAll(async () => {
  for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) vi.spyOn(console, name).mockImplementation((...words: unknown[]) => void (log += `${words.map((word) => (word instanceof Error ? `${word.message} ${word.stack}` : JSON.stringify(word))).join(' ')}\n`))
  const stream = new Writable({ write: (chunk: Buffer, _, done) => ((log += chunk.toString('utf8')), done()) })
  run = await wholeRun({ seed: 71, log: createLog('debug', stream), env: { SENDGRID_API_KEY: secrets.get('the mail provider’s key')!, SECRET_KEYS: `canary:${secretKey}`, HASH_KEY: hashKey } })
  const { p } = run
  const http = p.t.http
  const keepTokens = (): void => {
    for (const [n, token] of [...tokensOf()].entries()) secrets.set(`a key to the store ${n} ${token.slice(0, 10)}`, token)
  }
  secrets.set('the app’s secret', p.world.app.clientSecret)
  keepTokens()
  // People, mail of both kinds, and what becomes of it.
  shopper(run, 'customer.canary@example.com', 'Customercanary')
  await answered('sign-up', await run.signUp({ email, firstName, tracking: true }))
  await p.calm()
  const confirmation = urlsIn(run.sent.at(-1)!).find((url) => url.includes('/confirm/'))!
  for (const method of ['GET', 'POST']) await answered('confirm', await fetch(http + new URL(confirmation).pathname, { method }))
  await p.calm()
  run.answers.push({ status: 500, message: `could not mail ${email}` })
  await run.send('Whole run')
  p.world.clock.jump(31 * 60_000)
  run.answers.push({ status: 400, message: `${email} is not valid` }, { status: 401, message: `key SG.canary-key-of-the-mail-provider is not valid for ${email}` })
  await p.t.handlers['deliveries.recover']({})
  await p.calm()
  await run.send('Once more').catch(() => undefined)
  const mail = run.sent.at(-1)!
  for (const url of urlsIn(mail).filter((one) => one.startsWith(p.t.app.url))) await answered('link', await fetch(http + new URL(url).pathname, { redirect: 'manual' }))
  const event = { email, timestamp: Math.floor(p.world.clock.now().getTime() / 1000), sg_event_id: 'e1', key: mail.key }
  await answered('events', await run.tell([{ ...event, event: 'deferred', response: `451 <${email}> later` }]))
  await answered('events', await fetch(`${http}/events/sendgrid`, { method: 'POST', body: JSON.stringify([event]) }))
  // Keys that end, and everything that may go wrong.
  p.world.clock.jump(2 * 3_600_000)
  await p.t.handlers['sync.reconcile']({ shopId: run.shop.id })
  keepTokens()
  const session = await mintSessionToken(p.world, p.store, '42')
  secrets.set('a session token', session)
  for (const [method, path, body] of [
    ['GET', '/api/home'], ['GET', '/api/settings'], ['GET', '/api/subscribers'], ['GET', '/api/campaigns'], ['GET', '/api/forms'], ['GET', '/api/privacy/requests'], ['GET', '/api/nowhere'], ['POST', '/api/campaigns', '{'],
    ['PUT', '/api/settings', JSON.stringify({ senderEmail: email })], ['POST', '/api/preview', JSON.stringify({ subject: email })],
  ] as const)
    await answered(`${method} ${path}`, await fetch(http + path, { method, headers: { authorization: `Bearer ${session}`, 'content-type': 'application/json' }, ...(body ? { body } : {}) }))
  for (const path of [`/?shop=${p.store.domain}&embedded=1&id_token=${session}`, `/?shop=${p.store.domain}&embedded=1&id_token=${session}x`, `/session-token?shop=${p.store.domain}`, '/readyz', '/healthz', `/u/${session}`, `/c/${session}/1`, '/%E0%A4%A'])
    await answered(path.replace(session, 'TOKEN'), await fetch(http + path, { redirect: 'manual' }))
  await answered('spoilt session', await fetch(`${http}/api/home`, { headers: { authorization: `Bearer ${session.slice(0, -2)}aa` } }))
  await answered('forged webhook', await fetch(`${http}/webhooks/shopify`, { method: 'POST', body: JSON.stringify({ email }), headers: { 'x-shopify-hmac-sha256': 'AAAA', 'x-shopify-topic': 'customers/update', 'x-shopify-shop-domain': p.store.domain } }))
  const said = `${email} ${firstName} ${[...tokensOf()][0]}`
  await p.t.app.queue.add('sync.reconcile', { shopId: run.shop.id })
  await p.t.app.queue.runDue({ ...p.t.handlers, 'sync.reconcile': () => Promise.reject(new Error(`the driver says: could not insert\nparams: ${said}`)) }, { keepGoing: true })
  await p.t.app.db.raw(`select '${email}' from no_such_table`).catch((error: unknown) => p.t.app.log.error({ err: error, email, token: said, body: said, headers: { said } }, 'a statement failed'))
  await p.t.app.db.insert(subscribers).values({ shopId: run.shop.id, id: said, email, emailKey: email } as never).catch((error: unknown) => p.t.app.log.error({ err: error }, 'a row was refused'))
  p.world.faults.api.errorNext = 8
  await p.t.handlers['consent.write-back']({ shopId: run.shop.id, subscriberId: 'x' }).catch(() => undefined)
  await p.t.handlers['sync.reconcile']({ shopId: run.shop.id }).catch((error: unknown) => p.t.app.log.error({ err: error }, 'asking failed'))
}, 60_000)
afterAll(() => {
  vi.restoreAllMocks()
  return run.close()
})

/** Every key that the store has handed out so far, as the pretend platform knows them. */
function* tokensOf(): Generator<string> {
  for (const token of run.p.store.tokens) for (const value of [token.access, token.refresh]) if (value) yield value
}
const found = (text: string): string[] => [...secrets].filter(([, secret]) => text.includes(secret) || text.includes(encodeURIComponent(secret))).map(([name]) => name)

test('the run had secrets to lose, and things to say about it', () => {
  expect(secrets.size).toBeGreaterThanOrEqual(12)
  for (const [name, secret] of secrets) expect([name, secret.length >= 10]).toEqual([name, true])
  expect(log.split('\n').length).toBeGreaterThanOrEqual(5)
  for (const words of ['a job failed', 'a statement failed', 'a row was refused', 'asking failed']) expect(log).toContain(words)
  expect(answers.map((answer) => answer.what).join('\n')).toMatch(/events 401[^]*GET \/api\/home 200/)
  expect(found(`x ${[...tokensOf()][0]} y`)).toHaveLength(1)
})

test('no secret lies in the database', async () => {
  const stored = await everythingStored()
  expect(stored).toContain(email) // the search finds what is there
  expect(found(stored)).toEqual([])
})

test('no secret and nobody’s address or name stands in the log', () => {
  expect(found(log)).toEqual([])
  for (const word of [email, firstName, 'customer.canary', 'Customercanary', encodeURIComponent(email)]) expect(log).not.toContain(word)
})

test('no answer holds a secret, and no public page a whole address', () => {
  for (const { what, text } of answers) {
    // A page that was opened with a session token may send the browser on with what it came with, never with the token.
    expect([what, found(text)]).toEqual([what, []])
    if (!/\/api\//.test(what)) expect([what, text.includes(email)]).toEqual([what, false])
  }
})

const web = join(import.meta.dirname, '../dist/web')
test.runIf(existsSync(web))('the admin’s files know no secret and no place where one is kept', () => {
  for (const file of readdirSync(web, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    const text = readFileSync(join(file.parentPath, file.name), 'latin1')
    expect([file.name, found(text), /SHOPIFY_API_SECRET|SECRET_KEYS|HASH_KEY|SENDGRID_API_KEY|DATABASE_URL|shpss_|SG\.[\w-]{20}/.exec(text)?.[0]]).toEqual([file.name, [], undefined])
  }
})

/** The files of a SQLite database, its journal too; every row of every table of a PostgreSQL one, those of the queue too. */
async function everythingStored(): Promise<string> {
  const { db, settings } = run.p.t.app
  if (!isPostgres) {
    const file = settings.DATABASE_URL.replace(/^file:/, '')
    return ['', '-wal', '-shm'].filter((end) => existsSync(file + end)).map((end) => readFileSync(file + end, 'latin1')).join('\n')
  }
  const tables = await db.raw<{ name: string }>(`select format('%I.%I', table_schema, table_name) as name from information_schema.tables where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`)
  expect(tables.map((table) => table.name)).toContain('public.subscribers')
  const rows = await Promise.all(tables.map(({ name }) => db.raw<{ row: string }>(`select t::text as row from ${name} t`)))
  return rows.flat().map((row) => row.row).join('\n')
}
