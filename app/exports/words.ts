import type { ConsentAct, ConsentBasis, ConsentMethod, ConsentState } from '../consent/contract.ts'
import type { PersonSource } from '../subscribers/contract.ts'
import type { BlockReason } from '../suppressions/contract.ts'

// What stands in the cells, for somebody who reads the file without us.

export const sourceWords: Record<PersonSource, string> = { shopify: 'Customer of the store', order: 'Order', form: 'Sign-up form', import: 'Imported file', manual: 'Added by hand' }

export const actWords: Record<ConsentAct, string> = {
  granted: 'Agreed', requested: 'Asked to join', confirmed: 'Confirmed', bought: 'Ordered and did not refuse', imported: 'Taken over from a record', withdrawn: 'Said no', noted: 'Noted as not subscribed',
}

export const stateWords: Record<ConsentState, string> = {
  none: 'Never agreed', pending: 'Not confirmed yet', unconfirmed_record: 'A record says yes', subscribed: 'Said yes', unsubscribed: 'Said no',
}

export const basisWords: Record<ConsentBasis, string> = {
  none: '', express_single: 'Agreed', express_confirmed: 'Agreed and confirmed by mail', soft_opt_in: 'Ordered and did not refuse', merchant_record: 'Merchant’s record',
}

export const methodWords: Record<ConsentMethod, string> = {
  form: 'Sign-up form', double_opt_in: 'Button in the confirmation', preference_page: 'Page with their choices', unsubscribe_page: 'Unsubscribe page', one_click: 'Unsubscribe button of the mail program',
  complaint: 'Marked a mail as spam', store_event: 'Told by the store', store_read: 'Read from the store’s records', store_import: 'Read from the store’s records', order: 'Order', import: 'Imported file', merchant: 'By the merchant', merge: 'Two records became one',
}

export const blockWords: Record<BlockReason, string> = { bounced: 'Address does not work', complained: 'Marked a mail as spam', manual: 'Blocked by hand' }
