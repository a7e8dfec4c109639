import { eq, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { installation } from '../db/schema.ts'
import { causeWords, diskLowWords, fenceCause, restCause, type FenceCause, type RestCause } from './contract.ts'
import { journalOf } from './journal.ts'
import { localOf } from './local.ts'

// The one switch for everything that leaves for a person: campaigns, confirmations, tests. Pages, webhooks and unsubscribing go on.

/**
 * Why nothing may leave now, in plain words, or null. To be asked before a turn of sending: it knows what the database cannot be told
 * (it is full or damaged, this process is stopping, opt-outs wait in the journal). At most one look at one row.
 */
export async function sendingRests(app: Pick<App, 'db' | 'settings'>): Promise<string | null> {
  const cause = await restsBecause(app)
  return cause && causeWords[cause]
}

/** The same as a condition of a statement, without parameters: what any process has written down bites in the database itself. */
export const mayLeave = (): SQL => sql`not exists (select 1 from ${installation} where ${installation.id} = 'this' and (${installation.fencedAt} is not null or ${installation.restingBecause} is not null))`

/** When a message that found sending at rest looks again: the next half minute, the same for all who ask in between. */
export const restTurn = (now: Date): Date => new Date((Math.floor(now.getTime() / 30_000) + 1) * 30_000)

/** Why no campaign may begin now, in plain words, or null: as `sendingRests`, and while the disk is almost full. */
export async function startRefused(app: Pick<App, 'db' | 'settings'>): Promise<string | null> {
  return (await sendingRests(app)) ?? (localOf(app).diskLow ? diskLowWords : null)
}

/** What this process knows by itself: no question to the database, so that a loop may ask before each step. */
export function restsHere(app: Pick<App, 'db' | 'settings'>): RestCause | null {
  if (app.db.damaged()) return 'damaged'
  for (const cause of localOf(app).rests) return cause
  return journalOf(app)?.waiting() ? 'opt_outs' : null
}

export async function restsBecause(app: Pick<App, 'db' | 'settings'>): Promise<FenceCause | RestCause | null> {
  const here = restsHere(app)
  if (here) return here
  const [row] = await app.db
    .select({ fencedAt: installation.fencedAt, fencedBecause: installation.fencedBecause, restingBecause: installation.restingBecause })
    .from(installation)
    .where(eq(installation.id, 'this'))
  if (row?.fencedAt) return fenceCause.catch('restored').parse(row.fencedBecause)
  return row?.restingBecause ? restCause.catch('disk_full').parse(row.restingBecause) : null
}

/** Lets this process rest, or go on, for a reason of its own. */
export function letRest(app: Pick<App, 'db'>, cause: RestCause, rests: boolean): void {
  if (rests) localOf(app).rests.add(cause)
  else localOf(app).rests.delete(cause)
}
