import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'
import type { FormTexts } from '../app/forms/contract.ts'
import { install } from '../simulator/actions/index.ts'
import { seedInvented } from '../simulator/seed/invented.ts'
import { storefrontRouter } from '../simulator/storefront/router.ts'
import type { SimStore, World } from '../simulator/types.ts'
import { closeWorld, createWorld } from '../simulator/world.ts'

/** A request that reached the app's proxy path. */
export interface Asked { method: string; path: string; query: URLSearchParams; headers: Record<string, string>; body: string }
export interface Told { topic: string; shop: string; body: Record<string, unknown> }

export interface PretendStore {
  world: World
  fern: SimStore
  kiln: SimStore
  heron: SimStore
  at(store: SimStore): string
  asked: Asked[]
  webhooks: Told[]
  /** How the stand-in app answers through the proxy; may be replaced. */
  app: { texts: FormTexts; form: Record<string, unknown> | null; signup: (body: Record<string, unknown>) => { status: number; body: unknown }; waitMs: number }
  close(): Promise<void>
}

export const texts: FormTexts = {
  heading: 'A letter when something flowers', body: 'New plants and the odd offer.', emailLabel: 'E-mail address', nameLabel: 'First name', button: 'Sign me up', decline: 'No, thanks',
  consent: 'With the button you agree that Fern & Fig writes to you about products. You can leave at any time.', tracking: 'You may see whether I open your mails.', success: 'Press the button in the mail.',
}

/** The invented stores with their storefronts on real ports, and a small server that stands for the app and remembers what reached it. */
export async function pretendStore(): Promise<PretendStore> {
  const servers: Server[] = []
  const listen = async (server: Express): Promise<string> => {
    const made = server.listen(0, '127.0.0.1')
    await new Promise((done) => made.once('listening', done))
    servers.push(made)
    return `http://127.0.0.1:${(made.address() as AddressInfo).port}`
  }
  const asked: Asked[] = []
  const webhooks: Told[] = []
  const app: PretendStore['app'] = {
    texts,
    form: { id: 'form1', version: 3, language: 'en', askName: false, look: { background: '#fbfaf5', text: '#22302a', accent: '#2f5d46', accentText: '#ffffff', radius: 10 }, afterSeconds: 0, restDays: 30 },
    signup: () => ({ status: 200, body: { ok: true, message: texts.success } }),
    waitMs: 0,
  }
  const standIn = express()
  standIn.use(express.text({ type: () => true }))
  standIn.post('/webhooks/shopify', (request, response) => {
    webhooks.push({ topic: String(request.headers['x-shopify-topic']), shop: String(request.headers['x-shopify-shop-domain']), body: JSON.parse(String(request.body)) as Record<string, unknown> })
    response.sendStatus(200)
  })
  standIn.all('/proxy{/*path}', async (request, response) => {
    const url = new URL(request.originalUrl, 'http://app')
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const body = typeof request.body === 'string' ? request.body : ''
    asked.push({ method: request.method, path: url.pathname, query: url.searchParams, headers, body })
    await new Promise((done) => setTimeout(done, app.waitMs))
    response.set('Set-Cookie', 'app=1')
    if (url.pathname === '/proxy/form') return response.json({ form: app.form && { kind: url.searchParams.get('kind'), texts: app.texts, ...app.form } })
    if (url.pathname === '/proxy/hello') return response.type('application/liquid').send('<p id="from-app">Hello from {{ shop.name }}</p>')
    if (url.pathname !== '/proxy/signup') return response.sendStatus(404)
    if (!headers['content-type']?.includes('json')) return response.type('html').send('<h1>Plain answer</h1>')
    const answer = app.signup(JSON.parse(body) as Record<string, unknown>)
    return response.status(answer.status).json(answer.body)
  })
  const at = new Map<string, string>()
  const world = createWorld({ seed: 7, urls: { app: await listen(standIn), doors: '', admin: '', cdn: '', platform: '', storefront: (domain) => at.get(domain)! } })
  const { fern, kiln, heron } = seedInvented(world)
  for (const store of [fern, kiln, heron]) {
    install(world, store)
    store.embedOn = store.blockOn = true
    at.set(store.domain, await listen(express().use(storefrontRouter(world, store))))
  }
  return {
    world, fern, kiln, heron, asked, webhooks, app,
    at: (store) => at.get(store.domain)!,
    async close() {
      await closeWorld(world)
      await Promise.all(servers.map((server) => new Promise((done) => { server.close(done); server.closeAllConnections() })))
    },
  }
}
