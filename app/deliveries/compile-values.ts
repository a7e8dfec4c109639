import type { PersonTags } from '../lib/tokens.ts'
import { fillParts, fillValue, mergeShop, mostBytes, oneLine, type MergePlace } from '../templates/merge.ts'
import { isChoice, type Part } from '../templates/structure.ts'
import type { Value } from '../templates/tags.ts'
import type { Recipient } from './compile-mail.ts'
import type { Run } from './run.ts'

/** What is worked out for a person before the values are. */
export interface Whose {
  tags: PersonTags
  click: string
  pixel: string
}
/** A value by its number. */
export interface ValueOf {
  value: number
}

/** The values of a message: what differs between its mails, each once. They get their numbers as they are asked for. */
export interface Values {
  readers: ((to: Recipient, whose: Whose) => string)[]
  /** The person's part of the addresses that lead out; the same letters in HTML, text and headers. */
  wayOut(): ValueOf
  click(): ValueOf
  pixel(): ValueOf
  merge(value: Value, place: MergePlace): ValueOf
  /** The subject as a whole, because what is empty in it closes up. */
  subject(parts: Part[], otherwise: string): ValueOf
  /** The most bytes that the values of one person can have, with their names. */
  bytes(): number
}

/** @param urlLength of the app's own address */
export function newValues(run: Run, urlLength: number): Values {
  const shop = mergeShop(run.shop)
  const known = new Map<string, ValueOf>()
  const readers: Values['readers'] = []
  let most = 0
  const add = (name: string, bytes: number, reader: Values['readers'][number]): ValueOf => {
    const before = known.get(name)
    if (before) return before
    const made = { value: readers.push(reader) - 1 }
    known.set(name, made)
    most += bytes + bytesOfName
    return made
  }
  const longestOf = (parts: Part[]): number =>
    parts.reduce((sum, part) => sum + (typeof part === 'string' ? Buffer.byteLength(part) : isChoice(part) ? part.branches.reduce((all, branch) => all + longestOf(branch.parts), 0) : mostBytes(part)), 0)
  return {
    readers,
    wayOut: () => add('wayOut', bytesOfToken, (_, { tags }) => tags.wayOut),
    click: () => add('click', bytesOfToken, (_, { click }) => click),
    pixel: () => add('pixel', urlLength + 4 * bytesOfToken, (_, { pixel }) => pixel),
    merge: (value, place) => add(`${place} ${JSON.stringify(value)}`, mostBytes(value), (to) => fillValue(value, to, shop, place)),
    subject: (parts, otherwise) => add('subject', longestOf(parts), (to) => oneLine(fillParts(parts, to, shop, 'text')) || otherwise),
    bytes: () => most,
  }
}

/** How long a provider's name of a value may be, in bytes. */
const bytesOfName = 24
const bytesOfToken = 60
