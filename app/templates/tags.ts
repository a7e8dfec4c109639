import { parseCase, parseCondition, parseWhen, type Condition, type ConditionPath } from './conditions.ts'

// One tag at a time: {{ a value | with filters }} or {% a piece of a condition %}. What belongs together is looked at in structure.ts.

export interface MergeFault {
  /** The tag as it was written. */
  tag: string
  /** What is wrong with it, for the merchant. */
  message: string
}
export interface Value {
  path: ValuePath
  filters: Filter[]
}
type Filter = { name: 'default'; fallback: string } | { name: 'capitalize' | 'upcase' | 'downcase' | 'escape' }
export const mergePaths = ['subscriber.first_name', 'subscriber.last_name', 'subscriber.email', 'shop.name', 'shop.url'] as const
export type ValuePath = (typeof mergePaths)[number]

/** A piece of a condition. `when` holds its words until it is known what `case` asks about. */
export type Logic =
  | { logic: 'if' | 'elsif' | 'unless'; condition: Condition }
  | { logic: 'case'; path: ConditionPath }
  | { logic: 'when'; source: string }
  | { logic: 'else' | 'endif' | 'endunless' | 'endcase' }

export interface TagPiece {
  text: string
  /** Null for a piece that is no tag. */
  tag: Value | Logic | MergeFault | null
}

/** Splits a text into what stands there and the tags in it. */
export function splitTags(template: string): TagPiece[] {
  const pieces: TagPiece[] = []
  let from = 0
  for (const found of template.matchAll(anyTag)) {
    if (found.index > from) pieces.push({ text: template.slice(from, found.index), tag: null })
    pieces.push({ text: found[0], tag: parseTag(found[0]) })
    from = found.index + found[0].length
  }
  if (from < template.length) pieces.push({ text: template.slice(from), tag: null })
  return pieces
}

export const isFault = (tag: TagPiece['tag']): tag is MergeFault => tag !== null && 'message' in tag
export const isLogic = (tag: TagPiece['tag']): tag is Logic => tag !== null && 'logic' in tag
export const isValue = (tag: TagPiece['tag']): tag is Value => tag !== null && 'filters' in tag

export const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text)

// A whole tag, a tag that is never closed, or a piece of Liquid logic.
const anyTag = /\{\{[^{}]*\}\}|\{%[^%{}]*%\}|\{\{|\{%/g
const valueShape = /^\{\{\s*([A-Za-z_][\w.]*)\s*((?:\|[^|]*)*)\}\}$/
const logicShape = /^\{%\s*([a-z]+)(?:\s+([^%]*?))?\s*%\}$/
// A fallback is plain words: no quotes inside, no markup, no brackets that could be read as a tag or as a link of ours.
const filterShape = /^\s*(?:(default)\s*:\s*(?:"([^"\\{}<>[\]|\r\n]{0,100})"|'([^'\\{}<>[\]|\r\n]{0,100})')|(capitalize|upcase|downcase|escape))\s*$/

function parseTag(tag: string): Value | Logic | MergeFault {
  if (tag === '{{') return { tag, message: 'A merge tag begins with {{ but never ends with }}.' }
  if (tag === '{%') return { tag, message: 'A condition begins with {% but never ends with %}.' }
  return tag.startsWith('{%') ? parseLogic(tag) : parseValue(tag)
}

function parseValue(tag: string): Value | MergeFault {
  const shape = valueShape.exec(tag)
  if (!shape) return { tag, message: `${short(tag)} is not a merge tag. Write it like {{ subscriber.first_name | default: "there" }}.` }
  const path = shape[1]!
  if (!isPath(path)) {
    if (/unsubscribe|preferences|address/i.test(path)) return { tag, message: `${short(tag)} is not needed: your address and the unsubscribe link are added to each mail by themselves.` }
    return { tag, message: `${short(tag)} is unknown. You can use ${mergePaths.join(', ')}.` }
  }
  const filters: Filter[] = []
  for (const source of shape[2]!.split('|').slice(1)) {
    const filter = filterShape.exec(source)
    if (!filter) return { tag, message: `${short(tag)}: the part “${short(source.trim())}” is not understood. You can use default: "words", capitalize, upcase and downcase.` }
    filters.push(filter[1] ? { name: 'default', fallback: filter[2] ?? filter[3] ?? '' } : { name: filter[4] as 'upcase' })
  }
  return { path, filters }
}

function parseLogic(tag: string): Logic | MergeFault {
  const [, name = '', source = ''] = logicShape.exec(tag) ?? []
  const fault = (words: string): MergeFault => ({ tag, message: `${short(tag)}: ${words}.` })
  switch (name) {
    case 'if':
    case 'elsif':
    case 'unless': {
      const condition = parseCondition(source)
      return typeof condition === 'string' ? fault(condition) : { logic: name, condition }
    }
    case 'case': {
      const asked = parseCase(source)
      return typeof asked === 'string' ? fault(asked) : { logic: name, ...asked }
    }
    case 'when': {
      // Any path will do to see whether it can be read at all.
      const condition = parseWhen('subscriber.first_name', source)
      return typeof condition === 'string' ? fault(condition) : { logic: name, source }
    }
    case 'else':
    case 'endif':
    case 'endunless':
    case 'endcase':
      return source === '' ? { logic: name } : fault(`nothing may stand behind “${name}”`)
    default:
      return { tag, message: `${short(tag)} cannot be used. Conditions can use if, elsif, else, unless and case; there are no loops.` }
  }
}

const isPath = (path: string): path is ValuePath => (mergePaths as readonly string[]).includes(path)
