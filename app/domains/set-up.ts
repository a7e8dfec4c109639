import type { App } from '../app.ts'
import { sendingDomains } from '../db/schema.ts'
import { derive, hmac } from '../lib/crypto.ts'
import { AppError, invalid } from '../lib/errors.ts'
import { getSettings } from '../shops/shops.ts'
import { askForCheck } from './ask.ts'
import type { Setup } from './contract.ts'
import { aligned, domainOf, obstacleOf } from './names.ts'
import { findDomain } from './rows.ts'

/**
 * Sets up the domain of the shop's sender: registers it with the mail provider, which tells the records to set, and asks for the
 * first check. Doing it twice changes nothing. Throws `invalid` when nobody can send in the name of that domain, or the
 * provider refuses it, and 503 when the provider cannot be asked now.
 */
export async function setUpDomain(app: App, shopId: string): Promise<void> {
  const { senderEmail } = await getSettings(app, shopId)
  const obstacle = obstacleOf(senderEmail)
  const domain = domainOf(senderEmail)
  if (obstacle || !domain) throw invalid(obstacle ?? 'Say in the settings which address your mail comes from.', { senderEmail: 'has no domain that can be set up' })
  if (!(await findDomain(app, shopId, domain))) {
    const { setup, ref } = await askProvider(app, shopId, domain)
    const now = app.clock.now()
    const fresh = { providerRef: ref, records: setup, findings: {}, status: 'pending' as const, checkedAt: null, verifiedAt: null, brokenSince: null, updatedAt: now }
    await app.db
      .insert(sendingDomains)
      .values({ shopId, domain, ...fresh, gently: true, planned: { largest: 0, days: [] }, createdAt: now })
      // There is a row when it was set up for another provider: what it has sent stays known.
      .onConflictDoUpdate({ target: [sendingDomains.shopId, sendingDomains.domain], set: fresh })
  }
  await askForCheck(app, shopId, domain)
}

async function askProvider(app: App, shopId: string, domain: string): Promise<{ setup: Setup; ref: string | null }> {
  const owner = ownerRecord(app, shopId, domain)
  const { domains, name } = app.mail
  if (!domains) return { ref: null, setup: { provider: name, records: [owner], dkimDomain: null, returnPath: domain, spfMust: null } }
  const answer = await domains.authenticate(domain)
  if (answer.kind !== 'ok') throw answer.kind === 'refused' ? invalid(answer.reason) : new AppError(503, 'later', `${answer.reason} Nothing was changed; please try again in a few minutes.`)
  const { ref, records, dkimDomain, returnPath, spfMust } = answer.value
  // Records of a domain that is not the owner's would help nobody: neither signature nor return path could ever fit.
  if (!aligned(domain, dkimDomain, 'r') && !aligned(domain, returnPath, 'r'))
    throw invalid(`Mail leaves this installation in the name of ${dkimDomain}, which does not fit ${domain}. Use an address of ${dkimDomain}, or ask whoever runs Homing to set up ${domain}.`)
  return { ref, setup: { provider: name, records: [...records, owner], dkimDomain, returnPath, spfMust } }
}

/**
 * Many shops may share an installation and its account at the provider, so the provider's records alone prove nothing: they are
 * the same for whoever asks. This one only the owner of the domain can set, and it names the shop.
 */
function ownerRecord(app: Pick<App, 'settings'>, shopId: string, domain: string): Setup['records'][number] {
  const proof = hmac(derive(app.settings.keys.hash, 'sending-domain'), `${shopId}:${domain}`).toString('hex').slice(0, 32)
  return { type: 'TXT', name: `_homing.${domain}`, value: `homing-domain=${proof}`, purpose: 'owner' }
}
