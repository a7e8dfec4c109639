import type { SimStore, World } from '../../types.ts'
import type { Search } from '../search.ts'

/** Who asks, and with which rights. */
export interface Context { world: World; store: SimStore; scopes: ReadonlySet<string> }

export type Args = Readonly<Record<string, unknown>>
export type Resolve<Source> = (source: Source, args: Args, context: Context) => unknown

/** A list that can be paged, filtered and sorted: the platform's "connection". */
export interface Connection<Source, Item> {
  /** Arguments beside those of every list. */
  args?: string[]
  list(source: Source, context: Context, args: Args): readonly Item[]
  id(item: Item): number
  /** By the names of the schema's sort keys. */
  sorts?: Record<string, (item: Item) => number | string>
  search?: Search<Item>
}

export type TaughtField =
  | { kind: 'value'; args: ReadonlySet<string>; resolve: Resolve<unknown> }
  | { kind: 'connection'; connection: Connection<unknown, unknown> }

export type Taught = Record<string, Record<string, TaughtField>>

const none: ReadonlySet<string> = new Set()

/** The fields of one type that the simulator can answer, each a function of the object they are asked of. */
export function fields<Source>(resolvers: Record<string, Resolve<Source>>): Record<string, TaughtField> {
  return Object.fromEntries(Object.entries(resolvers).map(([name, resolve]) => [name, { kind: 'value', args: none, resolve: resolve as Resolve<unknown> }]))
}

/** One field that takes arguments; only those named here. */
export function field<Source>(args: string[], resolve: Resolve<Source>): TaughtField {
  return { kind: 'value', args: new Set(args), resolve: resolve as Resolve<unknown> }
}

export function connection<Source, Item>(given: Connection<Source, Item>): TaughtField {
  return { kind: 'connection', connection: given as Connection<unknown, unknown> }
}

/** Fields that stand in the object under their own name. */
export function plain(...names: string[]): Record<string, TaughtField> {
  return fields<Record<string, unknown>>(Object.fromEntries(names.map((name) => [name, (source) => source[name]])))
}

/** Objects of an interface say what they are. */
export interface Typed { __typename: string }
export const typed = <T extends object>(name: string, value: T): T & Typed => ({ ...value, __typename: name })
