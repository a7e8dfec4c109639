import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import { createApp, closeApp, type App } from '../app/app.ts'
import { migrate } from '../app/db/migrate.ts'
import { shops, shopSettings, shopTokens } from '../app/db/schema.ts'
import { readSettings } from '../app/env.ts'
import { addressHash, encrypt, normaliseEmail } from '../app/lib/crypto.ts'
import type { Dns } from '../app/lib/dns.ts'
import type { Fetch } from '../app/lib/fetch.ts'
import { newId } from '../app/lib/ids.ts'
import type { Logger } from '../app/lib/log.ts'
import { subscribers, consentEntries } from '../app/db/schema.ts'
import type { Mail, MailProvider } from '../app/mail/provider.ts'
import { createServer } from '../app/server.ts'
import type { Shop } from '../app/shops/shops.ts'
import { defaultBrand } from '../app/templates/contract.ts'
import { handlers } from '../app/worker.ts'
import { testClock, type TestClock } from './clock.ts'
import { silentDns, verifiedDomain } from './domain.ts'
import { freshDatabase } from './fresh-database.ts'
import { tempFolder } from './setup.ts'
import type { Handlers } from '../app/jobs/queue.ts'
import { eq, sql } from 'drizzle-orm'

export interface Reply {
  status: number
  // eslint-disable-next-line typescript/no-explicit-any -- tests look into replies freely
  body: any
  headers: Headers
}
export interface Api {
  get(path: string): Promise<Reply>
  post(path: string, body?: unknown): Promise<Reply>
  put(path: string, body?: unknown): Promise<Reply>
  delete(path: string): Promise<Reply>
}

export interface TestApp {
  app: App
  clock: TestClock
  /** Ada's shop: Fern & Fig, Portland, US dollars. */
  shop: Shop
  /** Cleo's shop, which must never see anything of Ada's. */
  stranger: Shop
  handlers: Handlers
  /** Address of the running server. */
  http: string
  outbox: Mail[]
  api(shop: Shop): Api
  sessionToken(shop: Shop, claims?: Record<string, unknown>, secret?: string): Promise<string>
  addSubscriber(shop: Shop, person: TestPerson): Promise<string>
  runJobs(options?: { keepGoing?: boolean }): Promise<number>
  close(): Promise<void>
}
export interface TestPerson {
  email: string
  firstName?: string
  lastName?: string
  country?: string | null
  locale?: string
  platformId?: string
  consent?: 'subscribed' | 'pending' | 'unsubscribed' | 'none'
  tracking?: 'subscribed' | 'unsubscribed'
  createdAt?: Date
}

export const testEnv = {
  NODE_ENV: 'test',
  LOG_LEVEL: 'silent',
  APP_URL: 'https://app.example.test',
  SHOPIFY_API_KEY: 'test-client-id',
  SHOPIFY_API_SECRET: 'test-client-secret',
  SHOPIFY_API_SECRET_PREVIOUS: 'test-client-secret-before',
  SECRET_KEYS: `t1:${Buffer.alloc(32, 1).toString('base64')}`,
  HASH_KEY: Buffer.alloc(32, 2).toString('base64'),
  MAIL_PROVIDER: 'outbox',
}

export interface TestAppOptions {
  env?: Record<string, string>
  fetch?: Fetch
  /** Without one, no name server answers. */
  dns?: Dns
  mail?: MailProvider
  clock?: TestClock
  log?: Logger
}

