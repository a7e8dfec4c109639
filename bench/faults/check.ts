import { and, asc, eq, inArray, ne } from 'drizzle-orm'
import type { App } from '../../app/app.ts'
import { batches, deliveries } from '../../app/db/schema.ts'
import type { DeliveryState } from '../../app/deliveries/contract.ts'
import { itsBatch, reasonOf, stateOf } from '../../app/deliveries/state.ts'
import { isBadAddress } from './chance.ts'
import type { ProviderCounts } from './provider.ts'
import type { Taken } from './truth.ts'

interface Line {
  email: string
  state: DeliveryState
  reason: string | null
}

export interface Verdict {
  /** Addresses and keys that were taken more than once. */
  doubled: number
  /** People who ended in no final state, or as accepted or refused although the provider knows better. */
  lost: number
  held: number
  uncertainLeft: number
  states: Record<string, number>
  /** What does not hold, in words; empty when the four statements of reliability.md 4.2 hold. */
  faults: string[]
}

/** How long a mail may be under way that had begun when somebody unsubscribed: its maker may have been stopped just then. Milliseconds. */
const underWay = 4_000
const ends: DeliveryState[] = ['accepted', 'refused', 'suppressed', 'held']

/** Compares the ledger with what the provider really took. */
export function judge(rows: Line[], truth: Map<string, Taken>, counts: Pick<ProviderCounts, 'doubledKeys' | 'mixed'>, given: { audience: number; seed: number; mayHold: boolean; optOuts: Map<string, number> }): Verdict {
  const states: Record<string, number> = {}
  for (const row of rows) states[row.state] = (states[row.state] ?? 0) + 1
  const faults: string[] = []
  const find = (what: string, wrong: (row: Line) => boolean): number => {
    const found = rows.filter(wrong)
    if (found.length > 0) faults.push(`${found.length} ${what}, such as ${found.slice(0, 3).map((row) => `${row.email} (${row.state})`).join(', ')}`)
    return found.length
  }
  const taken = (row: Line): boolean => truth.has(row.email)
  if (rows.length !== given.audience || new Set(rows.map((row) => row.email)).size !== given.audience) faults.push(`(a) the audience was ${given.audience} people and the ledger has ${rows.length}`)
  const twice = [...truth.values()].filter(({ times }) => times > 1).length
  if (twice > 0) faults.push(`(b) ${twice} people got the mail more than once`)
  if (counts.doubledKeys > 0) faults.push(`(b) ${counts.doubledKeys} keys were taken more than once`)
  if (counts.mixed > 0) faults.push(`${counts.mixed} mails came with the key of somebody else`)
  const people = new Set(rows.map((row) => row.email))
  const strangers = [...truth.keys()].filter((address) => !people.has(address)).length
  if (strangers > 0) faults.push(`${strangers} people got a mail who are not in the audience`)
  const untrue = find('(c) people are accepted whom the provider never took', (row) => row.state === 'accepted' && !taken(row))
  const open = find('(d) people are left in no final state', (row) => !ends.includes(row.state))
  const mute = find('(d) people have neither the mail nor a reason', (row) => ends.includes(row.state) && row.state !== 'accepted' && !row.reason)
  const denied = find('people have the mail and the ledger denies it', (row) => (row.state === 'refused' || row.state === 'suppressed') && taken(row))
  const wronged = find('people were refused whose address is good', (row) => row.state === 'refused' && !isBadAddress(given.seed, row.email))
  const ignored = [...given.optOuts].filter(([address, at]) => (truth.get(address)?.last ?? 0) > at + underWay).length
  if (ignored > 0) faults.push(`${ignored} people got the mail long after we had confirmed that they are unsubscribed`)
  if (!given.mayHold && states.held) faults.push(`${states.held} people are held although the provider tells`)
  return {
    doubled: Math.max(twice, counts.doubledKeys),
    lost: untrue + open + mute + denied + wronged,
    held: states.held ?? 0,
    uncertainLeft: states.uncertain ?? 0,
    states,
    faults,
  }
}

/** Everybody in the audience of these messages and where they stand. */
export const linesOf = (app: Pick<App, 'db'>, shopId: string, messageIds: string[]): Promise<Line[]> =>
  app.db
    .select({ email: deliveries.email, state: stateOf, reason: reasonOf })
    .from(deliveries)
    .leftJoin(batches, itsBatch)
    .where(and(eq(deliveries.shopId, shopId), inArray(deliveries.messageId, messageIds), ne(stateOf, 'excluded')))
    .orderBy(asc(deliveries.subscriberId))

