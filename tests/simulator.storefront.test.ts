import { createHash } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import '@shopify/shopify-api/adapters/node'
import { shopifyApi } from '@shopify/shopify-api'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { settle } from '../simulator/platform/webhooks.ts'
import { seedInvented } from '../simulator/seed/invented.ts'
import { picturePng, pictureSvg } from '../simulator/seed/pictures.ts'
import { seedRetail } from '../simulator/seed/retail.ts'
import { buy, shoppersOn, signUp, switchShoppers, tick } from '../simulator/shoppers.ts'
import type { SimCustomer, World } from '../simulator/types.ts'
import { createWorld } from '../simulator/world.ts'
import { pretendStore, type PretendStore } from './pretend-store.ts'
import { tempFolder } from './setup.ts'

const noUrls = { app: '', doors: '', admin: '', cdn: '', platform: '', storefront: () => '' }
const noon = new Date('2026-11-22T12:00:00Z')

describe('the storefront', () => {
  let t: PretendStore
  const page = async (path: string, init?: RequestInit): Promise<{ status: number; html: string; headers: Headers }> => {
    const answer = await fetch(t.at(t.fern) + path, { redirect: 'manual', ...init })
    return { status: answer.status, html: await answer.text(), headers: answer.headers }
  }
  beforeAll(async () => { t = await pretendStore() })
  afterAll(() => t.close())
  beforeEach(() => { t.asked.length = t.webhooks.length = 0 })

  test('shows its pages, and 404 for what is not there', async () => {
    const product = [...t.fern.products.values()].find((one) => one.status === 'ACTIVE' && one.variants.length > 1)!
    for (const path of ['/', '/collections/all', '/collections/tools', `/products/${product.handle}`, '/cart', '/account']) {
      const { status, html } = await page(path)
      expect(status, path).toBe(200)
      expect(html).not.toMatch(/Translation missing|\{\{|\{%|undefined/)
    }
    expect((await page(`/products/${product.handle}`)).html).toContain(product.title)
    const draft = [...t.fern.products.values()].find((one) => one.status !== 'ACTIVE')!
    for (const path of ['/nothing', '/products/nothing', '/collections/nothing', `/products/${draft.handle}`, '/thank-you/abc', '/images/nothing.png']) expect((await page(path)).status, path).toBe(404)
  })

  test('speaks its own language and currency', async () => {
    const html = await (await fetch(`${t.at(t.kiln)}/products/becher-nordwind`)).text()
    expect(html).toContain('In den Warenkorb')
    expect(html).toMatch(/\d+,\d\d\s€/)
    expect(html).toContain('<html lang="de">')
  })

  test('draws the app’s real blocks only where they are on and the app is installed', async () => {
    const { html } = await page('/')
    expect(html).toContain('data-homing-popup')
    expect(html).toContain('data-homing-form')
    expect(html).toMatch(/<script src="\/cdn\/extensions\/homing-storefront\/assets\/homing-popup\.js\?v=\w+" async>/)
    expect((await page('/cart')).html).not.toContain('data-homing-form')
    const script = /\/cdn\/extensions[^"]+homing-popup\.js\?v=\w+/.exec(html)![0]
    expect((await page(script)).headers.get('content-type')).toContain('javascript')
    t.fern.embedOn = t.fern.blockOn = false
    expect((await page('/')).html).not.toMatch(/homing/)
    t.fern.embedOn = t.fern.blockOn = true
    const { installed } = t.fern
    t.fern.installed = null
    expect((await page('/')).html).not.toMatch(/homing/)
    expect((await page('/apps/homing/form')).status).toBe(404)
    t.fern.installed = installed
  })

  test('pictures are PNG, drawn once, and the same title gives the same picture', async () => {
    const product = [...t.fern.products.values()][0]!
    const answer = await fetch(t.at(t.fern) + product.image!)
    const bytes = Buffer.from(await answer.arrayBuffer())
    expect(answer.headers.get('content-type')).toBe('image/png')
    expect(bytes.subarray(1, 4).toString()).toBe('PNG')
    expect(bytes.readUInt32BE(16)).toBe(600)
    expect(bytes.length).toBeLessThan(60_000)
    expect(picturePng('Olive Tree')).toBe(picturePng('Olive Tree'))
    expect(pictureSvg('Olive Tree')).not.toBe(pictureSvg('Lemon Tree'))
  })

  test('from cart to order: the platform hears of it with the tokens of cart and checkout and the visit’s first page', async () => {
    const product = [...t.fern.products.values()].find((one) => one.status === 'ACTIVE' && one.variants[0]!.inventory > 5)!
    const before = product.variants[0]!.inventory
    const order = await buy(t.world, t.fern, {
      email: 'Nia@shopper.example', product, firstName: 'Nia', lastName: 'Okoro', acceptsMarketing: true,
      fromUrl: `https://${t.fern.domain}/collections/tools?utm_source=homing&utm_medium=email&utm_campaign=spring`,
    })
    await settle(t.world)
    const told = t.webhooks.map((hook) => hook.topic)
    expect(told).toEqual(expect.arrayContaining(['customers/create', 'customers_email_marketing_consent/update', 'orders/create', 'products/update']))
    const checkout = [...t.fern.checkouts.values()].at(-1)!
    expect(checkout).toMatchObject({ email: 'Nia@shopper.example', lines: [{ productId: product.id, quantity: 1 }] })
    expect(checkout.completedAt).not.toBeNull()
    const created = t.webhooks.find((hook) => hook.topic === 'orders/create')!.body
    expect(created).toMatchObject({ id: order.id, email: 'Nia@shopper.example', checkout_token: checkout.token, cart_token: checkout.cartToken, landing_site: '/collections/tools?utm_source=homing&utm_medium=email&utm_campaign=spring', buyer_accepts_marketing: true })
    expect(created.cart_token).toBeTruthy()
    expect(product.variants[0]!.inventory).toBe(before - 1)
    const customer = t.fern.customers.get(t.fern.customersByEmail.get('nia@shopper.example')!)!
    expect(customer).toMatchObject({ firstName: 'Nia', marketing: { state: 'SUBSCRIBED', level: 'SINGLE_OPT_IN' } })
  })

  test('the marketing box is not ticked, a wrong address is told beside the field, a second press of "order" makes no second order', async () => {
    const jar = { cookie: '' }
    const go = async (path: string, form?: Record<string, string>): Promise<Response> => {
      const answer = await fetch(t.at(t.fern) + path, { redirect: 'manual', headers: { cookie: jar.cookie, ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) }, ...(form ? { method: 'POST', body: new URLSearchParams(form).toString() } : {}) })
      const set = answer.headers.getSetCookie()[0]
      if (set) jar.cookie = set.split(';')[0]!
      return answer
    }
    const variant = [...t.fern.products.values()].find((one) => one.status === 'ACTIVE' && one.variants[0]!.inventory > 9)!.variants[0]!
    await go('/cart/add', { id: String(variant.id), quantity: '3' })
    await go('/cart/change', { id: String(variant.id), quantity: '2' })
    expect(await (await go('/cart')).text()).toContain('value="2"')
    expect(await (await go('/checkout')).text()).toMatch(/name="marketing">/)
    const wrong = await go('/checkout', { email: 'nobody', first_name: '<b>x' })
    expect(wrong.status).toBe(422)
    const html = await wrong.text()
    expect(html).toContain('aria-invalid="true"')
    expect(html).toContain('&lt;b&gt;x')
    await go('/checkout', { email: 'omar@shopper.example' })
    const orders = t.fern.orders.size
    const [one, two] = [await go('/checkout/complete', {}), await go('/checkout/complete', {})]
    expect(t.fern.orders.size).toBe(orders + 1)
    expect(two.headers.get('location')).toBe(one.headers.get('location'))
    const thanks = one.headers.get('location')!
    expect((await go(thanks)).status).toBe(200)
    jar.cookie = ''
    expect((await go(thanks)).status).toBe(404) // nobody else sees the order
    await go('/cart/add', { id: String(variant.id) })
    await go('/cart/change', { id: String(variant.id), quantity: '0' })
    expect((await go('/checkout')).headers.get('location')).toBe('/cart')
  })

  test('the app proxy signs as the platform does, passes the body on, and no cookie in either direction', async () => {
    const email = [...t.fern.customersByEmail.keys()][0]!
    const login = await page('/account/login', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ email }).toString() })
    const cookie = login.headers.getSetCookie()[0]!.split(';')[0]!
    const answer = await page('/apps/homing/signup?x=1&x=2&shop=evil.myshopify.com', { method: 'POST', headers: { 'content-type': 'application/json', cookie: `${cookie}; other=1` }, body: '{"email":"ä@x.example"}' })
    expect(answer.status).toBe(200)
    expect(answer.headers.getSetCookie().join()).not.toContain('app=1')
    const [asked] = t.asked
    expect(asked!.headers.cookie).toBeUndefined()
    expect(asked!.body).toBe('{"email":"ä@x.example"}')
    expect(asked!.query.get('shop')).toBe(t.fern.domain)
    expect(asked!.query.get('path_prefix')).toBe('/apps/homing')
    expect(asked!.query.get('logged_in_customer_id')).toBe(String(t.fern.customersByEmail.get(email)))
    expect(Math.abs(Number(asked!.query.get('timestamp')) - t.world.clock.now().getTime() / 1000)).toBeLessThan(5)
    const { utils } = shopifyApi({ apiKey: t.world.app.clientId, apiSecretKey: t.world.app.clientSecret, apiVersion: '2026-10' as never, hostName: 'app.example.com', isEmbeddedApp: true, logger: { log: () => undefined } })
    const query: Record<string, string> = Object.fromEntries([...new Set(asked!.query.keys())].map((key) => [key, asked!.query.getAll(key).join(',')]))
    await expect(utils.validateHmac(query, { signator: 'appProxy' })).resolves.toBe(true)
    await expect(utils.validateHmac({ ...query, shop: t.kiln.domain }, { signator: 'appProxy' })).resolves.toBe(false)
    expect(t.world.wire.entries.at(-1)).toMatchObject({ kind: 'proxy', shop: t.fern.domain, status: 200 })
  })

  test('the app proxy signs by the clock of the world, so that forms go on after a jump', async () => {
    t.world.clock.jump(86_400_000)
    await page('/apps/homing/form?kind=popup')
    t.world.clock.jump(-86_400_000)
    expect(Number(t.asked[0]!.query.get('timestamp'))).toBeGreaterThan(Date.now() / 1000 + 80_000)
  })

  test('an app that is down is a 500 with the platform’s words; Liquid from the app is shown inside the theme', async () => {
    expect((await page('/apps/homing/hello')).html).toMatch(/<header class="top">[\s\S]*<p id="from-app">Hello from Fern & Fig<\/p>/)
    const { app } = t.world.urls
    t.world.urls.app = 'http://127.0.0.1:1'
    expect(await page('/apps/homing/form')).toMatchObject({ status: 500, html: 'There was an error in the third-party application.' })
    t.world.urls.app = app
  })

  test('the inline form works by plain POST', async () => {
    const form = /<form[^>]*data-homing-form[\s\S]*?<\/form>/.exec((await page('/')).html.replace(/\s+/g, ' '))![0]
    const action = /action="([^"]+)"/.exec(form)![1]!
    const hidden = Object.fromEntries([...form.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map((found) => [found[1]!, found[2]!]))
    const answer = await page(action, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ ...hidden, email: 'ada@shopper.example', website: '' }).toString() })
    expect(answer.html).toContain('Plain answer')
    const sent = new URLSearchParams(t.asked[0]!.body)
    expect(Object.fromEntries(sent)).toMatchObject({ formId: 'inline', version: '0', email: 'ada@shopper.example', language: 'en', page: '/', website: '' })
    expect(sent.get('wording')).toMatch(/You can leave at any time/)
  })

  test('imaginary shoppers sign up by the theme script’s own requests, and only where a pop-up is shown', async () => {
    await signUp(t.world, t.fern, { email: 'wren@shopper.example', firstName: 'Wren', tracking: true })
    expect(t.asked.map((one) => `${one.method} ${one.path}`)).toEqual(['GET /proxy/form', 'POST /proxy/signup'])
    expect(JSON.parse(t.asked[1]!.body)).toMatchObject({ formId: 'form1', version: 3, email: 'wren@shopper.example', tracking: true, website: '', language: 'en' })
    t.fern.embedOn = false
    await expect(signUp(t.world, t.fern, { email: 'x@shopper.example' })).rejects.toThrow(/embed is off/)
    t.fern.embedOn = true
    const { form } = t.app
    t.app.form = null
    await expect(signUp(t.world, t.fern, { email: 'x@shopper.example' })).rejects.toThrow(/is off/)
    t.app.form = form
  })

  test('shoppers come by themselves only when they are switched on', async () => {
    const wires = (): number => t.world.wire.entries.filter((entry) => entry.kind === 'shopper').length
    await tick(t.world)
    expect([shoppersOn(t.world), wires()]).toEqual([false, 0])
    switchShoppers(t.world, true)
    for (let n = 0; n < 6; n++) await tick(t.world)
    expect(wires()).toBe(6)
    expect(t.world.wire.entries.filter((entry) => entry.kind === 'shopper' && entry.status === 500)).toEqual([])
    switchShoppers(t.world, false)
    await tick(t.world)
    expect(wires()).toBe(6)
  })
})

