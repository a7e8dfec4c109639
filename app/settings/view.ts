import type { App } from '../app.ts'
import { countUnattested } from '../consent/mailable.ts'
import { fingerprint, publicKeyOf } from '../consent/signature.ts'
import type { SettingsView } from '../shops/contract.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import { syncProgress } from '../sync/progress.ts'
import { defaultBrand } from '../templates/contract.ts'

/** Everything that the settings page shows. */
export async function settingsView(app: App, shop: Shop): Promise<SettingsView> {
  const settings = await getSettings(app, shop.id)
  const { name, domain, email, currency, timezone, locale, url } = shop
  const { senderName, senderEmail, replyTo, postalAddress, doubleOptIn, tracking, attributionDays, recordsAttestedAt } = settings
  return {
    senderName, senderEmail, replyTo, postalAddress, doubleOptIn, tracking, attributionDays,
    brand: { ...defaultBrand, ...settings.brand },
    attestRecords: false, // a statement is made by sending it, never by sending back what was read
    shop: { name, domain, email, currency, timezone, locale, url },
    senderReady: Boolean(senderName && senderEmail && postalAddress),
    recordsAttestedAt: recordsAttestedAt?.toISOString() ?? null,
    softOptIn: { on: settings.softOptInSince !== null, wording: settings.softOptInWording ?? '', family: settings.softOptInFamily ?? '' },
    softOptInSince: settings.softOptInSince?.toISOString() ?? null,
    ledgerKey: fingerprint(publicKeyOf(app.settings.keys)),
    unattestedRecords: await countUnattested(app, shop.id),
    mailProvider: app.mail.name,
    orderHistory: shop.scopes.split(',').includes('read_all_orders') ? 'all' : 'sixty_days',
    syncs: await syncProgress(app, shop.id),
  }
}
