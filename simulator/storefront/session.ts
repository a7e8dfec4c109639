import { randomBytes } from 'node:crypto'
import type { Request, Response } from 'express'
import type { SimStore } from '../types.ts'

/** What the storefront knows about a visit. Behind a cookie of the store's own; it never leaves the storefront. */
export interface Visit {
  id: string
  customerId: number | null
  cart: { token: string; lines: { variantId: number; quantity: number }[] }
  checkout: { token: string; email: string; firstName: string; lastName: string; acceptsMarketing: boolean } | null
  /** Path and query with which the visit began; a link with utm parameters begins a new one. */
  landingSite: string | null
  locale: string | null
  orders: Set<string>
}

const visits = new WeakMap<SimStore, Map<string, Visit>>()
/** Servers on one machine share its cookies whatever their port, so the name carries the store. */
const nameOf = (store: SimStore): string => `_visit_${store.id}`
const most = 5000

/** The visit of this request; a new one gets its cookie. */
export function visitOf(store: SimStore, request: Request, response: Response): Visit {
  let known = visits.get(store)
  if (!known) visits.set(store, (known = new Map()))
  const id = cookieOf(request, nameOf(store))
  let visit = id ? known.get(id) : undefined
  if (!visit) {
    visit = { id: token(), customerId: null, cart: { token: token(), lines: [] }, checkout: null, landingSite: null, locale: null, orders: new Set() }
    known.set(visit.id, visit)
    if (known.size > most) known.delete(known.keys().next().value!)
    response.cookie(nameOf(store), visit.id, { httpOnly: true, sameSite: 'lax', path: '/' })
  }
  if (request.method === 'GET' && (visit.landingSite === null || 'utm_source' in request.query)) visit.landingSite = request.originalUrl
  const asked = request.query.locale
  if (typeof asked === 'string' && /^[a-z]{2}$/.test(asked)) visit.locale = asked
  return visit
}

/** Who is signed in, without beginning a visit. */
export function signedIn(store: SimStore, request: Request): number | null {
  const id = cookieOf(request, nameOf(store))
  return (id && visits.get(store)?.get(id)?.customerId) || null
}

export const emptyCart = (): Visit['cart'] => ({ token: token(), lines: [] })
const token = (): string => randomBytes(16).toString('hex')

function cookieOf(request: Request, name: string): string | null {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = part.trim().split('=')
    if (key === name && value) return value
  }
  return null
}
