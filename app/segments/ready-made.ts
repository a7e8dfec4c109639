import type { App } from '../app.ts'
import type { Shop } from '../shops/shops.ts'
import { askingOf, everybodySql } from './compile.ts'
import type { ReadyMade } from './contract.ts'
import { countWhere } from './count.ts'
import { mayMailSql } from './may-mail.ts'
import { namesFor } from './names.ts'
import type { Condition, SegmentRules } from './rules.ts'
import { segmentSentence } from './sentence.ts'

/** Segments that most stores want, with how many people are in them now; one press makes one of them the merchant's own, to be changed at will. */
export async function readyMadeSegments(app: Pick<App, 'db' | 'clock'>, shop: Shop): Promise<ReadyMade[]> {
  const asking = await askingOf(app, shop, [])
  const names = await namesFor(app, shop, [])
  const all: ReadyMade[] = []
  for (const made of readyMade) all.push({ ...made, sentence: segmentSentence(made.rules, names), ...(await countWhere(app, shop.id, everybodySql(made.rules, asking), mayMailSql(asking))) })
  return all
}

const both = (...rules: Condition[]): SegmentRules => ({ kind: 'group', match: 'all', rules })
const either = (...rules: Condition[]): SegmentRules => ({ kind: 'group', match: 'any', rules })
const last = (days: number) => ({ kind: 'last' as const, days })
const ever = { kind: 'ever' as const }
const group = (...groups: Extract<Condition, { kind: 'buyer_group' }>['groups']): Condition => ({ kind: 'buyer_group', is: true, groups })
const opened = (days: number): Condition => ({ kind: 'opened', did: true, campaignId: null, times: 1, period: last(days) })
const clicked = (days: number): Condition => ({ kind: 'clicked', did: true, campaignId: null, times: 1, period: last(days) })
const boughtIn = (did: boolean, times: number, period: Extract<Condition, { kind: 'bought' }>['period']): Condition => ({ kind: 'bought', did, what: { kind: 'anything' }, times, period })

export const readyMade: { key: string; name: string; help: string; rules: SegmentRules }[] = [
  { key: 'win_back', name: 'Bought twice, quiet for 90 days', help: 'Good customers who have not been back for a while. A reminder or a small gift is worth most here.', rules: both(boughtIn(true, 2, ever), boughtIn(false, 1, last(90)), { kind: 'mailable', is: true }) },
  { key: 'new', name: 'New buyers', help: 'They ordered once, lately. Tell them about yourself and what others liked.', rules: both(group('new')) },
  { key: 'loyal', name: 'Loyal buyers', help: 'They buy often, and not long ago. Let them see new things first.', rules: both(group('champions', 'loyal')) },
  { key: 'at_risk', name: 'Buyers at risk', help: 'They bought more than once, but not for a while.', rules: both(group('at_risk')) },
  { key: 'lapsed', name: 'Lapsed buyers', help: 'They have not bought for long.', rules: both(group('lapsed')) },
  { key: 'big_spenders', name: 'Big spenders', help: 'They bought lately, often and for much: the champions among your buyers.', rules: both(group('champions')) },
  { key: 'never_bought', name: 'Never bought', help: 'They are on your list, and have not ordered yet.', rules: both({ kind: 'orders', op: 'exactly', value: 0, period: ever }) },
  { key: 'engaged_30', name: 'Engaged in the last 30 days', help: 'They opened a mail or clicked in one, as far as a human did it.', rules: either(opened(30), clicked(30)) },
  { key: 'engaged_90', name: 'Engaged in the last 90 days', help: 'They opened a mail or clicked in one, as far as a human did it.', rules: either(opened(90), clicked(90)) },
]