/** The real app with a fresh database, real migrations, the outbox as its mail provider and a clock that can be moved. */
export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const database = await freshDatabase()
  const clock = options.clock ?? testClock()
  const data = database.url.startsWith('postgres') ? tempFolder() : null // SQLite keeps it beside its file
  const settings = readSettings({ ...testEnv, DATABASE_URL: database.url, ...(data ? { DATA_DIR: data.path } : {}), ...options.env })
  const refuse: Fetch = (input) => Promise.reject(new Error(`no test taught the network to answer ${String(input instanceof Request ? input.url : input)}`))
  const app = createApp({ settings, clock, fetch: options.fetch ?? refuse, dns: options.dns ?? silentDns, ...(options.mail ? { mail: options.mail } : {}), ...(options.log ? { log: options.log } : {}) })
  await migrate(app.db)
  const shop = await addShop(app, { domain: 'fern-and-fig.myshopify.com', name: 'Fern & Fig', currency: 'USD', timezone: 'America/Los_Angeles', locale: 'en', country: 'US', email: 'ada@fern-and-fig.example' })
  const stranger = await addShop(app, { domain: 'kiln-and-kettle.myshopify.com', name: 'Kiln & Kettle', currency: 'EUR', timezone: 'Europe/Berlin', locale: 'de', country: 'DE', email: 'cleo@kiln-and-kettle.example' })
  const listener = createServer(app).listen(0, '127.0.0.1')
  await new Promise((resolve) => listener.once('listening', resolve))
  const http = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  const work = handlers(app)
  const sessionToken: TestApp['sessionToken'] = (of, claims = {}, secret = settings.SHOPIFY_API_SECRET) => {
    const now = Math.floor(clock.now().getTime() / 1000)
    return new SignJWT({ iss: `https://${of.domain}/admin`, dest: `https://${of.domain}`, aud: settings.SHOPIFY_API_KEY, sub: '42', exp: now + 60, nbf: now - 1, iat: now - 1, jti: newId(clock.now()), sid: 'test', ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(secret))
  }
  const api = (of: Shop): Api => {
    const call = async (method: string, path: string, body?: unknown): Promise<Reply> => {
      const response = await fetch(http + path, {
        method,
        redirect: 'manual',
        headers: { authorization: `Bearer ${await sessionToken(of)}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      let parsed: unknown = text
      try {
        parsed = JSON.parse(text)
      } catch {
        // a page or a file
      }
      return { status: response.status, body: parsed, headers: response.headers }
    }
    return { get: (p) => call('GET', p), post: (p, b = {}) => call('POST', p, b), put: (p, b) => call('PUT', p, b), delete: (p) => call('DELETE', p) }
  }
  return {
    app, clock, shop, stranger, http, api, sessionToken,
    handlers: work,
    outbox: (app.mail as unknown as { taken?: Mail[] }).taken ?? [],
    addSubscriber: (of, person) => addSubscriber(app, of, person),
    runJobs: (how) => app.queue.runDue(work, how),
    close: async () => {
      listener.closeAllConnections()
      await new Promise((resolve) => listener.close(resolve))
      await closeApp(app)
      await database.drop()
      data?.remove()
    },
  }
}

export async function addShop(app: App, given: Pick<Shop, 'domain' | 'name' | 'currency' | 'timezone' | 'locale' | 'country' | 'email'>): Promise<Shop> {
  const now = app.clock.now()
  const id = newId(now)
  const [shop] = await app.db
    .insert(shops)
    .values({ ...given, id, platform: 'shopify', platformId: null, url: `https://${given.domain}`, address: null, status: 'installed', scopes: 'read_customers,write_customers,read_orders,read_products', installedAt: now, uninstalledAt: null, updatedAt: now, consentSeq: 0 })
    .returning()
  await app.db.insert(shopTokens).values({ shopId: id, accessToken: encrypt(app.settings.keys, `shop:${id}`, `shpat_${id}`), expiresAt: new Date(now.getTime() + 365 * 86_400_000), updatedAt: now })
  await app.db.insert(shopSettings).values({
    shopId: id, senderName: given.name, senderEmail: given.email ?? '', replyTo: '', postalAddress: '1 Fern Street, Portland OR 97201, USA', senderConfirmedAt: now,
    brand: { ...defaultBrand }, doubleOptIn: true, tracking: 'by_law', attributionDays: 5, recordsAttestedAt: null, softOptInSince: null, softOptInWording: null, softOptInFamily: null, rfm: null, rfmMeasuredAt: null, onboardingDismissedAt: null, updatedAt: now,
  })
  await verifiedDomain(app, id, given.email ?? '')
  return shop!
}

/** A person in a given standing, written straight into the tables: for tests of other rooms. */
async function addSubscriber(app: App, shop: Shop, person: TestPerson): Promise<string> {
  const now = app.clock.now()
  const id = newId(now)
  await app.db.insert(subscribers).values({
    shopId: shop.id, id, email: person.email, emailKey: normaliseEmail(person.email), addressHash: addressHash(app.settings.keys, shop.id, person.email),
    firstName: person.firstName ?? null, lastName: person.lastName ?? null, locale: person.locale ?? null, country: person.country === undefined ? 'US' : person.country,
    platformId: person.platformId ?? null, source: 'form', ordersCount: 0, totalSpent: 0, createdAt: person.createdAt ?? now, updatedAt: now,
  })
  const entry = async (purpose: 'email_marketing' | 'tracking', state: 'subscribed' | 'pending' | 'unsubscribed'): Promise<void> => {
    const [row] = await app.db.update(shops).set({ consentSeq: sql`${shops.consentSeq} + 1` }).where(eq(shops.id, shop.id)).returning({ seq: shops.consentSeq })
    await app.db.insert(consentEntries).values({
      shopId: shop.id, seq: row!.seq, subscriberId: id, purpose, act: state === 'subscribed' ? 'confirmed' : state === 'pending' ? 'requested' : 'withdrawn', state,
      basis: state === 'subscribed' ? 'express_confirmed' : 'none', method: state === 'unsubscribed' ? 'unsubscribe_page' : 'form', source: 'test', occurredAt: now, recordedAt: now,
    })
    if (purpose === 'email_marketing')
      await app.db.update(subscribers).set({ consentState: state, consentBasis: state === 'subscribed' ? 'express_confirmed' : 'none', consentAt: now, consentRecordedAt: now }).where(eq(subscribers.id, id))
  }
  if (person.consent && person.consent !== 'none') await entry('email_marketing', person.consent)
  if (person.tracking) await entry('tracking', person.tracking)
  return id
}
