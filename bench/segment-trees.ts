import { endsBefore } from '../app/consent/standing.ts'
import { DAY } from '../app/lib/clock.ts'
import type { Condition, Rule, SegmentRules } from '../app/segments/contract.ts'
import { marks, type CutPoints } from '../app/segments/rfm.ts'
import { named } from './segment-store.ts'

// Thirty segments as stores ask for them, each with the SQL that somebody who knows this schema and these rows
// would write for the one number. Rows that go with their person are counted as they are; events, orders and the send ledger may outlive somebody, so
// whoever stands in them is looked up.

export interface Tree {
  name: string
  rules: SegmentRules
  /** How many people: SQL for SQLite, over the same file with its indexes and rollups. */
  best: string
  /** The same condition about one person (`@id` is theirs), for membership. */
  one: string
}

const all = (...rules: Rule[]): SegmentRules => ({ kind: 'group', match: 'all', rules })
const any = (...rules: Rule[]): SegmentRules => ({ kind: 'group', match: 'any', rules })
const none = (...rules: Rule[]): SegmentRules => ({ kind: 'group', match: 'none', rules })
const last = (days: number) => ({ kind: 'last' as const, days })
const ever = { kind: 'ever' as const }
type Period = Extract<Condition, { kind: 'joined' }>['period']
const purchase = (period: Period, times = 1, did = true): Condition => ({ kind: 'bought', did, what: { kind: 'anything' }, times, period })
const product = (productIds: string[], period: Period, times = 1): Condition => ({ kind: 'bought', did: true, what: { kind: 'products', productIds }, times, period })
const category = (n: number, period: Period, did = true): Condition => ({ kind: 'bought', did, what: { kind: 'category', category: `Category ${n}` }, times: 1, period })
const vendor = (n: number, period: Period): Condition => ({ kind: 'bought', did: true, what: { kind: 'vendor', vendor: `Vendor ${n}` }, times: 1, period })
const opened = (period: Period, campaignId: string | null = null, did = true, times = 1): Condition => ({ kind: 'opened', did, campaignId, times, period })
const clicked = (period: Period, campaignId: string | null = null, did = true): Condition => ({ kind: 'clicked', did, campaignId, times: 1, period })
const country = (...countries: string[]): Condition => ({ kind: 'country', is: true, countries })
const tag = (name: string, has = true): Condition => ({ kind: 'tag', has, tag: name })
const mailable: Condition = { kind: 'mailable', is: true }
const orders = (op: 'at_least' | 'exactly', value: number, period: Period = ever): Condition => ({ kind: 'orders', op, value, period })

