import { and, eq, inArray, isNotNull, isNull, lte, or, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { standingSql } from '../consent/mailable.ts'
import { endsBefore } from '../consent/standing.ts'
import { fields, segments, subscribers } from '../db/schema.ts'
import { notFound } from '../lib/errors.ts'
import { compileSegment, storeSegmentSql } from '../segments/compile.ts'
import { readRules } from '../segments/upgrade.ts'
import { getSettings, type Shop, type ShopSettings } from '../shops/shops.ts'
import type { Mailable, SubscriberFilter } from '../subscribers/contract.ts'
import { reasonsOf } from '../subscribers/status.ts'
import { languageOfLocale, type Facet } from './facets.ts'
import { fitsTerm, termsOf } from './search.ts'
import { byFacets, byField, byRestriction, bySuppression, byTag, byTerm, byTwoTerms, type Way } from './ways.ts'

export interface Who {
  /** All that must hold, as one condition correlated to `subscribers` (not aliased). Undefined: everybody. */
  where: SQL | undefined
  /** Indexes that lead to people of whom some of it holds. */
  ways: Way[]
}

/** Whom a filter means. @throws notFound for a segment or field that the shop does not have. */
export async function whoFits(app: Pick<App, 'db' | 'clock'>, shop: Shop, filter: SubscriberFilter): Promise<Who> {
  const ways: Way[] = []
  const all: (SQL | undefined)[] = []
  const sorts: ((facet: Facet) => boolean)[] = []
  const terms = termsOf(filter.search)
  for (const term of terms) {
    ways.push(byTerm(app, shop.id, term))
    all.push(fitsTerm(term))
  }
  if (terms.length > 1) ways.push(byTwoTerms(app, shop.id, terms))
  if (filter.tag !== undefined) {
    ways.push(byTag(app, shop.id, filter.tag))
    all.push(sql`exists (select 1 from subscriber_tags t where t.shop_id = ${shop.id} and t.subscriber_id = subscribers.id and t.tag = ${filter.tag})`)
  }
  if (filter.fieldId !== undefined) {
    await mustHaveField(app, shop.id, filter.fieldId)
    const value = filter.fieldValue === undefined || filter.fieldValue === '' ? null : filter.fieldValue
    if (value !== null) ways.push(byField(app, shop.id, filter.fieldId, value))
    const same = value === null ? sql`` : sql` and v.value = ${value}`
    all.push(sql`exists (select 1 from field_values v where v.shop_id = ${shop.id} and v.subscriber_id = subscribers.id and v.field_id = ${filter.fieldId}${same})`)
  }
  const { source, country, language, ordered, status } = filter
  if (source !== undefined) {
    sorts.push((facet) => facet.source === source)
    all.push(eq(subscribers.source, source))
  }
  if (country !== undefined) {
    sorts.push((facet) => facet.country === country)
    all.push(sql`coalesce(${subscribers.country}, '') = ${country}`)
  }
  if (language !== undefined) {
    const wanted = languageOfLocale(language)
    sorts.push((facet) => languageOfLocale(facet.locale) === wanted)
    all.push(sql`(lower(${subscribers.locale}) = ${wanted} or lower(substr(${subscribers.locale}, 1, ${wanted.length + 1})) in (${`${wanted}-`}, ${`${wanted}_`}))`)
  }
  if (ordered !== undefined) {
    sorts.push((facet) => facet.ordered === (ordered === 'yes'))
    all.push(ordered === 'yes' ? sql`${subscribers.ordersCount} > 0` : sql`${subscribers.ordersCount} <= 0`)
  }
  if (status !== undefined) {
    const known = byCopies(status, await getSettings(app, shop.id), app.clock.now())
    if (known) {
      sorts.push(known.sort)
      all.push(known.where)
    } else if (status === 'restricted') {
      ways.push(byRestriction(app, shop.id))
      all.push(isNotNull(subscribers.restrictedAt))
    } else {
      const reason = status === 'blocked' ? 'manual' : (status as 'bounced' | 'complained')
      ways.push(bySuppression(app, shop.id, reason))
      all.push(sql`exists (select 1 from suppressions s where s.shop_id = ${shop.id} and s.address_hash = subscribers.address_hash and s.reason = ${reason})`)
    }
    all.push(stands(shop.id, status, app.clock.now())) // last: the others are cheaper
  }
  if (sorts.length > 0) ways.push(byFacets(app, shop.id, (facet) => sorts.every((fits) => fits(facet))))
  if (filter.segmentId !== undefined) all.push(await inSegment(app, shop, filter.segmentId))
  return { where: and(...all), ways }
}

/** The same as a condition alone, correlated to `subscribers`; undefined: everybody. */
export const subscriberWhere = async (app: Pick<App, 'db' | 'clock'>, shop: Shop, filter: SubscriberFilter): Promise<SQL | undefined> => (await whoFits(app, shop, filter)).where

function stands(shopId: string, status: Mailable, now: Date): SQL {
  if (status === 'subscribed') return sql`${standingSql(shopId, now)} is null`
  return sql`${standingSql(shopId, now)} in (${sql.join(reasonsOf(status).map((reason) => sql`${reason}`), sql`, `)})`
}

/** Who may stand so, by the copies of the newest entry: never too few. Null for what no entry says. */
function byCopies(status: Mailable, settings: ShopSettings, now: Date): { where: SQL | undefined; sort: (facet: Facet) => boolean } | null {
  const { recordsAttestedAt: attested, softOptInSince: soft } = settings
  const { consentState: state, consentBasis: basis, consentAt, consentRecordedAt } = subscribers
  const of = (...states: string[]) => ({ where: inArray(state, states), sort: (facet: Facet) => states.includes(facet.state) })
  switch (status) {
    case 'subscribed':
      if (!attested) return of('subscribed')
      return { where: or(eq(state, 'subscribed'), and(eq(state, 'unconfirmed_record'), lte(consentRecordedAt, attested))), sort: of('subscribed', 'unconfirmed_record').sort }
    case 'expired': {
      const dated = ['merchant_record', 'soft_opt_in']
      const { where, sort } = of('subscribed', 'unconfirmed_record')
      return { where: and(where, inArray(basis, dated), lte(consentAt, endsBefore(now))), sort: (facet) => sort(facet) && dated.includes(facet.basis) }
    }
    case 'none': {
      const refused = (facet: Facet): boolean => !soft && facet.state === 'subscribed' && facet.basis === 'soft_opt_in'
      return {
        where: or(isNull(state), eq(state, 'none'), soft ? undefined : and(eq(state, 'subscribed'), eq(basis, 'soft_opt_in'))),
        sort: (facet) => facet.state === '' || facet.state === 'none' || refused(facet),
      }
    }
    case 'pending':
    case 'unconfirmed_record':
    case 'unsubscribed':
      return of(status)
    default:
      return null
  }
}

async function mustHaveField(app: Pick<App, 'db'>, shopId: string, id: string): Promise<void> {
  if ((await app.db.$count(fields, and(eq(fields.shopId, shopId), eq(fields.id, id)))) === 0) throw notFound()
}

async function inSegment(app: Pick<App, 'db' | 'clock'>, shop: Shop, id: string): Promise<SQL> {
  const [segment] = await app.db.select().from(segments).where(and(eq(segments.shopId, shop.id), eq(segments.id, id)))
  if (!segment) throw notFound()
  return segment.platformId === null ? compileSegment(app, shop, readRules(segment.rules)) : storeSegmentSql(shop.id, id)
}
