import { GraphqlQueryError, HttpRequestError, HttpResponseError, HttpThrottlingError, Session } from '@shopify/shopify-api'
import type { z } from 'zod'
import type { App } from '../../app.ts'
import { GiveUp, RetryAt } from '../../jobs/queue.ts'
import { HOUR, MINUTE, after } from '../../lib/clock.ts'
import type { Shop } from '../../shops/shops.ts'
import { api, apiVersion, through } from './api.ts'
import { accessToken, tokenRefused } from './tokens.ts'

type Store = Pick<Shop, 'id' | 'domain'>
type Variables = Record<string, unknown>

const tries = 8 // while throttled, with waits that the platform's figures give
const failures = 4 // without an answer, or with one of its own faults: after 0.5, 1 and 2 s somebody else has the turn
const longestWait = 20_000 // milliseconds in one go; a bucket of the smallest plan refills in 20 s

/**
 * Asks a store's Admin API, one question at a time per store, and answers what the schema makes of `data`. Waits while the
 * store's bucket is empty; repeats what may be repeated (throttled, 429, 5xx, no answer). A field that we may not see is null
 * in `data`. Throws GiveUp when asking again is pointless, RetryAt when it is not now. Bodies go into no log and no message.
 */
export async function graphql<T extends z.ZodType>(app: App, shop: Store, document: string, variables: Variables, schema: T): Promise<z.infer<T>> {
  return ask(app, shop, document, variables, schema, () => accessToken(app, shop))
}

/** The same with a token in hand: for the first question, before the keys are stored. */
export async function graphqlWith<T extends z.ZodType>(app: App, shop: Store, token: string, document: string, schema: T): Promise<z.infer<T>> {
  return ask(app, shop, document, {}, schema, () => Promise.resolve(token))
}

async function ask<T extends z.ZodType>(app: App, shop: Store, document: string, variables: Variables, schema: T, getToken: () => Promise<string>): Promise<z.infer<T>> {
  const gate = gateOf(app, shop.id)
  const turn = gate.tail.then(() => attempts(app, shop, gate, document, variables, getToken))
  gate.tail = turn.catch(() => undefined)
  const parsed = schema.safeParse(await turn)
  if (!parsed.success) throw new GiveUp(`Shopify's answer has another shape than expected at ${parsed.error.issues[0]?.path.map(String).join('.')}`)
  return parsed.data
}

async function attempts(app: App, shop: Store, gate: Gate, document: string, variables: Variables, getToken: () => Promise<string>): Promise<unknown> {
  let fault = 'no answer'
  let failed = 0
  for (let attempt = 1; attempt <= tries; attempt++) {
    await waitForPoints(app, gate, document)
    const token = await getToken()
    try {
      const client = new (api(app).clients.Graphql)({ session: sessionOf(shop, token) })
      const answer = await through(app, () => client.request(document, { variables }))
      noteCost(app, gate, document, answer.extensions)
      noteVersion(app, answer.headers)
      return answer.data
    } catch (error) {
      const verdict = judge(error)
      if (verdict.kind === 'answer') {
        noteCost(app, gate, document, verdict.extensions)
        return verdict.data
      }
      if (verdict.kind === 'refused') {
        if (await tokenRefused(app, shop, token)) continue
        throw new GiveUp('the store refuses our key; its owner has to open the app again')
      }
      if (verdict.kind === 'never') throw new GiveUp(verdict.why)
      if (verdict.kind === 'closed') throw new RetryAt(after(app.clock.now(), HOUR), verdict.why)
      if (verdict.kind === 'throttled') noteCost(app, gate, document, verdict.extensions, true)
      fault = verdict.why
      if (verdict.kind === 'again' && ++failed === failures) break
      await sleep(verdict.kind === 'throttled' ? pointsWait(app, gate, document) || 1_000 : (verdict.waitMs ?? 250 * 2 ** failed))
    }
  }
  throw new RetryAt(after(app.clock.now(), MINUTE), `Shopify does not answer (${fault})`)
}

type Verdict =
  | { kind: 'answer'; data: unknown; extensions: unknown }
  | { kind: 'throttled'; why: string; extensions: unknown }
  | { kind: 'again'; why: string; waitMs?: number }
  | { kind: 'refused' }
  | { kind: 'closed'; why: string }
  | { kind: 'never'; why: string }

