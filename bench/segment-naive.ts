import { and, asc, eq } from 'drizzle-orm'
import type { App } from '../app/app.ts'
import { standingOf } from '../app/consent/mailable.ts'
import { batches, campaigns, consentEntries, deliveries, events, fieldValues, fields, orderLines, orders, products, segmentMembers, segments, subscribers, subscriberTags } from '../app/db/schema.ts'
import { acceptedAtOf, itsBatch, stateOf } from '../app/deliveries/state.ts'
import { DAY, after, dayIn } from '../app/lib/clock.ts'
import type { Condition, Period, Rule, SegmentRules } from '../app/segments/contract.ts'
import { cutPointsOf, groupOf, type CutPoints } from '../app/segments/rfm.ts'
import { readRules } from '../app/segments/upgrade.ts'
import type { Shop } from '../app/shops/shops.ts'

// What the words of a rule mean, person by person, without SQL: what the compiler must agree with. It reads what happened itself
// (orders, lines, events, the ledger), never the rollups.

export interface NaivePerson {
  id: string
  country: string | null
  locale: string | null
  source: string
  createdAt: Date
  tags: string[]
  fields: Map<string, string>
  orders: { at: Date; total: number; products: { id: string; category: string | null; vendor: string | null }[] }[]
  acts: { kind: string; campaignId: string | null; at: Date }[]
  got: { campaignId: string; at: Date }[]
  signUps: { formId: string; at: Date }[]
  basis: string | null
  mailable: boolean
}
export interface NaiveStore {
  zone: string
  people: NaivePerson[]
  cuts: CutPoints
  fieldKinds: Map<string, string>
  segments: Map<string, { rules: SegmentRules | null; members: Set<string> }>
}

/** A whole shop in memory. */
export async function loadNaively(app: App, shop: Shop): Promise<NaiveStore> {
  const { db } = app
  const by = <T extends object>(rows: T[], key: (row: T) => string | null): Map<string | null, T[]> => Map.groupBy(rows, key)
  const rows = await db.select().from(subscribers).where(eq(subscribers.shopId, shop.id)).orderBy(asc(subscribers.id))
  const shelf = new Map((await db.select().from(products).where(eq(products.shopId, shop.id))).map((p) => [p.id, { id: p.id, category: p.productType, vendor: p.vendor }]))
  const lines = by(await db.select({ orderId: orderLines.orderId, productId: orderLines.productId }).from(orderLines).where(eq(orderLines.shopId, shop.id)), (l) => l.orderId)
  const bought = by(await db.select().from(orders).where(eq(orders.shopId, shop.id)), (o) => o.subscriberId)
  const acts = by(await db.select({ who: events.subscriberId, kind: events.kind, campaignId: events.messageId, at: events.at }).from(events).where(and(eq(events.shopId, shop.id), eq(events.verdict, 'human'))), (e) => e.who)
  const own = new Set((await db.select({ id: campaigns.id }).from(campaigns).where(eq(campaigns.shopId, shop.id))).map((c) => c.id))
  const mails = await db.select({ who: deliveries.subscriberId, campaignId: deliveries.messageId, state: stateOf, at: acceptedAtOf }).from(deliveries).leftJoin(batches, itsBatch).where(eq(deliveries.shopId, shop.id))
  const got = by(mails.filter((d) => d.state === 'accepted'), (d) => d.who)
  const ledger = by(await db.select().from(consentEntries).where(eq(consentEntries.shopId, shop.id)).orderBy(asc(consentEntries.seq)), (e) => e.subscriberId)
  const tags = by(await db.select().from(subscriberTags).where(eq(subscriberTags.shopId, shop.id)), (t) => t.subscriberId)
  const values = by(await db.select().from(fieldValues).where(eq(fieldValues.shopId, shop.id)), (v) => v.subscriberId)
  const standing = await standingOf(app, shop.id, rows.map((row) => row.id))
  const kept = await db.select().from(segments).where(eq(segments.shopId, shop.id))
  const members = by(await db.select().from(segmentMembers).where(eq(segmentMembers.shopId, shop.id)), (m) => m.segmentId)
  return {
    zone: shop.timezone,
    cuts: await cutPointsOf(app, shop.id),
    fieldKinds: new Map((await db.select().from(fields).where(eq(fields.shopId, shop.id))).map((f) => [f.id, f.kind])),
    segments: new Map(kept.map((s) => [s.id, { rules: s.platformId === null ? readRules(s.rules) : null, members: new Set((members.get(s.id) ?? []).map((m) => m.subscriberId)) }])),
    people: rows.map((row) => {
      const entries = ledger.get(row.id) ?? []
      return {
        id: row.id, country: row.country, locale: row.locale, source: row.source, createdAt: row.createdAt,
        tags: (tags.get(row.id) ?? []).map((t) => t.tag),
        fields: new Map((values.get(row.id) ?? []).map((v) => [v.fieldId, v.value])),
        orders: (bought.get(row.id) ?? []).filter((o) => !o.test && o.cancelledAt === null).map((o) => ({ at: o.processedAt, total: o.total, products: (lines.get(o.id) ?? []).flatMap((l) => (l.productId === null ? [] : shelf.get(l.productId) ?? { id: l.productId, category: null, vendor: null })) })),
        acts: acts.get(row.id) ?? [],
        got: (got.get(row.id) ?? []).flatMap((d) => (d.at && own.has(d.campaignId) ? { campaignId: d.campaignId, at: d.at } : [])),
        signUps: entries.flatMap((e) => (e.formId !== null && e.method === 'form' ? { formId: e.formId, at: e.recordedAt } : [])),
        basis: entries.findLast((e) => e.purpose === 'email_marketing')?.basis ?? null,
        mailable: standing.get(row.id) === null,
      }
    }),
  }
}

