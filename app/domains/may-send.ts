import { and, eq, ne } from 'drizzle-orm'
import type { App } from '../app.ts'
import { sendingDomains } from '../db/schema.ts'
import type { ShopSettings } from '../shops/shops.ts'
import { domainOf, obstacleOf } from './names.ts'
import { findDomain } from './rows.ts'

type Sender = Pick<ShopSettings, 'shopId' | 'senderEmail'>
const where = 'Settings › Sending domain shows what to do.'

/**
 * Why no campaign and no test may leave in the name of this sender, in words, or null. Without SPF, DKIM and DMARC for the
 * domain, Gmail, Yahoo and Microsoft refuse newsletters or put them into spam (reliability.md 2.1, L11).
 */
export async function domainFault(app: Pick<App, 'db' | 'mail'>, { shopId, senderEmail }: Sender): Promise<string | null> {
  if (senderEmail === '') return null // that is told on its own
  const obstacle = obstacleOf(senderEmail)
  const domain = domainOf(senderEmail)
  if (obstacle || !domain) return obstacle
  const row = await findDomain(app, shopId, domain)
  if (!row) return `Set up your sending domain ${domain} first: mailboxes refuse newsletters from domains that do not vouch for them. ${where}`
  if (row.status === 'verified') return null
  const faults = (row.found?.findings ?? []).filter((one) => one.level === 'fault').map((one) => one.title)
  const still = faults.length > 0 ? ` Not right yet: ${faults.join(', ')}.` : ''
  return row.status === 'pending'
    ? `Your sending domain ${domain} is not verified yet.${still} ${where}`
    : `Your sending domain ${domain} was verified, but records that must be there are gone.${still} ${where}`
}

/**
 * Why a confirmation may not leave in the name of this sender, or null. It may before the domain is verified, so that nobody who
 * signs up is lost while the owner waits for the DNS: one mail to who asked for it harms no reputation, and the provider refuses
 * what it does not sign. It may not when another shop here has verified the domain: the provider would sign it in their name.
 */
export async function confirmationFault(app: Pick<App, 'db' | 'mail'>, sender: Sender): Promise<string | null> {
  const domain = domainOf(sender.senderEmail)
  if (!domain || (await findDomain(app, sender.shopId, domain))?.status === 'verified') return null
  const [other] = await app.db
    .select({ domain: sendingDomains.domain })
    .from(sendingDomains)
    .where(and(eq(sendingDomains.domain, domain), eq(sendingDomains.status, 'verified'), ne(sendingDomains.shopId, sender.shopId)))
    .limit(1)
  return other ? `${domain} must be verified before mail leaves in its name. ${where}` : null
}
