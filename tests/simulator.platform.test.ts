import { createHmac } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import * as act from '../simulator/actions/index.ts'
import { platformRouter } from '../simulator/platform/router.ts'
import { mintSessionToken } from '../simulator/platform/session-token.ts'
import { retryGaps, settle, waitingDeliveries } from '../simulator/platform/webhooks.ts'
import type { SimStore, World } from '../simulator/types.ts'
import { closeWorld, createStore, createWorld } from '../simulator/world.ts'

// The pretend platform keeps the promises of the real one on the wire. A small server stands for the app; nothing of Homing runs here.

const minute = 60_000
const day = 24 * 60 * minute
const anything = z.record(z.string(), z.any())
type Json = z.infer<typeof anything>

interface Post { topic: string; id: string; shop: string; headers: Record<string, string>; body: string; json: Json }

let servers: Server[] = []
let world: World
let ada: SimStore
let posts: Post[] = []
let answers: number[] = []

const listen = async (app: Express): Promise<string> => {
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

let appUrl = ''
beforeAll(async () => {
  const app = express()
  app.post('/webhooks/shopify', express.text({ type: '*/*' }), (request, response) => {
    const body = String(request.body)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    posts.push({ topic: headers['x-shopify-topic']!, id: headers['x-shopify-webhook-id']!, shop: headers['x-shopify-shop-domain']!, headers, body, json: anything.parse(JSON.parse(body)) })
    response.sendStatus(answers.shift() ?? 200)
  })
  appUrl = await listen(app)
})
beforeEach(async () => {
  if (world) await closeWorld(world)
  for (const server of servers.splice(1)) await close(server)
  posts = []
  answers = []
  world = createWorld({
    seed: 7,
    urls: { app: appUrl, doors: '', admin: '', cdn: '', platform: '', storefront: (domain) => `https://${domain}` },
    start: new Date('2026-11-22T10:00:00Z'),
  })
  const platform = express().use(platformRouter(world))
  world.urls.platform = await listen(platform)
  ada = createStore(world, { domain: 'fern-and-fig.myshopify.com', name: 'Fern & Fig' })
  act.install(world, ada)
})
afterAll(async () => {
  await closeWorld(world)
  for (const server of servers) await close(server)
  servers = []
})
const close = (server: Server): Promise<unknown> => { server.closeAllConnections(); return new Promise((resolve) => server.close(resolve)) }

const post = async (store: SimStore, path: string, body: unknown, headers: Record<string, string> = {}): Promise<{ status: number; body: Json; headers: Headers }> => {
  const answer = await world.fetch(`https://${store.domain}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
  return { status: answer.status, body: anything.parse(await answer.json()), headers: answer.headers }
}
const exchange = async (store: SimStore, changes: Json = {}) => post(store, '/admin/oauth/access_token', {
  client_id: world.app.clientId, client_secret: world.app.clientSecret,
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: await mintSessionToken(world, store, '7'),
  subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
  requested_token_type: 'urn:shopify:params:oauth:token-type:offline-access-token',
  expiring: '1', ...changes,
})
const refresh = (store: SimStore, token: string) => post(store, '/admin/oauth/access_token', {
  client_id: world.app.clientId, client_secret: world.app.clientSecret, grant_type: 'refresh_token', refresh_token: token,
})
const ask = (store: SimStore, token: string, query: string, variables: Json = {}, version = '2026-10') =>
  post(store, `/admin/api/${version}/graphql.json`, { query, variables }, { 'x-shopify-access-token': token })
/** A token and a way to ask with it. */
const connect = async (store: SimStore) => {
  const token = (await exchange(store)).body.access_token as string
  return (query: string, variables: Json = {}) => ask(store, token, query, variables).then((answer) => answer.body)
}
const shopName = '{ shop { name } }'

describe('tokens', () => {
  test('a session token becomes an expiring offline token that works for an hour', async () => {
    const { status, body } = await exchange(ada)
    expect(status).toBe(200)
    expect(body).toMatchObject({ expires_in: 3600, refresh_token_expires_in: 7_776_000, scope: world.app.requiredScopes.join(',') })
    expect(body.access_token).toMatch(/^shpat_/)
    expect(body.refresh_token).toMatch(/^shprt_/)
    expect((await ask(ada, body.access_token, shopName)).body.data.shop.name).toBe('Fern & Fig')
    world.clock.jump(61 * minute)
    const late = await ask(ada, body.access_token, shopName)
    expect(late.status).toBe(401)
    expect(late.body).toEqual({ errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' })
  })

  test('a session token that is old, of another store or signed by somebody else is refused', async () => {
    const cleo = createStore(world, { domain: 'stranger.myshopify.com', name: 'Stranger' })
    const old = await mintSessionToken(world, ada, '7', { at: new Date(world.clock.now().getTime() - 2 * minute) })
    const [head, body] = (await mintSessionToken(world, ada, '7')).split('.')
    const forged = `${head}.${body}.${createHmac('sha256', 'guess').update(`${head}.${body}`).digest('base64url')}`
    for (const subject_token of [old, forged, await mintSessionToken(world, cleo, '7'), 'nonsense']) {
      expect(await exchange(ada, { subject_token })).toMatchObject({ status: 400, body: { error: 'invalid_subject_token' } })
    }
    expect(await exchange(cleo)).toMatchObject({ status: 400, body: { error: 'invalid_subject_token' } }) // not installed there
    expect(await exchange(ada, { client_secret: 'guess' })).toMatchObject({ status: 400, body: { error: 'invalid_client' } })
  })

  test('refreshing rotates; the same refresh token again gets the same pair, until the new pair is first used', async () => {
    const first = (await exchange(ada)).body
    const second = (await refresh(ada, first.refresh_token)).body
    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect((await refresh(ada, first.refresh_token)).body).toMatchObject({ access_token: second.access_token, refresh_token: second.refresh_token })
    world.clock.jump(5 * minute)
    const third = (await refresh(ada, first.refresh_token)).body // the answer was lost: still good, a further pair
    expect(third.refresh_token).not.toBe(second.refresh_token)
    expect(await refresh(ada, second.refresh_token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await ask(ada, third.access_token, shopName)).status).toBe(200)
    expect(await refresh(ada, first.refresh_token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await refresh(ada, third.refresh_token)).status).toBe(200)
  })

  test('a newer exchange retires the older refresh token, but its access token lives on; 90 silent days end it', async () => {
    const first = (await exchange(ada)).body
    const second = (await exchange(ada)).body
    expect((await refresh(ada, first.refresh_token)).body.error).toBe('invalid_grant')
    expect((await ask(ada, first.access_token, shopName)).status).toBe(200)
    world.clock.jump(91 * day)
    expect((await refresh(ada, second.refresh_token)).body.error).toBe('invalid_grant')
  })

  test('an online token names the person; after uninstalling every token is dead', async () => {
    const online = (await exchange(ada, { requested_token_type: 'urn:shopify:params:oauth:token-type:online-access-token' })).body
    expect(online).toMatchObject({ expires_in: 86_399, associated_user: { id: 7, account_owner: true, email: ada.email } })
    const offline = (await exchange(ada)).body
    act.uninstall(world, ada)
    for (const token of [online.access_token, offline.access_token]) expect((await ask(ada, token, shopName)).status).toBe(401)
    expect((await refresh(ada, offline.refresh_token)).body.error).toBe('invalid_grant')
  })
})

describe('what the API refuses', () => {
  test('words faults of a document as the platform does', async () => {
    const graphql = await connect(ada)
    expect(await graphql('query Name { shop { nope } }')).toEqual({
      errors: [{
        message: "Field 'nope' doesn't exist on type 'Shop'", locations: [{ line: 1, column: 21 }], path: ['query Name', 'shop', 'nope'],
        extensions: { code: 'undefinedField', typeName: 'Shop', fieldName: 'nope' },
      }],
    })
    const codeOf = async (query: string, variables: Json = {}): Promise<unknown> => (await graphql(query, variables)).errors[0].extensions?.code
    expect(await codeOf('{ customer { id } }')).toBe('missingRequiredArguments')
    expect(await codeOf('{ shop(colour: 1) { id } }')).toBe('argumentNotAccepted')
    expect(await codeOf('{ customers(first: "x") { nodes { id } } }')).toBe('argumentLiteralsIncompatible')
    expect(await codeOf('mutation { customerEmailMarketingConsentUpdate(input: { customerId: "x" }) { customer { id } } }')).toBe('missingRequiredInputObjectAttribute')
    expect(await codeOf('query($id: ID!) { customer(id: $id) { id } }')).toBe('INVALID_VARIABLE')
    expect(await codeOf('query($s: CustomerSortKeys) { customers(first: 1, sortKey: $s) { nodes { id } } }', { s: 'COLOUR' })).toBe('INVALID_VARIABLE')
    expect(await codeOf('{ customer(id: "gid://shopify/Order/1") { id } }')).toBe('RESOURCE_NOT_FOUND')
    expect(await codeOf('mutation($t: [String!]!) { tagsAdd(id: "gid://shopify/Customer/1", tags: $t) { userErrors { message } } }', { t: Array.from({ length: 251 }, String) }))
      .toBe('MAX_INPUT_SIZE_EXCEEDED')
    expect((await graphql('{ shop { ')).errors[0].message).toMatch(/^syntax error/)
  })

  test('a scope that was not granted, by field, from the platform\'s own table', async () => {
    const graphql = await connect(ada)
    const answer = await graphql('{ shop { name } shopLocales { locale } }')
    expect(answer.errors[0]).toMatchObject({ path: ['shopLocales'], extensions: { code: 'ACCESS_DENIED', requiredAccess: expect.stringContaining('`read_locales`') } })
    expect(answer.errors[0].message).toMatch(/^Access denied for shopLocales field\. Required access: `read_locales` access scope/)
    ada.installed!.scopes = ada.installed!.scopes.filter((scope) => !scope.endsWith('_customers'))
    expect((await graphql('{ customers(first: 1) { nodes { id } } }')).errors[0].message)
      .toBe('Access denied for customers field. Required access: `read_customers` access scope.')
  })

  test('orders older than 60 days without read_all_orders', async () => {
    const graphql = await connect(ada)
    const { variants } = createProduct(ada)
    act.placeOrder(world, ada, { email: 'ben@ada.example', lines: [{ variantId: variants[0]!.id, quantity: 1 }] })
    world.clock.jump(61 * day)
    act.placeOrder(world, ada, { email: 'ben@ada.example', lines: [{ variantId: variants[0]!.id, quantity: 2 }] })
    const names = async (): Promise<unknown> => (await connect(ada).then((fresh) => fresh('{ orders(first: 10) { nodes { name } } }'))).data.orders.nodes
    expect(await names()).toEqual([{ name: '#1002' }])
    act.grantScopes(world, ada, ['read_all_orders'])
    expect(await names()).toEqual([{ name: '#1001' }, { name: '#1002' }])
    expect((await graphql(shopName)).errors).toMatch(/Invalid API key/) // the first token grew old meanwhile
  })

  test('personal fields of an app without approval are null, each with an error', async () => {
    const ben = act.createCustomer(world, ada, { email: 'ben@ada.example', firstName: 'Ben' })
    const graphql = await connect(ada)
    ada.protectedDataApproved = false
    const answer = await graphql('query($id: ID!) { customer(id: $id) { id firstName defaultEmailAddress { emailAddress } } }', { id: `gid://shopify/Customer/${ben.id}` })
    expect(answer.data.customer).toEqual({ id: `gid://shopify/Customer/${ben.id}`, firstName: null, defaultEmailAddress: null })
    expect(answer.errors.map((error: Json) => error.message)).toEqual([
      expect.stringMatching(/^This app is not approved to use the firstName field/), expect.stringMatching(/^This app is not approved to use the emailAddress field/),
    ])
  })

  test('a query that is too dear, and one that finds the bucket empty until time has passed', async () => {
    const graphql = await connect(ada)
    const dear = await graphql('{ customers(first: 250) { nodes { id amountSpent { amount } statistics { rfmGroup } defaultEmailAddress { emailAddress } } } }')
    expect(dear.errors[0].extensions).toMatchObject({ code: 'MAX_COST_EXCEEDED', cost: 1002, maxCost: 1000 })
    expect(dear.extensions).toBeUndefined()
    for (let i = 0; i < 20; i++) act.createCustomer(world, ada, { email: `person${i}@ada.example` })
    ada.bucket = { ...ada.bucket, available: 60, at: world.clock.now(), restoreRate: 10 }
    const page = '{ customers(first: 50) { nodes { id } } }'
    const fits = await graphql(page)
    expect(fits.extensions.cost).toMatchObject({ requestedQueryCost: 52, actualQueryCost: 22, throttleStatus: { maximumAvailable: 2000, restoreRate: 10 } })
    const full = await graphql(page)
    expect(full).toMatchObject({ errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }], extensions: { cost: { requestedQueryCost: 52, actualQueryCost: null } } })
    expect(full.data).toBeUndefined()
    world.clock.jump(3_000)
    expect((await graphql(page)).data.customers.nodes).toHaveLength(20)
  })

  test('what it was not taught, by name, and before anything is done', async () => {
    const graphql = await connect(ada)
    const answer = await graphql(`mutation {
      customerCreate(input: { email: "ben@ada.example" }) { customer { id metafield(namespace: "a", key: "b") { id } } } }`)
    expect(answer.errors[0].message).toBe('The simulator was not taught Customer.metafield')
    expect(ada.customers.size).toBe(0)
    expect((await graphql('{ locations(first: 1) { nodes { id } } }')).errors[0].message).toBe('The simulator was not taught QueryRoot.locations')
    expect((await graphql('{ customers(first: 1, query: "shoe_size:44") { nodes { id } } }')).errors[0].message).toBe('The simulator was not taught the filter shoe_size of QueryRoot.customers')
  })

  test('versions: a removed one falls forward and says so, an invented one is not found; other faults on request', async () => {
    const token = (await exchange(ada)).body.access_token as string
    const old = await ask(ada, token, shopName, {}, '2025-04')
    expect([old.status, old.headers.get('x-shopify-api-version')]).toEqual([200, '2026-01'])
    expect((await ask(ada, token, shopName)).headers.get('x-shopify-api-version')).toBe('2026-10')
    expect((await ask(ada, token, shopName, {}, '2030-01')).status).toBe(404)
    world.faults.api.errorNext = 1
    world.faults.api.throttleNext = 1
    expect((await ask(ada, token, shopName)).status).toBe(503)
    expect((await ask(ada, token, shopName)).body.errors[0].message).toBe('Throttled')
    ada.status = 'frozen'
    expect((await ask(ada, token, shopName)).status).toBe(402)
    ada.status = 'closed'
    expect((await ask(ada, token, shopName)).status).toBe(404)
  })

  test('hosts outside the pretend world are refused by name', async () => {
    await expect(world.fetch('https://example.org/x')).rejects.toThrow('no host named example.org')
    expect(world.wire.entries.at(-1)!.title).toContain('example.org')
  })
})

