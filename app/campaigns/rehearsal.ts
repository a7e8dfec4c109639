import { and, desc, eq, isNotNull, isNull, sql, type SQL } from 'drizzle-orm'
import { z } from 'zod'
import type { App } from '../app.ts'
import { rehearsalPeople, subscribers } from '../db/schema.ts'
import { reasonWords } from '../deliveries/contract.ts'
import { domainFault } from '../domains/may-send.ts'
import { MINUTE, after } from '../lib/clock.ts'
import { conflict } from '../lib/errors.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import type { CompiledLink } from '../templates/build.ts'
import { mailContent } from '../templates/contract.ts'
import { mergeShop, type MergePerson } from '../templates/merge.ts'
import { audienceOf, freshenAudience, nobody, reasonSql, type Audience } from './audience.ts'
import { askedLink, type Rehearsal } from './contract.ts'
import { countNameless, itsPerson, manifestCounts, newestManifest, ofManifest, writeManifest, type Manifest, type ManifestCounts } from './manifest.ts'
import { namelessChecks, wordsWithout } from './nameless.ts'
import { missing } from './ready.ts'
import { compileFor, mergeColumns, mergePerson, show } from './render.ts'
import { slowly } from './slowly.ts'
import { findCampaign, type Campaign } from './state.ts'

/** So long a rehearsal is shown again instead of being made anew, while draft and segment stay as they are. */
const fresh = 15 * MINUTE
/** Links that have said nothing for so long are not waited for: the job that asks them was lost, and the next rehearsal asks again. */
const patience = 2 * MINUTE

/**
 * Who gets a campaign and who does not, with the rule that decided, read from the manifest: what is shown is what was written down.
 * `anew` writes it down now in any case. Three mails to look at; what is missing, and `canSend`, are of this moment. 409 when the
 * campaign has begun without a rehearsal, or began just now.
 */
export async function rehearse(app: App, shop: Shop, id: string, anew = false): Promise<Rehearsal> {
  const campaign = await findCampaign(app, shop.id, id)
  const settings = await getSettings(app, shop.id)
  const audience = await audienceOf(app, shop, campaign.audience)
  const words = { subject: campaign.subject, preheader: campaign.preheader, content: mailContent.parse(campaign.content) }
  const compiled = await compileFor(app, shop, words, settings)
  const manifest = await manifestFor(app, shop, campaign, audience, anew, compiled.links)
  const mail = { ...words, text: compiled.text }
  const counts = await countsOf(app, manifest, { first: wordsWithout('first', mail, mergeShop(shop)) !== null, last: wordsWithout('last', mail, mergeShop(shop)) !== null })
  const faults = missing(settings, compiled.checks, audience, await domainFault(app, settings))
  const hints = compiled.checks.filter((check) => check.level !== 'error')
  const named = counts.nameless ? namelessChecks(mail, counts.nameless, mergeShop(shop)) : []
  const asked = askedOf(manifest)
  const asking = asked === null && compiled.links.length > 0 && campaign.startedAt === null && manifest.at > after(app.clock.now(), -patience)
  return {
    at: manifest.at.toISOString(),
    everybody: manifest.everybody,
    included: manifest.included,
    excluded: manifest.everybody - manifest.included,
    audienceName: audience?.name ?? 'A segment that does not exist any more',
    reasons: counts.reasons.map(({ reason, people }) => ({ reason, words: reasonWords[reason], people })),
    samples: (await rehearsedSamples(app, manifest, counts)).map((person) => ({ subscriberId: person.id, email: person.email, name: nameOf(person), ...pick(show(shop, settings, { ...compiled, ...words }, person)) })),
    checks: [...faults, ...[...hints, ...named].toSorted((a, b) => order[a.level] - order[b.level])],
    links: linksOf(compiled.links).map(({ url, label }) => {
      const found = asked?.find((one) => one.url === url)
      return { url, label, result: found?.result ?? null, words: found?.words ?? (asking ? 'Being asked' : 'Was not asked') }
    }),
    asking,
    slowly: await slowly(app, shop, manifest.included),
    canSend: faults.length === 0 && manifest.included > 0 && campaign.status === 'draft',
  }
}

