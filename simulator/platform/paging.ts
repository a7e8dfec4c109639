import type { Args, Connection, Context } from './taught/teach.ts'
import { badRequest, NotTaught } from './faults.ts'
import { compileSearch } from './search.ts'

const longestPage = 250
/** Paging stops here: use a bulk operation. */
const deepest = 25_000

/** One page of a list, as the fields of a connection need it. */
export interface Page { items: unknown[]; cursors: string[]; hasNextPage: boolean; hasPreviousPage: boolean }

/** Filtered and sorted, all of it: what a bulk operation walks. */
export function everything(connection: Connection<unknown, unknown>, source: unknown, args: Args, context: Context, place: string): unknown[] {
  const query = typeof args.query === 'string' ? args.query.trim() : ''
  const list = connection.list(source, context, args)
  return query ? list.filter(compileSearch(connection.search, query, place)) : [...list]
}

/** A page after or before a cursor. The cursor holds the sort value and the id, so it stays right while things are added. */
export function page(connection: Connection<unknown, unknown>, source: unknown, args: Args, context: Context, place: string): Page {
  const size = sizeOf(args)
  const sortName = typeof args.sortKey === 'string' ? args.sortKey : 'ID'
  const byId = (item: unknown): number => connection.id(item)
  const sort = sortName === 'ID' || sortName === 'RELEVANCE' ? byId : connection.sorts?.[sortName]
  if (!sort) throw new NotTaught(`to sort ${place} by ${sortName}`)
  const turn = args.reverse === true ? -1 : 1
  const keyed = everything(connection, source, args, context, place)
    .map((item) => ({ item, key: { v: sort(item), id: connection.id(item) } }))
    .sort((a, b) => turn * order(a.key, b.key))
  const after = typeof args.after === 'string' ? decode(args.after) : null
  const before = typeof args.before === 'string' ? decode(args.before) : null
  let from = after ? keyed.findIndex((one) => turn * order(one.key, after) > 0) : 0
  if (from < 0) from = keyed.length
  let to = before ? keyed.findIndex((one) => turn * order(one.key, before) >= 0) : keyed.length
  if (to < 0) to = keyed.length
  if (from >= deepest) throw badRequest('Pagination is limited to 25000 objects; use a bulk operation or filters')
  if (args.first !== undefined && args.first !== null) to = Math.min(to, from + size)
  else from = Math.max(from, to - size)
  const shown = keyed.slice(from, to)
  return {
    items: shown.map((one) => one.item),
    cursors: shown.map((one) => encode(one.key)),
    hasNextPage: to < keyed.length,
    hasPreviousPage: from > 0,
  }
}

interface Key { v: number | string; id: number }

function order(a: Key, b: Key): number {
  if (a.v !== b.v) return a.v < b.v ? -1 : 1
  return a.id - b.id
}

function sizeOf(args: Args): number {
  const size = args.first ?? args.last
  if (typeof size !== 'number') throw badRequest('you must provide one of first or last')
  if (size < 1 || size > longestPage) throw badRequest(`first and last must be between 1 and ${longestPage}`)
  return size
}

const encode = (key: Key): string => Buffer.from(JSON.stringify({ last_id: key.id, last_value: key.v })).toString('base64')

function decode(cursor: string): Key {
  try {
    const { last_id: id, last_value: v } = JSON.parse(Buffer.from(cursor, 'base64').toString('utf8')) as { last_id: unknown; last_value: unknown }
    if (typeof id === 'number' && (typeof v === 'number' || typeof v === 'string')) return { v, id }
  } catch { /* said below */ }
  throw badRequest('Invalid cursor for current pagination sort.')
}
