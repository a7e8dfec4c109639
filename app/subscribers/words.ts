import { consentAct, consentBasis, consentMethod, consentState, type ConsentEntryView } from '../consent/contract.ts'
import type { ConsentEntry } from '../consent/record.ts'
import type { Shop } from '../shops/shops.ts'
import type { Mailable } from './contract.ts'

/** One sentence about where a person stands and why: "Subscribed on 3 May 2026 through the pop-up, confirmed by mail." */
export function sentenceOf(status: Mailable, mail: ConsentEntry[], shop: Pick<Shop, 'timezone'>): string {
  const newest = mail[0]
  const on = newest ? ` on ${dayInWords(newest.occurredAt, shop.timezone)}` : ''
  switch (status) {
    case 'bounced':
      return 'Mail to this address came back, so nothing is sent to it.'
    case 'complained':
      return 'Marked a mail as spam, so nothing is sent to this address.'
    case 'blocked':
      return 'You blocked this address, so nothing is sent to it.'
    case 'restricted':
      return 'This person’s data may not be used, so nothing is sent.'
    case 'unsubscribed':
      return `Unsubscribed${on} ${through(newest)}.`
    case 'pending':
      return newest?.method === 'form' ? `Signed up${on} ${through(newest)}; has not confirmed it yet.` : `Signed up${on} (${through(newest)}) and has not confirmed it yet.`
    case 'unconfirmed_record':
      if (newest?.method === 'merchant') return `Agreed${on} as you wrote it down (${newest.source.replace(/^Added by hand: /, '')}). Vouch for your records in Settings, and you may mail them.`
      return 'Your store’s records say subscribed. Confirm in Settings how this consent was obtained, and you may mail them.'
    case 'expired':
      return `${newest?.basis === 'soft_opt_in' ? `Last ordered${on}` : `On record since${on.replace(' on', '')}`}. In Canada you may write two years without their yes, and these are over.`
    case 'subscribed':
      if (newest?.basis === 'soft_opt_in') return `Ordered${on} and did not refuse mail about similar products.`
      if (newest?.state === 'unconfirmed_record') return 'Subscribed according to your store’s records, which you vouched for.'
      return `Subscribed${on} ${through(newest)}${newest?.basis === 'express_confirmed' ? ', confirmed by mail' : ''}.`
    case 'none':
      return 'Never agreed to get mail.'
  }
}

/** "3 May 2026", in the shop's zone. */
export function dayInWords(at: Date, timezone: string): string {
  for (const timeZone of [timezone, 'UTC'])
    try {
      let format = formats.get(timeZone)
      if (!format) formats.set(timeZone, (format = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone })))
      return format.format(at)
    } catch {
      // an unknown zone
    }
  return at.toISOString().slice(0, 10)
}
/** Making one costs far more than using it, and memory that the collector does not see: an export asks for each person. */
const formats = new Map<string, Intl.DateTimeFormat>()

/** An entry of the ledger as the admin shows it. */
export const viewOfEntry = (entry: ConsentEntry): ConsentEntryView => ({
  seq: entry.seq, purpose: entry.purpose, act: consentAct.parse(entry.act), state: consentState.parse(entry.state), basis: consentBasis.parse(entry.basis), method: consentMethod.parse(entry.method),
  source: entry.source, wording: entry.wording, wordingVersion: entry.wordingVersion, language: entry.language, page: entry.page, note: typeof entry.evidence?.note === 'string' ? entry.evidence.note : null,
  occurredAt: entry.occurredAt.toISOString(), recordedAt: entry.recordedAt.toISOString(),
})

function through(entry: ConsentEntry | undefined): string {
  switch (entry?.method) {
    case 'form':
    case 'double_opt_in':
      return `through ${entry.source.startsWith('Pop-up') ? 'the pop-up' : 'the sign-up form'}`
    case 'preference_page':
      return 'on the preference page'
    case 'unsubscribe_page':
      return entry.act === 'granted' ? 'by taking back an unsubscribe' : 'by the link in a mail'
    case 'one_click':
      return 'by the unsubscribe button of the mail program'
    case 'complaint':
      return 'by marking a mail as spam'
    case 'merchant':
      return 'by your shop'
    case 'order':
      return 'through an order'
    case 'merge':
      return 'when two records became one'
    case 'store_event':
    case 'store_read':
    case 'store_import':
      return 'through your store'
    default:
      return ''
  }
}
