// Conditions of merge tags: one comparison, or several joined by `and` or by `or`. They read the facts below and nothing else,
// there are no loops, and looking at one takes as long as it is: so a template cannot hang and cannot peek (reliability.md T7).
// What is allowed means exactly what it means in Liquid; where Liquid would surprise, it is refused in plain words.

/** What the store knows of a person; only conditions ask. */
export interface StoreFacts {
  country: string | null
  locale: string | null
  ordersCount: number
  /** In minor units of the shop's currency. */
  totalSpent: number
}
export interface Facts {
  firstName: string | null
  lastName: string | null
  email: string
  store?: StoreFacts | null
}
export interface Condition {
  /** All clauses must hold, or any of them. */
  join: 'and' | 'or'
  clauses: Clause[]
}
interface Clause {
  path: ConditionPath
  operator: Operator | null // null: is there anything at all
  than: string | number | Nothing | null
}
/** `nil`: not there. `blank`: not there, or spaces only. */
type Nothing = { nothing: 'nil' | 'blank' }
type Operator = '==' | '!=' | '>' | '<' | '>=' | '<=' | 'contains'
export type ConditionPath = keyof typeof texts | keyof typeof numbers

/** Names a person of whom all that is known is in these conditions. */
export const conditionPaths = [
  'subscriber.first_name', 'subscriber.last_name', 'subscriber.email', 'subscriber.country', 'subscriber.language', 'subscriber.orders_count', 'subscriber.total_spent',
] as const

/** Reads what stands behind `if`, `elsif` and `unless`. What is wrong with it is answered in words for the merchant. */
export function parseCondition(source: string): Condition | string {
  const words = wordsOf(source)
  if (!words) return 'the condition is not understood. Write it like subscriber.first_name == "Ada" or subscriber.orders_count > 3'
  if (words.length === 0) return 'the condition is missing'
  const joins = new Set(words.filter((word) => word.name === 'and' || word.name === 'or').map((word) => word.name))
  if (joins.size > 1) return 'use either “and” or “or” in one condition, not both'
  const clauses: Clause[] = []
  for (const part of splitAt(words)) {
    const clause = parseClause(part)
    if (typeof clause === 'string') return clause
    clauses.push(clause)
  }
  return { join: joins.has('or') ? 'or' : 'and', clauses }
}

/** Reads what stands behind `case`. */
export function parseCase(source: string): { path: ConditionPath } | string {
  const words = wordsOf(source)
  const name = words?.length === 1 ? words[0]!.name : undefined
  return name !== undefined && isText(name) ? { path: name } : `after “case” stands one of ${Object.keys(texts).join(', ')}`
}

