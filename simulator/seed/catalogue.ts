import type { SimProduct, SimStore } from '../types.ts'
import { handleOf, randomOf } from './random.ts'

/** One line of a catalogue: title | price in minor units | variants ("S,M,L" or empty) | one sentence. */
export interface Shelf { title: string; description: string; type: string; lines: string }

/** Puts the shelves into the store: a collection each, products with variants, some on sale, some sold out. */
export function stock(store: SimStore, seed: number, shelves: Shelf[], at: Date): void {
  const random = randomOf(seed, `${store.domain} stock`)
  for (const shelf of shelves) {
    const handle = handleOf(shelf.title)
    store.collections.set(handle, { handle, title: shelf.title, description: shelf.description })
    for (const line of shelf.lines.trim().split('\n')) {
      const [title = '', cents = '0', sizes = '', sentence = ''] = line.split('|').map((part) => part.trim())
      const id = store.nextId++
      const onSale = random.chance(0.18)
      const createdAt = new Date(at.getTime() - random.int(20, 760) * 86_400_000)
      const options = sizes ? sizes.split(',') : ['Default Title']
      const product: SimProduct = {
        id,
        title,
        handle: handleOf(title),
        descriptionHtml: `<p>${sentence}</p>`,
        vendor: store.name,
        productType: shelf.type,
        tags: [shelf.type.toLowerCase(), ...(onSale ? ['sale'] : []), ...(createdAt.getTime() > at.getTime() - 60 * 86_400_000 ? ['new'] : [])],
        status: 'ACTIVE',
        collections: [handle, ...(onSale ? ['sale'] : [])],
        image: `/images/${handleOf(title)}.png`,
        imageAlt: sentence ? `${title}: ${sentence.replace(/\.$/, '')}` : title,
        createdAt,
        updatedAt: createdAt,
        variants: options.map((option, n) => {
          const full = Math.round((Number(cents) * (1 + n * 0.45)) / 50) * 50
          return {
            id: store.nextId++,
            title: option,
            sku: `${handleOf(title).split('-').map((word) => word.slice(0, 3)).join('').toUpperCase().slice(0, 9)}-${n + 1}`,
            price: onSale ? Math.round((full * 0.8) / 50) * 50 : full,
            compareAt: onSale ? full : null,
            inventory: random.chance(0.07) ? 0 : random.int(2, 90),
          }
        }),
      }
      store.products.set(id, product)
    }
  }
  if ([...store.products.values()].some((product) => product.collections.includes('sale'))) {
    store.collections.set('sale', { handle: 'sale', title: saleWords[store.locale] ?? saleWords.en!, description: '' })
  }
  for (const product of [...store.products.values()].slice(-2)) if (store.products.size > 40) product.status = product.id % 2 ? 'DRAFT' : 'ARCHIVED'
}
const saleWords: Record<string, string> = { en: 'On sale', de: 'Im Angebot', fr: 'En promotion' }
