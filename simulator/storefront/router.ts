import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import express, { type Request, type Response, type Router } from 'express'
import { picturePng } from '../seed/pictures.ts'
import type { SimStore, World } from '../types.ts'
import { cartRoutes } from './cart.ts'
import { checkoutRoutes } from './checkout.ts'
import { assetFolder } from './extension.ts'
import { textOf } from './liquid.ts'
import { createPages, type Pages } from './page.ts'
import { askApp, give, proxyPaths } from './proxy.ts'
import { visitOf } from './session.ts'
import { byHandle, byImage, onSale, orderView, languageTag, productView } from './views.ts'

const perPage = 24

/**
 * The storefront of a store, to be mounted at the root of an origin of its own: theme, cart, checkout, account, the app's real
 * blocks (embed when `store.embedOn`, inline form on the home page when `store.blockOn`) and the app proxy.
 */
export function storefrontRouter(world: World, store: SimStore): Router {
  const router = express.Router()
  const pages = createPages(store)
  files(router, store)
  proxy(router, world, store, pages)
  router.use((_, response, next) => {
    response.set('Cache-Control', 'no-store')
    if (store.status === 'open') next()
    else response.status(store.status === 'frozen' ? 402 : 404).type('text').send('This store is unavailable.')
  })
  router.use(express.urlencoded({ extended: false, limit: '64kb' }))
  catalogue(router, store, pages)
  cartRoutes(router, store, pages)
  checkoutRoutes(router, world, store, pages)
  account(router, store, pages)
  router.use((request, response) => pages.send(request, response, 'not-found', { page_type: '404' }, 404))
  return router
}

const staticFolder = join(import.meta.dirname, 'theme/static')
const inter = createRequire(import.meta.url).resolve('@fontsource-variable/inter/files/inter-latin-wght-normal.woff2')

function files(router: Router, store: SimStore): void {
  router.use('/cdn/extensions/homing-storefront/assets', express.static(assetFolder, { fallthrough: false, maxAge: '1d' }))
  router.use('/cdn/theme', express.static(staticFolder, { fallthrough: false, maxAge: 0 }))
  router.get('/cdn/fonts/inter.woff2', (_, response) => response.type('font/woff2').set('Cache-Control', 'public, max-age=86400').send(readFileSync(inter)))
  router.get('/images/:file', (request, response, next) => {
    const product = byImage(store, `/images/${request.params.file}`)
    if (!product) return next()
    response.type('png').set('Cache-Control', 'public, max-age=86400').set('Access-Control-Allow-Origin', '*').send(picturePng(product.title, product.productType))
  })
  router.get('/favicon.ico', (_, response) => response.status(204).end())
}

function proxy(router: Router, world: World, store: SimStore, pages: Pages): void {
  const base = proxyPaths().shop
  router.all(`${base}{/*path}`, express.raw({ type: () => true, limit: '1mb' }), async (request: Request, response: Response) => {
    if (!store.installed) return pages.send(request, response, 'not-found', { page_type: '404' }, 404)
    const answer = await askApp(world, store, request, request.path.slice(base.length))
    if (answer.isLiquid) return pages.wrap(request, response, answer.body.toString('utf8'), answer.status)
    give(response, answer)
  })
}

function catalogue(router: Router, store: SimStore, pages: Pages): void {
  router.get('/', async (request, response) => {
    const shelf = onSale(store)
    const newest = shelf.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || b.id - a.id)
    const hero = [...store.collections.keys()].flatMap((handle) => shelf.filter((product) => product.collections[0] === handle).slice(0, 1)).slice(0, 3)
    const collections = [...store.collections.values()].flatMap((collection) => {
      const inside = shelf.filter((product) => product.collections.includes(collection.handle))
      const cover = inside.find((product) => !hero.includes(product)) ?? inside[0]
      return cover ? [{ ...collection, url: `/collections/${collection.handle}`, cover: cover.image, count: inside.length }] : []
    })
    await pages.send(request, response, 'home', { page_type: 'index', hero: hero.map(productView), newest: newest.slice(0, 8).map(productView), collections })
  })
  router.get('/collections{/:handle}', async (request, response, next) => {
    const { handle = 'all' } = request.params
    const collection = store.collections.get(handle)
    if (!collection && handle !== 'all') return next()
    const inside = onSale(store).filter((product) => handle === 'all' || product.collections.includes(handle))
    const last = Math.max(1, Math.ceil(inside.length / perPage))
    const page = Math.min(last, Math.max(1, Number.parseInt(textOf(request.query.page), 10) || 1))
    await pages.send(request, response, 'collection', {
      page_type: 'collection', title: collection?.title, description: collection?.description ?? '', products: inside.slice((page - 1) * perPage, page * perPage).map(productView), number: inside.length, page, last,
    })
  })
  router.get('/products/:handle', async (request, response, next) => {
    const product = byHandle(store, request.params.handle)
    if (!product) return next()
    const near = onSale(store).filter((one) => one !== product && one.collections[0] === product.collections[0])
    const start = near.length > 4 ? product.id % (near.length - 3) : 0
    await pages.send(request, response, 'product', { page_type: 'product', title: product.title, product: productView(product), also: near.slice(start, start + 4).map(productView) })
  })
}

function account(router: Router, store: SimStore, pages: Pages): void {
  const show = async (request: Request, response: Response, fault: string | null): Promise<void> => {
    const visit = visitOf(store, request, response)
    const customer = visit.customerId === null ? undefined : store.customers.get(visit.customerId)
    const orders = customer ? [...store.orders.values()].filter((order) => order.customerId === customer.id).toSorted((a, b) => b.processedAt.getTime() - a.processedAt.getTime()).slice(0, 20) : []
    const suggestions = customer ? [] : [...store.customersByEmail.keys()].slice(0, 40)
    await pages.send(request, response, 'account', {
      page_type: 'customers/account', customer: customer ? { email: customer.email, first_name: customer.firstName } : null, orders: orders.map((order) => orderView(order, languageTag(store))), suggestions, fault,
    }, fault ? 422 : 200)
  }
  router.get('/account', (request, response) => show(request, response, null))
  router.post('/account/login', async (request, response) => {
    const visit = visitOf(store, request, response)
    const id = store.customersByEmail.get(textOf((request.body as Record<string, unknown>).email).trim().toLowerCase())
    if (id === undefined) return show(request, response, 'unknown')
    visit.customerId = id
    response.redirect(303, '/account')
  })
  router.post('/account/logout', (request, response) => {
    visitOf(store, request, response).customerId = null
    response.redirect(303, '/account')
  })
}
