import type { App } from '../app.ts'
import { GiveUp } from '../jobs/queue.ts'
import { describeFault } from '../jobs/retry.ts'
import { HOUR, MINUTE, after } from '../lib/clock.ts'
import type { StoreEvent } from '../platforms/platform.ts'
import { findShop, type Shop } from '../shops/shops.ts'
import { findByPlatformId } from '../subscribers/find.ts'
import { apply } from './apply.ts'
import { closeDelivery, findDelivery, noteTry } from './inbox.ts'

/**
 * Works on a delivery that `receive` kept. Everything it says is done in one transaction together with closing it, so it is
 * done once, however often it was sent. A store that we do not know is ignored; words that nobody can read fail visibly.
 */
export async function workInbox(app: App, job: { source: string; deliveryId: string }): Promise<void> {
  try {
    await work(app, job)
  } catch (error) {
    await noteTry(app, job.source, job.deliveryId)
    throw error
  }
}

async function work(app: App, { source, deliveryId }: { source: string; deliveryId: string }): Promise<void> {
  const delivery = await findDelivery(app, source, deliveryId)
  if (!delivery || delivery.state !== 'waiting') return
  if (source !== 'shopify') return closeDelivery(app, source, deliveryId, 'ignored', 'nobody works on this source')
  const shop = await findShop(app, delivery.shopDomain)
  if (!shop) return closeDelivery(app, source, deliveryId, 'ignored', 'unknown shop')
  let news: StoreEvent[]
  try {
    news = app.platforms.shopify.translate(shop, delivery.topic, delivery.body)
  } catch (error) {
    if (!(error instanceof GiveUp)) throw error
    app.log.error({ shopId: shop.id, topic: delivery.topic, deliveryId }, 'a delivery could not be read')
    return closeDelivery(app, source, deliveryId, 'failed', describeFault(error))
  }
  const later = await parkedUntil(app, shop, news, delivery.receivedAt)
  if (later) {
    await noteTry(app, source, deliveryId)
    return app.queue.add('inbox.work', { source, deliveryId }, { key: `${source}:${deliveryId}:later`, at: later })
  }
  // Before the transaction: this asks the store, and the network is never awaited inside one.
  const fresh: StoreEvent[] = []
  for (const event of news) {
    const now = shop.status === 'installed' ? await freshen(app, shop, event) : event
    if (now) fresh.push(now)
  }
  await app.db.transaction(async () => {
    for (const event of fresh) await apply(app, shop, event, delivery.triggeredAt)
    await closeDelivery(app, source, deliveryId, news.length ? 'done' : 'ignored', news.length ? null : 'nothing to do for this topic')
  })
}

const patience = 4 * HOUR // the platform repeats a delivery for four hours: what belongs before this one has come by then

/** A customer who is gone before we heard of them: the news of their coming is still on its way, and must not outlive this. */
async function parkedUntil(app: App, shop: Shop, news: StoreEvent[], receivedAt: Date): Promise<Date | null> {
  const now = app.clock.now()
  if (now >= after(receivedAt, patience)) return null
  for (const event of news) if (event.kind === 'customer_deleted' && !(await findByPlatformId(app, shop.id, event.platformId))) return after(now, now < after(receivedAt, 5 * MINUTE) ? 10 * MINUTE : patience)
  return null
}

/**
 * News that says what changed, but nothing by which a later one could be told from an earlier one, is a reason to look: the
 * store is asked what holds now. So the order in which it arrives does not matter.
 */
async function freshen(app: App, shop: Shop, event: StoreEvent): Promise<StoreEvent | null> {
  const platform = app.platforms.shopify
  if (event.kind === 'redact_shop') return (await stillHasUs(app, shop)) ? null : event
  if (event.kind === 'scopes') return { kind: 'scopes', scopes: await platform.readScopes(shop) }
  if (event.kind === 'shop') return { kind: 'shop', shop: { ...(await platform.readShop(shop)), ...(event.shop.locale ? { locale: event.shop.locale } : {}) } }
  if (event.kind !== 'tags') return event
  const customer = await platform.readCustomer(shop, event.platformId)
  return customer ? { kind: 'customer', customer: { ...customer, consent: null } } : event // consent has a topic of its own
}

/**
 * A store is forgotten 48 hours after it removed us. If it came back within them it goes on; if the news of the removal was lost
 * its key is worth nothing. The key tells which of the two it is.
 */
async function stillHasUs(app: App, shop: Shop): Promise<boolean> {
  try {
    await app.platforms.shopify.readScopes(shop)
    return true
  } catch (error) {
    if (error instanceof GiveUp && (await findShop(app, shop.domain))?.status !== 'installed') return false
    throw error
  }
}
