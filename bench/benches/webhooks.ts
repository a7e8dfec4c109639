import { createHmac, timingSafeEqual } from 'node:crypto'
import express from 'express'
import { inbox, jobs } from '../../app/db/schema.ts'
import { createServer } from '../../app/server.ts'
import type { OpenBench } from '../bench.ts'
import { startLoad, type LoadOrder, type LoadResult } from '../load.ts'
import { loadDetail, rateOf, serve } from '../serve.ts'
import { apiSecret, openStore } from '../store.ts'

/**
 * Shopify's webhooks of 3 KB through the real server: signature checked, de-duplicated, kept in a transaction (with a job that asks
 * for the work) that is durable before the 200. The limit is Express that checks the same signature of the same body and forgets it.
 * Working off what came in is another process's business (ROLE=worker) and does not run here.
 */
export const open: OpenBench = async ({ recipients }) => {
  const most = recipients ?? 50_000
  const store = await openStore()
  await store.app.beside?.start()
  const product = await serve(createServer(store.app))
  const limit = await serve(onlyHmac())
  const load = startLoad()
  const body = orderBody()
  let last: { limit: LoadResult | null; product: LoadResult | null } = { limit: null, product: null }
  let [turn, kept] = [0, 0]
  const order = (port: number): LoadOrder => ({
    port, connections: 64, seconds: 3, most, method: 'POST', paths: ['/webhooks/shopify'], body,
    headers: {
      'Content-Type': 'application/json',
      'X-Shopify-Hmac-Sha256': createHmac('sha256', apiSecret).update(body).digest('base64'),
      'X-Shopify-Topic': 'orders/updated',
      'X-Shopify-Shop-Domain': store.shop.domain,
      'X-Shopify-Triggered-At': '2026-11-22T10:00:00.000000000Z',
      'X-Shopify-Webhook-Id': `bench-${turn++}-{n}`,
    },
  })
  return {
    unit: 'webhooks',
    bar: 0.6,
    async limit() {
      last = { ...last, limit: await load.run(order(limit.port)) }
      return rateOf(last.limit!, ['200'])
    },
    async product() {
      last = { ...last, product: await load.run(order(product.port)) }
      kept += last.product!.answered
      const found = await store.app.db.$count(inbox)
      if (found !== kept) throw new Error(`${kept} webhooks were answered, and ${found} were kept`)
      if ((await store.app.db.$count(jobs)) === 0) throw new Error('nobody was asked to work on what came in')
      return rateOf(last.product!, ['200'])
    },
    detail: () => ({ body_bytes: Buffer.byteLength(body), ...loadDetail(last.limit, last.product) }),
    close: async () => {
      await load.stop()
      await limit.close()
      await product.close()
      await store.close()
    },
  }
}

function onlyHmac(): express.Express {
  const server = express()
  server.post('/webhooks/shopify', express.raw({ type: () => true, limit: '6mb' }), (request, response) => {
    const given = Buffer.from(request.get('x-shopify-hmac-sha256') ?? '', 'base64')
    const own = createHmac('sha256', apiSecret).update(request.body as Buffer).digest()
    response.status(given.length === own.length && timingSafeEqual(given, own) ? 200 : 401).end()
  })
  return server
}

/** An order about as long as a real one with a few lines. */
function orderBody(): string {
  const order = { id: 820982911946154, email: 'person1@example.org', currency: 'USD', created_at: '2026-11-22T10:00:00Z', line_items: [] as object[], note: '' }
  for (let i = 0; i < 10; i++) order.line_items.push({ id: 1_000_000 + i, product_id: 2_000_000 + i, variant_id: 3_000_000 + i, title: `Pot number ${i}`, quantity: 1, price: '19.00', sku: `POT-${i}`, vendor: 'Fern & Fig', fulfillable_quantity: 1, requires_shipping: true })
  order.note = 'x'.repeat(Math.max(0, 3072 - JSON.stringify(order).length))
  return JSON.stringify(order)
}
