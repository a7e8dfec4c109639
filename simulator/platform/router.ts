import express, { type NextFunction, type Request, type Response, type Router } from 'express'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { pretty } from '../format.ts'
import type { SimStore, World } from '../types.ts'
import { bulkFile, storageHost } from './bulk.ts'
import { answerGraphql } from './graphql.ts'
import { schemaVersion } from './schema.ts'
import { grantToken, useToken } from './tokens.ts'

/** Living versions; what is older falls forward to the first, what is newer is unknown. */
const versions = ['2026-01', '2026-04', '2026-07', '2026-10', '2027-01']

const graphqlBody = z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()).nullish(), operationName: z.string().nullish() })

/**
 * The platform's server side: token endpoint, Admin GraphQL and the storage of results. Which host was meant stands in the header
 * `x-simulated-host` (put there by `world.fetch`), or in Host. Paths that it does not know are left to the next handler.
 */
export function platformRouter(world: World): Router {
  const router = express.Router()
  router.post('/admin/oauth/access_token', express.json(), express.urlencoded({ extended: false }), withStore(world, async (store, request, response) => {
    const began = performance.now()
    const answer = await grantToken(world, store, request.body)
    world.wire.add({ kind: 'token', shop: store.domain, title: answer.title, detail: '', status: answer.status, ms: since(began) })
    response.status(answer.status).json(answer.body)
  }))
  router.post('/admin/api/:version/graphql.json', express.json({ limit: '10mb' }), withStore(world, (store, request, response) => graphql(world, store, request, response)))
  router.get('/:token/:file', (request, response, next) => {
    if (hostOf(request) !== storageHost) return next()
    const path = bulkFile(world, request.params.token)
    if (!path) return void response.status(403).type('application/xml').send('<Error><Code>AccessDenied</Code><Message>The link is wrong or too old.</Message></Error>')
    response.type('application/jsonl').sendFile(path, { dotfiles: 'allow' }, (error) => { if (error && !response.headersSent) next(error) })
  })
  return router
}

async function graphql(world: World, store: SimStore, request: Request, response: Response): Promise<void> {
  const began = performance.now()
  const asked = String(request.params.version)
  const parsed = graphqlBody.safeParse(request.body)
  const reply = (status: number, body: Record<string, unknown>): void => {
    world.wire.add({ kind: 'api', shop: store.domain, title: titleOf(parsed.success ? parsed.data.query : ''), detail: wireDetail(parsed.data, body), status, ms: since(began) })
    response.status(status).json(body)
  }
  const served = serve(asked)
  if (!served) return reply(404, { errors: 'Not Found' })
  response.set('x-shopify-api-version', served)
  if (!useToken(world, store, request.get('x-shopify-access-token'))) {
    return reply(401, { errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' })
  }
  if (store.status === 'frozen') return reply(402, { errors: 'Unavailable Shop' })
  if (world.faults.api.slowMs > 0) await pause(world.faults.api.slowMs)
  if (world.faults.api.errorNext > 0) {
    world.faults.api.errorNext -= 1
    return reply(503, { errors: 'Service Unavailable' })
  }
  if (!parsed.success) return reply(400, { errors: { query: 'Required parameter missing or invalid' } })
  if (served !== schemaVersion && asked === served) return reply(501, { errors: `The simulator was not taught version ${asked}; it has the schema of ${schemaVersion}` })
  reply(200, await answerGraphql(world, store, { query: parsed.data.query, variables: parsed.data.variables ?? {}, operationName: parsed.data.operationName ?? null }))
}

/** A removed version is answered by the oldest living one, which the answer's header tells; null for one that never was. */
function serve(version: string): string | null {
  if (versions.includes(version)) return version
  return /^20\d\d-(01|04|07|10)$/.test(version) && version < versions[0]! ? versions[0]! : null
}

function withStore(world: World, handle: (store: SimStore, request: Request, response: Response) => Promise<void>) {
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const host = hostOf(request)
    if (!host.endsWith('.myshopify.com')) return next()
    const store = world.stores.get(host)
    if (!store || store.status === 'closed') return void response.status(404).json({ errors: 'Not Found' })
    await handle(store, request, response)
  }
}

const hostOf = (request: Request): string => request.get('x-simulated-host') ?? request.hostname

const since = (began: number): number => Math.round(performance.now() - began)

const titleOf = (query: string): string => {
  const named = /\b(query|mutation)\s+(\w+)/.exec(query)
  return named ? `${named[1]} ${named[2]}` : `query ${/[{]\s*(\w+)/.exec(query)?.[1] ?? ''}`.trim()
}

const wireDetail = (asked: { query: string; variables?: Record<string, unknown> | null | undefined } | undefined, answer: Record<string, unknown>): string =>
  [asked?.query.trim() ?? '', asked?.variables ? pretty(asked.variables, 1000) : '', pretty(answer, 2500)].filter(Boolean).join('\n\n')
