import type { SimOrder, SimProduct, SimStore } from '../types.ts'
import type { Visit } from './session.ts'

// What templates see: plain objects in the platform's words, money in minor units.

export const languageTag = (store: SimStore): string => `${store.locale}-${store.country}`

export function shopView(store: SimStore): Record<string, unknown> {
  return {
    name: store.name, email: store.email, currency: store.currency, language_tag: languageTag(store), tagline: store.tagline, domain: store.domain,
    address: { address1: store.address.address1, city: store.address.city, zip: store.address.zip },
    theme: { background: store.theme.background, text: store.theme.text, accent: store.theme.accent, font: fontStack(store.theme.font) },
  }
}
/** Inter is served by the store itself; other names are fonts that computers have. */
const fontStack = (font: string): string => (font === 'Georgia' ? "Georgia, 'Times New Roman', 'DejaVu Serif', serif" : `'${font.replace(/[^\w ]/g, '')}', 'Inter', system-ui, sans-serif`)

export function productView(product: SimProduct): Record<string, unknown> {
  const prices = product.variants.map((variant) => variant.price)
  const first = product.variants.find((variant) => variant.inventory > 0) ?? product.variants[0]
  const cheapest = product.variants.toSorted((a, b) => a.price - b.price)[0]
  return {
    id: product.id, title: product.title, handle: product.handle, url: `/products/${product.handle}`, description: product.descriptionHtml, image: product.image, alt: product.imageAlt ?? product.title,
    price: Math.min(...prices), price_varies: new Set(prices).size > 1, compare_at_price: cheapest?.compareAt ?? null, available: product.variants.some((variant) => variant.inventory > 0),
    has_options: product.variants.length > 1, first: first?.id,
    variants: product.variants.map((variant) => ({ id: variant.id, title: variant.title, price: variant.price, compare_at_price: variant.compareAt, available: variant.inventory > 0, selected: variant === first })),
  }
}

export const onSale = (store: SimStore): SimProduct[] => [...store.products.values()].filter((product) => product.status === 'ACTIVE')
export const byHandle = (store: SimStore, handle: string): SimProduct | undefined => onSale(store).find((product) => product.handle === handle)
export const byImage = (store: SimStore, path: string): SimProduct | undefined => [...store.products.values()].find((product) => product.image === path)

/** The cart with products as they are now; a line of something that is gone is left out. */
export function cartView(store: SimStore, visit: Visit): { items: Record<string, unknown>[]; total: number; count: number } {
  const wanted = new Set(visit.cart.lines.map((line) => line.variantId))
  const found = new Map<number, { product: SimProduct; variant: SimProduct['variants'][number] }>()
  if (wanted.size > 0) for (const product of onSale(store)) for (const variant of product.variants) if (wanted.has(variant.id)) found.set(variant.id, { product, variant })
  const items = visit.cart.lines.flatMap((line) => {
    const known = found.get(line.variantId)
    if (!known) return []
    const { product, variant } = known
    return [{ variant: variant.id, quantity: line.quantity, price: variant.price, sum: variant.price * line.quantity, title: product.title, option: variant.title === 'Default Title' ? null : variant.title, url: `/products/${product.handle}`, image: product.image, alt: product.imageAlt ?? product.title }]
  })
  return { items, total: items.reduce((sum, item) => sum + item.sum, 0), count: items.reduce((sum, item) => sum + item.quantity, 0) }
}

export function orderView(order: SimOrder, language: string): Record<string, unknown> {
  return {
    name: order.name, total: order.total - (order.refunded ?? 0), email: order.email, date: new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(order.processedAt),
    lines: order.lines.map((line) => ({ title: line.title, quantity: line.quantity, sum: line.price * line.quantity })),
  }
}
