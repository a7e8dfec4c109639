import { z } from 'zod'
import { parse, shopRoute, type Route } from '../lib/http.ts'
import { choicesOf } from './choices.ts'
import { followInput, segmentInput, segmentQuestion, segmentRules } from './contract.ts'
import { countSegment } from './count.ts'
import { explain } from './explain.ts'
import { readyMadeSegments } from './ready-made.ts'
import { createSegment, deleteSegment, listSegments, updateSegment, viewSegment } from './segments.ts'
import { followStoreSegment, listStoreSegments } from './store-segments.ts'

const search = z.object({ q: z.string().max(255).default(''), ids: z.string().max(4100).optional() })

export const routes: Route[] = [
  shopRoute('get', '/api/segments', async ({ app, shop }) => ({ segments: await listSegments(app, shop) })),
  shopRoute('post', '/api/segments', ({ app, shop, body }) => createSegment(app, shop, parse(segmentInput, body))),
  shopRoute('post', '/api/segments/count', ({ app, shop, body }) => countSegment(app, shop, parse(z.object({ rules: segmentRules }), body).rules)),
  shopRoute('post', '/api/segments/explain', async ({ app, shop, body }) => {
    const { rules, q } = parse(segmentQuestion, body)
    return { people: await explain(app, shop, rules, q) }
  }),
  shopRoute('get', '/api/segments/choices', ({ app, shop, query }) => {
    const { q, ids } = parse(search, query)
    return choicesOf(app, shop, q, ids === undefined ? null : ids.split(',').slice(0, 100))
  }),
  shopRoute('get', '/api/segments/ready-made', async ({ app, shop }) => ({ segments: await readyMadeSegments(app, shop) })),
  shopRoute('get', '/api/segments/store', async ({ app, shop }) => ({ segments: await listStoreSegments(app, shop) })),
  shopRoute('post', '/api/segments/store', ({ app, shop, body }) => followStoreSegment(app, shop, parse(followInput, body).platformId)),
  shopRoute('get', '/api/segments/:id', ({ app, shop, params }) => viewSegment(app, shop, params.id!)),
  shopRoute('put', '/api/segments/:id', ({ app, shop, params, body }) => updateSegment(app, shop, params.id!, parse(segmentInput, body))),
  shopRoute('delete', '/api/segments/:id', async ({ app, shop, params }) => {
    await deleteSegment(app, shop.id, params.id!)
    return {}
  }),
]
