import type { App } from '../app.ts'
import { GiveUp } from '../jobs/queue.ts'
import { describeFault } from '../jobs/retry.ts'
import { HOUR, MINUTE, after } from '../lib/clock.ts'
import type { StoreEvent } from '../platforms/platform.ts'
import { findShop, type Shop } from '../shops/shops.ts'
import { findByPlatformId } from '../subscribers/find.ts'
import { apply } from './apply.ts'
import { applyAll, isPlain } from './apply-all.ts'
import { askForWork, closeDeliveries, noteFailure, putOff, takeDue, type Waiting } from './inbox.ts'

/** A delivery beside what it says. */
interface News {
  delivery: Waiting
  events: StoreEvent[]
}
const most = 200 // deliveries at a time: a transaction of a tenth of a second or so

/**
 * Works on what `Intake` kept and what is due. Everything that a delivery says is done in one transaction together with closing it,
 * so it is done once, however often it was sent. A store that we do not know is ignored; words that nobody can read fail visibly.
 * A delivery that fails is tried again by itself, later, and stops no other.
 */
export async function workInbox(app: App): Promise<void> {
  const taken = await takeDue(app, most)
  if (taken.length === most) await askForWork(app) // there may be more, and somebody else may be free
  for (const domain of new Set(taken.map((delivery) => delivery.shopDomain))) {
    const theirs = taken.filter((delivery) => delivery.shopDomain === domain)
    const shop = await findShop(app, domain)
    if (!shop) await closeDeliveries(app, theirs, 'ignored', 'unknown shop')
    else await workForShop(app, shop, await translateAll(app, shop, theirs))
  }
}

async function translateAll(app: App, shop: Shop, list: Waiting[]): Promise<News[]> {
  const readable: News[] = []
  for (const delivery of list) {
    try {
      readable.push({ delivery, events: app.platforms.shopify.translate(shop, delivery.topic, delivery.body) })
    } catch (error) {
      if (!(error instanceof GiveUp)) await failed(app, delivery, error)
      else {
        app.log.error({ shopId: shop.id, topic: delivery.topic, deliveryId: delivery.deliveryId }, 'a delivery could not be read')
        await closeDeliveries(app, [delivery], 'failed', describeFault(error))
      }
    }
  }
  await closeDeliveries(app, readable.filter(({ events }) => events.length === 0).map(({ delivery }) => delivery), 'ignored', 'nothing to do for this topic')
  return readable.filter(({ events }) => events.length > 0)
}

/** Plain news in sets, everything else by itself in its place between them. */
async function workForShop(app: App, shop: Shop, list: News[]): Promise<void> {
  let set: News[] = []
  const endSet = async (): Promise<void> => {
    const whole = set
    set = []
    if (whole.length > 1 && (await storeSet(app, shop, whole))) return
    for (const one of whole) await workOnOne(app, shop, one)
  }
  for (const news of list) {
    if (isPlain(news.events)) set.push(news)
    else {
      await endSet()
      await workOnOne(app, (await findShop(app, shop.domain)) ?? shop, news) // what came before may have changed it
    }
  }
  await endSet()
}

/** False: nothing of it was done, because one of them cannot be; each is to be tried by itself. */
async function storeSet(app: App, shop: Shop, list: News[]): Promise<boolean> {
  try {
    await app.db.transaction(async () => {
      const ours = await closeDeliveries(app, list.map(({ delivery }) => delivery), 'done')
      const told = list.filter(({ delivery }) => ours.has(delivery.deliveryId)).flatMap(({ delivery, events }) => events.map((event) => ({ event, at: delivery.triggeredAt })))
      await applyAll(app, shop, told)
    })
    return true
  } catch (error) {
    app.log.warn({ err: error, shopId: shop.id, deliveries: list.length }, 'news could not be stored together; each is tried by itself')
    return false
  }
}

async function workOnOne(app: App, shop: Shop, { delivery, events }: News): Promise<void> {
  try {
    const later = await parkedUntil(app, shop, events, delivery.receivedAt)
    if (later) return await putOff(app, [delivery], later)
    // Before the transaction: this asks the store, and the network is never awaited inside one.
    const fresh: StoreEvent[] = []
    for (const event of events) {
      const now = shop.status === 'installed' ? await freshen(app, shop, event) : event
      if (now) fresh.push(now)
    }
    await app.db.transaction(async () => {
      if ((await closeDeliveries(app, [delivery], 'done')).size === 0) return // somebody else did it meanwhile
      for (const event of fresh) await apply(app, shop, event, delivery.triggeredAt)
    })
  } catch (error) {
    await failed(app, delivery, error)
  }
}

async function failed(app: App, delivery: Waiting, error: unknown): Promise<void> {
  const again = await noteFailure(app, delivery, error)
  app.log.warn({ err: error, topic: delivery.topic, deliveryId: delivery.deliveryId, attempts: delivery.attempts + 1, again }, 'work on a delivery failed and will be tried again')
}

const patience = 4 * HOUR // the platform repeats a delivery for four hours: what belongs before this one has come by then

/** A customer who is gone, or became another one, before we heard of them: the news of their coming is still on its way, and must not outlive this. */
async function parkedUntil(app: App, shop: Shop, news: StoreEvent[], receivedAt: Date): Promise<Date | null> {
  const now = app.clock.now()
  if (now >= after(receivedAt, patience)) return null
  for (const event of news)
    for (const platformId of mustBeKnown(event))
      if (!(await findByPlatformId(app, shop.id, platformId))) return after(now, now < after(receivedAt, 5 * MINUTE) ? 10 * MINUTE : patience)
  return null
}
const mustBeKnown = (event: StoreEvent): string[] =>
  event.kind === 'customer_deleted' ? [event.platformId] : event.kind === 'customers_merged' ? [event.keptPlatformId, event.removedPlatformId] : []

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
