import { withoutGuard } from '../lib/csv.ts'
import { cleanText } from '../lib/text.ts'

// What stands in single cells, in the words and spellings of six languages and four systems. Pure.

/** What a row says about writing to its person. `none`: neither yes nor no. `bounced`: the address did not work. `blocked`: not to be written to, without a reason. */
export type Says = 'yes' | 'none' | 'no' | 'bounced' | 'complained' | 'blocked'

/** A cell as text: trimmed, without what an export put in front against formulas, and such that every database takes it. */
export function cellText(cell: string | undefined): string {
  if (cell === undefined || cell === '') return ''
  return cleanText(withoutGuard(cell.trim())).trim()
}

/** Small letters without accents; everything that is neither letter nor digit is one space. "E-Mail-Adresse" -> "e mail adresse". */
export const plainWords = (text: string): string =>
  text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ').trim()

/**
 * A column that tells of consent: Klaviyo writes SUBSCRIBED, UNSUBSCRIBED, NEVER_SUBSCRIBED; Mailchimp subscribed, unsubscribed, cleaned,
 * nonsubscribed; Omnisend subscribed, unsubscribed, nonSubscribed; SmartrMail true, false; others the words of their language. What is
 * not known is neither yes nor no.
 */
export function readConsent(cell: string): Says {
  const known = seen.get(cell)
  if (known) return known
  const says = consentWords(plainWords(cell).replaceAll(' ', ''))
  if (seen.size < 1000) seen.set(cell, says)
  return says
}
const seen = new Map<string, Says>()

function consentWords(word: string): Says {
  if (/bounce|cleaned|invalid|undeliver|unzustell/.test(word)) return 'bounced'
  if (/spam|complain|abuse|beschwer/.test(word)) return 'complained'
  if (/^(never|non|not|no)subscri|^pending|unconfirmed|^transactional/.test(word)) return 'none'
  if (/unsub|optout|optedout|abgemeldet|abbestellt|desabonn|desinscri|desuscri|dadodebaja|^baja|disiscri|cancellat|uitgeschreven|afgemeld|withdrawn|revoked|suppressed|blocked|gesperrt/.test(word)) return 'no'
  if (/^(no|false|0|n|nein|non|nee|off|denied|inactive)$/.test(word)) return 'no'
  if (/^(subscribe|subscribed|yes|true|1|y|ja|oui|si|on|active|aktiv|actif|activo|attivo|actief|email|optin|optedin|confirmed|bestatigt|angemeldet|abonniert|abonne|abonnee|inscrit|inscrite|suscrito|suscrita|iscritto|iscritta|aangemeld|ingeschreven|geabonneerd|singleoptin|doubleoptin|accepted|granted|given)$/.test(word)) return 'yes'
  return 'none'
}

/**
 * A column that tells why an address is blocked. Klaviyo writes HARD_BOUNCE, INVALID_EMAIL, SPAM_COMPLAINT, UNSUBSCRIBE(D), USER_SUPPRESSED;
 * Mailchimp's list of cleaned addresses has only the time. Empty: not blocked.
 */
export function readReason(cell: string): Says {
  const word = plainWords(cell).replaceAll(' ', '')
  if (word === '' || /^(no|none|false|0|null|nein|non|nee)$/.test(word)) return 'none'
  if (/spam|complain|abuse|beschwer/.test(word)) return 'complained'
  if (/bounce|cleaned|invalid|undeliver|unzustell/.test(word)) return 'bounced'
  const says = consentWords(word)
  return says === 'no' || says === 'bounced' || says === 'complained' ? says : 'blocked'
}

/**
 * A moment. ISO 8601 and what spreadsheets make of it; without a zone it is UTC, without a time the beginning of the day; 3.5.2026 begins with the
 * day. 03/05/2026 can be either and tells nothing. Null when it is no moment, or one before 1990.
 */
