import type { Router } from 'express'
import { z } from 'zod'
import { placeOrder, startCheckout } from '../actions/index.ts'
import type { SimStore, World } from '../types.ts'
import { textOf } from './liquid.ts'
import type { Pages } from './page.ts'
import { emptyCart, visitOf } from './session.ts'
import { cartView, languageTag, orderView } from './views.ts'

const contact = z.object({
  email: z.string().trim().pipe(z.email()),
  first_name: z.string().trim().max(100).default(''),
  last_name: z.string().trim().max(100).default(''),
  marketing: z.literal('on').optional(),
})

/** Two steps: who buys (this begins a checkout that the app hears of), then look once more and order. Nothing of an app runs here. */
export function checkoutRoutes(router: Router, world: World, store: SimStore, pages: Pages): void {
  router.get('/checkout', async (request, response) => {
    const visit = visitOf(store, request, response)
    if (cartView(store, visit).count === 0) return response.redirect(303, '/cart')
    const customer = visit.customerId === null ? undefined : store.customers.get(visit.customerId)
    const given = visit.checkout ?? { email: customer?.email ?? '', firstName: customer?.firstName ?? '', lastName: customer?.lastName ?? '', acceptsMarketing: false }
    await pages.send(request, response, 'checkout', { page_type: 'checkout', given, fault: null })
  })
  router.post('/checkout', async (request, response) => {
    const visit = visitOf(store, request, response)
    const cart = cartView(store, visit)
    if (cart.count === 0) return response.redirect(303, '/cart')
    const body = request.body as Record<string, unknown>
    const wanted = contact.safeParse(body)
    if (!wanted.success) {
      const given = { email: textOf(body.email), firstName: textOf(body.first_name), lastName: textOf(body.last_name), acceptsMarketing: body.marketing === 'on' }
      return pages.send(request, response, 'checkout', { page_type: 'checkout', given, fault: 'bad_email' }, 422)
    }
    const { email, first_name, last_name, marketing } = wanted.data
    const begun = visit.checkout && visit.checkout.email === email ? visit.checkout.token : null
    const token = begun ?? startCheckout(world, store, { lines: visit.cart.lines, email, cartToken: visit.cart.token, acceptsMarketing: marketing === 'on' }).token
    visit.checkout = { token, email, firstName: first_name, lastName: last_name, acceptsMarketing: marketing === 'on' }
    response.redirect(303, '/checkout/review')
  })
  router.get('/checkout/review', async (request, response) => {
    const visit = visitOf(store, request, response)
    if (!visit.checkout || cartView(store, visit).count === 0) return response.redirect(303, '/checkout')
    await pages.send(request, response, 'review', { page_type: 'checkout', given: visit.checkout })
  })
  router.post('/checkout/complete', (request, response) => {
    const visit = visitOf(store, request, response)
    const cart = cartView(store, visit)
    const given = visit.checkout
    // A second press finds an empty cart and is led to the order that the first one made.
    if (!given || cart.count === 0) return response.redirect(303, visit.orders.size > 0 ? `/thank-you/${[...visit.orders].at(-1)!}` : '/cart')
    const wanted = new Set(cart.items.map((item) => item.variant))
    placeOrder(world, store, {
      email: given.email, firstName: given.firstName || null, lastName: given.lastName || null, locale: visit.locale ?? store.locale, country: store.country,
      lines: visit.cart.lines.filter((line) => wanted.has(line.variantId)), checkoutToken: given.token, cartToken: visit.cart.token, acceptsMarketing: given.acceptsMarketing, landingSite: visit.landingSite,
    })
    visit.orders.add(given.token)
    visit.cart = emptyCart()
    visit.checkout = null
    response.redirect(303, `/thank-you/${given.token}`)
  })
  router.get('/thank-you/:token', async (request, response, next) => {
    const visit = visitOf(store, request, response)
    const order = visit.orders.has(request.params.token) ? [...store.orders.values()].findLast((one) => one.checkoutToken === request.params.token) : undefined
    if (!order) return next()
    await pages.send(request, response, 'thank-you', { page_type: 'checkout', order: orderView(order, languageTag(store)) })
  })
}
