import type { App } from '../../app.ts'
import type { Platform } from '../platform.ts'
import { bearer, establish, readIdToken } from './auth.ts'
import { bulkItems, bulkState, startBulk } from './bulk.ts'
import { changedCustomers, changedOrders, changedProducts, readCustomer } from './changed.ts'
import { writeConsent } from './consent.ts'
import { verifyProxy } from './proxy.ts'
import { segmentMembers, storeSegments } from './segments.ts'
import { readScopes, readShop } from './shop.ts'
import { keepAlive } from './tokens.ts'
import { translate } from './translate.ts'

/** Shopify behind our interface. The app is asked for when it is needed: it holds us and we hold it. */
export function createShopify(getApp: () => App): Platform {
  return {
    name: 'shopify',
    async session(request) {
      const idToken = bearer(request.get('authorization'))
      const { domain, userId } = await readIdToken(getApp(), idToken)
      return { shop: await establish(getApp(), domain, idToken), userId }
    },
    proxy: (request) => verifyProxy(getApp(), request.originalUrl),
    translate,
    readShop: (shop) => readShop(getApp(), shop),
    readScopes: (shop) => readScopes(getApp(), shop),
    readCustomer: (shop, platformId) => readCustomer(getApp(), shop, platformId),
    startBulk: (shop, kind) => startBulk(getApp(), shop, kind),
    bulkState: (shop, operationId) => bulkState(getApp(), shop, operationId),
    bulkItems: (shop, kind, url, fromLine) => bulkItems(getApp(), shop, kind, url, fromLine),
    changedCustomers: (shop, since) => changedCustomers(getApp(), shop, since),
    changedOrders: (shop, since) => changedOrders(getApp(), shop, since),
    changedProducts: (shop, since) => changedProducts(getApp(), shop, since),
    storeSegments: (shop) => storeSegments(getApp(), shop),
    segmentMembers: (shop, platformId) => segmentMembers(getApp(), shop, platformId),
    writeConsent: (shop, change) => writeConsent(getApp(), shop, change),
    keepAlive: (shop) => keepAlive(getApp(), shop),
  }
}
