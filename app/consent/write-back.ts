import { and, eq, isNull } from 'drizzle-orm'
import type { App } from '../app.ts'
import { subscribers } from '../db/schema.ts'
import { getShop } from '../shops/shops.ts'
import { fromStore } from './fold.ts'
import { historiesOf } from './record.ts'
import type { ConsentMethod, ConsentState } from './contract.ts'

/**
 * Tells the store where a person stands, with the true time of their act, so that the store's own automations are not woken
 * by old news. Says nothing when the newest entry came from the store itself, when the shop has left, or when there is no
 * statement to make. The store's echo of this write is recognised by `recordConsent` and leaves no entry.
 * Runs as the job `consent.write-back`; doing it twice does no harm.
 */
export async function writeBack(app: App, { shopId, subscriberId }: { shopId: string; subscriberId: string }): Promise<void> {
  const shop = await getShop(app, shopId)
  if (!shop || shop.status === 'uninstalled') return
  const [person] = await app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, subscriberId)))
  if (!person || person.restrictedAt) return
  const history = (await historiesOf(app, shopId, [subscriberId])).get(`${subscriberId} email_marketing`) ?? []
  const newest = history[0]
  const state = newest && statement(newest.state as ConsentState)
  if (!newest || !state || fromStore(newest.method as ConsentMethod)) return
  // Somebody whom the store never met is not introduced to it by their own goodbye.
  if (state === 'unsubscribed' && !person.platformId && person.source === 'form') return
  const now = app.clock.now()
  const confirmed = state === 'pending' || history.some((entry) => entry.basis === 'express_confirmed') // never lowered to a single opt-in
  const { platformId } = await app.platforms.shopify.writeConsent(shop, {
    platformId: person.platformId,
    email: person.email,
    firstName: person.firstName,
    locale: person.locale,
    state,
    level: confirmed ? 'confirmed' : 'single',
    at: newest.occurredAt > now ? now : newest.occurredAt,
  })
  if (!person.platformId)
    await app.db.update(subscribers).set({ platformId }).where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, subscriberId), isNull(subscribers.platformId)))
}

/** Adds the job that calls `writeBack`; joins the caller's transaction. */
export const askForWriteBack = (app: Pick<App, 'queue'>, shopId: string, subscriberId: string): Promise<void> =>
  app.queue.add('consent.write-back', { shopId, subscriberId }, { key: `${shopId}:${subscriberId}` })

function statement(state: ConsentState): 'subscribed' | 'pending' | 'unsubscribed' | null {
  return state === 'subscribed' || state === 'pending' || state === 'unsubscribed' ? state : null
}
