import { and, asc, eq, gt, isNotNull, isNull } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { rehearsalPeople, subscribers } from '../db/schema.ts'
import { MINUTE, after } from '../lib/clock.ts'
import { conflict, notFound } from '../lib/errors.ts'
import type { Shop } from '../shops/shops.ts'
import { compareCampaign } from './compare.ts'
import { comparison, type Comparison, type ComparisonView, type Difference, type differingQuery, type peopleReply } from './contract.ts'
import { itsPerson, newestManifest, ofManifest, type Manifest } from './manifest.ts'
import { findCampaign, type Campaign } from './state.ts'

const sampleSize = 3
const pageSize = 50
/** These become something else by themselves, so a comparison that holds some is made anew when it is asked for. */
const unsettled: Difference[] = ['waiting', 'uncertain', 'held']

/** The rehearsal against what happened. 404 when there was none, 409 while the campaign has not ended. */
export async function comparisonOf(app: Pick<App, 'db' | 'clock'>, shop: Shop, id: string): Promise<ComparisonView> {
  const campaign = await findCampaign(app, shop.id, id)
  if (!(await newestManifest(app, shop.id, id)) || (!campaign.startedAt && campaign.finishedAt)) throw notFound()
  if (!campaign.startedAt || !campaign.finishedAt) throw conflict('The campaign is not over yet. Then the rehearsal is laid beside what happened.')
  const stored = await newestManifest(app, shop.id, id)
  const manifest = stored && isStale(app, campaign, stored) ? ((await compareCampaign(app, shop.id, id)), await newestManifest(app, shop.id, id)) : stored
  if (!manifest?.comparedAt) throw notFound()
  const found = comparison.parse(manifest.comparison)
  const differences: ComparisonView['differences'] = []
  for (const one of found.differences) differences.push({ ...one, words: words[one.difference][0], sample: await peopleBehind(app, manifest, one, '', sampleSize) })
  return { at: manifest.at.toISOString(), comparedAt: manifest.comparedAt.toISOString(), planned: found.planned, got: found.got, sentence: sentenceOf(found), differences, unexplained: found.unexplained }
}

/** The people behind one difference, by id. Whoever was forgotten since is missing. */
export async function differingPeople(app: Pick<App, 'db'>, shop: Shop, id: string, query: z.infer<typeof differingQuery>): Promise<z.infer<typeof peopleReply>> {
  await findCampaign(app, shop.id, id)
  const manifest = await newestManifest(app, shop.id, id)
  if (!manifest?.comparedAt) throw notFound()
  const rows = await peopleBehind(app, manifest, { difference: query.difference, got: query.got === 'yes' }, query.cursor ?? '', pageSize + 1)
  const page = rows.slice(0, pageSize)
  return {
    people: page.map((row) => ({ ...row, state: query.difference, words: words[query.difference][0], said: null })),
    nextCursor: rows.length > pageSize ? (page.at(-1)?.subscriberId ?? null) : null,
  }
}

async function peopleBehind(app: Pick<App, 'db'>, manifest: Manifest, { difference, got }: { difference: Difference; got: boolean }, cursor: string, limit: number) {
  const rows = await app.db
    .select({ subscriberId: subscribers.id, email: subscribers.email, firstName: subscribers.firstName, lastName: subscribers.lastName, at: rehearsalPeople.differenceAt })
    .from(rehearsalPeople)
    .innerJoin(subscribers, itsPerson)
    .where(and(ofManifest(manifest.shopId, manifest.id), eq(rehearsalPeople.difference, difference), got ? isNotNull(rehearsalPeople.reason) : isNull(rehearsalPeople.reason), gt(rehearsalPeople.subscriberId, cursor)))
    .orderBy(asc(rehearsalPeople.subscriberId))
    .limit(limit)
  return rows.map(({ firstName, lastName, at, ...row }) => ({ ...row, name: [firstName, lastName].filter(Boolean).join(' '), at: at?.toISOString() ?? null }))
}

function isStale(app: Pick<App, 'clock'>, { finishedAt }: Campaign, { comparedAt, comparison: stored }: Manifest): boolean {
  if (!comparedAt || !finishedAt || comparedAt < finishedAt) return true
  const open = comparison.parse(stored).differences.some((one) => unsettled.includes(one.difference))
  return open && comparedAt < after(app.clock.now(), -MINUTE)
}

