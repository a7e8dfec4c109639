import { z } from 'zod'

/** What a sink saw. */
export const counts = z.object({
  calls: z.number(),
  /** Recipients taken, how many of them are different, and how often one came again. */
  recipients: z.number(),
  distinct: z.number(),
  doubles: z.number(),
  /** Calls in which no recipient was found. */
  unread: z.number(),
  bytes: z.number(),
  firstAt: z.number().nullable(),
  lastAt: z.number().nullable(),
  cpuSeconds: z.number(),
})
export type SinkCounts = z.infer<typeof counts>

export class Tally {
  calls = 0
  recipients = 0
  unread = 0
  bytes = 0
  firstAt: number | null = null
  lastAt: number | null = null
  readonly seen = new Set<string>()
  readonly cpu = process.cpuUsage()

  take(people: string[]): void {
    if (people.length === 0) this.unread++
    this.recipients += people.length
    for (const person of people) this.seen.add(person)
    this.lastAt = Date.now()
    this.firstAt ??= this.lastAt
  }
  counts(): SinkCounts {
    const { calls, recipients, unread, bytes, firstAt, lastAt } = this
    const { user, system } = process.cpuUsage(this.cpu)
    return { calls, recipients, distinct: this.seen.size, doubles: recipients - this.seen.size, unread, bytes, firstAt, lastAt, cpuSeconds: (user + system) / 1e6 }
  }
}
