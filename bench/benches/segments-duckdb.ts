import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import Database from 'better-sqlite3'
import { endsBefore } from '../../app/consent/standing.ts'
import { DAY } from '../../app/lib/clock.ts'
import { cutPointsOf, marks, type CutPoints } from '../../app/segments/rfm.ts'
import type { OpenBench } from '../bench.ts'
import { eachOf } from '../each.ts'
import { openSegmentStore } from '../segment-sides.ts'
import { named } from '../segment-store.ts'

/** What happened and who people are, as it was told: DuckDB gets the rows themselves, and none of the sums that we keep beside them. */
const tables: Record<string, string> = {
  people: 'select id, country, locale, created_at, consent_state as state, consent_basis as basis, consent_at, consent_recorded_at as recorded_at, restricted_at, address_hash as hash from subscribers',
  orders: 'select id, subscriber_id as who, total, processed_at as moment, test, cancelled_at from orders',
  lines: 'select order_id, product_id from order_lines',
  products: 'select id, product_type as category, vendor from products',
  events: 'select kind, subscriber_id as who, message_id as mail, verdict, at as moment from events',
  suppressions: 'select address_hash as hash from suppressions',
  tags: 'select subscriber_id as who, tag from subscriber_tags',
  fields: 'select subscriber_id as who, field_id as field, number from field_values',
  deliveries: 'select subscriber_id as who, message_id as mail, state, batch from deliveries',
  batches: 'select message_id as mail, n, state from batches',
  signups: 'select subscriber_id as who, form_id as form from consent_entries where form_id is not null',
  members: 'select segment_id as segment, subscriber_id as who from segment_members',
}

/** The thirty counts of `segments`, by our compiler on SQLite with its rollups, against DuckDB scanning the rows that these were made from. */
export const open: OpenBench = async ({ recipients }) => {
  const people = recipients ?? 1_000_000
  const store = await openSegmentStore(people)
  const folder = mkdtempSync(join(tmpdir(), 'homing-duck-'))
  const instance = await DuckDBInstance.create(join(folder, 'rows.duckdb'))
  const duck = await instance.connect()
  await copyRows(store.file, folder, duck)
  const { app, shop } = store
  const sqls = duckSql(app.clock.now(), await cutPointsOf(app, shop.id))
  const questions = []
  for (const [i, tree] of store.trees.entries()) {
    const one = `select count(*)::integer as n from (${sqls[i]})`
    questions.push({ name: tree.name, product: await store.count(tree), limit: async () => Number((await duck.runAndReadAll(one)).getRows()[0]![0]) })
  }
  return eachOf(questions, {
    bar: 1, each: null, detail: () => ({ people, limit: 'DuckDB scanning the rows, two threads, none of our sums' }),
    close: async () => {
      duck.closeSync()
      instance.closeSync()
      rmSync(folder, { recursive: true, force: true })
      await store.close()
    },
  })
}

async function copyRows(file: string, folder: string, duck: DuckDBConnection): Promise<void> {
  const from = new Database(file, { readonly: true })
  for (const [name, query] of Object.entries(tables)) {
    const path = join(folder, `${name}.csv`)
    const out = createWriteStream(path)
    const statement = from.prepare(query).raw()
    out.write(`${statement.columns().map((column) => column.name).join(',')}\n`)
    let text = ''
    for (const row of statement.iterate() as IterableIterator<(string | number | null)[]>) {
      text += `${row.map((cell) => (cell === null ? '' : String(cell))).join(',')}\n`
      if (text.length > 1_000_000) {
        if (!out.write(text)) await once(out, 'drain')
        text = ''
      }
    }
    out.end(text)
    await once(out, 'finish')
    const types = { people: "{'created_at': 'BIGINT', 'consent_at': 'BIGINT', 'recorded_at': 'BIGINT', 'restricted_at': 'BIGINT'}", lines: "{'order_id': 'VARCHAR', 'product_id': 'VARCHAR'}", orders: "{'id': 'VARCHAR', 'cancelled_at': 'BIGINT', 'test': 'BOOLEAN'}", products: "{'id': 'VARCHAR'}" }[name]
    await duck.run(`create table ${name} as select * from read_csv('${path}', header = true${types ? `, types = ${types}` : ''})`)
    rmSync(path)
  }
  from.close()
}

