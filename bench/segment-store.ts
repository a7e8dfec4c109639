import type { App } from '../app/app.ts'
import { isPostgres } from '../app/db/columns.ts'
import type { Db } from '../app/db/open.ts'
import { batches, campaigns, consentEntries, deliveries, events, fieldValues, fields, forms, messages, orderLines, orders, products, purchases, segmentMembers, segments, subscribers, subscriberTags, suppressions } from '../app/db/schema.ts'
import { tablesWereFilled } from '../app/db/statistics.ts'
import { DAY } from '../app/lib/clock.ts'
import type { Shop } from '../app/shops/shops.ts'

/** How large the store is: a million people have ten million events and two million order lines. */
export interface Size {
  people: number
  events: number
  orders: number
  lines: number
}
export const sizeFor = (people: number): Size => ({ people, events: people * 10, orders: people, lines: people * 2 })

/** What the trees of the benchmark name. */
export const named = { platformSegment: textId('g', 1), oldCampaign: textId('m', 7), newCampaign: textId('m', 45), form: textId('f', 1), shoeSize: textId('k', 1), skin: textId('k', 2) }
const daysOfHistory = 730
const campaignCount = 50

/** The id of the n-th thing of a kind: 26 letters that sort in order, as real ones do. */
export function textId(kind: string, n: number): string {
  return `01${kind}${String(n).padStart(23, '0')}`
}
const idOf = (kind: string, n: string): string => `('01${kind}' || ${isPostgres ? `lpad((${n})::text, 23, '0')` : `printf('%023d', ${n})`})`

/** A number from 0 below `below`, the same for the same `i` and `salt` on every machine: multiplied and folded twice, so that neighbours differ. */
function pick(i: string, salt: number, below: number): string {
  const once = `((${i} + ${salt * 7_919}) * 1103515245 % 2147483648)`
  return `((((${once} / 4096 + ${once} + ${salt}) * 1103515245 + 12345) % 2147483648 / 64) % ${below})`
}
/** Few of them often, most of them rarely. */
const skewed = (i: string, salt: number, below: number): string => `(${pick(i, salt, below)} * (${pick(i, salt + 50, 1000)} + 1) / 1000 * (${pick(i, salt + 90, 1000)} + 1) / 1000)`
const time = (ms: string): string => (isPostgres ? `to_timestamp((${ms}) / 1000.0)` : `(${ms})`)
const yes = isPostgres ? 'true' : '1'
const no = isPostgres ? 'false' : '0'
const json = (text: string): string => (isPostgres ? `'${text}'::jsonb` : `'${text}'`)

/**
 * Fills a shop straight in SQL: people, what they agreed to, bought, opened and clicked, and the rollups as the app's own statements count
 * them. Indexes other than keys are made after the rows, as a restore would.
 */
