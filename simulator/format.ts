/** `gid://shopify/Customer/7`. */
export const gid = (type: string, id: number | string): string => `gid://shopify/${type}/${id}`

/** The number in a gid of this type, or null when it is none. */
export function numberOf(type: string, id: string): number | null {
  const found = /^gid:\/\/shopify\/(\w+)\/(\d+)$/.exec(id)
  return found && found[1] === type ? Number(found[2]) : null
}

const digits = new Map<string, number>()
const digitsOf = (currency: string): number => {
  let known = digits.get(currency)
  if (known === undefined) {
    known = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
    digits.set(currency, known)
  }
  return known
}

/** Minor units as the platform writes money: "12.50", or "1200" in a currency without cents. */
export function money(minor: number, currency: string): string {
  const places = digitsOf(currency)
  if (places === 0) return String(minor)
  const sign = minor < 0 ? '-' : ''
  const text = String(Math.abs(minor)).padStart(places + 1, '0')
  return `${sign}${text.slice(0, -places)}.${text.slice(-places)}`
}

/** A GraphQL time: "2026-11-22T10:00:00Z", whole seconds. */
export const utc = (at: Date): string => at.toISOString().slice(0, 19) + 'Z'

/** A REST-like time in the store's zone: "2026-11-22T11:00:00+01:00". */
export function zoned(at: Date, zone: string): string {
  const offset = offsetMinutes(at, zone)
  const local = new Date(Math.floor(at.getTime() / 1000) * 1000 + offset * 60_000).toISOString().slice(0, 19)
  return local + offsetText(offset)
}

/** Minutes east of Greenwich at that instant. */
export function offsetMinutes(at: Date, zone: string): number {
  const parts = Object.fromEntries(formatterOf(zone).formatToParts(at).map((part) => [part.type, Number(part.value)]))
  const local = Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!, parts.second!)
  return Math.round((local - Math.floor(at.getTime() / 1000) * 1000) / 60_000)
}

export function offsetText(minutes: number): string {
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${String(Math.floor(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`
}

const formatters = new Map<string, Intl.DateTimeFormat>()
function formatterOf(zone: string): Intl.DateTimeFormat {
  let known = formatters.get(zone)
  if (!known) {
    known = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    })
    formatters.set(zone, known)
  }
  return known
}

/** Pretty JSON for the wire, cut where nobody reads on. */
export function pretty(value: unknown, length = 4000): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '')
  return text.length > length ? `${text.slice(0, length)}\n… (${text.length} characters in all)` : text
}
