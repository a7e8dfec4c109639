import { and, eq, inArray, isNotNull, max, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { batches, campaigns, deliveries, messages } from '../db/schema.ts'
import { progressOf } from '../deliveries/progress.ts'
import { evidenceWait } from '../deliveries/recover.ts'
import { readPlan } from '../domains/allowance.ts'
import { domainOf } from '../domains/names.ts'
import { findDomain } from '../domains/rows.ts'
import { after, dayIn, MINUTE } from '../lib/clock.ts'
import { notFound } from '../lib/errors.ts'
import type { Shop } from '../shops/shops.ts'
import { complaintNoticeOf } from './complaints.ts'
import type { CampaignLive, campaignsGoing, CampaignStatus } from './contract.ts'

/** How far a campaign is, in a few statements that read sums and short lists: it is asked for every second by everybody who watches. */
export async function liveCampaign(app: Pick<App, 'db' | 'clock' | 'mail'>, shop: Shop, id: string): Promise<CampaignLive> {
  const [campaign] = await app.db
    .select({ status: campaigns.status, statusReason: campaigns.statusReason })
    .from(campaigns)
    .where(and(eq(campaigns.shopId, shop.id), eq(campaigns.id, id), isNotNull(campaigns.startedAt)))
  const progress = (await progressOf(app, shop.id, [id])).get(id)
  if (!campaign || !progress) throw notFound()
  return {
    status: campaign.status as CampaignStatus,
    statusReason: campaign.statusReason,
    progress,
    underWay: await underWayOf(app, shop.id, id),
    checkedBy: progress.uncertain > 0 ? ((await checkedBy(app, shop.id, id))?.toISOString() ?? null) : null,
    complaints: await complaintNoticeOf(app, shop, id),
    days: progress.waiting > 0 ? await daysToCome(app, shop, id) : [],
  }
}

/** The campaigns of a shop that move, for a list that keeps up with them. */
export async function campaignsUnderWay(app: Pick<App, 'db'>, shop: Shop): Promise<z.infer<typeof campaignsGoing>> {
  const rows = await app.db
    .select({ id: campaigns.id, status: campaigns.status, statusReason: campaigns.statusReason })
    .from(campaigns)
    .where(and(eq(campaigns.shopId, shop.id), inArray(campaigns.status, ['preparing', 'sending', 'paused'])))
    .orderBy(campaigns.id)
  const progress = await progressOf(app, shop.id, rows.filter((row) => row.status !== 'preparing').map((row) => row.id))
  return { campaigns: rows.map((row) => ({ ...row, status: row.status as CampaignStatus, progress: progress.get(row.id) ?? null })) }
}

/** People of batches, and rows of their own, that are with the provider at this moment. */
async function underWayOf(app: Pick<App, 'db'>, shopId: string, id: string): Promise<number> {
  const [together] = await app.db
    .select({ people: sql`coalesce(sum(${batches.people}), 0)`.mapWith(Number) })
    .from(batches)
    .where(and(eq(batches.shopId, shopId), eq(batches.messageId, id), eq(batches.state, 'posting')))
  return (together?.people ?? 0) + (await app.db.$count(deliveries, and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, id), eq(deliveries.state, 'posting'))))
}

/** By then the provider has told of the last of them, or they are sent again; without such news they are listed for a person within two minutes. */
async function checkedBy(app: Pick<App, 'db' | 'clock' | 'mail'>, shopId: string, id: string): Promise<Date | null> {
  const of = <T extends typeof batches | typeof deliveries>(table: T) => and(eq(table.shopId, shopId), eq(table.messageId, id), eq(table.state, 'uncertain'))
  const [together] = await app.db.select({ at: max(batches.updatedAt) }).from(batches).where(of(batches))
  const [alone] = await app.db.select({ at: max(deliveries.updatedAt) }).from(deliveries).where(of(deliveries))
  const last = Math.max(together?.at?.getTime() ?? 0, alone?.at?.getTime() ?? 0)
  if (last === 0) return null
  const wait = app.mail.evidence === 'events' ? evidenceWait + MINUTE : 2 * MINUTE // recovery looks once a minute
  return after(new Date(last), wait)
}

/** What is planned for which day while the domain that the mail comes from is new (domains/ramp.ts). */
async function daysToCome(app: Pick<App, 'db' | 'clock' | 'mail'>, shop: Shop, id: string): Promise<CampaignLive['days']> {
  const [message] = await app.db.select({ from: messages.fromEmail }).from(messages).where(and(eq(messages.shopId, shop.id), eq(messages.id, id)))
  const domain = message && domainOf(message.from)
  const row = domain ? await findDomain(app, shop.id, domain) : null
  const today = dayIn(shop.timezone, app.clock.now())
  const days = readPlan(row?.planned).days.filter((one) => one.messageId === id && one.day >= today).toSorted((a, b) => (a.day < b.day ? -1 : 1))
  return days.some((one) => one.day > today) ? days.map(({ day, people }) => ({ day, people })) : []
}
