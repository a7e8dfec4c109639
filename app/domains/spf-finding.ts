import type { Dns } from '../lib/dns.ts'
import type { Finding, FoundRecord } from './contract.ts'
import type { Asked } from './look.ts'
import { look, shorten } from './looked.ts'
import { isSpf, mostLookups, parseSpf, spfCost, withTerm, type Spf } from './spf.ts'

type Answer = { finding: Finding; records: FoundRecord[] }

/**
 * May the servers that hand the mail over do so (RFC 7208)? Where the provider keeps the return path, its alias decides, and the
 * domain's own record is only commented on. Elsewhere the domain's own record decides: one, readable, at most ten look-ups,
 * and naming the provider where one is known.
 */
export async function spfFinding(dns: Dns, { domain: from, setup, provider }: Asked, returnPath: FoundRecord[]): Promise<Answer> {
  const domain = returnPath.length > 0 ? from : setup.returnPath
  const own = await dns.txt(domain)
  const looked = [look('TXT', domain, own.kind === 'found' ? ofSpf(own.records) : own)]
  const texts = own.kind === 'found' ? own.records.filter(isSpf) : []
  const made = (level: Finding['level'], words: string, records: FoundRecord[] = []): Answer => ({ finding: { check: 'spf', level, title: 'Allowed servers (SPF)', words, looked }, records })

  if (returnPath.length > 0) {
    const [alias] = returnPath as [FoundRecord]
    looked.unshift({ type: alias.type, name: alias.name, answer: alias.state === 'unknown' ? 'failed' : alias.found.length > 0 ? 'found' : 'none', found: alias.found })
    if (alias.state === 'unknown') return made('unknown', noAnswer)
    if (alias.state !== 'ok') return made('fault', `Undeliverable mail cannot come back to ${provider}, and mailboxes cannot see that ${provider} may send for you. Set the record for the return path.`)
    if (texts.length > 1) return made('advice', `${provider}’s part is right. But ${domain} itself has ${texts.length} SPF records, and mailboxes then heed none for your other mail: put them together into one.`)
    const spf = texts[0] === undefined ? null : parseSpf(texts[0])
    if (texts.length === 1 && !spf) return made('advice', `${provider}’s part is right. But the SPF record of ${domain} itself cannot be read, which harms your other mail.`)
    const cost = spf ? await spfCost(dns, spf) : null
    if (cost?.kind === 'counted' && cost.lookups > mostLookups) return made('advice', `${provider}’s part is right. But ${tooMany(domain)} That harms your other mail.`)
    return made('ok', `${provider} may send for you, and undeliverable mail comes back to it by ${setup.returnPath}.`)
  }

  const must = setup.spfMust
  const wanted = (text: string | null, state: FoundRecord['state']): FoundRecord[] => (must === null || (text !== null && hasTerm(text, must)) ? [] : [record(domain, text === null ? `v=spf1 ${must} ~all` : withTerm(text, must), state, texts)])
  if (own.kind === 'failed') return made('unknown', noAnswer, wanted(null, 'unknown'))
  if (texts.length === 0)
    return must
      ? made('fault', `${domain} does not say which servers may send for it. Set the record that names ${provider}.`, wanted(null, 'missing'))
      : made('fault', `${domain} does not say which servers may send for it. Ask whoever runs your mail server for the right SPF record; it begins with v=spf1.`)
  const [text] = texts as [string]
  if (texts.length > 1) return made('fault', `${domain} has ${texts.length} SPF records, and mailboxes then heed none of them. Put them together into one.`, wanted(text, 'wrong'))
  const spf = parseSpf(text)
  if (!spf) return made('fault', 'The SPF record cannot be read: a word in it has no meaning, so mailboxes ignore all of it.')
  const cost = await spfCost(dns, spf)
  if (cost.kind === 'unknown') return made('unknown', `The name servers of ${cost.at} did not answer, so we could not follow your SPF record to its end. We try again by ourselves.`, wanted(text, 'unknown'))
  if (cost.kind === 'broken') return made('fault', `Your SPF record points to ${cost.at}, which has none that can be read: mailboxes then ignore all of yours. Take that part away.`, wanted(text, 'wrong'))
  if (cost.lookups > mostLookups) return made('fault', `${tooMany(domain)} Take out what you do not use any more.`)
  if (must && !names(spf, cost.names, must)) return made('fault', `Your SPF record does not name ${provider}. Change the one that is there: a second one would undo both.`, wanted(text, 'wrong'))
  if (!must && !spf.terms.some(allows)) return made('fault', `The SPF record of ${domain} says that nobody may send for it.`)
  const there = must ? [record(domain, text, 'ok', texts)] : []
  if (spf.terms.some((term) => term.name === 'all' && term.sign === '+')) return made('advice', 'Your SPF record lets every server in the world send for you (+all). End it with ~all instead.', there)
  if (must) return made('ok', `${provider} may send for you. Your SPF record needs ${cost.lookups} of ${mostLookups} look-ups.`, there)
  return made('ok', `There is one SPF record, and it can be read (${cost.lookups} of ${mostLookups} look-ups). Whether it names your mail server, only a real mail shows.`)
}

const noAnswer = 'The name servers of your domain did not answer, so we could not look. We try again by ourselves.'
const tooMany = (domain: string): string => `The SPF record of ${domain} leads to more than ${mostLookups} look-ups, and mailboxes then give it up.`
const record = (domain: string, value: string, state: FoundRecord['state'], found: string[]): FoundRecord => ({
  type: 'TXT', name: domain, value, purpose: 'spf', state, found: shorten(found), hint: found.length > 0 && state !== 'ok' ? 'Change the record that is there; do not add a second one.' : null,
})
const ofSpf = (records: string[]): { kind: 'found'; records: string[] } | { kind: 'none' } => {
  const texts = records.filter(isSpf)
  return texts.length > 0 ? { kind: 'found', records: texts } : { kind: 'none' }
}

/** Is the provider named, directly or by a record that is included? */
function names(spf: Spf, included: Set<string>, must: string): boolean {
  const host = must.replace(/^include:/i, '').toLowerCase()
  return included.has(host) && !spf.terms.some((term) => term.name === 'include' && term.value.toLowerCase() === host && term.sign !== '+')
}
const hasTerm = (text: string, term: string): boolean => text.toLowerCase().split(' ').includes(term.toLowerCase())
/** Does this term let anybody send? */
const allows = ({ name, sign }: Spf['terms'][number]): boolean => (name === 'all' ? sign === '+' : name === 'redirect=' || (!name.endsWith('=') && sign === '+'))
