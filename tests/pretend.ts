import type { AddressInfo } from 'node:net'
import express from 'express'
import { eq } from 'drizzle-orm'
import { syncs } from '../app/db/schema.ts'
import type { Fetch } from '../app/lib/fetch.ts'
import type { Logger } from '../app/lib/log.ts'
import { findShop, type Shop } from '../app/shops/shops.ts'
import { install, type createProduct } from '../simulator/actions/index.ts'
import { platformRouter } from '../simulator/platform/router.ts'
import { mintSessionToken } from '../simulator/platform/session-token.ts'
import { settle } from '../simulator/platform/webhooks.ts'
import type { SimStore, World } from '../simulator/types.ts'
import { closeWorld, createStore, createWorld } from '../simulator/world.ts'
import { testApp, type TestApp } from './app.ts'
import { verifiedDomain } from './domain.ts'

export interface Pretend {
  t: TestApp
  world: World
  /** Bea's store, which has not opened the app yet. */
  store: SimStore
  /** The owner opens the app: an API call with a session token, as the admin makes it. Answers the shop as we know it then. */
  open(store?: SimStore): Promise<Shop>
  call(path: string, store?: SimStore): Promise<Response>
  /** Lets every delivery arrive and every job that is due run, until nothing is left to do. */
  calm(): Promise<void>
  /** Waits until the store has been read. */
  readAll(shop: Shop): Promise<void>
  close(): Promise<void>
}

/** The real app beside the pretend platform, both over real HTTP. */
export async function pretend(options: { store?: Partial<SimStore>; seed?: number; env?: Record<string, string>; log?: Logger; watch?: (request: Request) => void } = {}): Promise<Pretend> {
  const urls = { app: '', doors: '', admin: 'https://admin.shopify.com', cdn: 'https://cdn.shopify.com', storefront: (domain: string) => `https://${domain}`, platform: '' }
  const world = createWorld({ seed: options.seed ?? 7, urls })
  const server = express().use(platformRouter(world)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  urls.platform = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clock = { now: () => world.clock.now(), jump: (ms: number) => world.clock.jump(ms), set: (at: Date) => world.clock.jump(at.getTime() - world.clock.now().getTime()) }
  const watched: Fetch = (input, init) => {
    options.watch?.(new Request(input instanceof Request ? input.clone() : input, init))
    return world.fetch(input, init)
  }
  const t = await testApp({ clock, fetch: watched, ...(options.log ? { log: options.log } : {}), env: { SHOPIFY_API_KEY: world.app.clientId, SHOPIFY_API_SECRET: world.app.clientSecret, ...options.env } })
  urls.app = t.http
  const store = createStore(world, { domain: 'moss-and-mortar.myshopify.com', name: 'Moss & Mortar', ...options.store })
  const call: Pretend['call'] = async (path, of = store) => fetch(t.http + path, { headers: { authorization: `Bearer ${await mintSessionToken(world, of, '42')}` } })
  const calm = async (): Promise<void> => {
    do await settle(world)
    while ((await t.runJobs()) > 0)
  }
  return {
    t, world, store, call, calm,
    async open(of = store) {
      if (!of.installed) install(world, of)
      const answer = await call('/api/settings', of)
      if (answer.status !== 200) throw new Error(`opening the app answered ${answer.status}: ${await answer.text()}`)
      const shop = (await findShop(t.app, of.domain))!
      await verifiedDomain(t.app, shop.id, of.email)
      return shop
    },
    async readAll(shop) {
      for (let turn = 0; turn < 400; turn++) {
        await calm()
        const rows = await t.app.db.select({ state: syncs.state }).from(syncs).where(eq(syncs.shopId, shop.id))
        if (rows.length === 4 && rows.every((row) => row.state === 'done' || row.state === 'failed')) return
        await new Promise((resolve) => setTimeout(resolve, 15))
        world.clock.jump(1_000)
      }
      throw new Error('the store was not read in time')
    },
    async close() {
      await closeWorld(world)
      await t.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A product with two variants: 10.00 + n and, reduced from 25.00, 20.00 + n. */
export const pot = (n: number): Parameters<typeof createProduct>[2] => ({
  title: `Pot ${n}`, handle: `pot-${n}`, descriptionHtml: '', vendor: 'Moss', productType: 'Pot', tags: ['clay'], status: 'ACTIVE', collections: [], image: '/images/pot.png', imageAlt: 'A pot',
  variants: [
    { title: 'Small', sku: `S${n}`, price: 1000 + n, compareAt: null, inventory: 1000 },
    { title: 'Large', sku: `L${n}`, price: 2000 + n, compareAt: 2500, inventory: 1000 },
  ],
})