describe('reading', () => {
  test('pages of changed customers, each person once, in the order of change', async () => {
    const graphql = await connect(ada)
    for (let i = 0; i < 7; i++) {
      act.createCustomer(world, ada, { email: `person${i}@ada.example` })
      world.clock.jump(minute)
    }
    const since = new Date(world.clock.now().getTime() - 5 * minute - 30_000).toISOString()
    const seen: string[] = []
    let after: string | null = null
    do {
      const { data } = await graphql(
        'query($after: String, $q: String) { customers(first: 2, after: $after, query: $q, sortKey: UPDATED_AT) { pageInfo { hasNextPage endCursor } nodes { defaultEmailAddress { emailAddress } } } }',
        { after, q: `updated_at:>='${since}'` },
      )
      seen.push(...data.customers.nodes.map((node: Json) => node.defaultEmailAddress.emailAddress))
      after = data.customers.pageInfo.hasNextPage ? data.customers.pageInfo.endCursor : null
    } while (after)
    expect(seen).toEqual(['person2@ada.example', 'person3@ada.example', 'person4@ada.example', 'person5@ada.example', 'person6@ada.example'])
  })

  test('a product with its picture and variants, money as text', async () => {
    const product = createProduct(ada)
    const graphql = await connect(ada)
    const { data } = await graphql(
      'query($id: ID!) { product(id: $id) { onlineStoreUrl totalInventory featuredMedia { preview { image { url altText } } } variants(first: 5) { edges { node { price compareAtPrice availableForSale } } } } }',
      { id: `gid://shopify/Product/${product.id}` },
    )
    expect(data.product).toEqual({
      onlineStoreUrl: 'https://fern-and-fig.myshopify.com/products/olive-pot', totalInventory: 5,
      featuredMedia: { preview: { image: { url: 'https://fern-and-fig.myshopify.com/images/olive-pot.png', altText: 'A pot' } } },
      variants: { edges: [{ node: { price: '12.50', compareAtPrice: '15.00', availableForSale: true } }] },
    })
  })
})

