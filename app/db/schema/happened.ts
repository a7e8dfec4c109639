import { sql } from 'drizzle-orm'
import { foreignKey, index, int, json, primaryKey, table, text, time, uniqueIndex } from '../columns.ts'
import { orders } from './store.ts'

// What people and the mail system did.

/** What people and the mail system did, as it became known. Numbers in reports are counted from these rows. */
export const events = table(
  'events',
  {
    shopId: text().notNull(),
    id: text().notNull(),
    kind: text().notNull(), // events/contract.ts: eventKind
    subscriberId: text(),
    messageId: text(),
    verdict: text().$type<'human' | 'machine' | 'unknown'>(),
    linkNo: int(),
    detail: json<Record<string, unknown>>(),
    at: time().notNull(),
    day: text().notNull(),
    /** What makes it the same event when it is told twice. */
    dedupeKey: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.id] }),
    uniqueIndex('events_dedupe').on(t.shopId, t.dedupeKey),
    index('events_person').on(t.shopId, t.subscriberId, t.at),
    index('events_message').on(t.shopId, t.messageId, t.kind),
    index('events_day').on(t.shopId, t.kind, t.day),
    // What humans did, for segments: by time, and by mail.
    index('events_human').on(t.shopId, t.kind, t.at, t.subscriberId).where(sql`verdict = 'human'`),
    index('events_human_message').on(t.shopId, t.messageId, t.kind, t.subscriberId, t.at).where(sql`verdict = 'human'`),
  ],
)

/** Which mail an order is credited to: the last human click before it, within the shop's window. */
export const attributions = table(
  'attributions',
  {
    shopId: text().notNull(),
    orderId: text().notNull(),
    messageId: text().notNull(),
    subscriberId: text().notNull(),
    clickedAt: time().notNull(),
    orderedAt: time().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.shopId, t.orderId] }),
    index('attributions_message').on(t.shopId, t.messageId),
    foreignKey({ columns: [t.shopId, t.orderId], foreignColumns: [orders.shopId, orders.id] }).onDelete('cascade'),
  ],
)

/** News from platforms and mail providers: stored before they are answered, worked on later. Not a merchant's table: the shop may be unknown. */
export const inbox = table(
  'inbox',
  {
    source: text().notNull(), // 'shopify', or a mail provider of whose deliveries only the tokens are remembered
    deliveryId: text().notNull(), // the sender's own id of this delivery
    shopDomain: text().notNull(),
    topic: text().notNull(),
    body: text().notNull(),
    triggeredAt: time().notNull(),
    receivedAt: time().notNull(),
    state: text().$type<'waiting' | 'done' | 'ignored' | 'failed'>().notNull(),
    note: text(),
    /** While it waits: when work on it is due. A worker that takes it moves this on, so that it comes back if the worker dies. */
    nextAt: time(),
    attempts: int().notNull(),
    doneAt: time(),
  },
  (t) => [primaryKey({ columns: [t.source, t.deliveryId] }), index('inbox_due').on(t.nextAt).where(sql`state = 'waiting'`)],
)
