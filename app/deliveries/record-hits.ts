import { and, eq, gte, inArray, sql, type SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { App } from '../app.ts'
import { trackingAllowedSql } from '../consent/tracking.ts'
import { jsonRows } from '../db/json-rows.ts'
import { batches, deliveries, events, messages, shopSettings, subscriberAliases, subscribers } from '../db/schema.ts'
import { appendEvents, type NewEvent } from '../events/append.ts'
import { after, HOUR, MINUTE } from '../lib/clock.ts'
import type { Hit } from './hits.ts'
import { judge, type Verdict } from './judge.ts'
import { acceptedAtOf, itsBatch } from './state.ts'

const burst = 5_000 // milliseconds within which nobody follows three links

/**
 * Writes opens and clicks to the event log, in one transaction and a dozen statements a shop, however many they are. Only of people
 * who may be tracked at this moment: a withdrawal that was committed before is honoured, so the pictures of old mails fall silent with
 * it (reliability.md 2.2, L6). Verdicts are given with what is known by now, also from the hits of the same group.
 */
export async function recordHits(app: Pick<App, 'db' | 'clock'>, hits: Hit[]): Promise<void> {
  await app.db.transaction(async () => {
    for (const [shopId, theirs] of Map.groupBy(hits, (hit) => hit.shopId)) await recordForShop(app, shopId, theirs)
  })
}

/** A hit beside the person whom it belongs to now. */
interface Known {
  hit: Hit
  personId: string
}
/** A click that is in the log (`id`), or will be. */
interface Click {
  id: string | null
  linkNo: number | null
  at: number
  event: { verdict?: Verdict | null }
}

async function recordForShop(app: Pick<App, 'db' | 'clock'>, shopId: string, hits: Hit[]): Promise<void> {
  const known = await knownHits(app, shopId, hits)
  if (known.length === 0) return
  known.sort((a, b) => a.hit.at.getTime() - b.hit.at.getTime())
  const [acceptedAt, before] = [await acceptedTimes(app, shopId, known), await recentClicks(app, shopId, known)]
  const written: NewEvent[] = []
  const scans: Scan = { people: new Set(), events: new Set() }
  for (const { hit, personId } of known) {
    const about = `${hit.messageId}:${personId}`
    const clicks = before.get(about) ?? []
    const others = hit.linkNo === null ? [] : clicks.filter((click) => click.linkNo !== hit.linkNo && click.at >= hit.at.getTime() - burst)
    const otherLinks = new Set(others.map((click) => click.linkNo)).size
    const accepted = acceptedAt.get(about)
    const sinceAccepted = accepted ? hit.at.getTime() - accepted.getTime() : null
    const verdict = judge({ what: hit.linkNo === null ? 'open' : 'click', agent: hit.agent, purpose: hit.purpose, sinceAccepted, otherLinks })
    if (otherLinks >= 2) callMachines(others, personId, scans)
    const event = eventOf(hit, personId, verdict)
    written.push(event)
    if (hit.linkNo !== null) before.set(about, [...clicks, { id: null, linkNo: hit.linkNo, at: hit.at.getTime(), event }])
  }
  await appendEvents(app, shopId, written)
  await rollUp(app, shopId, written)
  await correct(app, shopId, scans)
}

function eventOf({ messageId, linkNo, at }: Hit, subscriberId: string, verdict: Verdict): NewEvent {
  const about = `${messageId}:${subscriberId}:${verdict}`
  // Told again within the hour (opens) or the minute (clicks) it is the same event: a request repeated for ever fills no table.
  return linkNo === null
    ? { kind: 'opened', subscriberId, messageId, verdict, linkNo, at, dedupeKey: `o:${about}:${Math.floor(at.getTime() / HOUR)}` }
    : { kind: 'clicked', subscriberId, messageId, verdict, linkNo, at, dedupeKey: `c:${about}:${linkNo}:${Math.floor(at.getTime() / MINUTE)}` }
}

/** Hits on campaigns, by people who are there and may be tracked. */
async function knownHits(app: Pick<App, 'db'>, shopId: string, hits: Hit[]): Promise<Known[]> {
  const [settings] = await app.db.select({ shopId: shopSettings.shopId, tracking: shopSettings.tracking }).from(shopSettings).where(eq(shopSettings.shopId, shopId))
  if (!settings || settings.tracking === 'off') return []
  const campaigns = new Set(
    (
      await app.db
        .select({ id: messages.id })
        .from(messages)
        .where(and(eq(messages.shopId, shopId), isOneOf(messages.id, hits.map((hit) => hit.messageId)), eq(messages.kind, 'campaign')))
    ).map((row) => row.id),
  )
  const linked = hits.filter((hit) => campaigns.has(hit.messageId))
  if (linked.length === 0) return []
  const ids = linked.map((hit) => hit.subscriberId)
  const merged = await app.db
    .select({ id: subscriberAliases.id, keptId: subscriberAliases.keptId })
    .from(subscriberAliases)
    .where(and(eq(subscriberAliases.shopId, shopId), isOneOf(subscriberAliases.id, ids)))
  const keptBy = new Map(merged.map((row) => [row.id, row.keptId]))
  const known = linked.map((hit) => ({ hit, personId: keptBy.get(hit.subscriberId) ?? hit.subscriberId }))
  const allowed = await app.db
    .select({ id: subscribers.id })
    .from(subscribers)
    .where(and(eq(subscribers.shopId, shopId), isOneOf(subscribers.id, known.map((one) => one.personId)), trackingAllowedSql(settings)))
  const may = new Set(allowed.map((row) => row.id))
  return known.filter((one) => may.has(one.personId))
}

/** When the provider took each mail, by "message:person". */
async function acceptedTimes(app: Pick<App, 'db'>, shopId: string, known: Known[]): Promise<Map<string, Date>> {
  const times = new Map<string, Date>()
  for (const [messageId, some] of Map.groupBy(known, (one) => one.hit.messageId)) {
    const rows = await app.db
      .select({ personId: deliveries.subscriberId, at: acceptedAtOf })
      .from(deliveries)
      .leftJoin(batches, itsBatch)
      .where(and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, messageId), isOneOf(deliveries.subscriberId, some.map((one) => one.personId))))
    for (const { personId, at } of rows) if (at) times.set(`${messageId}:${personId}`, at)
  }
  return times
}

