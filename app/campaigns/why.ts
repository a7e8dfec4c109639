import { and, asc, eq, or, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { batches, deliveries, rehearsalPeople, subscribers } from '../db/schema.ts'
import { isReason, type DeliveryReason, type DeliveryState } from '../deliveries/contract.ts'
import { itsBatch, reasonOf, stateOf } from '../deliveries/state.ts'
import { explainPeople } from '../segments/explain.ts'
import type { Shop } from '../shops/shops.ts'
import { audienceOf, nobody, reasonSql, type Audience } from './audience.ts'
import type { whyReply } from './contract.ts'
import { itsPerson, newestManifest, ofManifest } from './manifest.ts'
import { factsOf, inWords, type Facts } from './reasons.ts'
import { findCampaign } from './state.ts'
import { rowWords } from './words.ts'

/**
 * "Why not Ada?" Up to ten people whose address or name holds `q`, each in or out with one sentence: as it would be at this moment
 * (and whether that is otherwise than rehearsed), or as it was decided once the campaign has begun.
 */
export async function why(app: Pick<App, 'db' | 'clock'>, shop: Shop, id: string, q: string): Promise<z.infer<typeof whyReply>> {
  const campaign = await findCampaign(app, shop.id, id)
  const text = q.trim().toLowerCase()
  if (text === '') return { people: [] }
  const begun = campaign.startedAt !== null
  const audience = begun ? null : await audienceOf(app, shop, campaign.audience)
  const manifest = begun ? null : await newestManifest(app, shop.id, id)
  const pattern = `%${text.replace(/[!%_]/g, (c) => `!${c}`)}%`
  const rows = await app.db
    .select({
      id: subscribers.id, email: subscribers.email, firstName: subscribers.firstName, lastName: subscribers.lastName,
      reason: begun ? sql<DeliveryReason | null>`null` : reasonSql(shop.id, audience ? audience.where : nobody, app.clock.now()), rehearsed: rehearsalPeople.reason, inManifest: rehearsalPeople.subscriberId,
      state: sql<DeliveryState | null>`${stateOf}`, frozenReason: reasonOf, outcome: deliveries.outcome,
    })
    .from(subscribers)
    .leftJoin(deliveries, and(eq(deliveries.shopId, shop.id), eq(deliveries.messageId, id), eq(deliveries.subscriberId, subscribers.id)))
    .leftJoin(batches, itsBatch)
    .leftJoin(rehearsalPeople, and(ofManifest(shop.id, manifest?.id ?? ''), itsPerson))
    .where(
      and(
        eq(subscribers.shopId, shop.id),
        or(sql`${subscribers.emailKey} like ${pattern} escape '!'`, sql`lower(coalesce(${subscribers.firstName}, '') || ' ' || coalesce(${subscribers.lastName}, '')) like ${pattern} escape '!'`),
      ),
    )
    .orderBy(asc(subscribers.emailKey))
    .limit(10)
  const facts = begun ? new Map<string, Facts>() : await factsOf(app, shop, rows.filter((row) => row.reason !== null).map((row) => row.id))
  const outside = begun ? new Map<string, string>() : await whyOutside(app, shop, audience, rows.filter((row) => row.reason === 'not_in_segment').map((row) => row.id))
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
      const changed = manifest && (row.inManifest !== null && row.rehearsed === null) !== (row.reason === null) ? ' This has changed since the rehearsal.' : ''
      if (row.reason === null) return { ...person, gets: true, sentence: `${who} will get it.${changed}` }
      return { ...person, gets: false, sentence: `${who} will not get it: ${because(row.reason, audience, outside.get(row.id), facts.get(row.id))}.${changed}` }
    }),
  }
}

/** Of people who are not in the segment: what keeps them out ("ordered 3 days ago"). */
async function whyOutside(app: Pick<App, 'db' | 'clock'>, shop: Shop, audience: Audience | null, ids: string[]): Promise<Map<string, string>> {
  if (!audience?.rules || ids.length === 0) return new Map()
  const explained = await explainPeople(app, shop, audience.rules, ids)
  return new Map(explained.filter((one) => !one.in).map((one) => [one.subscriberId, one.sentence.split(' is out: ').at(-1)!]))
}

function because(reason: DeliveryReason, audience: Audience | null, outside: string | undefined, facts: Facts | undefined): string {
  if (reason !== 'not_in_segment') return isReason(reason) ? lower(inWords(reason, facts)) : 'is not in the audience'
  if (!audience) return 'the segment does not exist any more'
  const segment = `not in the segment “${audience.name}”`
  return outside ? `${outside}, so ${segment}` : `is ${segment}`
}
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
