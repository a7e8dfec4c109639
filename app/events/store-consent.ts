import type { ConsentInput } from '../consent/record.ts'
import type { StoreConsent } from '../platforms/platform.ts'

/** How we came to know: news that the store sent, its first reading, or the nightly sweep. Only news can raise anybody. */
export type SeenBy = 'event' | 'import' | 'sweep'

/**
 * The store's words about consent as entries for our ledger (platform notes 6.4); what they come to is the ledger's business.
 * `fallbackAt`: the time to assume when the store gives none.
 */
export function storeConsent(told: { subscriberId: string; consent: StoreConsent; fallbackAt: Date | null }[], seenBy: SeenBy): ConsentInput[] {
  return told.flatMap(({ subscriberId, consent, fallbackAt }) => {
    const occurredAt = consent.updatedAt ?? fallbackAt
    if (!occurredAt || (consent.state === 'not_subscribed' && !consent.updatedAt)) return [] // never asked: nothing to write down
    return [{ subscriberId, purpose: 'email_marketing' as const, ...meaning(consent, seenBy), method: methods[seenBy], source: 'Shopify', evidence: { state: consent.state, level: consent.level }, occurredAt }]
  })
}

const methods = { event: 'store_event', import: 'store_import', sweep: 'store_read' } as const
const bases = { confirmed: 'express_confirmed', single: 'express_single', unknown: 'merchant_record' } as const

function meaning({ state, level }: StoreConsent, seenBy: SeenBy): Pick<ConsentInput, 'act' | 'basis'> {
  if (state === 'subscribed') return { act: seenBy === 'event' && level !== 'unknown' ? 'granted' : 'imported', basis: bases[level] }
  if (state === 'pending') return { act: 'requested', basis: 'none' }
  if (state === 'not_subscribed') return { act: 'noted', basis: 'none' }
  return { act: 'withdrawn', basis: 'none' } // unsubscribed, invalid, redacted
}
