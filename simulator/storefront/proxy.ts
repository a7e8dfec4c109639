import { createHmac } from 'node:crypto'
import type { Request, Response } from 'express'
import { readAppConfig } from '../app-config.ts'
import { pretty } from '../format.ts'
import type { SimStore, World } from '../types.ts'
import { signedIn } from './session.ts'

/** Passed on in either direction; all else stays behind, cookies above all. */
const upward = ['content-type', 'accept', 'accept-language', 'user-agent']
const downward = ['content-type', 'cache-control', 'location', 'content-language', 'x-robots-tag', 'referrer-policy', 'content-security-policy']

/** Where an app's proxy begins on the storefront, "/apps/homing", and on the app, "/proxy"; as its toml says. */
export function proxyPaths(): { shop: string; app: string } {
  const { prefix, subpath, path } = readAppConfig().proxy
  return { shop: `/${prefix}/${subpath}`, app: path }
}

/**
 * The signed query of an app-proxy request: each key's values joined by commas, sorted, written without separators, HMAC-SHA256 in hex.
 */
export function signQuery(query: URLSearchParams, secret: string): URLSearchParams {
  const keys = [...new Set(query.keys())].filter((key) => key !== 'signature')
  const text = keys.map((key) => `${key}=${query.getAll(key).join(',')}`).toSorted().join('')
  const signed = new URLSearchParams(query)
  signed.set('signature', createHmac('sha256', secret).update(text).digest('hex'))
  return signed
}

export interface ProxyAnswer { status: number; headers: Record<string, string>; body: Buffer; isLiquid: boolean }

/** Sends a request of a shopper to the app, signed, and brings its answer back. An app that does not answer counts as 500, as on the platform. */
export async function askApp(world: World, store: SimStore, request: Request, path: string): Promise<ProxyAnswer> {
  const asked = new URL(request.originalUrl, 'http://shop').searchParams
  for (const own of ['shop', 'path_prefix', 'timestamp', 'logged_in_customer_id', 'signature']) asked.delete(own)
  const customerId = signedIn(store, request)
  asked.set('shop', store.domain)
  asked.set('path_prefix', proxyPaths().shop)
  asked.set('timestamp', String(Math.floor(world.clock.now().getTime() / 1000))) // whoever verifies compares with the same clock
  asked.set('logged_in_customer_id', customerId === null ? '' : String(customerId))
  const headers: Record<string, string> = { 'x-forwarded-for': request.ip ?? '127.0.0.1', 'x-forwarded-host': store.domain }
  for (const name of upward) {
    const value = request.headers[name]
    if (typeof value === 'string') headers[name] = value
  }
  const body = Buffer.isBuffer(request.body) && request.body.length > 0 ? request.body : null
  const started = performance.now()
  let answer: ProxyAnswer
  try {
    const got = await fetch(`${world.urls.app}${proxyPaths().app}${path}?${signQuery(asked, world.app.clientSecret).toString()}`, {
      method: request.method, headers, body: body ? new Uint8Array(body) : undefined, redirect: 'manual', signal: AbortSignal.timeout(10_000),
    })
    const kept = Object.fromEntries(downward.flatMap((name) => (got.headers.has(name) ? [[name, got.headers.get(name)!]] : [])))
    answer = { status: got.status, headers: kept, body: Buffer.from(await got.arrayBuffer()), isLiquid: (kept['content-type'] ?? '').startsWith('application/liquid') }
  } catch {
    answer = { status: 500, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from('There was an error in the third-party application.'), isLiquid: false }
  }
  world.wire.add({
    kind: 'proxy',
    shop: store.domain,
    title: `A shopper at ${store.name}: ${request.method} ${proxyPaths().shop}${path}`,
    detail: [body ? pretty(body.toString('utf8')) : '', pretty(answer.body.toString('utf8'), 1500)].filter(Boolean).join('\n→ '),
    status: answer.status,
    ms: Math.round(performance.now() - started),
  })
  return answer
}

/** Hands the app's answer to the shopper, without any cookie. */
export function give(response: Response, answer: ProxyAnswer): void {
  response.status(answer.status)
  for (const [name, value] of Object.entries(answer.headers)) response.set(name, value)
  response.send(answer.body)
}