export async function fillStore(app: App, shop: Shop, size: Size): Promise<void> {
  const { db } = app
  const now = app.clock.now().getTime()
  const span = daysOfHistory * DAY
  const shopId = `'${shop.id}'`
  /** A moment of the last two years, in milliseconds. */
  const ago = (i: string, salt: number): string => `${now} - ${pick(i, salt, daysOfHistory * 1440)} * 60000 - ${i} % 60000`
  const day = (ms: string): string => (isPostgres ? `to_char(${time(ms)} at time zone 'UTC', 'YYYY-MM-DD')` : `date((${ms}) / 1000, 'unixepoch')`)
  if (!isPostgres) for (const pragma of ['synchronous = off', 'foreign_keys = off', 'cache_size = -400000']) await db.raw(`pragma ${pragma}`)
  if (isPostgres) await db.raw(`set session_replication_role = replica`).catch(() => undefined)
  const putBack = await takeIndexes(db)
  /** `draws`: numbers that each row draws once; `columns`: what the row is made of them. */
  const insert = (table: string, count: number, draws: Record<string, string>, columns: Record<string, string>, where = ''): Promise<unknown> => {
    const drawn = Object.entries(draws).map(([name, text]) => `, ${text} as ${name}`).join('')
    const rows = isPostgres ? `with r as materialized (select i${drawn} from generate_series(0::bigint, ${count - 1}::bigint) as n(i))` : `with recursive n(i) as (select 0 union all select i + 1 from n where i < ${count - 1}), r as materialized (select i${drawn} from n)`
    return db.raw(`${rows} insert into ${table} (${Object.keys(columns).join(', ')}) select ${Object.values(columns).join(', ')} from r${where}`)
  }
  const [nowAt, said] = [time(String(now)), { shop_id: shopId }]
  const hash = (n: string): string => (isPostgres ? `md5((${n})::text)` : `printf('%08x%024d', (${n}) * 48271 % 2147483647, ${n})`)

  const state = `case when c < 62 then 'subscribed' when c < 70 then 'unsubscribed' when c < 74 then 'pending' when c < 80 then 'unconfirmed_record' end`
  const basis = `case when c < 30 then 'express_single' when c < 50 then 'express_confirmed' when c < 55 then 'soft_opt_in' when c < 62 or (c >= 74 and c < 80) then 'merchant_record' when c < 80 then 'none' end`
  const person = { a: pick('i', 1, 100), c: pick('i', 3, 100), agreed: ago('i', 9) }
  await insert('subscribers', size.people, { ...person, b: pick('i', 2, 8), s: pick('i', 8, 6), r: pick('i', 11, 1000), joined: ago('i', 13) }, {
    ...said, id: idOf('p', 'i'), email: `'person' || i || '@example.com'`, email_key: `'person' || i || '@example.com'`, address_hash: hash('i'),
    first_name: `'First' || (i % 900)`, last_name: `'Last' || (i % 9001)`, locale: `case b when 0 then 'de' when 1 then 'de-AT' when 2 then 'fr' when 3 then null else 'en' end`,
    country: `case when a < 40 then 'US' when a < 58 then 'DE' when a < 68 then 'GB' when a < 76 then 'FR' when a < 83 then 'CA' when a < 88 then 'AT' when a < 92 then 'CH' when a < 95 then 'JP' end`,
    platform_id: `'' || (7000000000 + i)`, source: `case s when 0 then 'form' when 1 then 'import' when 2 then 'order' else 'shopify' end`, orders_count: '0', total_spent: '0',
    consent_state: state, consent_basis: basis, consent_at: `case when c < 80 then ${time('agreed')} end`, consent_recorded_at: `case when c < 80 then ${time('agreed')} end`,
    restricted_at: `case when r = 0 then ${time('agreed')} end`, created_at: time('joined'), updated_at: nowAt,
  })
  await insert('consent_entries', size.people, { ...person, f: pick('i', 15, 10), w: pick('i', 16, 3) }, {
    ...said, seq: 'i + 1', subscriber_id: idOf('p', 'i'), purpose: `'email_marketing'`, act: `case when c < 62 then 'granted' when c < 70 then 'withdrawn' when c < 74 then 'requested' else 'imported' end`, state, basis,
    method: `case when f < 3 then 'form' else 'store_read' end`, source: `'bench'`, form_id: `case when f < 3 then (case when w = 0 then '${named.form}' else '${textId('f', 2)}' end) end`, occurred_at: time('agreed'), recorded_at: time('agreed'),
  }, ` where c < 80`)
  await insert('suppressions', Math.ceil(size.people / 50), { b: pick('i', 18, 3), at: ago('i', 19) }, { ...said, address_hash: hash('(i * 50)'), reason: `case b when 0 then 'bounced' when 1 then 'complained' else 'manual' end`, created_at: time('at') })
  await insert('subscriber_tags', Math.ceil(size.people / 5), { b: pick('i', 20, 10) }, { ...said, subscriber_id: idOf('p', '(i * 5)'), tag: `case when b = 0 then 'VIP' when b = 1 then 'vip' when b < 5 then 'wholesale' else 'newsletter-' || (i % 41) end` })
  await insert('fields', 2, {}, { ...said, id: idOf('k', '(i + 1)'), name: `case i when 0 then 'Shoe size' else 'Skin' end`, kind: `case i when 0 then 'number' else 'text' end`, sensitive: no, created_at: nowAt, updated_at: nowAt })
  await insert('field_values', Math.ceil(size.people / 4), { v: pick('i', 23, 13) }, { ...said, subscriber_id: idOf('p', '(i * 4)'), field_id: `'${named.shoeSize}'`, value: `'' || (35 + v)`, number: `35 + v` })
  await insert('field_values', Math.ceil(size.people / 4), { v: pick('i', 24, 4) }, { ...said, subscriber_id: idOf('p', '(i * 4)'), field_id: `'${named.skin}'`, value: `case v when 0 then 'Dry' when 1 then 'oily' when 2 then 'dry and sensitive' else 'normal' end` })
  await insert('forms', 2, {}, { ...said, id: idOf('f', '(i + 1)'), kind: `'popup'`, name: `'Form ' || i`, status: `'on'`, settings: json('{}'), version: '1', created_at: nowAt, updated_at: nowAt })
  await insert('products', 2000, {}, { ...said, id: `'' || (9000 + i)`, title: `'Product ' || i`, handle: `'product-' || i`, vendor: `'Vendor ' || (i % 41)`, product_type: `'Category ' || (i % 19)`, tags: json('[]'), status: `'active'`, currency: `'USD'`, available: yes, platform_updated_at: nowAt })
  // A third of the people buy; some of them often.
  await insert('orders', size.orders, { who: `(${skewed('i', 30, Math.max(1, Math.floor(size.people / 3)))} * 3)`, h: pick('i', 31, 50), total: pick('i', 32, 20_000), t: pick('i', 35, 40), x: pick('i', 36, 30), at: ago('i', 33) }, {
    ...said, id: `'' || (5000000000 + i)`, name: `'#' || i`, subscriber_id: `case when h > 0 then ${idOf('p', 'who')} end`, total: `500 + total`, currency: `'USD'`,
    test: `case when t = 0 then ${yes} else ${no} end`, cancelled_at: `case when x = 0 then ${time('at')} end`, processed_at: time('at'), day: day('at'), platform_updated_at: time('at'),
  })
  await insert('order_lines', size.lines, { p: skewed('i', 41, 2000), q: pick('i', 42, 60) }, { ...said, order_id: `'' || (5000000000 + (i / 2))`, id: `'' || i`, product_id: `case when q > 0 then '' || (9000 + p) end`, title: `'Line'`, quantity: `1 + q % 3`, price: `500 + q` })
  const began = (n: string): string => `${now - span} + cast(${n} as bigint) * ${Math.floor(span / (campaignCount + 1))}`
  await insert('campaigns', campaignCount, {}, { ...said, id: idOf('m', 'i'), name: `'Campaign ' || i`, subject: `'s'`, preheader: `''`, content: json('{}'), audience: json('{}'), status: `'sent'`, version: '1', started_at: time(began('i')), finished_at: time(`${began('i')} + 3600000`), created_at: time(began('i')), updated_at: time(began('i')) })
  await insert('messages', campaignCount, {}, { ...said, id: idOf('m', 'i'), kind: `'campaign'`, subject: `'s'`, preheader: `''`, html: `''`, text: `''`, from_name: `''`, from_email: `''`, reply_to: `''`, language: `'en'`, way: `'individual'`, created_at: time(began('i')) })
  for (const n of [7, 45]) {
    await insert('batches', Math.ceil(size.people / 1000), {}, { ...said, message_id: `'${textId('m', n)}'`, n: 'i', first_id: idOf('p', '(i * 1000)'), last_id: idOf('p', '(i * 1000 + 999)'), people: '600', state: `'accepted'`, attempts: '1', accepted_at: time(began(String(n))), updated_at: time(began(String(n))) })
    await insert('deliveries', size.people, { d: pick('i', 44 + n, 10) }, { ...said, message_id: `'${textId('m', n)}'`, subscriber_id: idOf('p', 'i'), email: `'person' || i || '@example.com'`, batch: `case when d < 6 then i / 1000 end`, state: `case when d >= 6 then 'excluded' end`, attempts: '0', created_at: time(began(String(n))), updated_at: time(began(String(n))) })
  }
  // What people do with mails: half of the openings are machines'.
  const acted = `(${began('m')} + minute * 60000 + i % 60000)`
  await insert('events', size.events, { k: pick('i', 51, 100), who: skewed('i', 54, size.people), m: pick('i', 50, campaignCount), v: pick('i', 55, 20), minute: pick('i', 52, 4320) }, {
    ...said, id: idOf('e', 'i'), kind: `case when k < 40 then 'delivered' when k < 85 then 'opened' else 'clicked' end`, subscriber_id: idOf('p', 'who'), message_id: idOf('m', 'm'),
    verdict: `case when k < 40 then null when v < 9 then 'human' when v < 18 then 'machine' else 'unknown' end`, at: time(acted), day: day(acted), dedupe_key: `'' || i`,
  })
  await insert('segments', 1, {}, { ...said, id: `'${named.platformSegment}'`, name: `'Of the store'`, rules: json('{"kind":"store"}'), platform_id: `'77'`, members_read_at: nowAt, created_at: nowAt, updated_at: nowAt })
  await insert('segment_members', Math.ceil(size.people / 10), {}, { ...said, segment_id: `'${named.platformSegment}'`, subscriber_id: idOf('p', '(i * 10)') })

  await putBack()
  await rollUp(db, shopId)
  await db.raw(`update shop_settings set records_attested_at = ${time(`${now} - ${100 * DAY}`)}, soft_opt_in_since = ${time(`${now} - ${span}`)} where shop_id = ${shopId}`)
  await tablesWereFilled(db, [subscribers, subscriberTags, consentEntries, suppressions, fields, fieldValues, forms, products, orders, orderLines, purchases, campaigns, messages, batches, deliveries, events, segments, segmentMembers])
  if (isPostgres) await db.raw('vacuum analyze')
  else for (const pragma of ['wal_checkpoint(truncate)', 'synchronous = full', 'foreign_keys = on', 'cache_size = -65536']) await db.raw(`pragma ${pragma}`)
}

