import { and, asc, eq, gt, inArray } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { campaigns, deliveries, subscribers } from '../db/schema.ts'
import { wakeSending } from '../deliveries/wake.ts'
import { conflict } from '../lib/errors.ts'
import type { Shop } from '../shops/shops.ts'
import { refuseWhileStopped } from './complaints.ts'
import type { heldDecision, heldList } from './contract.ts'
import { findCampaign, refusal, tryMove, type Campaign } from './state.ts'

const pageSize = 50
type Chosen = z.infer<typeof heldDecision>['people']

/** People of whom nobody can tell whether they got a campaign, with what the mail server said last; 50 a page. */
export async function heldPeople(app: Pick<App, 'db'>, shop: Shop, id: string, cursor?: string): Promise<z.infer<typeof heldList>> {
  const { status } = await findCampaign(app, shop.id, id)
  const rows = await app.db
    .select({ subscriberId: deliveries.subscriberId, email: deliveries.email, firstName: subscribers.firstName, lastName: subscribers.lastName, at: deliveries.postedAt, since: deliveries.updatedAt, said: deliveries.detail })
    .from(deliveries)
    .leftJoin(subscribers, and(eq(subscribers.shopId, deliveries.shopId), eq(subscribers.id, deliveries.subscriberId)))
    .where(and(held(shop.id, id, 'all'), cursor ? gt(deliveries.subscriberId, cursor) : undefined))
    .orderBy(asc(deliveries.subscriberId))
    .limit(pageSize + 1)
  const page = rows.slice(0, pageSize)
  return {
    people: page.map((row) => ({
      subscriberId: row.subscriberId, email: row.email, name: [row.firstName, row.lastName].filter(Boolean).join(' '), at: (row.at ?? row.since).toISOString(), said: row.said,
    })),
    total: await app.db.$count(deliveries, held(shop.id, id, 'all')),
    nextCursor: rows.length > pageSize ? (page.at(-1)?.subscriberId ?? null) : null,
    canSendAgain: status !== 'cancelled',
  }
}

/**
 * Sends a campaign again to held people, who may then have it twice; they go through the last look like everybody. A campaign that was
 * finished goes back to sending and finishes anew. Pressing twice is pressing once. 409 when it was cancelled, or while complaints
 * have stopped sending. @returns how many people it is decided for.
 */
export async function sendHeldAgain(app: Pick<App, 'db' | 'clock' | 'queue'>, shop: Shop, id: string, people: Chosen): Promise<number> {
  await refuseWhileStopped(app, shop.id)
  return app.db.transaction(async () => {
    // Its row first: whoever is about to finish this campaign waits, and then sees that rows are open again.
    const { status } = await lockCampaign(app, shop.id, id)
    if (status === 'cancelled') throw conflict('The campaign was cancelled, so nobody gets it any more.')
    if (!['sending', 'paused', 'sent'].includes(status)) throw await refusal(app, shop.id, id)
    const rows = await app.db
      .update(deliveries)
      .set({ state: 'pending', reason: null, claimedBy: null, leaseUntil: null, nextAt: null, updatedAt: app.clock.now() })
      .where(held(shop.id, id, people))
      .returning({ id: deliveries.subscriberId })
    if (rows.length === 0) return 0
    if (status === 'sent') await tryMove(app, shop.id, id, 'reopen', { finishedAt: null })
    if (status !== 'paused') await wakeSending(app, shop.id, id)
    return rows.length
  })
}

/** Leaves held people as they are: they do not get it again, and the question is closed. @returns how many it is decided for. */
export async function leaveHeld(app: Pick<App, 'db' | 'clock'>, shop: Shop, id: string, people: Chosen): Promise<number> {
  await findCampaign(app, shop.id, id)
  const rows = await app.db
    .update(deliveries)
    .set({ state: 'refused', reason: 'no_evidence', updatedAt: app.clock.now() })
    .where(held(shop.id, id, people))
    .returning({ id: deliveries.subscriberId })
  return rows.length
}

/** Only rows that travel alone can be held: a provider that takes many in one call tells afterwards. */
const held = (shopId: string, id: string, people: Chosen) =>
  and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, id), eq(deliveries.state, 'held'), people === 'all' ? undefined : inArray(deliveries.subscriberId, people))

async function lockCampaign(app: Pick<App, 'db' | 'clock'>, shopId: string, id: string): Promise<Campaign> {
  const [campaign] = await app.db.update(campaigns).set({ updatedAt: app.clock.now() }).where(and(eq(campaigns.shopId, shopId), eq(campaigns.id, id))).returning()
  return campaign ?? findCampaign(app, shopId, id)
}
