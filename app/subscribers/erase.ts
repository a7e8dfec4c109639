import { and, eq, inArray, or, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { forgetEntries } from '../consent/forget.ts'
import { personById } from '../consent/person.ts'
import { insertAll } from '../db/insert-all.ts'
import { attributions, deliveries, events, messages, orders, subscriberAliases, subscribers, suppressionActs, suppressions } from '../db/schema.ts'
import { forgetInImports } from './forget-imports.ts'
import { holdFreezes, leaveBatch, ledgerOf, lockFollowed } from './ledger.ts'
import { leaveManifests } from './manifests.ts'

/**
 * Forgets a person in every table. What stays is a keyed hash of the address that keeps them from coming back by a sync or an
 * import, the shop's orders without their person, and links of the consent ledger that tell nothing of anybody. Whoever was merged into somebody is forgotten with
 * them. Answers false when there is nobody with this id.
 */
export async function eraseSubscriber(app: Pick<App, 'db' | 'clock'>, shopId: string, given: string): Promise<boolean> {
  return app.db.transaction(async () => {
    await holdFreezes(app, shopId)
    const person = await personById(app, shopId, given)
    if (!person) return false
    const { id } = person
    const aliases = await app.db.select({ id: subscriberAliases.id }).from(subscriberAliases).where(and(eq(subscriberAliases.shopId, shopId), eq(subscriberAliases.keptId, id)))
    const ids = [id, ...aliases.map((alias) => alias.id)]
    // Tests are filled in with somebody's name and go to an address that the merchant typed; which, nobody knows any more.
    await app.db.delete(messages).where(and(eq(messages.shopId, shopId), eq(messages.kind, 'test')))
    // Mails made for this one person (confirmations) go whole, with their rows and links.
    await app.db.delete(messages).where(
      and(
        eq(messages.shopId, shopId),
        eq(messages.kind, 'confirmation'),
        or(...ids.map((one) => sql`${messages.id} in (select d.message_id from deliveries d where d.shop_id = ${shopId} and d.subscriber_id = ${one} and d.batch is null)`)),
      ),
    )
    for (const row of await lockFollowed(app, shopId, ids)) await leaveBatch(app, shopId, row)
    await app.db.delete(deliveries).where(await ledgerOf(app, shopId, ids))
    await leaveManifests(app, shopId, ids)
    await forgetEntries(app, shopId, ids)
    await forgetInImports(app, shopId, ids, person.emailKey, person.addressHash)
    for (const table of [events, attributions])
      await app.db.delete(table).where(and(eq(table.shopId, shopId), inArray(table.subscriberId, ids)))
    await app.db.update(orders).set({ subscriberId: null }).where(and(eq(orders.shopId, shopId), inArray(orders.subscriberId, ids)))
    await app.db.delete(subscribers).where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, id))) // tags and aliases go with it
    await buryAddresses(app, shopId, [person.addressHash])
    return true
  })
}

/**
 * Blocks addresses for good because their owners asked to be forgotten; nothing lifts that but their own new sign-up. What was noted
 * about them beside other blocks goes. Joins the ambient transaction.
 */
export async function buryAddresses(app: Pick<App, 'db' | 'clock'>, shopId: string, hashes: string[]): Promise<void> {
  if (hashes.length === 0) return
  const now = app.clock.now()
  await app.db.update(suppressions).set({ detail: null }).where(and(eq(suppressions.shopId, shopId), inArray(suppressions.addressHash, hashes)))
  await app.db.delete(suppressionActs).where(and(eq(suppressionActs.shopId, shopId), inArray(suppressionActs.addressHash, hashes)))
  await insertAll(app.db, suppressions, hashes.map((hash) => ({ shopId, addressHash: hash, reason: 'erased' as const, detail: null, createdAt: now })), { target: ['shopId', 'addressHash', 'reason'] })
}
