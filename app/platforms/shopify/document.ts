import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Request, Response } from 'express'
import type { App } from '../../app.ts'
import { AppError } from '../../lib/errors.ts'
import { escapeHtml, type Route } from '../../lib/http.ts'
import { findShop } from '../../shops/shops.ts'
import { queryOf, shopDomain } from './api.ts'
import { establish, readIdToken } from './auth.ts'

const template = fileURLToPath(new URL('../../../dist/web/index.html', import.meta.url))
const appBridge = 'https://cdn.shopify.com/shopifycloud/app-bridge.js'
const bounce = '/session-token'

/** Pages of the admin; each loads directly, because the address in the merchant's browser mirrors ours. */
const pages = ['/', '/campaigns', '/campaigns/*rest', '/subscribers', '/subscribers/*rest', '/segments', '/segments/*rest', '/forms', '/forms/*rest', '/settings', '/settings/*rest', '/privacy', '/privacy/*rest']

/**
 * The admin's HTML, which holds no data: all of that comes by API calls with a session token. Framed by the one shop that the
 * request names and by nobody else; no cookies. (platform notes 3.1 and 8.1)
 */
export const documentRoutes: Route[] = [
  ...pages.map((path): Route => ({ guard: 'public', method: 'get', path, handle: document })),
  { guard: 'public', method: 'get', path: bounce, handle: bouncePage },
]

async function document(app: App, request: Request, response: Response): Promise<void> {
  const query = queryOf(request.originalUrl)
  const domain = shopDomain(query.get('shop'))
  const embedded = query.get('embedded') === '1'
  if (!embedded && (query.get('host') || domain)) return intoTheAdmin(app, query, domain, response)
  if (!domain) return send(app, response, null, neutralPage)
  const idToken = query.get('id_token')
  let known = (await findShop(app, domain))?.status === 'installed'
  if (idToken) known = (await welcome(app, domain, idToken, query.get('locale'))) || known
  if (!known) return response.redirect(302, bounceAddress(request, query))
  return send(app, response, domain, await filled(app))
}

/** True when the token holds and the shop is installed now. One that does not is like none: App Bridge brings a fresh one. */
async function welcome(app: App, domain: string, idToken: string, locale: string | null): Promise<boolean> {
  try {
    const token = await readIdToken(app, idToken)
    if (token.domain !== domain) return false
    await establish(app, domain, idToken, /^[a-z]{2}(-[A-Za-z]{2,4})?$/.exec(locale ?? '')?.[0])
    return true
  } catch (error) {
    if (error instanceof AppError && error.status === 401) return false
    throw error
  }
}

/** A page that only loads App Bridge, which comes back to `shopify-reload` with a session token. */
async function bouncePage(app: App, request: Request, response: Response): Promise<void> {
  const domain = shopDomain(queryOf(request.originalUrl).get('shop'))
  return send(app, response, domain, page(`${head(app)}<title>Homing</title>`, ''))
}

function bounceAddress(request: Request, query: URLSearchParams): string {
  const kept = new URLSearchParams(query)
  for (const name of ['id_token', 'hmac', 'shopify-reload']) kept.delete(name)
  const to = new URLSearchParams(kept)
  to.set('shopify-reload', `${request.path}?${kept.toString()}`)
  return `${bounce}?${to.toString()}`
}

/** Opened outside the admin: go to our place inside it. The address is built from checked parts only. */
async function intoTheAdmin(app: App, query: URLSearchParams, domain: string | null, response: Response): Promise<void> {
  const host = /^admin\.shopify\.com\/store\/[a-z0-9][a-z0-9-]*$/.exec(Buffer.from(query.get('host') ?? '', 'base64').toString('utf8').toLowerCase())?.[0]
  const place = host ?? (domain ? `admin.shopify.com/store/${domain.split('.')[0]}` : null)
  if (!place) return send(app, response, null, neutralPage)
  response.redirect(302, `https://${place}/apps/${encodeURIComponent(app.settings.SHOPIFY_API_KEY)}`)
}

async function send(app: App, response: Response, domain: string | null, html: string): Promise<void> {
  response.set({ 'Content-Security-Policy': policy(app, domain), 'Cache-Control': 'no-store' }).status(200).type('html').send(html)
}

function policy(app: App, domain: string | null): string {
  const { FRAME_ANCESTORS, APP_BRIDGE_URL } = app.settings
  const frames = domain ? [`https://${domain}`, 'https://admin.shopify.com', FRAME_ANCESTORS].filter(Boolean).join(' ') : "'none'"
  const bridge = new URL(APP_BRIDGE_URL ?? appBridge).origin
  return [
    `frame-ancestors ${frames}`,
    "default-src 'self'",
    `script-src 'self' ${bridge}`,
    "style-src 'self' 'unsafe-inline'", // Polaris and mail previews set styles on elements
    'img-src https: http: data: blob:', // pictures of the store and of mails, wherever they are
    "font-src 'self' data: https:",
    `connect-src 'self' https://*.shopify.com https://*.shopifysvc.com ${bridge}`,
    "frame-src 'self' https://*.shopify.com",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
  ].join('; ')
}

const head = (app: App): string =>
  `<meta charset="utf-8"><meta name="shopify-api-key" content="${escapeHtml(app.settings.SHOPIFY_API_KEY)}"><script src="${escapeHtml(app.settings.APP_BRIDGE_URL ?? appBridge)}"></script>`

/** App Bridge must be the first script, without async or defer (review rule 2.2.3). What the build put there before is moved behind it. */
async function filled(app: App): Promise<string> {
  const html = await readFile(template, 'utf8').catch(() => null)
  if (html === null) return page(`${head(app)}<title>Homing</title>`, '<p>The admin pages are not built. Run: npm run build</p>')
  return html.replace(/<meta charset="[^"]*"\s*\/?>/i, '').replace(/<head[^>]*>/i, (tag) => tag + head(app))
}

const page = (inHead: string, body: string): string => `<!doctype html><html lang="en"><head>${inHead}</head><body>${body}</body></html>`
const neutralPage = page(
  '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Homing</title>',
  '<main style="font: 16px/1.5 system-ui; max-width: 32rem; margin: 20vh auto; padding: 0 1rem"><h1 style="font-size: 1.25rem">Homing</h1><p>Please open this app from your Shopify admin, under Apps.</p></main>',
)