/** The library's errors in our few words (platform notes 5.2 and 5.3). */
function judge(error: unknown): Verdict {
  if (error instanceof GraphqlQueryError) {
    const body = error.body as { data?: unknown; errors?: { graphQLErrors?: GraphqlFault[] }; extensions?: unknown } | undefined
    const faults = body?.errors?.graphQLErrors ?? []
    const codes = faults.map((fault) => fault.extensions?.code ?? 'unknown')
    if (codes.includes('THROTTLED')) return { kind: 'throttled', why: 'throttled', extensions: body?.extensions }
    if (codes.includes('INTERNAL_SERVER_ERROR')) return { kind: 'again', why: 'internal error' }
    // A field that we were not granted, or whose use Shopify has not approved, is null; the rest of the answer is good.
    if (body?.data && faults.length > 0 && faults.every((fault) => fault.extensions?.code === 'ACCESS_DENIED' || /not approved/i.test(fault.message ?? '')))
      return { kind: 'answer', data: body.data, extensions: body.extensions }
    return { kind: 'never', why: `Shopify refuses the question (${codes.join(', ')})` }
  }
  if (error instanceof HttpThrottlingError) return { kind: 'again', why: '429', waitMs: Math.min((error.response.retryAfter ?? 2) * 1000, longestWait) }
  if (error instanceof HttpResponseError) {
    const status = error.response.code
    if (status === 401) return { kind: 'refused' }
    if (status >= 500) return { kind: 'again', why: String(status) }
    if (status === 402 || status === 403 || status === 423) return { kind: 'closed', why: `the store is closed at the moment (${status})` }
    return { kind: 'never', why: `Shopify refuses the request (${status})` }
  }
  if (error instanceof HttpRequestError) return { kind: 'again', why: 'no answer' }
  return { kind: 'again', why: error instanceof Error ? error.name : 'unknown' }
}
interface GraphqlFault {
  message?: string
  extensions?: { code?: string }
}

// --- The store's bucket of points, as far as this process knows it ---

interface Gate {
  tail: Promise<unknown>
  available: number
  maximum: number
  perSecond: number
  at: number
}
interface Cost {
  cost?: { requestedQueryCost?: number; throttleStatus?: { maximumAvailable?: number; currentlyAvailable?: number; restoreRate?: number } }
}

const gates = new WeakMap<App, Map<string, Gate>>()
const prices = new Map<string, number>() // document -> requested cost: admission looks at this one

function gateOf(app: App, shopId: string): Gate {
  const ofApp = gates.get(app) ?? new Map<string, Gate>()
  gates.set(app, ofApp)
  const gate = ofApp.get(shopId) ?? { tail: Promise.resolve(), available: 1000, maximum: 2000, perSecond: 100, at: app.clock.now().getTime() }
  ofApp.set(shopId, gate)
  return gate
}

function noteCost(app: App, gate: Gate, document: string, extensions: unknown, throttled = false): void {
  const { requestedQueryCost, throttleStatus } = (extensions as Cost | undefined)?.cost ?? {}
  if (requestedQueryCost) prices.set(document, requestedQueryCost)
  if (throttleStatus) {
    gate.available = throttleStatus.currentlyAvailable ?? gate.available
    gate.maximum = throttleStatus.maximumAvailable ?? gate.maximum
    gate.perSecond = throttleStatus.restoreRate || gate.perSecond
  } else if (throttled) gate.available = 0
  gate.at = app.clock.now().getTime()
}

/** Milliseconds until the bucket holds what this document costs: (requested - available) / rate. */
function pointsWait(app: App, gate: Gate, document: string): number {
  const passed = Math.max(0, app.clock.now().getTime() - gate.at) / 1000
  const available = Math.min(gate.maximum, gate.available + passed * gate.perSecond)
  const missing = (prices.get(document) ?? 10) - available
  return missing <= 0 ? 0 : Math.min(Math.ceil((missing / gate.perSecond) * 1000), longestWait)
}

async function waitForPoints(app: App, gate: Gate, document: string): Promise<void> {
  const wait = pointsWait(app, gate, document)
  if (wait > 0) await sleep(wait)
}

let warned = ''
/** A version that the platform has removed falls forward to the oldest one alive: say so once, loudly. */
function noteVersion(app: App, headers: unknown): void {
  // The library's type says Headers; what it gives is an object of lists with names in its own spelling.
  const found = Object.entries((headers ?? {}) as Record<string, string[]>).find(([name]) => name.toLowerCase() === 'x-shopify-api-version')
  const used = found?.[1]?.[0]
  if (!used || used === apiVersion || used === warned) return
  warned = used
  app.log.error({ asked: apiVersion, used }, 'Shopify answers with another version of its API than we ask for')
}

const sessionOf = (shop: Store, token: string): Session => new Session({ id: `offline_${shop.domain}`, shop: shop.domain, state: '', isOnline: false, accessToken: token })
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