/** Reads what stands behind `when`: one or more words in quotes, as one condition about what `case` named. */
export function parseWhen(path: ConditionPath, source: string): Condition | string {
  const words = wordsOf(source.replaceAll(/("[^"]*"|'[^']*')\s*,/g, '$1 or'))
  const clauses: Clause[] = []
  for (const part of words && words.length > 0 ? splitAt(words) : []) {
    const clause = part.length === 1 && part[0]!.text !== undefined ? checked({ path, operator: '==', than: part[0]!.text }) : ''
    if (typeof clause === 'string') return clause || 'after “when” stand words in quotes, such as "DE", "AT"'
    clauses.push(clause)
  }
  return clauses.length > 0 ? { join: 'or', clauses } : 'after “when” stand words in quotes, such as "DE", "AT"'
}

/** @param digits decimal places of the shop's currency. */
export function holds({ join, clauses }: Condition, person: Facts, digits: number): boolean {
  return join === 'and' ? clauses.every((clause) => holdsOne(clause, person, digits)) : clauses.some((clause) => holdsOne(clause, person, digits))
}

/** Does it ask for what only the store knows? */
export const asksStore = ({ clauses }: Condition): boolean => clauses.some(({ path }) => isNumber(path) || path === 'subscriber.country' || path === 'subscriber.language')

const filled = (value: string | null | undefined): string | null => (value ? value : null) // nothing and no letters are the same
const texts = {
  'subscriber.first_name': (person: Facts) => filled(person.firstName),
  'subscriber.last_name': (person: Facts) => filled(person.lastName),
  'subscriber.email': (person: Facts) => filled(person.email),
  'subscriber.country': (person: Facts) => filled(person.store?.country?.toUpperCase()),
  'subscriber.language': (person: Facts) => filled(person.store?.locale?.split(/[-_]/)[0]?.toLowerCase()),
}
const numbers = {
  'subscriber.orders_count': (person: Facts) => person.store?.ordersCount ?? 0,
  'subscriber.total_spent': (person: Facts, digits: number) => (person.store?.totalSpent ?? 0) / 10 ** digits,
}
const isText = (path: string): path is keyof typeof texts => Object.hasOwn(texts, path)
const isNumber = (path: string): path is keyof typeof numbers => Object.hasOwn(numbers, path)

function holdsOne({ path, operator, than }: Clause, person: Facts, digits: number): boolean {
  if (isNumber(path)) {
    const value = numbers[path](person, digits)
    const limit = Number(than)
    if (operator === '>') return value > limit
    if (operator === '<') return value < limit
    if (operator === '>=') return value >= limit
    if (operator === '<=') return value <= limit
    return (value === limit) === (operator === '==')
  }
  const value = texts[path](person)
  if (operator === null) return value !== null
  if (operator === 'contains') return typeof than === 'string' && value !== null && value.includes(than)
  const same = than === null || typeof than !== 'object' ? value === than : value === null || (than.nothing === 'blank' && value.trim() === '')
  return same === (operator === '==')
}

interface Word {
  name?: string
  text?: string
  number?: number
  sign?: string
}
const wordShape = /\s*(?:([A-Za-z_][\w.]*)|"([^"\\{}<>[\]|\r\n]{0,100})"|'([^'\\{}<>[\]|\r\n]{0,100})'|(\d{1,9}(?:\.\d{1,3})?)(?![\w.])|(==|!=|>=|<=|>|<))/y

function wordsOf(source: string): Word[] | null {
  const words: Word[] = []
  const trimmed = source.trim()
  for (let at = 0; at < trimmed.length; ) {
    wordShape.lastIndex = at
    const found = wordShape.exec(trimmed)
    if (!found || words.length >= 60) return null
    const [, name, double, single, number, sign] = found
    const text = double ?? single
    words.push(name !== undefined ? { name } : text !== undefined ? { text } : number !== undefined ? { number: Number(number) } : { sign: sign! })
    at = wordShape.lastIndex
  }
  return words
}

function splitAt(words: Word[]): Word[][] {
  const parts: Word[][] = [[]]
  for (const word of words) {
    if (word.name === 'and' || word.name === 'or') parts.push([])
    else parts.at(-1)!.push(word)
  }
  return parts
}

function parseClause([left, middle, right, ...more]: Word[]): Clause | string {
  const path = left?.name
  if (path === undefined) return 'a condition begins with what it asks about, such as subscriber.first_name'
  if (!isText(path) && !isNumber(path)) return `${path.slice(0, 40)} is unknown. Conditions can ask about ${conditionPaths.join(', ')}`
  if (middle === undefined) return isNumber(path) ? `compare ${path} with a number, such as ${path} > 0` : { path, operator: null, than: null }
  const operator = (middle.sign ?? (middle.name === 'contains' ? 'contains' : undefined)) as Operator | undefined
  if (operator === undefined || right === undefined || more.length > 0) return `the part behind ${path} is not understood. Compare it with one thing by ==, !=, > or <`
  if (isNumber(path)) {
    if (right.number === undefined || operator === 'contains') return `compare ${path} with a number, such as ${path} > 0`
    return { path, operator, than: right.number }
  }
  const nothing = right.name === 'blank' ? 'blank' : right.name === 'nil' || right.name === 'null' ? 'nil' : null
  if ((right.text === undefined && !nothing) || !['==', '!=', 'contains'].includes(operator) || (nothing && operator === 'contains'))
    return `compare ${path} by == or != with words in quotes, or with blank`
  return checked({ path, operator, than: nothing ? { nothing } : right.text! })
}

/** What could never be equal is a mistake of spelling. */
function checked(clause: Clause): Clause | string {
  const { path, operator, than } = clause
  if (typeof than !== 'string' || operator === 'contains') return than === '' ? 'there is nothing between the quotes' : clause
  if (than === '') return 'there is nothing between the quotes. To ask whether something is missing, write == blank'
  if (path === 'subscriber.country' && !/^[A-Z]{2}$/.test(than)) return 'write countries as two capital letters, such as "DE"'
  if (path === 'subscriber.language' && !/^[a-z]{2,3}$/.test(than)) return 'write languages as two small letters, such as "de"'
  return clause
}
