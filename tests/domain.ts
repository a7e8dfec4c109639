import type { App } from '../app/app.ts'
import { sendingDomains } from '../app/db/schema.ts'
import type { Setup } from '../app/domains/contract.ts'
import type { Dns, Looked } from '../app/lib/dns.ts'

/** Makes the domain of an address one that the shop may send from, without a slow beginning: for tests of other rooms. */
export async function verifiedDomain(app: App, shopId: string, address: string): Promise<void> {
  const now = app.clock.now()
  const domain = address.slice(address.lastIndexOf('@') + 1)
  if (!domain) return
  const records: Setup = { provider: app.mail.name, records: [], dkimDomain: null, returnPath: domain, spfMust: null }
  const row = { records, findings: {}, status: 'verified' as const, verifiedAt: now, gently: false, planned: { largest: 0, days: [] }, createdAt: now, updatedAt: now }
  await app.db.insert(sendingDomains).values({ shopId, domain, ...row }).onConflictDoUpdate({ target: [sendingDomains.shopId, sendingDomains.domain], set: row })
}

/** A name server that a test fills in: 'TXT fern.example' -> its records, or how it fails. What was not set does not exist. */
export type Zone = Map<string, string[] | 'timeout' | 'broken'>

export function zoneDns(zone: Zone, asked: string[] = []): Dns {
  const look = (type: string) => async (name: string): Promise<Looked<string>> => {
    asked.push(`${type} ${name}`)
    const found = zone.get(`${type} ${name.toLowerCase()}`)
    if (found === 'timeout' || found === 'broken') return { kind: 'failed', because: found }
    return found && found.length > 0 ? { kind: 'found', records: found } : { kind: 'none' }
  }
  return { txt: look('TXT'), cname: look('CNAME'), mx: look('MX'), ns: look('NS') }
}

/** Name servers that do not answer: nothing that was known changes. */
export const silentDns: Dns = { txt: silent, cname: silent, mx: silent, ns: silent }
async function silent(): Promise<Looked<string>> {
  return { kind: 'failed', because: 'timeout' }
}
