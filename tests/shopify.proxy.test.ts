import { createHmac } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { shops } from '../app/db/schema.ts'
import { verifyProxy } from '../app/platforms/shopify/proxy.ts'
import { testApp, testEnv, type TestApp } from './app.ts'

let t: TestApp
beforeAll(async () => { t = await testApp() })
afterAll(() => t.close())

const seconds = (): number => Math.floor(t.clock.now().getTime() / 1000)
function signed(values: Record<string, string> = {}, secret = testEnv.SHOPIFY_API_SECRET): URLSearchParams {
  const all: Record<string, string> = { shop: t.shop.domain, path_prefix: '/apps/homing', timestamp: String(seconds()), logged_in_customer_id: '', ...values }
  const text = Object.entries(all).map(([name, value]) => `${name}=${value}`).sort().join('')
  return new URLSearchParams({ ...all, signature: createHmac('sha256', secret).update(text).digest('hex') })
}
const verify = (query: URLSearchParams | string) => verifyProxy(t.app, `/proxy/form?${query.toString()}`)

test('a signed request of a store that has us is let in, with who is logged in', async () => {
  expect(await verify(signed())).toMatchObject({ shop: { id: t.shop.id }, loggedInCustomerId: null })
  expect(await verify(signed({ logged_in_customer_id: '77', kind: 'popup', locale: 'de-DE', words: 'a b+c&d=ä' }))).toMatchObject({ loggedInCustomerId: '77' })
  expect(await verify(signed({}, testEnv.SHOPIFY_API_SECRET_PREVIOUS))).not.toBeNull()
})

test('a changed, added, dropped or foreign part is refused', async () => {
  const change = (name: string, value: string | null): URLSearchParams => {
    const query = signed({ kind: 'popup' })
    if (value === null) query.delete(name)
    else query.set(name, value)
    return query
  }
  for (const [name, value] of [['shop', t.stranger.domain], ['kind', 'inline'], ['logged_in_customer_id', '1'], ['extra', '1'], ['kind', null], ['timestamp', null], ['signature', null], ['signature', ''], ['signature', 'f'.repeat(64)], ['shop', null], ['path_prefix', '/']] as const)
    expect([name, value, await verify(change(name, value))]).toEqual([name, value, null])
  expect(await verify(signed({}, 'another secret'))).toBeNull()
})

test('each changed digit of the signature is refused', async () => {
  const query = signed()
  const signature = query.get('signature')!
  for (let at = 0; at < signature.length; at++) {
    query.set('signature', signature.slice(0, at) + (signature[at] === '0' ? '1' : '0') + signature.slice(at + 1))
    expect(await verify(query)).toBeNull()
  }
})

test('a parameter that comes twice is refused, whichever way it is written', async () => {
  for (const again of ['shop=evil.myshopify.com', 'timestamp=1', 'signature=x', 'kind=inline', 'logged_in_customer_id=9']) expect(await verify(`${signed({ kind: 'popup' }).toString()}&${again}`)).toBeNull()
  expect(await verify(`${signed({ kind: 'popup' }).toString()}&timestamp%5B%5D=1`)).toBeNull()
})

test('it holds for 90 seconds on either side and no longer', async () => {
  for (const [offset, good] of [[-90, true], [-92, false], [89, true], [92, false]] as const) expect([offset, (await verify(signed({ timestamp: String(seconds() + offset) }))) !== null]).toEqual([offset, good])
  for (const odd of ['', 'now', '1e9', '-1', '12.5', `${seconds()} `]) expect(await verify(signed({ timestamp: odd }))).toBeNull()
})

test('a store that is not installed, or is none, is not let in', async () => {
  expect(await verify(signed({ shop: 'nobody.myshopify.com' }))).toBeNull()
  expect(await verify(signed({ shop: 'evil.example' }))).toBeNull()
  await t.app.db.update(shops).set({ status: 'uninstalled' }).where(eq(shops.id, t.stranger.id))
  expect(await verify(signed({ shop: t.stranger.domain }))).toBeNull()
})
