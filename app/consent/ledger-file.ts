import { z } from 'zod'
import { commitmentOf, linkOf, type Committed } from './chain.ts'
import { fits } from './signature.ts'
import { createVerifier, type Broken, type Found } from './verify.ts'

// Ledgers and receipts as files: docs/ledger.md. Nothing here knows a database, so that any installation verifies any file.

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`), `is not ${digits} hex digits`)
const instant = z.string().refine((text) => !Number.isNaN(Date.parse(text)) && new Date(text).toISOString() === text, 'is not an instant as 2026-11-22T10:00:00.000Z')
const seq = z.number().int().positive()
const shop = z.strictObject({ id: z.string(), domain: z.string(), name: z.string() })
const text = z.string().nullable()

/** `holder`: the record with which the entry stands now; another than `person` when two became one. */
export const entryLine = z.strictObject({
  seq, person: z.string(), holder: z.string(), purpose: z.string(), act: z.string(), state: z.string(), basis: z.string(), method: z.string(), source: z.string(), wording: text, wordingVersion: text,
  language: text, page: text, messageId: text, formId: text, evidence: z.record(z.string(), z.unknown()).nullable(), occurredAt: instant, recordedAt: instant, salt: hex(32), link: hex(64),
})
export type EntryLine = z.infer<typeof entryLine>
/** What is left of an entry whose person was forgotten. */
export const erasedLine = z.strictObject({ seq, erased: z.literal(true), commitment: hex(64), link: hex(64) })
export const firstLine = z.strictObject({ ledger: z.literal('homing'), version: z.literal(1), shop })
/** The last line: where the ledger ended when it was exported. */
export const lastLine = z.strictObject({
  signed: firstLine.extend({ seq: z.number().int().min(0), link: hex(64), entries: z.number().int(), erased: z.number().int(), at: instant }),
  key: z.string(),
  signature: z.string(),
})
/** `before`: the link on which the entry's own stands. `ledgerEnds`: where the ledger ended at that moment. */
export const receipt = z.strictObject({
  signed: z.strictObject({
    receipt: z.literal('homing'), version: z.literal(1), shop, person: z.string(), address: z.string(), at: instant, ledgerEnds: z.strictObject({ seq: z.number().int().min(0), link: hex(64) }),
    entries: z.array(entryLine.extend({ before: hex(64) })),
  }),
  key: z.string(),
  signature: z.string(),
})
export type Receipt = z.infer<typeof receipt>

/** A link that somebody holds, in a receipt or an older export: it must stand in the ledger as it did then. */
export interface Held {
  seq: number
  link: string
}

/** What a file turned out to be. `held` is what it lets somebody hold against the ledger later. */
export type Verdict = { broken: Broken } | { broken: null; what: 'ledger' | 'receipt'; shop: z.infer<typeof shop>; at: string; key: string; entries: number; erased: number; ends: Held; held: Held[] }

/** Verifies a file, given line by line: the first thing that does not fit, or what it is. `against`: links that must be found in it. */
export async function verifyFile(lines: AsyncIterable<string> | Iterable<string>, against: Held[] = []): Promise<Verdict> {
  const all: string[] = []
  let ledger: LedgerFile | null = null
  for await (const line of lines) {
    if (line === '') continue
    if (!ledger && all.length === 0) ledger = openLedger(line, against)
    else if (ledger) {
      const broken = ledger.take(line)
      if (broken) return { broken }
    }
    if (!ledger) all.push(line)
  }
  return ledger ? ledger.verdict() : verifyReceipt(all.join('\n'))
}

function verifyReceipt(content: string): Verdict {
  const read = receipt.safeParse(parsed(content))
  if (!read.success) return { broken: { seq: null, fault: `this is neither a ledger nor a receipt: ${words(read.error)}` } }
  const { signed, key } = read.data
  for (const line of signed.entries)
    if (linkOf(line.before, line.seq, commitmentOf(line.salt, committed(line))) !== line.link) return { broken: { seq: line.seq, fault: 'does not fit: what it says, its salt or its link was changed' } }
  if (!fits(read.data)) return { broken: { seq: null, fault: 'the signature does not fit: something was changed' } }
  const held = [...signed.entries.map(({ seq: n, link }) => ({ seq: n, link })), ...(signed.ledgerEnds.seq > 0 ? [signed.ledgerEnds] : [])]
  return { broken: null, what: 'receipt', shop: signed.shop, at: signed.at, key, entries: signed.entries.length, erased: 0, ends: signed.ledgerEnds, held }
}

interface LedgerFile {
  take(line: string): Broken | null
  verdict(): Verdict
}

/** null when the first line is not a ledger's. */
function openLedger(first: string, against: Held[]): LedgerFile | null {
  const head = firstLine.safeParse(parsed(first))
  if (!head.success) return null
  const verifier = createVerifier(head.data.shop.id)
  const holds = holdAgainst(against)
  let last: z.infer<typeof lastLine> | null = null
  return {
    take(line) {
      if (last) return { seq: null, fault: 'something stands behind the last line' }
      const value = parsed(line)
      if (value !== null && typeof value === 'object' && 'signed' in value) {
        const read = lastLine.safeParse(value)
        if (!read.success) return { seq: null, fault: `the last line cannot be read: ${words(read.error)}` }
        last = read.data
        return null
      }
      const read = (value !== null && typeof value === 'object' && 'erased' in value ? erasedLine : entryLine).safeParse(value)
      const number = seq.safeParse((value as { seq?: unknown } | null)?.seq)
      if (!read.success) return { seq: number.success ? number.data : null, fault: `cannot be read (the line behind entry ${verifier.head.seq}): ${words(read.error)}` }
      const found = foundIn(read.data)
      return verifier.add(found) ?? holds.look(found)
    },
    verdict() {
      if (!last) return { broken: { seq: null, fault: `the file ends behind entry ${verifier.head.seq} without its last line: something is missing` } }
      const { signed, key } = last
      const broken = verifier.end(signed) ?? holds.end(verifier.head.seq)
      if (broken) return { broken }
      const { shop: of } = head.data
      const same = signed.shop.id === of.id && signed.shop.domain === of.domain && signed.shop.name === of.name && signed.entries === verifier.counts.entries && signed.erased === verifier.counts.erased
      if (!same) return { broken: { seq: null, fault: 'the first and the last line do not tell of the same ledger' } }
      if (!fits(last)) return { broken: { seq: null, fault: 'the signature of the last line does not fit: something in it was changed' } }
      const ends = { seq: signed.seq, link: signed.link }
      return { broken: null, what: 'ledger', shop: of, at: signed.at, key, ...verifier.counts, ends, held: signed.seq > 0 ? [ends] : [] }
    },
  }
}

/** Looks for links that somebody holds while a ledger passes by. */
export function holdAgainst(held: Held[]): { look(found: Found): Broken | null; end(last: number): Broken | null } {
  const open = new Map(held.map((one) => [one.seq, one.link]))
  return {
    look({ seq: n, link }) {
      const wanted = open.get(n)
      open.delete(n)
      return wanted === undefined || wanted === link ? null : { seq: n, fault: 'fits, but it is not the one that was given out before: the ledger was written anew since' }
    },
    end(last) {
      const missing = [...open.keys()].toSorted((a, b) => a - b)[0]
      return missing === undefined ? null : { seq: missing, fault: missing > last ? `is not there: the ledger ends with entry ${last}, and entry ${missing} was given out before` : 'is not there, and it was given out before' }
    },
  }
}

const foundIn = (line: EntryLine | z.infer<typeof erasedLine>): Found =>
  'erased' in line ? { seq: line.seq, link: line.link, commitment: line.commitment } : { seq: line.seq, link: line.link, salt: line.salt, holder: line.holder, entry: committed(line) }

const committed = ({ occurredAt, recordedAt, ...line }: EntryLine): Committed => ({ ...line, occurredAt: new Date(occurredAt), recordedAt: new Date(recordedAt) })

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    return null
  }
}

const words = (error: z.ZodError): string => error.issues.map((issue) => `${issue.path.map(String).join('.') || 'line'}: ${issue.message}`).slice(0, 3).join('; ')
