// Merge tags: the small, safe part of Liquid that mails need. A text is parsed once into literals, values and choices; filling it
// in for a person is then one walk over them (performance.md 3.3). There are no loops and no lookups: a tag reads a few facts of
// the person and nothing else, so it cannot hang or peek.

import { minorDigits } from '../lib/money.ts'
import { holds, type Facts } from './conditions.ts'
import { isChoice, parseText, type Choice, type Part } from './structure.ts'
import type { MergeFault, Value, ValuePath } from './tags.ts'

export { mergePaths, type MergeFault } from './tags.ts'

export type MergePerson = Facts
export interface MergeShop {
  name: string
  url: string | null
  /** Of the amounts in conditions; without it they have two decimal places. */
  currency?: string
}
/** What a mail can say of a shop. */
export const mergeShop = (shop: { name: string; url: string | null; domain: string; currency: string }): MergeShop => ({ name: shop.name, url: storefront(shop), currency: shop.currency })

/** Where the shop's customers find it. */
export const storefront = (shop: { url: string | null; domain: string }): string => shop.url ?? `https://${shop.domain}`

/** Where the filled-in text lands: decides how a value is made harmless. */
export type MergePlace = 'html' | 'text'

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
export const fill = (template: string, person: MergePerson, shop: MergeShop, place: MergePlace): string => fillParts(parseText(template).parts, person, shop, place)

export function fillParts(parts: Part[], person: MergePerson, shop: MergeShop, place: MergePlace): string {
  let out = ''
  for (const part of parts) {
    if (typeof part === 'string') out += part
    else if (isChoice(part)) out += fillParts(chosen(part, person, shop), person, shop, place)
    else out += fillValue(part, person, shop, place)
  }
  return out
}

/** The words of a choice for this person: of the first branch that holds. */
export function chosen({ branches }: Choice, person: MergePerson, shop: MergeShop): Part[] {
  const digits = minorDigits(shop.currency ?? 'USD')
  return branches.find(({ when }) => when === null || holds(when, person, digits))?.parts ?? []
}

export function fillValue({ path, filters }: Value, person: MergePerson, shop: MergeShop, place: MergePlace): string {
  let text = readers[path](person, shop) ?? ''
  if (text.length > longest[path]) text = text.slice(0, longest[path]).toWellFormed()
  for (const filter of filters) {
    if (filter.name === 'default') text = text === '' ? filter.fallback : text
    else if (filter.name === 'upcase') text = text.toUpperCase()
    else if (filter.name === 'downcase') text = text.toLowerCase()
    else if (filter.name === 'capitalize') text = text.charAt(0).toUpperCase() + text.slice(1).toLowerCase()
    // `escape` changes nothing: each value is made harmless for the place where it lands, and twice would show the marks.
  }
  if (!risky.test(text)) return text
  text = text.replace(control, ' ')
  return place === 'html' ? text.replace(/[&<>"'[{]/g, (c) => marks[c]!) : text.replace(/\[(?=\[)/g, '[ ').replace(/\{(?=[{%])/g, '{ ')
}

/** False for what is the same for all people of a shop. */
export const isPersonal = ({ path }: Value): boolean => path.startsWith('subscriber.')

/** The most bytes that a value can become, whoever the person is. */
export const mostBytes = ({ path, filters }: Value): number =>
  // One unit of UTF-16 becomes at most six bytes: by escaping (`&#123;`), or by upcase (three letters of two bytes).
  6 * Math.max(longest[path], ...filters.map((filter) => (filter.name === 'default' ? filter.fallback.length : 0)))

/** Everything that is wrong with the tags of a text. */
export const mergeFaults = (template: string): MergeFault[] => parseText(template).faults

export const hasMerge = (text: string): boolean => text.includes('{{') || text.includes('{%')

/** The text without its tags, each value as its fallback or a usual word; of a choice the longest words. For counting letters. */
export function usualWords(template: string, shop: MergeShop): string {
  const usual = (parts: Part[]): string =>
    parts
      .map((part) => {
        if (typeof part === 'string') return part
        if (isChoice(part)) return part.branches.map((branch) => usual(branch.parts)).reduce((a, b) => (b.length > a.length ? b : a), '')
        return fillValue(part, usualPerson, shop, 'text')
      })
      .join('')
  return usual(parseText(template).parts)
}
const usualPerson: MergePerson = { firstName: 'Robin', lastName: 'Sample', email: 'robin@example.com' }

/** Line breaks and other control characters become one space: what remains can stand in a header. */
export const oneLine = (text: string): string => (unruly.test(text) ? text.replace(control, ' ').replace(/ {2,}/g, ' ').trim() : text)

const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g // eslint-disable-line no-control-regex
const unruly = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]| {2}|^\s|\s$/ // eslint-disable-line no-control-regex
const risky = /[&<>"'[{\u0000-\u001f\u007f-\u009f\u2028\u2029]/ // eslint-disable-line no-control-regex

const readers: Record<ValuePath, (person: MergePerson, shop: MergeShop) => string | null> = {
  'subscriber.first_name': (person) => person.firstName,
  'subscriber.last_name': (person) => person.lastName,
  'subscriber.email': (person) => person.email,
  'shop.name': (_, shop) => shop.name,
  'shop.url': (_, shop) => shop.url,
}
/** Longer values are cut, in UTF-16 units: nobody's name is that long, but advertising in a name field is. */
const longest: Record<ValuePath, number> = { 'subscriber.first_name': 80, 'subscriber.last_name': 80, 'subscriber.email': 254, 'shop.name': 255, 'shop.url': 2000 }

/** As LiquidJS escapes, and brackets too, so that a name cannot pretend to be `[[link:1]]`, `[[footer]]` or a tag. */
const marks: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;', '[': '&#91;', '{': '&#123;' }
