import type { App } from '../../app.ts'
import { hmac, sameBytes } from '../../lib/crypto.ts'
import { findShop, type Shop } from '../../shops/shops.ts'
import { queryOf, secrets, shopDomain } from './api.ts'

const window = 90 // seconds that the platform's and our clock may differ

/**
 * Verifies a request that the store's app proxy passed on (platform notes 9.2): signed by the platform, not older than 90 s,
 * for a shop that has us installed. A parameter that comes twice is refused: who signs and who reads might take different
 * ones. The body is not covered by the signature.
 * @param url path and query as they came.
 */
export async function verifyProxy(app: App, url: string): Promise<{ shop: Shop; loggedInCustomerId: string | null } | null> {
  const given = queryOf(url)
  const names = [...given.keys()]
  if (new Set(names).size !== names.length) return null
  const signature = given.get('signature') ?? ''
  const timestamp = given.get('timestamp') ?? ''
  const domain = shopDomain(given.get('shop'))
  if (!domain || !/^[0-9a-f]{64}$/.test(signature) || !/^\d{1,12}$/.test(timestamp)) return null
  const signed = names.filter((name) => name !== 'signature').map((name) => `${name}=${given.get(name)}`).sort().join('')
  if (!secrets(app).map((secret) => sameBytes(hmac(secret, signed), Buffer.from(signature, 'hex'))).some(Boolean)) return null
  if (Math.abs(app.clock.now().getTime() / 1000 - Number(timestamp)) > window) return null
  const shop = await findShop(app, domain)
  if (shop?.status !== 'installed' && shop?.status !== 'needs_reopening') return null
  return { shop, loggedInCustomerId: given.get('logged_in_customer_id') || null }
}
