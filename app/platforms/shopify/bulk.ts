import { z } from 'zod'
import type { App } from '../../app.ts'
import { GiveUp, RetryAt } from '../../jobs/queue.ts'
import { after } from '../../lib/clock.ts'
import type { Shop } from '../../shops/shops.ts'
import type { BulkItem, BulkKind, BulkState } from '../platform.ts'
import { plainId } from './api.ts'
import { bulkDocuments, bulkStateDocument, runBulkDocument } from './documents.ts'
import { graphql } from './graphql.ts'
import { customerNode, customerOf, lineNode, lineOf, orderNode, orderOf, productNode, productOf, variantNode, variantOf } from './nodes.ts'

const started = z.object({
  bulkOperationRunQuery: z.object({
    bulkOperation: z.object({ id: z.string() }).nullish(),
    userErrors: z.array(z.object({ code: z.string().nullish() })),
  }),
})
const state = z.object({
  bulkOperation: z.object({ id: z.string(), status: z.string(), errorCode: z.string().nullish(), rootObjectCount: z.coerce.number().nullish(), url: z.string().nullish() }).nullish(),
})

/** Asks the store to write everything of a kind into a file. Throws RetryAt while as many run as a store allows (five). */
export async function startBulk(app: App, shop: Shop, kind: BulkKind): Promise<{ operationId: string }> {
  const { bulkOperationRunQuery: reply } = await graphql(app, shop, runBulkDocument, { query: bulkDocuments[kind] }, started)
  if (reply.bulkOperation) return { operationId: reply.bulkOperation.id }
  const codes = reply.userErrors.map((fault) => fault.code ?? 'unknown')
  if (codes.some((code) => code === 'OPERATION_IN_PROGRESS' || code === 'LIMIT_REACHED')) throw new RetryAt(after(app.clock.now(), 30_000), 'the store is busy with other readings')
  throw new GiveUp(`Shopify refuses to read ${kind} (${codes.join(', ')})`)
}

export async function bulkState(app: App, shop: Shop, operationId: string): Promise<BulkState> {
  const { bulkOperation: operation } = await graphql(app, shop, bulkStateDocument, { id: operationId }, state)
  if (!operation) return { state: 'failed', url: null, objects: 0, error: 'the reading is gone' }
  const objects = operation.rootObjectCount ?? 0
  if (operation.status === 'COMPLETED') return { state: 'done', url: operation.url ?? null, objects, error: null }
  if (['CREATED', 'RUNNING', 'CANCELING'].includes(operation.status)) return { state: 'running', url: null, objects, error: null }
  return { state: 'failed', url: null, objects, error: (operation.errorCode ?? operation.status).toLowerCase().replaceAll('_', ' ') }
}

/**
 * Reads the file from a line on, one line at a time: memory does not grow with the store. A line that makes no sense is
 * counted and left out. Throws `BulkGone` when the link no longer works (they live for seven days).
 */
export async function* bulkItems(app: App, shop: Shop, kind: BulkKind, url: string, fromLine: number): AsyncGenerator<BulkItem & { line: number }> {
  let line = 0
  for await (const content of linesOf(app, url)) {
    line++
    if (line <= fromLine) continue
    const item = itemOf(shop, kind, content)
    if (item) yield { ...item, line }
    else app.log.warn({ shopId: shop.id, kind, line }, 'a line of a bulk reading could not be understood')
  }
}

/** The result cannot be fetched any more; the reading has to be asked for anew. */
export class BulkGone extends Error {
  override readonly name = 'BulkGone'
}

const quietFor = 60_000 // milliseconds without a byte after which the connection counts as dead

/** The lines of a file as they arrive. */
async function* linesOf(app: App, url: string): AsyncGenerator<string> {
  const stop = new AbortController()
  let timer = setTimeout(() => stop.abort(), quietFor)
  try {
    const response = await app.fetch(url, { signal: stop.signal, redirect: 'follow' }) // no key goes along: the address is the key
    if (response.status === 403 || response.status === 404 || response.status === 410) throw new BulkGone('the file of a bulk reading is gone')
    if (!response.ok || !response.body) throw new Error(`the file of a bulk reading could not be fetched (${response.status})`)
    const decoder = new TextDecoder()
    let rest = ''
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
      clearTimeout(timer)
      timer = setTimeout(() => stop.abort(), quietFor)
      const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = parts.pop()!
      for (const part of parts) if (part.trim()) yield part
    }
    rest += decoder.decode()
    if (rest.trim()) yield rest
  } finally {
    clearTimeout(timer)
    stop.abort() // a reader that stops early must not leave the connection open
  }
}

const child = z.object({ __parentId: z.string() })

function itemOf(shop: Shop, kind: BulkKind, content: string): BulkItem | null {
  try {
    const value: unknown = JSON.parse(content)
    const parentId = child.safeParse(value).data?.__parentId
    if (kind === 'customers') return { kind, item: customerOf(customerNode.parse(value)) }
    if (kind === 'products')
      return parentId ? { kind: 'variants', parentId: plainId(parentId), item: variantOf(shop, variantNode.parse(value)) } : { kind, item: productOf(productNode.parse(value), [], true) }
    return parentId ? { kind: 'lines', parentId: plainId(parentId), item: lineOf(lineNode.parse(value)) } : { kind, item: orderOf(orderNode.parse(value), [], true) }
  } catch {
    return null
  }
}
