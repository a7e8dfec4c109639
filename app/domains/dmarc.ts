import type { Dns, Looked } from '../lib/dns.ts'
import { tagsOf } from './dkim.ts'
import { organisational } from './names.ts'

export interface Dmarc {
  policy: 'none' | 'quarantine' | 'reject'
  /** How strictly the domain of the signature (adkim) and of the envelope (aspf) must fit the sender's: relaxed or strict. */
  adkim: 'r' | 's'
  aspf: 'r' | 's'
}

export type DmarcFound =
  | { kind: 'found'; at: string; dmarc: Dmarc }
  | { kind: 'none' }
  /** Two records, or one that cannot be read: receivers act as if there were none (RFC 7489 6.6.3). */
  | { kind: 'broken'; at: string; why: string }
  | { kind: 'failed'; at: string }

export const isDmarc = (text: string): boolean => /^v\s*=\s*DMARC1\s*(;|$)/.test(text)

/** Reads a DMARC record; a sentence says what is wrong with it. Never throws. */
export function parseDmarc(text: string, sub = false): Dmarc | string {
  if (!isDmarc(text)) return 'it does not begin with v=DMARC1'
  const tags = tagsOf(text)
  if (!tags) return 'it is not a list of tag=value, parted by semicolons'
  const policy = ((sub ? tags.get('sp') : undefined) ?? tags.get('p'))?.toLowerCase()
  if (policy === undefined) return 'it has no policy (p=)'
  if (policy !== 'none' && policy !== 'quarantine' && policy !== 'reject') return `its policy is "${policy.slice(0, 20)}", and only none, quarantine and reject are known`
  const how = (tag: string): 'r' | 's' => (tags.get(tag)?.toLowerCase() === 's' ? 's' : 'r')
  return { policy, adkim: how('adkim'), aspf: how('aspf') }
}

/** The DMARC policy for mail from a domain: its own, or that of the registered domain above it (RFC 7489 6.6.3). `looked` is what was asked. */
export async function findDmarc(dns: Dns, domain: string): Promise<{ found: DmarcFound; looked: { name: string; answer: Looked<string> }[] }> {
  const registered = organisational(domain)
  const looked: { name: string; answer: Looked<string> }[] = []
  for (const owner of new Set([domain, registered ?? domain])) {
    const name = `_dmarc.${owner}`
    const answer = await dns.txt(name)
    looked.push({ name, answer })
    if (answer.kind === 'failed') return { found: { kind: 'failed', at: name }, looked }
    const records = answer.kind === 'found' ? answer.records.filter(isDmarc) : []
    if (records.length > 1) return { found: { kind: 'broken', at: name, why: `there are ${records.length} of them, and receivers then heed none` }, looked }
    if (records.length === 0) continue
    const dmarc = parseDmarc(records[0]!, owner !== domain)
    return { found: typeof dmarc === 'string' ? { kind: 'broken', at: name, why: dmarc } : { kind: 'found', at: name, dmarc }, looked }
  }
  return { found: { kind: 'none' }, looked }
}
