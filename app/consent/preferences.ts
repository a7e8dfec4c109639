import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { shops, subscribers } from '../db/schema.ts'
import type { ShopSettings } from '../shops/shops.ts'
import { newestEntry, recordConsent } from './record.ts'
import { reasonOfEntry } from './standing.ts'
import { mayTrack } from './tracking.ts'
import { subscribeAgain, unsubscribe } from './unsubscribe.ts'

export interface Preferences {
  mail: boolean
  /** null: the shop records nobody's opens and clicks, so there is nothing to choose. */
  tracking: boolean | null
}

/** What is true of a person now, as their preference page shows it. */
export async function preferencesOf(app: Pick<App, 'db' | 'clock'>, settings: ShopSettings, subscriberId: string): Promise<Preferences> {
  const entry = await newestEntry(app, settings.shopId, subscriberId)
  const [from] = await app.db
    .select({ country: subscribers.country, shopCountry: shops.country })
    .from(subscribers)
    .innerJoin(shops, eq(shops.id, subscribers.shopId))
    .where(and(eq(subscribers.shopId, settings.shopId), eq(subscribers.id, subscriberId)))
  const mail = reasonOfEntry(entry, { now: app.clock.now(), country: from?.country ?? null, shopCountry: from?.shopCountry ?? null, ...settings }) === null
  const tracking = settings.tracking === 'off' ? null : (await mayTrack(app, settings.shopId, settings, [subscriberId])).has(subscriberId)
  return { mail, tracking }
}

/** Writes down what the person changed on their page; what they left as it was leaves no entry. */
export async function setPreferences(
  app: Pick<App, 'db' | 'clock' | 'queue'>,
  settings: ShopSettings,
  subscriberId: string,
  wish: Preferences,
  seen: { mailWording: string; trackingWording: string; language: string; messageId: string },
): Promise<void> {
  await app.db.transaction(async () => {
    const { shopId } = settings
    const before = await preferencesOf(app, settings, subscriberId)
    const act = { method: 'preference_page' as const, source: 'Preference page', language: seen.language, messageId: seen.messageId }
    if (before.mail && !wish.mail) await unsubscribe(app, shopId, subscriberId, act)
    if (!before.mail && wish.mail) await subscribeAgain(app, shopId, subscriberId, { ...act, wording: seen.mailWording })
    if (before.tracking === null || wish.tracking === null || before.tracking === wish.tracking) return
    await recordConsent(app, shopId, [
      {
        ...act, subscriberId, purpose: 'tracking', wording: seen.trackingWording, occurredAt: app.clock.now(),
        ...(wish.tracking ? { act: 'granted' as const, basis: 'express_single' as const } : { act: 'withdrawn' as const, basis: 'none' as const }),
      },
    ])
  })
}
