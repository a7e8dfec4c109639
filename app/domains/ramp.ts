import { z } from 'zod'

/**
 * Mailboxes distrust a domain that suddenly sends much (Gmail and Yahoo ask bulk senders to begin with little and to grow
 * slowly). So its first day has this many people at most, and each further day twice as many as the largest day before.
 */
export const firstDay = 200

/** The most people that one day may have. `largest`: the largest day so far. */
export const mostOn = (largest: number): number => Math.max(firstDay, 2 * largest)

/**
 * Spreads people over days from today on. `taken[d]`: how many others leave on day d already. Answers how many go on each day;
 * the sum is `people`, a day may be 0, and the last is not.
 */
export function spreadOver(largest: number, taken: number[], people: number): number[] {
  const days: number[] = []
  let left = people
  for (let day = 0, before = largest; left > 0; day++) {
    const others = taken[day] ?? 0
    const go = Math.min(left, Math.max(0, mostOn(before) - others))
    days.push(go)
    left -= go
    before = Math.max(before, others + go)
  }
  return days
}

/**
 * The same for parts that cannot be divided (batches, in order): on which day each of them goes. A part waits for a day that has
 * room for all of it; one that is larger than any room goes alone on a day on which nothing else does.
 */
export function spreadParts(largest: number, taken: number[], parts: number[]): number[] {
  let day = 0
  let before = largest
  let gone = taken[0] ?? 0
  return parts.map((size) => {
    while (gone + size > mostOn(before) && !(gone === 0 && size > mostOn(before) && day >= taken.length)) {
      before = Math.max(before, gone)
      day += 1
      gone = taken[day] ?? 0
    }
    gone += size
    return day
  })
}

/** sending_domains.planned: what campaigns may send on which day. */
export const planned = z.object({
  /** Most people on one day that is over and no longer listed. */
  largest: z.number(),
  days: z.array(z.object({ day: z.string(), messageId: z.string(), people: z.number() })),
})
export type Planned = z.infer<typeof planned>
