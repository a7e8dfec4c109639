import type { App } from '../app.ts'
import { sendingDomains } from '../db/schema.ts'
import { conflict } from '../lib/errors.ts'
import { parse, shopRoute, type Route } from '../lib/http.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import { askForCheck } from './ask.ts'
import { domainInput } from './contract.ts'
import { domainOf } from './names.ts'
import { findDomain, isDomain } from './rows.ts'
import { setUpDomain } from './set-up.ts'
import { domainView } from './view.ts'

export const routes: Route[] = [
  shopRoute('get', '/api/domain', ({ app, shop }) => domainView(app, shop)),
  shopRoute('post', '/api/domain', async ({ app, shop }) => {
    await setUpDomain(app, shop.id)
    return domainView(app, shop)
  }),
  shopRoute('post', '/api/domain/check', async ({ app, shop }) => {
    await askForCheck(app, shop.id, await domainInUse(app, shop))
    return domainView(app, shop)
  }),
  shopRoute('put', '/api/domain', async ({ app, shop, body }) => {
    const { selector, sentBefore } = parse(domainInput, body)
    const domain = await domainInUse(app, shop)
    const change = { ...(selector === undefined ? {} : { dkimSelector: selector.toLowerCase() || null }), ...(sentBefore === undefined ? {} : { gently: !sentBefore }) }
    await app.db.update(sendingDomains).set({ ...change, updatedAt: app.clock.now() }).where(isDomain(shop.id, domain))
    if (selector !== undefined) await askForCheck(app, shop.id, domain)
    return domainView(app, shop)
  }),
]

/** The domain that the page shows. In another window the sender's address may have become another one. */
async function domainInUse(app: App, shop: Shop): Promise<string> {
  const domain = domainOf((await getSettings(app, shop.id)).senderEmail)
  if (!domain || !(await findDomain(app, shop.id, domain))) throw conflict('This domain is not set up (any more). Reload the page to see how it stands.')
  return domain
}
