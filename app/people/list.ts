import { setImmediate as breathe } from 'node:timers/promises'
import { and, desc, eq, inArray } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { standingSql } from '../consent/mailable.ts'
import { subscribers } from '../db/schema.ts'
import { isId } from '../lib/ids.ts'
import type { Shop } from '../shops/shops.ts'
import type { subscriberQuery, SubscriberList } from '../subscribers/contract.ts'
import { statusOf } from '../subscribers/status.ts'
import { whoFits } from './filter.ts'
import { findPage } from './page.ts'

const pageSize = 50
/** Milliseconds for which somebody is looked for before an empty page is answered that says where to go on. */
const patience = 500

/**
 * The people of a shop who fit, newest first, 50 a page. Pages are cut by the last id seen, so page 1,000 costs what page 1 costs; nothing is
 * counted. A page may be shorter, even empty, and say where to go on (page.ts).
 */
export async function listPeople(app: Pick<App, 'db' | 'clock'>, shop: Shop, { cursor, ...filter }: z.infer<typeof subscriberQuery>): Promise<SubscriberList> {
  const who = await whoFits(app, shop, filter)
  const end = performance.now() + patience
  let { ids, next } = await findPage(app, shop.id, who, cursor && isId(cursor) ? cursor : null, pageSize)
  while (ids.length === 0 && next !== null && performance.now() < end) {
    await breathe() // others are answered meanwhile
    ;({ ids, next } = await findPage(app, shop.id, who, next, pageSize))
  }
  const rows = ids.length === 0 ? [] : await app.db
    .select({
      id: subscribers.id, email: subscribers.email, firstName: subscribers.firstName, lastName: subscribers.lastName, reason: standingSql(shop.id, app.clock.now()),
      country: subscribers.country, ordersCount: subscribers.ordersCount, totalSpent: subscribers.totalSpent, createdAt: subscribers.createdAt,
    })
    .from(subscribers)
    .where(and(eq(subscribers.shopId, shop.id), inArray(subscribers.id, ids)))
    .orderBy(desc(subscribers.id))
  return {
    rows: rows.map(({ reason, firstName, lastName, createdAt, ...row }) => ({
      ...row, name: [firstName, lastName].filter(Boolean).join(' '), status: statusOf(reason), createdAt: createdAt.toISOString(),
    })),
    nextCursor: next,
    currency: shop.currency,
  }
}
