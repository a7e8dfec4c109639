import { and, eq, inArray, lt } from 'drizzle-orm'
import type { App } from '../app.ts'
import { shops, shopSettings, shopTokens } from '../db/schema.ts'
import { newId } from '../lib/ids.ts'
import type { StoreShop } from '../platforms/platform.ts'
import { defaultBrand } from '../templates/contract.ts'
import { getShop, type Shop } from './shops.ts'

/**
 * Records that a store installed us, or opened us again. `store` is what the platform tells about it; `scopes` what it granted.
 * Call it in the transaction that stores the keys. A store that was not installed until now, be it new, back again or
 * locked out, is welcomed by a job (forms, a reading of the whole store, what it was not told); what it left with us is still there.
 */
export async function installed(app: App, domain: string, store: StoreShop, scopes: string): Promise<Shop> {
  return app.db.transaction(async () => {
    const now = app.clock.now()
    const known = await claimShop(app, domain)
    // installedAt moves with each new grant: news of an uninstall from before it is late (see `uninstalled`).
    const fresh = { ...described(store), status: 'installed' as const, scopes, installedAt: now, uninstalledAt: null, forgetAskedAt: null, updatedAt: now }
    await app.db.update(shops).set(fresh).where(eq(shops.id, known.id))
    await app.db.insert(shopSettings).values(firstSettings(known.id, store, now)).onConflictDoNothing()
    if (known.status !== 'installed') await app.queue.add('shops.welcome', { shopId: known.id }, { key: known.id })
    return (await getShop(app, known.id))!
  })
}

/** The row of a domain, made if there is none: a store that is not installed yet, of which only the domain is known. */
export async function claimShop(app: App, domain: string): Promise<Shop> {
  const now = app.clock.now()
  const nothing = { name: domain, currency: 'USD', timezone: 'UTC', locale: 'en', status: 'needs_reopening' as const, scopes: '', consentSeq: 0 }
  await app.db.insert(shops).values({ id: newId(now), platform: 'shopify', domain, ...nothing, installedAt: now, updatedAt: now }).onConflictDoNothing()
  const [shop] = await app.db.select().from(shops).where(and(eq(shops.platform, 'shopify'), eq(shops.domain, domain)))
  return shop!
}

/**
 * The store removed us. News from before the present installation is late and means an earlier one: ignored. Keys are
 * destroyed; consent and suppressions stay until the platform asks us to forget the store. Answers whether it was so.
 */
export async function uninstalled(app: App, shopId: string, at: Date): Promise<boolean> {
  return app.db.transaction(async () => {
    const now = app.clock.now()
    const gone = await app.db
      .update(shops)
      .set({ status: 'uninstalled', uninstalledAt: at, updatedAt: now })
      .where(and(eq(shops.id, shopId), inArray(shops.status, ['installed', 'needs_reopening']), lt(shops.installedAt, at)))
      .returning({ id: shops.id })
    if (gone.length) await app.db.delete(shopTokens).where(eq(shopTokens.shopId, shopId))
    return gone.length === 1
  })
}

/**
 * These keys (as stored) stopped working. The shop's jobs end; the next time its owner opens the app everything goes on.
 * Nothing happens when other keys are there by now.
 */
export async function needsReopening(app: App, shopId: string, sealedToken: string): Promise<boolean> {
  return app.db.transaction(async () => {
    const dropped = await app.db
      .delete(shopTokens)
      .where(and(eq(shopTokens.shopId, shopId), eq(shopTokens.accessToken, sealedToken)))
      .returning({ id: shopTokens.shopId })
    if (dropped.length === 0) return false
    await app.db.update(shops).set({ status: 'needs_reopening', updatedAt: app.clock.now() }).where(and(eq(shops.id, shopId), eq(shops.status, 'installed')))
    return true
  })
}

/** News about the store itself: its name, money, zone, address. */
export async function updateShop(app: App, shopId: string, news: Partial<StoreShop>): Promise<void> {
  const known = described(news)
  if (Object.keys(known).length === 0) return
  await app.db.update(shops).set({ ...known, updatedAt: app.clock.now() }).where(eq(shops.id, shopId))
}

export async function updateScopes(app: App, shopId: string, scopes: string): Promise<void> {
  await app.db.update(shops).set({ scopes, updatedAt: app.clock.now() }).where(eq(shops.id, shopId))
}

/** The domain is who the shop is; nobody's news changes it. */
function described({ domain: _domain, ...rest }: Partial<StoreShop>): Partial<Omit<StoreShop, 'domain'>> {
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
}

function firstSettings(shopId: string, store: StoreShop, now: Date): typeof shopSettings.$inferInsert {
  return {
    shopId,
    senderName: store.name,
    senderEmail: store.email ?? '',
    replyTo: store.email ?? '',
    postalAddress: store.address ?? '',
    senderConfirmedAt: null,
    brand: defaultBrand,
    doubleOptIn: true,
    tracking: 'by_law',
    attributionDays: 5,
    recordsAttestedAt: null,
    onboardingDismissedAt: null,
    updatedAt: now,
  }
}
