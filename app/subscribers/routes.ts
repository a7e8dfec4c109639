import { parse, shopRoute, type Route } from '../lib/http.ts'
import { subscriberQuery } from './contract.ts'
import { listSubscribers } from './list.ts'
import { profileOf, unsubscribeByMerchant } from './profile.ts'

export const routes: Route[] = [
  shopRoute('get', '/api/subscribers', ({ app, shop, query }) => listSubscribers(app, shop, parse(subscriberQuery, query))),
  shopRoute('get', '/api/subscribers/:id', ({ app, shop, params }) => profileOf(app, shop, params.id ?? '')),
  shopRoute('post', '/api/subscribers/:id/unsubscribe', ({ app, shop, params, userId }) => unsubscribeByMerchant(app, shop, params.id ?? '', userId)),
]
