import { existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import type { App } from './app.ts'
import { routes as campaigns } from './campaigns/routes.ts'
import { routes as catalogue } from './catalogue/routes.ts'
import { routes as consent } from './consent/routes.ts'
import { routes as deliveries } from './deliveries/routes.ts'
import { routes as domains } from './domains/routes.ts'
import { routes as exports } from './exports/routes.ts'
import { routes as forms } from './forms/routes.ts'
import { routes as imports } from './imports/routes.ts'
import { AppError, notFound, unauthorised } from './lib/errors.ts'
import { safeHeaders, type Route, type StreamedFile } from './lib/http.ts'
import { cleanText } from './lib/text.ts'
import { sendingRests } from './operations/rests.ts'
import { routes as operations } from './operations/routes.ts'
import { documentRoutes } from './platforms/shopify/document.ts'
import { webhookRoutes } from './platforms/shopify/webhooks.ts'
import { routes as privacy } from './privacy/routes.ts'
import { routes as reports } from './reports/routes.ts'
import { routes as segments } from './segments/routes.ts'
import { routes as settings } from './settings/routes.ts'
import { routes as people } from './people/routes.ts'
import { routes as suppressions } from './suppressions/routes.ts'
import { routes as templates } from './templates/routes.ts'

/** Everything that can be asked of us, from open to guarded. A route carries its own guard; what is not here is not there. */
export const routes: Route[] = [
  // Public: signed by the sender, or opened by a link that we signed.
  ...webhookRoutes, //   POST /webhooks/shopify
  ...deliveries, //      GET /o/:token, GET /c/:token/:n, POST /events/sendgrid, POST /events/mailgun
  ...consent, //         confirm, unsubscribe, preferences (and, for the merchant, disagreements with the store)
  ...operations, //      GET /installation/:nonce (and, for the merchant, why nothing leaves)
  ...documentRoutes, //  the admin's HTML; it holds no data
  // Signed by the store's app proxy.
  ...forms,
  // A signed-in person of the shop.
  ...reports,
  ...campaigns,
  ...templates,
  ...exports, //         before the rooms whose paths they share
  ...segments,
  ...people,
  ...suppressions,
  ...imports,
  ...catalogue,
  ...domains,
  ...settings,
  ...privacy,
]

const assets = fileURLToPath(new URL('../dist/web', import.meta.url))

export function createServer(app: App): Express {
  const server = express()
  server.disable('x-powered-by')
  server.set('trust proxy', true)
  server.set('query parser', 'simple')
  for (const route of routes) if (isLean(route)) mount(server, app, route)
  server.use((_request, response, next) => {
    response.set(safeHeaders)
    next()
  })

  server.get('/healthz', (_request, response) => void response.json({ ok: true }))
  server.get('/readyz', (_request, response, next) => {
    sendingRests(app).then((rests) => response.json({ ok: true, sending: rests === null }), () => response.status(503).json({ ok: false })).catch(next)
  })
  server.use('/assets', (request, response, next) => {
    if (request.path.endsWith('.html')) notFoundAnswer(request, response)
    else next()
  })
  if (existsSync(assets)) server.use('/assets', express.static(assets, { index: false, immutable: true, maxAge: '365d', fallthrough: true }))

  for (const route of routes) if (!isLean(route)) mount(server, app, route)
  server.use(notFoundAnswer)
  server.use(faults(app))
  return server
}

const isLean = (route: Route): boolean => route.guard === 'public' && route.lean === true

function mount(server: Express, app: App, route: Route): void {
  if (route.guard === 'public') {
    const body = route.body === 'raw' ? [express.raw({ type: () => true, limit: '6mb' })] : route.body === 'form' ? [express.urlencoded({ extended: false, limit: '64kb' })] : []
    server[route.method](route.path, ...body, (request, response, next) => {
      route.handle(app, request, response, next).catch(next)
    })
  } else if (route.guard === 'proxy') {
    const guard = (request: Request, response: Response, next: NextFunction): void => {
      app.platforms.shopify.proxy(request).then((asker) => {
        if (!asker) throw unauthorised('The signature does not fit.')
        response.locals.asker = asker
        next()
      }).catch(next)
    }
    server[route.method](route.path, guard, express.json({ limit: '64kb', reviver: clean }), express.urlencoded({ extended: false, limit: '64kb' }), (request, response, next) => {
      const { shop, loggedInCustomerId } = response.locals.asker as { shop: never; loggedInCustomerId: string | null }
      route
        .handle({ app, shop, loggedInCustomerId, ip: clientIp(request), params: strings(request.params), query: strings(request.query), body: withCleanTexts(request.body) })
        .then((reply) => answer(app, response, reply))
        .catch(next)
    })
  } else {
    const guard = (request: Request, response: Response, next: NextFunction): void => {
      app.platforms.shopify.session(request).then((session) => {
        response.locals.session = session
        next()
      }).catch(next)
    }
    // The body is read only for somebody whom we know.
    const body = route.body === 'stream' ? [] : [express.json({ limit: '2mb', reviver: clean })]
    server[route.method](route.path, guard, ...body, (request, response, next) => {
      const { shop, userId } = response.locals.session as { shop: never; userId: string }
      response.set('Cache-Control', 'no-store')
      if (route.body === 'stream') endWithAnswer(request, response)
      route
        .handle({ app, shop, userId, params: strings(request.params), query: strings(request.query), body: route.body === 'stream' ? request : (request.body as unknown) })
        .then((reply) => answer(app, response, reply))
        .catch(next)
    })
  }
}

/**
 * A file that was refused before its end goes on arriving: most senders read the answer only when they have sent everything. What still
 * comes is thrown away for a while, then the connection is cut.
 */
function endWithAnswer(request: Request, response: Response): void {
  response.once('finish', () => {
    if (request.complete) return
    request.resume()
    const cut = setTimeout(() => request.destroy(), 3_000)
    request.once('close', () => clearTimeout(cut))
  })
}

/** JSON, or a page or file when the handler says so. */
async function answer(app: App, response: Response, reply: unknown): Promise<void> {
  if (reply !== null && typeof reply === 'object' && '__html' in reply) {
    const page = reply as { __html: string; status?: number }
    response.status(page.status ?? 200).type('html').send(page.__html)
  } else if (reply !== null && typeof reply === 'object' && '__file' in reply) {
    const file = reply as { __file: string; name: string; type: string }
    response.type(file.type).attachment(file.name).send(file.__file)
  } else if (reply !== null && typeof reply === 'object' && '__stream' in reply) {
    await stream(app, response, reply as StreamedFile)
  } else response.json(reply ?? {})
}

/** What fails before the first piece is answered in words; afterwards the connection breaks, so that nobody takes half a file for the whole. */
async function stream(app: App, response: Response, file: StreamedFile): Promise<void> {
  const pieces = file.__stream[Symbol.asyncIterator]()
  const first = await pieces.next()
  response.type(file.type).attachment(file.name)
  if (first.done || response.req.method === 'HEAD') return void response.end()
  const all = async function* (): AsyncGenerator<string> {
    for (let piece: IteratorResult<string> = first; !piece.done; piece = await pieces.next()) {
      yield piece.value
      await new Promise(setImmediate) // others are served between two pieces
    }
  }
  await pipeline(Readable.from(all(), { objectMode: false }), response).catch((error: unknown) => {
    if (!response.destroyed) response.destroy()
    if ((error as { code?: unknown }).code !== 'ERR_STREAM_PREMATURE_CLOSE') app.log.error({ err: error, file: file.name }, 'a file could not be written to its end')
  })
}

/** Shopify puts the shopper's address into X-Forwarded-For; its first entry is the shopper. Used for limits, never stored whole. */
const clientIp = (request: Request): string => (request.get('x-forwarded-for') ?? '').split(',')[0]?.trim() || request.ip || ''

/** Repeated parameters arrive as lists: only plain strings go on. */
const strings = (values: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (typeof value === 'string' ? [[name, cleanText(value)]] : [])))

