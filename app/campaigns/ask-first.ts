import { and, inArray, lte } from 'drizzle-orm'
import type { App } from '../app.ts'
import { campaigns } from '../db/schema.ts'
import { after } from '../lib/clock.ts'
import { moves } from './state.ts'
import { tooLate } from './start.ts'

// All shops: what happened to the whole installation happened to each of them.

const restored =
  'The service was restored from a backup while this was going out. Mail that left after that backup was made is not known any more, so going on may reach some people twice. Go on, or cancel the rest?'
const restoredBefore =
  'The service was restored from a backup, and the time of this campaign has passed since. It may have gone out already: look into your own inbox, then send it now, choose another time, or leave it.'
const slept = 'The service was not running for more than six hours while this was going out. So much later we would rather ask: go on, or cancel the rest?'

/** After a restore: nothing of before goes out by itself. What was going out is paused; what should have begun since the backup is a draft again. */
export async function askAfterRestore(app: Pick<App, 'db' | 'clock'>): Promise<void> {
  const now = app.clock.now()
  await app.db.update(campaigns).set({ status: moves.pause.to, statusReason: restored, updatedAt: now }).where(inArray(campaigns.status, [...moves.pause.from]))
  await app.db
    .update(campaigns)
    .set({ status: moves.tooLate.to, scheduledAt: null, statusReason: restoredBefore, updatedAt: now })
    .where(and(inArray(campaigns.status, [...moves.tooLate.from]), lte(campaigns.scheduledAt, now)))
}

/** After a long silence of the whole installation: what stood in the middle of going out is paused, so that nobody gets yesterday's mail unasked (listmonk#1801). */
export async function askAfterSilence(app: Pick<App, 'db' | 'clock'>, lastBeat: Date): Promise<void> {
  const now = app.clock.now()
  if (after(lastBeat, tooLate) >= now) return
  await app.db.update(campaigns).set({ status: moves.pause.to, statusReason: slept, updatedAt: now }).where(inArray(campaigns.status, [...moves.pause.from]))
}
