import { gid, offsetMinutes, offsetText } from '../../format.ts'
import type { SimSegment, SimStore } from '../../types.ts'
import { grantedScopes } from '../scopes.ts'
import { connection, fields, plain, type Context, type Taught } from './teach.ts'

const languages = new Intl.DisplayNames('en', { type: 'language' })
const countries = new Intl.DisplayNames('en', { type: 'region' })

const storefront = (context: Context): URL => new URL(context.world.urls.storefront(context.store.domain))

/** The store itself, what the app may do there, its languages and saved segments. */
export const shopFields: Taught = {
  QueryRoot: {
    ...fields({
      shop: (_, __, { store }) => store,
      currentAppInstallation: (_, __, { store }) => store,
      shopLocales: (_, __, { store }) => [{ locale: store.locale, name: languages.of(store.locale) ?? store.locale, primary: true, published: true }],
    }),
    segments: connection<unknown, SimSegment>({
      list: (_, { store }) => [...store.segments.values()],
      id: (segment) => segment.id,
      sorts: { CREATION_DATE: (segment) => segment.createdAt.getTime(), LAST_EDIT_DATE: (segment) => segment.updatedAt.getTime() },
      search: { filters: { id: (segment) => segment.id, name: (segment) => segment.name }, text: (segment) => [segment.name] },
    }),
  },
  Shop: fields<SimStore>({
    id: (store) => gid('Shop', store.id),
    name: (store) => store.name,
    email: (store) => store.email,
    contactEmail: (store) => store.email,
    description: (store) => store.tagline,
    myshopifyDomain: (store) => store.domain,
    primaryDomain: (store, _, context) => ({ id: gid('Domain', store.id), url: storefront(context).origin, host: storefront(context).host, sslEnabled: true }),
    url: (_, __, context) => storefront(context).origin,
    currencyCode: (store) => store.currency,
    currencyFormats: (store) => ({ moneyFormat: `${symbolOf(store.currency)}{{amount}}`, moneyWithCurrencyFormat: `${symbolOf(store.currency)}{{amount}} ${store.currency}` }),
    ianaTimezone: (store) => store.timezone,
    timezoneAbbreviation: (store, _, { world }) => zoneName(store.timezone, world.clock.now()),
    timezoneOffset: (store, _, { world }) => offsetText(offsetMinutes(world.clock.now(), store.timezone)),
    timezoneOffsetMinutes: (store, _, { world }) => offsetMinutes(world.clock.now(), store.timezone),
    plan: () => ({ displayName: 'Basic', publicDisplayName: 'Basic', partnerDevelopment: false, shopifyPlus: false }),
    shopOwnerName: (store) => store.ownerName,
    shopAddress: (store) => ({
      id: gid('ShopAddress', store.id), ...store.address, address2: null, company: store.name, province: null, provinceCode: null,
      country: countries.of(store.country) ?? store.country, countryCodeV2: store.country,
    }),
    unitSystem: () => 'METRIC_SYSTEM',
    weightUnit: () => 'KILOGRAMS',
  }),
  Domain: plain('id', 'url', 'host', 'sslEnabled'),
  CurrencyFormats: plain('moneyFormat', 'moneyWithCurrencyFormat'),
  ShopPlan: plain('displayName', 'publicDisplayName', 'partnerDevelopment', 'shopifyPlus'),
  ShopAddress: plain('id', 'address1', 'address2', 'city', 'zip', 'phone', 'company', 'province', 'provinceCode', 'country', 'countryCodeV2'),
  ShopLocale: plain('locale', 'name', 'primary', 'published'),
  AppInstallation: fields<SimStore>({
    id: (store) => gid('AppInstallation', store.id),
    launchUrl: (store, _, { world }) => `https://${store.domain}/admin/apps/${world.app.clientId}`,
    uninstallUrl: (store) => `https://${store.domain}/admin/settings/apps`,
    accessScopes: (store) => grantedScopes(store).map((handle) => ({ handle, description: handle.replaceAll('_', ' ') })),
    activeSubscriptions: () => [],
  }),
  AccessScope: plain('handle', 'description'),
  Segment: fields<SimSegment>({
    id: (segment) => gid('Segment', segment.id),
    name: (segment) => segment.name,
    query: (segment) => segment.query,
    creationDate: (segment) => segment.createdAt.toISOString(),
    lastEditDate: (segment) => segment.updatedAt.toISOString(),
  }),
}

const symbolOf = (currency: string): string =>
  new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).formatToParts(0).find((part) => part.type === 'currency')?.value ?? ''

const zoneName = (timeZone: string, at: Date): string =>
  new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'short' }).formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? ''
