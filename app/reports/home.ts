import { and, asc, count, desc, eq, gte, inArray, isNull, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { complaintNoticeOf } from '../campaigns/complaints.ts'
import { countUnattested } from '../consent/mailable.ts'
import { attributions, campaigns, events, forms, messages, orders, shopSettings, syncs } from '../db/schema.ts'
import { progressOf } from '../deliveries/progress.ts'
import { domainFault } from '../domains/may-send.ts'
import { formatMoney } from '../lib/money.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import type { HomeView } from './contract.ts'
import { lastDays } from './days.ts'
import { growthOf } from './growth.ts'
import { nextStep } from './next-step.ts'

const span = 30

/** What the store owner sees first: did my mail earn anything, how does the list grow, what should I do next. */
export async function homeView(app: Pick<App, 'db' | 'clock' | 'mail'>, shop: Shop): Promise<HomeView> {
  const days = lastDays(shop.timezone, app.clock.now(), span)
  const settings = await getSettings(app, shop.id)
  const growth = await growthOf(app, shop.id, days, settings)
  const did = await whatHappened(app, shop.id, days[0]!.day)
  const sales = await salesByDay(app, shop.id, days[0]!.day)
  const [orders, revenue] = [sum([...sales.values()], (s) => s.orders), sum([...sales.values()], (s) => s.revenue)]
  const states = await app.db.select({ status: campaigns.status, campaigns: count() }).from(campaigns).where(eq(campaigns.shopId, shop.id)).groupBy(campaigns.status)
  const sent = states.some(({ status }) => ['sending', 'paused', 'sent'].includes(status))
  // The inline form is on from the beginning but stands nowhere until it is placed in the theme: that somebody joined tells of it.
  const [popup] = await app.db.select({ id: forms.id }).from(forms).where(and(eq(forms.shopId, shop.id), eq(forms.kind, 'popup'), eq(forms.status, 'on'))).limit(1)
  const [joined] = await app.db.select({ id: events.id }).from(events).where(and(eq(events.shopId, shop.id), eq(events.kind, 'signed_up'))).limit(1)
  const reads = await app.db.select({ kind: syncs.kind, state: syncs.state }).from(syncs).where(eq(syncs.shopId, shop.id)).orderBy(asc(syncs.kind))
  const sender = Boolean(settings.senderName && settings.senderEmail && settings.postalAddress.trim())
  const synced = ['customers', 'products', 'orders'].every((kind) => reads.some((read) => read.kind === kind && read.state === 'done'))
  const onboarding = { dismissed: settings.onboardingDismissedAt !== null, sender, domain: settings.senderEmail !== '' && (await domainFault(app, settings)) === null, popupOn: popup !== undefined, joined: joined !== undefined, campaign: sent, synced }
  return {
    shopName: shop.name,
    currency: shop.currency,
    timezone: shop.timezone,
    sentence: sentence({ sent, delivered: did.delivered, orders, revenue: formatMoney(revenue, shop.currency, shop.locale), everybody: growth.everybody }),
    last30: { ...did, orders, revenue, newSubscribers: sum(growth.days, (d) => d.gained) },
    days: days.map(({ day }, i) => ({ day, ...growth.days[i]!, revenue: sales.get(day)?.revenue ?? 0 })),
    mailable: growth.mailable,
    everybody: growth.everybody,
    onboarding,
    next: await nextStep(app, shop.id, { ...onboarding, mailable: growth.mailable, unattested: await countUnattested(app, shop.id), failed: reads.some((read) => read.state === 'failed') }),
    sending: await goingOut(app, shop.id),
    complaints: await complaintNoticeOf(app, shop),
    syncing: reads.some((read) => ['waiting', 'asked', 'reading'].includes(read.state)),
  }
}

/** Hides the checklist for good. */
export async function dismissOnboarding(app: Pick<App, 'db' | 'clock'>, shopId: string): Promise<void> {
  const now = app.clock.now()
  await app.db.update(shopSettings).set({ onboardingDismissedAt: now, updatedAt: now }).where(and(eq(shopSettings.shopId, shopId), isNull(shopSettings.onboardingDismissedAt)))
}

function sentence({ sent, delivered, orders, revenue, everybody }: { sent: boolean; delivered: number; orders: number; revenue: string; everybody: number }): string {
  if (orders > 0) return `In the last ${span} days ${many(orders, 'order')}, ${revenue}, came after your mail.`
  if (delivered > 0) return `In the last ${span} days ${many(delivered, 'mail was', 'mails were')} delivered. No order came after a click yet.`
  if (sent) return `In the last ${span} days no mail was delivered, so there is nothing to count yet.`
  return everybody > 0 ? 'Not enough data yet: the numbers begin with your first campaign.' : 'Not enough data yet: your people and your first campaign are still to come.'
}

/** Mails and people of campaigns since a day of the shop; a person who opened two campaigns counts for both. */
async function whatHappened(app: Pick<App, 'db'>, shopId: string, from: string): Promise<{ delivered: number; openedHuman: number; clickedHuman: number; unsubscribed: number }> {
  const rows = await app.db
    .select({ kind: events.kind, mails: sql`count(distinct ${events.messageId} || ':' || ${events.subscriberId})`.mapWith(Number) })
    .from(events)
    .innerJoin(messages, and(eq(messages.shopId, events.shopId), eq(messages.id, events.messageId), eq(messages.kind, 'campaign')))
    .where(and(eq(events.shopId, shopId), gte(events.day, from), inArray(events.kind, ['delivered', 'opened', 'clicked']), sql`(${events.kind} = 'delivered' or ${events.verdict} = 'human')`))
    .groupBy(events.kind)
  const [left] = await app.db.select({ people: count() }).from(events).where(and(eq(events.shopId, shopId), eq(events.kind, 'unsubscribed'), gte(events.day, from)))
  const of = (kind: string): number => rows.find((row) => row.kind === kind)?.mails ?? 0
  return { delivered: of('delivered'), openedHuman: of('opened'), clickedHuman: of('clicked'), unsubscribed: left?.people ?? 0 }
}

/** Orders credited to a campaign, by the day of the order in the shop's zone. */
async function salesByDay(app: Pick<App, 'db'>, shopId: string, from: string): Promise<Map<string, { orders: number; revenue: number }>> {
  const rows = await app.db
    .select({ day: orders.day, orders: count(), revenue: sql`coalesce(sum(${orders.total}), 0)`.mapWith(Number) })
    .from(attributions)
    .innerJoin(orders, and(eq(orders.shopId, attributions.shopId), eq(orders.id, attributions.orderId)))
    .where(and(eq(attributions.shopId, shopId), gte(orders.day, from), eq(orders.test, false), isNull(orders.cancelledAt)))
    .groupBy(orders.day)
  return new Map(rows.map((row) => [row.day, row]))
}

async function goingOut(app: Pick<App, 'db'>, shopId: string): Promise<HomeView['sending']> {
  const rows = await app.db
    .select({ id: campaigns.id, name: campaigns.name })
    .from(campaigns)
    .where(and(eq(campaigns.shopId, shopId), inArray(campaigns.status, ['sending', 'paused'])))
    .orderBy(desc(campaigns.startedAt), desc(campaigns.id))
    .limit(5)
  const progress = await progressOf(app, shopId, rows.map((row) => row.id))
  return rows.map((row) => ({ ...row, progress: progress.get(row.id)! }))
}

const sum = <T>(list: T[], value: (item: T) => number): number => list.reduce((total, item) => total + value(item), 0)
const many = (n: number, one: string, more = `${one}s`): string => `${n.toLocaleString('en')} ${n === 1 ? one : more}`
