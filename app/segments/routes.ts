import { z } from 'zod'
import { parse, shopRoute, type Route } from '../lib/http.ts'
import { segmentInput, segmentRules } from './contract.ts'
import { countSegment, createSegment, deleteSegment, listSegments, updateSegment, viewSegment } from './segments.ts'

export const routes: Route[] = [
  shopRoute('get', '/api/segments', async ({ app, shop }) => ({ segments: await listSegments(app, shop) })),
  shopRoute('post', '/api/segments', ({ app, shop, body }) => createSegment(app, shop, parse(segmentInput, body))),
  shopRoute('post', '/api/segments/count', ({ app, shop, body }) => countSegment(app, shop, parse(z.object({ rules: segmentRules }), body).rules)),
  shopRoute('get', '/api/segments/:id', ({ app, shop, params }) => viewSegment(app, shop, params.id!)),
  shopRoute('put', '/api/segments/:id', ({ app, shop, params, body }) => updateSegment(app, shop, params.id!, parse(segmentInput, body))),
  shopRoute('delete', '/api/segments/:id', async ({ app, shop, params }) => {
    await deleteSegment(app, shop.id, params.id!)
    return {}
  }),
]