/** In the order of the trees, each the ids of its people. */
function duckSql(now: Date, cuts: CutPoints): string[] {
  const t = (days: number): number => Math.trunc(now.getTime() - days * DAY)
  const attested = now.getTime() - 100 * DAY
  const mark = marks(cuts)
  const p = (where: string): string => `select p.id from people p where ${where}`
  const free = `p.restricted_at is null and (p.state = 'subscribed' or (p.state = 'unconfirmed_record' and p.recorded_at <= ${attested})) and not coalesce(p.basis in ('merchant_record', 'soft_opt_in') and p.consent_at <= ${endsBefore(now).getTime()} and p.country = 'CA', false) and p.hash not in (select hash from suppressions)`
  const did = (kind: string, more: string): string => `select who from events where kind = '${kind}' and verdict = 'human' and ${more}`
  const some = (more: string, having = ''): string => `select who from orders where not test and cancelled_at is null and who is not null and ${more} group by who ${having}`
  const within = (days: number): string => some(`moment >= ${t(days)}`)
  const items = (what: string, more = 'true', having = ''): string => `select o.who from orders o join lines l on l.order_id = o.id join products x on x.id = l.product_id where not o.test and o.cancelled_at is null and o.who is not null and ${what} and ${more} group by o.who ${having}`
  const tagged = (tag: string): string => `select who from tags where lower(tag) = '${tag}'`
  const champions = some('true', `having max(moment) >= ${t(mark.lately)} and count(*) > ${mark.often} and sum(total) > ${mark.much}`)
  const mail = (id: string): string => `mail = '${id}'`
  return [
    p(`p.id in (${did('opened', `moment >= ${t(30)}`)})`),
    p(`p.id in (${did('clicked', `moment >= ${t(90)}`)})`),
    p(`p.id in (select who from events where kind in ('opened', 'clicked') and verdict = 'human' and moment >= ${t(90)})`),
    p(`p.id in (${within(90)})`),
    p(`p.id in (${some('true', `having count(*) >= 2 and max(moment) < ${t(90)}`)}) and ${free}`),
    p(`p.id not in (${some('true')})`),
    p(`p.id not in (${some('true')}) and p.id in (${did('opened', `moment >= ${t(60)}`)}) and ${free}`),
    p(`p.id in (${some('true', 'having sum(total) >= 50000')})`),
    p(`p.id in (${some('true', 'having count(*) >= 5')})`),
    p(`p.id in (${some('true', `having max(moment) >= ${t(365)} and max(moment) < ${t(180)}`)})`),
    p(`p.country = 'DE' and p.id in (${within(365)})`),
    p(`p.locale in ('de', 'de-AT') and ${free}`),
    p(`p.id in (${tagged('vip')})`),
    p(`p.id in (${tagged('wholesale')}) and p.id not in (${within(180)})`),
    p(`p.id in (${items(`x.id = '9005'`)})`),
    p(`p.id in (${items(`x.id in ('9001', '9100', '9400')`, `o.moment >= ${t(180)}`)})`),
    p(`p.id in (${items(`x.category = 'Category 3'`, `o.moment >= ${t(90)}`)})`),
    p(`p.id in (${items(`x.vendor = 'Vendor 5'`)}) and p.id not in (${items(`x.category = 'Category 7'`)})`),
    p(`p.id in (${items(`x.id = '9001'`, 'true', 'having count(distinct o.id) >= 2')})`),
    p(`p.id in (${did('opened', mail(named.newCampaign))})`),
    p(`p.id in (select d.who from deliveries d left join batches b on b.mail = d.mail and b.n = d.batch where d.${mail(named.newCampaign)} and coalesce(d.state, b.state) = 'accepted') and p.id not in (${did('opened', mail(named.newCampaign))})`),
    p(`p.id in (${did('clicked', `(${mail(named.oldCampaign)} or ${mail(named.newCampaign)})`)})`),
    p(`p.id in (${did('opened', `moment >= ${t(60)}`)} group by who having count(*) >= 3)`),
    p(`p.id in (${some(`moment >= ${t(180)}`, 'having count(*) >= 2')})`),
    p(`p.id in (${some(`moment >= ${t(365)}`, 'having sum(total) >= 30000')})`),
    p(`p.id in (${some('true', `having max(moment) >= ${t(mark.notLongAgo)} and count(*) > ${mark.often}`)})`),
    p(`p.id in (select who from signups where form = '${named.form}') and p.id not in (${some('true')}) and ${free}`),
    p(`p.id in (select who from fields where field = '${named.shoeSize}' and number >= 46) and ${free}`),
    p(`p.id in (select who from members where segment = '${named.platformSegment}') and p.id not in (${did('clicked', `moment >= ${t(90)}`)})`),
    p(`p.country in ('US', 'CA') and (p.id in (${within(60)}) or p.id in (${did('clicked', `moment >= ${t(30)}`)})) and p.id not in (${tagged('vip')}) and p.id not in (${champions})`),
  ]
}
