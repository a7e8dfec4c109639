import { after, DAY, dayIn, HOUR } from '../lib/clock.ts'

export interface Day {
  /** "2026-11-22" in the shop's zone. */
  day: string
  /** The instant at which it begins there. */
  from: Date
}

/** The last `count` calendar days of a zone, oldest first; the last one is today. Days of 23 and 25 hours come out right. */
export function lastDays(zone: string, now: Date, count: number): Day[] {
  const days: Day[] = []
  let day = dayIn(zone, now)
  for (let i = 0; i < count; i++) {
    days.unshift({ day, from: beginningOf(zone, day) })
    day = new Date(Date.parse(`${day}T12:00:00Z`) - DAY).toISOString().slice(0, 10)
  }
  return days
}

/** The first instant of a calendar day in a zone, to the quarter of an hour: no zone changes at any finer step. */
export function beginningOf(zone: string, day: string): Date {
  const noon = new Date(`${day}T12:00:00Z`)
  let [early, late] = [after(noon, -28 * HOUR), after(noon, 16 * HOUR)] // zones lie between -12 and +14 hours
  const step = 15 * 60_000
  while (late.getTime() - early.getTime() > step) {
    const middle = new Date(early.getTime() + Math.floor((late.getTime() - early.getTime()) / 2 / step) * step)
    if (dayIn(zone, middle) < day) early = middle
    else late = middle
  }
  return late
}
