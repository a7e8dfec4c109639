import { and, eq, exists, gte, inArray, lte, ne, not, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { campaigns, deliveries, events, messages, shops } from '../db/schema.ts'
import { givenUpAfter } from '../jobs/retry.ts'
import { after, DAY, MINUTE } from '../lib/clock.ts'
import { newId } from '../lib/ids.ts'
import { settle } from './settle.ts'
import { wakeSending } from './wake.ts'

/** The states are written out, not given as parameters: only then does the index of unsettled rows fit. */
const inState = { claimed: sql`${deliveries.state} = 'claimed'`, posting: sql`${deliveries.state} = 'posting'`, uncertain: sql`${deliveries.state} = 'uncertain'` }

/** How long the provider's events may take to tell that a mail was taken, before it counts as not taken (reliability.md 4.2). */
const wait = 30 * MINUTE

/**
 * Sorts out what dead workers and lost answers left, in all shops: claims that ran out go back; posts whose worker died are
 * uncertain; what is uncertain is accepted when there is evidence, goes back after half an hour without any (providers that
 * tell by events), or is held for a person (providers that tell nothing). Then wakes what needs sending. Runs each minute.
 */
export async function recoverDeliveries(app: App): Promise<void> {
  const now = app.clock.now()
  const touched = new Map<string, { shopId: string; messageId: string }>()
  const change = async (from: keyof typeof inState, to: Partial<typeof deliveries.$inferInsert>, when: SQL | undefined): Promise<void> => {
    const rows = await app.db
      .update(deliveries)
      .set({ ...to, leaseUntil: null, updatedAt: now })
      .where(and(inState[from], when))
      .returning({ shopId: deliveries.shopId, messageId: deliveries.messageId })
    for (const row of rows) touched.set(row.messageId, row)
    if (rows.length > 0) app.log.info({ from, to: to.state, rows: rows.length }, 'deliveries recovered')
  }
  const evidence = exists(
    app.db
      .select({ one: sql`1` })
      .from(events)
      .where(
        and(
          eq(events.shopId, deliveries.shopId),
          eq(events.messageId, deliveries.messageId),
          eq(events.subscriberId, deliveries.subscriberId),
          inArray(events.kind, ['delivered', 'deferred', 'bounced', 'blocked', 'dropped', 'complained', 'opened', 'clicked', 'unsubscribed']),
        ),
      ),
  )
  await change('claimed', { state: 'pending', claimedBy: null }, lte(deliveries.leaseUntil, now))
  await change('posting', { state: 'uncertain' }, lte(deliveries.leaseUntil, now))
  await change('uncertain', { state: 'accepted', acceptedAt: now }, evidence)
  if (app.mail.evidence === 'events') await change('uncertain', { state: 'pending', claimedBy: null, nextAt: null }, and(lte(deliveries.updatedAt, after(now, -wait)), not(evidence)))
  else await change('uncertain', { state: 'held', reason: 'no_evidence' }, not(evidence))
  for (const { shopId, messageId } of touched.values()) await settle(app, shopId, messageId)
  // Every campaign that is being sent gets its turn, even if its job was lost.
  const sending = await app.db.select({ shopId: campaigns.shopId, id: campaigns.id }).from(campaigns).where(eq(campaigns.status, 'sending')).orderBy(campaigns.id)
  for (const { shopId, id } of sending) if (!touched.has(id)) await wakeSending(app, shopId, id)
}

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
