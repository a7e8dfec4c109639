import { setImmediate as breathe } from 'node:timers/promises'
import { and, desc, eq, getTableColumns, isNull, lt, lte, ne, or, sql, type SQL } from 'drizzle-orm'
import { z } from 'zod'
import type { App } from '../app.ts'
import { lockRows } from '../db/open.ts'
import { campaigns, rehearsalPeople, rehearsals, shopSettings, subscribers } from '../db/schema.ts'
import { deliveryReason } from '../deliveries/contract.ts'
import { after, DAY } from '../lib/clock.ts'
import { newId } from '../lib/ids.ts'
import { reasonSql } from './audience.ts'

export type Manifest = typeof rehearsals.$inferSelect

/** What is counted once, when a manifest is written. */
export const manifestCounts = z.object({
  reasons: z.array(z.object({ reason: deliveryReason, people: z.number() })),
  /** Of those who get it, how many have no first name, no last name; null where the mail does not use it, so that nobody counted. */
  nameless: z.object({ first: z.number().nullable(), last: z.number().nullable() }).optional(),
})
export type ManifestCounts = z.infer<typeof manifestCounts>

/** The newest rehearsal of a campaign, or null. Once the campaign has begun it is the one that belongs to the send. */
export async function newestManifest(app: Pick<App, 'db'>, shopId: string, campaignId: string): Promise<Manifest | null> {
  const [manifest] = await app.db
    .select()
    .from(rehearsals)
    .where(and(eq(rehearsals.shopId, shopId), eq(rehearsals.campaignId, campaignId)))
    .orderBy(desc(rehearsals.at), desc(rehearsals.id))
    .limit(1)
  return manifest ?? null
}

/**
 * Writes down for everybody of the shop whether they would get this campaign now, and the first rule that decided, in one statement.
 * The manifests before it go soon after. Null when the campaign has begun or was changed meanwhile: then nothing is written. `where` as in
 * `audienceOf`.
 */
export async function writeManifest(app: Pick<App, 'db' | 'clock' | 'queue'>, shopId: string, campaign: { id: string; version: number }, where: SQL | null): Promise<Manifest | null> {
  return app.db.transaction(async () => {
    // The campaign's row first, as a start does: what is frozen there is frozen after this, or this is not written.
    const same = and(eq(campaigns.shopId, shopId), eq(campaigns.id, campaign.id), eq(campaigns.version, campaign.version), isNull(campaigns.startedAt))
    if ((await lockRows(app.db.select({ id: campaigns.id }).from(campaigns).where(same))).length === 0) return null
    // Whoever forgets a person waits for this, and then finds their row (subscribers/manifests.ts).
    await lockRows(app.db.select({ shopId: shopSettings.shopId }).from(shopSettings).where(eq(shopSettings.shopId, shopId)))
    const now = app.clock.now()
    const id = newId(now)
    await app.db.insert(rehearsals).values({ shopId, campaignId: campaign.id, id, at: now, version: campaign.version, everybody: 0, included: 0 })
    await writePeople(app, shopId, id, where, now)
    const counts = await app.db
      .select({ reason: rehearsalPeople.reason, people: sql`count(*)`.mapWith(Number) })
      .from(rehearsalPeople)
      .where(ofManifest(shopId, id))
      .groupBy(rehearsalPeople.reason)
      .orderBy(rehearsalPeople.reason)
    const included = counts.find((one) => one.reason === null)?.people ?? 0
    const reasons = counts.flatMap(({ reason, people }) => (reason === null ? [] : [{ reason: deliveryReason.parse(reason), people }]))
    const [manifest] = await app.db
      .update(rehearsals)
      .set({ everybody: counts.reduce((sum, one) => sum + one.people, 0), included, counts: { reasons: reasons.toSorted((a, b) => b.people - a.people) } satisfies ManifestCounts })
      .where(and(eq(rehearsals.shopId, shopId), eq(rehearsals.id, id)))
      .returning()
    await app.queue.add('campaigns.drop-rehearsals', { shopId, campaignId: campaign.id }, { key: campaign.id })
    return manifest ?? null
  })
}

/** The manifest that a send is held against: the newest of this draft, or, when nobody has rehearsed it, one that is written now. */
export async function ensureManifest(app: Pick<App, 'db' | 'clock' | 'queue'>, shopId: string, campaign: { id: string; version: number }, where: SQL | null): Promise<void> {
  const newest = await newestManifest(app, shopId, campaign.id)
  if (newest?.version !== campaign.version) await writeManifest(app, shopId, campaign, where)
}