/** Text that no database takes is made harmless at the door, for every route. */
const clean = (_key: string, value: unknown): unknown => (typeof value === 'string' ? cleanText(value) : value)
/** The same for a plain form, whose parser knows no reviver: its values are texts. */
const withCleanTexts = (body: unknown): unknown =>
  body !== null && typeof body === 'object' && !Array.isArray(body) ? Object.fromEntries(Object.entries(body).map(([name, value]) => [name, clean(name, value)])) : body

function notFoundAnswer(_request: Request, response: Response): void {
  const fault = notFound()
  response.status(404).json({ error: { code: fault.code, message: fault.message, fields: {} } })
}

/** Our own faults in words; everything else is a 500 that tells nothing and is logged without personal data. */
const faults = (app: App) => (error: unknown, request: Request, response: Response, next: NextFunction): void => {
  if (response.headersSent) return next(error)
  response.set(safeHeaders)
  const known = error instanceof AppError ? error : fromBodyParser(error)
  if (!known) app.log.error({ err: error, method: request.method, path: request.route ? String((request.route as { path: unknown }).path) : 'unknown' }, 'a request failed')
  // App Bridge fetches a fresh token and asks once more when it sees this header.
  if (known?.status === 401) response.set('X-Shopify-Retry-Invalid-Session-Request', '1')
  response
    .status(known?.status ?? 500)
    .json({ error: known ? { code: known.code, message: known.message, fields: known.fields } : { code: 'fault', message: 'Something went wrong on our side. Nothing was lost; please try again.', fields: {} } })
}

function fromBodyParser(error: unknown): AppError | null {
  const { type, status } = (error ?? {}) as { type?: string; status?: number }
  if (type === 'entity.too.large') return new AppError(413, 'too_large', 'The request is too large.')
  if (type === 'entity.parse.failed') return new AppError(400, 'malformed', 'The request is not valid JSON.')
  if (typeof type === 'string' && typeof status === 'number' && status < 500) return new AppError(status, 'malformed', 'The request could not be read.')
  if (error instanceof URIError) return new AppError(400, 'malformed', 'The address could not be read.')
  return null
}
