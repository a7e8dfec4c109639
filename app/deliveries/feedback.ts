import { and, eq, inArray, or, isNull, sql } from 'drizzle-orm'
import type { Request, Response } from 'express'
import type { App } from '../app.ts'
import { recordConsent } from '../consent/record.ts'
import { askForWriteBack } from '../consent/write-back.ts'
import { insertAll } from '../db/insert-all.ts'
import { deliveries, messages, subscriberAliases, suppressions } from '../db/schema.ts'
import { appendEvents } from '../events/append.ts'
import type { EventKind } from '../events/contract.ts'
import { addressHash } from '../lib/crypto.ts'
import { notFound, unauthorised } from '../lib/errors.ts'
import type { Feedback } from '../mail/provider.ts'
import { givenRows, sameRow, type GivenRows } from './run.ts'

/** POST /events/sendgrid: verified, stored with all its consequences, then answered. A wrong signature gets 401 and changes nothing. */
export async function receiveFeedback(app: App, request: Request, response: Response): Promise<void> {
  if (app.mail.name !== 'sendgrid' || !app.mail.feedback) throw notFound()
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
    const rows = await rowsOf(app, [...new Set(list.map((item) => item.key))])
    const told = list.flatMap((item): Told[] => {
      const row = rows.get(item.key)
      return row ? [{ ...item, row }] : []
    })
    if (told.length === 0) return
    await accept(app, told)
    await note(app, told)
    for (const shopId of new Set(told.map((item) => item.row.shopId))) await takeForShop(app, shopId, told.filter((item) => item.row.shopId === shopId))
  })
}

/** The one place that asks without a shop: the key is ours, random, and tells the shop. */
async function rowsOf(app: App, keys: string[]): Promise<Map<string, Row>> {
  const found = await app.db
    .select({ key: deliveries.requestId, shopId: deliveries.shopId, messageId: deliveries.messageId, subscriberId: deliveries.subscriberId, keptId: subscriberAliases.keptId, email: deliveries.email, kind: messages.kind })
    .from(deliveries)
    .innerJoin(messages, and(eq(messages.shopId, deliveries.shopId), eq(messages.id, deliveries.messageId)))
    .leftJoin(subscriberAliases, and(eq(subscriberAliases.shopId, deliveries.shopId), eq(subscriberAliases.id, deliveries.subscriberId)))
    .where(inArray(deliveries.requestId, keys))
  return new Map(found.map(({ key, keptId, ...row }) => [key ?? '', { ...row, personId: keptId ?? row.subscriberId }]))
}

/** Evidence: whatever we thought of the row, the provider has it. */
async function accept(app: App, told: Told[]): Promise<void> {
  const rows = given(new Map(told.map((item) => [item.key, item])))
  await app.db
    .update(deliveries)
    .set({ state: 'accepted', reason: null, acceptedAt: sql`coalesce(${deliveries.acceptedAt}, ${rows.time(3)})`, leaseUntil: null, nextAt: null, updatedAt: app.clock.now() })
    .from(rows.from)
    .where(and(sameRow(rows), inArray(deliveries.state, ['pending', 'claimed', 'posting', 'uncertain', 'held', 'suppressed'])))
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
  const complaints = told.filter((item) => item.kind === 'complained' && item.row.kind !== 'test')
  if (complaints.length === 0) return
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
