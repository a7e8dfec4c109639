import { parse, shopRoute, type Route } from '../lib/http.ts'
import { blockMany, blockOne } from './block.ts'
import { suppressionFind, suppressionInput, suppressionLift, suppressionLines, suppressionQuery } from './contract.ts'
import { liftSuppression } from './lift.ts'
import { findSuppressions, listSuppressions } from './list.ts'

export const routes: Route[] = [
  shopRoute('get', '/api/suppressions', ({ app, shop, query }) => listSuppressions(app, shop.id, parse(suppressionQuery, query))),
  // An address does not belong into a URL, so looking for one is a POST.
  shopRoute('post', '/api/suppressions/find', ({ app, shop, body }) => findSuppressions(app, shop.id, parse(suppressionFind, body).email)),
  shopRoute('post', '/api/suppressions', ({ app, shop, userId, body }) => blockOne(app, shop.id, userId, parse(suppressionInput, body))),
  shopRoute('post', '/api/suppressions/many', ({ app, shop, userId, body }) => blockMany(app, shop.id, userId, parse(suppressionLines, body))),
  shopRoute('post', '/api/suppressions/lift', async ({ app, shop, userId, body }) => ({ sentence: await liftSuppression(app, shop.id, userId, parse(suppressionLift, body)) })),
]
