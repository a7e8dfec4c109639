import type { NextFunction, Request, Response } from 'express'
import type { z } from 'zod'
import type { App } from '../app.ts'
import type { Shop } from '../shops/shops.ts'
import { AppError, invalid } from './errors.ts'

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
  /** `body` 'stream': nothing of it is read before the handler does, and `request.body` is the stream itself (Readable). */
  | { guard: 'shop'; method: Method; path: string; body?: 'stream'; handle: (request: ShopRequest) => Promise<unknown> }
  | { guard: 'proxy'; method: 'get' | 'post'; path: string; handle: (request: ProxyRequest) => Promise<unknown> }
  | {
      guard: 'public'
      method: Method
      path: string
      /** How the body is read: as raw bytes (to verify a signature) or as a form of a plain page. */
      body?: 'raw' | 'form'
      /**
       * Asked for thousands of times a second: stands before everything that all others pass. It reads its body itself (`readRaw`)
       * and writes its answer itself (`answerLean`).
       */
      lean?: true
      handle: (app: App, request: Request, response: Response, next: NextFunction) => Promise<void>
    }

/** A file that is written while it is read, so that its size costs no memory. What a route answers with it is not read before the answer has begun to leave. */
export interface StreamedFile {
  __stream: AsyncIterable<string>
  name: string
  type: string
}
/** A CSV file for `name`, piece by piece. */
export const streamedCsv = (name: string, __stream: AsyncIterable<string>): StreamedFile => ({ __stream, name, type: 'csv' })

export const shopRoute = (method: Method, path: string, handle: (request: ShopRequest) => Promise<unknown>): Route => ({ guard: 'shop', method, path, handle })
export const proxyRoute = (method: 'get' | 'post', path: string, handle: (request: ProxyRequest) => Promise<unknown>): Route => ({ guard: 'proxy', method, path, handle })

/** What every answer says: nothing of ours is framed, guessed at or asked for without encryption, unless the answer says otherwise. */
export const safeHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'strict-origin-when-cross-origin',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
/** The same for `answerLean`. */
export const safeList = Object.entries(safeHeaders).flat()

/**
 * Writes a whole answer at once, which costs a third of what Express does for it. `headers`: name, value, name, value … A page needs
 * `safeList` among them. The body is latin1, because Node writes a text together with the headers, and bytes after them.
 */
export function answerLean(response: Response, status: number, headers: string[], body = ''): void {
  response.writeHead(status, [...headers, 'Content-Length', String(body.length)]).end(body, 'latin1')
}

/** The body of a request as it came, at most `limit` bytes (413). Rejects when the sender went away. */
export function readRaw(request: Request, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let size = 0
    request.on('data', (part: Buffer) => {
      size += part.length
      if (size <= limit) parts.push(part)
      else reject(new AppError(413, 'too_large', 'The request is too large.'))
    })
    request.on('end', () => resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts)))
    request.on('error', () => reject(new AppError(400, 'malformed', 'The request could not be read.')))
  })
}

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
