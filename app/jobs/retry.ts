import { HOUR, MINUTE, after } from '../lib/clock.ts'
import { jobKinds, type JobKind } from './kinds.ts'
import { GiveUp, RetryAt, type Handlers } from './queue.ts'

const waits = [5_000, 30_000, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR]

/** What follows a failed attempt: another one at a time, or none. `attempts` counts this one. */
export function nextAttempt(error: unknown, attempts: number, now: Date): Date | null {
  if (error instanceof GiveUp) return null
  if (error instanceof RetryAt) return error.at > now ? error.at : after(now, 1_000)
  const wait = waits[attempts - 1]
  return wait === undefined ? null : after(now, wait)
}

/** Runs one job. A payload that does not fit its kind can never succeed, so it gives up at once. */
export async function runJob(handlers: Handlers, kind: string, payload: unknown): Promise<void> {
  const schema = jobKinds[kind as JobKind]
  if (!schema) throw new GiveUp(`no job is called ${kind}`)
  const parsed = schema.safeParse(payload)
  if (!parsed.success) throw new GiveUp(`the payload of ${kind} does not fit`)
  await (handlers[kind as JobKind] as (p: unknown) => Promise<void>)(parsed.data)
}

/** What may be kept and shown of a fault: its kind and first line, cut short. Query values never get here: drivers put them elsewhere. */
export const describeFault = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${(error.message.split('\n')[0] ?? '').slice(0, 1000).replace(/\S+@\S+/g, '[address]')}` : 'unknown fault').slice(0, 300)

/**
 * What nobody tried for this long has lost its job, or the job gave up: longer than the longest wait between two attempts. Who asks
 * again for something writes down when it was last tried, so that it is never carried by many jobs at once.
 */
export const givenUpAfter = 5 * HOUR
