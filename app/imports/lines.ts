import { normaliseEmail } from '../lib/crypto.ts'
import { isAddress } from '../mail/check.ts'
import { cellText, readConsent, readCountry, readLanguage, readReason, readTags, readTime, type Says } from './cells.ts'
import type { ImportMapping } from './contract.ts'
import { limits } from './reader.ts'

/** A line of a file as it is understood. */
export interface Line {
  line: number
  email: string
  key: string
  firstName: string | null
  lastName: string | null
  locale: string | null
  country: string | null
  tags: string[]
  fields: { fieldId: string; text: string }[]
  says: Says
  /** When the person said so, as the file tells; null: it does not. */
  saidAt: Date | null
  /** Brought in, but worth a look. */
  hint: string | null
}
export interface Refused {
  line: number
  reason: string
  /** The address, or the beginning of the line when it has none. */
  content: string
}

/** How the columns of one file are read. Made once for a file, for it is asked a million times. */
export interface Reading {
  columns: number
  email: number
  firstName: number
  lastName: number
  fullName: number
  language: number
  country: number
  tags: number
  consent: number
  consentAt: number
  unsubscribedAt: number
  reason: number
  fields: { fieldId: string; column: number }[]
  /** Given to everybody of the file. */
  everybodysTags: string[]
  everybody: ImportMapping['consent']
  kind: 'people' | 'suppressions'
}

export function readingOf(mapping: ImportMapping, kind: 'people' | 'suppressions'): Reading {
  const of = (target: string): number => mapping.columns.indexOf(target as ImportMapping['columns'][number])
  return {
    columns: mapping.columns.length, email: of('email'), firstName: of('first_name'), lastName: of('last_name'), fullName: of('full_name'), language: of('language'), country: of('country'), tags: of('tags'),
    consent: of('consent'), consentAt: of('consent_at'), unsubscribedAt: of('unsubscribed_at'), reason: of('suppression_reason'),
    fields: mapping.columns.flatMap((target, column) => (typeof target === 'object' ? [{ fieldId: target.fieldId, column }] : [])),
    everybodysTags: [...new Set(mapping.tags)], everybody: mapping.consent, kind,
  }
}

const longest = { name: 255, tag: 255, tags: 250 }

/** One record of a file as a line, or why it is refused; null when nothing stands in it. */
export function readLine(cells: string[], line: number, reading: Reading): Line | Refused | null {
  if (!cells.some((cell) => cell !== '' && cell.trim() !== '')) return null
  const email = cellText(cells[reading.email])
  const refuse = (reason: string): Refused => ({ line, reason, content: (email || cells.join(' ')).slice(0, 320) })
  if (cells.length > limits.columns && cells.length > reading.columns) return refuse(`has ${cells.length.toLocaleString('en')} cells, and the first line ${reading.columns}`)
  if (cells.length > reading.columns && cells.slice(reading.columns).some((cell) => cell.trim() !== '')) return refuse(`has ${cells.length} cells, and the first line ${reading.columns}`)
  for (const cell of cells) if (cell.length > limits.cell) return refuse('a cell is longer than 64 KB')
  if (email === '') return refuse('has no e-mail address')
  if (!isAddress(email)) return refuse('is not an e-mail address')
  const key = normaliseEmail(email)
  const { says, saidAt } = saysOf(cells, reading)
  const [firstName, lastName] = namesOf(cells, reading)
  if ((firstName?.length ?? 0) > longest.name || (lastName?.length ?? 0) > longest.name) return refuse('the name is too long')
  const own = reading.tags < 0 ? [] : readTags(cellText(cells[reading.tags]))
  if (own.length > longest.tags || own.some((tag) => tag.length > longest.tag)) return refuse('the tags are too long')
  const fields: Line['fields'] = []
  for (const { fieldId, column } of reading.fields) {
    const text = cellText(cells[column])
    if (text !== '') fields.push({ fieldId, text })
  }
  const place = reading.country < 0 ? '' : cellText(cells[reading.country])
  const tongue = reading.language < 0 ? '' : cellText(cells[reading.language])
  const country = place === '' ? null : readCountry(place)
  const locale = tongue === '' ? null : readLanguage(tongue)
  const hint =
    place !== '' && country === null ? `the country “${place.slice(0, 60)}” is not known and was left out`
    : tongue !== '' && locale === null ? `the language “${tongue.slice(0, 60)}” is not known and was left out`
    : hintOf(key)
  const tags = reading.everybodysTags.length === 0 ? own : [...new Set([...reading.everybodysTags, ...own])]
  return { line, email, key, firstName, lastName, locale, country, tags, fields, says, saidAt, hint }
}

