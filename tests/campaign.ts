import { and, eq, sql } from 'drizzle-orm'
import type { App } from '../app/app.ts'
import { batches, campaigns, consentEntries, deliveries, links, messages, shops, subscribers } from '../app/db/schema.ts'
import { insertAll } from '../app/db/insert-all.ts'
import { acceptedAtOf, itsBatch, reasonOf, stateOf } from '../app/deliveries/state.ts'
import { addressHash } from '../app/lib/crypto.ts'
import { newId } from '../app/lib/ids.ts'
import type { Shop } from '../app/shops/shops.ts'

export const html = '<!doctype html><html lang="en" dir="ltr"><body><p>Hello {{ subscriber.first_name | default: "there" }}</p><a href="[[link:1]]">Pots</a> <a href="[[link:2]]">Elsewhere</a> <a href="[[link:3]]">Write</a>[[footer]]</body></html>'

/** A campaign whose message is compiled and whose status is `sending`, with three links; nobody is frozen yet. */
export async function makeCampaign(app: App, shop: Shop, change: { status?: string; html?: string; name?: string; subject?: string; way?: 'shared' | 'individual' } = {}): Promise<string> {
  const now = app.clock.now()
  const id = newId(now)
  await app.db.insert(campaigns).values({
    shopId: shop.id, id, name: change.name ?? 'Spring sale', subject: 's', preheader: '', content: { blocks: [] }, audience: { kind: 'everyone' }, status: change.status ?? 'sending', version: 1,
    createdAt: now, updatedAt: now,
  })
  await app.db.insert(messages).values({
    shopId: shop.id, id, kind: 'campaign', subject: change.subject ?? 'For {{ subscriber.first_name | default: "you" }}', preheader: '', html: change.html ?? html, text: 'Hello {{ subscriber.first_name | default: "there" }}\n[[link:1]]\n\n[[footer]]',
    fromName: shop.name, fromEmail: 'ada@fern-and-fig.example', replyTo: '', language: 'en', way: change.way ?? 'individual', createdAt: now,
  })
  await insertAll(app.db, links, [
    { shopId: shop.id, messageId: id, n: 1, url: `https://${shop.domain}/products/pot?a=1&b=2`, label: 'Pots' },
    { shopId: shop.id, messageId: id, n: 2, url: 'https://elsewhere.example/page?x=1', label: 'Elsewhere' },
    { shopId: shop.id, messageId: id, n: 3, url: 'mailto:ada@fern-and-fig.example', label: 'Write' },
  ])
  return id
}

/** Many subscribed people at once. */
export async function addMany(app: App, shop: Shop, count: number, prefix = 'person'): Promise<string[]> {
  const now = app.clock.now()
  const ids = Array.from({ length: count }, () => newId(now))
  const email = (i: number): string => `${prefix}${i}@example.org`
  await insertAll(app.db, subscribers, ids.map((id, i) => ({
    shopId: shop.id, id, email: email(i), emailKey: email(i), addressHash: addressHash(app.settings.keys, shop.id, email(i)), firstName: `P${i}`, lastName: null, country: 'US', source: 'form',
    ordersCount: 0, totalSpent: 0, consentState: 'subscribed', consentBasis: 'express_confirmed', consentAt: now, consentRecordedAt: now, createdAt: now, updatedAt: now,
  })))
  const [row] = await app.db.update(shops).set({ consentSeq: sql`${shops.consentSeq} + ${count}` }).where(eq(shops.id, shop.id)).returning({ seq: shops.consentSeq })
  await insertAll(app.db, consentEntries, ids.map((id, i) => ({
    shopId: shop.id, seq: row!.seq - count + 1 + i, subscriberId: id, purpose: 'email_marketing' as const, act: 'confirmed', state: 'subscribed', basis: 'express_confirmed', method: 'form', source: 'test',
    occurredAt: now, recordedAt: now,
  })))
  return ids
}

/** A row of the ledger as it reads together with its batch. */
export type Row = typeof deliveries.$inferSelect & { state: string }
export async function rowsOf(app: App, shop: Shop, messageId: string): Promise<Row[]> {
  const rows = await app.db
    .select({ row: deliveries, state: stateOf, reason: reasonOf, attempts: sql`coalesce(case when ${deliveries.state} is null then ${batches.attempts} end, ${deliveries.attempts})`.mapWith(Number), acceptedAt: acceptedAtOf, requestId: sql<string | null>`case when ${deliveries.state} is null and ${batches.requestId} is not null then ${batches.requestId} || '.' || ${deliveries.subscriberId} else ${deliveries.requestId} end` })
    .from(deliveries)
    .leftJoin(batches, itsBatch)
    .where(and(eq(deliveries.shopId, shop.id), eq(deliveries.messageId, messageId)))
    .orderBy(deliveries.subscriberId)
  return rows.map(({ row, ...read }) => ({ ...row, ...read }))
}

export async function statesOf(app: App, shop: Shop, messageId: string): Promise<Record<string, number>> {
  const states: Record<string, number> = {}
  for (const row of await rowsOf(app, shop, messageId)) states[row.state] = (states[row.state] ?? 0) + 1
  return states
}
