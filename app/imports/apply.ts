import { and, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { recordConsent, recordFirst } from '../consent/record.ts'
import { insertAll } from '../db/insert-all.ts'
import { jsonRows } from '../db/json-rows.ts'
import { fieldValues, importChanges, subscribers, subscriberTags, suppressionActs, suppressions } from '../db/schema.ts'
import { newId } from '../lib/ids.ts'
import type { Plan } from './plan.ts'
import type { Import } from './state.ts'

/** Somebody whom the plan calls new has come by another way since: the lines must be planned anew. */
export class CameInBetween extends Error {}

/** Writes what a plan says, set-wise, in the caller's transaction. Throws `CameInBetween` when the plan is out of date. */
export async function applyPlan(app: Pick<App, 'db' | 'clock'>, row: Import, plan: Plan): Promise<void> {
  const { shopId } = row
  const now = plan.at
  // In the order of their keys, so that two who write the same people wait for each other instead of locking up.
  const added = plan.added.sort((a, b) => (a.emailKey < b.emailKey ? -1 : 1))
  const fresh = new Map(added.map((person) => [person.id, person]))
  const [first, later] = [plan.news.filter((piece) => fresh.has(piece.subscriberId)), plan.news.filter((piece) => !fresh.has(piece.subscriberId))]
  if (first.length > 0)
    for (const { subscriberId, state, basis, occurredAt, recordedAt } of await recordFirst(app, shopId, first))
      Object.assign(fresh.get(subscriberId)!, { consentState: state, consentBasis: basis, consentAt: occurredAt, consentRecordedAt: recordedAt })
  if ((await insertAll(app.db, subscribers, added, { target: ['shopId', 'emailKey'] })) < added.length) throw new CameInBetween('somebody was faster')
  if (plan.changed.length > 0) {
    const given = jsonRows(plan.changed.map((one) => [one.id, one.firstName, one.lastName, one.locale, one.country]))
    await app.db
      .update(subscribers)
      .set({ firstName: given.text(1), lastName: given.text(2), locale: given.text(3), country: given.text(4), updatedAt: now })
      .from(given.from)
      .where(and(sql`${subscribers.shopId} = ${given.fixed(shopId)}`, sql`${subscribers.id} = ${given.text(0)}`))
  }
  await insertAll(app.db, subscriberTags, plan.tags.map((tag) => ({ shopId, ...tag, own: true })), { target: ['shopId', 'subscriberId', 'tag'] })
  await insertAll(app.db, fieldValues, plan.values, { target: ['shopId', 'subscriberId', 'fieldId'], update: ['value', 'number'] })
  await insertAll(app.db, suppressions, plan.blocks, { target: ['shopId', 'addressHash', 'reason'] })
  if (plan.blocks.length > 0 && row.attestedBy !== null) {
    const { attestedBy } = row
    await insertAll(app.db, suppressionActs, plan.blocks.map(({ addressHash, reason, detail }) => ({ shopId, id: newId(now), addressHash, act: 'blocked' as const, reason: reason as 'manual', note: detail ?? null, userId: attestedBy, at: now })))
  }
  if (later.length > 0) await recordConsent(app, shopId, later)
  await insertAll(app.db, importChanges, plan.changes.map((change) => ({ shopId, importId: row.id, ...change })), { target: ['shopId', 'importId', 'subscriberId'] })
}
