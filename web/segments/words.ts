import type { Of } from './conditions.ts'

type Words<Key extends string> = Record<Key, { title: string; help: string }>

export const sourceWords: Words<Of<'source'>['sources'][number]> = {
  shopify: { title: 'your store', help: 'A customer whom your store knew' },
  order: { title: 'an order', help: 'They bought something' },
  form: { title: 'a form', help: 'They signed up by one of your forms' },
  import: { title: 'an import', help: 'They stood in a file that you brought' },
  manual: { title: 'your own hand', help: 'You added them' },
}

export const baseWords: Words<Of<'consent'>['bases'][number]> = {
  express_single: { title: 'by signing up', help: 'They said yes themselves' },
  express_confirmed: { title: 'by confirming in a mail', help: 'They said yes, and pressed the button in a mail' },
  soft_opt_in: { title: 'by buying', help: 'They bought, and did not refuse news about similar things' },
  merchant_record: { title: 'in your own records', help: 'You or your store recorded that they had agreed' },
}

/** The words say what segments/rfm.ts measures; its cut points are told beside them. */
export const buyerWords: Words<Of<'buyer_group'>['groups'][number]> = {
  champions: { title: 'champions', help: 'Bought lately, often and for much' },
  loyal: { title: 'loyal', help: 'Bought often, and not long ago' },
  promising: { title: 'promising', help: 'Bought not long ago, not often yet' },
  new: { title: 'new', help: 'Bought once, lately' },
  at_risk: { title: 'at risk', help: 'Bought more than once, but not for a while' },
  lapsed: { title: 'lapsed', help: 'Have not bought for long' },
}
