import { and, eq, lte, or } from 'drizzle-orm'
import type { App } from '../app.ts'
import { skipLocked } from '../db/open.ts'
import { campaigns } from '../db/schema.ts'
import { after, MINUTE } from '../lib/clock.ts'
import { startCampaign } from './start.ts'

/**
 * Begins what ought to have begun a minute ago, in all shops: its job was lost, waits for its next attempt, or gave up. Tries
 * right here and not by another job, so that a fault that lasts does not pile them up; after six hours `startCampaign` asks the
 * merchant instead. What another worker is just freezing is passed over. Each minute.
 */
export async function recoverCampaigns(app: App): Promise<void> {
  const late = after(app.clock.now(), -MINUTE)
  const overdue = or(and(eq(campaigns.status, 'scheduled'), lte(campaigns.scheduledAt, late)), and(eq(campaigns.status, 'preparing'), lte(campaigns.updatedAt, late)))
  const found = await skipLocked(app.db.select({ shopId: campaigns.shopId, id: campaigns.id }).from(campaigns).where(overdue).orderBy(campaigns.scheduledAt, campaigns.id).limit(100))
  for (const { shopId, id } of found)
    await startCampaign(app, { shopId, campaignId: id }).catch((error: unknown) => app.log.warn({ shopId, campaignId: id, err: error }, 'a campaign that is overdue could not be started and will be tried again'))
}
