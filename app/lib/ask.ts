import { lookup as lookUp, type LookupAddress } from 'node:dns'
import { request as askPlainly, type RequestOptions } from 'node:http'
import { request as askSecurely } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import type { Fetch } from './fetch.ts'

/** What an address answered: the status, and where it sends on. The body is never read. */
export interface Told {
  status: number
  location: string | null
}
/** Asks an address that a person typed in. Follows nothing. Throws `NotAsked` for what leads into a network of ours, and what the network throws. */
export type Ask = (url: URL, signal: AbortSignal) => Promise<Told>

/** An address that we do not ask: it could lead to machines that only we can reach (SSRF; reliability.md X4, T8). */
export class NotAsked extends Error {}

/**
 * The one way out to addresses that people type in. Names are looked up here, every address found must be one of the open internet,
 * and the connection goes to exactly the address that was looked at: a name server that changes its answer gains nothing. Only the usual
 * ports, no user names, no keys of ours, no redirects.
 * @param resolve finds the addresses of a name; tests bring their own
 */
export function createAsk(resolve: typeof lookUp = lookUp): Ask {
  const guarded: LookupFunction = (name, options, done) => {
    resolve(name, { ...options, all: true }, (fault, found: LookupAddress[]) => {
      if (fault) return done(fault, '', 0)
      const first = found[0]
      if (!first || !found.every((one) => isPublic(one.address))) return done(new NotAsked(`${name} leads into a private network`), '', 0)
      if (options.all) (done as (fault: null, found: LookupAddress[]) => void)(null, [first])
      else done(null, first.address, first.family)
    })
  }
  return (url, signal) =>
    new Promise((answer, refuse) => {
      const fault = unusual(url)
      if (fault) return refuse(new NotAsked(fault))
      const options: RequestOptions = { method: 'GET', lookup: guarded, signal, agent: false, headers: politely, maxHeaderSize: 16_384 }
      const asked = (url.protocol === 'https:' ? askSecurely : askPlainly)(url, options, (response) => {
        answer({ status: response.statusCode ?? 0, location: response.headers.location ?? null })
        response.destroy()
      })
      asked.on('error', refuse)
      asked.end()
    })
}

/** The same over a `fetch` that somebody else guards: the pretend world's, or a test's. */
export const askOver =
  (fetch: Fetch): Ask =>
  async (url, signal) => {
    const response = await fetch(url, { redirect: 'manual', signal, headers: politely })
    await response.body?.cancel()
    return { status: response.status, location: response.headers.get('location') }
  }

const politely = { accept: '*/*', 'user-agent': 'Homing link check' }

function unusual({ protocol, port, username, password, hostname }: URL): string | null {
  if (protocol !== 'http:' && protocol !== 'https:') return 'not a web address'
  if (port !== '') return 'an unusual port' // the usual one is left out by the parser
  if (username !== '' || password !== '') return 'it holds a password'
  const address = hostname.replace(/^\[|\]$/g, '')
  return isIP(address) !== 0 && !isPublic(address) ? 'a private address' : null
}

/** Is this address one of the open internet? The parser of addresses has written odd forms (decimal, octal, mapped) out before. */
export function isPublic(address: string): boolean {
  const plain = address.replace(/%.*$/, '')
  if (isIP(plain) === 4) return !closed.check(plain, 'ipv4')
  return isIP(plain) === 6 && open.check(plain, 'ipv6') && !closed.check(plain, 'ipv6')
}

// IANA's special-purpose registries. Of IPv6 only what is given out to the internet is open, so mapped and translated addresses are not.
const closed = new BlockList()
const four: [string, number][] = [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.31.196.0', 24],
  ['192.52.193.0', 24], ['192.88.99.0', 24], ['192.168.0.0', 16], ['192.175.48.0', 24], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 4], ['240.0.0.0', 4],
]
const six: [string, number][] = [['2001::', 23], ['2001:db8::', 32], ['2002::', 16], ['2620:4f:8000::', 48], ['3fff::', 20]]
for (const [net, bits] of four) closed.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of six) closed.addSubnet(net, bits, 'ipv6')
const open = new BlockList()
open.addSubnet('2000::', 3, 'ipv6')
