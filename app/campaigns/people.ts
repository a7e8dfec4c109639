import { and, asc, eq, exists, gt, inArray, isNull, sql, type SQL } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { attributions, deliveries, events, orders, subscribers } from '../db/schema.ts'
import type { Shop } from '../shops/shops.ts'
import type { peopleQuery, peopleReply } from './contract.ts'
import { findCampaign } from './state.ts'
import { rowWords } from './words.ts'

const pageSize = 50
type Show = z.infer<typeof peopleQuery>['show']

/** The people behind a number of the report; each list is as long as the number says. Ordered by id, so that pages never overlap. */
export async function peopleOf(app: Pick<App, 'db'>, shop: Shop, id: string, { show, cursor }: z.infer<typeof peopleQuery>): Promise<z.infer<typeof peopleReply>> {
  await findCampaign(app, shop.id, id)
  const rows = await app.db
    .select({
      subscriberId: deliveries.subscriberId, email: deliveries.email, firstName: subscribers.firstName, lastName: subscribers.lastName,
      state: deliveries.state, reason: deliveries.reason, outcome: deliveries.outcome, acceptedAt: deliveries.acceptedAt, updatedAt: deliveries.updatedAt,
    })
    .from(deliveries)
    .innerJoin(subscribers, and(eq(subscribers.shopId, deliveries.shopId), eq(subscribers.id, deliveries.subscriberId)))
    .where(and(eq(deliveries.shopId, shop.id), eq(deliveries.messageId, id), behind(app, shop.id, id, show), cursor ? gt(deliveries.subscriberId, cursor) : undefined))
    .orderBy(asc(deliveries.subscriberId))
    .limit(pageSize + 1)
  const page = rows.slice(0, pageSize)
  const times = await momentsOf(app, shop.id, id, show, page.map((row) => row.subscriberId))
  return {
    people: page.map((row) => ({
      subscriberId: row.subscriberId, email: row.email, name: [row.firstName, row.lastName].filter(Boolean).join(' '), state: row.state,
      words: acts[show] ?? rowWords(row), at: (times.get(row.subscriberId) ?? row.acceptedAt ?? row.updatedAt).toISOString(),
    })),
    nextCursor: rows.length > pageSize ? (page.at(-1)?.subscriberId ?? null) : null,
  }
}

const acts: Partial<Record<Show, string>> = { opened: 'Opened', clicked: 'Clicked', ordered: 'Ordered after a click', unsubscribed: 'Unsubscribed', delivered: 'Delivered', bounced: 'Came back' }
const kinds: Partial<Record<Show, string>> = { delivered: 'delivered', opened: 'opened', clicked: 'clicked', bounced: 'bounced', unsubscribed: 'unsubscribed' }

function behind(app: Pick<App, 'db'>, shopId: string, id: string, show: Show): SQL | undefined {
  const kind = kinds[show]
  if (kind) return exists(app.db.select({ one: sql`1` }).from(events).where(and(eventsOf(shopId, id, kind), eq(events.subscriberId, deliveries.subscriberId))))
  if (show === 'ordered')
    return exists(
      app.db
        .select({ one: sql`1` })
        .from(attributions)
        .innerJoin(orders, and(eq(orders.shopId, attributions.shopId), eq(orders.id, attributions.orderId)))
        .where(and(eq(attributions.shopId, shopId), eq(attributions.messageId, id), eq(attributions.subscriberId, deliveries.subscriberId), eq(orders.test, false), isNull(orders.cancelledAt))),
    )
  if (show === 'all') return undefined
  return show === 'waiting' ? inArray(deliveries.state, ['pending', 'claimed', 'posting']) : eq(deliveries.state, show)
}

/** Opens and clicks of humans only: the same people as the report counts. */
const eventsOf = (shopId: string, id: string, kind: string): SQL | undefined =>
  and(eq(events.shopId, shopId), eq(events.messageId, id), eq(events.kind, kind), kind === 'opened' || kind === 'clicked' ? eq(events.verdict, 'human') : undefined)

/** When each of these people did it first. */
async function momentsOf(app: Pick<App, 'db'>, shopId: string, id: string, show: Show, people: string[]): Promise<Map<string, Date>> {
  const moments = new Map<string, Date>()
  const kind = kinds[show]
  if (!kind || people.length === 0) return moments
  const rows = await app.db
    .select({ subscriberId: events.subscriberId, at: events.at })
    .from(events)
    .where(and(eventsOf(shopId, id, kind), inArray(events.subscriberId, people)))
    .orderBy(asc(events.at))
  for (const row of rows) if (row.subscriberId && !moments.has(row.subscriberId)) moments.set(row.subscriberId, row.at)
  return moments
}
