import { productBody } from '../platform/payloads.ts'
import { gid } from '../format.ts'
import { emit } from '../platform/webhooks.ts'
import type { SimProduct, SimStore, World } from '../types.ts'

/** Puts a new product on the shelf. Sends products/create. */
export function createProduct(world: World, store: SimStore, given: Omit<SimProduct, 'id' | 'createdAt' | 'updatedAt' | 'variants'> & {
  variants: Omit<SimProduct['variants'][number], 'id'>[]
}): SimProduct {
  const now = world.clock.now()
  const product: SimProduct = { ...given, id: store.nextId++, createdAt: now, updatedAt: now, variants: given.variants.map((one) => ({ ...one, id: store.nextId++ })) }
  store.products.set(product.id, product)
  emit(world, store, 'products/create', productBody(world, store, product))
  return product
}

/** Changes a product (title, price, stock…). Sends products/update. */
export function updateProduct(world: World, store: SimStore, productId: number, changes: Partial<Omit<SimProduct, 'id' | 'createdAt' | 'updatedAt'>>): SimProduct {
  const product = store.products.get(productId)
  if (!product) throw new Error(`${store.domain} has no product ${productId}`)
  Object.assign(product, changes, { updatedAt: world.clock.now() })
  emit(world, store, 'products/update', productBody(world, store, product))
  return product
}

/** Takes a product out of the catalogue. Sends products/delete. */
export function deleteProduct(world: World, store: SimStore, productId: number): void {
  if (!store.products.delete(productId)) throw new Error(`${store.domain} has no product ${productId}`)
  emit(world, store, 'products/delete', { id: productId, admin_graphql_api_id: gid('Product', productId) })
}
