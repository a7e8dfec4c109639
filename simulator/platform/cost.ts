import { getNamedType, isAbstractType, isLeafType, isObjectType, type GraphQLNamedType, type GraphQLObjectType, type SelectionSetNode } from 'graphql'
import { argumentsOf, isConnection, objectTypes, selectedFields, selectionSets, type Reading } from './selection.ts'
import type { SimStore, World } from '../types.ts'

/** No single query may ask for more. */
export const dearest = 1000

/**
 * What a query costs in points: scalars 0, objects 1, a mutation 10, a connection 2 and its items. Without `data` the worst case,
 * with it what was really read. The platform's own formula is not published in full; ours errs on the dear side.
 */
export function costOf(given: Reading, root: GraphQLObjectType, sets: readonly SelectionSetNode[], data?: unknown): number {
  let sum = 0
  for (const selected of selectedFields(given, root, sets)) {
    if (!selected.field) continue
    if (root.name === 'Mutation') sum += 10
    else sum += fieldCost(given, selected, data === undefined ? undefined : pick(data, selected.key))
  }
  return sum
}

function fieldCost(given: Reading, selected: ReturnType<typeof selectedFields>[number], data: unknown): number {
  const named = getNamedType(selected.field!.type)
  if (isLeafType(named) || data === null) return 0
  const inner = selectionSets(selected)
  if (isObjectType(named) && isConnection(named.name)) return connectionCost(given, selected, named, inner, data)
  if (Array.isArray(data)) return data.reduce<number>((sum, one) => sum + objectCost(given, named, inner, one), 0)
  return objectCost(given, named, inner, data)
}

function connectionCost(given: Reading, selected: ReturnType<typeof selectedFields>[number], type: GraphQLObjectType, inner: readonly SelectionSetNode[], data: unknown): number {
  const args = argumentsOf(given, selected)
  const size = Number(args.first ?? args.last ?? 0)
  let sum = 2
  for (const part of selectedFields(given, type, inner)) {
    if (part.name !== 'nodes' && part.name !== 'edges') continue
    const item = getNamedType(part.field!.type)
    const list = data === undefined ? undefined : pick(data, part.key)
    const one = (value: unknown): number => {
      if (part.name === 'nodes') return objectCost(given, item, selectionSets(part), value)
      return objectTypes(given.schema, item).flatMap((edge) => selectedFields(given, edge, selectionSets(part)))
        .filter((edge) => edge.name === 'node')
        .reduce((total, node) => total + objectCost(given, getNamedType(node.field!.type), selectionSets(node), value === undefined ? undefined : pick(value, node.key)), 0)
    }
    sum += Array.isArray(list) ? list.reduce<number>((total, value) => total + one(value), 0) : size * one(undefined)
  }
  return sum
}

function objectCost(given: Reading, type: GraphQLNamedType, inner: readonly SelectionSetNode[], data: unknown): number {
  if (data === null) return 0
  const types = objectTypes(given.schema, type)
  const costs = types.map((one) => costOf(given, one, inner, data))
  return 1 + (isAbstractType(type) ? Math.max(0, ...costs) : (costs[0] ?? 0))
}

const pick = (data: unknown, key: string): unknown => (typeof data === 'object' && data !== null ? ((data as Record<string, unknown>)[key] ?? null) : null)

/** The store's bucket as it is now: it refills with the world's time. */
export function refill(world: World, store: SimStore): SimStore['bucket'] {
  const { bucket } = store
  const now = world.clock.now()
  const seconds = Math.max(0, (now.getTime() - bucket.at.getTime()) / 1000)
  bucket.available = Math.min(bucket.maximum, bucket.available + seconds * bucket.restoreRate)
  bucket.at = now
  return bucket
}

/** `extensions.cost` of an answer; `actual` is null when the query was not run. */
export const costReport = (bucket: SimStore['bucket'], requested: number, actual: number | null): Record<string, unknown> => ({
  requestedQueryCost: requested,
  actualQueryCost: actual,
  throttleStatus: { maximumAvailable: bucket.maximum, currentlyAvailable: Math.floor(bucket.available), restoreRate: bucket.restoreRate },
})
