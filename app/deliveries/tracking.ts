import { and, eq, gte, inArray, isNull, lt, max, ne, or } from 'drizzle-orm'
import type { Request, Response } from 'express'
import type { App } from '../app.ts'
import { mayTrack } from '../consent/tracking.ts'
import { campaigns, deliveries, events, links, messages, shops, shopSettings, subscribers } from '../db/schema.ts'
import { appendEvents } from '../events/append.ts'
import { after, HOUR, MINUTE } from '../lib/clock.ts'
import { readLink, type LinkSubject } from '../lib/tokens.ts'
import { findSubscriber } from '../subscribers/find.ts'
import { judge, type Sign, type Verdict } from './judge.ts'
import { webAddress, withSource } from './targets.ts'

const burst = 5_000 // milliseconds within which nobody follows three links

/**
 * GET /o/:token. The picture always comes, for any token: who asks learns nothing. An event is written only for a person who
 * may be tracked at this moment, so the pictures of old mails fall silent with the withdrawal (reliability.md 2.2, L6).
 */
export async function open(app: App, request: Request, response: Response): Promise<void> {
  const subject = readLink(app.settings.keys, 'open', String(request.params.token))
  if (subject && mayRecord(request)) await quietly(app, () => recordHit(app, subject, request, null))
  response.set({ 'Cache-Control': 'no-store, private', 'Cross-Origin-Resource-Policy': 'cross-origin' }).type('gif').send(pixel)
}

/**
 * GET /c/:token/:n. Leads to the address that is stored for this link and nowhere else: what stands in the request is a key,
 * never a target (T9). HEAD is answered the same and writes nothing.
 */
export async function click(app: App, request: Request, response: Response): Promise<void> {
  const subject = readLink(app.settings.keys, 'click', String(request.params.token))
  const n = /^\d{1,4}$/.test(String(request.params.n)) ? Number(request.params.n) : null
  const target = subject && n !== null ? await targetOf(app, subject, n) : null
  response.set({ 'Cache-Control': 'no-store, private', 'X-Robots-Tag': 'noindex' })
  if (!subject || n === null || !target) {
    response.status(404).type('html').send(leadsNowhere)
    return
  }
  if (mayRecord(request)) await quietly(app, () => recordHit(app, subject, request, n))
  response.redirect(302, target)
}

async function targetOf(app: App, { shopId, messageId }: LinkSubject, n: number): Promise<string | null> {
  const [row] = await app.db
    .select({ url: links.url, shopUrl: shops.url, domain: shops.domain, campaign: campaigns.name })
    .from(links)
    .innerJoin(shops, eq(shops.id, links.shopId))
    .leftJoin(campaigns, and(eq(campaigns.shopId, links.shopId), eq(campaigns.id, links.messageId)))
    .where(and(eq(links.shopId, shopId), eq(links.messageId, messageId), eq(links.n, n)))
  if (!row || !webAddress(row.url)) return null
  return row.campaign === null ? row.url : withSource(row.url, { url: row.shopUrl, domain: row.domain }, row.campaign)
}

