import { and, eq, exists, inArray, isNull, ne, or, sql } from 'drizzle-orm'
import type { Request, Response } from 'express'
import type { App } from '../app.ts'
import { recordConsent } from '../consent/record.ts'
import { unsubscribe } from '../consent/unsubscribe.ts'
import { askForWriteBack } from '../consent/write-back.ts'
import { insertAll } from '../db/insert-all.ts'
import { jsonRows, type JsonCell } from '../db/json-rows.ts'
import { lockRows } from '../db/open.ts'
import { batches, deliveries, messages, subscriberAliases, suppressions } from '../db/schema.ts'
import { appendEvents } from '../events/append.ts'
import type { EventKind } from '../events/contract.ts'
import { addressHash } from '../lib/crypto.ts'
import { notFound, unauthorised } from '../lib/errors.ts'
import type { Feedback } from '../mail/provider.ts'
import { onlyOnce } from './once.ts'
import { givenRows, sameRow, type GivenRows } from './run.ts'

/** POST /events/(the provider's name): verified, stored with all its consequences, then answered. A wrong signature gets 401 and changes nothing. */
export async function receiveFeedback(app: App, request: Request, response: Response): Promise<void> {
  if (!app.mail.feedback || (request.route as { path: string }).path !== `/events/${app.mail.name}`) throw notFound()
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? undefined : value]))
  const told = app.mail.feedback(headers, Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0), app.clock.now())
  if (!told) throw unauthorised('The signature does not fit.')
  await takeFeedback(app, told)
  response.status(200).json({})
}

/** A piece of news beside the row that it is about. */
interface Told extends Feedback {
  row: Row
}
interface Row {
  shopId: string
  messageId: string
  subscriberId: string
  /** Whom it is about: the one into whom the record was merged, where it was. */
  personId: string
  email: string
  kind: 'campaign' | 'confirmation' | 'test'
  /** The batch that the row follows, if the news does not tell for all of that: it is about another one, or its people are called one by one. */
  apart: number | null
  /** Does the row say for itself where it stands? */
  alone: boolean
}

/**
 * Takes in what the provider tells, in any order and any number of times, with the same end. Each piece proves that the mail
 * was taken, even before our own note of it: the row is found by its key, which was stored before the first byte left. What
 * names no row of ours is passed over. Hard bounces and complaints block the address; a complaint also withdraws consent.
 */
export async function takeFeedback(app: App, list: Feedback[]): Promise<void> {
  for (let at = 0; at < list.length; at += 500) await takeSome(app, list.slice(at, at + 500))
}

async function takeSome(app: App, list: Feedback[]): Promise<void> {
  await app.db.transaction(async () => {
    const news = await onlyOnce(app, list)
    await acceptBatches(app, news)
    const rows = await rowsOf(app, [...new Set(news.map((item) => item.key))])
    const told = news.flatMap((item): Told[] => {
      const row = rows.get(item.key)
      return row ? [{ ...item, row }] : []
    })
    if (told.length === 0) return
    await accept(app, told)
    await note(app, told)
    for (const shopId of new Set(told.map((item) => item.row.shopId))) await takeForShop(app, shopId, told.filter((item) => item.row.shopId === shopId))
  })
}

/**
 * The one place that asks without a shop: a key is ours, random, and tells the shop. The key of somebody in a batch is the batch's
 * and the person's id with a dot between (docs/sending.md); a row that left its batch later may carry such a key as its own.
 */
