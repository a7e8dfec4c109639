import { and, count, eq, gte, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { campaigns, events, shops, shopSettings } from '../db/schema.ts'
import { after, DAY, dayIn } from '../lib/clock.ts'
import { conflict } from '../lib/errors.ts'
import { getSettings, type Shop, type ShopSettings } from '../shops/shops.ts'
import type { ComplaintNotice } from './contract.ts'

/** One complaint in a thousand delivered mails is what the large mailbox services ask to stay below; at three they turn a sender away (reliability.md 2.1, L12). */
const per = 1000
const warnAt = 1
const stopAt = 3
/** Of fewer mails a rate says nothing yet: one person would decide. Two are told of anyway. */
const least = 1000
const span = 30

export interface Complaints {
  complained: number
  delivered: number
}

/** How bad it is. Compared in whole numbers, so that exactly one in a thousand is one in a thousand. */
export function levelOf({ complained, delivered }: Complaints): 'warn' | 'stop' | null {
  if (complained === 0) return null
  if (complained < 2 && delivered < least) return null
  if (delivered >= least && complained * per >= stopAt * delivered) return 'stop'
  return complained * per >= warnAt * delivered ? 'warn' : null
}

/**
 * Looks at a shop's complaints, of each campaign and of all mail of the last 30 days (or since the merchant last confirmed that sending
 * goes on). At three in a thousand of at least 1,000 delivered: all that goes out is paused, with the reason, and nothing new begins
 * until somebody of the shop has read and confirmed that. Asked for when complaints come in, and each minute while a campaign goes out.
 */
export async function watchComplaints(app: Pick<App, 'db' | 'clock' | 'log'>, shopId: string): Promise<void> {
  const [row] = await app.db
    .select({ timezone: shops.timezone, settings: shopSettings })
    .from(shops)
    .innerJoin(shopSettings, eq(shopSettings.shopId, shops.id))
    .where(eq(shops.id, shopId))
  if (!row) return
  const because = row.settings.complaintsBecause
  const words = row.settings.complaintsStoppedAt ? because : await whyStop(app, { id: shopId, timezone: row.timezone }, row.settings.complaintsConfirmedAt)
  if (!words) return
  const now = app.clock.now()
  await app.db.transaction(async () => {
    const stopped = await app.db
      .update(shopSettings)
      .set({ complaintsStoppedAt: now, complaintsBecause: words, updatedAt: now })
      .where(and(eq(shopSettings.shopId, shopId), isNull(shopSettings.complaintsStoppedAt)))
      .returning({ id: shopSettings.shopId })
    await app.db
      .update(campaigns)
      .set({ status: 'paused', statusReason: words, updatedAt: now })
      .where(and(eq(campaigns.shopId, shopId), eq(campaigns.status, 'sending')))
    if (stopped.length > 0) app.log.warn({ shopId }, 'sending was stopped: too many complaints')
  })
}

/** `watchComplaints` for every shop that has a campaign going out: deliveries that come in late may complete the thousand. Each minute. */
export async function watchSending(app: Pick<App, 'db' | 'clock' | 'log'>): Promise<void> {
  const sending = await app.db.selectDistinct({ shopId: campaigns.shopId }).from(campaigns).where(eq(campaigns.status, 'sending')).orderBy(campaigns.shopId)
  for (const { shopId } of sending) await watchComplaints(app, shopId)
}

/** Somebody of the shop has read why sending stopped, and wants to go on. What comes in from now on is counted anew. Doing it twice is doing it once. */
export async function confirmComplaints(app: Pick<App, 'db' | 'clock'>, shopId: string, userId: string): Promise<void> {
  const now = app.clock.now()
  await app.db
    .update(shopSettings)
    .set({ complaintsStoppedAt: null, complaintsConfirmedAt: now, complaintsConfirmedBy: userId, updatedAt: now })
    .where(and(eq(shopSettings.shopId, shopId), isNotNull(shopSettings.complaintsStoppedAt)))
}

/** Why nothing may leave because of complaints, or null. */
export const stoppedBecause = (settings: Pick<ShopSettings, 'complaintsStoppedAt' | 'complaintsBecause'>): string | null => (settings.complaintsStoppedAt ? (settings.complaintsBecause ?? 'Too many people marked your mail as spam.') : null)

/** Throws 409 while complaints have stopped a shop's sending and nobody has confirmed it. */
export async function refuseWhileStopped(app: Pick<App, 'db'>, shopId: string): Promise<void> {
  if (stoppedBecause(await getSettings(app, shopId))) throw conflict('Too many people marked your mail as spam. Read what it says about that first, and confirm that you want to go on.')
}

/** What the merchant should know about complaints: of one campaign, or, without one, of the shop's mail of the last 30 days. */
export async function complaintNoticeOf(app: Pick<App, 'db' | 'clock'>, shop: Pick<Shop, 'id' | 'timezone'>, messageId?: string): Promise<ComplaintNotice | null> {
  const words = stoppedBecause(await getSettings(app, shop.id))
  if (words) return { level: 'stop', scope: 'shop', words }
  const scope = messageId === undefined ? 'shop' : 'campaign'
  const window = messageId === undefined ? since(app, shop) : eq(events.messageId, messageId)
  const complained = await app.db.$count(events, and(eq(events.shopId, shop.id), eq(events.kind, 'complained'), window))
  if (complained === 0) return null
  const all = { complained, delivered: await deliveredUpTo(app, shop.id, Math.max(least, (complained * per) / warnAt), window) }
  return levelOf(all) ? { level: 'warn', scope, words: scope === 'shop' ? `In the last ${span} days ${sayOf(all)}` : sayOf(all) } : null
}

async function whyStop(app: Pick<App, 'db' | 'clock'>, shop: Pick<Shop, 'id' | 'timezone'>, confirmedAt: Date | null): Promise<string | null> {
  const window = and(since(app, shop), confirmedAt ? gte(events.at, confirmedAt) : undefined)
  const by = await app.db
    .select({ messageId: events.messageId, people: count() })
    .from(events)
    .where(and(eq(events.shopId, shop.id), eq(events.kind, 'complained'), window))
    .groupBy(events.messageId)
    .orderBy(events.messageId)
  const complained = by.reduce((sum, one) => sum + one.people, 0)
  if (complained < stopAt) return null // of 1,000 or more that is too few, whatever was delivered
  const most = (people: number): number => Math.max(least, Math.floor((people * per) / stopAt))
  const whole = { complained, delivered: await deliveredUpTo(app, shop.id, most(complained), window) }
  if (levelOf(whole) === 'stop') return `In the last ${span} days ${sayOf(whole)}`
  const many = by.filter((one) => one.messageId !== null && one.people >= stopAt)
  const names = await namesOf(app, shop.id, many.flatMap((one) => one.messageId ?? []))
  for (const one of many) {
    const name = names.get(one.messageId ?? '')
    if (name === undefined) continue
    const campaign = { complained: one.people, delivered: await deliveredUpTo(app, shop.id, most(one.people), and(eq(events.messageId, one.messageId!), confirmedAt ? gte(events.at, confirmedAt) : undefined)) }
    if (levelOf(campaign) === 'stop') return `“${name}”: ${sayOf(campaign)}`
  }
  return null
}

/** The last 30 days, by the day of the shop: there is an index for that. */
const since = (app: Pick<App, 'clock'>, shop: Pick<Shop, 'timezone'>) => gte(events.day, dayIn(shop.timezone, after(app.clock.now(), -span * DAY)))

/** How many were delivered; of more than `most` only that it is more. So a shop that few complain of costs little to look at, however much it sends. */
async function deliveredUpTo(app: Pick<App, 'db'>, shopId: string, most: number, where: ReturnType<typeof and>): Promise<number> {
  const some = app.db.select({ one: sql`1`.as('one') }).from(events).where(and(eq(events.shopId, shopId), eq(events.kind, 'delivered'), where)).limit(Math.floor(most) + 1).as('some')
  return app.db.$count(some)
}

async function namesOf(app: Pick<App, 'db'>, shopId: string, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await app.db.select({ id: campaigns.id, name: campaigns.name }).from(campaigns).where(and(eq(campaigns.shopId, shopId), inArray(campaigns.id, ids)))
  return new Map(rows.map((row) => [row.id, row.name]))
}

/** "4 of 1,200 mails were marked as spam (0.33%)." */
function sayOf({ complained, delivered }: Complaints): string {
  const rate = delivered === 0 ? '' : ` (${((complained / delivered) * 100).toFixed(2)}%)`
  return `${n(complained)} of ${n(Math.max(delivered, complained))} delivered mails ${complained === 1 ? 'was' : 'were'} marked as spam${rate}.`
}
const n = (value: number): string => value.toLocaleString('en')