describe('consent', () => {
  const update = `mutation($input: CustomerEmailMarketingConsentUpdateInput!) { customerEmailMarketingConsentUpdate(input: $input) {
    customer { defaultEmailAddress { marketingState marketingOptInLevel marketingUpdatedAt } } userErrors { field message code } } }`

  test('is written with its true time and comes back as the topic of its own', async () => {
    const ben = act.createCustomer(world, ada, { email: 'ben@ada.example' })
    const graphql = await connect(ada)
    const { data } = await graphql(update, {
      input: { customerId: `gid://shopify/Customer/${ben.id}`, emailMarketingConsent: { marketingState: 'SUBSCRIBED', marketingOptInLevel: 'CONFIRMED_OPT_IN', consentUpdatedAt: '2026-11-20T08:00:00Z' } },
    })
    expect(data.customerEmailMarketingConsentUpdate).toEqual({
      customer: { defaultEmailAddress: { marketingState: 'SUBSCRIBED', marketingOptInLevel: 'CONFIRMED_OPT_IN', marketingUpdatedAt: '2026-11-20T08:00:00Z' } }, userErrors: [],
    })
    await settle(world)
    expect(posts.find((one) => one.topic === 'customers_email_marketing_consent/update')!.json).toEqual({
      customer_id: ben.id, email_address: 'ben@ada.example',
      email_marketing_consent: { state: 'subscribed', opt_in_level: 'confirmed_opt_in', consent_updated_at: '2026-11-20T09:00:00+01:00' },
    })
  })

  test('is refused with the platform\'s own words', async () => {
    const ben = act.createCustomer(world, ada, { email: 'ben@ada.example' })
    const nameless = act.createCustomer(world, ada, { email: null, firstName: 'Ida' })
    const graphql = await connect(ada)
    const complaint = async (customerId: number, emailMarketingConsent: Json): Promise<unknown> =>
      (await graphql(update, { input: { customerId: `gid://shopify/Customer/${customerId}`, emailMarketingConsent } })).data.customerEmailMarketingConsentUpdate.userErrors[0]
    expect(await complaint(99, { marketingState: 'SUBSCRIBED', marketingOptInLevel: 'SINGLE_OPT_IN' }))
      .toEqual({ field: ['input', 'customerId'], message: 'Customer not found', code: 'INVALID' })
    const noLevel = { message: 'Marketing opt in level must exist', code: 'MISSING_ARGUMENT' }
    expect(await complaint(ben.id, { marketingState: 'SUBSCRIBED' })).toMatchObject(noLevel)
    expect(await complaint(nameless.id, { marketingState: 'SUBSCRIBED', marketingOptInLevel: 'SINGLE_OPT_IN' })).toMatchObject(noLevel)
    expect(await complaint(ben.id, { marketingState: 'SUBSCRIBED', marketingOptInLevel: 'SINGLE_OPT_IN', consentUpdatedAt: '2027-01-01T00:00:00Z' }))
      .toMatchObject({ message: 'Consent updated at must not be in the future', code: 'INVALID' })
    expect(await complaint(ben.id, { marketingState: 'PENDING', marketingOptInLevel: 'SINGLE_OPT_IN' }))
      .toMatchObject({ message: 'Marketing opt in level must be confirmed opt-in for pending consent state', code: 'INVALID' })
    const input = { customerId: `gid://shopify/Customer/${ben.id}`, emailMarketingConsent: { marketingState: 'NOT_SUBSCRIBED', marketingOptInLevel: 'SINGLE_OPT_IN' } }
    expect((await graphql(update, { input })).errors[0].message).toBe('Cannot specify NOT_SUBSCRIBED as a marketing state input')
    expect(ben.marketing).toMatchObject({ state: 'NOT_SUBSCRIBED', updatedAt: null })
  })

  test('a new customer needs an address that is free and well formed', async () => {
    act.createCustomer(world, ada, { email: 'Ben@Ada.example' })
    const graphql = await connect(ada)
    const create = async (input: Json): Promise<Json> =>
      (await graphql('mutation($i: CustomerInput!) { customerCreate(input: $i) { customer { id defaultEmailAddress { marketingState } } userErrors { field message } } }', { i: input })).data.customerCreate
    expect((await create({ email: 'ben@ada.example' })).userErrors).toEqual([{ field: ['email'], message: 'Email has already been taken' }])
    expect((await create({ email: 'ben at home' })).userErrors[0].message).toBe('Email is invalid')
    expect((await create({})).userErrors[0].message).toBe('A name, phone number, or email address must be present')
    const made = await create({ email: 'ida@ada.example', locale: 'de', emailMarketingConsent: { marketingState: 'PENDING', marketingOptInLevel: 'CONFIRMED_OPT_IN' } })
    expect(made).toMatchObject({ customer: { defaultEmailAddress: { marketingState: 'PENDING' } }, userErrors: [] })
    expect((await graphql('{ customerByIdentifier(identifier: { emailAddress: "IDA@ada.example" }) { locale } }')).data.customerByIdentifier).toEqual({ locale: 'de' })
  })
})