/** The ids of the people who fit, in order. */
export const membersNaively = (store: NaiveStore, rules: SegmentRules, now: Date): string[] => store.people.filter((person) => fitsNaively(store, person, rules, now)).map((person) => person.id)

export function fitsNaively(store: NaiveStore, person: NaivePerson, rule: Rule, now: Date): boolean {
  if (rule.kind === 'group') {
    const each = rule.rules.map((inner) => fitsNaively(store, person, inner, now))
    return rule.match === 'all' ? each.every(Boolean) : rule.match === 'any' ? each.some(Boolean) : !each.some(Boolean)
  }
  return holds(store, person, rule, now)
}

function holds(store: NaiveStore, p: NaivePerson, c: Condition, now: Date): boolean {
  const within = (at: Date, period: Period): boolean => {
    if (period.kind === 'ever') return true
    if (period.kind === 'between') {
      const day = dayIn(store.zone, at)
      return day >= period.from && day <= period.to
    }
    const cut = after(now, -period.days * DAY)
    return period.kind === 'last' ? at >= cut : at < cut
  }
  const during = (period: Period) => p.orders.filter((o) => within(o.at, period))
  const compare = (op: string, found: number, value: number): boolean => (op === 'at_least' ? found >= value : op === 'at_most' ? found <= value : found === value)
  const times = p.orders.map((o) => o.at.getTime())
  switch (c.kind) {
    case 'country':
      return c.countries.some((code) => code.toUpperCase() === p.country?.toUpperCase()) === c.is
    case 'language':
      return c.languages.some((tag) => p.locale !== null && (p.locale.toLowerCase() === tag.toLowerCase() || new RegExp(`^${tag}[-_]`, 'i').test(p.locale))) === c.is
    case 'tag':
      return p.tags.some((tag) => tag.toLowerCase() === c.tag.toLowerCase()) === c.has
    case 'field':
      return fieldHolds(store.fieldKinds.get(c.fieldId)!, p.fields.get(c.fieldId), c.op, c.value)
    case 'source':
      return (c.sources as string[]).includes(p.source) === c.is
    case 'joined':
      return within(p.createdAt, c.period)
    case 'mailable':
      return p.mailable === c.is
    case 'consent':
      return (p.basis !== null && (c.bases as string[]).includes(p.basis)) === c.is
    case 'signed_up':
      return p.signUps.some((s) => (c.formId === null || s.formId === c.formId) && within(s.at, c.period)) === c.did
    case 'bought': {
      const { what } = c
      const fit = (product: { id: string; category: string | null; vendor: string | null }): boolean => (what.kind === 'products' ? what.productIds.includes(product.id) : what.kind === 'category' ? product.category === what.category : what.kind === 'vendor' ? product.vendor === what.vendor : true)
      return during(c.period).filter((o) => what.kind === 'anything' || o.products.some(fit)).length >= c.times === c.did
    }
    case 'orders':
      return compare(c.op, during(c.period).length, c.value)
    case 'spent':
      return compare(c.op, during(c.period).reduce((sum, o) => sum + o.total, 0), c.value)
    case 'first_order':
      return times.length > 0 && within(new Date(Math.min(...times)), c.period)
    case 'last_order':
      return times.length > 0 && within(new Date(Math.max(...times)), c.period)
    case 'opened':
    case 'clicked':
      return p.acts.filter((a) => a.kind === c.kind && (c.campaignId === null || a.campaignId === c.campaignId) && within(a.at, c.period)).length >= c.times === c.did
    case 'got':
      return p.got.some((g) => (c.campaignId === null || g.campaignId === c.campaignId) && within(g.at, c.period)) === c.did
    case 'buyer_group': {
      const group = groupOf({ ordersCount: p.orders.length, totalSpent: p.orders.reduce((sum, o) => sum + o.total, 0), lastOrderAt: times.length ? new Date(Math.max(...times)) : null }, store.cuts, now)
      return (group !== null && c.groups.includes(group)) === c.is
    }
    case 'segment': {
      const { rules, members } = store.segments.get(c.segmentId)!
      return (rules ? fitsNaively(store, p, rules, now) : members.has(p.id)) === c.in
    }
  }
}

function fieldHolds(kind: string, known: string | undefined, op: string, wanted: string): boolean {
  const same = (a: string, b: string): boolean => (kind === 'number' ? Number(a) === Number(b) : a.toLowerCase() === b.toLowerCase())
  if (op === 'known' || op === 'unknown') return (known !== undefined) === (op === 'known')
  if (op === 'is' || op === 'is_not') return (known !== undefined && same(known, wanted)) === (op === 'is')
  if (known === undefined) return false
  if (op === 'contains') return known.toLowerCase().includes(wanted.toLowerCase())
  const order = kind === 'number' ? Number(known) - Number(wanted) : known < wanted ? -1 : known > wanted ? 1 : 0 // days sort as text
  return op === 'at_least' ? order >= 0 : order <= 0
}
