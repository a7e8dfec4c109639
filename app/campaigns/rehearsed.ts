import { and, asc, eq, gt, isNull } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { rehearsalPeople, subscribers } from '../db/schema.ts'
import { isReason } from '../deliveries/contract.ts'
import { notFound } from '../lib/errors.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import { arrivingBytes } from '../templates/checks.ts'
import { mailContent } from '../templates/contract.ts'
import { fill, mergeShop, personalise } from '../templates/merge.ts'
import type { peopleReply, rehearsedMail, rehearsedQuery } from './contract.ts'
import { itsPerson, newestManifest, ofManifest } from './manifest.ts'
import { factsOf, inWords } from './reasons.ts'
import { compileFor, mergeColumns, mergePerson, show } from './render.ts'
import { findCampaign } from './state.ts'

const pageSize = 50

/** The people behind a reason of the newest rehearsal, or those who get it, by id. Whoever was forgotten since is missing. 404 when there was none. */
export async function peopleRehearsed(app: Pick<App, 'db'>, shop: Shop, id: string, { reason, cursor }: z.infer<typeof rehearsedQuery>): Promise<z.infer<typeof peopleReply>> {
  await findCampaign(app, shop.id, id)
  const manifest = await newestManifest(app, shop.id, id)
  if (!manifest) throw notFound()
  const rows = await app.db
    .select({ id: subscribers.id, email: subscribers.email, firstName: subscribers.firstName, lastName: subscribers.lastName })
    .from(rehearsalPeople)
    .innerJoin(subscribers, itsPerson)
    .where(and(ofManifest(shop.id, manifest.id), reason === '' ? isNull(rehearsalPeople.reason) : eq(rehearsalPeople.reason, reason), gt(rehearsalPeople.subscriberId, cursor ?? '')))
    .orderBy(asc(rehearsalPeople.subscriberId))
    .limit(pageSize + 1)
  const page = rows.slice(0, pageSize)
  const facts = reason === '' ? null : await factsOf(app, shop, page.map((row) => row.id))
  return {
    people: page.map((row) => ({
      subscriberId: row.id, email: row.email, name: [row.firstName, row.lastName].filter(Boolean).join(' '), state: reason === '' ? 'included' : 'excluded', said: null, at: null,
      words: isReason(reason) ? inWords(reason, facts?.get(row.id)) : 'Gets it',
    })),
    nextCursor: rows.length > pageSize ? (page.at(-1)?.id ?? null) : null,
  }
}

/** The mail as it is written now, for one person of the shop. 404 for nobody. */
export async function mailRehearsed(app: Pick<App, 'db'>, shop: Shop, id: string, subscriberId: string): Promise<z.infer<typeof rehearsedMail>> {
  const campaign = await findCampaign(app, shop.id, id)
  const [row] = await app.db.select(mergeColumns).from(subscribers).where(and(eq(subscribers.shopId, shop.id), eq(subscribers.id, subscriberId)))
  if (!row) throw notFound()
  const person = mergePerson(row)
  const settings = await getSettings(app, shop.id)
  const words = { subject: campaign.subject, preheader: campaign.preheader, content: mailContent.parse(campaign.content) }
  const compiled = await compileFor(app, shop, words, settings)
  const { subject, html } = show(shop, settings, { ...compiled, ...words }, person)
  return {
    email: person.email, name: [person.firstName, person.lastName].filter(Boolean).join(' '), subject, html, preheader: fill(words.preheader, person, mergeShop(shop), 'text'),
    bytes: arrivingBytes(personalise({ ...compiled, ...words }, person, mergeShop(shop)).html),
  }
}