/** Adds how many of those who get it lack the names that the mail uses. */
export async function countNameless(app: Pick<App, 'db'>, manifest: Manifest, uses: { first: boolean; last: boolean }): Promise<ManifestCounts> {
  const counts = manifestCounts.parse(manifest.counts)
  // From the people, of whom few have no name, to their rows: the other way round reads every person by the key.
  const isIn = sql`exists (select 1 from rehearsal_people p where p.shop_id = ${manifest.shopId} and p.rehearsal_id = ${manifest.id} and p.subscriber_id = ${subscribers.id} and p.reason is null)`
  const without = (column: typeof subscribers.firstName | typeof subscribers.lastName): Promise<number> => app.db.$count(subscribers, and(eq(subscribers.shopId, manifest.shopId), sql`trim(coalesce(${column}, '')) = ''`, isIn))
  const all: ManifestCounts = { ...counts, nameless: { first: uses.first ? await without(subscribers.firstName) : null, last: uses.last ? await without(subscribers.lastName) : null } }
  await app.db.update(rehearsals).set({ counts: all }).where(and(eq(rehearsals.shopId, manifest.shopId), eq(rehearsals.id, manifest.id)))
  return all
}

/** Rows of a manifest, as a condition. */
export const ofManifest = (shopId: string, id: string): SQL | undefined => and(eq(rehearsalPeople.shopId, shopId), eq(rehearsalPeople.rehearsalId, id))
/** The person of a row; nobody when they were forgotten or merged since. */
export const itsPerson: SQL | undefined = and(eq(subscribers.shopId, rehearsalPeople.shopId), eq(subscribers.id, rehearsalPeople.subscriberId))

/** Takes away all manifests of a campaign but the newest, a slice at a time, so that others are answered meanwhile. */
export async function dropOlder(app: Pick<App, 'db'>, { shopId, campaignId }: { shopId: string; campaignId: string }): Promise<void> {
  const newest = await newestManifest(app, shopId, campaignId)
  if (!newest) return
  const older = await app.db
    .select({ id: rehearsals.id })
    .from(rehearsals)
    .where(and(eq(rehearsals.shopId, shopId), eq(rehearsals.campaignId, campaignId), ne(rehearsals.id, newest.id), lte(rehearsals.at, newest.at)))
    .orderBy(rehearsals.id)
  for (const { id } of older) {
    await dropPeople(app, shopId, id)
    await app.db.delete(rehearsals).where(and(eq(rehearsals.shopId, shopId), eq(rehearsals.id, id)))
  }
}

const slice = 20_000
async function dropPeople(app: Pick<App, 'db'>, shopId: string, id: string): Promise<void> {
  for (;;) {
    const [last] = await app.db.select({ id: rehearsalPeople.subscriberId }).from(rehearsalPeople).where(ofManifest(shopId, id)).orderBy(rehearsalPeople.subscriberId).limit(1).offset(slice)
    await app.db.delete(rehearsalPeople).where(and(ofManifest(shopId, id), last ? lte(rehearsalPeople.subscriberId, last.id) : undefined))
    if (!last) return
    await breathe()
  }
}

/** How long people stay in a manifest after its campaign is over, and how long the manifest of a draft is kept. */
export const manifestLife = 30 * DAY

/** Takes the people out of manifests that nobody asks any more, in all shops: the numbers of a send stay, of a draft nothing does. Each night. */
export async function forgetManifests(app: Pick<App, 'db' | 'clock'>): Promise<void> {
  const before = after(app.clock.now(), -manifestLife)
  const drafts = or(eq(campaigns.status, 'draft'), eq(campaigns.status, 'failed'), eq(campaigns.status, 'cancelled'))
  const old = await app.db
    .select({ shopId: rehearsals.shopId, id: rehearsals.id, startedAt: campaigns.startedAt })
    .from(rehearsals)
    .innerJoin(campaigns, and(eq(campaigns.shopId, rehearsals.shopId), eq(campaigns.id, rehearsals.campaignId)))
    .where(
      and(
        lt(rehearsals.at, before),
        or(
          and(lt(campaigns.finishedAt, before), sql`exists (select 1 from rehearsal_people p where p.shop_id = ${rehearsals.shopId} and p.rehearsal_id = ${rehearsals.id})`),
          and(isNull(campaigns.startedAt), drafts),
        ),
      ),
    )
    .orderBy(rehearsals.shopId, rehearsals.id)
  for (const { shopId, id, startedAt } of old) {
    await dropPeople(app, shopId, id)
    if (startedAt === null) await app.db.delete(rehearsals).where(and(eq(rehearsals.shopId, shopId), eq(rehearsals.id, id)))
  }
}

async function writePeople(app: Pick<App, 'db'>, shopId: string, id: string, where: SQL | null, now: Date): Promise<void> {
  const given: Record<string, SQL> = { shopId: sql`${shopId}`, rehearsalId: sql`${id}`, subscriberId: sql`${subscribers.id}`, reason: reasonSql(shopId, where, now) }
  const columns = Object.entries(getTableColumns(rehearsalPeople)).map(([key, { name }]) => [key, (given[key] ?? sql`null`).as(name)] as const)
  // In the order of the key, so that the table grows at its end.
  await app.db.insert(rehearsalPeople).select(app.db.select(Object.fromEntries(columns) as never).from(subscribers).where(eq(subscribers.shopId, shopId)).orderBy(subscribers.id) as never)
}
