import { and, asc, eq, fillPlaceholders, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { endsBefore } from '../consent/standing.ts'
import { isPostgres } from '../db/columns.ts'
import type { Db } from '../db/open.ts'
import { settled } from '../db/settled.ts'
import { segments, subscribers } from '../db/schema.ts'
import { after, DAY } from '../lib/clock.ts'
import { AppError } from '../lib/errors.ts'
import type { Shop } from '../shops/shops.ts'
import { aboutOne, asking, ruleSql, storeSegmentSql } from './compile.ts'
import type { Asking } from './conditions.ts'
import { resolve } from './resolve.ts'
import { readRules } from './upgrade.ts'

/**
 * Which of the shop's segments a person is in now: asked when something happened to them and for their page. One statement, compiled once for as
 * long as nothing changes that it is made from (what another process changed counts within a second). A segment that cannot be asked any more has nobody in it. Nobody of this id: in none.
 */
export async function segmentsOf(app: Pick<App, 'db' | 'clock'>, shop: Pick<Shop, 'id' | 'timezone'>, subscriberId: string): Promise<{ id: string; name: string }[]> {
  const question = await questionFor(app, shop)
  if (question.all.length === 0) return []
  const now = app.clock.now()
  const times: Record<string, unknown> = { person: subscriberId, law: endsBefore(now) }
  for (const days of question.days) times[`ago${days}`] = after(now, -days * DAY)
  const [marks] = await app.db.lists({ sql: question.sql, params: fillPlaceholders(question.params, times) })
  return marks ? question.all.filter((_, i) => Number(marks[i]) === 1) : []
}

interface Question {
  /** What it was made from; another is made when this is different. */
  from: string
  lookedAt: Date
  all: { id: string; name: string }[]
  sql: string
  params: unknown[]
  days: Set<number>
}
const made = new WeakMap<Db, Map<string, Question>>()
/** Milliseconds after which it is looked whether another process changed something. Our own changes are seen at once. */
const lookAgain = 1_000
/** Shops whose question is kept; one that is asked again after so many others is made anew. */
const most = 1_000

async function questionFor(app: Pick<App, 'db' | 'clock'>, shop: Pick<Shop, 'id' | 'timezone'>): Promise<Question> {
  const ofDb = made.get(app.db) ?? new Map<string, Question>()
  made.set(app.db, ofDb)
  const known = ofDb.get(shop.id)
  const age = known ? app.clock.now().getTime() - known.lookedAt.getTime() : Infinity
  if (known && age >= 0 && age < lookAgain) return known
  const from = await sourcesOf(app.db, shop)
  if (known?.from === from) {
    known.lookedAt = app.clock.now()
    return known
  }
  const question = await makeQuestion(app, shop, from)
  if (ofDb.size >= most) ofDb.delete(ofDb.keys().next().value!)
  ofDb.set(shop.id, question)
  return question
}

/** When what the statement is made from last changed, as one text, by whomever it was changed. */
async function sourcesOf(db: Db, shop: Pick<Shop, 'id' | 'timezone'>): Promise<string> {
  let query = sources.get(db)
  if (!query) sources.set(db, (query = sourcesQuery(db)))
  const rows = await db.lists({ sql: query.sql, params: fillPlaceholders(query.params, { shop: shop.id }) })
  let text = shop.timezone
  for (const row of rows) for (const cell of row) text += ` ${cell instanceof Date ? cell.getTime() : String(cell)}`
  return text
}
const sources = new WeakMap<Db, { sql: string; params: unknown[] }>()

/** One look: the settings that count first (their types are those of the columns), then each segment and field with its last change. */
function sourcesQuery(db: Db): { sql: string; params: unknown[] } {
  const shop = sql`(${sql.placeholder('shop')} || '')`
  const all = sql`(select h.country as what, s.rfm_measured_at as a, s.records_attested_at as b, s.soft_opt_in_since as c from shops h left join shop_settings s on s.shop_id = h.id where h.id = ${shop}
    union all select g.id, g.updated_at, null, null from segments g where g.shop_id = ${shop}
    union all select case when f.sensitive then f.id || '!' else f.id end, f.updated_at, null, null from fields f where f.shop_id = ${shop}) sources`
  return db.select({ what: sql`what`, a: sql`a`, b: sql`b`, c: sql`c` }).from(all).toSQL()
}

/** To be called where this process changes a segment: within one millisecond the time of the last change says nothing. */
export const forgetQuestion = (db: Db, shopId: string): void => void made.get(db)?.delete(shopId)

async function makeQuestion(app: Pick<App, 'db' | 'clock'>, shop: Pick<Shop, 'id' | 'timezone'>, from: string): Promise<Question> {
  const rows = await app.db.select().from(segments).where(eq(segments.shopId, shop.id)).orderBy(asc(segments.name), asc(segments.id))
  const days = new Set<number>()
  const marks: Record<string, ReturnType<typeof sql>> = {}
  const all: Question['all'] = []
  for (const row of rows) {
    const where = row.platformId !== null ? storeSegmentSql(shop.id, row.id, true) : await ofRules(readRules(row.rules)).catch(notAskable)
    if (!where) continue
    marks[`m${all.length}`] = sql`case when ${where} then 1 else 0 end`
    all.push({ id: row.id, name: row.name })
  }
  if (all.length === 0) return { from, lookedAt: app.clock.now(), all, sql: '', params: [], days }
  // `|| ''` and `- 0` change nothing; they keep SQLite from planning the statement anew for each person (db/settled.ts).
  const query = settled(app.db.select(marks).from(subscribers).where(and(eq(subscribers.shopId, shop.id), sql`${subscribers.id} = (${sql.placeholder('person')} || '')`)).toSQL())
  return { from, lookedAt: app.clock.now(), all, sql: query.sql, params: query.params, days }

  async function ofRules(rules: ReturnType<typeof readRules>) {
    const about: Asking = {
      ...aboutOne(asking(shop, await resolve(app, shop.id, [rules]), app.clock.now())),
      ago: (some) => {
        days.add(some)
        return moment(`ago${some}`)
      },
      lawEnds: () => moment('law'),
    }
    return ruleSql(rules, true, about)
  }
}

const moment = (name: string) => (isPostgres ? sql`${sql.placeholder(name)}` : sql`(${sql.placeholder(name)} - 0)`)

function notAskable(error: unknown): null {
  if (error instanceof AppError) return null
  throw error
}
