import { escape } from '../doors/html.ts'
import { money } from '../format.ts'
import type { SimStore, World } from '../types.ts'
import { adminPage } from './chrome.ts'

/** What the store itself knows of a customer, an order or a product: where the app's links into the admin lead. Null: no such thing. */
export function factsPage(world: World, store: SimStore, kind: string, id: string): string | null {
  const found = rowsOf(store, kind, Number(id))
  if (!found) return null
  const rows = found.rows.map(([name, value]) => `<tr><th>${escape(name)}</th><td>${escape(value)}</td></tr>`).join('')
  const body = `<div class="page"><h1>${escape(found.title)}</h1><div class="card"><table>${rows}</table></div><div class="card"><p>The facts as the pretend store keeps them; Shopify's own page is not drawn here.</p></div></div>`
  return adminPage(world, store, { title: found.title, lit: null, body })
}

function rowsOf(store: SimStore, kind: string, id: number): { title: string; rows: [string, string][] } | null {
  const when = (at: Date | null): string => (at ? at.toISOString().slice(0, 16).replace('T', ' ') + ' UTC' : '–')
  const price = (minor: number): string => `${money(minor, store.currency)} ${store.currency}`
  if (kind === 'customers') {
    const one = store.customers.get(id)
    if (!one) return null
    const orders = [...store.orders.values()].filter((order) => order.customerId === id)
    return {
      title: [one.firstName, one.lastName].filter(Boolean).join(' ') || (one.email ?? `Customer ${id}`),
      rows: [
        ['E-mail', one.email ?? '–'],
        ['E-mail marketing', one.marketing.state.toLowerCase().replace('_', ' ')],
        ['Opt-in level', one.marketing.level.toLowerCase().replaceAll('_', ' ')],
        ['Consent changed', when(one.marketing.updatedAt)],
        ['Language, country', `${one.locale}, ${one.country ?? '–'}`],
        ['Tags', one.tags.join(', ') || '–'],
        ['Orders', `${orders.length}, ${price(orders.reduce((sum, order) => sum + (order.cancelledAt ? 0 : order.total), 0))}`],
        ['Customer since', when(one.createdAt)],
      ],
    }
  }
  if (kind === 'orders') {
    const one = store.orders.get(id)
    if (!one) return null
    return {
      title: `Order ${one.name}`,
      rows: [
        ['Customer', one.email ?? '–'],
        ['Placed', when(one.processedAt)],
        ...one.lines.map((line): [string, string] => [`${line.quantity} × ${line.title}`, price(line.price * line.quantity)]),
        ['Total', price(one.total)],
        ['State', one.cancelledAt ? `cancelled ${when(one.cancelledAt)}` : 'paid'],
      ],
    }
  }
  if (kind === 'products') {
    const one = store.products.get(id)
    if (!one) return null
    return {
      title: one.title,
      rows: [['Status', one.status.toLowerCase()], ['Type', one.productType || '–'], ['Vendor', one.vendor || '–'], ...one.variants.map((variant): [string, string] => [variant.title, `${price(variant.price)}, ${variant.inventory} in stock`])],
    }
  }
  return null
}
