import { and, eq, exists, gt, gte, inArray, isNotNull, isNull, lte, ne, not, or, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { batches, campaigns, deliveries, events, messages, shops } from '../db/schema.ts'
import { givenUpAfter } from '../jobs/retry.ts'
import { after, DAY, MINUTE } from '../lib/clock.ts'
import { newId } from '../lib/ids.ts'
import { leaseOver } from './claim.ts'
import { dissolve } from './dissolve.ts'
import { settle } from './settle.ts'
import { wakeSending } from './wake.ts'

/** The states are written out, not given as parameters: only then do the indexes of what is unsettled fit. */
const rowsIn = { claimed: sql`${deliveries.state} = 'claimed'`, posting: sql`${deliveries.state} = 'posting'`, uncertain: sql`${deliveries.state} = 'uncertain'` }
const batchesIn = { posting: sql`${batches.state} = 'posting'`, uncertain: sql`${batches.state} = 'uncertain'` }

/** How long the provider's events may take to tell that a mail was taken, before it counts as not taken (reliability.md 4.2). */
export const evidenceWait = 30 * MINUTE

/** Further ahead than this is no difference between two clocks: a doubt from then was noted while this machine's was wrong, and its wait begins anew. */
const ahead = 5 * MINUTE

/**
 * Sorts out what dead workers and lost answers left, in all shops: claims that ran out go back; posts whose worker died are
 * uncertain; what is uncertain is accepted when there is evidence, goes back after half an hour without any (providers that
 * tell by events), or is held for a person (providers that tell nothing). Then wakes what needs sending. Runs each minute.
 */
export async function recoverDeliveries(app: App): Promise<void> {
  const now = app.clock.now()
  const touched = new Map<string, { shopId: string; messageId: string }>()
  const note = (from: string, to: string, found: { shopId: string; messageId: string }[]): void => {
    for (const row of found) touched.set(row.messageId, row)
    if (found.length > 0) app.log.info({ from, to, found: found.length }, 'deliveries recovered')
  }
  await recoverRows(app, now, note)
  await recoverBatches(app, now, note)
  for (const { shopId, messageId } of touched.values()) await settle(app, shopId, messageId)
  // Every campaign that is being sent gets its turn, even if its job was lost.
  const sending = await app.db.select({ shopId: campaigns.shopId, id: campaigns.id }).from(campaigns).where(eq(campaigns.status, 'sending')).orderBy(campaigns.id)
  for (const { shopId, id } of sending) if (!touched.has(id)) await wakeSending(app, shopId, id)
}

type Note = (from: string, to: string, found: { shopId: string; messageId: string }[]) => void

async function recoverRows(app: App, now: Date, note: Note): Promise<void> {
  const change = async (from: keyof typeof rowsIn, to: Partial<typeof deliveries.$inferInsert>, when: SQL | undefined): Promise<void> =>
    note(from, to.state!, await app.db.update(deliveries).set({ ...to, leaseUntil: null, updatedAt: now }).where(and(rowsIn[from], when)).returning({ shopId: deliveries.shopId, messageId: deliveries.messageId }))
  const evidence = eventsOf(app, deliveries)
  await change('uncertain', { state: 'uncertain' }, gt(deliveries.updatedAt, after(now, ahead)))
  await change('claimed', { state: 'pending', claimedBy: null }, leaseOver(deliveries.leaseUntil, now))
  await change('posting', { state: 'uncertain' }, leaseOver(deliveries.leaseUntil, now))
  await change('uncertain', { state: 'accepted', acceptedAt: now }, evidence)
  if (app.mail.evidence === 'events') await change('uncertain', { state: 'pending', claimedBy: null, nextAt: null }, and(lte(deliveries.updatedAt, after(now, -evidenceWait)), not(evidence)))
  else await change('uncertain', { state: 'held', reason: 'no_evidence' }, not(evidence))
}

/**
 * The same for batches. Where people were called one by one, each of them is a doubt of their own. In the shared way the provider answers for
 * a whole call, so what one of its people did tells for all of them. Most evidence is not found here: the provider's own events
 * settle a batch the moment they come in (feedback.ts).
 */
async function recoverBatches(app: App, now: Date, note: Note): Promise<void> {
  const change = async (from: keyof typeof batchesIn, to: Partial<typeof batches.$inferInsert>, when: SQL | undefined): Promise<void> =>
    note(`batch ${from}`, to.state!, await app.db.update(batches).set({ ...to, leaseUntil: null, updatedAt: now }).where(and(batchesIn[from], when)).returning({ shopId: batches.shopId, messageId: batches.messageId }))
  const itsPeople = and(
    eq(deliveries.shopId, batches.shopId), eq(deliveries.messageId, batches.messageId), gte(deliveries.subscriberId, batches.firstId), lte(deliveries.subscriberId, batches.lastId),
    eq(deliveries.batch, batches.n), isNull(deliveries.state),
  )
  const evidence = exists(app.db.select({ one: sql`1` }).from(deliveries).where(and(itsPeople, or(isNotNull(deliveries.outcome), eventsOf(app, deliveries)))))
  note('batch posting', 'uncertain', await dissolve(app, and(batchesIn.posting, leaseOver(batches.leaseUntil, now), calledOneByOne(app)), { state: 'uncertain' }))
  await change('uncertain', { state: 'uncertain' }, gt(batches.updatedAt, after(now, ahead)))
  await change('posting', { state: 'uncertain' }, leaseOver(batches.leaseUntil, now))
  await change('uncertain', { state: 'accepted', acceptedAt: now }, evidence)
  if (app.mail.evidence === 'events') await change('uncertain', { state: 'pending', claimedBy: null, nextAt: null }, and(lte(batches.updatedAt, after(now, -evidenceWait)), not(evidence)))
  // The provider was changed for one that tells nothing: each of these people is a question of their own.
  else note('batch uncertain', 'held', await dissolve(app, batchesIn.uncertain, { state: 'held', reason: 'no_evidence' }))
}

const calledOneByOne = (app: Pick<App, 'db'>): SQL =>
  exists(app.db.select({ one: sql`1` }).from(messages).where(and(eq(messages.shopId, batches.shopId), eq(messages.id, batches.messageId), eq(messages.way, 'individual'))))

const eventsOf = (app: Pick<App, 'db'>, row: typeof deliveries): SQL =>
  exists(
    app.db
      .select({ one: sql`1` })
      .from(events)
      .where(
        and(
          eq(events.shopId, row.shopId),
          eq(events.messageId, row.messageId),
          eq(events.subscriberId, row.subscriberId),
          inArray(events.kind, ['delivered', 'deferred', 'bounced', 'blocked', 'dropped', 'complained', 'opened', 'clicked', 'unsubscribed']),
        ),
      ),
  )

/**
 * Wakes single mails (confirmations, tests) of the last two days that nobody has touched for hours: their job gave up or was lost.
 * Each night; campaigns have their turn each minute.
 */
export async function recoverSingles(app: Pick<App, 'db' | 'clock' | 'queue'>): Promise<void> {
  const now = app.clock.now()
  const waiting = await app.db
    .selectDistinct({ shopId: messages.shopId, id: messages.id })
    .from(shops)
    .innerJoin(messages, and(eq(messages.shopId, shops.id), gte(messages.id, newId(after(now, -2 * DAY))), ne(messages.kind, 'campaign')))
    .innerJoin(deliveries, and(eq(deliveries.shopId, messages.shopId), eq(deliveries.messageId, messages.id), eq(deliveries.state, 'pending'), lte(deliveries.updatedAt, after(now, -givenUpAfter))))
    .orderBy(messages.shopId, messages.id)
  for (const { shopId, id } of waiting) await wakeSending(app, shopId, id)
}