export function treesFor(shopId: string, now: Date, cuts: CutPoints, attestedAt: Date): Tree[] {
  const t = (days: number): number => Math.trunc(now.getTime() - days * DAY)
  const S = `'${shopId}'`
  const law = endsBefore(now).getTime()
  const count = (where: string): string => `select count(*) from subscribers s where s.shop_id = ${S} and ${where}`
  /** Nothing in it leads to few people: everybody is read, in the order in which they lie. */
  const scan = (where: string): string => `select count(*) from subscribers s not indexed where s.shop_id = ${S} and ${where}`
  const among = (set: string): string => `select count(*) from (${set})`
  const distinct = (set: string): string => `select count(distinct ${set}`
  const free = `s.restricted_at is null and ((s.consent_state = 'subscribed' or (s.consent_state = 'unconfirmed_record' and s.consent_recorded_at <= ${attestedAt.getTime()})) and not coalesce(s.consent_basis in ('merchant_record', 'soft_opt_in') and s.consent_at <= ${law} and s.country = 'CA', 0))`
  const mail = `${free} and s.address_hash not in (select b.address_hash from suppressions b where b.shop_id = ${S})`
  const mailOne = `${free} and not exists (select 1 from suppressions b where b.shop_id = ${S} and b.address_hash = s.address_hash)`
  const hasTag = (word: string): string => `select g.subscriber_id from subscriber_tags g where g.shop_id = ${S} and lower(g.tag) = '${word}'`
  const bought = (products: string, more = ''): string => `p.subscriber_id from purchases p where p.shop_id = ${S} and p.product_id in (${products})${more}`
  const boughtOne = (what: string, more = ''): string => `exists (select 1 from purchases p join products x on x.shop_id = p.shop_id and x.id = p.product_id where p.shop_id = ${S} and p.subscriber_id = @id and ${what}${more})`
  const inCategory = (n: number): string => `select x.id from products x where x.shop_id = ${S} and x.product_type = 'Category ${n}'`
  const byVendor = (n: number): string => `select x.id from products x where x.shop_id = ${S} and x.vendor = 'Vendor ${n}'`
  const human = (kind: string, message: string): string => `e.subscriber_id from events e indexed by events_human_message where e.shop_id = ${S} and e.message_id = '${message}' and e.kind = '${kind}' and e.verdict = 'human'`
  const humanOf = (kind: string, message: string): string => `1 from events e indexed by events_human_message where e.shop_id = ${S} and e.subscriber_id = @id and e.message_id = '${message}' and e.kind = '${kind}' and e.verdict = 'human'`
  const counted = `o.shop_id = ${S} and not o.test and o.cancelled_at is null`
  const mark = marks(cuts)
  const champion = `(s.last_order_at >= ${t(mark.lately)} and s.orders_count > ${mark.often} and s.total_spent > ${mark.much})`
  const taken = (message: string): string => `(d.state = 'accepted' or d.state is null and d.batch in (select b.n from batches b where b.shop_id = ${S} and b.message_id = '${message}' and b.state = 'accepted'))`
  const got = (message: string): string => `exists (select 1 from deliveries d where d.shop_id = ${S} and d.message_id = '${message}' and d.subscriber_id = s.id and (d.state = 'accepted' or d.state is null and exists (select 1 from batches b where b.shop_id = ${S} and b.message_id = d.message_id and b.n = d.batch and b.state = 'accepted')))`
  const de = `s.locale in ('de', 'de-AT')`
  const anOrder = (more: string): string => `(select count(*) from orders o where ${counted} and o.subscriber_id = s.id and ${more})`
  const list: [string, SegmentRules, string, string?][] = []
  const add = (name: string, rules: SegmentRules, best: string, one?: string): void => void list.push([name, rules, best, one])
  const plain = (name: string, rules: SegmentRules, where: string, one = where): void => add(name, rules, count(where), one)

  plain('opened in 30 days', all(opened(last(30))), `s.last_open_at >= ${t(30)}`)
  plain('clicked in 90 days', all(clicked(last(90))), `s.last_click_at >= ${t(90)}`)
  add('engaged in 90 days', any(opened(last(90)), clicked(last(90))), among(`select s.rowid from subscribers s where s.shop_id = ${S} and s.last_open_at >= ${t(90)} union select s.rowid from subscribers s where s.shop_id = ${S} and s.last_click_at >= ${t(90)}`), `(s.last_open_at >= ${t(90)} or s.last_click_at >= ${t(90)})`)
  plain('bought in 90 days', all(purchase(last(90))), `s.last_order_at >= ${t(90)}`)
  plain('bought twice, not in 90 days, may be mailed', all(purchase(ever, 2), purchase(last(90), 1, false), mailable), `s.last_order_at < ${t(90)} and s.orders_count >= 2 and ${mail}`, `s.last_order_at < ${t(90)} and s.orders_count >= 2 and ${mailOne}`)
  add('never bought', all(orders('exactly', 0)), scan(`s.orders_count = 0`), `s.orders_count = 0`)
  plain('never bought, opens, may be mailed', all(orders('exactly', 0), opened(last(60)), mailable), `s.last_open_at >= ${t(60)} and s.orders_count = 0 and ${mail}`, `s.last_open_at >= ${t(60)} and s.orders_count = 0 and ${mailOne}`)
  plain('spent at least 500', all({ kind: 'spent', op: 'at_least', value: 50_000, period: ever }), `s.last_order_at is not null and s.total_spent >= 50000`)
  plain('ordered at least 5 times', all(orders('at_least', 5)), `s.last_order_at is not null and s.orders_count >= 5`)
  plain('last ordered half a year to a year ago', all({ kind: 'last_order', period: { kind: 'before', days: 180 } }, { kind: 'last_order', period: last(365) }), `s.last_order_at >= ${t(365)} and s.last_order_at < ${t(180)}`)
  plain('in Germany, bought in a year', all(country('DE'), purchase(last(365))), `s.last_order_at >= ${t(365)} and s.country = 'DE'`)
  add('reads German, may be mailed', all({ kind: 'language', is: true, languages: ['de'] }, mailable), scan(`${de} and ${mail}`), `${de} and ${mailOne}`)
  add('has a tag', all(tag('vip')), distinct(`${hasTag('vip').replace('select ', '')}`.replace(' from', ') from')), `exists (${hasTag('vip')} and g.subscriber_id = @id)`)
  add('has a tag, did not buy in 180 days', all(tag('wholesale'), purchase(last(180), 1, false)), count(`s.id in (${hasTag('wholesale')}) and (s.last_order_at is null or s.last_order_at < ${t(180)})`), `(s.last_order_at is null or s.last_order_at < ${t(180)}) and exists (${hasTag('wholesale')} and g.subscriber_id = @id)`)
  add('bought a product', all(product(['9005'], ever)), distinct(bought(`'9005'`).replace(' from', ') from')), `exists (select ${bought(`'9005'`)} and p.subscriber_id = @id)`)
  add('bought one of three products in 180 days', all(product(['9001', '9100', '9400'], last(180))), distinct(bought(`'9001', '9100', '9400'`, ` and p.last_at >= ${t(180)}`).replace(' from', ') from')), `exists (select ${bought(`'9001', '9100', '9400'`, ` and p.last_at >= ${t(180)}`)} and p.subscriber_id = @id)`)
  add('bought from a category in 90 days', all(category(3, last(90))), distinct(bought(inCategory(3), ` and p.last_at >= ${t(90)}`).replace(' from', ') from')), boughtOne(`x.product_type = 'Category 3'`, ` and p.last_at >= ${t(90)}`))
  add('bought by a vendor, nothing from a category', all(vendor(5, ever), category(7, ever, false)), among(`select ${bought(byVendor(5))} except select ${bought(inCategory(7))}`), `${boughtOne(`x.vendor = 'Vendor 5'`)} and not ${boughtOne(`x.product_type = 'Category 7'`)}`)
  add('bought a product twice', all(product(['9001'], ever, 2)), `select count(*) from purchases p where p.shop_id = ${S} and p.product_id = '9001' and p.orders >= 2`, `exists (select ${bought(`'9001'`, ' and p.orders >= 2')} and p.subscriber_id = @id)`)
  add('opened a campaign', all(opened(ever, named.newCampaign)), count(`s.id in (select ${human('opened', named.newCampaign)})`), `exists (select ${humanOf('opened', named.newCampaign)})`)
  add('got a campaign, did not open it', all({ kind: 'got', did: true, campaignId: named.newCampaign, period: ever }, opened(ever, named.newCampaign, false)), count(`s.id in (select d.subscriber_id from deliveries d where d.shop_id = ${S} and d.message_id = '${named.newCampaign}' and ${taken(named.newCampaign)}) and s.id not in (select ${human('opened', named.newCampaign)})`), `${got(named.newCampaign)} and not exists (select ${humanOf('opened', named.newCampaign)})`)
  add('clicked in one of two campaigns', any(clicked(ever, named.oldCampaign), clicked(ever, named.newCampaign)), count(`s.id in (select ${human('clicked', named.oldCampaign)} union all select ${human('clicked', named.newCampaign)})`), `(exists (select ${humanOf('clicked', named.oldCampaign)}) or exists (select ${humanOf('clicked', named.newCampaign)}))`)
  const often = `from events e indexed by events_human where e.shop_id = ${S} and e.kind = 'opened' and e.verdict = 'human' and e.at >= ${t(60)}`
  add('opened at least 3 times in 60 days', all(opened(last(60), null, true, 3)), count(`s.id in (select e.subscriber_id ${often} group by e.subscriber_id having count(*) >= 3)`), `(select count(*) ${often.replace('indexed by events_human', 'indexed by events_person')} and e.subscriber_id = @id) >= 3`)
  add('ordered at least twice in 180 days', all(orders('at_least', 2, last(180))), count(`s.id in (select o.subscriber_id from orders o where ${counted} and o.processed_at >= ${t(180)} and o.subscriber_id is not null group by o.subscriber_id having count(*) >= 2)`), `${anOrder(`o.processed_at >= ${t(180)}`)} >= 2`)
  add('spent at least 300 in a year', all({ kind: 'spent', op: 'at_least', value: 30_000, period: last(365) }), count(`s.id in (select o.subscriber_id from orders o where ${counted} and o.processed_at >= ${t(365)} and o.subscriber_id is not null group by o.subscriber_id having sum(o.total) >= 30000)`), `${anOrder(`o.processed_at >= ${t(365)}`).replace('count(*)', 'coalesce(sum(o.total), 0)')} >= 30000`)
  plain('champions and loyal buyers', all({ kind: 'buyer_group', is: true, groups: ['champions', 'loyal'] }), `s.last_order_at >= ${t(mark.notLongAgo)} and s.orders_count > ${mark.often}`)
  const signed = `select c.subscriber_id from consent_entries c where c.shop_id = ${S} and c.form_id = '${named.form}' and c.method = 'form'`
  add('signed up by a form, never bought, may be mailed', all({ kind: 'signed_up', did: true, formId: named.form, period: ever }, orders('exactly', 0), mailable), count(`s.orders_count = 0 and ${mail} and s.id in (${signed})`), `s.orders_count = 0 and ${mailOne} and exists (${signed} and c.subscriber_id = @id)`)
  const size = `select v.subscriber_id from field_values v where v.shop_id = ${S} and v.field_id = '${named.shoeSize}' and v.number >= 46`
  add('a field is at least, may be mailed', all({ kind: 'field', fieldId: named.shoeSize, op: 'at_least', value: '46' }, mailable), count(`s.id in (${size}) and ${mail}`), `${mailOne} and exists (${size} and v.subscriber_id = @id)`)
  const member = `m.shop_id = ${S} and m.segment_id = '${named.platformSegment}'`
  add('in a segment of the store, did not click in 90 days', all({ kind: 'segment', in: true, segmentId: named.platformSegment }, clicked(last(90), null, false)), count(`s.id in (select m.subscriber_id from segment_members m where ${member}) and (s.last_click_at is null or s.last_click_at < ${t(90)})`), `(s.last_click_at is null or s.last_click_at < ${t(90)}) and exists (select 1 from segment_members m where ${member} and m.subscriber_id = @id)`)
  const nested = `s.country in ('US', 'CA') and (s.last_order_at >= ${t(60)} or s.last_click_at >= ${t(30)}) and not coalesce(${champion}, 0)`
  add('places, either of two acts, and neither of two kinds', all(country('US', 'CA'), any(purchase(last(60)), clicked(last(30))), none(tag('vip'), { kind: 'buyer_group', is: true, groups: ['champions'] })), count(`${nested} and s.id not in (${hasTag('vip')})`), `${nested} and not exists (${hasTag('vip')} and g.subscriber_id = @id)`)
  return list.map(([name, rules, best, one]) => ({ name, rules, best, one: one! }))
}