/** "Planned 1,204, sent 1,201: 2 unsubscribed in between, 1 address was refused." */
function sentenceOf({ planned, got, differences, unexplained }: Comparison): string {
  const head = `Planned ${n(planned)}, sent ${n(got)}`
  const known = differences.filter((one) => one.difference !== 'unexplained')
  const parts = known.slice(0, 4).map((one) => `${n(one.people)} ${words[one.difference][one.people === 1 ? 1 : 2]}${one.got ? ' and got it too' : ''}`)
  const more = known.slice(4).reduce((sum, one) => sum + one.people, 0)
  if (more > 0) parts.push(`${n(more)} for other reasons`)
  if (unexplained > 0) parts.push(`${n(unexplained)} cannot be explained`)
  return parts.length === 0 ? `${head}: exactly as rehearsed.` : `${head}: ${parts.join(', ')}.`
}

const n = (value: number): string => value.toLocaleString('en')

/** As a heading; then of one person and of several, behind the number. */
const words: Record<Difference, [string, string, string]> = {
  unsubscribed: ['Unsubscribed in between', 'unsubscribed in between', 'unsubscribed in between'],
  consent_lowered: ['Their consent changed in between', 'no longer agrees', 'no longer agree'],
  consent_expired: ['The time in which you could write to them ran out', 'could be written to no longer', 'could be written to no longer'],
  bounced: ['Their address stopped working', 'address stopped working', 'addresses stopped working'],
  complained: ['Marked a mail as spam in between', 'marked a mail as spam', 'marked a mail as spam'],
  blocked: ['You blocked the address', 'address was blocked by you', 'addresses were blocked by you'],
  restricted: ['Use of their data was restricted', 'was restricted', 'were restricted'],
  forgotten: ['Asked to be forgotten', 'asked to be forgotten', 'asked to be forgotten'],
  merged: ['Two records became one person', 'was merged with another record', 'were merged with other records'],
  left_by_order: ['Left the segment by an order', 'left the segment by an order', 'left the segment by an order'],
  left_by_mail: ['Left the segment by getting, opening or clicking a mail', 'left the segment by a mail', 'left the segment by a mail'],
  left_by_consent: ['Left the segment as their consent changed', 'left the segment as their consent changed', 'left the segment as their consent changed'],
  left_by_change: ['Left the segment as something about them changed', 'left the segment', 'left the segment'],
  joined: ['Joined the list in between', 'joined the list', 'joined the list'],
  agreed: ['Agreed to get mail in between', 'agreed in between', 'agreed in between'],
  attested: ['You confirmed how consent was obtained', 'was covered by your confirmation', 'were covered by your confirmation'],
  unblocked: ['Their block was lifted', 'block was lifted', 'blocks were lifted'],
  unrestricted: ['The restriction of their data was lifted', 'restriction was lifted', 'restrictions were lifted'],
  joined_by_order: ['Joined the segment by an order', 'joined the segment by an order', 'joined the segment by an order'],
  joined_by_mail: ['Joined the segment by getting, opening or clicking a mail', 'joined the segment by a mail', 'joined the segment by a mail'],
  joined_by_consent: ['Joined the segment as their consent changed', 'joined the segment as their consent changed', 'joined the segment as their consent changed'],
  joined_by_change: ['Joined the segment as something about them changed', 'joined the segment', 'joined the segment'],
  changed: ['Something about them changed', 'changed', 'changed'],
  settings_changed: ['You changed the settings for consent', 'was concerned by your settings', 'were concerned by your settings'],
  segment_changed: ['The segment was changed', 'was concerned by a change of the segment', 'were concerned by a change of the segment'],
  catalogue_changed: ['Products that the segment asks for changed', 'was concerned by a change of products', 'were concerned by a change of products'],
  groups_measured: ['Buyer groups were measured anew', 'changed the buyer group', 'changed the buyer group'],
  days_passed: ['The days that the segment counts went by', 'left or joined as days went by', 'left or joined as days went by'],
  cancelled: ['You cancelled the rest', 'was cancelled by you', 'were cancelled by you'],
  uninstalled: ['The app was removed from the store', 'was left out as the app was removed', 'were left out as the app was removed'],
  bad_address: ['The mail service refused the address', 'address was refused', 'addresses were refused'],
  refused: ['The mail service refused the mail', 'mail was refused', 'mails were refused'],
  no_evidence: ['Not known whether it arrived, and not sent again', 'is not known', 'are not known'],
  waiting: ['Still waiting', 'is still waiting', 'are still waiting'],
  uncertain: ['Being checked: the mail service did not answer clearly', 'is being checked', 'are being checked'],
  held: ['Not known whether it arrived: you decide', 'waits for your decision', 'wait for your decision'],
  unexplained: ['Not explained', 'cannot be explained', 'cannot be explained'],
}
