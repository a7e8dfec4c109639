import { and, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { campaigns } from '../db/schema.ts'
import { conflict, notFound } from '../lib/errors.ts'
import type { CampaignStatus } from './contract.ts'

export type Campaign = typeof campaigns.$inferSelect

/**
 * Who may become what. Each line is one command; the database is asked for exactly this change, so that of two people who
 * press at once one is told that somebody was faster.
 */
export const moves = {
  schedule: { from: ['draft'], to: 'scheduled' },
  unschedule: { from: ['scheduled', 'failed'], to: 'draft' },
  prepare: { from: ['scheduled'], to: 'preparing' },
  tooLate: { from: ['scheduled', 'preparing'], to: 'draft' },
  begin: { from: ['preparing'], to: 'sending' },
  fail: { from: ['scheduled', 'preparing'], to: 'failed' },
  pause: { from: ['sending'], to: 'paused' },
  resume: { from: ['paused'], to: 'sending' },
  cancel: { from: ['scheduled', 'preparing', 'sending', 'paused'], to: 'cancelled' },
  finish: { from: ['sending', 'paused'], to: 'sent' },
  reopen: { from: ['sent'], to: 'sending' },
} as const satisfies Record<string, { from: CampaignStatus[]; to: CampaignStatus }>
export type Move = keyof typeof moves

/** Makes a move if the campaign is where the move begins; null when it is not (or there is none). */
export async function tryMove(app: Pick<App, 'db' | 'clock'>, shopId: string, id: string, move: Move, set: Partial<typeof campaigns.$inferInsert> = {}): Promise<Campaign | null> {
  const { from, to } = moves[move]
  const [campaign] = await app.db
    .update(campaigns)
    .set({ statusReason: null, ...set, status: to, updatedAt: app.clock.now() })
    .where(and(eq(campaigns.shopId, shopId), eq(campaigns.id, id), inArray(campaigns.status, [...from])))
    .returning()
  return campaign ?? null
}

/** Makes a move, or throws 404 or 409 with words. */
export async function makeMove(app: Pick<App, 'db' | 'clock'>, shopId: string, id: string, move: Move, set: Partial<typeof campaigns.$inferInsert> = {}): Promise<Campaign> {
  const campaign = await tryMove(app, shopId, id, move, set)
  if (campaign) return campaign
  throw await refusal(app, shopId, id)
}

export async function findCampaign(app: Pick<App, 'db'>, shopId: string, id: string): Promise<Campaign> {
  const [campaign] = await app.db.select().from(campaigns).where(and(eq(campaigns.shopId, shopId), eq(campaigns.id, id)))
  if (!campaign) throw notFound()
  return campaign
}

/** Why a campaign could not be changed: it is not there, or it is in another state by now. */
export async function refusal(app: Pick<App, 'db'>, shopId: string, id: string): Promise<Error> {
  const { status } = await findCampaign(app, shopId, id)
  return conflict(inWords[status as CampaignStatus] ?? 'This is not possible any more.')
}

const inWords: Record<CampaignStatus, string> = {
  draft: 'The campaign is a draft.',
  scheduled: 'The campaign is scheduled. Take it back first if you want to change it.',
  preparing: 'The campaign is just being prepared.',
  sending: 'The campaign is already going out.',
  paused: 'The campaign is paused.',
  sent: 'The campaign was already sent.',
  cancelled: 'The campaign was cancelled.',
  failed: 'The campaign could not be prepared. Make it a draft again first.',
}