describe('the invented stores', () => {
  const build = (seed: number): World => {
    const world = createWorld({ seed, urls: noUrls, start: noon })
    seedInvented(world)
    return world
  }
  const digest = (world: World): string =>
    createHash('sha256').update(JSON.stringify([...world.stores.values()].map((s) => [s.domain, [...s.customers.values()], [...s.products.values()], [...s.orders.values()], [...s.collections.values()]]))).digest('hex')

  test('the same seed gives the same stores, another seed others, within two seconds', () => {
    const took: number[] = []
    const [one, again] = [0, 1].map(() => {
      const started = performance.now()
      const world = build(7)
      took.push(performance.now() - started)
      return world
    }) as [World, World]
    expect(Math.min(...took)).toBeLessThan(2_000)
    expect(digest(again)).toBe(digest(one))
    expect(digest(build(8))).not.toBe(digest(one))
  })

  test('hold what a real store holds', () => {
    const [fern, kiln, heron] = [...build(7).stores.values()]
    expect([fern!.name, fern!.currency, fern!.country, kiln!.currency, kiln!.locale, heron!.locale]).toEqual(['Fern & Fig', 'USD', 'US', 'EUR', 'de', 'fr'])
    expect(fern!.products.size).toBe(60)
    expect([...fern!.collections.keys()].filter((handle) => handle !== 'sale')).toHaveLength(6)
    expect(fern!.customers.size).toBe(2000)
    const people = [...fern!.customers.values()]
    for (const store of [fern!, kiln!, heron!]) for (const one of store.customers.values()) expect(one.email ?? '.example').toMatch(/\.example$/)
    const states = new Set(people.map((one) => one.marketing.state))
    expect([...states].toSorted()).toEqual(['INVALID', 'NOT_SUBSCRIBED', 'PENDING', 'REDACTED', 'SUBSCRIBED', 'UNSUBSCRIBED'])
    expect(new Set(people.filter((one) => one.marketing.state === 'SUBSCRIBED').map((one) => one.marketing.level)).size).toBe(3)
    expect(people.filter((one) => one.marketing.state === 'SUBSCRIBED').length / people.length).toBeGreaterThan(0.5)
    const names = people.map((one) => one.firstName ?? '').join('')
    for (const script of [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Hebrew}/u, /\p{Script=Arabic}/u, /\p{Script=Han}/u, /\p{Script=Hangul}/u, /\p{Script=Devanagari}/u]) expect(names).toMatch(script)
    const orders = [...fern!.orders.values()]
    expect(orders.some((one) => one.customerId === null) && orders.some((one) => one.cancelledAt) && orders.some((one) => one.refunded && !one.cancelledAt)).toBe(true)
    const times = orders.map((one) => one.processedAt.getTime())
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect((times.at(-1)! - times[0]!) / 86_400_000).toBeGreaterThan(600)
    expect(times.at(-1)!).toBeLessThan(noon.getTime())
    for (const order of orders) {
      expect(order.total).toBe(order.lines.reduce((sum, line) => sum + line.price * line.quantity, 0))
      if (order.customerId !== null) expect(fern!.customers.get(order.customerId)!.createdAt.getTime()).toBeLessThanOrEqual(order.processedAt.getTime())
    }
    const variants = [...fern!.products.values()].flatMap((product) => product.variants)
    expect(variants.some((one) => one.compareAt !== null && one.compareAt > one.price) && variants.some((one) => one.inventory === 0)).toBe(true)
  })

  test('some of their mail does not arrive: one subscriber in 200 bounces, one complains; the names are like all others', () => {
    for (const store of build(7).stores.values()) {
      const subscribed = [...store.customers.values()].filter((one) => one.email && one.marketing.state === 'SUBSCRIBED')
      const fated = (fate: string): SimCustomer[] => [...store.customers.values()].filter((one) => one.email?.startsWith(`${fate}.`))
      expect(fated('bounce')).toHaveLength(Math.max(1, Math.round(subscribed.length / 200)))
      expect(fated('complain')).toHaveLength(1)
      for (const fate of ['bounce', 'block', 'defer', 'complain']) for (const one of fated(fate)) {
        expect([subscribed.includes(one), store.customersByEmail.get(one.email!.toLowerCase())]).toEqual([true, one.id])
        expect(one.firstName ?? '').not.toMatch(/bounce|block|defer|complain/i)
      }
      expect(fated('block').length * fated('defer').length).toBeGreaterThan(0)
      expect(store.customersByEmail.size).toBe([...store.customers.values()].filter((one) => one.email).length)
      for (const order of store.orders.values()) if (order.customerId !== null) expect(order.email).toBe(store.customers.get(order.customerId)!.email)
    }
  })

  test('no two stores share a number', () => {
    const seen = new Set<number>()
    for (const store of build(7).stores.values()) for (const id of [...store.customers.keys(), ...store.products.keys(), ...store.orders.keys()]) {
      expect(seen.has(id)).toBe(false)
      seen.add(id)
    }
  })
})

