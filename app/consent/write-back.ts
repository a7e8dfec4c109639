import { and, eq, inArray, isNull, lte } from 'drizzle-orm'
import type { App } from '../app.ts'
import { consentWriteBacks, shops, subscribers } from '../db/schema.ts'
import { givenUpAfter } from '../jobs/retry.ts'
import { after } from '../lib/clock.ts'
import { newId } from '../lib/ids.ts'
import { getShop, type Shop } from '../shops/shops.ts'
import { fromStore } from './fold.ts'
import { historiesOf } from './record.ts'
import type { ConsentMethod, ConsentState } from './contract.ts'

/** How many people are asked for again in one go; the next minute brings the next. */
const atOnce = 1000

/**
 * Tells the store where a person stands, with the true time of their act, so that the store's own automations are not woken
 * by old news. Says nothing when the newest entry came from the store itself, when the shop has left, or when there is no
 * statement to make. The store's echo of this write is recognised by `recordConsent` and leaves no entry.
 * Runs as the job `consent.write-back`; doing it twice does no harm. What cannot be told now stays owed (`recoverWriteBacks`).
 */
export async function writeBack(app: App, { shopId, subscriberId }: { shopId: string; subscriberId: string }): Promise<void> {
  const shop = await getShop(app, shopId)
  if (shop?.status !== 'installed') return
  const mine = and(eq(consentWriteBacks.shopId, shopId), eq(consentWriteBacks.subscriberId, subscriberId))
  const [owed] = await app.db.select().from(consentWriteBacks).where(mine)
  try {
    await tell(app, shop, subscriberId)
  } catch (error) {
    await app.db.update(consentWriteBacks).set({ nextAt: after(app.clock.now(), givenUpAfter) }).where(mine)
    throw error
  }
  // What was decided while we were telling is owed under another number.
  if (owed) await app.db.delete(consentWriteBacks).where(and(mine, eq(consentWriteBacks.askId, owed.askId)))
}

/** Writes down that the store is to be told, and adds the job that does it; joins the caller's transaction. Nobody is told of somebody who is gone. */
export async function askForWriteBack(app: Pick<App, 'db' | 'clock' | 'queue'>, shopId: string, subscriberId: string): Promise<void> {
  const now = app.clock.now()
  await app.db.transaction(async () => {
    const [person] = await app.db.select({ id: subscribers.id }).from(subscribers).where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, subscriberId)))
    if (!person) return
    const owed = { askId: newId(now), askedAt: now, nextAt: after(now, givenUpAfter) }
    await app.db.insert(consentWriteBacks).values({ shopId, subscriberId, ...owed }).onConflictDoUpdate({ target: [consentWriteBacks.shopId, consentWriteBacks.subscriberId], set: owed })
    await addJob(app, shopId, subscriberId)
  })
}

/** Asks again for what stores have not been told although it is long due: its job gave up or was lost. Stores that must be opened again wait. Each minute. */
export async function recoverWriteBacks(app: Pick<App, 'db' | 'clock' | 'queue'>): Promise<void> {
  const now = app.clock.now()
  await app.db.transaction(async () => {
    const due = await app.db
      .select({ shopId: consentWriteBacks.shopId, subscriberId: consentWriteBacks.subscriberId, askId: consentWriteBacks.askId })
      .from(consentWriteBacks)
      .innerJoin(shops, and(eq(shops.id, consentWriteBacks.shopId), eq(shops.status, 'installed')))
      .where(lte(consentWriteBacks.nextAt, now))
      .orderBy(consentWriteBacks.nextAt, consentWriteBacks.shopId, consentWriteBacks.subscriberId)
      .limit(atOnce)
    if (due.length === 0) return
    await app.db.update(consentWriteBacks).set({ nextAt: after(now, givenUpAfter) }).where(inArray(consentWriteBacks.askId, due.map((row) => row.askId)))
    for (const { shopId, subscriberId } of due) await addJob(app, shopId, subscriberId)
  })
}

/** The store was opened again: everything that it is still owed is due now. */
export async function resumeWriteBacks(app: Pick<App, 'db' | 'clock'>, shopId: string): Promise<void> {
  await app.db.update(consentWriteBacks).set({ nextAt: app.clock.now() }).where(eq(consentWriteBacks.shopId, shopId))
}

const addJob = (app: Pick<App, 'queue'>, shopId: string, subscriberId: string): Promise<void> =>
  app.queue.add('consent.write-back', { shopId, subscriberId }, { key: `${shopId}:${subscriberId}` })

async function tell(app: App, shop: Shop, subscriberId: string): Promise<void> {
  const shopId = shop.id
  const [person] = await app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, subscriberId)))
  if (!person || person.restrictedAt) return
  const history = (await historiesOf(app, shopId, [subscriberId])).get(`${subscriberId} email_marketing`) ?? []
  // Who said no and whose address somebody typed into a form since has still said no, until the mailbox itself says yes.
  const settled = history.find((entry) => entry.state !== 'pending')
  const newest = settled?.state === 'unsubscribed' ? settled : history[0]
  const state = newest && statement(newest.state as ConsentState)
  // That somebody bought something is no statement of theirs about mail.
  if (!newest || !state || fromStore(newest.method as ConsentMethod) || newest.basis === 'soft_opt_in') return
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

function statement(state: ConsentState): 'subscribed' | 'pending' | 'unsubscribed' | null {
  return state === 'subscribed' || state === 'pending' || state === 'unsubscribed' ? state : null
}
