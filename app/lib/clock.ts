/** Where time comes from. Rooms never call `Date.now()`: the simulator and the tests move this clock. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export const after = (from: Date, milliseconds: number): Date => new Date(from.getTime() + milliseconds)

/** The calendar day ("2026-11-22") of an instant in a zone such as "Europe/Berlin"; an unknown zone counts as UTC. */
export function dayIn(zone: string, at: Date): string {
  try {
    let format = formats.get(zone)
    if (!format) formats.set(zone, (format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' })))
    return format.format(at)
  } catch {
    return at.toISOString().slice(0, 10)
  }
}
/** Making one costs far more than using it. There are some four hundred zones; an unknown one is never kept. */
const formats = new Map<string, Intl.DateTimeFormat>()
