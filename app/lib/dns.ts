import { Resolver } from 'node:dns/promises'

/**
 * What a look-up told. `none`: the name servers answered, and there is no such record. `failed`: nobody knows (no answer in
 * time, or a broken one); it says nothing about the record and must not be taken for `none`.
 */
export type Looked<T> = { kind: 'found'; records: T[] } | { kind: 'none' } | { kind: 'failed'; because: 'timeout' | 'broken' }

/** Asks the domain name system. Names are absolute, without a dot at the end. Never throws. */
export interface Dns {
  /** Each record as one text: its parts are put together as RFC 7208 3.3 says. */
  txt(name: string): Promise<Looked<string>>
  /** Where the name is an alias of. */
  cname(name: string): Promise<Looked<string>>
  /** Hosts that take the domain's mail; '' is the "null MX" that takes none (RFC 7505). */
  mx(name: string): Promise<Looked<string>>
  /** Who answers for the zone. */
  ns(name: string): Promise<Looked<string>>
}

/** The machine's own resolver. Two tries of two seconds for each name server. */
export function createDns(): Dns {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  return {
    txt: (name) => look(async () => (await resolver.resolveTxt(name)).map((parts) => parts.join(''))),
    cname: (name) => look(() => resolver.resolveCname(name)),
    mx: (name) => look(async () => (await resolver.resolveMx(name)).toSorted((a, b) => a.priority - b.priority).map((one) => one.exchange)),
    ns: (name) => look(() => resolver.resolveNs(name)),
  }
}

async function look(ask: () => Promise<string[]>): Promise<Looked<string>> {
  try {
    const records = await ask()
    return records.length > 0 ? { kind: 'found', records } : { kind: 'none' }
  } catch (error) {
    const code = (error as { code?: unknown } | null)?.code
    if (code === 'ENOTFOUND' || code === 'ENODATA') return { kind: 'none' }
    return { kind: 'failed', because: code === 'ETIMEOUT' || code === 'ECANCELLED' ? 'timeout' : 'broken' }
  }
}
