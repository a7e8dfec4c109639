import type { Dns, Looked } from '../lib/dns.ts'
import type { DomainAnswer } from '../mail/provider.ts'
import type { DnsRecord, Finding, Findings, FoundRecord, Setup } from './contract.ts'
import { leastBits, parseDkim, tagsOf, type DkimKey } from './dkim.ts'
import { findDmarc, type DmarcFound } from './dmarc.ts'
import { hostOf } from './hosts.ts'
import { look, shorten } from './looked.ts'
import { aligned, organisational, tidyName } from './names.ts'
import { spfFinding } from './spf-finding.ts'

export interface Asked {
  domain: string
  setup: Setup
  /** Of the owner's own mail server; null where the provider signs, or nobody told. */
  selector: string | null
  /** "SendGrid": as people know it. */
  provider: string
  /** What a new DMARC record should hold. */
  dmarcValue: string
  /** Makes the provider look itself; asked only when everything else is right. */
  validate: (() => Promise<DomainAnswer<{ valid: boolean; reason: string | null }>>) | null
}

/** ok: may send. fault: something is certainly wrong. unknown: a look-up failed, so nothing can be said. */
export type Verdict = 'ok' | 'fault' | 'unknown'

/** Looks at everything that receivers will look at, and says of each what was found and what to do. Changes nothing, never throws. */
export async function lookAt(dns: Dns, asked: Asked): Promise<{ verdict: Verdict; found: Findings }> {
  const { domain, setup } = asked
  const [records, dmarc, mx, ns] = await Promise.all([
    Promise.all(setup.records.filter((one) => one.purpose !== 'spf').map((one) => lookForRecord(dns, one, domain))),
    findDmarc(dns, domain),
    dns.mx(domain),
    dns.ns(organisational(domain) ?? domain),
  ])
  const of = (purpose: DnsRecord['purpose']): FoundRecord[] => records.filter((one) => one.purpose === purpose)
  const [dkim, spf] = await Promise.all([dkimFinding(dns, asked, of('dkim')), spfFinding(dns, asked, of('return_path'))])
  const needed: Finding[] = [ownerFinding(of('owner')), dkim, spf.finding, dmarcFinding(domain, dmarc)]
  needed.push(alignmentFinding(asked, dmarc.found, dkim.level, spf.finding.level))
  if (verdictOf(needed) === 'ok' && asked.validate) needed.push(providerFinding(asked.provider, await asked.validate()))
  return {
    verdict: verdictOf(needed),
    found: {
      findings: [...needed, repliesFinding(domain, mx)],
      records: [...records, ...spf.records, dmarcRecord(domain, asked.dmarcValue, dmarc.found, dmarc.looked)],
      host: ns.kind === 'found' ? hostOf(ns.records) : null,
    },
  }
}

const verdictOf = (all: Finding[]): Verdict => (all.some((one) => one.level === 'fault') ? 'fault' : all.some((one) => one.level === 'unknown') ? 'unknown' : 'ok')

/** How one record stands that has to be exactly so. */
async function lookForRecord(dns: Dns, record: DnsRecord, domain: string): Promise<FoundRecord> {
  const ask = (name: string): Promise<Looked<string>> => (record.type === 'CNAME' ? dns.cname(name) : dns.txt(name))
  const fits = (found: string): boolean => (record.type === 'CNAME' ? tidyName(found) === tidyName(record.value) : record.purpose === 'dkim' ? sameKey(found, record.value) : found.trim() === record.value)
  const answer = await ask(record.name)
  if (answer.kind === 'failed') return { ...record, state: 'unknown', found: [], hint: null }
  if (answer.kind === 'found') {
    // Other texts may stand at the same name; an alias stands alone.
    const right = answer.records.some(fits)
    return { ...record, state: right ? 'ok' : 'wrong', found: shorten(answer.records), hint: right ? null : 'Something else is set at this name. Replace it by the value shown here.' }
  }
  const zone = organisational(domain) ?? domain
  const doubled = `${record.name}.${zone}`
  const twice = doubled.length <= 253 ? await ask(doubled) : null
  if (twice?.kind === 'found' && twice.records.some(fits))
    return { ...record, state: 'missing', found: [], hint: `We found it at ${doubled}: your DNS host adds “${zone}” by itself. Enter the short name only.` }
  return { ...record, state: 'missing', found: [], hint: null }
}

/** A host may write the tags in another order, or with other spaces: the key counts. */
function sameKey(found: string, wanted: string): boolean {
  const [a, b] = [tagsOf(found)?.get('p'), tagsOf(wanted)?.get('p')].map((key) => key?.replace(/\s+/g, ''))
  return a !== undefined && a !== '' && a === b
}

