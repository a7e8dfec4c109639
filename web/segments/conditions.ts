import { condition, type Condition, type Period, type SegmentChoices } from '../../app/segments/contract.ts'

export type Kind = Condition['kind']
export type Of<K extends Kind> = Extract<Condition, { kind: K }>
export type What = Of<'bought'>['what']

export interface KindWords {
  kind: Kind
  title: string
  /** One line under the title. */
  help: string
  group: 'Who they are' | 'What they did'
  /** Other words under which somebody may look for it. */
  words: string
}
/** What the menu of conditions offers, in its order. */
export const kinds: KindWords[] = [
  { kind: 'mailable', group: 'Who they are', title: 'May be mailed', help: 'They agreed, and nothing speaks against it', words: 'consent subscribed subscriber permission marketing' },
  { kind: 'country', group: 'Who they are', title: 'Country', help: 'Where they live', words: 'place location region address' },
  { kind: 'language', group: 'Who they are', title: 'Language', help: 'The language they use your store in', words: 'locale speak' },
  { kind: 'tag', group: 'Who they are', title: 'Tag', help: 'A word that you or your store put on them', words: 'label vip' },
  { kind: 'field', group: 'Who they are', title: 'Field', help: 'What you keep about them in a field of your own', words: 'custom property birthday' },
  { kind: 'buyer_group', group: 'Who they are', title: 'Kind of buyer', help: 'Champions, loyal, promising, new, at risk or lapsed', words: 'rfm champions loyal promising at risk lapsed best' },
  { kind: 'joined', group: 'Who they are', title: 'When they joined', help: 'Since when they are in your list', words: 'created added date since new' },
  { kind: 'source', group: 'Who they are', title: 'Where they came from', help: 'Your store, an order, a form, an import, or added by hand', words: 'source origin import' },
  { kind: 'consent', group: 'Who they are', title: 'How they agreed', help: 'On what ground you may write to them', words: 'consent basis opt-in double confirmed' },
  { kind: 'segment', group: 'Who they are', title: 'Another segment', help: 'Who is in it, or not in it', words: 'exclude include list' },
  { kind: 'orders', group: 'What they did', title: 'How often they ordered', help: 'At least, at most or exactly so many orders', words: 'orders bought purchase number count times twice once never repeat' },
  { kind: 'last_order', group: 'What they did', title: 'When they last ordered', help: 'Lately, or not for a while', words: 'orders bought purchase last recent lapsed not since inactive' },
  { kind: 'bought', group: 'What they did', title: 'What they bought', help: 'Anything, a product, a category or a vendor; or that they did not', words: 'ordered product purchase category vendor brand not' },
  { kind: 'spent', group: 'What they did', title: 'How much they spent', help: 'The sum of their orders', words: 'money total value revenue big spenders orders' },
  { kind: 'first_order', group: 'What they did', title: 'When they first ordered', help: 'New customers, or old ones', words: 'orders bought purchase first new customer' },
  { kind: 'opened', group: 'What they did', title: 'Opened a mail', help: 'Any mail or one campaign; or that they did not', words: 'open engaged read email newsletter not' },
  { kind: 'clicked', group: 'What they did', title: 'Clicked in a mail', help: 'Any mail or one campaign; or that they did not', words: 'click engaged link email newsletter not' },
  { kind: 'got', group: 'What they did', title: 'Got a mail', help: 'Whom you wrote to lately, or not', words: 'received sent campaign email newsletter not' },
  { kind: 'signed_up', group: 'What they did', title: 'Signed up by a form', help: 'Any form, or one of them', words: 'form popup joined subscribe' },
]
export const titleOf = (kind: Kind): string => kinds.find((one) => one.kind === kind)?.title ?? kind

/** The menu without what this shop has nothing of. */
export const kindsFor = (choices: SegmentChoices | undefined, but?: string): KindWords[] =>
  kinds.filter(({ kind }) => (kind === 'field' ? (choices?.fields.length ?? 0) > 0 : kind === 'segment' ? (choices?.segments.some((one) => one.id !== but) ?? false) : true))

/** What a new line begins with: the likeliest. */
export function newCondition(kind: Kind): Condition {
  const ever: Period = { kind: 'ever' }
  switch (kind) {
    case 'mailable':
      return { kind, is: true }
    case 'country':
      return { kind, is: true, countries: [] }
    case 'language':
      return { kind, is: true, languages: [] }
    case 'tag':
      return { kind, has: true, tag: '' }
    case 'field':
      return { kind, fieldId: '', op: 'is', value: '' }
    case 'source':
      return { kind, is: true, sources: [] }
    case 'joined':
    case 'first_order':
      return { kind, period: { kind: 'last', days: 30 } }
    case 'last_order':
      return { kind, period: { kind: 'before', days: 90 } }
    case 'consent':
      return { kind, is: true, bases: [] }
    case 'signed_up':
      return { kind, did: true, formId: null, period: ever }
    case 'bought':
      return { kind, did: true, what: { kind: 'anything' }, times: 1, period: { kind: 'last', days: 90 } }
    case 'orders':
      return { kind, op: 'at_least', value: 2, period: ever }
    case 'spent':
      return { kind, op: 'at_least', value: Number.NaN, period: ever }
    case 'opened':
    case 'clicked':
      return { kind, did: true, campaignId: null, times: 1, period: { kind: 'last', days: 90 } }
    case 'got':
      return { kind, did: true, campaignId: null, period: { kind: 'last', days: 30 } }
    case 'buyer_group':
      return { kind, is: true, groups: [] }
    case 'segment':
      return { kind, in: true, segmentId: '' }
  }
}