describe('bulk reads', () => {
  const runBulk = 'mutation($q: String!) { bulkOperationRunQuery(query: $q, groupObjects: false) { bulkOperation { id status } userErrors { field message code } } }'
  const watch = 'query($id: ID!) { bulkOperation(id: $id) { status errorCode objectCount rootObjectCount fileSize url } }'
  const orders = `{ orders { edges { node { id name email currentTotalPriceSet { shopMoney { amount currencyCode } } customer { id }
    lineItems { edges { node { id quantity product { id } } } } } } } }`

  const finished = async (graphql: Awaited<ReturnType<typeof connect>>, query: string): Promise<Json> => {
    const { bulkOperation, userErrors } = (await graphql(runBulk, { q: query })).data.bulkOperationRunQuery
    expect(userErrors).toEqual([])
    expect(bulkOperation.status).toBe('CREATED')
    for (let tries = 0; tries < 200; tries++) {
      const operation = (await graphql(watch, { id: bulkOperation.id })).data.bulkOperation
      if (!['CREATED', 'RUNNING'].includes(operation.status)) return { ...operation, id: bulkOperation.id }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    throw new Error('the bulk operation never ended')
  }
  const linesAt = async (url: string): Promise<Json[]> =>
    (await (await world.fetch(url)).text()).split('\n').filter(Boolean).map((line) => anything.parse(JSON.parse(line)))

  test('three stores at once, each reads only its own; the end is told by a webhook', async () => {
    const stores = [ada, ...['two', 'three'].map((name) => createStore(world, { domain: `${name}.myshopify.com`, name, currency: 'JPY' }))]
    for (const [at, store] of stores.entries()) {
      if (!store.installed) act.install(world, store)
      const { variants } = createProduct(store)
      for (let i = 0; i <= at; i++) act.placeOrder(world, store, { email: `buyer${i}@${store.domain}.example`, lines: [{ variantId: variants[0]!.id, quantity: 2 }, { variantId: variants[0]!.id, quantity: 1 }] })
    }
    await settle(world)
    const results = await Promise.all(stores.map(async (store) => finished(await connect(store), orders)))
    for (const [at, operation] of results.entries()) {
      const store = stores[at]!
      expect(operation).toMatchObject({ status: 'COMPLETED', errorCode: null, objectCount: String((at + 1) * 3), rootObjectCount: String(at + 1) })
      expect(operation.url).toMatch(/^https:\/\/storage\.shopifycloud\.example\//)
      const lines = await linesAt(operation.url)
      const own = [...store.orders.values()]
      expect(lines.filter((line) => !line.__parentId).map((line) => line.name)).toEqual(own.map((order) => order.name))
      expect(lines[0]).toEqual({
        id: `gid://shopify/Order/${own[0]!.id}`, name: '#1001', email: `buyer0@${store.domain}.example`,
        currentTotalPriceSet: { shopMoney: { amount: at === 0 ? '37.50' : '3750', currencyCode: store.currency } },
        customer: { id: `gid://shopify/Customer/${own[0]!.customerId}` },
      })
      expect(lines.filter((line) => line.__parentId === `gid://shopify/Order/${own[0]!.id}`).map((line) => line.quantity)).toEqual([2, 1])
      expect(JSON.stringify(lines)).not.toContain(stores[(at + 1) % 3]!.domain)
    }
    await settle(world)
    const told = posts.filter((one) => one.topic === 'bulk_operations/finish')
    expect(told.map((one) => one.shop).sort()).toEqual(stores.map((store) => store.domain).sort())
    expect(told.find((one) => one.shop === ada.domain)!.json).toMatchObject({ admin_graphql_api_id: results[0]!.id, status: 'completed', type: 'query', error_code: null })
  })

  test('nothing found is no link; a link dies after seven days; another store cannot ask for the operation', async () => {
    const graphql = await connect(ada)
    const cleo = createStore(world, { domain: 'stranger.myshopify.com', name: 'Stranger' })
    act.install(world, cleo)
    expect(await finished(graphql, orders)).toMatchObject({ status: 'COMPLETED', objectCount: '0', url: null })
    createProduct(ada)
    const products = await finished(graphql, '{ products { edges { node { id title variants { edges { node { id price } } } } } } }')
    expect(await linesAt(products.url)).toHaveLength(2)
    expect((await (await connect(cleo))(watch, { id: products.id })).data.bulkOperation).toBeNull()
    world.clock.jump(8 * day)
    expect((await world.fetch(products.url)).status).toBe(403)
    expect((await (await connect(ada))(watch, { id: products.id })).data.bulkOperation.url).toBeNull()
  })

  test('its rules: at most five at once, edges only, parents with id, two levels, real fields, granted scopes', async () => {
    const graphql = await connect(ada)
    const refusal = async (query: string): Promise<Json> => (await graphql(runBulk, { q: query })).data.bulkOperationRunQuery.userErrors[0]
    expect(await refusal('{ orders { nodes { id } } }')).toMatchObject({ code: 'INVALID', message: expect.stringContaining('nodes') })
    expect((await refusal('{ orders { edges { node { name lineItems { edges { node { id } } } } } } }')).message).toContain("must select the 'id' field")
    expect((await refusal('{ shop { name } }')).message).toContain('top-level connection')
    expect((await refusal('{ orders { edges { node { id colour } } } }')).message).toContain("Field 'colour' doesn't exist on type 'Order'")
    expect((await graphql(runBulk, { q: '{ orders { edges { node { id risk { recommendation } } } } }' })).errors[0].message).toBe('The simulator was not taught Order.risk')
    world.faults.bulk.hold = true
    const codes = await Promise.all(Array.from({ length: 6 }, async () => (await graphql(runBulk, { q: orders })).data.bulkOperationRunQuery.userErrors[0]?.code))
    expect(codes.filter((code) => code === 'OPERATION_IN_PROGRESS')).toHaveLength(1)
    world.faults.bulk.hold = false
    await new Promise((resolve) => setTimeout(resolve, 100))
    ada.installed!.scopes = ada.installed!.scopes.filter((scope) => scope !== 'read_orders')
    expect(await finished(graphql, orders)).toMatchObject({ status: 'FAILED', errorCode: 'ACCESS_DENIED', url: null })
    world.faults.bulk.failNext = 1
    expect(await finished(graphql, '{ customers { edges { node { id } } } }')).toMatchObject({ status: 'FAILED', errorCode: 'INTERNAL_SERVER_ERROR' })
  })

  test('on request children come away from their parents, and the same lines are all there', async () => {
    const { variants } = createProduct(ada)
    for (let i = 0; i < 5; i++) act.placeOrder(world, ada, { email: `b${i}@ada.example`, lines: [{ variantId: variants[0]!.id, quantity: 1 }] })
    const graphql = await connect(ada)
    const near = await linesAt((await finished(graphql, orders)).url)
    world.faults.bulk.scatter = true
    const far = await linesAt((await finished(graphql, orders)).url)
    expect(near.slice(0, 2).map((line) => Boolean(line.__parentId))).toEqual([false, true])
    expect(far.slice(0, 2).map((line) => Boolean(line.__parentId))).toEqual([false, false])
    const sorted = (lines: Json[]): string[] => lines.map((line) => JSON.stringify(line)).sort()
    expect(sorted(far)).toEqual(sorted(near))
  })
})

describe('webhooks', () => {
  test('are signed over the raw body and say what, who and when', async () => {
    const ben = act.createCustomer(world, ada, { email: 'bén@ada.example', firstName: 'Bén', tags: ['vip'] })
    await settle(world)
    const [news] = posts
    expect(news!.headers).toMatchObject({ 'x-shopify-topic': 'customers/create', 'x-shopify-shop-domain': ada.domain, 'x-shopify-api-version': '2026-10' })
    expect(news!.headers['x-shopify-hmac-sha256']).toBe(createHmac('sha256', world.app.clientSecret).update(news!.body, 'utf8').digest('base64'))
    expect(Date.parse(news!.headers['x-shopify-triggered-at']!)).toBeCloseTo(world.clock.now().getTime(), -4)
    expect(news!.json).toMatchObject({ id: ben.id, admin_graphql_api_id: `gid://shopify/Customer/${ben.id}`, email: 'bén@ada.example', first_name: 'Bén' })
    for (const gone of ['tags', 'email_marketing_consent', 'orders_count', 'total_spent']) expect(news!.json).not.toHaveProperty(gone)
    expect(posts[1]).toMatchObject({ topic: 'customer.tags_added', json: { customerId: `gid://shopify/Customer/${ben.id}`, tags: ['vip'] } })
    expect(world.wire.entries.filter((entry) => entry.kind === 'webhook' && entry.status === 200)).toHaveLength(2)
  })

  test('duplicates carry the same id; reordering turns the order round; a lost one never comes', async () => {
    world.faults.webhooks.duplicate = true
    const ben = act.createCustomer(world, ada, { email: 'ben@ada.example' })
    await settle(world)
    expect(posts.map((one) => one.id)).toEqual([posts[0]!.id, posts[0]!.id])
    world.faults.webhooks.duplicate = false
    world.faults.webhooks.reorder = true
    posts = []
    for (const name of ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H']) act.updateCustomer(world, ada, ben.id, { firstName: name })
    await settle(world)
    expect(posts).toHaveLength(8)
    expect(posts.findIndex((one) => one.json.first_name === 'H')).toBeLessThan(posts.findIndex((one) => one.json.first_name === 'A'))
    world.faults.webhooks.reorder = false
    world.faults.webhooks.dropNext = 1
    posts = []
    act.updateCustomer(world, ada, ben.id, { firstName: 'X' })
    await settle(world)
    expect([posts.length, waitingDeliveries(world)]).toEqual([0, 0])
  })

  test('a failure is tried again eight times in four hours, the same payload to the end, then given up', async () => {
    expect(retryGaps.reduce((sum, gap) => sum + gap, 0)).toBe(4 * 60 * minute)
    answers = [500, 302]
    act.createCustomer(world, ada, { email: 'ben@ada.example' })
    await settle(world)
    expect([posts.length, waitingDeliveries(world)]).toEqual([1, 1])
    for (const gap of retryGaps.slice(0, 2)) {
      world.clock.jump(gap + 1000)
      await settle(world)
    }
    expect(posts.map((one) => one.id)).toEqual([posts[0]!.id, posts[0]!.id, posts[0]!.id])
    expect(new Set(posts.map((one) => one.body)).size).toBe(1)
    expect(waitingDeliveries(world)).toBe(0)

    posts = []
    answers = Array.from({ length: 20 }, () => 503)
    act.createCustomer(world, ada, { email: 'ida@ada.example' })
    await settle(world)
    for (const gap of [...retryGaps, day]) {
      world.clock.jump(gap + 1000)
      await settle(world)
    }
    expect([posts.length, waitingDeliveries(world)]).toEqual([9, 0])
    expect(world.wire.entries.at(-1)!.title).toContain('given up')
  })

  test('an app that does not answer at all counts as failed', async () => {
    world.urls.app = 'http://127.0.0.1:9'
    act.createCustomer(world, ada, { email: 'ben@ada.example' })
    await settle(world)
    expect(waitingDeliveries(world)).toBe(1)
    world.urls.app = appUrl
    world.clock.jump(2 * minute)
    await settle(world)
    expect(posts.map((one) => one.topic)).toEqual(['customers/create'])
  })

  test('only stores with the app hear something; leaving is told once, and erasure afterwards', async () => {
    const cleo = createStore(world, { domain: 'stranger.myshopify.com', name: 'Stranger' })
    act.createCustomer(world, cleo, { email: 'ben@cleo.example' })
    const ben = act.createCustomer(world, ada, { email: 'ben@ada.example' })
    act.uninstall(world, ada)
    act.uninstall(world, ada)
    act.createCustomer(world, ada, { email: 'late@ada.example' })
    const request = act.requestData(world, ada, ben.id)
    act.redactCustomer(world, ada, ben.id)
    act.redactShop(world, ada)
    await settle(world)
    expect(posts.every((one) => one.shop === ada.domain)).toBe(true)
    expect(posts.map((one) => one.topic).sort()).toEqual(['app/uninstalled', 'customers/create', 'customers/data_request', 'customers/redact', 'shop/redact'])
    const bodyOf = (topic: string): Json => posts.find((one) => one.topic === topic)!.json
    const customer = { id: ben.id, email: 'ben@ada.example', phone: null }
    expect(bodyOf('customers/data_request')).toEqual({ shop_id: ada.id, shop_domain: ada.domain, orders_requested: [], customer, data_request: { id: request } })
    expect(bodyOf('customers/redact')).toEqual({ shop_id: ada.id, shop_domain: ada.domain, customer, orders_to_redact: [] })
    expect(bodyOf('shop/redact')).toEqual({ shop_id: ada.id, shop_domain: ada.domain })
    expect(ada.customers.get(ben.id)).toMatchObject({ email: null, marketing: { state: 'REDACTED' } })
  })

  test('a purchase tells of the order, the customer and the stock; a refund lowers what is left', async () => {
    const product = createProduct(ada)
    const checkout = act.startCheckout(world, ada, { email: 'ben@ada.example', lines: [{ variantId: product.variants[0]!.id, quantity: 2 }] })
    const order = act.placeOrder(world, ada, { email: 'ben@ada.example', lines: [{ variantId: product.variants[0]!.id, quantity: 2 }], checkoutToken: checkout.token, acceptsMarketing: true })
    act.refundOrder(world, ada, order.id, 500)
    act.cancelOrder(world, ada, order.id)
    await settle(world)
    const of = (topic: string): Post[] => posts.filter((one) => one.topic === topic)
    expect(of('orders/create')[0]!.json).toMatchObject({
      id: order.id, name: '#1001', email: 'ben@ada.example', checkout_token: checkout.token, total_price: '25.00', current_total_price: '25.00',
      buyer_accepts_marketing: true, test: false, line_items: [{ product_id: product.id, quantity: 2, price: '12.50' }], customer: { email: 'ben@ada.example' },
    })
    expect(of('orders/updated').map((one) => one.json.current_total_price)).toEqual(['20.00', '20.00'])
    expect(of('orders/cancelled')[0]!.json.cancelled_at).toMatch(/\+01:00$/)
    expect(of('customers_email_marketing_consent/update')[0]!.json.email_marketing_consent).toMatchObject({ state: 'subscribed', opt_in_level: 'single_opt_in' })
    expect(of('products/update')[0]!.json.variants[0].inventory_quantity).toBe(3)
    expect(ada.checkouts.get(checkout.token)!.completedAt).toEqual(order.createdAt)
  })

  test('merging and deleting customers; an app without approval gets no personal fields', async () => {
    const kept = act.createCustomer(world, ada, { email: 'ben@ada.example' })
    const removed = act.createCustomer(world, ada, { email: 'ben2@ada.example', firstName: 'Ben' })
    const { variants } = createProduct(ada)
    const order = act.placeOrder(world, ada, { customerId: removed.id, lines: [{ variantId: variants[0]!.id, quantity: 1 }] })
    act.mergeCustomers(world, ada, kept.id, removed.id)
    expect(order.customerId).toBe(kept.id)
    expect(() => act.deleteCustomer(world, ada, kept.id)).toThrow('only redacted')
    const other = act.createCustomer(world, ada, { email: 'ida@ada.example' })
    act.deleteCustomer(world, ada, other.id)
    ada.protectedDataApproved = false
    await settle(world)
    expect(posts.find((one) => one.topic === 'customers/merge')!.json).toMatchObject({
      admin_graphql_api_customer_kept_id: `gid://shopify/Customer/${kept.id}`, admin_graphql_api_customer_deleted_id: `gid://shopify/Customer/${removed.id}`, status: 'completed',
    })
    expect(posts.find((one) => one.topic === 'customers/delete')!.json).toMatchObject({ id: other.id })
    posts = []
    act.updateCustomer(world, ada, kept.id, { lastName: 'Berg' })
    await settle(world)
    expect(posts[0]!.json).toMatchObject({ id: kept.id, state: 'disabled' })
    for (const gone of ['email', 'first_name', 'last_name', 'addresses']) expect(posts[0]!.json).not.toHaveProperty(gone)
  })
})

function createProduct(store: SimStore) {
  return act.createProduct(world, store, {
    title: 'Olive pot', handle: 'olive-pot', descriptionHtml: '<p>For olives.</p>', vendor: 'Kiln', productType: 'Pots', tags: ['pot'], status: 'ACTIVE',
    collections: [], image: '/images/olive-pot.png', imageAlt: 'A pot',
    variants: [{ title: 'Default Title', sku: 'OP-1', price: 1250, compareAt: 1500, inventory: 5 }],
  })
}
