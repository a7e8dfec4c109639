import { and, eq, gte, inArray, isNotNull, isNull, max, min, or, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { jsonRows } from '../db/json-rows.ts'
import {
  batches, campaigns, consentEntries, deliveries, events, importChanges, imports, orders, products, rehearsalPeople, segments, shopSettings, subscriberAliases, subscribers, suppressionActs, suppressions,
} from '../db/schema.ts'
import type { DeliveryReason } from '../deliveries/contract.ts'
import { acceptedAtOf, itsBatch } from '../deliveries/state.ts'
import { after } from '../lib/clock.ts'
import { firstIdOf } from '../lib/ids.ts'
import type { Shop } from '../shops/shops.ts'
import { audienceOf, nobody, reasonSql } from './audience.ts'
import { ofManifest } from './manifest.ts'

/** What happened to one person since the manifest: when first, by kind. */
export interface Happened {
  /** Entries of the ledger about mail, oldest first. */
  consent?: { at: Date; state: string; merge: boolean }[]
  order?: Date
  mail?: Date
  blocked?: Map<string, Date>
  lifted?: Date
  restrictedAt?: Date | null
  changed?: Date
  joined?: Date
  merged?: Date
  /** Where the rules put them at the two instants, with what is known today: how they stand apart is the time that went by. */
  reasonThen?: DeliveryReason | null
  reasonLater?: DeliveryReason | null
}

/** What happened to everybody of the shop at once. */
export interface Everywhere {
  settings: Date | null
  attested: Date | null
  groups: Date | null
  segments: Date | null
  /** When an import was taken back. */
  undone: Date | null
  catalogue: Date | null
}

/**
 * A manifest shows what was committed when its statement began. What was dated just before and committed just after is not in it, and
 * explains a difference all the same.
 */
export const overlap = 10_000

export const since = (at: Date): Date => after(at, -overlap)

/** Changes that concern everybody, each with its newest time. */
export async function everywhere(app: Pick<App, 'db'>, shopId: string): Promise<Everywhere> {
  const [settings] = await app.db.select({ settings: shopSettings.updatedAt, attested: shopSettings.recordsAttestedAt, groups: shopSettings.rfmMeasuredAt }).from(shopSettings).where(eq(shopSettings.shopId, shopId))
  const [rules] = await app.db.select({ changed: max(segments.updatedAt), read: max(segments.membersReadAt) }).from(segments).where(eq(segments.shopId, shopId))
  const [taken] = await app.db.select({ at: max(imports.undoneAt) }).from(imports).where(eq(imports.shopId, shopId))
  const [catalogue] = await app.db.select({ at: max(products.platformUpdatedAt) }).from(products).where(eq(products.shopId, shopId))
  return {
    settings: settings?.settings ?? null, attested: settings?.attested ?? null, groups: settings?.groups ?? null,
    segments: [rules?.changed, rules?.read].flatMap((at) => at ?? []).toSorted((a, b) => b.getTime() - a.getTime())[0] ?? null,
    undone: taken?.at ?? null, catalogue: catalogue?.at ?? null,
  }
}

/**
 * What happened to these people (at most a thousand) since the manifest was written, in a fixed number of statements.
 * @param until up to when it could matter to this campaign: the two ends between which the rules are asked again
 */
export async function happenedTo(app: Pick<App, 'db' | 'clock'>, shop: Pick<Shop, 'id' | 'timezone'>, campaign: { id: string; audience: unknown }, manifest: { id: string; at: Date }, until: Date, ids: string[]): Promise<Map<string, Happened>> {
  const shopId = shop.id
  const from = since(manifest.at)
  const map = new Map<string, Happened>(ids.map((id) => [id, {}]))
  const note = (id: string | null, what: (one: Happened) => void): void => {
    const one = id === null ? undefined : map.get(id)
    if (one) what(one)
  }
  const given = jsonRows(ids.map((id) => [id]), 'these')
  const these = sql`(select ${given.text(0)} from ${given.from})`
  await people(app, shop, campaign.audience, manifest.at, until, from, these, map)
  const entries = await app.db
    .select({ id: consentEntries.subscriberId, at: consentEntries.recordedAt, state: consentEntries.state, method: consentEntries.method })
    .from(consentEntries)
    .where(and(eq(consentEntries.shopId, shopId), inArray(consentEntries.subscriberId, these), eq(consentEntries.purpose, 'email_marketing'), gte(consentEntries.recordedAt, from)))
    .orderBy(consentEntries.seq)
  for (const { id, at, state, method } of entries) note(id, (one) => (one.consent ??= []).push({ at, state, merge: method === 'merge' }))
  // By when it was told as well as by when it was: an order may be older than the news of it.
  const told = await app.db
    .select({ id: events.subscriberId, kind: events.kind, verdict: events.verdict, at: min(events.at) })
    .from(events)
    .where(and(eq(events.shopId, shopId), inArray(events.subscriberId, these), inArray(events.kind, ['ordered', 'opened', 'clicked']), or(gte(events.at, from), gte(events.id, firstIdOf(from)))))
    .groupBy(events.subscriberId, events.kind, events.verdict)
    .orderBy(events.subscriberId, events.kind, events.verdict)
  for (const { id, kind, verdict, at } of told) if (kind === 'ordered' || verdict === 'human') note(id, (one) => (one[kind === 'ordered' ? 'order' : 'mail'] ??= at && at >= from ? at : from))
  const sold = await app.db
    .select({ id: orders.subscriberId, at: min(orders.platformUpdatedAt) })
    .from(orders)
    .where(and(eq(orders.shopId, shopId), inArray(orders.subscriberId, these), gte(orders.platformUpdatedAt, from)))
    .groupBy(orders.subscriberId)
    .orderBy(orders.subscriberId)
  for (const { id, at } of sold) note(id, (one) => (one.order ??= at ?? from))
  const imported = await app.db
    .select({ id: importChanges.subscriberId, startedAt: imports.startedAt })
    .from(importChanges)
    .innerJoin(imports, and(eq(imports.shopId, importChanges.shopId), eq(imports.id, importChanges.importId)))
    .where(and(eq(importChanges.shopId, shopId), inArray(importChanges.subscriberId, these), gte(sql`coalesce(${imports.finishedAt}, ${imports.updatedAt})`, sql.param(from, imports.updatedAt))))
    .orderBy(importChanges.subscriberId, importChanges.importId)
  for (const { id, startedAt } of imported) note(id, (one) => (one.changed ??= startedAt && startedAt > from ? startedAt : from))
  const mailed = await app.db
    .select({ id: deliveries.subscriberId, at: acceptedAtOf })
    .from(deliveries)
    .leftJoin(batches, itsBatch)
    .where(and(eq(deliveries.shopId, shopId), inArray(deliveries.messageId, await others(app, shopId, campaign.id, from)), inArray(deliveries.subscriberId, these)))
    .orderBy(deliveries.subscriberId)
  for (const { id, at } of mailed) if (at && at >= from) note(id, (one) => (one.mail ??= at))
  // A record that was there when the manifest was written and is an alias now was merged since: an alias is nobody of the list.
  const aliases = await app.db.select().from(subscriberAliases).where(and(eq(subscriberAliases.shopId, shopId), or(inArray(subscriberAliases.id, these), inArray(subscriberAliases.keptId, these)))).orderBy(subscriberAliases.id)
  const known = new Set(await inManifest(app, shopId, manifest.id, aliases.map((alias) => alias.id)))
  for (const alias of aliases) if (known.has(alias.id) || alias.id >= firstIdOf(from)) for (const id of [alias.id, alias.keptId]) note(id, (one) => (one.merged = manifest.at))
  for (const id of ids) if (id >= firstIdOf(from)) note(id, (one) => (one.joined ??= from))
  return map
}

/** What stands with the people themselves, and the blocks of their addresses. */
async function people(app: Pick<App, 'db' | 'clock'>, shop: Pick<Shop, 'id' | 'timezone'>, audience: unknown, at: Date, until: Date, from: Date, these: SQL, map: Map<string, Happened>): Promise<void> {
  const shopId = shop.id
  const [then, later] = [await audienceOf(app, shop, audience, at), await audienceOf(app, shop, audience, until)]
  const rows = await app.db
    .select({
      id: subscribers.id, hash: subscribers.addressHash, createdAt: subscribers.createdAt, updatedAt: subscribers.updatedAt, restrictedAt: subscribers.restrictedAt,
      reasonThen: reasonSql(shopId, then ? then.where : nobody, at), reasonLater: reasonSql(shopId, later ? later.where : nobody, until),
    })
    .from(subscribers)
    .where(and(eq(subscribers.shopId, shopId), inArray(subscribers.id, these)))
    .orderBy(subscribers.id)
  const byHash = new Map<string, Happened[]>()
  for (const row of rows) {
    const one = map.get(row.id)
    if (!one) continue
    Object.assign(one, { restrictedAt: row.restrictedAt, reasonThen: row.reasonThen, reasonLater: row.reasonLater }, row.updatedAt >= from ? { changed: row.updatedAt } : {}, row.createdAt >= from ? { joined: row.createdAt } : {})
    byHash.set(row.hash, [...(byHash.get(row.hash) ?? []), one])
  }
  const hashes = jsonRows([...byHash.keys()].map((hash) => [hash]), 'hashes')
  const theirs = sql`(select ${hashes.text(0)} from ${hashes.from})`
  const blocks = await app.db.select().from(suppressions).where(and(eq(suppressions.shopId, shopId), inArray(suppressions.addressHash, theirs), gte(suppressions.createdAt, from))).orderBy(suppressions.createdAt)
  for (const { addressHash, reason, createdAt } of blocks) for (const one of byHash.get(addressHash) ?? []) (one.blocked ??= new Map()).set(reason, createdAt)
  const lifts = await app.db
    .select()
    .from(suppressionActs)
    .where(and(eq(suppressionActs.shopId, shopId), inArray(suppressionActs.addressHash, theirs), eq(suppressionActs.act, 'lifted'), gte(suppressionActs.at, from)))
    .orderBy(suppressionActs.at)
  for (const { addressHash, at: liftedAt } of lifts) for (const one of byHash.get(addressHash) ?? []) one.lifted ??= liftedAt
}

/** Other campaigns that may have gone out since. */
async function others(app: Pick<App, 'db'>, shopId: string, id: string, from: Date): Promise<string[]> {
  const rows = await app.db
    .select({ id: campaigns.id })
    .from(campaigns)
    .where(and(eq(campaigns.shopId, shopId), isNotNull(campaigns.startedAt), or(isNull(campaigns.finishedAt), gte(campaigns.finishedAt, from)), sql`${campaigns.id} <> ${id}`))
    .orderBy(campaigns.id)
  return rows.map((row) => row.id)
}

async function inManifest(app: Pick<App, 'db'>, shopId: string, rehearsalId: string, ids: string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const given = jsonRows(ids.map((id) => [id]), 'asked')
  const rows = await app.db
    .select({ id: rehearsalPeople.subscriberId })
    .from(rehearsalPeople)
    .where(and(ofManifest(shopId, rehearsalId), inArray(rehearsalPeople.subscriberId, sql`(select ${given.text(0)} from ${given.from})`)))
  return rows.map((row) => row.id)
}