export function readTime(cell: string): Date | null {
  const iso = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,3})\d*)?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i.exec(cell)
  if (iso) {
    const [, y, mo, d, h = '0', mi = '0', s = '0', ms = '0', zone = 'Z'] = iso
    const at = moment(+y!, +mo!, +d!, +h, +mi, +s, Number(ms.padEnd(3, '0')))
    const offset = /^([+-])(\d{2}):?(\d{2})$/.exec(zone)
    return at === null || !offset ? at : new Date(at.getTime() - (offset[1] === '-' ? -1 : 1) * (+offset[2]! * 60 + +offset[3]!) * 60_000)
  }
  const local = /^(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap]m)?)?$/i.exec(cell)
  if (!local) return null
  const [, a, mark, b, y, h = '0', mi = '0', s = '0', half] = local
  const [first, second] = [+a!, +b!]
  const dayFirst = mark === '.' || first > 12
  if (mark !== '.' && first <= 12 && second <= 12 && first !== second) return null
  const hour = half ? (+h % 12) + (half.toLowerCase() === 'pm' ? 12 : 0) : +h
  return moment(+y!, dayFirst ? second : first, dayFirst ? first : second, hour, +mi, +s, 0)
}

function moment(y: number, mo: number, d: number, h: number, mi: number, s: number, ms: number): Date | null {
  const at = new Date(Date.UTC(y, mo - 1, d, h, mi, s, ms))
  return y >= 1990 && y < 2200 && at.getUTCMonth() === mo - 1 && at.getUTCDate() === d && h < 24 && mi < 60 && s < 60 ? at : null
}

/** The tags of a cell: between commas, semicolons or upright lines; Mailchimp puts each into quotation marks. */
export function readTags(cell: string): string[] {
  if (cell === '') return []
  const parts = cell.includes('"') ? [...cell.matchAll(/"([^"]*)"|([^,;|"]+)/g)].map((match) => match[1] ?? match[2] ?? '') : cell.split(/[,;|]/)
  return [...new Set(parts.map((part) => part.trim()).filter(Boolean))]
}

const languages = ['en', 'de', 'fr', 'es', 'it', 'nl']

/** The two letters of a country, given them or its name in one of six languages; null when it is not known. */
export function readCountry(cell: string): string | null {
  if (/^[A-Za-z]{2}$/.test(cell)) {
    const code = cell.toUpperCase() === 'UK' ? 'GB' : cell.toUpperCase()
    return names('region').codes.has(code) ? code : null
  }
  return names('region').byName.get(plainWords(cell)) ?? null
}

/** A language as "de" or "de-AT", given that or its name; null when it is not known. */
export function readLanguage(cell: string): string | null {
  const [, language, place] = /^([A-Za-z]{2})(?:[-_]([A-Za-z]{2}))?$/.exec(cell) ?? []
  if (language && names('language').codes.has(language.toLowerCase())) return place ? `${language.toLowerCase()}-${place.toUpperCase()}` : language.toLowerCase()
  return names('language').byName.get(plainWords(cell)) ?? null
}

interface Names {
  codes: Set<string>
  byName: Map<string, string>
}
const made = new Map<string, Names>()

const noCountries = new Set(['ZZ', 'EU', 'EZ', 'UN', 'QO', 'XA', 'XB'])
/** What Unicode's own tables call the countries and languages that have two letters. */
function names(type: 'region' | 'language'): Names {
  const known = made.get(type)
  if (known) return known
  const found: Names = { codes: new Set(), byName: new Map() }
  const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode((type === 'region' ? 65 : 97) + i))
  const tables = languages.map((locale) => new Intl.DisplayNames(locale, { type, fallback: 'none' }))
  for (const code of letters.flatMap((a) => letters.map((b) => a + b))) {
    const tag = type === 'region' ? `und-${code}` : code
    if (Intl.getCanonicalLocales(tag)[0] !== tag || noCountries.has(code)) continue // codes that others have replaced: DD, SU, iw
    for (const table of tables) {
      const name = table.of(code)
      if (name === undefined) continue
      found.codes.add(code)
      if (!found.byName.has(plainWords(name))) found.byName.set(plainWords(name), code)
    }
  }
  if (type === 'region') for (const [name, code] of [['usa', 'US'], ['united states of america', 'US'], ['great britain', 'GB'], ['england', 'GB'], ['holland', 'NL'], ['czech republic', 'CZ']] as const) found.byName.set(name, code)
  made.set(type, found)
  return found
}
