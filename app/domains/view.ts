import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { mailableSql } from '../consent/mailable.ts'
import { subscribers } from '../db/schema.ts'
import { MINUTE } from '../lib/clock.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import { planFor } from './allowance.ts'
import type { DomainView, DnsRecord } from './contract.ts'
import { dmarcSuggestion } from './dmarc-suggestion.ts'
import { hintFor } from './hosts.ts'
import { domainOf, obstacleOf, shortName } from './names.ts'
import { findDomain, providerWords, type SendingDomain } from './rows.ts'

/** A check that has not answered for so long was lost; the page must not wait for it for ever. */
const patience = 2 * MINUTE

/** The domain of the shop's sender, as its page shows it. */
export async function domainView(app: Pick<App, 'db' | 'clock' | 'mail'>, shop: Shop): Promise<DomainView> {
  const { senderEmail: address } = await getSettings(app, shop.id)
  const obstacle = obstacleOf(address)
  const domain = obstacle ? null : domainOf(address)
  const row = domain ? await findDomain(app, shop.id, domain) : null
  const provider = providerWords(app.mail.name)
  const empty: DomainView = {
    address, domain, obstacle, state: 'none', provider, ...introduction(domain, obstacle), records: [], findings: [], hostHint: null, checking: false, now: app.clock.now().toISOString(), checkedAt: null, verifiedAt: null, brokenSince: null,
    selector: null, asksSelector: app.mail.domains === undefined, ramp: null,
  }
  if (!domain || !row) return empty
  const audience = await app.db.$count(subscribers, and(eq(subscribers.shopId, shop.id), mailableSql(shop.id, app.clock.now())))
  const records = recordsOf(row, dmarcSuggestion(address, domain)).map((one) => ({ ...one, shortName: shortName(one.name, domain) }))
  const asked = row.checkAskedAt
  return {
    ...empty, state: row.status, ...wordsOf(row, domain, records), records,
    findings: row.found?.findings ?? [],
    hostHint: row.found?.host ? `Your DNS is kept at ${row.found.host}. ${hintFor(row.found.host) ?? ''}`.trim() : null,
    checking: asked !== null && app.clock.now().getTime() - asked.getTime() < patience,
    checkedAt: row.checkedAt?.toISOString() ?? null,
    verifiedAt: row.verifiedAt?.toISOString() ?? null,
    brokenSince: row.status === 'verified' ? (row.brokenSince?.toISOString() ?? null) : null,
    selector: row.dkimSelector,
    ramp: { on: row.gently, since: row.warmingSince?.toISOString() ?? null, audience, days: (await planFor(app, shop, audience)) ?? [] },
  }
}

type Shown = Omit<DomainView['records'][number], 'shortName'>
/** As the last check found them; before it, what is to be set. */
function recordsOf(row: SendingDomain, dmarcValue: string): Shown[] {
  if (row.found) return row.found.records
  const { records, returnPath, spfMust } = row.setup
  const plain: DnsRecord[] = [
    ...records.filter((one) => one.purpose !== 'spf'),
    ...(spfMust ? [{ type: 'TXT' as const, name: returnPath, value: `v=spf1 ${spfMust} ~all`, purpose: 'spf' as const }] : []),
    { type: 'TXT' as const, name: `_dmarc.${row.domain}`, value: dmarcValue, purpose: 'dmarc' as const },
  ]
  return plain.map((one) => ({ ...one, state: 'unchecked' as const, found: [], hint: null }))
}

function introduction(domain: string | null, obstacle: string | null): { sentence: string; detail: string } {
  if (obstacle || !domain) return { sentence: 'Your sender’s address cannot be used for newsletters.', detail: obstacle ?? '' }
  return {
    sentence: `Vouch for your mail: set up ${domain}.`,
    detail: 'Gmail, Yahoo and Microsoft put newsletters into spam, or refuse them, unless the sender’s domain says who may send for it. You set a few records where your domain is kept; it takes ten minutes, once.',
  }
}

function wordsOf(row: SendingDomain, domain: string, records: { state: string }[]): { sentence: string; detail: string } {
  const open = records.filter((one) => one.state !== 'ok').length
  if (row.status === 'verified' && !row.brokenSince) return { sentence: `${domain} is verified: your mail goes out in its name.`, detail: 'It is looked at again each night. If a record should vanish, you are told here before anything stops.' }
  if (row.status === 'verified')
    return { sentence: `Something is gone at ${domain}.`, detail: 'Campaigns still go out. If it is not back tomorrow, new campaigns are stopped until it is; those under way go on.' }
  if (row.status === 'failing') return { sentence: `${domain} is not verified any more.`, detail: 'Records that must be there were gone on two days. New campaigns wait until they are back; press “Check now” when you have set them.' }
  if (!row.found) return { sentence: `Set ${records.length} records for ${domain}.`, detail: 'Copy each of them to whoever keeps the DNS of your domain. We look for them by ourselves, and you may leave this page.' }
  return {
    sentence:
      open === 0
        ? `Almost there: ${domain} is not verified yet.`
        : open === records.length
          ? `None of the ${open} records for ${domain} is right yet.`
          : `${open} of ${records.length} records ${open === 1 ? 'is' : 'are'} still to be set for ${domain}.`,
    detail: 'A record that was just set is often seen within minutes; some hosts need an hour, a few a day. We look by ourselves, and you may leave this page.',
  }
}
