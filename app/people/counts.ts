import { setImmediate as breathe } from 'node:timers/promises'
import { and, desc, eq, gte, lt, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import type { Db } from '../db/open.ts'
import { subscribers } from '../db/schema.ts'
import { askingOf } from '../segments/compile.ts'
import { mayMailSql } from '../segments/may-mail.ts'
import type { Shop } from '../shops/shops.ts'
import type { Headcount, SubscriberCounts, SubscriberFilter } from '../subscribers/contract.ts'
import { whoFits, type Who } from './filter.ts'
import { shortest } from './page.ts'

/** Further than this, who fits is not counted. */
const most = 10_000
/** Milliseconds for which a count of a large shop is good, and how long one may take. */
const life = 15_000
const patience = 400
const window = 20_000

/** How many people fit, how many there are, and how many of all may be mailed. In shops of more than 10,000 people up to 15 seconds old. */
export async function countPeople(app: Pick<App, 'db' | 'clock'>, shop: Shop, filter: SubscriberFilter): Promise<SubscriberCounts> {
  const everybody = await kept(app, `${shop.id} everybody`, () => everyone(app, shop.id), (count) => count > most)
  const large = everybody > most
  const mailable = await kept(app, `${shop.id} mailable`, () => mailableOf(app, shop), () => large)
  const who = await whoFits(app, shop, filter) // also to say that a segment is not there
  const fit = who.where === undefined ? { people: everybody, more: false } : await kept(app, `${shop.id} ${JSON.stringify(filter)}`, () => fitOf(app, shop.id, who), () => large)
  return { fit, everybody: { people: everybody, more: false }, mailable: { people: mailable, more: false } }
}

const counts = new WeakMap<Db, Map<string, { until: number; value: Promise<unknown> }>>()

/** A count that is under way is not begun again, and one that is young enough is good enough. */
async function kept<T>(app: Pick<App, 'db' | 'clock'>, key: string, count: () => Promise<T>, keep: (value: T) => boolean): Promise<T> {
  const known = counts.get(app.db) ?? new Map<string, { until: number; value: Promise<unknown> }>()
  counts.set(app.db, known)
  const now = app.clock.now().getTime()
  for (const [other, { until }] of known) if (until <= now) known.delete(other)
  const before = known.get(key)
  if (before) return before.value as Promise<T>
  const value = count()
  const entry = { until: now + life, value }
  known.set(key, entry)
  const forget = (): void => void (known.get(key) === entry && known.delete(key))
  return value.then(
    (counted) => {
      if (!keep(counted)) forget()
      return counted
    },
    (error: unknown) => {
      forget()
      throw error
    },
  )
}

async function everyone(app: Pick<App, 'db'>, shopId: string): Promise<number> {
  return app.db.$count(subscribers, eq(subscribers.shopId, shopId))
}

async function mailableOf(app: Pick<App, 'db' | 'clock'>, shop: Shop): Promise<number> {
  const where = mayMailSql(await askingOf(app, shop, []))
  let people = 0
  for await (const n of windows(app, shop.id, where, Infinity)) people += n
  return people
}

async function fitOf(app: Pick<App, 'db'>, shopId: string, who: Who): Promise<Headcount> {
  if (who.ways.length === 0) return upTo(await countOf(app, and(eq(subscribers.shopId, shopId), who.where), most + 1)) // a segment is asked for as a whole
  const short = await shortest(who.ways, null, most)
  if (short) return countOfIds(app, shopId, who.where, await short.ids(null, most))
  const end = performance.now() + patience
  let people = 0
  for await (const n of windows(app, shopId, who.where, most + 1)) {
    people += n
    if (people > most) return upTo(people)
    if (performance.now() > end) return { people, more: true }
  }
  return { people, more: false }
}

const upTo = (people: number): Headcount => ({ people: Math.min(people, most), more: people > most })

async function countOfIds(app: Pick<App, 'db'>, shopId: string, where: SQL | undefined, ids: string[]): Promise<Headcount> {
  let people = 0
  for (let at = 0; at < ids.length; at += 1_000) {
    const list = sql.join(ids.slice(at, at + 1_000).map((id) => sql`${id}`), sql`, `)
    people += await countOf(app, and(eq(subscribers.shopId, shopId), sql`${subscribers.id} in (${list})`, where), most)
    await breathe()
  }
  return { people, more: false }
}

/** Counts part by part, so that other requests are answered meanwhile. */
async function* windows(app: Pick<App, 'db'>, shopId: string, where: SQL | undefined, limit: number): AsyncGenerator<number> {
  for (let before: string | null = null; ; ) {
    const part: SQL | undefined = and(eq(subscribers.shopId, shopId), before === null ? undefined : lt(subscribers.id, before))
    const [edge]: { id: string }[] = await app.db.select({ id: subscribers.id }).from(subscribers).where(part).orderBy(desc(subscribers.id)).limit(1).offset(window - 1)
    yield await countOf(app, and(part, edge ? gte(subscribers.id, edge.id) : undefined, where), limit)
    if (!edge) return
    before = edge.id
    await breathe()
  }
}

async function countOf(app: Pick<App, 'db'>, where: SQL | undefined, limit: number): Promise<number> {
  if (!Number.isFinite(limit)) return app.db.$count(subscribers, where)
  const some = app.db.select({ id: subscribers.id }).from(subscribers).where(where).limit(limit).as('some')
  const [row] = await app.db.select({ n: sql`count(*)`.mapWith(Number) }).from(some)
  return row?.n ?? 0
}
