import { and, eq, inArray, ne } from 'drizzle-orm'
import type { App } from '../app.ts'
import { consentEntries, subscribers, suppressions } from '../db/schema.ts'
import { reasonWords, type DeliveryReason } from '../deliveries/contract.ts'
import type { Shop } from '../shops/shops.ts'

/** When what keeps a mail from somebody happened, as a day in the shop's zone; a missing one is unknown. */
export interface Facts {
  /** Newest entry of the ledger about mail. */
  said?: { on: string; how: string }
  bounced?: string
  complained?: string
  manual?: string
  restricted?: string
}

/** What there is to say about these people (at most a page), in three statements. */
export async function factsOf(app: Pick<App, 'db'>, shop: Pick<Shop, 'id' | 'timezone'>, ids: string[]): Promise<Map<string, Facts>> {
  const facts = new Map<string, Facts>()
  if (ids.length === 0) return facts
  const day = dayIn(shop.timezone)
  const people = await app.db
    .select({ id: subscribers.id, hash: subscribers.addressHash, restrictedAt: subscribers.restrictedAt })
    .from(subscribers)
    .where(and(eq(subscribers.shopId, shop.id), inArray(subscribers.id, ids)))
    .orderBy(subscribers.id)
  const byHash = new Map(people.map((one) => [one.hash, one.id]))
  for (const { id, restrictedAt } of people) facts.set(id, restrictedAt ? { restricted: day(restrictedAt) } : {})
  const entries = await app.db
    .select({ id: consentEntries.subscriberId, at: consentEntries.occurredAt, source: consentEntries.source })
    .from(consentEntries)
    .where(and(eq(consentEntries.shopId, shop.id), inArray(consentEntries.subscriberId, ids), eq(consentEntries.purpose, 'email_marketing')))
    .orderBy(consentEntries.seq) // the newest stays
  for (const { id, at, source } of entries) Object.assign(facts.get(id) ?? {}, { said: { on: day(at), how: source } } satisfies Facts)
  const blocks = await app.db
    .select()
    .from(suppressions)
    .where(and(eq(suppressions.shopId, shop.id), inArray(suppressions.addressHash, [...byHash.keys()]), ne(suppressions.reason, 'erased')))
    .orderBy(suppressions.createdAt)
  for (const { addressHash, reason, createdAt } of blocks) Object.assign(facts.get(byHash.get(addressHash) ?? '') ?? {}, { [reason]: day(createdAt) })
  return facts
}

/** A reason in plain words, with when it came about where that is known: "Unsubscribed on 3 May 2026 (Unsubscribe link)". */
export function inWords(reason: DeliveryReason, facts: Facts = {}): string {
  const words = reasonWords[reason]
  const { said } = facts
  const since = (day: string | undefined): string => (day ? `${words}, since ${day}` : words)
  switch (reason) {
    case 'unsubscribed':
      return said ? `${words} on ${said.on} (${said.how})` : words
    case 'not_confirmed':
      return said ? `${words} of ${said.on} (${said.how})` : words
    case 'record_not_attested':
      return said ? `${words} (${said.how}, ${said.on})` : words
    case 'complained':
      return facts.complained ? `${words} on ${facts.complained}` : words
    case 'bounced':
      return since(facts.bounced)
    case 'suppressed':
      return since(facts.manual)
    case 'restricted':
      return since(facts.restricted)
    default:
      return words
  }
}

/** "3 May 2026" in a zone; an unknown zone counts as UTC. */
function dayIn(zone: string): (at: Date) => string {
  const made = (timeZone: string): Intl.DateTimeFormat => new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone })
  let format: Intl.DateTimeFormat
  try {
    format = made(zone)
  } catch {
    format = made('UTC')
  }
  return (at) => format.format(at)
}
