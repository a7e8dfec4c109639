import { z } from 'zod'
import type { App } from '../../app.ts'
import type { Shop } from '../../shops/shops.ts'
import type { StoreShop } from '../platform.ts'
import { plainId } from './api.ts'
import { installationDocument, shopDocument } from './documents.ts'
import { graphql, graphqlWith } from './graphql.ts'

const text = z.string().nullish()
const answer = z.object({
  shop: z.object({
    id: z.string(),
    name: z.string(),
    email: text,
    contactEmail: text,
    primaryDomain: z.object({ url: z.string() }).nullish(),
    currencyCode: z.string(),
    ianaTimezone: z.string(),
    shopAddress: z.object({ company: text, address1: text, address2: text, zip: text, city: text, province: text, countryCodeV2: text, country: text }).nullish(),
  }),
})
type Known = Pick<Shop, 'id' | 'domain' | 'locale'>

/** What the store says about itself. Its language is in no field that we may read: it stays as known (shop/update brings it). */
export async function readShop(app: App, shop: Known): Promise<StoreShop> {
  return described(shop, await graphql(app, shop, shopDocument, {}, answer))
}

/** The same with a token in hand, before the keys are stored. */
export async function readStoreWith(app: App, shop: Known, token: string): Promise<StoreShop> {
  return described(shop, await graphqlWith(app, shop, token, shopDocument, answer))
}

/** The scopes that the store grants now. */
export async function readScopes(app: App, shop: Pick<Shop, 'id' | 'domain'>): Promise<string[]> {
  const schema = z.object({ currentAppInstallation: z.object({ accessScopes: z.array(z.object({ handle: z.string() })) }) })
  const { currentAppInstallation } = await graphql(app, shop, installationDocument, {}, schema)
  return currentAppInstallation.accessScopes.map((scope) => scope.handle)
}

function described(known: Known, { shop }: z.infer<typeof answer>): StoreShop {
  const at = shop.shopAddress
  return {
    platformId: plainId(shop.id),
    domain: known.domain,
    name: shop.name,
    email: shop.contactEmail || shop.email || null,
    url: shop.primaryDomain?.url ?? null,
    currency: shop.currencyCode,
    timezone: shop.ianaTimezone,
    locale: known.locale,
    country: at?.countryCodeV2 ?? null,
    address: addressText([at?.company || shop.name, at?.address1, at?.address2, [at?.zip, at?.city].filter(Boolean).join(' '), at?.province, at?.country]),
  }
}

/** One line a part, without the empty ones. A name alone is no address. */
export const addressText = (parts: (string | null | undefined)[]): string | null => {
  const lines = parts.filter((part): part is string => Boolean(part?.trim()))
  return lines.length > 1 ? lines.join('\n') : null
}