async function recordHit(app: App, { shopId, messageId, subscriberId: linked }: LinkSubject, request: Request, linkNo: number | null): Promise<void> {
  const person = await findSubscriber(app, shopId, linked)
  if (!person) return
  const subscriberId = person.id
  const [row] = await app.db
    .select({ acceptedAt: deliveries.acceptedAt, tracking: shopSettings.tracking })
    .from(messages)
    .innerJoin(shopSettings, eq(shopSettings.shopId, messages.shopId))
    .leftJoin(deliveries, and(eq(deliveries.shopId, messages.shopId), eq(deliveries.messageId, messages.id), eq(deliveries.subscriberId, subscriberId)))
    .where(and(eq(messages.shopId, shopId), eq(messages.id, messageId), eq(messages.kind, 'campaign')))
  if (!row || !(await mayTrack(app, shopId, row, [subscriberId])).has(subscriberId)) return

  const at = app.clock.now()
  await app.db.transaction(async () => {
    const others = linkNo === null ? [] : await recentClicks(app, shopId, messageId, subscriberId, linkNo, at)
    const sign: Sign = {
      what: linkNo === null ? 'open' : 'click',
      agent: request.get('user-agent') ?? '',
      purpose: `${request.get('sec-purpose') ?? ''} ${request.get('purpose') ?? ''} ${request.get('x-moz') ?? ''}`,
      sinceAccepted: row.acceptedAt ? at.getTime() - row.acceptedAt.getTime() : null,
      otherLinks: new Set(others.map((other) => other.linkNo)).size,
    }
    const verdict = judge(sign)
    if (sign.otherLinks >= 2) await callMachine(app, shopId, subscriberId, others.filter((other) => other.verdict === 'human').map((other) => other.id))
    const about = `${messageId}:${subscriberId}:${verdict}`
    // Told again within the hour (opens) or the minute (clicks) it is the same event: a request repeated for ever fills no table.
    const dedupeKey = linkNo === null ? `o:${about}:${Math.floor(at.getTime() / HOUR)}` : `c:${about}:${linkNo}:${Math.floor(at.getTime() / MINUTE)}`
    await appendEvents(app, shopId, [{ kind: linkNo === null ? 'opened' : 'clicked', subscriberId, messageId, verdict, linkNo, at, dedupeKey }])
    await rollUp(app, shopId, subscriberId, verdict, linkNo === null ? 'lastOpenAt' : 'lastClickAt', at)
  })
}

const recentClicks = (app: App, shopId: string, messageId: string, subscriberId: string, linkNo: number, at: Date): Promise<{ id: string; linkNo: number | null; verdict: Verdict | null }[]> =>
  app.db
    .select({ id: events.id, linkNo: events.linkNo, verdict: events.verdict })
    .from(events)
    .where(
      and(
        eq(events.shopId, shopId), eq(events.subscriberId, subscriberId), eq(events.messageId, messageId), eq(events.kind, 'clicked'), ne(events.linkNo, linkNo),
        gte(events.at, after(at, -burst)),
      ),
    )

/** What was taken for a person turned out to be the beginning of a scan. */
async function callMachine(app: App, shopId: string, subscriberId: string, ids: string[]): Promise<void> {
  if (ids.length === 0) return
  await app.db.update(events).set({ verdict: 'machine' }).where(and(eq(events.shopId, shopId), inArray(events.id, ids)))
  const [last] = await app.db
    .select({ at: max(events.at) })
    .from(events)
    .where(and(eq(events.shopId, shopId), eq(events.subscriberId, subscriberId), eq(events.kind, 'clicked'), eq(events.verdict, 'human')))
  await app.db.update(subscribers).set({ lastClickAt: last?.at ?? null }).where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, subscriberId)))
}

async function rollUp(app: App, shopId: string, subscriberId: string, verdict: Verdict, column: 'lastOpenAt' | 'lastClickAt', at: Date): Promise<void> {
  if (verdict !== 'human') return
  await app.db
    .update(subscribers)
    .set({ [column]: at })
    .where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, subscriberId), or(isNull(subscribers[column]), lt(subscribers[column], at))))
}

/** HEAD asks for nothing; Global Privacy Control and Do Not Track are a "no", whatever was said before. */
const mayRecord = (request: Request): boolean => request.method === 'GET' && request.get('sec-gpc') !== '1' && request.get('dnt') !== '1'

/** Recording must never stand between a person and the page they asked for. */
async function quietly(app: App, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    app.log.error({ err: error }, 'an open or a click could not be recorded')
  }
}

const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const leadsNowhere =
  '<!doctype html><html lang="en" dir="ltr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Link not found</title></head>' +
  '<body><main><h1>This link does not lead anywhere</h1><p>It may be old, or a part of it is missing. Please open the mail again and press the link there.</p></main></body></html>'
