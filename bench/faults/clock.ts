import { z } from 'zod'
import type { Clock } from '../../app/lib/clock.ts'

/**
 * The time of a run: `at` was the time when the machine's clock said `real`, and since then it runs `factor` times as fast. All
 * processes of a run are told the same, so that leases and waits of minutes pass in seconds and nothing is shortened in the app.
 */
export const timeShape = z.object({ at: z.number(), real: z.number(), factor: z.number() })
export type Time = z.infer<typeof timeShape>

export interface WorldClock extends Clock {
  time(): Time
  set(time: Time): void
}

export function worldClock(time: Time): WorldClock {
  let set = time
  return { now: () => new Date(set.at + (Date.now() - set.real) * set.factor), time: () => set, set: (to) => void (set = to) }
}

/** The same time, some milliseconds later. */
export const skipped = (time: Time, by: number): Time => ({ ...time, at: time.at + by })
