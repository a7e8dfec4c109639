import type { SimOrder, SimStore } from '../types.ts'

const indexes = new WeakMap<SimStore, { size: number; byCustomer: Map<number, SimOrder[]> }>()

/** A customer's orders in the order in which the store got them. Kept aside, as a store may have many thousands. */
export function ordersOf(store: SimStore, customerId: number): SimOrder[] {
  let index = indexes.get(store)
  if (!index || index.size !== store.orders.size) {
    index = { size: store.orders.size, byCustomer: new Map() }
    for (const order of store.orders.values()) {
      if (order.customerId === null) continue
      const list = index.byCustomer.get(order.customerId)
      if (list) list.push(order)
      else index.byCustomer.set(order.customerId, [order])
    }
    indexes.set(store, index)
  }
  return index.byCustomer.get(customerId) ?? []
}

/** To be called when orders changed hands without their number changing. */
export const ordersMoved = (store: SimStore): void => void indexes.delete(store)