/** Clicks of these people that may belong to a scan which goes on in this group, by "message:person". */
async function recentClicks(app: Pick<App, 'db'>, shopId: string, known: Known[]): Promise<Map<string, Click[]>> {
  const clicks = known.filter((one) => one.hit.linkNo !== null)
  const map = new Map<string, Click[]>()
  const first = clicks[0]
  if (!first) return map
  const rows = await app.db
    .select({ id: events.id, kind: events.kind, linkNo: events.linkNo, at: events.at, verdict: events.verdict, messageId: events.messageId, personId: events.subscriberId })
    .from(events)
    .where(and(eq(events.shopId, shopId), isOneOf(events.subscriberId, clicks.map((one) => one.personId)), gte(events.at, after(first.hit.at, -burst))))
  for (const { id, kind, linkNo, at, verdict, messageId, personId } of rows) {
    if (kind !== 'clicked') continue // asked for in the query, SQLite would read all clicks of the shop (events_day)
    const about = `${messageId}:${personId}`
    map.set(about, [...(map.get(about) ?? []), { id, linkNo, at: at.getTime(), event: { verdict } }])
  }
  return map
}

/** What was taken for a person turned out to be the beginning of a scan. */
interface Scan {
  people: Set<string>
  /** Events that are in the log already. */
  events: Set<string>
}

function callMachines(clicks: Click[], personId: string, scans: Scan): void {
  for (const { id, event } of clicks) {
    if (event.verdict !== 'human') continue
    event.verdict = 'machine'
    if (id === null) continue
    scans.events.add(id)
    scans.people.add(personId)
  }
}

/** The newest open and click of each person, as far as they are human. */
async function rollUp(app: Pick<App, 'db'>, shopId: string, written: NewEvent[]): Promise<void> {
  const newest = new Map<string, { open: Date | null; click: Date | null }>()
  for (const { kind, subscriberId, verdict, at } of written) {
    if (verdict !== 'human' || !subscriberId) continue
    const times = newest.get(subscriberId) ?? { open: null, click: null }
    newest.set(subscriberId, kind === 'opened' ? { ...times, open: at } : { ...times, click: at }) // they come in the order of time
  }
  if (newest.size === 0) return
  // The shop stands in each row: as a plain condition it would let SQLite begin with all of the shop's people.
  const rows = jsonRows([...newest].map(([id, { open, click }]) => [shopId, id, open, click]))
  const later = (column: typeof subscribers.lastOpenAt | typeof subscribers.lastClickAt, given: SQL): SQL =>
    sql`case when ${given} is not null and (${column} is null or ${column} < ${given}) then ${given} else ${column} end`
  await app.db
    .update(subscribers)
    .set({ lastOpenAt: later(subscribers.lastOpenAt, rows.time(2)), lastClickAt: later(subscribers.lastClickAt, rows.time(3)) })
    .from(rows.from)
    .where(sql`${subscribers.shopId} = ${rows.text(0)} and ${subscribers.id} = ${rows.text(1)}`)
}

async function correct(app: Pick<App, 'db'>, shopId: string, { people, events: ids }: Scan): Promise<void> {
  if (ids.size === 0) return
  await app.db.update(events).set({ verdict: 'machine' }).where(and(eq(events.shopId, shopId), inArray(events.id, [...ids])))
  await app.db
    .update(subscribers)
    .set({
      lastClickAt: sql`(select max(e.at) from events e where e.shop_id = ${shopId} and e.subscriber_id = subscribers.id and e.kind = 'clicked' and e.verdict = 'human')`,
    })
    .where(and(eq(subscribers.shopId, shopId), inArray(subscribers.id, [...people])))
}

/** Any number of ids as one parameter. */
function isOneOf(column: PgColumn, ids: string[]): SQL {
  const rows = jsonRows([...new Set(ids)].map((id) => [id]))
  return sql`${column} in (select ${rows.text(0)} from ${rows.from})`
}
