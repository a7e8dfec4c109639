import { and, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { lockLedger } from '../consent/seal.ts'
import { insertAll } from '../db/insert-all.ts'
import { subscribers, subscriberTags, suppressions } from '../db/schema.ts'
import { addressHash, normaliseEmail } from '../lib/crypto.ts'
import { newId } from '../lib/ids.ts'
import { isStores } from './tags.ts'

export type Subscriber = typeof subscribers.$inferSelect

/** What is known about a person. A missing or null field is unknown and leaves what is there. */
export interface SubscriberInput {
  email: string
  firstName?: string | null
  lastName?: string | null
  locale?: string | null
  country?: string | null
  platformId?: string | null
  source: 'shopify' | 'order' | 'form' | 'manual' | 'import'
  /** The store's tags. null or missing: this news did not carry them. A list replaces what the store told before; tags given in Homing stay. */
  tags?: string[] | null
  /** When the store last changed the person; older news never overwrites newer. */
  platformUpdatedAt?: Date | null
}

const batch = 1000

/**
 * Adds or updates people, set-wise; one statement serves any number of rows. Says nothing about consent.
 * A person whom the store knows by number and who has a new address keeps their row, unless somebody else has that address.
 * Addresses that asked to be forgotten are left out, unless somebody comes by a form: whether it was the person themselves shows
 * when they confirm, and the tombstone stands until then (consent/confirm.ts).
 * @returns emailKey -> id, for the rows that were not left out.
 */
export async function upsertSubscribers(app: Pick<App, 'db' | 'clock' | 'settings'>, shopId: string, rows: SubscriberInput[]): Promise<Map<string, string>> {
  const ids = new Map<string, string>()
  for (let at = 0; at < rows.length; at += batch) {
    const part = await app.db.transaction(() => upsertBatch(app, shopId, rows.slice(at, at + batch)))
    for (const [key, id] of part) ids.set(key, id)
  }
  return ids
}

async function upsertBatch(app: Pick<App, 'db' | 'clock' | 'settings'>, shopId: string, rows: SubscriberInput[]): Promise<Map<string, string>> {
  const wanted = combine(rows)
  if (wanted.size === 0) return new Map()
  await lockLedger(app, shopId) // what is said of their consent in this transaction comes after it: two who write the same people wait here
  const now = app.clock.now()
  const known = await knownPeople(app, shopId, wanted)
  const hashes = await dropForgotten(app, shopId, wanted, known.byEmail)
  const added: Subscriber[] = []
  const changed: Subscriber[] = []
  const taken = new Set<string>()
  for (const [emailKey, input] of wanted) {
    const holder = input.platformId ? known.byPlatformId.get(input.platformId) : undefined
    const moves = holder && !wanted.has(holder.emailKey) && !taken.has(holder.id) // a new address of somebody we know
    const before = known.byEmail.get(emailKey) ?? (moves ? holder : undefined)
    if (before) taken.add(before.id)
    if (!before) added.push(newPerson(shopId, emailKey, hashes.get(emailKey)!, input, now))
    else if (!isOlder(input, before)) changed.push(changedPerson(before, emailKey, hashes.get(emailKey), input, now))
  }
  const columns = ['email', 'emailKey', 'addressHash', 'firstName', 'lastName', 'locale', 'country', 'platformId', 'platformUpdatedAt', 'updatedAt']
  await freePlatformIds(app, shopId, [...added, ...changed], known.byPlatformId)
  // Rows are written in the order of their keys, so that two batches meeting in the same people wait for each other instead of locking up.
  await insertAll(app.db, subscribers, sorted(added), { target: ['shopId', 'emailKey'] })
  await insertAll(app.db, subscribers, sorted(changed), {
    target: ['shopId', 'id'],
    update: columns,
    onlyIf: 'excluded.platform_updated_at is null or subscribers.platform_updated_at is null or excluded.platform_updated_at >= subscribers.platform_updated_at',
  })
  const ids = await idsOf(app, shopId, [...wanted.keys()])
  const fresh = new Set([...added, ...changed].map((person) => person.emailKey))
  await replaceTags(app, shopId, [...wanted].flatMap(([key, input]) => (input.tags && fresh.has(key) && ids.has(key) ? [{ id: ids.get(key)!, tags: input.tags }] : [])))
  return ids
}

/** One row per address; later rows of a batch win, field by field, unless they are older. */
function combine(rows: SubscriberInput[]): Map<string, SubscriberInput> {
  const map = new Map<string, SubscriberInput>()
  for (const row of rows) {
    const key = normaliseEmail(row.email)
    if (!key) continue
    const other = map.get(key)
    if (!other) {
      map.set(key, row)
      continue
    }
    const [low, high] = (row.platformUpdatedAt?.getTime() ?? Infinity) >= (other.platformUpdatedAt?.getTime() ?? -Infinity) ? [other, row] : [row, other]
    map.set(key, {
      ...high,
      firstName: high.firstName ?? low.firstName,
      lastName: high.lastName ?? low.lastName,
      locale: high.locale ?? low.locale,
      country: high.country ?? low.country,
      platformId: high.platformId ?? low.platformId,
      tags: high.tags ?? low.tags,
      source: low.source === 'form' || high.source === 'form' ? 'form' : high.source,
    })
  }
  return map
}

/** Takes out who asked to be forgotten, except by a form. Answers the hashes of the new addresses. */
async function dropForgotten(app: Pick<App, 'db' | 'settings'>, shopId: string, wanted: Map<string, SubscriberInput>, known: Map<string, Subscriber>): Promise<Map<string, string>> {
  const hashes = new Map([...wanted.keys()].map((key) => [key, known.get(key)?.addressHash ?? addressHash(app.settings.keys, shopId, key)] as const))
  const ofErased = and(eq(suppressions.shopId, shopId), eq(suppressions.reason, 'erased'))
  const tombs = new Set((await app.db.select({ hash: suppressions.addressHash }).from(suppressions).where(and(ofErased, inArray(suppressions.addressHash, [...hashes.values()])))).map((row) => row.hash))
  for (const [key, hash] of tombs.size > 0 ? hashes : []) if (tombs.has(hash) && wanted.get(key)!.source !== 'form') wanted.delete(key)
  return hashes
}

async function knownPeople(app: Pick<App, 'db'>, shopId: string, wanted: Map<string, SubscriberInput>): Promise<{ byEmail: Map<string, Subscriber>; byPlatformId: Map<string, Subscriber> }> {
  const platformIds = [...wanted.values()].flatMap((input) => input.platformId ?? [])
  const byAddress = await app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shopId), inArray(subscribers.emailKey, [...wanted.keys()])))
  const byNumber = platformIds.length === 0 ? [] : await app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shopId), inArray(subscribers.platformId, platformIds)))
  return { byEmail: new Map(byAddress.map((p) => [p.emailKey, p])), byPlatformId: new Map(byNumber.flatMap((p) => (p.platformId ? [[p.platformId, p] as const] : []))) }
}

