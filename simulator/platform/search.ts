import { badRequest, NotTaught } from './faults.ts'

type Value = string | number | boolean | Date | null
/** What may be asked of a thing in the platform's search syntax, each filter with the values that it compares. */
export interface Search<Item> {
  filters: Record<string, (item: Item) => Value | readonly Value[]>
  /** Words without a field name look here. */
  text?: (item: Item) => readonly (string | null)[]
}

type Test<Item> = (item: Item) => boolean

/**
 * Turns `updated_at:>='2026-01-01' -tag:x email:a@b.example` into a test. Known: several terms (all must hold, AND may stand
 * between them), `-` or NOT before a term, > >= < <=, quotes, lists with commas, a trailing *. Anything else is refused by name.
 */
export function compileSearch<Item>(search: Search<Item> | undefined, query: string, place: string): Test<Item> {
  const tests: Test<Item>[] = []
  let negate = false
  for (const token of tokens(query)) {
    if (token === 'AND') continue
    if (token === 'NOT') {
      negate = true
      continue
    }
    if (token === 'OR' || /^[()]/.test(token) || token.endsWith(')')) throw new NotTaught(`the search words OR and ( ) of ${place}`)
    const test = compileTerm(search, token.replace(/^-/, ''), place)
    const inverse = negate !== token.startsWith('-')
    tests.push(inverse ? (item) => !test(item) : test)
    negate = false
  }
  return (item) => tests.every((test) => test(item))
}

function compileTerm<Item>(search: Search<Item> | undefined, token: string, place: string): Test<Item> {
  const term = /^([a-z_.]+):(>=|<=|>|<)?(.*)$/s.exec(token)
  if (!term) return textTest(search, token, place)
  const [, name = '', operator = '=', text = ''] = term
  const read = search?.filters[name]
  if (!read) throw new NotTaught(`the filter ${name} of ${place}`)
  const wanted = unquote(text)
  if (wanted === '') throw badRequest(`The filter ${name} has no value`)
  const options = operator === '=' ? wanted.split(',').map((option) => option.trim()) : [wanted]
  return (item) => {
    const value = read(item)
    const values = Array.isArray(value) ? (value as readonly Value[]) : [value as Value]
    return values.some((one) => options.some((option) => compare(one, operator, option)))
  }
}

function compare(value: Value, operator: string, wanted: string): boolean {
  if (value === null) return false
  if (typeof value === 'string' || typeof value === 'boolean') {
    const own = String(value).toLowerCase()
    const other = wanted.toLowerCase()
    return other.endsWith('*') ? own.startsWith(other.slice(0, -1)) : own === other
  }
  const own = value instanceof Date ? Math.floor(value.getTime() / 1000) : value
  const other = value instanceof Date ? Math.floor(time(wanted) / 1000) : Number(/(\d+(?:\.\d+)?)$/.exec(wanted)?.[1] ?? wanted)
  if (operator === '>') return own > other
  if (operator === '>=') return own >= other
  if (operator === '<') return own < other
  if (operator === '<=') return own <= other
  return own === other
}

function time(text: string): number {
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw badRequest(`'${text}' is not a time`)
  return at
}

function textTest<Item>(search: Search<Item> | undefined, token: string, place: string): Test<Item> {
  const read = search?.text
  if (!read) throw new NotTaught(`the free text of ${place}`)
  const wanted = unquote(token).toLowerCase().replace(/\*$/, '')
  return (item) => read(item).some((text) => text?.toLowerCase().includes(wanted) ?? false)
}

const unquote = (text: string): string => text.replace(/^(['"])(.*)\1$/s, '$2').replaceAll('\\:', ':')

/** Splits at spaces outside quotes. */
function tokens(query: string): string[] {
  return query.match(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g) ?? []
}
