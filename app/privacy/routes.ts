import { shopRoute, type Route } from '../lib/http.ts'
import { closeRequest, exportOf, listRequests } from './requests.ts'

export const routes: Route[] = [
  shopRoute('get', '/api/privacy/requests', async ({ app, shop }) => ({ requests: await listRequests(app, shop.id) })),
  shopRoute('get', '/api/privacy/requests/:id/export', async ({ app, shop, params }) => ({
    __file: await exportOf(app, shop.id, params.id!),
    name: 'personal-data.json',
    type: 'application/json',
  })),
  shopRoute('post', '/api/privacy/requests/:id/done', async ({ app, shop, params }) => {
    await closeRequest(app, shop.id, params.id!)
    return { requests: await listRequests(app, shop.id) }
  }),
]
