import type { SimLine, SimProduct, SimStore } from '../types.ts'
import { handleOf, hashOf } from './random.ts'

/** What the file says about a code: how it is called (the name used most), what it cost last, when it was first and last seen. */
export class Titles {
  private readonly known = new Map<string, { names: Map<string, number>; price: number; first: Date; last: Date }>()
  last: Date | null = null

  saw(code: string, description: string, price: number, at: Date): void {
    let entry = this.known.get(code)
    if (!entry) this.known.set(code, (entry = { names: new Map(), price: 0, first: at, last: at }))
    const name = description.trim()
    // Names are in capitals; "damaged?" or "found" are notes of the stock room.
    if (name && name === name.toUpperCase() && /[A-Z]{3}/.test(name) && !name.includes('?')) entry.names.set(name, (entry.names.get(name) ?? 0) + 1)
    if (price > 0) entry.price = price
    entry.last = at
    if (!this.last || at > this.last) this.last = at
  }

  of(code: string): { title: string; price: number; first: Date; last: Date } | null {
    const entry = this.known.get(code)
    if (!entry) return null
    const name = [...entry.names].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0]
    return { title: name ? titleCase(name) : '', price: entry.price, first: entry.first, last: entry.last }
  }

  codes(): string[] {
    return [...this.known.keys()]
  }
}

const rooms: [string, string, RegExp][] = [
  ['christmas', 'Christmas', /christmas|xmas|advent|snow|reindeer|santa|bauble/i],
  ['kitchen', 'Kitchen & table', /mug|cup|plate|bowl|tea|cake|baking|kitchen|spoon|jar|tin|napkin|apron|egg|bottle|lunch/i],
  ['light', 'Light', /candle|light|lantern|lamp|holder/i],
  ['bags', 'Bags', /bag|purse|shopper|tote/i],
  ['paper', 'Paper & writing', /card|wrap|paper|book|pen\b|pencil|chalk|sticker|postcard|ribbon|tissue/i],
  ['garden', 'Garden', /garden|plant|pot\b|herb|watering|bird|seed|parasol/i],
  ['children', 'For children', /children|kids|doll|toy|game|spaceboy|dolly|circus|playhouse|skipping|jigsaw/i],
  ['jewellery', 'Jewellery', /necklace|bracelet|earring|\bring\b|brooch|bead/i],
  ['home', 'Around the house', /./],
]

/**
 * Makes a product of every code that begins with five digits and ties the lines to them.
 * A code that was never sold at a price, or never named, is a draft. Returns the number of lines without a product.
 */
export function shelve(store: SimStore, titles: Titles, lines: { line: SimLine; code: string }[], damaged: Map<string, number>): number {
  const byCode = new Map<string, SimProduct>()
  const handles = new Set<string>()
  for (const [handle, title] of rooms) store.collections.set(handle, { handle, title, description: '' })
  for (const code of titles.codes().filter((code) => /^\d{5}/.test(code)).toSorted()) {
    const { title, price, first, last } = titles.of(code)!
    const name = title || `Article ${code}`
    let handle = handleOf(name)
    if (handles.has(handle)) handle = `${handle}-${code.toLowerCase()}`
    handles.add(handle)
    const room = rooms.find(([, , words]) => words.test(name))!
    const product: SimProduct = {
      id: store.nextId++, title: name, handle, descriptionHtml: '', vendor: store.name, productType: room[1], tags: [], status: title && price > 0 ? 'ACTIVE' : 'DRAFT', collections: [room[0]],
      image: `/images/${handle}.png`, imageAlt: name, createdAt: first, updatedAt: last,
      variants: [{
        id: store.nextId++, title: 'Default Title', sku: code, price: Math.round(price * 100), compareAt: null,
        inventory: Math.max(0, 40 + (hashOf(code) % 300) - Math.min(40, damaged.get(code) ?? 0)),
      }],
    }
    store.products.set(product.id, product)
    byCode.set(code, product)
  }
  const others = new Map<string, string>()
  let without = 0
  for (const { line, code } of lines) {
    const product = byCode.get(code)
    if (product) {
      line.productId = product.id
      line.variantId = product.variants[0]!.id
      line.title = product.title
      continue
    }
    without++
    let title = others.get(code)
    if (title === undefined) others.set(code, (title = titles.of(code)?.title || code))
    line.title = title
  }
  return without
}

/** "GLASS STAR FROSTED T-LIGHT HOLDER" -> "Glass Star Frosted T-light Holder". */
function titleCase(name: string): string {
  const small = new Set(['and', 'of', 'in', 'with', 'the', 'for', 'on', 'to', 'a'])
  return name.replace(/\s+/g, ' ').replace(/[. ]+$/, '').toLowerCase().split(' ')
    .map((word, n) => (n > 0 && small.has(word) ? word : word.replace(/^[^a-z]*[a-z]/, (start) => start.toUpperCase()))).join(' ')
}
