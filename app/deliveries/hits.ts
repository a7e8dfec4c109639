import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type { Logger } from '../lib/log.ts'

/** An open (no link) or a click, as it happened. The agent is judged and then forgotten. */
export interface Hit {
  shopId: string
  messageId: string
  /** Whom the link named; the record may have been merged into another since. */
  subscriberId: string
  linkNo: number | null
  at: Date
  agent: string
  /** Value of Sec-Purpose, Purpose or X-Moz, if one was sent. */
  purpose: string
}

export interface Hits {
  /**
   * Takes a hit, to be recorded within a second. Never throws. When more come than can be written it answers a promise: whoever waits
   * for it slows down just so much, at most by `longest`.
   */
  note(hit: Hit): Promise<void> | null
  /** Records everything that was noted so far. */
  flush(): Promise<void>
  close(): Promise<void>
}

const pause = 200 // milliseconds from the first hit of a group to its recording, unless there are many before
const many = 1_000
const most = 4_000 // in a group: a large one dirties each page once, and costs two thirds of four small ones
const crowd = 4_000 // waiting, from which on whoever asks is slowed down: a quarter of a second's work
const room = 20_000 // that may wait at all: some ten megabytes
const longest = 300 // milliseconds that anybody is made to wait

/**
 * Opens and clicks in groups, one transaction for each. What is noted lives in memory for less than a second: that much is lost when
 * the process dies. Hits that cannot be recorded, because the database is away or too many wait, are dropped and counted in the log.
 * @param record `recordHits`, here or in another thread.
 */
export function createHits(log: Logger, record: (hits: Hit[]) => Promise<unknown>): Hits {
  const waiting: Hit[] = []
  let dropped = 0
  let timer: NodeJS.Timeout | null = null
  let running: Promise<void> | null = null
  let passed = Promise.withResolvers<void>() // when the group that is being written is over

  const run = async (): Promise<void> => {
    do {
      await turnOfTheLoop()
      dropped += await recordPatiently(record, waiting.splice(0, most))
      passed.resolve()
      passed = Promise.withResolvers()
    } while (waiting.length >= many || (waiting.length > 0 && !timer))
    if (dropped > 0) log.error({ hits: dropped }, 'opens and clicks could not be recorded')
    dropped = 0
    running = null
  }
  const begin = (): Promise<void> => (running ??= run())
  const wake = (): void => {
    timer = null
    if (waiting.length > 0) void begin()
  }

  return {
    note(hit) {
      if (waiting.length >= room) {
        dropped++
        return null
      }
      waiting.push(hit)
      if (waiting.length >= many) void begin()
      timer ??= setTimeout(wake, pause)
      return waiting.length < crowd ? null : Promise.race([passed.promise, new Promise<void>((resolve) => setTimeout(resolve, longest))])
    },
    async flush() {
      if (timer) clearTimeout(timer)
      timer = null
      while (running || waiting.length > 0) await begin()
    },
    close() {
      return this.flush()
    },
  }
}

/** Answers how many could not be recorded. When not all can be, each shop's are tried by themselves, a few times: two processes may have locked up. */
async function recordPatiently(record: (hits: Hit[]) => Promise<unknown>, group: Hit[]): Promise<number> {
  const done = (hits: Hit[]): Promise<boolean> => record(hits).then(() => true, () => false)
  if (group.length === 0 || (await done(group))) return 0
  let lost = 0
  for (const hits of Map.groupBy(group, (hit) => hit.shopId).values()) if (!((await done(hits)) || (await done(hits)) || (await done(hits)))) lost += hits.length
  return lost
}
