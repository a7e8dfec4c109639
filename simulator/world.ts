import { createHash } from 'node:crypto'
import { readAppConfig } from './app-config.ts'
import { domainOf, furnish } from './mail/name-servers.ts'
import { closePlatform } from './platform/state.ts'
import type { SimClock, SimStore, SimUrls, WireEntry, World } from './types.ts'
import type { Fetch } from '../app/lib/fetch.ts'

/**
 * Makes an empty pretend world: no stores yet, a clock that can jump, a list of what happened, and the app as its
 * shopify.app.toml describes it (client id and secret are invented from the seed).
 * @param options.urls may be filled in later (the object is kept), as servers find their ports.
 * @param options.start what time it is there now; real time when left out.
 */
export function createWorld(options: { seed: number; urls: SimUrls; start?: Date }): World {
  const { seed, urls } = options
  const config = readAppConfig()
  const clock = createClock(options.start)
  const world: World = {
    seed,
    clock,
    stores: new Map(),
    urls,
    wire: createWire(clock),
    mails: [],
    dns: { records: new Map(), authenticated: new Map(), valid: new Set() },
    app: {
      clientId: digest(`client ${seed}`).slice(0, 32),
      clientSecret: `shpss_${digest(`secret ${seed}`).slice(0, 32)}`,
      requiredScopes: config.requiredScopes,
      optionalScopes: config.optionalScopes,
    },
    faults: {
      webhooks: { duplicate: false, reorder: false, dropNext: 0 },
      api: { throttleNext: 0, errorNext: 0, slowMs: 0 },
      bulk: { scatter: false, failNext: 0, hold: false },
      dns: { silent: false },
      mail: { tooManyNext: 0, errorNext: 0, hangNext: 0, loseAnswerNext: 0, refuseAddresses: new Set() },
    },
    random: seededRandom(seed),
    fetch: async () => { throw new Error('the world is not made yet') },
  }
  world.fetch = createWorldFetch(world)
  return world
}

/** Stops timers and removes temporary files; deliveries that still wait are forgotten. */
export async function closeWorld(world: World): Promise<void> {
  await closePlatform(world)
}

/** Opens a store in the world. Whatever is left out gets a plain default; money is in minor units of `currency`. */
export function createStore(world: World, store: Pick<SimStore, 'domain' | 'name'> & Partial<SimStore>): SimStore {
  if (!/^[a-z0-9][a-z0-9-]*\.myshopify\.com$/.test(store.domain)) throw new Error(`${store.domain} is not the name of a store`)
  if (world.stores.has(store.domain)) throw new Error(`there is a store at ${store.domain} already`)
  const number = world.stores.size + 1
  const made: SimStore = {
    id: 61_000_000_000 + number,
    email: `hello@${store.domain.replace('.myshopify.com', '')}.example`,
    ownerName: 'Ada Larkin',
    currency: 'EUR',
    timezone: 'Europe/Berlin',
    locale: 'en',
    country: 'DE',
    address: { address1: '1 Garden Lane', city: 'Berlin', zip: '10115', phone: '+49 30 0000000' },
    tagline: '',
    theme: { background: '#ffffff', text: '#1f2421', accent: '#2f6f4f', font: 'Inter' },
    collections: new Map(),
    customers: new Map(),
    customersByEmail: new Map(),
    products: new Map(),
    orders: new Map(),
    nextId: number * 1_000_000_000 + 1,
    nextOrderNumber: 1001,
    optionalScopes: new Set(),
    installed: null,
    embedOn: false,
    blockOn: false,
    protectedDataApproved: true,
    tokens: [],
    bucket: { available: 2000, at: world.clock.now(), maximum: 2000, restoreRate: 100 },
    checkouts: new Map(),
    segments: new Map(),
    status: 'open',
    ...store,
  }
  world.stores.set(made.domain, made)
  furnish(world, domainOf(made))
  return made
}

/** A store by its domain. Throws, naming it, when there is none. */
export function storeOf(world: World, domain: string): SimStore {
  const store = world.stores.get(domain)
  if (!store) throw new Error(`there is no store at ${domain}`)
  return store
}

const platformHosts = /(^|\.)myshopify\.com$|^admin\.shopify\.com$|^storage\.shopifycloud\.example$/
const ownHosts = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * The app's way out. A request to the platform's hosts goes to our router by real HTTP, carrying the host that was meant in
 * `x-simulated-host`; this machine stays reachable; every other host is refused by name and written on the wire.
 */
function createWorldFetch(world: World): Fetch {
  return async (input, init) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    if (ownHosts.has(url.hostname)) return globalThis.fetch(request)
    if (!platformHosts.test(url.hostname)) {
      const title = `Refused: the pretend world has no host named ${url.hostname}`
      world.wire.add({ kind: 'api', shop: null, title, detail: `${request.method} ${url.hostname}${url.pathname}`, status: null, ms: null })
      throw new TypeError(title)
    }
    const headers = new Headers(request.headers)
    headers.set('x-simulated-host', url.hostname)
    return globalThis.fetch(`${world.urls.platform}${url.pathname}${url.search}`, {
      method: request.method,
      headers,
      body: request.body ? await request.arrayBuffer() : undefined,
      redirect: request.redirect,
      signal: request.signal,
    })
  }
}

function createClock(start: Date | undefined): SimClock {
  let offset = start ? start.getTime() - Date.now() : 0
  const listeners: (() => void)[] = []
  return {
    now: () => new Date(Date.now() + offset),
    jump(milliseconds) {
      offset += milliseconds
      for (const listener of listeners) listener()
    },
    onJump: (listener) => void listeners.push(listener),
  }
}

const wireLength = 500

function createWire(clock: SimClock): World['wire'] {
  const entries: WireEntry[] = []
  let n = 0
  return {
    entries,
    add(entry) {
      entries.push({ ...entry, n: ++n, at: clock.now() })
      if (entries.length > wireLength) entries.splice(0, entries.length - wireLength)
    },
  }
}

const digest = (text: string): string => createHash('sha256').update(`homing ${text}`).digest('hex')

/** Mulberry32: small, fast and the same on every machine. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