/** The manifest that is good enough for now, or a new one. */
async function manifestFor(app: App, shop: Shop, campaign: Campaign, audience: Audience | null, anew: boolean, links: CompiledLink[]): Promise<Manifest> {
  const { shopId, id: campaignId } = campaign
  const stored = await newestManifest(app, shopId, campaignId)
  const begun = campaign.startedAt !== null
  const stands = stored !== null && stored.version === campaign.version && stored.at > after(app.clock.now(), -fresh) && (audience ? !(audience.changedAt && audience.changedAt >= stored.at) : stored.included === 0)
  if (stored && (begun || (stands && !anew))) return stored
  const unread = begun ? null : await freshenAudience(app, shopId, campaign.audience)
  if (unread) throw conflict(unread)
  const now = begun ? null : await audienceOf(app, shop, campaign.audience)
  const written = begun ? null : await app.db.transaction(async () => {
    const manifest = await writeManifest(app, shopId, campaign, now ? now.where : nobody)
    if (manifest && links.length > 0) await app.queue.add('campaigns.ask-links', { shopId, campaignId, rehearsalId: manifest.id }, { key: manifest.id })
    return manifest
  })
  if (!written) throw conflict('The campaign was changed or has begun meanwhile. Load the page again.')
  return written
}

const countsOf = async (app: Pick<App, 'db'>, manifest: Manifest, uses: { first: boolean; last: boolean }): Promise<ManifestCounts> => {
  const counts = manifestCounts.parse(manifest.counts)
  return (uses.first || uses.last) && !counts.nameless ? countNameless(app, manifest, uses) : counts
}

const askedOf = ({ links }: Manifest): z.infer<typeof askedLink>[] | null => (links === null ? null : z.array(askedLink).parse(links))

/** Each address once, with the words of its first link. */
const linksOf = (links: CompiledLink[]): CompiledLink[] => links.filter((link, i) => links.findIndex((one) => one.url === link.url) === i)

const order = { error: 0, hint: 1, ok: 2 }
const pick = ({ subject, html }: { subject: string; html: string }): { subject: string; html: string } => ({ subject, html })
const nameOf = ({ firstName, lastName }: Pick<Person, 'firstName' | 'lastName'>): string => [firstName, lastName].filter(Boolean).join(' ')

/** Would anybody get a campaign for these people now? `where` as in `audienceOf`. */
export async function anybody(app: Pick<App, 'db' | 'clock'>, shopId: string, where: SQL | null): Promise<boolean> {
  const found = await app.db.select({ id: subscribers.id }).from(subscribers).where(and(eq(subscribers.shopId, shopId), sql`(${reasonSql(shopId, where, app.clock.now())}) is null`)).limit(1)
  return found.length > 0
}

type Person = MergePerson & { id: string }

/** Up to three people who are in, as different as a mail may find them: two with a first name, one without. */
export const samplePeople = (app: Pick<App, 'db' | 'clock'>, shopId: string, where: SQL | null): Promise<Person[]> =>
  threeOf(async (named) => {
    const rows = await app.db
      .select({ id: subscribers.id, ...mergeColumns })
      .from(subscribers)
      .where(and(eq(subscribers.shopId, shopId), named, sql`(${reasonSql(shopId, where, app.clock.now())}) is null`))
      .orderBy(desc(subscribers.createdAt), desc(subscribers.id))
      .limit(3)
    return rows.map(mergePerson)
  })

/** The same, of those who are in a manifest. Whom the mail does not call by name may be anybody: then the newest. */
const rehearsedSamples = (app: Pick<App, 'db'>, { shopId, id, included }: Manifest, { nameless }: ManifestCounts): Promise<Person[]> =>
  threeOf(async (named, which) => {
    const unknown = nameless?.first ?? null
    if (unknown === null ? which === 'nameless' : unknown === (which === 'named' ? included : 0)) return [] // else everybody is looked at in vain
    const rows = await app.db
      .select({ id: subscribers.id, ...mergeColumns })
      .from(rehearsalPeople)
      .innerJoin(subscribers, itsPerson)
      .where(and(ofManifest(shopId, id), isNull(rehearsalPeople.reason), unknown === null ? undefined : named))
      .orderBy(desc(rehearsalPeople.subscriberId)) // the newest, along the key
      .limit(3)
    return rows.map(mergePerson)
  })

async function threeOf(some: (named: SQL | undefined, which: 'named' | 'nameless') => Promise<Person[]>): Promise<Person[]> {
  const [named, nameless] = [await some(isNotNull(subscribers.firstName), 'named'), await some(isNull(subscribers.firstName), 'nameless')]
  return [...named.slice(0, 2), ...nameless.slice(0, 1), ...named.slice(2), ...nameless.slice(1)].slice(0, 3)
}
