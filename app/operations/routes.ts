import { shopRoute, type Route } from '../lib/http.ts'
import { whoWeAre } from './address.ts'
import { causeWords, type OperationsView } from './contract.ts'
import { restsBecause } from './rests.ts'

export const routes: Route[] = [
  {
    guard: 'public',
    method: 'get',
    path: '/installation/:nonce',
    handle: async (app, request, response) => {
      response.set('Cache-Control', 'no-store').json(await whoWeAre(app, String(request.params.nonce).slice(0, 64)))
    },
  },
  shopRoute('get', '/api/operations', async ({ app }): Promise<OperationsView> => {
    const because = await restsBecause(app)
    return { rests: because && { because, words: causeWords[because] } }
  }),
]
