import { and, eq, inArray, notInArray, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { historiesOf, recordLower, type Purpose } from '../consent/record.ts'
import { askForWriteBack } from '../consent/write-back.ts'
import { insertAll } from '../db/insert-all.ts'
import { attributions, consentEntries, deliveries, events, fieldValues, orders, segmentMembers, subscriberAliases, subscribers, subscriberTags } from '../db/schema.ts'
import { sumUpBuyers } from './sums.ts'
import { holdFreezes, leaveBatch, ledgerOf, lockFollowed } from './ledger.ts'

/**
 * Makes two records of one person one. Everything that the removed record did moves to the kept one; of the two consents the
 * lower remains, so that joining records never lets anybody be mailed who could not be before. Links in mails to the removed
 * record go on working. The store is told where the one person stands now. Does nothing when either is not there.
 */
export async function mergeSubscribers(app: Pick<App, 'db' | 'clock' | 'queue'>, shopId: string, keptId: string, removedId: string): Promise<boolean> {
  if (keptId === removedId) return false
  return app.db.transaction(async () => {
    await holdFreezes(app, shopId)
    const both = await app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shopId), inArray(subscribers.id, [keptId, removedId]))).orderBy(subscribers.emailKey)
    const kept = both.find((person) => person.id === keptId)
    const removed = both.find((person) => person.id === removedId)
    if (!kept || !removed) return false
    await mergeConsent(app, shopId, keptId, removedId)
    await moveDeliveries(app, shopId, keptId, removedId)
    for (const table of [events, orders, attributions])
      await app.db.update(table).set({ subscriberId: keptId }).where(and(eq(table.shopId, shopId), eq(table.subscriberId, removedId)))
    const tags = await app.db.select().from(subscriberTags).where(and(eq(subscriberTags.shopId, shopId), eq(subscriberTags.subscriberId, removedId)))
    await insertAll(app.db, subscriberTags, tags.map((row) => ({ ...row, subscriberId: keptId })), { target: ['shopId', 'subscriberId', 'tag'] })
    const values = await app.db.select().from(fieldValues).where(and(eq(fieldValues.shopId, shopId), eq(fieldValues.subscriberId, removedId)))
    await insertAll(app.db, fieldValues, values.map((row) => ({ ...row, subscriberId: keptId })), { target: ['shopId', 'subscriberId', 'fieldId'] })
    await app.db
      .update(subscribers)
      .set({
        firstName: kept.firstName ?? removed.firstName,
        lastName: kept.lastName ?? removed.lastName,
        locale: kept.locale ?? removed.locale,
        country: kept.country ?? removed.country,
        platformId: kept.platformId ?? removed.platformId,
        lastOpenAt: pick(Math.max, kept.lastOpenAt, removed.lastOpenAt),
        lastClickAt: pick(Math.max, kept.lastClickAt, removed.lastClickAt),
        restrictedAt: pick(Math.min, kept.restrictedAt, removed.restrictedAt),
        updatedAt: app.clock.now(),
      })
      .where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, keptId)))
    await sumUpBuyers(app, shopId, [keptId])
    const members = await app.db.select().from(segmentMembers).where(and(eq(segmentMembers.shopId, shopId), eq(segmentMembers.subscriberId, removedId)))
    await insertAll(app.db, segmentMembers, members.map((row) => ({ ...row, subscriberId: keptId })), { target: ['shopId', 'segmentId', 'subscriberId'] })
    // Who was merged into the removed record goes along; then the removed record itself points to the kept one.
    await app.db.update(subscriberAliases).set({ keptId }).where(and(eq(subscriberAliases.shopId, shopId), eq(subscriberAliases.keptId, removedId)))
    await app.db.insert(subscriberAliases).values({ shopId, id: removedId, keptId })
    await app.db.delete(subscribers).where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, removedId)))
    await askForWriteBack(app, shopId, keptId)
    return true
  })
}

async function mergeConsent(app: Pick<App, 'db' | 'clock'>, shopId: string, keptId: string, removedId: string): Promise<void> {
  const histories = await historiesOf(app, shopId, [keptId, removedId])
  const standings = (['email_marketing', 'tracking'] as Purpose[]).flatMap((purpose) => {
    const removed = histories.get(`${removedId} ${purpose}`)?.[0]
    const kept = histories.get(`${keptId} ${purpose}`)?.[0] ?? null
    return removed ? [{ purpose, kept, removed }] : []
  })
  await app.db
    .update(consentEntries)
    .set({ subscriberId: keptId, writtenFor: sql`coalesce(${consentEntries.writtenFor}, ${consentEntries.subscriberId})` })
    .where(and(eq(consentEntries.shopId, shopId), eq(consentEntries.subscriberId, removedId)))
  await recordLower(app, shopId, keptId, standings, 'Two customer records became one; the lower consent counts')
}

/**
 * The send ledger keeps one row per mail and person. Where both had one, the removed record's row goes if nothing was begun;
 * a row that tells of a mail that left stays as it is, without the address. A row that follows a batch which has not been posted leaves
 * it, because a batch finds its people by their ids; while a batch is with the provider its rows stay where they are, and follow
 * the person when that is over (deliveries/batches.ts, deliveries/follow-merged.ts).
 */
async function moveDeliveries(app: Pick<App, 'db' | 'clock'>, shopId: string, keptId: string, removedId: string): Promise<void> {
  const followed = await lockFollowed(app, shopId, [removedId])
  const mine = await ledgerOf(app, shopId, [removedId])
  for (const row of followed.filter(({ state }) => state === 'pending')) {
    await leaveBatch(app, shopId, row)
    const key = sql`(select b.request_id || '.' || ${removedId} from batches b where b.shop_id = ${shopId} and b.message_id = ${row.messageId} and b.n = ${row.n})`
    await app.db.update(deliveries).set({ state: 'pending', requestId: key, updatedAt: app.clock.now() }).where(and(eq(deliveries.shopId, shopId), eq(deliveries.messageId, row.messageId), eq(deliveries.subscriberId, removedId)))
  }
  const alsoKept = sql`exists (select 1 from deliveries k where k.shop_id = ${shopId} and k.message_id = ${deliveries.messageId} and k.subscriber_id = ${keptId})`
  const posting = followed.filter(({ state }) => state === 'posting' || state === 'uncertain').map((row) => row.messageId)
  const settled = posting.length > 0 ? notInArray(deliveries.messageId, posting) : undefined
  await app.db.delete(deliveries).where(and(mine, alsoKept, inArray(deliveries.state, ['excluded', 'pending', 'claimed', 'suppressed', 'refused'])))
  await app.db.update(deliveries).set({ email: '' }).where(and(mine, alsoKept, settled, sql`coalesce(${deliveries.state}, '') <> 'posting'`))
  await app.db.update(deliveries).set({ subscriberId: keptId }).where(and(mine, settled, sql`not ${alsoKept}`))
}

function pick(which: (...values: number[]) => number, a: Date | null, b: Date | null): Date | null {
  const times = [a, b].flatMap((at) => (at ? [at.getTime()] : []))
  return times.length > 0 ? new Date(which(...times)) : null
}
