import { useMemo } from 'react'
import { useSearchParams } from 'react-router-dom'
import { subscriberFilter, type SubscriberFilter } from '../../app/subscribers/contract.ts'

export type Key = keyof SubscriberFilter
const keys = Object.keys(subscriberFilter.shape) as Key[]

/** What the page's address asks for. What does not fit is left out, so that an old link still opens the list. */
export function filterOf(params: URLSearchParams): SubscriberFilter {
  const given = keys.flatMap((key) => {
    const value = params.get(key)
    return value && subscriberFilter.shape[key].safeParse(value).success ? [[key, value]] : []
  })
  return subscriberFilter.parse(Object.fromEntries(given))
}

/** As the server and the address bar want it; what is empty is left out. */
export const asQuery = (filter: SubscriberFilter, cursor = ''): string =>
  new URLSearchParams([...keys.flatMap((key) => (filter[key] ? [[key, filter[key]] as [string, string]] : [])), ...(cursor ? [['cursor', cursor] as [string, string]] : [])]).toString()

export const isFiltered = (filter: SubscriberFilter): boolean => asQuery(filter) !== ''

/** The list's address: who is meant and which page of them, read and changed. */
export function useFilter(): { filter: SubscriberFilter; cursor: string; change: (part: Partial<SubscriberFilter>) => void; clear: () => void } {
  const [params, setParams] = useSearchParams()
  const address = params.toString()
  const filter = useMemo(() => filterOf(new URLSearchParams(address)), [address])
  return {
    filter,
    cursor: params.get('cursor') ?? '',
    // Another question begins at its first page. It is no step of the way back: that leads to where one came from.
    change: (part) => setParams((now) => asQuery({ ...filterOf(now), ...part }), { replace: true }),
    clear: () => setParams('', { replace: true }),
  }
}

/** Where somebody was in the list when they opened a person: what "Back" leads to. Gone with the page. */
export interface Place {
  search: string
  /** The pages before, newest first, by where they begin. */
  trail: string[]
  top: number
}
let kept: Place | null = null
export const keepPlace = (place: Place): void => {
  kept = place
}
export const keptPlace = (): Place | null => kept
/** The place, if it is this one; it is given out once. */
export function returnTo(search: string): Place | null {
  const place = kept?.search === search ? kept : null
  kept = null
  return place
}
