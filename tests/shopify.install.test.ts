import { and, eq } from 'drizzle-orm'
import { SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { forms, shops, shopSettings, shopTokens, suppressions } from '../app/db/schema.ts'
import { accessToken } from '../app/platforms/shopify/tokens.ts'
import { findShop, type Shop } from '../app/shops/shops.ts'
import { createCustomer, grantScopes, install, uninstall } from '../simulator/actions/index.ts'
import { mintSessionToken } from '../simulator/platform/session-token.ts'
import { pretend, type Pretend } from './pretend.ts'

let p: Pretend
beforeAll(async () => { p = await pretend() })
afterAll(() => p.close())

const shopNow = async (): Promise<Shop> => (await findShop(p.t.app, p.store.domain))!
const tokenRow = async (shop: Shop) => (await p.t.app.db.select().from(shopTokens).where(eq(shopTokens.shopId, shop.id)))[0]
const exchanges = (): number => p.world.wire.entries.filter((entry) => entry.kind === 'token' && /exchange/i.test(entry.title) && entry.status === 200).length
const refreshes = (): number => p.world.wire.entries.filter((entry) => /new pair/.test(entry.title)).length

describe('a session token', () => {
  const call = (authorization: string | null) => fetch(`${p.t.http}/api/settings`, { headers: authorization === null ? {} : { authorization } })
  test('that is forged, spoilt, for another app or too old is refused with 401 and the header that makes App Bridge fetch a new one', async () => {
    const now = Math.floor(p.world.clock.now().getTime() / 1000)
    const good = { iss: `https://${p.t.shop.domain}/admin`, dest: `https://${p.t.shop.domain}`, aud: p.world.app.clientId, sub: '1', iat: now, nbf: now, exp: now + 60 }
    const key = new TextEncoder().encode(p.world.app.clientSecret)
    const make = (claims: object, secret: Uint8Array = key, alg = 'HS256') => new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg }).sign(secret)
    const valid = await make({})
    expect((await call(`Bearer ${valid}`)).status).toBe(200)
    const [head, body, tail] = valid.split('.') as [string, string, string]
    const bad = [
      null, '', 'Bearer', 'Bearer ', 'Bearer x', `Basic ${valid}`, `Bearer ${valid}x`, `Bearer ${head}.${body}`, `Bearer ${head}.${body}.`, `Bearer .${body}.${tail}`, `Bearer ${tail}.${body}.${head}`,
      `Bearer ${new UnsecuredJWT(good).encode()}`,
      ...(await Promise.all([
        make({}, new TextEncoder().encode('wrong')), make({}, key, 'HS512'), make({}, key, 'HS384'), make({ aud: 'another-app' }), make({ aud: undefined }), make({ exp: now - 11 }), make({ exp: undefined }),
        make({ nbf: now + 12 }), make({ nbf: undefined }), make({ sub: undefined }), make({ sub: '' }), make({ dest: undefined }), make({ iss: undefined }), make({ dest: `https://${p.t.stranger.domain}` }),
        make({ iss: `https://${p.t.stranger.domain}/admin` }), make({ dest: 'https://evil.example', iss: 'https://evil.example/admin' }), make({ dest: `http://${p.t.shop.domain}`, iss: `http://${p.t.shop.domain}/admin` }),
        make({ dest: `https://${p.t.shop.domain}@evil.example`, iss: `https://${p.t.shop.domain}@evil.example/admin` }), make({ dest: `https://${p.t.shop.domain}:444`, iss: `https://${p.t.shop.domain}:444/admin` }),
        make({ dest: p.t.shop.domain, iss: p.t.shop.domain }), make({ dest: 'https://myshopify.com', iss: 'https://myshopify.com' }),
      ])).map((token) => `Bearer ${token}`),
    ]
    expect(bad.length).toBeGreaterThanOrEqual(30)
    for (const authorization of bad) {
      const answer = await call(authorization)
      expect([authorization, answer.status]).toEqual([authorization, 401])
      expect(answer.headers.get('x-shopify-retry-invalid-session-request')).toBe('1')
      expect(answer.headers.get('set-cookie')).toBeNull()
    }
    expect((await call(`Bearer ${await make({ exp: Math.floor(p.world.clock.now().getTime() / 1000) - 7 })}`)).status).toBe(200) // clocks may differ by 10 s
    expect((await call(`Bearer ${await make({ nbf: now + 9 })}`)).status).toBe(200)
  })
})

