import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import type { ConsentBasis, ConsentState } from '../consent/contract.ts'
import { fold, type News, type Standing } from '../consent/fold.ts'
import { standingOf } from '../consent/mailable.ts'
import type { ConsentInput } from '../consent/record.ts'
import { jsonRows } from '../db/json-rows.ts'
import { lockRows } from '../db/open.ts'
import { subscribers, subscriberTags, suppressions, type fieldValues, type importChanges, type suppressions as Suppressions } from '../db/schema.ts'
import { addressHash } from '../lib/crypto.ts'
import { newId } from '../lib/ids.ts'
import type { FieldKind } from '../subscribers/contract.ts'
import { newPerson, type Subscriber } from '../subscribers/upsert.ts'
import { ofHash, type After, type Before, type KnownColumns } from './changes.ts'
import type { ImportCounts } from './contract.ts'
import { cellValue, knownValues } from './field-values.ts'
import type { Line, Reading, Refused } from './lines.ts'
import { nameOf, type Import } from './state.ts'

export type BlockReason = 'bounced' | 'complained' | 'manual'
export interface Finding {
  line: number
  kind: 'refused' | 'kept' | 'lowered' | 'hint'
  reason: string
  content: string
}
/** Everything that some lines of a file come to: for the comparison to count, and for the import to write. */
export interface Plan {
  /** The moment that everything in it is dated with. */
  at: Date
  added: Subscriber[]
  changed: ({ id: string } & Required<KnownColumns>)[]
  tags: { subscriberId: string; tag: string }[]
  values: (typeof fieldValues.$inferInsert)[]
  news: ConsentInput[]
  blocks: (typeof Suppressions.$inferInsert)[]
  changes: Pick<typeof importChanges.$inferInsert, 'subscriberId' | 'before' | 'after'>[]
  counts: ImportCounts
  findings: Finding[]
}
export interface PlanContext {
  row: Import
  reading: Reading
  /** Kinds of the custom fields that the file fills. */
  fieldKinds: Map<string, FieldKind>
  /** Count who may be mailed afterwards too: it costs a look at each person's ledger. */
  withStanding: boolean
}

interface Known {
  id: string
  hash: string
  firstName: string | null
  lastName: string | null
  locale: string | null
  country: string | null
  updatedAt: Date
  standing: Standing | null
}

/**
 * What lines of a file come to, with their addresses all different: who is new, what changes about whom, what is said to the ledger, which
 * addresses are blocked, what was there before. Changes nothing. In a transaction that writes it, the people stay locked until the end.
 */
export async function planLines(app: Pick<App, 'db' | 'clock' | 'settings'>, context: PlanContext, lines: Line[], refused: Refused[]): Promise<Plan> {
  const { row, reading } = context
  const { shopId } = row
  const now = app.clock.now()
  const known = await knownPeople(app, shopId, lines)
  const hashes = lines.map((line) => known.get(line.key)?.hash ?? addressHash(app.settings.keys, shopId, line.key))
  const blocked = await blockedOf(app, shopId, hashes)
  const ids = [...known.values()].map((person) => person.id)
  const tagged = reading.tags >= 0 || reading.everybodysTags.length > 0 ? await tagsOf(app, shopId, ids) : null
  const valued = reading.fields.length > 0 ? await knownValues(app, shopId, ids, reading.fields.map((field) => field.fieldId)) : null
  const standing = context.withStanding ? await standingOf(app, shopId, ids) : null
  const plan = emptyPlan(now)
  for (const one of refused) plan.findings.push({ line: one.line, kind: 'refused', reason: one.reason, content: one.content })
  plan.counts.lines = lines.length + refused.length
  plan.counts.refused = refused.length

  for (const [i, line] of lines.entries()) {
    const hash = hashes[i]!
    const reasons = blocked.get(hash)
    if (reasons?.has('erased')) {
      plan.counts.refused++
      plan.findings.push({ line: line.line, kind: 'refused', reason: 'asked to be forgotten', content: '' }) // whose address it is must not be kept
      continue
    }
    const person = known.get(line.key)
    const about = { before: person, hash, reasons }
    if (reading.kind === 'suppressions') planBlock(plan, context, line, about, now)
    else planPerson(plan, context, line, about, now, tagged, valued, standing)
  }
  return plan
}

interface About {
  before: Known | undefined
  hash: string
  reasons: Set<string> | undefined
}

