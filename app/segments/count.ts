import { and, desc, eq, inArray, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { subscribers } from '../db/schema.ts'
import type { Shop } from '../shops/shops.ts'
import { askingOf, everybodySql, peopleSet } from './compile.ts'
import type { Asking } from './conditions.ts'
import type { SegmentCount } from './contract.ts'
import { mayMailSql } from './may-mail.ts'
import { namesFor } from './names.ts'
import { checkRules } from './resolve.ts'
import type { SegmentRules } from './rules.ts'
import { segmentSentence } from './sentence.ts'

/** How many people fit the rules now, how many of them may be mailed, and five of them, newest first. Throws 422 when the rules cannot be asked. */
export async function countSegment(app: Pick<App, 'db' | 'clock'>, shop: Shop, rules: SegmentRules): Promise<SegmentCount> {
  await checkRules(app, shop.id, rules)
  const asking = await askingOf(app, shop, [rules])
  const where = everybodySql(rules, asking)
  // First the number alone, which an index mostly answers; whether somebody may be mailed means looking at each of them.
  const [[found]] = (await app.db.lists(peopleCount(app, shop.id, rules, asking))) as [[unknown]]
  const people = Number(found)
  const mailable = people === 0 ? 0 : (await countWhere(app, shop.id, where, mayMailSql(asking))).mailable
  return { sentence: segmentSentence(rules, await namesFor(app, shop, [rules])), people, mailable, sample: people === 0 ? [] : await sampleOf(app, shop.id, where) }
}

/** How many people fit, as a question of one number: where they are one set of people, the set alone is counted. */
export function peopleCount(app: Pick<App, 'db'>, shopId: string, rules: SegmentRules, asking: Asking): { sql: string; params: unknown[] } {
  const set = peopleSet(rules, asking)
  const count = { people: sql`count(*)` }
  return set ? app.db.select(count).from(sql`(${set}) fitting`).toSQL() : app.db.select(count).from(subscribers).where(and(eq(subscribers.shopId, shopId), everybodySql(rules, asking))).toSQL()
}

/** How many people of the shop a condition fits, and how many of them may be mailed. */
export async function countWhere(app: Pick<App, 'db'>, shopId: string, where: SQL, mayMail: SQL): Promise<{ people: number; mailable: number }> {
  const [row] = await app.db
    .select({ people: sql`count(*)`.mapWith(Number), mailable: sql`coalesce(sum(case when ${mayMail} then 1 else 0 end), 0)`.mapWith(Number) })
    .from(subscribers)
    .where(and(eq(subscribers.shopId, shopId), where))
  return { people: row?.people ?? 0, mailable: row?.mailable ?? 0 }
}

/** Five of the people, those who joined last first. The newest five ids are found first, so that no list of all people is sorted with their names. */
async function sampleOf(app: Pick<App, 'db'>, shopId: string, where: SQL): Promise<SegmentCount['sample']> {
  const newest = await app.db.select({ id: subscribers.id }).from(subscribers).where(and(eq(subscribers.shopId, shopId), where)).orderBy(desc(subscribers.id)).limit(5)
  const rows = await app.db
    .select({ id: subscribers.id, email: subscribers.email, firstName: subscribers.firstName, lastName: subscribers.lastName })
    .from(subscribers)
    .where(and(eq(subscribers.shopId, shopId), inArray(subscribers.id, newest.map((row) => row.id))))
    .orderBy(desc(subscribers.id))
  return rows.map(({ id, email, firstName, lastName }) => ({ id, email, name: [firstName, lastName].filter(Boolean).join(' ') }))
}
