import { and, eq, inArray, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { fields, segments, shops, shopSettings } from '../db/schema.ts'
import { conflict, invalid } from '../lib/errors.ts'
import { cutPointsOf, type CutPoints } from './rfm.ts'
import { conditionsOf, type Condition, type Rule, type SegmentRules } from './rules.ts'
import { readRules } from './upgrade.ts'

/** What must be looked up before rules can be asked. */
export interface Resolved {
  cuts: CutPoints
  /** Of the shop's settings, what decides about the ledger's entries (consent/mailable.ts). */
  attestedAt: SQL | null
  softOptIn: boolean
  country: string | null
  /** Fields that may be asked about: those that are there and not sensitive. */
  fields: Map<string, { name: string; kind: 'text' | 'number' | 'date' | 'yes_no' }>
  /** Segments that the rules speak of, directly or through others. `rules` is null for the store's own. */
  segments: Map<string, { name: string; rules: SegmentRules | null }>
}

/**
 * Looks up what rules speak of. Throws 409, in words, when they speak of what is not there any more, or when a segment leads back to
 * itself: what cannot be asked must not decide who gets mail.
 */
export async function resolve(app: Pick<App, 'db'>, shopId: string, all: SegmentRules[]): Promise<Resolved> {
  const resolved: Resolved = { ...(await settingsOf(app, shopId)), fields: new Map(), segments: new Map() }
  let rules = all
  while (rules.length > 0) {
    const ids = asked(rules, 'segment', (c) => c.segmentId).filter((id) => !resolved.segments.has(id))
    const rows = ids.length === 0 ? [] : await app.db.select().from(segments).where(and(eq(segments.shopId, shopId), inArray(segments.id, ids)))
    for (const row of rows) resolved.segments.set(row.id, { name: row.name, rules: row.platformId ? null : readRules(row.rules) })
    if (rows.length < ids.length) throw conflict('These rules speak of a segment that is not there any more. Take that condition out.')
    rules = [...all, ...rows.flatMap((row) => resolved.segments.get(row.id)!.rules ?? [])]
    const fieldIds = asked(rules, 'field', (c) => c.fieldId).filter((id) => !resolved.fields.has(id))
    const found = fieldIds.length === 0 ? [] : await app.db.select().from(fields).where(and(eq(fields.shopId, shopId), inArray(fields.id, fieldIds)))
    for (const field of found) if (!field.sensitive) resolved.fields.set(field.id, field)
    const missing = fieldIds.find((id) => !resolved.fields.has(id))
    if (missing !== undefined) throw conflict(found.some((field) => field.id === missing) ? 'These rules ask about a field that is sensitive now. Take that condition out.' : 'These rules ask about a field that is not there any more. Take that condition out.')
    rules = rows.flatMap((row) => resolved.segments.get(row.id)!.rules ?? [])
  }
  for (const one of all) refuseCircle(one, resolved, [])
  return resolved
}

/**
 * Looks at rules that somebody wants to ask or keep: everything they speak of is there, nothing leads back to `segmentId` (the segment that is
 * being changed; null for a new one), and values fit their fields. Throws 422 that names the condition.
 */
export async function checkRules(app: Pick<App, 'db'>, shopId: string, rules: SegmentRules, segmentId: string | null = null): Promise<void> {
  const found = await app.db.select({ id: segments.id, name: segments.name, rules: segments.rules, platformId: segments.platformId }).from(segments).where(eq(segments.shopId, shopId))
  const byId = new Map(found.map((row) => [row.id, row]))
  const known = new Map((await app.db.select().from(fields).where(eq(fields.shopId, shopId))).map((row) => [row.id, row]))
  const leadsBack = (id: string, seen: Set<string>): boolean => {
    const row = byId.get(id)
    if (id === segmentId) return true
    if (!row || row.platformId || seen.has(id)) return false
    seen.add(id)
    return asked([readRules(row.rules)], 'segment', (c) => c.segmentId).some((inner) => leadsBack(inner, seen))
  }
  walk(rules, 'rules', (condition, path) => {
    const fault = (field: string, message: string): never => {
      throw invalid(`Please check: ${message}`, { [`${path}.${field}`]: message })
    }
    if (condition.kind === 'segment') {
      const row = byId.get(condition.segmentId)
      if (!row) fault('segmentId', 'this segment is not there any more')
      else if (leadsBack(condition.segmentId, new Set())) fault('segmentId', condition.segmentId === segmentId ? 'a segment cannot ask about itself' : `“${row.name}” asks about this segment, so the two would run in a circle`)
    }
    if (condition.kind === 'field') {
      const field = known.get(condition.fieldId)
      if (!field) return fault('fieldId', 'this field is not there any more')
      if (field.sensitive) return fault('fieldId', `“${field.name}” is sensitive, and sensitive fields are kept out of segments`)
      if (condition.op === 'known' || condition.op === 'unknown') return
      if (condition.value.trim() === '') fault('value', 'write something')
      if (field.kind !== 'text' && condition.op === 'contains') fault('op', `“${field.name}” is no text`)
      if ((condition.op === 'at_least' || condition.op === 'at_most') && field.kind !== 'number' && field.kind !== 'date') fault('op', `“${field.name}” has no order`)
      if (field.kind !== 'text' && fieldNumber(field.kind, condition.value) === null) fault('value', field.kind === 'number' ? 'is not a number' : field.kind === 'date' ? 'is not a day' : 'is neither yes nor no')
    }
  })
}

/** A value of a field as it is compared (field_values.number); null when it cannot be. */
export function fieldNumber(kind: 'text' | 'number' | 'date' | 'yes_no', value: string): number | null {
  const text = value.trim()
  if (kind === 'yes_no') return text === 'yes' ? 1 : text === 'no' ? 0 : null
  if (kind === 'date') return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) ? Date.parse(`${text}T00:00:00Z`) : null
  if (kind === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null
  return null
}

/** Calls back for each condition with its path in what was sent ("rules.rules.0.rules.2"). */
export function walk(rule: Rule, path: string, see: (condition: Condition, path: string) => void): void {
  if (rule.kind === 'group') rule.rules.forEach((inner, i) => walk(inner, `${path}.rules.${i}`, see))
  else see(rule, path)
}

/** The ids that conditions of a kind name, each once. */
export function asked<K extends Condition['kind']>(all: SegmentRules[], kind: K, id: (condition: Extract<Condition, { kind: K }>) => string | null): string[] {
  const ids = all.flatMap(conditionsOf).flatMap((c) => (c.kind === kind ? (id(c as Extract<Condition, { kind: K }>) ?? []) : []))
  return [...new Set(ids)]
}

async function settingsOf(app: Pick<App, 'db'>, shopId: string): Promise<Pick<Resolved, 'cuts' | 'attestedAt' | 'softOptIn' | 'country'>> {
  const [row] = await app.db
    .select({ attestedAt: shopSettings.recordsAttestedAt, softOptInSince: shopSettings.softOptInSince, country: shops.country })
    .from(shops)
    .leftJoin(shopSettings, eq(shopSettings.shopId, shops.id))
    .where(eq(shops.id, shopId))
  const attestedAt = row?.attestedAt ? sql`${sql.param(row.attestedAt, shopSettings.recordsAttestedAt)}` : null
  return { cuts: await cutPointsOf(app, shopId), attestedAt, softOptIn: Boolean(row?.softOptInSince), country: row?.country ?? null }
}

function refuseCircle(rules: SegmentRules, resolved: Resolved, above: string[]): void {
  for (const id of asked([rules], 'segment', (c) => c.segmentId)) {
    if (above.includes(id)) throw conflict(`The segment “${resolved.segments.get(id)?.name ?? ''}” leads back to itself. Take that condition out.`)
    const inner = resolved.segments.get(id)?.rules
    if (inner) refuseCircle(inner, resolved, [...above, id])
  }
}