describe('a store built from real transactions', () => {
  const folder = tempFolder()
  afterAll(() => folder.remove())
  const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
  const seed = async (lines: string[]) => {
    const file = join(folder.path, 'orders.csv')
    writeFileSync(file, [header, ...lines].join('\n'))
    return seedRetail(createWorld({ seed: 7, urls: noUrls, start: noon }), file)
  }

  test('uses every line by its rule', async () => {
    const { store, ...summary } = await seed([
      '1,22001a,RED MUG,10,2022-12-01T08:00:00Z,2.50,17,United Kingdom',
      '1,POST,POSTAGE,1,2022-12-01T08:00:00Z,4.00,17,United Kingdom',
      '2,22001A,RED MUG,4,2022-12-02T08:00:00Z,3.00,17,Germany',
      '3,22002,"LAMP, TALL",1,2022-12-02T09:00:00Z,0,,EIRE',
      'C4,22001A,RED MUG,-6,2022-12-03T08:00:00Z,3.00,17,Germany',
      'C5,22002,"LAMP, TALL",-1,2022-12-03T09:00:00Z,5.00,,EIRE',
      'C6,22001A,RED MUG,-20,2022-12-04T08:00:00Z,2.50,17,Germany',
      'C6,POST,POSTAGE,-1,2022-12-04T08:00:00Z,4.00,17,Germany',
      'C7,22001A,RED MUG,-1,2022-12-04T08:00:00Z,2.50,99,France',
      '8,22002,damaged?,-3,2022-12-05T08:00:00Z,0,,United Kingdom',
      'A9,B,Adjust bad debt,1,2022-12-05T09:00:00Z,-11062.06,,United Kingdom',
    ])
    expect(summary).toMatchObject({
      lines: 11, invoices: 9, orders: 3, guestOrders: 1, customers: 2, products: 2, linesWithoutProduct: 1, zeroPriceLines: 1, stockLines: 1, bookLines: 1,
      returns: { lines: 5, matched: 2, partly: 1, unmatched: 2 }, unmatchedReturns: 2, cancelledOrders: 2,
    })
    const [one, two, three] = [...store.orders.values()]
    expect([one!.total, one!.refunded, two!.total, two!.refunded, three!.total, three!.customerId]).toEqual([2900, 2900, 1200, 1200, 0, null])
    expect(two!.cancelledAt!.toISOString()).toBe('2026-11-19T08:00:00.000Z') // C4 took all four, then two of the older order
    expect(one!.lines[0]!.title).toBe('Red Mug')
    expect(one!.lines[1]).toMatchObject({ productId: null, title: 'Postage', sku: 'POST' })
    expect([...store.products.values()].map((product) => [product.title, product.status])).toEqual([['Red Mug', 'ACTIVE'], ['Lamp, Tall', 'ACTIVE']])
    expect([...store.customers.values()].map((person) => person.country)).toEqual(['DE', 'FR'])
    // Whole days, so that the last line of the file is yesterday.
    expect(one!.processedAt.toISOString()).toBe('2026-11-17T08:00:00.000Z')
    expect(summary.shiftDays).toBe(1447)
    expect([...store.optionalScopes]).toEqual(['read_all_orders'])
  })

  test('says at which line a file is broken, and which column is missing', async () => {
    await expect(seed(['1,22001,RED MUG,many,2022-12-01T08:00:00Z,2.50,17,France'])).rejects.toThrow('line 2: Quantity is no whole number')
    await expect(seed(['1,22001,RED MUG,1,yesterday,2.50,17,France'])).rejects.toThrow('line 2: InvoiceDate is no time')
    const file = join(folder.path, 'short.csv')
    writeFileSync(file, 'InvoiceNo,StockCode\n1,2')
    await expect(seedRetail(createWorld({ seed: 7, urls: noUrls }), file)).rejects.toThrow('no column Description')
    await expect(seedRetail(createWorld({ seed: 7, urls: noUrls }), join(folder.path, 'none.csv'))).rejects.toThrow(/ENOENT/)
  })

  // The file is large and not part of the repository; it lies beside it where the project is built.
  const file = join(import.meta.dirname, '../../shared/data/online-retail.csv.gz')
  test.skipIf(!existsSync(file))('the real file: every one of its 541,909 lines has its place', async () => {
    const { store, ...summary } = await seedRetail(createWorld({ seed: 7, urls: noUrls, start: noon }), file)
    expect(summary).toMatchObject({
      lines: 541_909, invoices: 25_900, customers: 4_372, products: 3_926, orders: 20_725, guestOrders: 2_189, stockLines: 1_336, bookLines: 3, zeroPriceLines: 1_179,
      returns: { lines: 9_288, matched: 7_516, partly: 54, unmatched: 1_718 },
    })
    let lines = 0
    for (const order of store.orders.values()) lines += order.lines.length
    expect(lines + summary.returns.lines + summary.stockLines + summary.bookLines).toBe(541_909)
    const orders = [...store.orders.values()]
    expect(orders.every((order) => (order.refunded ?? 0) <= order.total)).toBe(true)
    expect(Math.max(...orders.map((order) => order.processedAt.getTime()))).toBe(Date.parse('2026-11-21T12:50:00Z'))
    expect(summary.seconds).toBeLessThan(30)
  }, 60_000)
})
