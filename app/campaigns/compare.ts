import { and, eq, gt, isNotNull, isNull, or, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { lockRows } from '../db/open.ts'
import { tablesHaveGrown } from '../db/statistics.ts'
import { batches, deliveries, rehearsalPeople, rehearsals } from '../db/schema.ts'
import { acceptedAtOf, itsBatch, reasonOf, stateOf, updatedAtOf } from '../deliveries/state.ts'
import { progressOf } from '../deliveries/progress.ts'
import { after } from '../lib/clock.ts'
import { getShop, type Shop } from '../shops/shops.ts'
import { difference as differenceOf, type Comparison } from './contract.ts'
import { everywhere, happenedTo, overlap, since } from './evidence.ts'
import { explainGained, explainLost, type Explained } from './explain.ts'
import { newestManifest, ofManifest, type Manifest } from './manifest.ts'
import { findCampaign, type Campaign } from './state.ts'

/** So many people are looked into at a time. */
const page = 1_000

/**
 * Lays the manifest of a campaign beside its deliveries. Whoever got it and was not to, or did not and was, is explained by something
 * that happened after the manifest, or stands there as `unexplained`: a fault of ours. Doing it again gives what is known by then.
 * Null when the campaign was never rehearsed or has not begun.
 */
export async function compareCampaign(app: Pick<App, 'db' | 'clock'>, shopId: string, campaignId: string): Promise<Comparison | null> {
  const campaign = await findCampaign(app, shopId, campaignId).catch(() => null) // deleted with its shop
  const shop = await getShop(app, shopId)
  if (!shop || !campaign?.startedAt) return null
  return app.db.transaction(async () => {
    const manifest = await newestManifest(app, shopId, campaignId)
    if (!manifest) return null
    const mine = and(eq(rehearsals.shopId, shopId), eq(rehearsals.id, manifest.id))
    await lockRows(app.db.select({ id: rehearsals.id }).from(rehearsals).where(mine))
    await tablesHaveGrown(app.db, [rehearsalPeople, deliveries, batches]) // else PostgreSQL may read the whole of one for each row of the other
    await forgetLast(app, manifest)
    await markEnded(app, manifest)
    await explainAll(app, shop, campaign, manifest)
    const found = await countUp(app, manifest)
    await app.db.update(rehearsals).set({ comparison: found, comparedAt: app.clock.now() }).where(mine)
    return found
  })
}

async function forgetLast(app: Pick<App, 'db'>, { shopId, id }: Manifest): Promise<void> {
  await app.db.update(rehearsalPeople).set({ difference: null, differenceAt: null }).where(and(ofManifest(shopId, id), isNotNull(rehearsalPeople.difference)))
  await app.db.delete(rehearsalPeople).where(and(ofManifest(shopId, id), eq(rehearsalPeople.reason, 'not_there')))
}

/** What the send ledger itself tells, for any number of people in one statement: cancelled, refused, not over yet. */
async function markEnded(app: Pick<App, 'db'>, { shopId, id, campaignId }: Manifest): Promise<void> {
  const why = sql`case
    when ${stateOf} = 'suppressed' and ${reasonOf} = 'cancelled' then 'cancelled'
    when ${stateOf} = 'suppressed' and ${reasonOf} = 'shop_uninstalled' then 'uninstalled'
    when ${stateOf} = 'refused' and ${reasonOf} = 'bad_address' then 'bad_address'
    when ${stateOf} = 'refused' and ${reasonOf} = 'no_evidence' then 'no_evidence'
    when ${stateOf} = 'refused' then 'refused'
    when ${stateOf} in ('pending', 'claimed', 'posting') then 'waiting'
    when ${stateOf} in ('uncertain', 'held') then ${stateOf} end`
  const ended = app.db
    .select({ subscriberId: deliveries.subscriberId, why: why.as('why'), at: updatedAtOf.as('ended_at') })
    .from(deliveries)
    .leftJoin(batches, itsBatch)
    .where(and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, campaignId), sql`${why} is not null`))
    .as('ended')
  await app.db
    .update(rehearsalPeople)
    .set({ difference: sql`${ended.why}`, differenceAt: sql`${ended.at}` })
    .from(ended)
    .where(and(ofManifest(shopId, id), eq(rehearsalPeople.subscriberId, ended.subscriberId), isNull(rehearsalPeople.reason)))
}

interface Differing {
  id: string
  /** In the manifest; undefined when they are not in it. */
  planned: string | null | undefined
  state: string | null
  reason: string | null
  until: Date | null
}

