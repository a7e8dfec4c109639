import type { Dns, Looked } from '../../app/lib/dns.ts'
import type { SimStore, World } from '../types.ts'

/** The domain of the store's own mailbox, which its owner keeps with the pretend DNS host. */
export const domainOf = (store: SimStore): string => store.email.slice(store.email.indexOf('@') + 1).toLowerCase()

export type RecordType = 'TXT' | 'CNAME' | 'MX' | 'NS'
const keyOf = (type: string, name: string): string => `${type} ${name.toLowerCase().replace(/\.$/, '')}`

/** As a domain looks that somebody has bought and gets mail at: nothing about newsletters yet. */
export function furnish(world: World, domain: string): void {
  const { records } = world.dns
  if (records.has(keyOf('NS', domain))) return
  records.set(keyOf('NS', domain), ['ns1.namehaven.example', 'ns2.namehaven.example'])
  records.set(keyOf('MX', domain), ['mx.mailhaven.example'])
  records.set(keyOf('TXT', domain), ['v=spf1 include:_spf.mailhaven.example ~all'])
  records.set(keyOf('TXT', '_spf.mailhaven.example'), ['v=spf1 ip4:192.0.2.0/28 -all'])
}

/** Everything that is set for a domain and the names below it. */
export const recordsOf = (world: World, domain: string): { type: string; name: string; value: string }[] =>
  [...world.dns.records].flatMap(([key, values]) => {
    const [type = '', name = ''] = key.split(' ')
    return name === domain || name.endsWith(`.${domain}`) ? values.map((value) => ({ type, name, value })) : []
  })

/** Sets a record as at a DNS host: an alias stands alone at its name, of texts there may be several. */
export function setRecord(world: World, type: RecordType, name: string, value: string): void {
  const { records } = world.dns
  const key = keyOf(type, name)
  records.set(key, type === 'CNAME' ? [value] : [...new Set([...(records.get(key) ?? []), value])])
  note(world, `${type} ${name} was set`, value)
}

export function removeRecord(world: World, type: RecordType, name: string, value: string): void {
  const { records } = world.dns
  const key = keyOf(type, name)
  const left = (records.get(key) ?? []).filter((one) => one !== value)
  if (left.length > 0) records.set(key, left)
  else records.delete(key)
  note(world, `${type} ${name} was removed`, value)
}

/** The world's name servers, as the app's resolver sees them. Silent when `faults.dns.silent`. */
export function nameServers(world: World): Dns {
  const look = (type: RecordType) => async (name: string): Promise<Looked<string>> => {
    if (world.faults.dns.silent) return { kind: 'failed', because: 'timeout' }
    const records = world.dns.records.get(keyOf(type, name))
    return records ? { kind: 'found', records: [...records] } : { kind: 'none' }
  }
  return { txt: look('TXT'), cname: look('CNAME'), mx: look('MX'), ns: look('NS') }
}

const note = (world: World, title: string, detail: string): void => world.wire.add({ kind: 'mail', shop: null, title: `DNS: ${title}`, detail, status: null, ms: null })