function planPerson(plan: Plan, { row, fieldKinds }: PlanContext, line: Line, { before: person, hash, reasons }: About, now: Date, tagged: Map<string, Set<string>> | null, valued: Map<string, Map<string, string>> | null, standing: Map<string, unknown> | null): void {
  const { shopId } = row
  const id = person?.id ?? newId(now)
  const was: Before = {}
  const is: After = {}
  let hint = line.hint
  if (!person)
    plan.added.push(newPerson(shopId, line.key, hash, { email: line.email, firstName: line.firstName, lastName: line.lastName, locale: line.locale, country: line.country, source: 'import' }, now, id))
  else planColumns(plan, line, person, was, is, now)

  const tags = line.tags.filter((tag) => !(person && tagged?.get(id)?.has(tag)))
  for (const tag of tags) plan.tags.push({ subscriberId: id, tag })
  if (tags.length > 0) is.tags = tags
  for (const { fieldId, text } of line.fields) {
    const read = cellValue(fieldKinds.get(fieldId), text)
    if (!read) {
      hint ??= `“${text.slice(0, 60)}” does not fit its field and was left out`
      continue
    }
    const old = (person && valued?.get(id)?.get(fieldId)) ?? null
    if (old === read.value) continue
    plan.values.push({ shopId, subscriberId: id, fieldId, ...read })
    ;(was.fields ??= {})[fieldId] = old
    ;(is.fields ??= {})[fieldId] = read.value
  }

  const { lowered, fresh } = planConsent(plan, row, line, id, person ?? null, hash, reasons, is, now)
  const touched = !person || lowered || fresh || Object.keys(is).length > 0
  const agrees = line.says === 'yes' && fresh && !reasons && (!person || standing?.get(id) === 'never_agreed')
  if (touched) plan.changes.push({ subscriberId: id, before: person ? was : null, after: person || is.blocked ? is : null })
  plan.counts[!person ? 'added' : lowered ? 'lowered' : touched ? 'changed' : 'same']++
  if (agrees || (!lowered && person && standing?.get(id) === null)) plan.counts.mailable++
  if (hint) plan.findings.push({ line: line.line, kind: 'hint', reason: hint, content: line.email })
}

function planColumns(plan: Plan, line: Line, person: Known, was: Before, is: After, now: Date): void {
  const next = { firstName: line.firstName ?? person.firstName, lastName: line.lastName ?? person.lastName, locale: line.locale ?? person.locale, country: line.country ?? person.country }
  if (next.firstName === person.firstName && next.lastName === person.lastName && next.locale === person.locale && next.country === person.country) return
  plan.changed.push({ id: person.id, ...next })
  was.columns = {}
  is.columns = {}
  was.updatedAt = person.updatedAt.getTime()
  is.updatedAt = now.getTime()
  for (const column of ['firstName', 'lastName', 'locale', 'country'] as const)
    if (next[column] !== person[column]) {
      was.columns[column] = person[column]
      is.columns[column] = next[column]
    }
}

/** What a line says to the ledger and to the list of blocked addresses. A file never raises: its "yes" only fills an empty ledger. */
function planConsent(plan: Plan, row: Import, line: Line, id: string, person: Known | null, hash: string, reasons: Set<string> | undefined, is: After, now: Date): { lowered: boolean; fresh: boolean } {
  const none = { lowered: false, fresh: false }
  const finding = (kind: Finding['kind'], reason: string): void => void plan.findings.push({ line: line.line, kind, reason, content: line.email })
  if (line.says === 'none') return none
  if (line.says === 'yes') {
    if (person?.standing) {
      if (person.standing.state === 'unsubscribed') finding('kept', 'the file says yes; they unsubscribed here, and that stands')
      return none
    }
    if (reasons) finding('kept', 'the file says yes; the address is blocked here, and that stands')
    plan.news.push(newsOf(row, id, line, 'imported', now))
    return { lowered: false, fresh: true }
  }
  const block: BlockReason | null = line.says === 'no' ? null : line.says === 'blocked' ? 'manual' : line.says
  let lowered = false
  if (block && !reasons?.has(block)) {
    planSuppression(plan, row, hash, block, is, now)
    lowered = true
  }
  let fresh = false
  if (line.says === 'no' || line.says === 'complained') {
    const news = newsOf(row, id, line, 'withdrawn', now)
    plan.news.push(news)
    const folded = fold(person?.standing ?? null, news as News)
    if (folded && person?.standing?.state !== 'unsubscribed') lowered = true
    else if (folded) fresh = true // a "no" said again
    else if (person?.standing?.state === 'subscribed') finding('hint', `they said no on ${day(news.occurredAt)}, and yes to you later, on ${day(person.standing.occurredAt)}: the later counts`)
  }
  if (lowered && person) finding('lowered', lowerWords[line.says])
  return { lowered: lowered && person !== null, fresh: fresh || (lowered && person === null) }
}

const lowerWords = { no: 'the file says that they unsubscribed', bounced: 'the file says that the address does not work', complained: 'the file says that they marked a mail as spam', blocked: 'the file says that they must not be written to' }
const day = (at: Date): string => at.toISOString().slice(0, 10)

