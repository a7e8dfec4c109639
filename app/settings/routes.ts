import { parse, shopRoute, type Route } from '../lib/http.ts'
import { settingsInput } from '../shops/contract.ts'
import { saveSettings } from '../shops/settings.ts'
import { startSync } from '../sync/start.ts'
import { settingsView } from './view.ts'

export const routes: Route[] = [
  shopRoute('get', '/api/settings', ({ app, shop }) => settingsView(app, shop)),
  shopRoute('put', '/api/settings', async ({ app, shop, body }) => {
    await saveSettings(app, shop.id, parse(settingsInput, body))
    return settingsView(app, shop)
  }),
  shopRoute('post', '/api/sync', async ({ app, shop }) => {
    await startSync(app, { shopId: shop.id })
    return settingsView(app, shop)
  }),
]