describe('installing', () => {
  test('the first call of the owner brings keys, the store’s particulars and sender settings; several calls at once exchange once', async () => {
    install(p.world, p.store)
    const answers = await Promise.all(Array.from({ length: 8 }, () => p.call('/api/settings')))
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 8 }, () => 200))
    expect(exchanges()).toBe(1)
    const shop = await shopNow()
    expect(shop).toMatchObject({ status: 'installed', name: 'Moss & Mortar', currency: 'EUR', timezone: 'Europe/Berlin', country: 'DE', url: expect.stringContaining('moss-and-mortar') })
    expect(shop.scopes.split(',')).toContain('write_customers')
    const [settings] = await p.t.app.db.select().from(shopSettings).where(eq(shopSettings.shopId, shop.id))
    expect(settings).toMatchObject({ senderName: 'Moss & Mortar', senderEmail: p.store.email, postalAddress: expect.stringContaining('1 Garden Lane'), doubleOptIn: true })
    await p.readAll(shop)
    expect(await p.t.app.db.$count(forms, eq(forms.shopId, shop.id))).toBe(2)
  })

  test('keys are unreadable at rest and good for no other shop', async () => {
    const row = (await tokenRow(await shopNow()))!
    const plain = p.store.tokens.at(-1)!
    for (const value of [row.accessToken, row.refreshToken]) {
      expect(value).not.toContain(plain.access)
      expect(value).not.toContain(plain.refresh)
    }
    await p.t.app.db.update(shopTokens).set({ accessToken: row.accessToken }).where(eq(shopTokens.shopId, p.t.shop.id))
    await expect(accessToken(p.t.app, p.t.shop)).rejects.toThrow()
  })

  test('scopes that are granted later are known soon', async () => {
    grantScopes(p.world, p.store, ['read_all_orders'])
    await p.calm()
    expect((await shopNow()).scopes.split(',')).toContain('read_all_orders')
    expect((await (await p.call('/api/settings')).json() as { orderHistory: string }).orderHistory).toBe('all')
  })
})

describe('keys', () => {
  test('twenty callers at their end refresh once, and all get the new one', async () => {
    const shop = await shopNow()
    const before = refreshes()
    p.world.clock.jump(56 * 60_000) // four minutes are left
    const tokens = await Promise.all(Array.from({ length: 20 }, () => accessToken(p.t.app, shop)))
    expect(new Set(tokens).size).toBe(1)
    expect(refreshes() - before).toBe(1)
    expect(await p.t.app.platforms.shopify.readShop(shop)).toMatchObject({ name: 'Moss & Mortar' })
  })

  test('a refresh that fails for a moment leaves the right to try to the next caller', async () => {
    const shop = await shopNow()
    p.world.clock.jump(58 * 60_000)
    const { fetch: real } = p.t.app
    p.t.app.fetch = () => Promise.reject(new TypeError('no network'))
    await expect(accessToken(p.t.app, shop)).rejects.toThrow('no network')
    p.t.app.fetch = real
    expect(await accessToken(p.t.app, shop)).toMatch(/^shpat_/)
  })

  test('a process that dies between the answer and its storing does not lose the store: the old refresh token still works', async () => {
    const shop = await shopNow()
    p.world.clock.jump(58 * 60_000)
    const { fetch: real } = p.t.app
    p.t.app.fetch = async (...args) => {
      await real(...args)
      throw new Error('died')
    }
    await expect(accessToken(p.t.app, shop)).rejects.toThrow('died')
    p.t.app.fetch = real
    p.world.clock.jump(61_000)
    expect(await accessToken(p.t.app, shop)).toMatch(/^shpat_/)
    expect(await p.t.app.platforms.shopify.readShop(shop)).toMatchObject({ name: 'Moss & Mortar' })
  })

  test('the weekly turn keeps a silent store’s grant for longer than 90 days', async () => {
    for (let week = 0; week < 15; week++) {
      p.world.clock.jump(7 * 86_400_000)
      await p.t.handlers['shops.refresh-tokens']({})
    }
    expect(await p.t.app.platforms.shopify.readShop(await shopNow())).toMatchObject({ name: 'Moss & Mortar' })
  })

  test('a refused refresh asks for reopening; the next time the owner opens the app all is well', async () => {
    const shop = await shopNow()
    for (const token of p.store.tokens) token.refreshExpiresAt = p.world.clock.now()
    p.world.clock.jump(2 * 3_600_000)
    await expect(accessToken(p.t.app, shop)).rejects.toThrow('open the app again')
    expect((await shopNow()).status).toBe('needs_reopening')
    expect(await p.t.app.db.$count(shopTokens, eq(shopTokens.shopId, shop.id))).toBe(0)
    await p.open()
    expect((await shopNow()).status).toBe('installed')
    expect(await accessToken(p.t.app, await shopNow())).toMatch(/^shpat_/)
  })

  test('a key that the platform refuses before its time ends the same way', async () => {
    const shop = await shopNow()
    p.store.tokens = []
    await expect(p.t.app.platforms.shopify.readShop(shop)).rejects.toThrow('open the app again')
    expect((await shopNow()).status).toBe('needs_reopening')
    await p.open()
  })
})

