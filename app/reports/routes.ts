import { shopRoute, type Route } from '../lib/http.ts'
import { campaignReport } from './campaign.ts'
import { dismissOnboarding, homeView } from './home.ts'

export const routes: Route[] = [
  shopRoute('get', '/api/home', ({ app, shop }) => homeView(app, shop)),
  shopRoute('post', '/api/home/dismiss-onboarding', async ({ app, shop }) => {
    await dismissOnboarding(app, shop.id)
    return {}
  }),
  shopRoute('get', '/api/campaigns/:id/report', ({ app, shop, params }) => campaignReport(app, shop, params.id!)),
]