async function rowsOf(app: App, keys: string[]): Promise<Map<string, Row>> {
  const inBatches = keys.flatMap((key): JsonCell[][] => (isBatchKey(key) ? [[key, ...key.split('.')]] : []))
  const split = jsonRows(inBatches)
  const columns = { shopId: deliveries.shopId, messageId: deliveries.messageId, subscriberId: deliveries.subscriberId, keptId: subscriberAliases.keptId, email: deliveries.email, state: deliveries.state, batch: deliveries.batch, kind: messages.kind, way: messages.way }
  const itsMessage = and(eq(messages.shopId, deliveries.shopId), eq(messages.id, deliveries.messageId))
  const itsAlias = and(eq(subscriberAliases.shopId, deliveries.shopId), eq(subscriberAliases.id, deliveries.subscriberId))
  const together = inBatches.length === 0 ? [] : await app.db
    .select({ ...columns, key: split.text(0), of: batches.n, open: sql`case when ${batches.state} = 'accepted' then 0 else 1 end`.mapWith(Number) })
    .from(batches)
    .innerJoin(split.from, sql`${batches.requestId} = ${split.text(1)}`)
    .innerJoin(deliveries, and(eq(deliveries.shopId, batches.shopId), eq(deliveries.messageId, batches.messageId), sql`${deliveries.subscriberId} = ${split.text(2)}`))
    .innerJoin(messages, itsMessage)
    .leftJoin(subscriberAliases, itsAlias)
  const alone = await app.db
    .select({ ...columns, key: deliveries.requestId })
    .from(deliveries)
    .innerJoin(messages, itsMessage)
    .leftJoin(subscriberAliases, itsAlias)
    .where(inArray(deliveries.requestId, keys))
  return new Map(
    [...together, ...alone].map(({ key, keptId, state, batch, way, ...row }) => {
      const forAll = 'open' in row && 'of' in row && row.of === batch && (way === 'shared' || row.open === 0)
      return [key ?? '', { ...row, personId: keptId ?? row.subscriberId, alone: state !== null, apart: state === null && !forAll ? batch : null }]
    }),
  )
}

/**
 * Evidence for a whole call, in the shared way: the provider answers for all of it, so news of one person tells for everybody who follows the batch,
 * even if that person was forgotten since.
 */
