import type { NextFunction, Request, Response } from 'express'
import type { z } from 'zod'
import type { App } from '../app.ts'
import type { Shop } from '../shops/shops.ts'
import { invalid } from './errors.ts'

/** A request of a signed-in person of a shop. The shop comes from the verified session token, never from a parameter. */
export interface ShopRequest {
  app: App
  shop: Shop
  /** The platform's number of the person who acts. */
  userId: string
  params: Record<string, string>
  query: Record<string, string>
  body: unknown
}

/** A storefront request that the platform signed (app proxy). The body is not covered by the signature. */
export interface ProxyRequest extends Omit<ShopRequest, 'userId'> {
  loggedInCustomerId: string | null
  ip: string
}

export type Method = 'get' | 'post' | 'put' | 'delete'
/**
 * A route carries its own guard, so that none can be mounted without one.
 * `shop`: session token, answers JSON. `proxy`: app-proxy signature, answers JSON. `public`: anybody; listed in docs/architecture.md.
 */
export type Route =
  | { guard: 'shop'; method: Method; path: string; handle: (request: ShopRequest) => Promise<unknown> }
  | { guard: 'proxy'; method: 'get' | 'post'; path: string; handle: (request: ProxyRequest) => Promise<unknown> }
  | {
      guard: 'public'
      method: Method
      path: string
      /** How the body is read: as raw bytes (to verify a signature) or as a form of a plain page. */
      body?: 'raw' | 'form'
      handle: (app: App, request: Request, response: Response, next: NextFunction) => Promise<void>
    }

export const shopRoute = (method: Method, path: string, handle: (request: ShopRequest) => Promise<unknown>): Route => ({ guard: 'shop', method, path, handle })
export const proxyRoute = (method: 'get' | 'post', path: string, handle: (request: ProxyRequest) => Promise<unknown>): Route => ({ guard: 'proxy', method, path, handle })

/** Parses what came over a border; a fault names each field in words. */
export function parse<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const fields: Record<string, string> = {}
  for (const issue of result.error.issues) fields[issue.path.map(String).join('.') || 'body'] ??= issue.message
  throw invalid(`Please check: ${Object.entries(fields).map(([name, fault]) => `${name} (${fault})`).join('; ')}`, fields)
}

/** Keeps the network part of an address only: /24 of IPv4, /48 of IPv6. What we store is never the whole one. */
export function truncateIp(ip: string): string {
  const plain = ip.replace(/^::ffff:/, '')
  if (plain.includes('.')) return plain.split('.').slice(0, 3).join('.') + '.0'
  return plain.split(':').slice(0, 3).join(':') + '::'
}

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!)
