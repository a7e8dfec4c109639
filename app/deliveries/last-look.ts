import { and, eq, gte, inArray, isNull, lte, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { standingSql } from '../consent/mailable.ts'
import { trackingAllowedSql } from '../consent/tracking.ts'
import { jsonRows } from '../db/json-rows.ts'
import { deliveries, subscribers } from '../db/schema.ts'
import type { Batch } from './batches.ts'
import type { CompiledMail, Recipient } from './compile-mail.ts'
import type { DeliveryReason } from './contract.ts'
import type { Run } from './run.ts'

/** What a mail says of its person, besides the address and the key. */
export type Person = Omit<Recipient, 'email' | 'key'>

/** Somebody of a batch as they stand at this moment. */
export interface Looked extends Recipient {
  /** Why they may not be mailed now; null when they may. */
  reason: DeliveryReason | null
}

/**
 * The last look: everybody who follows this batch, with where they stand now, in one statement. It runs after the promise was
 * committed: so an opt-out that was committed before the posting began is always seen.
 */
export async function lastLook(app: Pick<App, 'db' | 'clock'>, run: Run, batch: Batch, mail: CompiledMail): Promise<Looked[]> {
  const reason = sql`case when ${subscribers.id} is null then 'erased' else ${standingSql(run.shopId, app.clock.now())} end`
  const query = app.db
    .select({ id: deliveries.subscriberId, ...columns(run, mail), email: deliveries.email, reason })
    .from(deliveries)
    .leftJoin(subscribers, and(eq(subscribers.shopId, deliveries.shopId), eq(subscribers.id, deliveries.subscriberId)))
    .where(
      and(
        eq(deliveries.shopId, run.shopId), eq(deliveries.messageId, run.messageId), gte(deliveries.subscriberId, batch.firstId), lte(deliveries.subscriberId, batch.lastId),
        eq(deliveries.batch, batch.n), isNull(deliveries.state),
      ),
    )
    .orderBy(deliveries.subscriberId)
  const rows = await app.db.lists(query.toSQL())
  return rows.map((row) => {
    const person = read(row, mail) as Looked
    person.reason = row.pop() as DeliveryReason | null
    person.email = row.pop() as string
    person.key = `${batch.requestId}.${person.subscriberId}`
    return person
  })
}

/** What the mails need to know about these people now. Whoever is not there is missing. */
export async function peopleOf(app: Pick<App, 'db'>, run: Run, subscriberIds: string[], mail: CompiledMail): Promise<Map<string, Person>> {
  if (run.message.kind === 'test') return new Map()
  const ids = jsonRows(subscriberIds.map((id) => [id]))
  const query = app.db
    .select({ id: subscribers.id, ...columns(run, mail) })
    .from(subscribers)
    .where(and(eq(subscribers.shopId, run.shopId), inArray(subscribers.id, sql`(select ${ids.text(0)} from ${ids.from})`)))
  const rows = await app.db.lists(query.toSQL())
  return new Map(rows.map((row) => [row[0] as string, read(row, mail)]))
}

export const nobody = (subscriberId: string): Person => ({ subscriberId, firstName: null, lastName: null, track: false, store: null })

/** In the order in which `read` takes them, behind the id. */
function columns(run: Run, mail: CompiledMail) {
  const { firstName, lastName, country, locale, ordersCount, totalSpent } = subscribers
  const track = sql`case when ${trackingAllowedSql({ shopId: run.shopId, tracking: run.settings.tracking })} then 1 else 0 end`
  return { firstName, lastName, track, ...(mail.asksStore ? { country, locale, ordersCount, totalSpent } : {}) }
}

/**
 * A row as the driver gives it. The builder's own reading of rows costs more than these statements, through which the whole audience
 * of every campaign passes.
 */
const read = (row: unknown[], mail: CompiledMail): Person & Partial<Looked> => ({
  subscriberId: row[0] as string,
  firstName: row[1] as string | null,
  lastName: row[2] as string | null,
  track: Number(row[3]) === 1,
  store: mail.asksStore ? { country: row[4] as string | null, locale: row[5] as string | null, ordersCount: Number(row[6]), totalSpent: Number(row[7]) } : null,
  email: '',
  key: '',
  reason: null,
})
