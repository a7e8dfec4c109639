import { and, asc, eq, exists, gt, gte, inArray, isNull, lte, or, sql, type SQL } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { attributions, batches, deliveries, events, orders, subscribers } from '../db/schema.ts'
import { acceptedAtOf, detailOf, itsBatch, reasonOf, stateOf, updatedAtOf } from '../deliveries/state.ts'
import type { Shop } from '../shops/shops.ts'
import type { peopleQuery, peopleReply } from './contract.ts'
import { findCampaign } from './state.ts'
import { rowWords } from './words.ts'

const pageSize = 50
type Show = z.infer<typeof peopleQuery>['show']

/** The people behind a number of the report; each list is as long as the number says. Ordered by id, so that pages never overlap. */
export async function peopleOf(app: Pick<App, 'db'>, shop: Shop, id: string, { show, cursor }: z.infer<typeof peopleQuery>): Promise<z.infer<typeof peopleReply>> {
  await findCampaign(app, shop.id, id)
  const states = statesBehind(show)
  const rows = await app.db
    .select({
      subscriberId: deliveries.subscriberId, email: deliveries.email, firstName: subscribers.firstName, lastName: subscribers.lastName,
      state: stateOf, reason: reasonOf, said: detailOf, outcome: deliveries.outcome, acceptedAt: acceptedAtOf, updatedAt: updatedAtOf,
    })
    .from(deliveries)
    .leftJoin(batches, itsBatch)
    .innerJoin(subscribers, and(eq(subscribers.shopId, deliveries.shopId), eq(subscribers.id, deliveries.subscriberId)))
    .where(and(eq(deliveries.shopId, shop.id), eq(deliveries.messageId, id), states ? inArray(deliveries.subscriberId, await nextInStates(app, shop.id, id, states, cursor ?? '')) : behind(app, shop.id, id, show), cursor ? gt(deliveries.subscriberId, cursor) : undefined))
    .orderBy(asc(deliveries.subscriberId))
    .limit(pageSize + 1)
  const page = rows.slice(0, pageSize)
  const times = await momentsOf(app, shop.id, id, show, page.map((row) => row.subscriberId))
  return {
    people: page.map((row) => ({
      subscriberId: row.subscriberId, email: row.email, name: [row.firstName, row.lastName].filter(Boolean).join(' '), state: row.state,
      words: acts[show] ?? rowWords(row), said: row.said, at: (times.get(row.subscriberId) ?? row.acceptedAt ?? row.updatedAt).toISOString(),
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
  return undefined
}

/** The states behind a number; null when it is no matter of states. */
const statesBehind = (show: Show): string[] | null => (show === 'waiting' ? ['pending', 'claimed', 'posting'] : show === 'all' || show === 'ordered' || kinds[show] ? null : [show])

/** The next people in one of these states, by id; one more than a page. Rows with a state of their own are found by their index, the others by their batches. */
async function nextInStates(app: Pick<App, 'db'>, shopId: string, id: string, states: string[], after: string): Promise<string[]> {
  const there = exists(app.db.select({ one: sql`1` }).from(subscribers).where(and(eq(subscribers.shopId, deliveries.shopId), eq(subscribers.id, deliveries.subscriberId))))
  const mine = and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, id), gt(deliveries.subscriberId, after), there)
  const page = (where: SQL | undefined): Promise<{ id: string }[]> => app.db.select({ id: deliveries.subscriberId }).from(deliveries).where(and(mine, where)).orderBy(asc(deliveries.subscriberId)).limit(pageSize + 1)
  const alone = await page(inArray(deliveries.state, states))
  const next = await app.db
    .select({ n: batches.n, firstId: batches.firstId, lastId: batches.lastId, people: batches.people })
    .from(batches)
    .where(and(eq(batches.shopId, shopId), eq(batches.messageId, id), inArray(batches.state, states), gt(batches.people, 0), gt(batches.lastId, after)))
    .orderBy(asc(batches.firstId))
    .limit(pageSize + 2)
  // Of the first, some may be on the pages before; the others count whole.
  let enough = 1
  for (let people = 0; enough < next.length && people <= pageSize; enough++) people += next[enough]!.people
  const together = next.length === 0 ? [] : await page(and(isNull(deliveries.state), or(...next.slice(0, enough).map((b) => and(eq(deliveries.batch, b.n), gte(deliveries.subscriberId, b.firstId), lte(deliveries.subscriberId, b.lastId))))))
  return [...alone, ...together].map((row) => row.id).toSorted().slice(0, pageSize + 1)
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