/** A line of a list of addresses that get nothing: known people lose what they had, unknown addresses are blocked by their hash alone. */
function planBlock(plan: Plan, { row }: PlanContext, line: Line, { before: person, hash, reasons }: About, now: Date): void {
  const is: After = {}
  if (person) {
    const { lowered, fresh } = planConsent(plan, row, line, person.id, person, hash, reasons, is, now)
    if (lowered || fresh) plan.changes.push({ subscriberId: person.id, before: {}, after: is })
    plan.counts[lowered ? 'lowered' : fresh ? 'changed' : 'same']++
    return
  }
  const reason: BlockReason = line.says === 'bounced' || line.says === 'complained' ? line.says : 'manual'
  if (reasons?.has(reason)) return void plan.counts.same++
  planSuppression(plan, row, hash, reason, is, now, line.says === 'no' ? `${nameOf(row)}: unsubscribed there` : undefined)
  plan.changes.push({ subscriberId: ofHash(hash), before: null, after: is })
  plan.counts.added++
}

function planSuppression(plan: Plan, row: Import, hash: string, reason: BlockReason, is: After, now: Date, detail = nameOf(row)): void {
  plan.blocks.push({ shopId: row.shopId, addressHash: hash, reason, detail, createdAt: now })
  ;(is.blocked ??= []).push(reason)
  is.blockedAt = now.getTime()
}

/** A "yes" or a "no" without a believable time is dated with the import: a "no" then counts against everything before it. */
function newsOf(row: Import, subscriberId: string, line: Line, act: 'imported' | 'withdrawn', now: Date): ConsentInput {
  const since = row.startedAt ?? now
  return {
    subscriberId, purpose: 'email_marketing', act, basis: act === 'imported' ? 'merchant_record' : 'none', method: 'import', source: nameOf(row),
    evidence: { importId: row.id, attestedBy: row.attestedBy }, occurredAt: line.saidAt && line.saidAt <= since ? line.saidAt : since,
  }
}

function emptyPlan(at: Date): Plan {
  return { at, added: [], changed: [], tags: [], values: [], news: [], blocks: [], changes: [], counts: { lines: 0, added: 0, changed: 0, lowered: 0, same: 0, refused: 0, mailable: 0 }, findings: [] }
}

/** Raw lists: a thousand rows through the builder's reading would cost more than the query. */
async function knownPeople(app: Pick<App, 'db'>, shopId: string, lines: Line[]): Promise<Map<string, Known>> {
  if (lines.length === 0) return new Map()
  const given = jsonRows(lines.map((line) => [line.key]))
  const s = subscribers
  const query = app.db
    .select({ key: s.emailKey, id: s.id, hash: s.addressHash, firstName: s.firstName, lastName: s.lastName, locale: s.locale, country: s.country, state: s.consentState, basis: s.consentBasis, at: s.consentAt, updatedAt: s.updatedAt })
    .from(s)
    .where(and(eq(s.shopId, shopId), inArray(s.emailKey, sql`(select ${given.text(0)} from ${given.from})`)))
    .orderBy(asc(s.emailKey))
  const rows = (await app.db.lists(lockRows(query).toSQL())) as (string | null)[][]
  return new Map(
    rows.map(([key, id, hash, firstName, lastName, locale, country, state, basis, at, updatedAt]) => [
      key!,
      { id: id!, hash: hash!, firstName: firstName!, lastName: lastName!, locale: locale!, country: country!, updatedAt: new Date(updatedAt!), standing: state ? { state: state as ConsentState, basis: basis as ConsentBasis, occurredAt: new Date(at!) } : null },
    ]),
  )
}

async function blockedOf(app: Pick<App, 'db'>, shopId: string, hashes: string[]): Promise<Map<string, Set<string>>> {
  const map = new Map<string, Set<string>>()
  if (hashes.length === 0) return map
  const given = jsonRows(hashes.map((hash) => [hash]))
  const query = app.db
    .select({ hash: suppressions.addressHash, reason: suppressions.reason })
    .from(suppressions)
    .where(and(eq(suppressions.shopId, shopId), inArray(suppressions.addressHash, sql`(select ${given.text(0)} from ${given.from})`)))
  for (const [hash, reason] of (await app.db.lists(query.toSQL())) as string[][]) map.set(hash!, (map.get(hash!) ?? new Set()).add(reason!))
  return map
}

async function tagsOf(app: Pick<App, 'db'>, shopId: string, ids: string[]): Promise<Map<string, Set<string>>> {
  const map = new Map<string, Set<string>>()
  if (ids.length === 0) return map
  const given = jsonRows(ids.map((id) => [id]))
  const query = app.db
    .select({ id: subscriberTags.subscriberId, tag: subscriberTags.tag })
    .from(subscriberTags)
    .where(and(eq(subscriberTags.shopId, shopId), inArray(subscriberTags.subscriberId, sql`(select ${given.text(0)} from ${given.from})`)))
  for (const [id, tag] of (await app.db.lists(query.toSQL())) as string[][]) map.set(id!, (map.get(id!) ?? new Set()).add(tag!))
  return map
}
