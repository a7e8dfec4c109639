import { and, count, desc, eq, isNotNull, isNull, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { subscribers } from '../db/schema.ts'
import { reasonWords, type DeliveryReason } from '../deliveries/contract.ts'
import { domainFault } from '../domains/may-send.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import { mailContent } from '../templates/contract.ts'
import type { MergePerson } from '../templates/merge.ts'
import { audienceOf, reasonSql } from './audience.ts'
import type { Rehearsal } from './contract.ts'
import { missing } from './ready.ts'
import { compileFor, mergeColumns, mergePerson, show } from './render.ts'
import { slowly } from './slowly.ts'
import { findCampaign } from './state.ts'

/** Who would get a campaign now and who would not, with the rule that decides, three mails to look at, and what is missing. Nothing is frozen. */
export async function rehearse(app: Pick<App, 'db' | 'clock' | 'mail'>, shop: Shop, id: string): Promise<Rehearsal> {
  const campaign = await findCampaign(app, shop.id, id)
  const settings = await getSettings(app, shop.id)
  const audience = await audienceOf(app, shop.id, campaign.audience)
  const words = { subject: campaign.subject, preheader: campaign.preheader, content: mailContent.parse(campaign.content) }
  const compiled = await compileFor(app, shop, words, settings)
  const where = audience ? audience.where : sql`1 = 0`
  const counts = await countAudience(app, shop.id, where)
  const people = await samplePeople(app, shop.id, where)
  const faults = missing(settings, compiled.checks, audience, await domainFault(app, settings))
  return {
    everybody: counts.everybody,
    included: counts.included,
    excluded: counts.everybody - counts.included,
    audienceName: audience?.name ?? 'A segment that does not exist any more',
    reasons: [...counts.reasons].sort((a, b) => b[1] - a[1]).map(([reason, people]) => ({ reason, words: reasonWords[reason], people })),
    samples: people.map((person) => ({ subscriberId: person.id, email: person.email, ...pick(show(shop, settings, { ...compiled, ...words }, person)) })),
    checks: [...faults, ...compiled.checks.filter((check) => check.level !== 'error')],
    slowly: await slowly(app, shop, counts.included),
    canSend: faults.length === 0 && counts.included > 0 && campaign.status === 'draft',
  }
}

const pick = ({ subject, html }: { subject: string; html: string }): { subject: string; html: string } => ({ subject, html })

/** Everybody of the shop, counted by the rule that decides. `where` as in `audienceOf`. */
export async function countAudience(app: Pick<App, 'db'>, shopId: string, where: SQL | null): Promise<{ everybody: number; included: number; reasons: Map<DeliveryReason, number> }> {
  const people = app.db.select({ reason: reasonSql(shopId, where).as('reason') }).from(subscribers).where(eq(subscribers.shopId, shopId)).as('people')
  const rows = await app.db.select({ reason: people.reason, people: count() }).from(people).groupBy(people.reason).orderBy(people.reason)
  const reasons = new Map<DeliveryReason, number>()
  let everybody = 0
  let included = 0
  for (const row of rows) {
    everybody += row.people
    if (row.reason === null) included += row.people
    else reasons.set(row.reason, row.people)
  }
  return { everybody, included, reasons }
}

type Person = MergePerson & { id: string }
/** Up to three people who are in, as different as a mail may find them: two with a first name, one without. */
export async function samplePeople(app: Pick<App, 'db'>, shopId: string, where: SQL | null): Promise<Person[]> {
  const some = async (named: boolean, limit: number): Promise<Person[]> => {
    const rows = await app.db
      .select({ id: subscribers.id, ...mergeColumns })
      .from(subscribers)
      .where(and(eq(subscribers.shopId, shopId), named ? isNotNull(subscribers.firstName) : isNull(subscribers.firstName), sql`(${reasonSql(shopId, where)}) is null`))
      .orderBy(desc(subscribers.createdAt), desc(subscribers.id))
      .limit(limit)
    return rows.map(mergePerson)
  }
  const [named, nameless] = [await some(true, 3), await some(false, 3)]
  return [...named.slice(0, 2), ...nameless.slice(0, 1), ...named.slice(2), ...nameless.slice(1)].slice(0, 3)
}