async function acceptBatches(app: App, news: Feedback[]): Promise<void> {
  const first = new Map<string, Date>()
  for (const { key, at } of news) if (isBatchKey(key) && at < (first.get(key.slice(0, 26)) ?? FAR)) first.set(key.slice(0, 26), at)
  if (first.size === 0) return
  const calls = jsonRows([...first].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  await app.db
    .update(batches)
    .set({ state: 'accepted', reason: null, acceptedAt: sql`coalesce(${batches.acceptedAt}, ${calls.time(1)})`, leaseUntil: null, nextAt: null, updatedAt: app.clock.now() })
    .from(calls.from)
    .where(
      and(
        sql`${batches.requestId} = ${calls.text(0)}`,
        inArray(batches.state, ['pending', 'posting', 'uncertain', 'suppressed']),
        exists(app.db.select({ one: sql`1` }).from(messages).where(and(eq(messages.shopId, batches.shopId), eq(messages.id, batches.messageId), eq(messages.way, 'shared')))),
      ),
    )
}
/** A batch's key and a person's id. */
const isBatchKey = (key: string): boolean => /^\w{26}\.\w{26}$/.test(key)
const FAR = new Date(8.64e15)

/** Evidence: whatever we thought of a row that does not follow the batch which the news is about, the provider has the mail. */
async function accept(app: App, told: Told[]): Promise<void> {
  const now = app.clock.now()
  for (const item of new Map(told.flatMap((one) => (one.row.apart !== null ? [[one.key, one]] : []))).values()) await leaveBatch(app, item, now)
  const alone = new Map(told.flatMap((item) => (item.row.alone ? [[item.key, item]] : [])))
  if (alone.size === 0) return
  const rows = given(alone)
  await app.db
    .update(deliveries)
    .set({ state: 'accepted', reason: null, acceptedAt: sql`coalesce(${deliveries.acceptedAt}, ${rows.time(3)})`, leaseUntil: null, nextAt: null, updatedAt: now })
    .from(rows.from)
    .where(and(sameRow(rows), inArray(deliveries.state, ['pending', 'claimed', 'posting', 'uncertain', 'held', 'suppressed'])))
}

/** This one person has the mail and waits no longer with the others, whatever becomes of them: news of a call before the batch was divided, or of a call of their own. */
async function leaveBatch(app: App, { row, key, at }: Told, now: Date): Promise<void> {
  const batch = and(eq(batches.shopId, row.shopId), eq(batches.messageId, row.messageId), eq(batches.n, row.apart!))
  const [open] = await lockRows(app.db.select({ n: batches.n }).from(batches).where(and(batch, ne(batches.state, 'accepted'))))
  if (!open) return
  const left = await app.db
    .update(deliveries)
    .set({ state: 'accepted', acceptedAt: at, requestId: key, updatedAt: now })
    .where(and(eq(deliveries.shopId, row.shopId), eq(deliveries.messageId, row.messageId), eq(deliveries.subscriberId, row.subscriberId), eq(deliveries.batch, row.apart!), isNull(deliveries.state)))
    .returning({ id: deliveries.subscriberId })
  await app.db.update(batches).set({ people: sql`${batches.people} - ${left.length}` }).where(batch)
}

/** What became of the mail: a complaint counts more than a bounce, a bounce more than a delivery; of equals the earliest. */
async function note(app: App, told: Told[]): Promise<void> {
  const best = new Map<string, Told>()
  for (const item of told) {
    if (!outcomeOf(item)) continue
    const known = best.get(item.key)
    const step = known ? rank[outcomeOf(item)!] - rank[outcomeOf(known)!] : 1
    if (step > 0 || (step === 0 && item.at < known!.at)) best.set(item.key, item)
  }
  if (best.size === 0) return
  const rows = given(best)
  const known = sql`case ${deliveries.outcome} when 'complained' then 3 when 'bounced' then 2 when 'delivered' then 1 else 0 end`
  await app.db
    .update(deliveries)
    .set({ outcome: sql`${rows.text(4)}`, outcomeAt: sql`${rows.time(3)}`, updatedAt: app.clock.now() })
    .from(rows.from)
    .where(
      and(
        sameRow(rows),
        or(
          isNull(deliveries.outcome),
          sql`${known} < ${rows.int(5)}`,
          and(sql`${known} = ${rows.int(5)}`, sql`${deliveries.outcomeAt} > ${rows.time(3)}`),
        ),
      ),
    )
}

async function takeForShop(app: App, shopId: string, told: Told[]): Promise<void> {
  await appendEvents(
    app,
    shopId,
    told
      .filter((item) => logged.has(item.kind) && item.row.kind !== 'test')
      .map((item) => ({
        kind: item.kind as EventKind, subscriberId: item.row.personId, messageId: item.row.messageId, at: item.at, dedupeKey: `mail:${item.id}`,
        detail: item.detail ? { reason: item.detail } : null,
      })),
  )
  const now = app.clock.now()
  await insertAll(
    app.db,
    suppressions,
    told.flatMap((item) => {
      const reason = item.kind === 'complained' ? 'complained' : outcomeOf(item) === 'bounced' && isDead(item) ? 'bounced' : null
      return reason && item.row.email !== '' ? [{ shopId, addressHash: addressHash(app.settings.keys, shopId, item.row.email), reason: reason as 'bounced' | 'complained', detail: item.detail, createdAt: now }] : []
    }),
    { target: ['shopId', 'addressHash', 'reason'] },
  )
  for (const item of told)
    if (item.kind === 'unsubscribed' && item.row.kind !== 'test')
      await unsubscribe(app, shopId, item.row.personId, { method: 'one_click', source: 'Unsubscribe button of the mail service', messageId: item.row.messageId, at: item.at })
  const complaints = told.filter((item) => item.kind === 'complained' && item.row.kind !== 'test')
  if (complaints.length === 0) return
  await app.queue.add('campaigns.watch', { shopId }, { key: shopId })
  await recordConsent(
    app,
    shopId,
    complaints.map((item) => ({
      subscriberId: item.row.personId, purpose: 'email_marketing' as const, act: 'withdrawn' as const, basis: 'none' as const, method: 'complaint' as const,
      source: 'Marked a mail as spam', messageId: item.row.messageId, occurredAt: item.at,
    })),
  )
  for (const subscriberId of new Set(complaints.map((item) => item.row.personId))) await askForWriteBack(app, shopId, subscriberId)
}

const rank = { delivered: 1, bounced: 2, complained: 3 } as const
const outcomeOf = (item: Feedback): keyof typeof rank | null =>
  item.kind === 'delivered' || item.kind === 'complained' ? item.kind : item.kind === 'bounced' || item.kind === 'dropped' ? 'bounced' : null
/** A drop says what the provider already knew; only a dead address is a reason to block it. */
const isDead = (item: Feedback): boolean => item.kind === 'bounced' || /bounce|invalid/i.test(item.detail ?? '')
/** Opens and clicks are ours to record, under consent: a provider's are evidence and nothing else. */
const logged = new Set<Feedback['kind']>(['delivered', 'deferred', 'bounced', 'blocked', 'dropped', 'complained'])

const given = (items: Map<string, Told>): GivenRows =>
  givenRows([...items.values()].map((item) => ({ key: item.row, cells: [item.at, outcomeOf(item), rank[outcomeOf(item) ?? 'delivered']] })))
