import type { Request, Router } from 'express'
import { z } from 'zod'
import type { SimStore } from '../types.ts'
import type { Pages } from './page.ts'
import { visitOf } from './session.ts'
import { onSale } from './views.ts'

const quantity = z.coerce.number().int().min(0).max(999)
const addition = z.object({ id: z.coerce.number().int(), quantity: quantity.default(1) })
const change = z.object({ id: z.coerce.number().int(), quantity })

/** Cart pages: see, add, change, remove (quantity 0). Each POST leads back to the cart. */
export function cartRoutes(router: Router, store: SimStore, pages: Pages): void {
  router.get('/cart', (request, response) => pages.send(request, response, 'cart', { page_type: 'cart' }))
  router.post('/cart/add', async (request, response) => {
    const wanted = addition.safeParse(request.body)
    const variant = wanted.success ? onSale(store).flatMap((product) => product.variants).find((one) => one.id === wanted.data.id) : undefined
    if (!wanted.success || !variant || variant.inventory <= 0) return pages.send(request, response, 'not-found', { page_type: '404' }, 422)
    const { cart } = visitOf(store, request, response)
    const line = cart.lines.find((one) => one.variantId === variant.id)
    if (line) line.quantity += wanted.data.quantity
    else cart.lines.push({ variantId: variant.id, quantity: wanted.data.quantity })
    response.redirect(303, '/cart')
  })
  router.post('/cart/change', (request: Request, response) => {
    const wanted = change.safeParse(request.body)
    if (wanted.success) {
      const { cart } = visitOf(store, request, response)
      cart.lines = cart.lines.map((line) => (line.variantId === wanted.data.id ? { ...line, quantity: wanted.data.quantity } : line)).filter((line) => line.quantity > 0)
    }
    response.redirect(303, '/cart')
  })
}
