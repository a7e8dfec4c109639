import { and, asc, eq, or, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { batches, deliveries, subscribers } from '../db/schema.ts'
import { isReason, reasonWords, type DeliveryReason, type DeliveryState } from '../deliveries/contract.ts'
import { itsBatch, reasonOf, stateOf } from '../deliveries/state.ts'
import type { Shop } from '../shops/shops.ts'
import { audienceOf, reasonSql } from './audience.ts'
import type { whyReply } from './contract.ts'
import { findCampaign } from './state.ts'
import { rowWords } from './words.ts'

/**
 * "Why not Ada?" Up to ten people whose address or name holds `q`, each in or out with one sentence: as it would be now, or as
 * it was decided once the campaign has begun.
 */
export async function why(app: Pick<App, 'db' | 'clock'>, shop: Shop, id: string, q: string): Promise<z.infer<typeof whyReply>> {
  const campaign = await findCampaign(app, shop.id, id)
  const text = q.trim().toLowerCase()
  if (text === '') return { people: [] }
  const audience = await audienceOf(app, shop.id, campaign.audience)
  const pattern = `%${text.replace(/[!%_]/g, (c) => `!${c}`)}%`
  const rows = await app.db
    .select({
      id: subscribers.id, email: subscribers.email, firstName: subscribers.firstName, lastName: subscribers.lastName,
      reason: reasonSql(shop.id, audience ? audience.where : sql`1 = 0`), state: sql<DeliveryState | null>`${stateOf}`, frozenReason: reasonOf, outcome: deliveries.outcome,
    })
    .from(subscribers)
    .leftJoin(deliveries, and(eq(deliveries.shopId, shop.id), eq(deliveries.messageId, id), eq(deliveries.subscriberId, subscribers.id)))
    .leftJoin(batches, itsBatch)
    .where(
      and(
        eq(subscribers.shopId, shop.id),
        or(sql`${subscribers.emailKey} like ${pattern} escape '!'`, sql`lower(coalesce(${subscribers.firstName}, '') || ' ' || coalesce(${subscribers.lastName}, '')) like ${pattern} escape '!'`),
      ),
    )
    .orderBy(asc(subscribers.emailKey))
    .limit(10)
  const begun = campaign.startedAt !== null
  return {
    people: rows.map((row) => {
      const name = [row.firstName, row.lastName].filter(Boolean).join(' ')
      const who = name || row.email
      const person = { subscriberId: row.id, email: row.email, name }
      if (begun) {
        if (row.state === null) return { ...person, gets: false, sentence: `${who} was not on your list when the campaign began.` }
        const gets = !['excluded', 'suppressed', 'refused'].includes(row.state)
        return { ...person, gets, sentence: `${who}: ${lower(rowWords({ state: row.state, reason: row.frozenReason, outcome: row.outcome }))}.` }
      }
      if (row.reason === null) return { ...person, gets: true, sentence: `${who} will get it.` }
      return { ...person, gets: false, sentence: `${who} will not get it: ${because(row.reason, audience?.segment ?? null)}.` }
    }),
  }
}

const because = (reason: DeliveryReason, segment: string | null): string =>
  reason === 'not_in_segment' ? (segment ? `is not in the segment “${segment}”` : 'the segment does not exist any more') : isReason(reason) ? lower(reasonWords[reason]) : 'is not in the audience'
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
