import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import express, { Router, type Request, type RequestHandler, type Response } from 'express'
import { z } from 'zod'
import { grantScopes, install, revokeScopes, uninstall } from '../actions/index.ts'
import { grantedScopes } from '../platform/scopes.ts'
import { escape } from '../doors/html.ts'
import type { SimStore, World } from '../types.ts'
import { adminPage, appIcon } from './chrome.ts'
import { factsPage } from './facts.ts'
import { pickable } from './picker.ts'
import { frameAddress, mintIdToken, nameOf } from './tokens.ts'
import { editorPage } from './theme-editor.ts'
import { extensionsOf } from './theme-parts.ts'
import { scopeWords } from './scope-words.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const fonts = join(dirname(createRequire(import.meta.url).resolve('@fontsource-variable/inter/package.json')), 'files')

/**
 * Stands for admin.shopify.com (pages under /store/:name) and for cdn.shopify.com (/shopifycloud/app-bridge.js).
 * The app runs in a frame of another origin and reaches this page by postMessage only.
 */
export function adminRouter(world: World): Router {
  const router = Router()
  router.get('/shopifycloud/app-bridge.js', (_request, response) => {
    response.set({ 'Cache-Control': 'no-cache', 'Cross-Origin-Resource-Policy': 'cross-origin' }).sendFile(join(here, 'app-bridge.js'))
  })
  router.use((_request, response, next) => {
    response.set({
      'Content-Security-Policy': `default-src 'self'; frame-ancestors 'none'; frame-src ${world.urls.app} ${[...world.stores.keys()].map((domain) => world.urls.storefront(domain)).join(' ')}; img-src * data:; style-src 'self' 'unsafe-inline'; font-src 'self'`,
      'Referrer-Policy': 'no-referrer-when-downgrade',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    })
    next()
  })
  router.use('/_', sharedFiles())
  for (const file of ['chrome.js', 'dialogs.js', 'host.js', 'theme-editor.js', 'host.css']) router.get(`/_/${file}`, (_request, response) => response.sendFile(join(here, file)))
  router.get('/', (_request, response) => response.redirect(`${world.urls.doors}/`))

  const withStore = (handle: (request: Request, response: Response, store: SimStore) => unknown): RequestHandler => async (request, response) => {
    const store = world.stores.get(`${String(request.params.name)}.myshopify.com`)
    if (!store) return void response.status(404).type('text').send(`There is no store named ${String(request.params.name)} here.`)
    await handle(request, response, store)
  }
  // Changes come from this admin's own pages only; a page inside a frame or a mail has another origin.
  const ours: RequestHandler = (request, response, next) => {
    if (request.get('origin') !== new URL(world.urls.admin).origin) return void response.status(403).json({ error: 'Only the admin itself may do this.' })
    next()
  }
  const json = express.json()
  const base = '/store/:name/apps/homing'

  router.get('/store/:name', withStore((_request, response, store) => response.redirect(`/store/${nameOf(store)}/apps${store.installed ? '/homing' : ''}`)))
  router.get('/store/:name/apps', withStore((_request, response, store) => response.send(appsPage(world, store))))
  router.get(`/store/:name/oauth/install`, withStore((_request, response, store) => (nothingNew(world, store) ? response.redirect(`/store/${nameOf(store)}/apps/homing`) : response.send(grantPage(world, store)))))
  router.post(`/store/:name/oauth/install`, ours, withStore((_request, response, store) => {
    install(world, store)
    response.redirect(303, `/store/${nameOf(store)}/apps/homing`)
  }))
  router.post('/store/:name/oauth/uninstall', ours, withStore((_request, response, store) => {
    uninstall(world, store)
    response.redirect(303, `/store/${nameOf(store)}/apps`)
  }))

  router.post(`${base}/token`, ours, withStore(async (_request, response, store) => response.json({ token: await mintIdToken(world, store) })))
  router.get(`${base}/extensions`, withStore((_request, response, store) => response.json(extensionsOf(store))))
  router.get(`${base}/scopes`, withStore((_request, response, store) => response.json(scopesOf(world, store))))
  router.post(`${base}/scopes`, ours, json, withStore((request, response, store) => {
    const change = scopeChange.safeParse(request.body)
    if (!change.success) return response.status(400).json({ error: 'which scopes?' })
    const foreign = [...(change.data.grant ?? []), ...(change.data.revoke ?? [])].filter((scope) => !world.app.optionalScopes.includes(scope))
    if (foreign.length > 0) return response.status(400).json({ error: `These are not among the app's optional scopes: ${foreign.join(', ')}` })
    if (change.data.grant) grantScopes(world, store, change.data.grant)
    if (change.data.revoke) revokeScopes(world, store, change.data.revoke)
    return response.json(scopesOf(world, store))
  }))
  router.get(`${base}/products.json`, withStore((request, response, store) => {
    const asked = picked.parse(request.query)
    response.json({ products: pickable(world, store, { query: asked.query, draft: asked.draft === 'true', archived: asked.archived === 'true' }) })
  }))

  router.get(['/store/:name/themes/current/editor', '/store/:name/themes/:id/editor'], withStore((request, response, store) =>
    response.send(editorPage(world, store, typeof request.query.activateAppId === 'string' ? request.query.activateAppId : typeof request.query.addAppBlockId === 'string' ? request.query.addAppBlockId : null))))
  router.post('/store/:name/themes/current/editor', ours, json, withStore((request, response, store) => {
    const wanted = themeChange.parse(request.body)
    store.embedOn = wanted.embed
    store.blockOn = wanted.block
    world.wire.add({ kind: 'shopper', shop: store.domain, title: `${store.name} saved its theme`, detail: `Pop-up ${wanted.embed ? 'on' : 'off'}, inline form ${wanted.block ? 'placed' : 'not placed'}.`, status: null, ms: null })
    response.json({ ok: true })
  }))

  router.get('/store/:name/:kind/:id', withStore((request, response, store) => {
    const page = request.params.kind === 'apps' ? null : factsPage(world, store, String(request.params.kind), String(request.params.id))
    if (page) return response.send(page)
    return request.params.kind === 'apps' ? showApp(request, response, store) : missing(response, store)
  }))
  router.get(`${base}/*rest`, withStore((request, response, store) => showApp(request, response, store)))
  router.get('/store/:name/*rest', withStore((_request, response, store) => missing(response, store)))
  return router

  async function showApp(request: Request, response: Response, store: SimStore): Promise<unknown> {
    const [pathname = '', search = ''] = request.originalUrl.split('?')
    const inside = pathname.split('/').slice(5).join('/')
    if (pathname.split('/')[4] !== 'homing') return missing(response, store)
    if (!store.installed) return response.redirect(`/store/${nameOf(store)}/oauth/install`)
    const frame = await frameAddress(world, store, `/${inside}${search ? `?${search}` : ''}`)
    const data = { base: `/store/${nameOf(store)}`, storefront: world.urls.storefront(store.domain), appOrigin: new URL(world.urls.app).origin, frame, scopeWords }
    const body = `<div class="title"><span class="crumb">${appIcon}<span>Homing</span><i hidden>›</i><b></b></span><span class="acts"></span></div><div class="frame"></div>`
    return response.send(adminPage(world, store, { title: 'Homing', lit: 'homing', body, scripts: ['/_/host.js'], data }))
  }
  function missing(response: Response, store: SimStore): Response {
    const body = `<div class="page"><h1>Not pretended here</h1><div class="card"><p>This part of Shopify's admin is not built in the simulator.</p></div></div>`
    return response.status(404).send(adminPage(world, store, { title: 'Not here', lit: null, body }))
  }
}