async function explainAll(app: Pick<App, 'db' | 'clock'>, shop: Shop, campaign: Campaign, manifest: Manifest): Promise<void> {
  const all = await everywhere(app, manifest.shopId)
  const over = app.clock.now()
  for (const next of [lost, gained]) {
    let cursor = ''
    for (;;) {
      const rows = await next(app, manifest, cursor)
      if (rows.length === 0) break
      cursor = rows.at(-1)!.id
      const happened = await happenedTo(app, shop, campaign, manifest, campaign.startedAt ?? over, rows.map((row) => row.id))
      const found = rows.map((row) => {
        const question = { from: since(manifest.at), until: row.until ? after(row.until, overlap) : over, person: happened.get(row.id) ?? {}, all }
        const { difference, at }: Explained = next === lost ? explainLost({ ...question, reason: row.reason }) : explainGained({ ...question, reason: row.planned ?? null })
        return { shopId: manifest.shopId, rehearsalId: manifest.id, subscriberId: row.id, reason: row.planned === undefined ? 'not_there' : row.planned, difference, differenceAt: at }
      })
      await insertAll(app.db, rehearsalPeople, found, { target: ['shopId', 'rehearsalId', 'subscriberId'], update: ['difference', 'differenceAt'] })
    }
  }
}

/** In the manifest, and without a mail; the next of them by id. A row that was excluded was decided when the audience was frozen. */
async function lost(app: Pick<App, 'db'>, { shopId, id, campaignId }: Manifest, cursor: string): Promise<Differing[]> {
  const rows = await app.db
    .select({ id: rehearsalPeople.subscriberId, state: sql<string | null>`${stateOf}`, reason: reasonOf, frozenAt: deliveries.createdAt, updatedAt: updatedAtOf })
    .from(rehearsalPeople)
    .leftJoin(deliveries, and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, campaignId), eq(deliveries.subscriberId, rehearsalPeople.subscriberId)))
    .leftJoin(batches, itsBatch)
    .where(and(ofManifest(shopId, id), gt(rehearsalPeople.subscriberId, cursor), isNull(rehearsalPeople.reason), isNull(rehearsalPeople.difference), sql`coalesce(${stateOf}, '') <> 'accepted'`))
    .orderBy(rehearsalPeople.subscriberId)
    .limit(page)
  return rows.map((row) => ({ id: row.id, planned: null, state: row.state, reason: row.state === null ? null : row.reason, until: row.state === 'excluded' ? row.frozenAt : row.state === null ? null : row.updatedAt }))
}

/** With a mail, and not in the manifest, or out in it; the next of them by id. */
async function gained(app: Pick<App, 'db'>, { shopId, id, campaignId }: Manifest, cursor: string): Promise<Differing[]> {
  const rows = await app.db
    .select({ id: deliveries.subscriberId, there: rehearsalPeople.subscriberId, planned: rehearsalPeople.reason, acceptedAt: acceptedAtOf })
    .from(deliveries)
    .leftJoin(batches, itsBatch)
    .leftJoin(rehearsalPeople, and(ofManifest(shopId, id), eq(rehearsalPeople.subscriberId, deliveries.subscriberId)))
    .where(and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, campaignId), gt(deliveries.subscriberId, cursor), sql`${stateOf} = 'accepted'`, or(isNull(rehearsalPeople.subscriberId), isNotNull(rehearsalPeople.reason))))
    .orderBy(deliveries.subscriberId)
    .limit(page)
  return rows.map((row) => ({ id: row.id, planned: row.there === null ? undefined : row.planned, state: 'accepted', reason: null, until: row.acceptedAt }))
}

async function countUp(app: Pick<App, 'db'>, manifest: Manifest): Promise<Comparison> {
  const got: SQL<number> = sql`case when ${rehearsalPeople.reason} is null then 0 else 1 end`.mapWith(Number)
  const rows = await app.db
    .select({ difference: rehearsalPeople.difference, got, people: sql`count(*)`.mapWith(Number) })
    .from(rehearsalPeople)
    .where(and(ofManifest(manifest.shopId, manifest.id), isNotNull(rehearsalPeople.difference)))
    .groupBy(rehearsalPeople.difference, got)
    .orderBy(rehearsalPeople.difference, got)
  const differences = rows.map((row) => ({ difference: differenceOf.parse(row.difference), got: row.got === 1, people: row.people }))
  const forgotten = manifest.forgottenIncluded ?? 0
  if (forgotten > 0) {
    const other = differences.find((one) => one.difference === 'forgotten' && !one.got)
    if (other) other.people += forgotten
    else differences.push({ difference: 'forgotten', got: false, people: forgotten })
  }
  const accepted = (await progressOf(app, manifest.shopId, [manifest.campaignId])).get(manifest.campaignId)?.accepted ?? 0
  // The two sides must add up: what does not was lost somewhere, and nobody can say who.
  const expected = differences.reduce((sum, one) => sum + (one.got ? one.people : -one.people), manifest.included)
  const named = differences.filter((one) => one.difference === 'unexplained').reduce((sum, one) => sum + one.people, 0)
  return { planned: manifest.included, got: accepted, differences: differences.toSorted((a, b) => b.people - a.people), unexplained: named + Math.abs(expected - accepted) }
}
