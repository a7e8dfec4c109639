import { gid, money, numberOf, utc } from '../../format.ts'
import type { SimProduct, SimStore, SimVariant, World } from '../../types.ts'
import { invalidId } from '../faults.ts'
import { connection, field, fields, plain, typed, type Taught } from './teach.ts'

/** A variant knows its product. */
export interface VariantOf { product: SimProduct; variant: SimVariant }

const stock = (product: SimProduct): number => product.variants.reduce((sum, variant) => sum + variant.inventory, 0)
const text = (html: string): string => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim()

/** Sizes of the seed's pictures; every one is drawn square at 600 pixels. */
const imageOf = (world: World, store: SimStore, product: SimProduct): object | null =>
  product.image
    ? { id: gid('ImageSource', product.id), url: world.urls.storefront(store.domain) + product.image, altText: product.imageAlt, width: 600, height: 600 }
    : null

const mediaOf = (world: World, store: SimStore, product: SimProduct): object | null => {
  const image = imageOf(world, store, product)
  return image
    ? typed('MediaImage', { id: gid('MediaImage', product.id), alt: product.imageAlt, mediaContentType: 'IMAGE', status: 'READY', image, preview: { image, status: 'READY' } })
    : null
}

const range = (prices: number[], currency: string): object => {
  const one = (minor: number): object => ({ amount: money(minor, currency), currencyCode: currency })
  return { minVariantPrice: one(Math.min(...prices, Infinity) === Infinity ? 0 : Math.min(...prices)), maxVariantPrice: one(Math.max(0, ...prices)) }
}

/** What the store sells. */
export const productFields: Taught = {
  QueryRoot: {
    product: field(['id'], (_, args, { store }) => {
      const id = numberOf('Product', String(args.id))
      if (id === null) throw invalidId()
      return store.products.get(id) ?? null
    }),
    products: connection<unknown, SimProduct>({
      list: (_, { store }) => [...store.products.values()],
      id: (product) => product.id,
      sorts: {
        CREATED_AT: (product) => product.createdAt.getTime(),
        UPDATED_AT: (product) => product.updatedAt.getTime(),
        TITLE: (product) => product.title,
        VENDOR: (product) => product.vendor,
        PRODUCT_TYPE: (product) => product.productType,
        INVENTORY_TOTAL: stock,
      },
      search: {
        filters: {
          id: (product) => product.id,
          title: (product) => product.title,
          handle: (product) => product.handle,
          status: (product) => product.status,
          vendor: (product) => product.vendor,
          product_type: (product) => product.productType,
          tag: (product) => product.tags,
          sku: (product) => product.variants.map((variant) => variant.sku),
          inventory_total: stock,
          created_at: (product) => product.createdAt,
          updated_at: (product) => product.updatedAt,
        },
        text: (product) => [product.title, product.vendor, product.productType, ...product.tags],
      },
    }),
  },
  Product: {
    ...fields<SimProduct>({
      id: (product) => gid('Product', product.id),
      legacyResourceId: (product) => String(product.id),
      title: (product) => product.title,
      handle: (product) => product.handle,
      description: (product) => text(product.descriptionHtml),
      descriptionHtml: (product) => product.descriptionHtml,
      vendor: (product) => product.vendor,
      productType: (product) => product.productType,
      tags: (product) => product.tags,
      status: (product) => product.status,
      isGiftCard: () => false,
      onlineStoreUrl: (product, _, { world, store }) => (product.status === 'ACTIVE' ? `${world.urls.storefront(store.domain)}/products/${product.handle}` : null),
      publishedAt: (product) => (product.status === 'ACTIVE' ? utc(product.createdAt) : null),
      createdAt: (product) => utc(product.createdAt),
      updatedAt: (product) => utc(product.updatedAt),
      totalInventory: stock,
      tracksInventory: () => true,
      hasOnlyDefaultVariant: (product) => product.variants.length === 1,
      hasOutOfStockVariants: (product) => product.variants.some((variant) => variant.inventory <= 0),
      featuredMedia: (product, _, { world, store }) => mediaOf(world, store, product),
      featuredImage: (product, _, { world, store }) => imageOf(world, store, product),
      priceRangeV2: (product, _, { store }) => range(product.variants.map((variant) => variant.price), store.currency),
    }),
    variants: connection<SimProduct, VariantOf>({
      list: (product) => product.variants.map((variant) => ({ product, variant })),
      id: (one) => one.variant.id,
      sorts: { POSITION: (one) => one.product.variants.indexOf(one.variant) },
    }),
  },
  ProductVariant: fields<VariantOf>({
    id: (one) => gid('ProductVariant', one.variant.id),
    legacyResourceId: (one) => String(one.variant.id),
    title: (one) => one.variant.title,
    displayName: (one) => `${one.product.title} - ${one.variant.title}`,
    sku: (one) => one.variant.sku,
    barcode: () => null,
    price: (one, _, { store }) => money(one.variant.price, store.currency),
    compareAtPrice: (one, _, { store }) => (one.variant.compareAt === null ? null : money(one.variant.compareAt, store.currency)),
    inventoryQuantity: (one) => one.variant.inventory,
    inventoryPolicy: () => 'DENY',
    availableForSale: (one) => one.product.status === 'ACTIVE' && one.variant.inventory > 0,
    position: (one) => one.product.variants.indexOf(one.variant) + 1,
    createdAt: (one) => utc(one.product.createdAt),
    updatedAt: (one) => utc(one.product.updatedAt),
    image: (one, _, { world, store }) => imageOf(world, store, one.product),
    product: (one) => one.product,
  }),
  MediaImage: plain('id', 'alt', 'mediaContentType', 'status', 'image', 'preview'),
  MediaPreviewImage: plain('image', 'status'),
  Image: plain('id', 'url', 'altText', 'width', 'height'),
  ProductPriceRangeV2: plain('minVariantPrice', 'maxVariantPrice'),
}