function ownerFinding(records: FoundRecord[]): Finding {
  const title = 'The domain is yours'
  const state = stateOf(records)
  const words = {
    ok: 'The text that only you can set is there.',
    unknown: 'The name servers of your domain did not answer, so we could not look. We try again by ourselves.',
    missing: 'Set the text that proves it, so that no other shop can send in your name.',
    wrong: 'Another text stands at this name. Set the one that is shown above, too.',
  }[state]
  return { check: 'owner', level: levelOf(state), title, words, looked: lookedOf(records) }
}

async function dkimFinding(dns: Dns, { domain, selector, provider, setup }: Asked, records: FoundRecord[]): Promise<Finding> {
  const made = (level: Finding['level'], words: string, looked: Finding['looked']): Finding => ({ check: 'dkim', level, title: 'Signature (DKIM)', words, looked })
  if (setup.dkimDomain !== null) {
    const state = stateOf(records)
    const looked = lookedOf(records)
    if (state === 'unknown') return made('unknown', 'The name servers of your domain did not answer, so we could not look. We try again by ourselves.', looked)
    if (state === 'missing') return made('fault', `${provider} cannot sign your mail, so mailboxes cannot tell it from a forgery. Set the records for the signature.`, looked)
    if (state === 'wrong') return made('fault', 'Something else is set where the signature’s key belongs. Replace it by the value shown above.', looked)
    const weak = records.filter((one) => one.type === 'TXT').map((one) => faultOf(parseDkim(one.value))).find((one) => one !== null)
    if (weak) return made('fault', weak, looked)
    return made('ok', `${provider} signs your mail in the name of ${setup.dkimDomain}.`, looked)
  }
  if (!selector) return made('advice', 'Only your mail server knows under which name (selector) it signs. Tell us below, and we look whether the key is right; without a signature, large mailboxes refuse newsletters.', [])
  const name = `${selector}._domainkey.${domain}`
  const answer = await dns.txt(name)
  const looked = [look('TXT', name, answer)]
  if (answer.kind === 'failed') return made('unknown', 'The name servers of your domain did not answer, so we could not look. We try again by ourselves.', looked)
  if (answer.kind === 'none') return made('fault', `There is no key at ${name}. Set the one that your mail server signs with, or correct the selector.`, looked)
  const keys = answer.records.map(parseDkim)
  const good = keys.find((key) => faultOf(key) === null)
  if (!good) return made('fault', faultOf(keys[0]!) ?? 'The key cannot be read.', looked)
  if (keys.length > 1) return made('fault', `There are ${keys.length} texts at ${name}, and receivers may take the wrong one. Leave only the key.`, looked)
  if (good.kind === 'key' && good.testing) return made('advice', 'The key says that it is only being tried out (t=y); some mailboxes then ignore the signature. Take that part away.', looked)
  return made('ok', `The key of your mail server is there${good.kind === 'key' ? ` (${good.algorithm === 'rsa' ? `${good.bits} bit` : 'Ed25519'})` : ''}.`, looked)
}

function faultOf(key: DkimKey): string | null {
  if (key.kind === 'revoked') return 'The key was taken back (it is empty), so every signature with it fails. Set the key again.'
  if (key.kind === 'broken') return `The key cannot be used: ${key.why}.`
  return key.algorithm === 'rsa' && key.bits < leastBits ? `The key is too short (${key.bits} bit): mailboxes ignore signatures of less than ${leastBits} bit. Let your mail server make a new one of 2048 bit.` : null
}

const suggestion = 'Mailboxes want it from everybody who sends newsletters, even if it asks them to do nothing (p=none).'

function dmarcFinding(domain: string, { found, looked }: Awaited<ReturnType<typeof findDmarc>>): Finding {
  const made = (level: Finding['level'], words: string): Finding => ({ check: 'dmarc', level, title: 'Policy (DMARC)', words, looked: looked.map((one) => look('TXT', one.name, one.answer)) })
  if (found.kind === 'failed') return made('unknown', 'The name servers of your domain did not answer, so we could not look. We try again by ourselves.')
  if (found.kind === 'none') return made('fault', `${domain} does not say yet what mailboxes shall do with forgeries. ${suggestion}`)
  if (found.kind === 'broken') return made('fault', `The policy at ${found.at} does not count: ${found.why}.`)
  const does = { none: 'to deliver it all the same and only report', quarantine: 'to put it into spam', reject: 'to refuse it' }[found.dmarc.policy]
  return made('ok', `${found.at === `_dmarc.${domain}` ? 'Your domain' : `The policy of ${found.at.slice('_dmarc.'.length)} counts here: it`} asks mailboxes, when a mail is forged, ${does} (p=${found.dmarc.policy}).`)
}