const isOlder = (input: SubscriberInput, before: Subscriber): boolean =>
  Boolean(input.platformUpdatedAt && before.platformUpdatedAt && input.platformUpdatedAt < before.platformUpdatedAt)

/** The row of somebody who is new, with nothing known beyond `input`. */
export function newPerson(shopId: string, emailKey: string, hash: string, input: SubscriberInput, now: Date, id = newId(now)): Subscriber {
  return {
    shopId, id, email: input.email.trim(), emailKey, addressHash: hash, firstName: input.firstName ?? null, lastName: input.lastName ?? null,
    locale: input.locale ?? null, country: input.country ?? null, platformId: input.platformId ?? null, source: input.source, ordersCount: 0, totalSpent: 0, firstOrderAt: null, lastOrderAt: null,
    lastOpenAt: null, lastClickAt: null, consentState: null, consentBasis: null, consentAt: null, consentRecordedAt: null, restrictedAt: null, platformUpdatedAt: input.platformUpdatedAt ?? null, createdAt: now, updatedAt: now,
  }
}

function changedPerson(before: Subscriber, emailKey: string, newHash: string | undefined, input: SubscriberInput, now: Date): Subscriber {
  const moved = before.emailKey !== emailKey
  return {
    ...before,
    email: moved ? input.email.trim() : before.email,
    emailKey,
    addressHash: moved ? newHash! : before.addressHash,
    firstName: input.firstName ?? before.firstName,
    lastName: input.lastName ?? before.lastName,
    locale: input.locale ?? before.locale,
    country: input.country ?? before.country,
    platformId: input.platformId ?? before.platformId,
    platformUpdatedAt: input.platformUpdatedAt ?? before.platformUpdatedAt,
    updatedAt: now,
  }
}

/** A store's number names one person: whoever else carries it (under an address that the customer gave up) loses it. */
async function freePlatformIds(app: Pick<App, 'db'>, shopId: string, people: Subscriber[], holders: Map<string, Subscriber>): Promise<void> {
  const losing = people.flatMap((person) => {
    const holder = person.platformId ? holders.get(person.platformId) : undefined
    return holder && holder.id !== person.id ? [holder.id] : []
  })
  if (losing.length > 0) await app.db.update(subscribers).set({ platformId: null }).where(and(eq(subscribers.shopId, shopId), inArray(subscribers.id, losing)))
}

async function idsOf(app: Pick<App, 'db'>, shopId: string, emailKeys: string[]): Promise<Map<string, string>> {
  const rows = await app.db.select({ id: subscribers.id, key: subscribers.emailKey }).from(subscribers).where(and(eq(subscribers.shopId, shopId), inArray(subscribers.emailKey, emailKeys)))
  return new Map(rows.map((row) => [row.key, row.id]))
}

async function replaceTags(app: Pick<App, 'db'>, shopId: string, people: { id: string; tags: string[] }[]): Promise<void> {
  if (people.length === 0) return
  await app.db.delete(subscriberTags).where(and(eq(subscriberTags.shopId, shopId), inArray(subscriberTags.subscriberId, people.map((p) => p.id)), isStores))
  const rows = people.flatMap(({ id, tags }) => [...new Set(tags.map((tag) => tag.trim()).filter(Boolean))].map((tag) => ({ shopId, subscriberId: id, tag })))
  await insertAll(app.db, subscriberTags, rows, { target: ['shopId', 'subscriberId', 'tag'] })
}

const sorted = (people: Subscriber[]): Subscriber[] => people.toSorted((a, b) => (a.emailKey < b.emailKey ? -1 : 1))
