import { and, eq, inArray, isNotNull, isNull, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { jsonRows } from '../db/json-rows.ts'
import { lockRows } from '../db/open.ts'
import { batches, campaigns, deliveries, shopSettings } from '../db/schema.ts'

/**
 * The rows of these people in the send ledger, as a condition. Of those that belong to a batch there is no index by person: they are
 * found by the shop's campaigns and the person, one look for each campaign.
 */
export async function ledgerOf(app: Pick<App, 'db'>, shopId: string, subscriberIds: string[]): Promise<SQL | undefined> {
  const person = and(eq(deliveries.shopId, shopId), inArray(deliveries.subscriberId, subscriberIds))
  const singles = await app.db.select({ id: deliveries.messageId }).from(deliveries).where(and(person, isNull(deliveries.batch)))
  const all = await app.db.select({ id: campaigns.id }).from(campaigns).where(eq(campaigns.shopId, shopId))
  const messageIds = [...new Set([...singles, ...all].map((one) => one.id))].toSorted()
  const given = jsonRows(messageIds.map((id) => [id]), 'messages_of')
  return and(person, inArray(deliveries.messageId, sql`(select ${given.text(0)} from ${given.from})`))
}

/**
 * Whoever forgets or merges a person calls this first in the transaction: it waits for an audience that is just being frozen, whose
 * rows are then found, and keeps another from beginning until the end (deliveries/freeze.ts locks the same row).
 */
export async function holdFreezes(app: Pick<App, 'db'>, shopId: string): Promise<void> {
  await lockRows(app.db.select({ shopId: shopSettings.shopId }).from(shopSettings).where(eq(shopSettings.shopId, shopId)))
}

export interface Following {
  messageId: string
  subscriberId: string
  n: number
  /** The batch's state at this moment; it does not change before the end of the transaction. */
  state: string
}

/** The rows of these people that follow a batch, with the batches locked: before anything is done to the rows. */
export async function lockFollowed(app: Pick<App, 'db'>, shopId: string, subscriberIds: string[]): Promise<Following[]> {
  for (;;) {
    const rows = await app.db
      .select({ messageId: deliveries.messageId, subscriberId: deliveries.subscriberId, n: deliveries.batch })
      .from(deliveries)
      .where(and(await ledgerOf(app, shopId, subscriberIds), isNotNull(deliveries.batch), isNull(deliveries.state)))
      .orderBy(deliveries.messageId, deliveries.batch, deliveries.subscriberId)
    const found: Following[] = []
    for (const { n, ...row } of rows) {
      const [batch] = await lockRows(app.db.select({ n: batches.n, state: batches.state }).from(batches).where(and(eq(batches.shopId, shopId), eq(batches.messageId, row.messageId), eq(batches.n, n!))))
      if (batch) found.push({ ...row, ...batch })
    }
    if (found.every((one) => one.state !== 'divided')) return found // else somebody was faster, and they follow another one by now
  }
}

/** One row less follows this batch. */
export async function leaveBatch(app: Pick<App, 'db'>, shopId: string, { messageId, n }: Following): Promise<void> {
  await app.db.update(batches).set({ people: sql`${batches.people} - 1` }).where(and(eq(batches.shopId, shopId), eq(batches.messageId, messageId), eq(batches.n, n)))
}
