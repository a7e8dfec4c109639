/** How many decimal places a currency has: 2 for EUR, 0 for JPY, 3 for KWD; an unknown code counts as 2. */
export function minorDigits(currency: string): number {
  const known = digits.get(currency)
  if (known !== undefined) return known
  let found = 2
  try {
    found = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
  } catch {
    // not a currency code
  }
  digits.set(currency, found)
  return found
}
const digits = new Map<string, number>()

/** A decimal text such as "19.90" in minor units (1990), without floating point; more places than the currency has are rounded half up. */
export function toMinor(amount: string | number, currency: string): number {
  const match = /^\s*(-?)(\d+)(?:\.(\d+))?\s*$/.exec(String(amount))
  if (!match) throw new Error('an amount of money that is no decimal number')
  const places = minorDigits(currency)
  const fraction = (match[3] ?? '').padEnd(places + 1, '0')
  const whole = Number(match[2]! + fraction.slice(0, places)) + (Number(fraction[places]) >= 5 ? 1 : 0)
  return match[1] && whole !== 0 ? -whole : whole
}

/** Minor units as people read them: formatMoney(1990, 'EUR', 'de') is "19,90 €". */
export function formatMoney(minor: number, currency: string, locale = 'en'): string {
  const value = minor / 10 ** minorDigits(currency)
  for (const language of [locale, 'en'])
    try {
      return new Intl.NumberFormat(language, { style: 'currency', currency }).format(value)
    } catch {
      // an unknown language or currency
    }
  return `${value} ${currency}`
}
