import { createHmac } from 'node:crypto'
import { mintSessionToken } from '../platform/session-token.ts'
import type { SimStore, World } from '../types.ts'

/** The one person who works in every store: its owner. */
export const ownerId = '91000001'

/** A session token as the admin hands it to the app's page, good for 60 seconds of the world's time. */
export const mintIdToken = (world: World, store: SimStore, at = world.clock.now()): Promise<string> => mintSessionToken(world, store, ownerId, { at })

/** `admin.shopify.com/store/fern-and-fig`, base64 without padding, as the `host` parameter carries it. */
export const hostParameter = (store: SimStore): string => Buffer.from(`admin.shopify.com/store/${nameOf(store)}`).toString('base64').replace(/=+$/, '')

export const nameOf = (store: SimStore): string => store.domain.replace(/\.myshopify\.com$/, '')

/** The address that the admin loads into the frame: the app's path with everything the platform adds, signed. */
export async function frameAddress(world: World, store: SimStore, path: string, at = world.clock.now()): Promise<string> {
  const url = new URL(world.urls.app)
  const [pathname = '/', search = ''] = path.split('?')
  url.pathname = pathname
  url.search = search
  const given = {
    embedded: '1',
    host: hostParameter(store),
    id_token: await mintIdToken(world, store, at),
    locale: store.locale,
    session: createHmac('sha256', store.domain).update(ownerId).digest('hex'),
    shop: store.domain,
    timestamp: String(Math.floor(at.getTime() / 1000)),
  }
  for (const [key, value] of Object.entries(given)) url.searchParams.set(key, value)
  url.searchParams.delete('hmac')
  url.searchParams.sort()
  url.searchParams.set('hmac', createHmac('sha256', world.app.clientSecret).update(url.searchParams.toString()).digest('hex'))
  return url.href
}
