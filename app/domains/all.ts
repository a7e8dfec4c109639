import { asc, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { sendingDomains, shops } from '../db/schema.ts'
import { after } from '../lib/clock.ts'
import { askForCheckAt } from './ask.ts'

/** Each night: every domain of an installed shop is looked at again, a few each second, so that no name server is stormed. */
export async function checkAllDomains(app: App): Promise<void> {
  const rows = await app.db
    .select({ shopId: sendingDomains.shopId, domain: sendingDomains.domain })
    .from(sendingDomains)
    .innerJoin(shops, eq(shops.id, sendingDomains.shopId))
    .where(eq(shops.status, 'installed'))
    .orderBy(asc(sendingDomains.shopId), asc(sendingDomains.domain))
  const now = app.clock.now()
  for (const [n, { shopId, domain }] of rows.entries()) await askForCheckAt(app, shopId, domain, after(now, Math.floor(n / 5) * 1000))
}