/** The same figures as subscribers/sums.ts and deliveries/record-hits.ts write, for everybody at once. */
async function rollUp(db: Db, shopId: string): Promise<void> {
  await db.raw(`insert into purchases (shop_id, subscriber_id, product_id, orders, quantity, first_at, last_at)
    select o.shop_id, o.subscriber_id, l.product_id, count(distinct o.id), sum(l.quantity), min(o.processed_at), max(o.processed_at)
    from orders o join order_lines l on l.shop_id = o.shop_id and l.order_id = o.id
    where o.shop_id = ${shopId} and not o.test and o.cancelled_at is null and o.subscriber_id is not null and l.product_id is not null group by o.shop_id, o.subscriber_id, l.product_id`)
  await db.raw(`update subscribers set orders_count = t.n, total_spent = t.spent, first_order_at = t.first_at, last_order_at = t.last_at
    from (select o.subscriber_id as who, count(*) as n, sum(o.total) as spent, min(o.processed_at) as first_at, max(o.processed_at) as last_at from orders o where o.shop_id = ${shopId} and not o.test and o.cancelled_at is null and o.subscriber_id is not null group by o.subscriber_id) t
    where subscribers.shop_id = ${shopId} and subscribers.id = t.who`)
  for (const [column, kind] of [['last_open_at', 'opened'], ['last_click_at', 'clicked']])
    await db.raw(`update subscribers set ${column} = t.at from (select e.subscriber_id as who, max(e.at) as at from events e where e.shop_id = ${shopId} and e.kind = '${kind}' and e.verdict = 'human' group by e.subscriber_id) t
      where subscribers.shop_id = ${shopId} and subscribers.id = t.who`)
}

/** Drops the indexes that are no keys; what comes back makes them again. */
async function takeIndexes(db: Db): Promise<() => Promise<void>> {
  const rows = isPostgres
    ? await db.raw<{ name: string; sql: string }>(`select indexname as name, indexdef as sql from pg_indexes where schemaname = 'public' and not exists (select 1 from pg_constraint c where c.conname = indexname)`)
    : await db.raw<{ name: string; sql: string }>(`select name, sql from sqlite_master where type = 'index' and sql is not null`)
  for (const { name } of rows) await db.raw(`drop index "${name}"`)
  return async () => {
    for (const row of rows) await db.raw(row.sql)
  }
}

