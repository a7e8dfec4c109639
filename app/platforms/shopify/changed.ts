import { z } from 'zod'
import type { App } from '../../app.ts'
import type { Shop } from '../../shops/shops.ts'
import type { StoreCustomer, StoreOrder, StoreProduct } from '../platform.ts'
import { globalId } from './api.ts'
import { changedCustomersDocument, changedOrdersDocument, changedProductsDocument, customerDocument } from './documents.ts'
import { graphql } from './graphql.ts'
import { customerNode, customerOf, lineNode, lineOf, orderNode, orderOf, productNode, productOf, variantNode, variantOf } from './nodes.ts'

const page = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() })
const some = z.object({ hasNextPage: z.boolean() })
const customers = z.object({ customers: z.object({ pageInfo: page, nodes: z.array(customerNode) }) })
const products = z.object({ products: z.object({ pageInfo: page, nodes: z.array(productNode.extend({ variants: z.object({ pageInfo: some, nodes: z.array(variantNode) }) })) }) })
const orders = z.object({ orders: z.object({ pageInfo: page, nodes: z.array(orderNode.extend({ lineItems: z.object({ pageInfo: some, nodes: z.array(lineNode) }) })) }) })

export async function readCustomer(app: App, shop: Shop, platformId: string): Promise<StoreCustomer | null> {
  const { customer } = await graphql(app, shop, customerDocument, { id: globalId('Customer', platformId) }, z.object({ customer: customerNode.nullish() }))
  return customer ? customerOf(customer) : null
}

/** Customers whose record changed since, oldest change first. */
export async function* changedCustomers(app: App, shop: Shop, since: Date): AsyncGenerator<StoreCustomer> {
  yield* pages(async (after) => {
    const { customers: found } = await graphql(app, shop, changedCustomersDocument, { after, query: changedSince(since) }, customers)
    return { pageInfo: found.pageInfo, items: found.nodes.map(customerOf) }
  })
}

export async function* changedProducts(app: App, shop: Shop, since: Date): AsyncGenerator<StoreProduct> {
  yield* pages(async (after) => {
    const { products: found } = await graphql(app, shop, changedProductsDocument, { after, query: changedSince(since) }, products)
    return { pageInfo: found.pageInfo, items: found.nodes.map((node) => productOf(node, node.variants.nodes.map((v) => variantOf(shop, v)), node.variants.pageInfo.hasNextPage)) }
  })
}

export async function* changedOrders(app: App, shop: Shop, since: Date): AsyncGenerator<StoreOrder> {
  yield* pages(async (after) => {
    const { orders: found } = await graphql(app, shop, changedOrdersDocument, { after, query: changedSince(since) }, orders)
    return { pageInfo: found.pageInfo, items: found.nodes.map((node) => orderOf(node, node.lineItems.nodes.map(lineOf), node.lineItems.pageInfo.hasNextPage)) }
  })
}

async function* pages<T>(read: (after: string | null) => Promise<{ pageInfo: z.infer<typeof page>; items: T[] }>): AsyncGenerator<T> {
  let after: string | null = null
  for (;;) {
    const { pageInfo, items } = await read(after)
    yield* items
    if (!pageInfo.hasNextPage || !pageInfo.endCursor) return
    after = pageInfo.endCursor
  }
}

const changedSince = (since: Date): string => `updated_at:>='${since.toISOString().slice(0, 19)}Z'`