const scopeChange = z.object({ grant: z.array(z.string()).optional(), revoke: z.array(z.string()).optional() })
const themeChange = z.object({ embed: z.boolean(), block: z.boolean() })
const picked = z.object({ query: z.string().default(''), draft: z.string().default('false'), archived: z.string().default('false') })

/** The font and the icon, for the admin and for the doors. */
export function sharedFiles(): Router {
  const router = Router()
  router.use('/fonts', express.static(fonts, { maxAge: '1d' }))
  router.get('/fonts.css', (_request, response) => {
    const face = (subset: string, range: string): string =>
      `@font-face { font-family: Inter; font-style: normal; font-display: swap; font-weight: 100 900; src: url(/_/fonts/inter-${subset}-wght-normal.woff2) format("woff2-variations"); unicode-range: ${range} }`
    response.type('css').send([face('latin-ext', 'U+0100-02BA,U+1E00-1E9F,U+1EF2-1EFF,U+20A0-20AB'), face('latin', 'U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+2000-206F,U+20AC,U+2122,U+2190-2199')].join('\n'))
  })
  router.get('/icon.svg', (_request, response) => response.type('svg').send('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M4 21V11a8 8 0 0 1 16 0v10z" fill="#3d6f56"/><path d="M8 21v-9a4 4 0 0 1 8 0v9z" fill="#f4ead7"/></svg>'))
  return router
}

const scopesOf = (world: World, store: SimStore): unknown => ({ granted: grantedScopes(store), required: world.app.requiredScopes, optional: world.app.optionalScopes })

/** Installed, and with every scope that the app needs by now: there is nothing to agree to. */
const nothingNew = (world: World, store: SimStore): boolean => store.installed !== null && world.app.requiredScopes.every((scope) => store.installed?.scopes.includes(scope))

function appsPage(world: World, store: SimStore): string {
  const base = `/store/${nameOf(store)}`
  const row = store.installed
    ? `<div><strong>Homing</strong><small>Installed ${store.installed.at.toISOString().slice(0, 10)}</small></div>
       <a class="button" href="${base}/apps/homing">Open</a>
       <form method="post" action="${base}/oauth/uninstall"><button class="button critical">Uninstall</button></form>`
    : `<div><strong>Homing</strong><small>Email marketing: lawful lists, campaigns that fit, honest reports</small></div><a class="button primary" href="${base}/oauth/install">Install</a>`
  const body = `<div class="page"><h1>Apps</h1><div class="card"><div class="row">${appIcon}${row}</div></div></div>`
  return adminPage(world, store, { title: 'Apps', lit: 'apps', body })
}

function grantPage(world: World, store: SimStore): string {
  const base = `/store/${nameOf(store)}`
  const items = world.app.requiredScopes.map((scope) => `<li><span>${escape(scopeWords[scope] ?? scope)}</span><code>${escape(scope)}</code></li>`).join('')
  const body = `<div class="page"><h1>Install Homing</h1>
    <div class="card"><div class="row">${appIcon}<div><strong>Homing</strong><small>for ${escape(store.name)} (${escape(store.domain)})</small></div></div></div>
    <div class="card"><h2>This app will be able to</h2><ul class="grants">${items}</ul></div>
    <form method="post" action="${base}/oauth/install" class="ends"><a class="button" href="${base}/apps">Cancel</a><button class="button primary">Install</button></form></div>`
  return adminPage(world, store, { title: 'Install Homing', lit: 'apps', body })
}
