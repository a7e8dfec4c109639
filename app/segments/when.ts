import { after, DAY, dayIn } from '../lib/clock.ts'
import type { Period } from './rules.ts'

/** From when (included) until when (not included); null: without that end. */
export interface Span {
  from: Date | null
  to: Date | null
}

/** What a period means at this moment. Days are counted back from `now` by the hour; those of `between` are calendar days of the shop's zone. */
export function spanOf(period: Period, now: Date, zone: string): Span {
  switch (period.kind) {
    case 'ever':
      return { from: null, to: null }
    case 'last':
      return { from: after(now, -period.days * DAY), to: null }
    case 'before':
      return { from: null, to: after(now, -period.days * DAY) }
    case 'between':
      return { from: startOfDay(period.from, zone), to: startOfDay(nextDay(period.to), zone) }
  }
}

/** The first moment of a calendar day ("2026-11-22") in a zone; where clocks skip midnight, the first moment that the day has. */
export function startOfDay(day: string, zone: string): Date {
  const midnight = Date.parse(`${day}T00:00:00Z`)
  // Zones lie between 14 hours ahead and 12 behind, and change on quarters of an hour: the first quarter that belongs to the day.
  let [low, high] = [midnight - 15 * 4 * quarter, midnight + 13 * 4 * quarter]
  while (high - low > quarter) {
    const middle = low + Math.floor((high - low) / quarter / 2) * quarter
    if (dayIn(zone, new Date(middle)) < day) low = middle
    else high = middle
  }
  return new Date(high)
}
const quarter = 900_000

const nextDay = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) + DAY).toISOString().slice(0, 10)