describe('leaving and coming back', () => {
  test('after an uninstall nothing is asked of the store; a return finds suppressions and settings as they were', async () => {
    const shop = await shopNow()
    await p.t.app.db.insert(suppressions).values({ shopId: shop.id, addressHash: 'h', reason: 'manual', detail: null, createdAt: p.world.clock.now() })
    await p.t.app.db.update(shopSettings).set({ senderName: 'Bea' }).where(eq(shopSettings.shopId, shop.id))
    p.world.clock.jump(1_000)
    uninstall(p.world, p.store)
    await p.calm()
    expect((await shopNow()).status).toBe('uninstalled')
    expect(await p.t.app.db.$count(shopTokens, eq(shopTokens.shopId, shop.id))).toBe(0)
    await expect(accessToken(p.t.app, shop)).rejects.toThrow('no key')
    p.world.clock.jump(3_600_000)
    createCustomer(p.world, p.store, { email: 'meanwhile@example.com' })
    const back = await p.open()
    expect(back).toMatchObject({ id: shop.id, status: 'installed', uninstalledAt: null })
    await p.readAll(back)
    expect((await p.t.app.db.select().from(shopSettings).where(eq(shopSettings.shopId, shop.id)))[0]?.senderName).toBe('Bea')
    expect(await p.t.app.db.$count(suppressions, and(eq(suppressions.shopId, shop.id), eq(suppressions.addressHash, 'h')))).toBe(1)
  })

  test('a token of a store that has not installed us opens nothing', async () => {
    p.world.clock.jump(1_000)
    uninstall(p.world, p.store)
    await p.calm()
    const answer = await p.call('/api/settings')
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect((await shopNow()).status).toBe('uninstalled')
  })

  test('shops are one row per domain, whatever happened', async () => {
    expect(await p.t.app.db.$count(shops, eq(shops.domain, p.store.domain))).toBe(1)
  })
})

describe('the document', () => {
  const get = (path: string) => fetch(p.t.http + path, { redirect: 'manual' })
  const host = Buffer.from('admin.shopify.com/store/moss-and-mortar').toString('base64').replace(/=+$/, '')
  const place = `shop=moss-and-mortar.myshopify.com&host=${host}&embedded=1`

  test('with a token it is framed by this shop and by nobody else, and installs at once', async () => {
    install(p.world, p.store)
    const answer = await get(`/campaigns/abc?${place}&id_token=${await mintSessionToken(p.world, p.store, '42')}`)
    expect(answer.status).toBe(200)
    const policy = answer.headers.get('content-security-policy')!
    expect(policy).toContain('frame-ancestors https://moss-and-mortar.myshopify.com https://admin.shopify.com;')
    expect(policy).not.toContain('*.myshopify')
    expect(answer.headers.get('x-frame-options')).toBeNull()
    expect(answer.headers.get('set-cookie')).toBeNull()
    const html = await answer.text()
    expect(html).toContain(`<meta name="shopify-api-key" content="${p.world.app.clientId}">`)
    expect(/<script[^>]*>/.exec(html)?.[0]).toBe('<script src="https://cdn.shopify.com/shopifycloud/app-bridge.js">')
    expect((await shopNow()).status).toBe('installed')
  })

  test('without a token, in a store that is not installed, App Bridge is asked to bring one', async () => {
    const answer = await get(`/forms?shop=new-here.myshopify.com&host=${host}&embedded=1&hmac=x`)
    expect(answer.status).toBe(302)
    const to = new URL(answer.headers.get('location')!, p.t.http)
    expect(to.pathname).toBe('/session-token')
    expect(to.searchParams.get('shopify-reload')).toBe(`/forms?shop=new-here.myshopify.com&host=${host}&embedded=1`)
    const bounced = await get(to.pathname + to.search)
    expect(bounced.headers.get('content-security-policy')).toContain('frame-ancestors https://new-here.myshopify.com ')
    expect((await bounced.text()).match(/<script/g)).toHaveLength(1)
  })

  test('outside the admin it leads inside; without anything it says so and asks for nothing', async () => {
    expect((await get(`/?host=${host}`)).headers.get('location')).toBe(`https://admin.shopify.com/store/moss-and-mortar/apps/${p.world.app.clientId}`)
    expect((await get('/settings?shop=moss-and-mortar.myshopify.com')).headers.get('location')).toContain('https://admin.shopify.com/store/moss-and-mortar/apps/')
    const neutral = await get('/')
    expect(neutral.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(await neutral.text()).not.toMatch(/<input|<form/)
  })

  test('a shop or host that is none gets no frame and no redirect', async () => {
    const evil = Buffer.from('evil.example/store/x').toString('base64')
    for (const query of ['shop=evil.example&embedded=1', 'shop=a.myshopify.com.evil.example&embedded=1', "shop=x';.myshopify.com&embedded=1", 'shop=a.myshopify.com/&embedded=1', `host=${evil}`, 'host=%00', 'embedded=1', 'shop=a.myshopify.com%20https://evil.example&embedded=1']) {
      const answer = await get(`/?${query}`)
      expect([query, answer.status]).toEqual([query, 200])
      expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    }
  })
})