export function newPeriod(kind: Period['kind'], before: Period, today: string): Period {
  const days = 'days' in before ? before.days : 90
  switch (kind) {
    case 'ever':
      return { kind }
    case 'last':
    case 'before':
      return { kind, days }
    case 'between':
      return { kind, from: dayBefore(today, 30), to: today }
  }
}

/** What is wrong with a line, in words. `missing`: nothing was entered yet, which is no fault while somebody is still writing. */
export interface Wrong {
  words: string
  missing: boolean
}
export function faultOf(one: Condition, fields: SegmentChoices['fields'] = []): Wrong | null {
  const read = condition.safeParse(one)
  const issue = read.success ? undefined : read.error.issues[0]
  if (issue) {
    const value = valueAt(one, issue.path)
    const missing = value === '' || Number.isNaN(value) || (Array.isArray(value) && value.length === 0)
    const told = missing && numberWords[String(issue.path.at(-1))]
    return { words: said(told || (issue.code === 'too_big' && issue.message.startsWith('Too') ? `at most ${Number(issue.maximum).toLocaleString('en-GB')}` : issue.message)), missing }
  }
  if (one.kind !== 'field' || one.op === 'known' || one.op === 'unknown') return null
  const kind = fields.find((field) => field.id === one.fieldId)?.kind
  if (one.value.trim() === '') return { words: said(kind === 'date' ? 'choose a day' : 'write a value'), missing: true }
  return kind === 'number' && !/^-?\d+(\.\d+)?$/.test(one.value.trim()) ? { words: said('write a number'), missing: false } : null
}

/** What a line asks for and the shop no longer has, in words; null when all is there. `products`: what is known of the chosen ones, undefined while it is being asked. */
export function goneOf(one: Condition, choices: SegmentChoices, products: { id: string }[] | undefined): string | null {
  // A list that is as long as it may be does not tell that something is missing.
  const gone = (list: unknown[], has: boolean): boolean => !has && list.length < 500
  const there = (list: { id: string }[], id: string): boolean => list.some((thing) => thing.id === id)
  switch (one.kind) {
    case 'field':
      return one.fieldId !== '' && gone(choices.fields, there(choices.fields, one.fieldId)) ? 'This field was deleted, or is marked as sensitive. Choose another one, or take this line away.' : null
    case 'segment':
      return one.segmentId !== '' && gone(choices.segments, there(choices.segments, one.segmentId)) ? 'This segment was deleted. Choose another one, or take this line away.' : null
    case 'signed_up':
      return one.formId !== null && gone(choices.forms, there(choices.forms, one.formId)) ? 'This form was deleted. Choose another one, or take this line away.' : null
    case 'opened':
    case 'clicked':
    case 'got':
      return one.campaignId !== null && gone(choices.campaigns, there(choices.campaigns, one.campaignId)) ? 'This campaign was deleted. Choose another one, or take this line away.' : null
    case 'bought': {
      if (one.what.kind === 'category') return one.what.category !== '' && gone(choices.categories, choices.categories.includes(one.what.category)) ? 'No product is in this category any more.' : null
      if (one.what.kind === 'vendor') return one.what.vendor !== '' && gone(choices.vendors, choices.vendors.includes(one.what.vendor)) ? 'No product is of this vendor any more.' : null
      if (one.what.kind === 'anything' || !products) return null
      const missing = one.what.productIds.filter((id) => !there(products, id)).length
      return missing === 0 ? null : missing === 1 ? 'One of these products is no longer in your store.' : `${missing} of these products are no longer in your store.`
    }
    default:
      return null
  }
}

/** Can the server ask this? Without its field or segment it cannot. */
export const isAskable = (one: Condition, choices: SegmentChoices | undefined): boolean =>
  faultOf(one, choices?.fields) === null && !(choices && (one.kind === 'field' || one.kind === 'segment') && goneOf(one, choices, undefined) !== null)

/** The words of the shape that the server checks, as a sentence. */
const said = (words: string): string => (/^(is|lies) /.test(words) ? `The last day ${words}.` : words.startsWith('at ') ? `Please choose ${words}.` : `Please ${words}.`)
const numberWords: Record<string, string> = { days: 'write a number of days', times: 'write how often', value: 'write a number', from: 'choose the first day', to: 'choose the last day' }
const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown => path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined), value)
const dayBefore = (day: string, days: number): string => new Date(Date.parse(`${day}T12:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10)
