import { hash, randomFillSync } from 'node:crypto'
import { canonicalJson } from '../lib/canonical-json.ts'

// The chain of a shop's ledger, as pure functions. docs/ledger.md tells all of it to people who want to verify without us.

/** What an entry is committed to. */
export interface Committed {
  /** Whom it was written for; it may have moved to another record since. */
  person: string
  purpose: string
  act: string
  state: string
  basis: string
  method: string
  source: string
  wording: string | null
  wordingVersion: string | null
  language: string | null
  page: string | null
  messageId: string | null
  formId: string | null
  evidence: Record<string, unknown> | null
  occurredAt: Date
  recordedAt: Date
}

/** An entry in its one spelling: canonical JSON of a list, the times in milliseconds. Its texts must be as the database gives them back (`cleanText`). */
export function canonicalEntry(e: Committed): string {
  const head = JSON.stringify([e.person, e.purpose, e.act, e.state, e.basis, e.method, e.source, e.wording, e.wordingVersion, e.language, e.page, e.messageId, e.formId])
  return `${head.slice(0, -1)},${e.evidence === null ? 'null' : canonicalJson(e.evidence)},${e.occurredAt.getTime()},${e.recordedAt.getTime()}]`
}

/** The commitment to an entry: nobody learns from it what the entry says, and nobody can say later that it said something else. */
export const commitmentOf = (salt: string, entry: Committed): string => hash('sha256', salt + canonicalEntry(entry), 'hex')

/** The link of an entry: it stands on the one before, its number and its commitment. */
export const linkOf = (before: string, seq: number, commitment: string): string => hash('sha256', `${before} ${seq} ${commitment}`, 'hex')

/** What the first entry stands on: no ledger can be passed off as another shop's. */
export const firstLink = (shopId: string): string => hash('sha256', `homing consent ledger ${shopId}`, 'hex')

/** 16 random bytes, as 32 hex characters. */
export function newSalt(): string {
  if (drawn === pool.length) {
    randomFillSync(pool)
    drawn = 0
  }
  return pool.toString('hex', drawn, (drawn += 16))
}
/** Each call for random bytes costs more than a salt. */
const pool = Buffer.alloc(16_000)
let drawn = pool.length
