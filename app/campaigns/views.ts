import { and, desc, eq, lt } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { campaigns } from '../db/schema.ts'
import { progressOf } from '../deliveries/progress.ts'
import type { Shop } from '../shops/shops.ts'
import { mailContent } from '../templates/contract.ts'
import { audience, type campaignList, type CampaignStatus, type CampaignView } from './contract.ts'
import { figuresOf } from './figures.ts'
import type { Campaign } from './state.ts'

const pageSize = 50
/** From here on a campaign has a message and rows. */
const begun: CampaignStatus[] = ['sending', 'paused', 'sent', 'cancelled']

/** Campaigns of a shop, newest first, with their progress and figures in a fixed number of statements. */
export async function listCampaigns(app: Pick<App, 'db' | 'clock'>, shop: Shop, cursor?: string): Promise<z.infer<typeof campaignList>> {
  const rows = await app.db
    .select({
      id: campaigns.id, name: campaigns.name, subject: campaigns.subject, status: campaigns.status, statusReason: campaigns.statusReason,
      scheduledAt: campaigns.scheduledAt, startedAt: campaigns.startedAt, finishedAt: campaigns.finishedAt, updatedAt: campaigns.updatedAt,
    })
    .from(campaigns)
    .where(and(eq(campaigns.shopId, shop.id), cursor ? lt(campaigns.id, cursor) : undefined))
    .orderBy(desc(campaigns.id))
    .limit(pageSize + 1)
  const page = rows.slice(0, pageSize)
  const ids = page.filter((row) => hasRows(row)).map((row) => row.id)
  const [progress, figures] = [await progressOf(app, shop.id, ids), await figuresOf(app, shop.id, ids)]
  return {
    campaigns: page.map((row) => {
      const [at, got] = [progress.get(row.id) ?? null, figures.get(row.id)]
      return {
        id: row.id, name: row.name, subject: row.subject, status: row.status as CampaignStatus, statusReason: row.statusReason, ...times(row),
        progress: at,
        figures: at && got ? { accepted: at.accepted, delivered: got.delivered, openedHuman: got.opened.human, clickedHuman: got.clicked.human, orders: got.orders, revenue: got.revenue } : null,
        currency: shop.currency,
      }
    }),
    nextCursor: rows.length > pageSize ? (page.at(-1)?.id ?? null) : null,
    now: app.clock.now().toISOString(),
  }
}

export async function viewCampaign(app: Pick<App, 'db' | 'clock'>, campaign: Campaign): Promise<CampaignView> {
  const progress = hasRows(campaign) ? await progressOf(app, campaign.shopId, [campaign.id]) : null
  return {
    id: campaign.id, name: campaign.name, subject: campaign.subject, preheader: campaign.preheader,
    content: mailContent.parse(campaign.content), audience: audience.parse(campaign.audience),
    status: campaign.status as CampaignStatus, statusReason: campaign.statusReason, version: campaign.version, ...times(campaign),
    progress: progress?.get(campaign.id) ?? null,
    now: app.clock.now().toISOString(),
  }
}

/** A campaign that was cancelled before it began has none. */
const hasRows = ({ status, startedAt }: { status: string; startedAt: Date | null }): boolean => startedAt !== null && begun.includes(status as CampaignStatus)

type Times = Pick<Campaign, 'scheduledAt' | 'startedAt' | 'finishedAt' | 'updatedAt'>
const times = ({ scheduledAt, startedAt, finishedAt, updatedAt }: Times): { scheduledAt: string | null; startedAt: string | null; finishedAt: string | null; updatedAt: string } => ({
  scheduledAt: scheduledAt?.toISOString() ?? null, startedAt: startedAt?.toISOString() ?? null, finishedAt: finishedAt?.toISOString() ?? null, updatedAt: updatedAt.toISOString(),
})
