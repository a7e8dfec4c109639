import type { PersonSource } from '../../app/subscribers/contract.ts'

/** Where people were first met. */
export const sourceWords: Record<PersonSource, string> = { shopify: 'Your store’s customers', order: 'An order', form: 'A sign-up form', import: 'An import', manual: 'Added by hand' }
