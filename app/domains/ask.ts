import type { App } from '../app.ts'
import { sendingDomains } from '../db/schema.ts'
import { isDomain } from './rows.ts'

/** Asks for a check now. Asking again while one waits changes nothing. */
export async function askForCheck(app: Pick<App, 'db' | 'clock' | 'queue'>, shopId: string, domain: string): Promise<void> {
  await app.db.transaction(async () => {
    await app.db.update(sendingDomains).set({ checkAskedAt: app.clock.now() }).where(isDomain(shopId, domain))
    await app.queue.add('domains.check', { shopId, domain }, { key: `${shopId} ${domain}` })
  })
}

/** Asks for a check by itself, later. Its key is another one: it must not stand in the way of a check that somebody asks for. */
export async function askForCheckAt(app: Pick<App, 'queue'>, shopId: string, domain: string, at: Date): Promise<void> {
  await app.queue.add('domains.check', { shopId, domain }, { key: `${shopId} ${domain} later`, at })
}
