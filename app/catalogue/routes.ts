import { z } from 'zod'
import { parse, shopRoute, type Route } from '../lib/http.ts'
import { productPicks } from './picks.ts'

const query = z.object({ ids: z.string().max(2000).default('') })

export const routes: Route[] = [
  /** GET /api/products?ids=1,2 -> { products: productPick[] } in the order asked for; accepts the platform's global ids too. */
  shopRoute('get', '/api/products', async ({ app, shop, query: given }) => {
    const ids = parse(query, given).ids.split(',').map((id) => id.trim().split('/').at(-1)!).filter((id) => /^\w+$/.test(id)).slice(0, 50)
    const picks = await productPicks(app, shop.id, ids)
    return { products: ids.flatMap((id) => picks.get(id) ?? []) }
  }),
]
