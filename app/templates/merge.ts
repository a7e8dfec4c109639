// Merge tags: the small, safe part of Liquid that mails need. A text is parsed once into a list of literals and values and
// kept; filling it in for a person is then one walk over that list (ten times LiquidJS, performance.md 3.3). There are no
// loops, no conditions, no lookups: a tag can read the six values below and nothing else, so it cannot hang or peek.

export interface MergePerson {
  firstName: string | null
  lastName: string | null
  email: string
}
export interface MergeShop {
  name: string
  url: string | null
}
export interface MergeFault {
  /** The tag as it was written. */
  tag: string
  /** What is wrong with it, for the merchant. */
  message: string
}
interface Value {
  path: Path
  filters: Filter[]
}
type Filter = { name: 'default'; fallback: string } | { name: 'capitalize' | 'upcase' | 'downcase' | 'escape' }
type Path = keyof typeof readers
type Part = string | Value
/** Where the filled-in text lands: decides how a value is made harmless. */
export type MergePlace = 'html' | 'text'

export const mergePaths = ['subscriber.first_name', 'subscriber.last_name', 'subscriber.email', 'shop.name', 'shop.url'] as const

/**
 * Fills the merge tags of a compiled message in for one person. Values are escaped in the HTML part, never in the text part
 * or the subject; line breaks never reach the subject. What a value brings along is never read as a tag or as a
 * `[[link:n]]` of ours.
 */
export function personalise(
  compiled: { subject: string; preheader: string; html: string; text: string },
  person: MergePerson,
  shop: MergeShop,
): { subject: string; html: string; text: string } {
  return {
    subject: oneLine(fill(compiled.subject, person, shop, 'text')),
    html: fill(compiled.html, person, shop, 'html'),
    text: fill(compiled.text, person, shop, 'text'),
  }
}

/** Fills one text in. A tag that is not of the subset stays as it was written (a send with such a tag is refused before). */
export function fill(template: string, person: MergePerson, shop: MergeShop, place: MergePlace): string {
  let out = ''
  for (const part of partsOf(template)) out += typeof part === 'string' ? part : render(part, person, shop, place)
  return out
}

/** Splits a text into what stands there and the tags in it; `tag` is null for a piece that is no tag. */
export function splitMerge(template: string): { text: string; tag: 'good' | MergeFault | null }[] {
  const pieces: { text: string; tag: 'good' | MergeFault | null }[] = []
  let from = 0
  for (const found of template.matchAll(anyTag)) {
    if (found.index > from) pieces.push({ text: template.slice(from, found.index), tag: null })
    const parsed = parseTag(found[0])
    pieces.push('message' in parsed ? { text: found[0], tag: parsed } : { text: found[0], tag: 'good' })
    from = found.index + found[0].length
  }
  if (from < template.length) pieces.push({ text: template.slice(from), tag: null })
  return pieces
}

/** Everything that is wrong with the tags of a text. */
export const mergeFaults = (template: string): MergeFault[] => splitMerge(template).flatMap((piece) => (piece.tag && piece.tag !== 'good' ? [piece.tag] : []))

export const hasMerge = (text: string): boolean => text.includes('{{') || text.includes('{%')

/** Line breaks and other control characters become one space: what remains can stand in a header. */
export const oneLine = (text: string): string => text.replace(control, ' ').replace(/ {2,}/g, ' ').trim()

// A whole tag, a tag that is never closed, or a piece of Liquid logic.
const anyTag = /\{\{[^{}]*\}\}|\{%[^%]*%\}|\{\{|\{%/g
const tagShape = /^\{\{\s*([A-Za-z_][\w.]*)\s*((?:\|[^|]*)*)\}\}$/
// A fallback is plain words: no quotes inside, no markup, no brackets that could be read as a tag or as a link of ours.
const filterShape = /^\s*(?:(default)\s*:\s*(?:"([^"\\{}<>[\]|\r\n]{0,100})"|'([^'\\{}<>[\]|\r\n]{0,100})')|(capitalize|upcase|downcase|escape))\s*$/
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g // eslint-disable-line no-control-regex

const readers = {
  'subscriber.first_name': (person: MergePerson) => person.firstName,
  'subscriber.last_name': (person: MergePerson) => person.lastName,
  'subscriber.email': (person: MergePerson) => person.email,
  'shop.name': (_: MergePerson, shop: MergeShop) => shop.name,
  'shop.url': (_: MergePerson, shop: MergeShop) => shop.url,
}

// The same few templates are filled in for a hundred thousand people: they are parsed once. Bounded, least used goes first.
const parsed = new Map<string, Part[]>()
const remembered = 64

function partsOf(template: string): Part[] {
  const known = parsed.get(template)
  if (known) return known
  const parts: Part[] = []
  for (const piece of splitMerge(template)) {
    const value = piece.tag === 'good' ? parseTag(piece.text) : null
    parts.push(value && !('message' in value) ? value : piece.text)
  }
  if (parsed.size >= remembered) parsed.delete(parsed.keys().next().value!)
  parsed.set(template, parts)
  return parts
}

function parseTag(tag: string): Value | MergeFault {
  if (tag.startsWith('{%')) return { tag, message: `${short(tag)} cannot be used: conditions and loops are not part of merge tags.` }
  if (tag === '{{') return { tag, message: 'A merge tag begins with {{ but never ends with }}.' }
  const shape = tagShape.exec(tag)
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

const isPath = (path: string): path is Path => Object.hasOwn(readers, path)
const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text)

function render(value: Value, person: MergePerson, shop: MergeShop, place: MergePlace): string {
  let text = readers[value.path](person, shop) ?? ''
  for (const filter of value.filters) {
    if (filter.name === 'default') text = text === '' ? filter.fallback : text
    else if (filter.name === 'upcase') text = text.toUpperCase()
    else if (filter.name === 'downcase') text = text.toLowerCase()
    else if (filter.name === 'capitalize') text = text.charAt(0).toUpperCase() + text.slice(1).toLowerCase()
    // `escape` changes nothing: each value is made harmless for the place where it lands, and twice would show the marks.
  }
  text = text.replace(control, ' ')
  return place === 'html' ? escapeValue(text) : text.replace(/\[(?=\[)/g, '[ ').replace(/\{(?=[{%])/g, '{ ')
}

/** As LiquidJS escapes, and brackets too, so that a name cannot pretend to be `[[link:1]]`, `[[footer]]` or a tag. */
function escapeValue(text: string): string {
  return /[&<>"'[{]/.test(text) ? text.replace(/[&<>"'[{]/g, (c) => marks[c]!) : text
}
const marks: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;', '[': '&#91;', '{': '&#123;' }
