/** How numbers, money and times are written: always in the shop's currency and zone. Pure. */
const language = 'en-GB'

export interface Format {
  money(minor: number, currency?: string): string
  /** 3 May 2026 */
  date(iso: string): string
  /** 3 May 2026, 09:00 */
  dateTime(iso: string): string
  /** 3 May */
  day(iso: string): string
  /** 09:00 */
  time(iso: string): string
  currency: string
  zone: string
}

export function format(currency: string, zone: string): Format {
  const of = (options: Intl.DateTimeFormatOptions) => {
    const made = new Intl.DateTimeFormat(language, { timeZone: zone, ...options })
    return (iso: string) => made.format(new Date(iso))
  }
  return {
    currency,
    zone,
    money: (minor, other = currency) => money(minor, other),
    date: of({ day: 'numeric', month: 'short', year: 'numeric' }),
    dateTime: of({ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' }),
    day: of({ day: 'numeric', month: 'short' }),
    time: of({ hour: '2-digit', minute: '2-digit' }),
  }
}

/** Digits after the point: 2 for GBP, 0 for JPY, 3 for KWD. */
export const digitsOf = (currency: string): number => new Intl.NumberFormat(language, { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
export const money = (minor: number, currency: string): string =>
  new Intl.NumberFormat(language, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).format(minor / 10 ** digitsOf(currency))
export const number = (value: number): string => new Intl.NumberFormat(language).format(value)
/** 0.1234 -> 12%, 0.0123 -> 1.2%. Says nothing about parts of nothing; something is never shown as nothing, nor most as all. */
export function share(part: number, whole: number): string {
  if (whole === 0) return '–'
  const ratio = part / whole
  if (ratio > 0 && ratio < 0.0005) return '<0.1%'
  if (ratio < 1 && ratio >= 0.995) return '>99%'
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: ratio < 0.0995 ? 1 : 0 }).format(ratio)
}
/** "1 person", "1,204 people" */
export const people = (count: number): string => `${number(count)} ${count === 1 ? 'person' : 'people'}`
export const plural = (count: number, one: string, many: string): string => `${number(count)} ${count === 1 ? one : many}`
/** A calendar day such as 2026-05-03, which has no zone: "3 May" */
export const calendarDay = (day: string): string => new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(`${day}T12:00:00Z`))
/** The same with its year: "3 May 2026"; what is no day stays as it is. */
export function calendarDate(day: string): string {
  const at = new Date(`${day}T12:00:00Z`)
  return Number.isNaN(at.getTime()) ? day : new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(at)
}
export const countryName = (code: string): string => {
  try {
    return new Intl.DisplayNames(['en'], { type: 'region' }).of(code) ?? code
  } catch {
    return code
  }
}
export const languageName = (code: string): string => {
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(code) ?? code
  } catch {
    return code
  }
}

/** The instant at which clocks in `zone` show this date and time. In the hour that a change of clocks leaves out: an hour later. */
export function zonedInstant(date: string, time: string, zone: string): Date | null {
  const asUtc = Date.parse(`${date}T${time}:00Z`)
  if (Number.isNaN(asUtc)) return null
  let instant = asUtc - offset(asUtc, zone)
  instant = asUtc - offset(instant, zone)
  return new Date(instant)
}

/** What clocks in `zone` show at that instant: date 2026-05-03 and time 09:00. */
export function wallClock(at: Date, zone: string): { date: string; time: string } {
  const shown = new Date(at.getTime() + offset(at.getTime(), zone)).toISOString()
  return { date: shown.slice(0, 10), time: shown.slice(11, 16) }
}

function offset(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' }).formatToParts(new Date(at))
  const part = (type: string): number => Number(parts.find((p) => p.type === type)?.value ?? 0)
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - Math.floor(at / 1000) * 1000
}

/**
 * A text with merge tags as people read it: {{ subscriber.first_name | default: "there" }} becomes [first name], and words that
 * depend on something become [these or those].
 */
export const readable = (text: string): string =>
  text
    .replace(/\{%\s*case\b[^%]*%\}\s*\{%\s*when\b[^%]*%\}|\{%\s*(?:if|unless)\b[^%]*%\}/g, '[')
    .replace(/\{%\s*(?:elsif|else|when)\b[^%]*%\}/g, ' or ')
    .replace(/\{%\s*end(?:if|unless|case)\s*%\}/g, ']')
    .replace(/\{\{\s*(?:subscriber|shop)\.(\w+)[^}]*\}\}/g, (_, field: string) => `[${field === 'url' ? 'shop address' : field === 'name' ? 'shop name' : field.replaceAll('_', ' ')}]`)
