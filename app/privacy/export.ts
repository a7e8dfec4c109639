import { and, eq, getTableColumns, getTableName, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { batches, deliveries, importFindings, orderLines, orders, privacyRequests, subscriberAliases, subscribers } from '../db/schema.ts'
import { acceptedAtOf, detailOf, itsBatch, reasonOf, stateOf, updatedAtOf } from '../deliveries/state.ts'
import { ledgerOf } from '../subscribers/ledger.ts'
import { tablesWith } from './tables.ts'

/**
 * Fills a data request: everything that any table holds about the person, for the merchant to hand on (within 30 days). The list
 * of tables follows from the schema, so that a new one cannot be forgotten.
 */
export async function exportPerson(app: App, { shopId, requestId }: { shopId: string; requestId: string }): Promise<void> {
  const [request] = await app.db.select().from(privacyRequests).where(and(eq(privacyRequests.shopId, shopId), eq(privacyRequests.id, requestId)))
  if (request?.kind !== 'data_request' || request.state !== 'open') return
  const content = {
    about: 'Everything that Homing stores about this person',
    madeAt: app.clock.now().toISOString(),
    person: request.subscriberId ? await everythingAbout(app, shopId, request.subscriberId) : null,
  }
  await app.db.update(privacyRequests).set({ export: content }).where(and(eq(privacyRequests.shopId, shopId), eq(privacyRequests.id, requestId), eq(privacyRequests.state, 'open')))
}

async function everythingAbout(app: App, shopId: string, subscriberId: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  found.subscriber = (await app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, subscriberId))))[0] ?? null
  found.earlier_records = await app.db.select().from(subscriberAliases).where(and(eq(subscriberAliases.shopId, shopId), eq(subscriberAliases.keptId, subscriberId)))
  for (const table of tablesWith('subscriberId')) {
    if (table === privacyRequests || table === deliveries) continue
    const columns = getTableColumns(table)
    found[getTableName(table)] = await app.db.select().from(table).where(and(eq(columns.shopId!, shopId), eq(columns.subscriberId!, subscriberId)))
  }
  const person = found.subscriber as typeof subscribers.$inferSelect | null
  found.import_findings = person && (await app.db.select().from(importFindings).where(and(eq(importFindings.shopId, shopId), sql`lower(${importFindings.content}) = ${person.emailKey}`)))
  found.deliveries = (
    await app.db
      .select({ row: deliveries, state: stateOf, reason: reasonOf, detail: detailOf, acceptedAt: acceptedAtOf, updatedAt: updatedAtOf })
      .from(deliveries)
      .leftJoin(batches, itsBatch)
      .where(await ledgerOf(app, shopId, [subscriberId]))
      .orderBy(deliveries.messageId)
  ).map(({ row, ...read }) => ({ ...row, ...read }))
  found.order_lines = await app.db
    .select({ orderId: orderLines.orderId, title: orderLines.title, quantity: orderLines.quantity, price: orderLines.price })
    .from(orderLines)
    .innerJoin(orders, and(eq(orders.shopId, orderLines.shopId), eq(orders.id, orderLines.orderId)))
    .where(and(eq(orders.shopId, shopId), eq(orders.subscriberId, subscriberId)))
    .orderBy(orderLines.orderId, orderLines.id)
  return found
}