/** The record to set, or the one that is there. */
function dmarcRecord(domain: string, value: string, found: DmarcFound, looked: { name: string; answer: Looked<string> }[]): FoundRecord {
  const there = looked.flatMap(({ answer }) => (answer.kind === 'found' ? answer.records.filter((one) => /^v\s*=\s*DMARC1/i.test(one)) : []))
  const suggested = { type: 'TXT' as const, name: `_dmarc.${domain}`, value, purpose: 'dmarc' as const }
  if (found.kind === 'found') return { ...suggested, name: found.at, value: there.at(-1) ?? value, state: 'ok', found: shorten(there), hint: null }
  if (found.kind === 'broken') return { ...suggested, name: found.at, state: 'wrong', found: shorten(there), hint: 'Leave only one policy at this name, and make it this one.' }
  return { ...suggested, state: found.kind === 'none' ? 'missing' : 'unknown', found: [], hint: null }
}

/** DMARC passes when the signature or the envelope is right and its domain fits the sender's (RFC 7489 4.2). */
function alignmentFinding({ domain, setup, selector }: Asked, dmarc: DmarcFound, dkim: Finding['level'], spf: Finding['level']): Finding {
  const how = dmarc.kind === 'found' ? dmarc.dmarc : { adkim: 'r' as const, aspf: 'r' as const }
  const signer = setup.dkimDomain ?? (selector ? domain : null)
  const byDkim = signer !== null && aligned(domain, signer, how.adkim)
  const bySpf = aligned(domain, setup.returnPath, how.aspf)
  const good = (level: Finding['level']): boolean => level === 'ok' || level === 'advice'
  const made = (level: Finding['level'], words: string): Finding => ({ check: 'alignment', level, title: 'Sender and signature belong together', words, looked: [] })
  if ((byDkim && good(dkim)) || (bySpf && good(spf))) {
    const by = byDkim && good(dkim) ? `the signature of ${signer}` : `the return address at ${setup.returnPath}`
    return made('ok', `Your sender’s domain ${domain} fits ${by}.`)
  }
  if ((byDkim && dkim === 'unknown') || (bySpf && spf === 'unknown')) return made('unknown', 'This follows from the lines above, which could not be looked at.')
  if (byDkim || bySpf) return made('fault', 'This follows from the lines above: as soon as the signature is right, this is too.')
  return made('fault', `Mailboxes compare the sender’s domain ${domain} with the one that signs (${signer ?? 'nobody'}) and the return address (${setup.returnPath}), and neither fits${how.adkim === 's' || how.aspf === 's' ? ', because the policy of your domain is strict (adkim=s or aspf=s)' : ''}.`)
}

function providerFinding(provider: string, answer: DomainAnswer<{ valid: boolean; reason: string | null }>): Finding {
  const made = (level: Finding['level'], words: string): Finding => ({ check: 'provider', level, title: `${provider} agrees`, words, looked: [] })
  if (answer.kind !== 'ok') return answer.kind === 'later' ? made('unknown', `${answer.reason} We ask again by ourselves.`) : made('fault', answer.reason)
  if (answer.value.valid) return made('ok', `${provider} has seen the records too and signs your mail.`)
  return made('fault', `We see the records, but ${provider} does not yet${answer.value.reason ? `: ${answer.value.reason}` : ''}. That often takes some minutes; we ask again by ourselves.`)
}

function repliesFinding(domain: string, mx: Looked<string>): Finding {
  const made = (level: Finding['level'], words: string): Finding => ({ check: 'replies', level, title: 'Replies arrive', words, looked: [look('MX', domain, mx)] })
  if (mx.kind === 'failed') return made('unknown', 'The name servers of your domain did not answer, so we could not look.')
  const hosts = mx.kind === 'found' ? mx.records.filter((host) => tidyName(host) !== '') : []
  if (hosts.length > 0) return made('ok', `Mail to ${domain} is taken by ${tidyName(hosts[0]!)}.`)
  return made('advice', `Nobody takes mail for ${domain}, so replies come back as undeliverable. Give answers another address in the settings, or let your domain receive mail.`)
}

type State = FoundRecord['state']
/** Several records count as their worst. Something certainly wrong comes before what could not be looked at. */
function stateOf(records: FoundRecord[]): State {
  for (const state of ['wrong', 'missing', 'unknown'] as const) if (records.some((one) => one.state === state)) return state
  return records.length > 0 ? 'ok' : 'missing'
}
const levelOf = (state: State): Finding['level'] => (state === 'ok' ? 'ok' : state === 'unknown' ? 'unknown' : 'fault')
const lookedOf = (records: FoundRecord[]): Finding['looked'] =>
  records.map(({ type, name, state, found }) => ({ type, name, answer: state === 'unknown' ? 'failed' : found.length > 0 ? 'found' : 'none', found }))