export const isRefused = (line: Line | Refused): line is Refused => 'reason' in line

/** Names: of their own columns, else the full name cut before its last word; "Last, First" is turned round. */
function namesOf(cells: string[], { firstName, lastName, fullName }: Reading): [string | null, string | null] {
  let first = firstName < 0 ? '' : cellText(cells[firstName])
  let last = lastName < 0 ? '' : cellText(cells[lastName])
  if (fullName >= 0 && first === '' && last === '') {
    const whole = cellText(cells[fullName]).replace(/\s+/g, ' ')
    const turned = /^([^,]+), ?([^,]+)$/.exec(whole)
    const cut = whole.lastIndexOf(' ')
    ;[first, last] = turned ? [turned[2]!, turned[1]!] : cut > 0 ? [whole.slice(0, cut), whole.slice(cut + 1)] : [whole, '']
  }
  return [first || null, last || null]
}

/**
 * What the line says about writing to its person. Where two cells differ, the lower counts: a reason for blocking, then the column of
 * consent, then a day of leaving that is not older than the day of agreeing; then what the merchant said of the whole file.
 */
function saysOf(cells: string[], reading: Reading): { says: Says; saidAt: Date | null } {
  const yesAt = reading.consentAt < 0 ? '' : cellText(cells[reading.consentAt])
  const noAt = reading.unsubscribedAt < 0 ? '' : cellText(cells[reading.unsubscribedAt])
  const [agreed, left] = [yesAt === '' ? null : readTime(yesAt), noAt === '' ? null : readTime(noAt)]
  const reason = reading.reason < 0 ? '' : cellText(cells[reading.reason])
  // Mailchimp tells of a cleaned address only when that was: a moment as a reason is a bounce.
  const why = reason === '' ? 'none' : readTime(reason) ? 'bounced' : readReason(reason)
  if (why !== 'none') return { says: why, saidAt: left }
  const told = reading.consent < 0 ? 'none' : readConsent(cellText(cells[reading.consent]))
  if (told !== 'none' && told !== 'yes') return { says: told, saidAt: left }
  if (noAt !== '' && noAt !== '0' && told !== 'yes' && !(agreed && left && left < agreed)) return { says: 'no', saidAt: left }
  if (reading.kind === 'suppressions') return { says: reading.everybody === 'unsubscribed' ? 'no' : 'blocked', saidAt: left }
  if (reading.everybody === 'unsubscribed') return { says: 'no', saidAt: left }
  if (reading.everybody === 'none') return { says: 'none', saidAt: null }
  return reading.consent < 0 || told === 'yes' ? { says: 'yes', saidAt: agreed } : { says: 'none', saidAt: null }
}

const roles = new Set(
  'abuse admin administrator billing contact enquiries hello help hostmaster hr info inquiries it jobs mail marketing newsletter no-reply noreply office orders postmaster press privacy root sales security service support team webmaster'.split(' '),
)
/** Where anybody gets an address for ten minutes; a few that are met most often. */
const disposable = new Set(
  '10minutemail.com discard.email dispostable.com fakeinbox.com getnada.com guerrillamail.com guerrillamail.net maildrop.cc mailinator.com mailnesia.com mohmal.com sharklasers.com temp-mail.org tempmail.com throwawaymail.com trashmail.com trashmail.de wegwerfemail.de yopmail.com yopmail.fr'.split(' '),
)

function hintOf(key: string): string | null {
  const at = key.lastIndexOf('@')
  if (disposable.has(key.slice(at + 1))) return 'an address that is thrown away after a short while'
  return roles.has(key.slice(0, at)) ? 'an address of an office, which several people may read' : null
}
