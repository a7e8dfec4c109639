import { and, asc, count, desc, eq, gt, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { figuresOf, type Figures } from '../campaigns/figures.ts'
import { show } from '../campaigns/render.ts'
import { findCampaign } from '../campaigns/state.ts'
import { trackingAllowedSql } from '../consent/tracking.ts'
import { attributions, batches, deliveries, events, links, messages, orderLines, orders, subscribers } from '../db/schema.ts'
import { isReason, reasonWords, type SendProgress } from '../deliveries/contract.ts'
import { progressOf } from '../deliveries/progress.ts'
import { notFound } from '../lib/errors.ts'
import { formatMoney } from '../lib/money.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import type { CampaignReport } from './contract.ts'

/** Did it work? Every total is counted from the event log, the send ledger and the orders at this moment. 404 before the campaign has begun. */
export async function campaignReport(app: Pick<App, 'db'>, shop: Shop, id: string): Promise<CampaignReport> {
  const campaign = await findCampaign(app, shop.id, id)
  const [message] = await app.db.select().from(messages).where(and(eq(messages.shopId, shop.id), eq(messages.id, id)))
  if (!message) throw notFound()
  const settings = await getSettings(app, shop.id)
  const progress = (await progressOf(app, shop.id, [id])).get(id)!
  const figures = (await figuresOf(app, shop.id, [id])).get(id)!
  const targets = await app.db.select({ n: links.n, url: links.url, label: links.label }).from(links).where(and(eq(links.shopId, shop.id), eq(links.messageId, id))).orderBy(asc(links.n))
  const clicks = await clicksByLink(app, shop.id, id)
  const shown = show(shop, settings, { ...message, links: targets, checks: [] }, { firstName: null, lastName: null, email: '' }, true)
  return {
    id, name: campaign.name, subject: message.subject, status: campaign.status,
    startedAt: campaign.startedAt?.toISOString() ?? null, finishedAt: campaign.finishedAt?.toISOString() ?? null, currency: shop.currency,
    sentence: sentence(campaign.status, progress, figures, formatMoney(figures.revenue, shop.currency, shop.locale)),
    progress, audience: progress.audience, accepted: progress.accepted,
    ...figures,
    attributionDays: settings.attributionDays,
    links: targets.map((link) => ({ ...link, clicks: clicks.get(link.n)?.clicks ?? 0, people: clicks.get(link.n)?.people ?? 0 })),
    reasons: await reasonsOf(app, shop.id, id),
    topProducts: await productsSold(app, shop.id, id),
    untracked: await untracked(app, shop.id, id, settings),
    html: shown.html,
  }
}

function sentence(status: string, { accepted, audience, waiting }: SendProgress, { delivered, opened, clicked, orders, bounced }: Figures, revenue: string): string {
  if (status === 'sending' || status === 'paused') {
    const on = `${people(audience - waiting)} of ${n(audience)} done`
    return status === 'paused' ? `Paused with ${on}.` : `Going out: ${on}.`
  }
  if (accepted === 0) return status === 'cancelled' ? 'Cancelled before anybody got it.' : 'Nobody got this campaign.'
  if (delivered === 0) return `The mail service took it for ${people(accepted)}. Not enough data yet: no report of a delivery has come in.`
  const parts = [`${people(delivered)} got it`, `${n(opened.human)} opened it`, `${n(clicked.human)} clicked`]
  const sales = orders > 0 ? ` ${orders === 1 ? 'One order' : `${n(orders)} orders`}, ${revenue}, came after a click.` : ' No order came after a click yet.'
  const back = bounced > 0 ? ` ${n(bounced)} came back.` : ''
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}.${sales}${back}`
}

/** Clicks of humans, link by link. */
async function clicksByLink(app: Pick<App, 'db'>, shopId: string, id: string): Promise<Map<number, { clicks: number; people: number }>> {
  const rows = await app.db
    .select({ n: events.linkNo, clicks: count(), people: sql`count(distinct ${events.subscriberId})`.mapWith(Number) })
    .from(events)
    .where(and(eq(events.shopId, shopId), eq(events.messageId, id), eq(events.kind, 'clicked'), eq(events.verdict, 'human'), isNotNull(events.linkNo)))
    .groupBy(events.linkNo)
  return new Map(rows.map((row) => [row.n!, row]))
}

/** Why people did not get it, most frequent first. */
async function reasonsOf(app: Pick<App, 'db'>, shopId: string, id: string): Promise<CampaignReport['reasons']> {
  const without = ['excluded', 'suppressed', 'refused', 'held']
  const alone = app.db
    .select({ reason: sql<string>`${deliveries.reason}`, people: sql`count(*)`.mapWith(Number) })
    .from(deliveries)
    .where(and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, id), inArray(deliveries.state, without), isNotNull(deliveries.reason)))
    .groupBy(deliveries.reason)
  const together = app.db
    .select({ reason: sql<string>`${batches.reason}`, people: sql`sum(${batches.people})`.mapWith(Number) })
    .from(batches)
    .where(and(eq(batches.shopId, shopId), eq(batches.messageId, id), inArray(batches.state, without), isNotNull(batches.reason), gt(batches.people, 0)))
    .groupBy(batches.reason)
  const sums = new Map<string, number>()
  for (const { reason, people } of await alone.unionAll(together)) sums.set(reason, (sums.get(reason) ?? 0) + people)
  return [...sums]
    .map(([reason, people]) => ({ reason, words: isReason(reason) ? reasonWords[reason] : reason, people }))
    .toSorted((a, b) => b.people - a.people || (a.reason < b.reason ? -1 : 1))
}

/** What the credited orders held, by what it brought in. */
async function productsSold(app: Pick<App, 'db'>, shopId: string, id: string): Promise<CampaignReport['topProducts']> {
  const revenue = sql`coalesce(sum(${orderLines.quantity} * ${orderLines.price}), 0)`.mapWith(Number)
  return app.db
    .select({ title: orderLines.title, quantity: sql`coalesce(sum(${orderLines.quantity}), 0)`.mapWith(Number), revenue })
    .from(attributions)
    .innerJoin(orders, and(eq(orders.shopId, attributions.shopId), eq(orders.id, attributions.orderId)))
    .innerJoin(orderLines, and(eq(orderLines.shopId, attributions.shopId), eq(orderLines.orderId, attributions.orderId)))
    .where(and(eq(attributions.shopId, shopId), eq(attributions.messageId, id), eq(orders.test, false), isNull(orders.cancelledAt)))
    .groupBy(orderLines.title)
    .orderBy(desc(revenue), asc(orderLines.title))
    .limit(5)
}

/** Of the people it was delivered to, those whose opens and clicks are not recorded. */
async function untracked(app: Pick<App, 'db'>, shopId: string, id: string, settings: { shopId: string; tracking: 'off' | 'consented' | 'by_law' }): Promise<number> {
  const [row] = await app.db
    .select({ people: sql`count(distinct ${events.subscriberId})`.mapWith(Number) })
    .from(events)
    .innerJoin(subscribers, and(eq(subscribers.shopId, events.shopId), eq(subscribers.id, events.subscriberId)))
    .where(and(eq(events.shopId, shopId), eq(events.messageId, id), eq(events.kind, 'delivered'), sql`not ${trackingAllowedSql(settings)}`))
  return row?.people ?? 0
}

const n = (value: number): string => value.toLocaleString('en')
const people = (value: number): string => `${n(value)} ${value === 1 ? 'person' : 'people'}`
