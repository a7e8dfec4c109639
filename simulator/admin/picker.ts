import { gid, money, utc } from '../format.ts'
import type { SimProduct, SimStore, World } from '../types.ts'

/** Products as the resource picker hands them over: the fields of App Bridge's `Product`. */
export function pickable(world: World, store: SimStore, filter: { query: string; draft: boolean; archived: boolean }): unknown[] {
  const words = filter.query.toLowerCase().split(/\s+/).filter(Boolean)
  return [...store.products.values()]
    .filter((product) => product.status === 'ACTIVE' || (product.status === 'DRAFT' ? filter.draft : filter.archived))
    .filter((product) => words.every((word) => `${product.title} ${product.vendor} ${product.productType} ${product.tags.join(' ')}`.toLowerCase().includes(word)))
    .sort((a, b) => a.title.localeCompare(b.title, 'en'))
    .map((product) => asPicked(world, store, product))
}

/** Pictures come from the store's own address here; the platform's picker shows them from its CDN. */
export const pictureOf = (world: World, store: SimStore, product: SimProduct): string | null =>
  product.image ? new URL(product.image, world.urls.storefront(store.domain)).href : null

function asPicked(world: World, store: SimStore, product: SimProduct): unknown {
  const picture = pictureOf(world, store, product)
  const inventory = product.variants.reduce((sum, variant) => sum + variant.inventory, 0)
  return {
    id: gid('Product', product.id),
    title: product.title,
    handle: product.handle,
    descriptionHtml: product.descriptionHtml,
    vendor: product.vendor,
    productType: product.productType,
    tags: product.tags,
    status: product.status,
    hasOnlyDefaultVariant: product.variants.length === 1,
    images: picture ? [{ id: gid('ProductImage', product.id), originalSrc: picture, altText: product.imageAlt ?? '' }] : [],
    totalInventory: inventory,
    totalVariants: product.variants.length,
    tracksInventory: true,
    createdAt: utc(product.createdAt),
    updatedAt: utc(product.updatedAt),
    publishedAt: product.status === 'ACTIVE' ? utc(product.createdAt) : null,
    variants: product.variants.map((variant, position) => ({
      id: gid('ProductVariant', variant.id),
      title: variant.title,
      displayName: `${product.title} - ${variant.title}`,
      sku: variant.sku,
      price: money(variant.price, store.currency),
      compareAtPrice: variant.compareAt === null ? null : money(variant.compareAt, store.currency),
      inventoryQuantity: variant.inventory,
      availableForSale: variant.inventory > 0,
      position: position + 1,
      product: { id: gid('Product', product.id) },
      createdAt: utc(product.createdAt),
      updatedAt: utc(product.updatedAt),
    })),
  }
}
