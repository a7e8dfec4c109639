import { and, count, desc, eq, inArray, isNull, lt, sql, type SQL } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { consentDisagreements, consentEntries, subscribers } from '../db/schema.ts'
import { notFound } from '../lib/errors.ts'
import type { StoreConsent } from '../platforms/platform.ts'
import { consentState, type disagreementList } from './contract.ts'

type Told = { subscriberId: string; consent: StoreConsent }

/** As many as the merchant is shown; `total` tells of more. */
const shown = 200

/**
 * Compares what the store says with the ledger, after it has been recorded there. Somebody of whom it says "subscribed" with a
 * newer time, and whom that did not raise (news of it was lost, or it is a record of unknown origin), is kept for the merchant to
 * see; nothing here raises anybody. Who is not subscribed in the store any more is taken off. (platform.md 6.4)
 */
export async function noteStoreConsent(app: Pick<App, 'db' | 'clock'>, shopId: string, told: Told[]): Promise<void> {
  const of = (people: Told[]): SQL | undefined => and(eq(consentDisagreements.shopId, shopId), inArray(consentDisagreements.subscriberId, people.map((one) => one.subscriberId)))
  const others = told.filter(({ consent }) => consent.state !== 'subscribed')
  if (others.length > 0) await app.db.delete(consentDisagreements).where(of(others))
  const yes = new Map(told.flatMap(({ subscriberId, consent }) => (consent.state === 'subscribed' && consent.updatedAt ? [[subscriberId, { at: consent.updatedAt, level: consent.level }]] : [])))
  if (yes.size === 0) return
  const lower = await app.db
    .select({ subscriberId: consentEntries.subscriberId, at: consentEntries.occurredAt })
    .from(consentEntries)
    .where(and(eq(consentEntries.shopId, shopId), inArray(consentEntries.subscriberId, [...yes.keys()]), isNewest(shopId), isLower))
  const now = app.clock.now()
  const found = lower.flatMap(({ subscriberId, at }) => {
    const store = yes.get(subscriberId)!
    return store.at > at ? [{ shopId, subscriberId, storeAt: store.at, storeLevel: store.level, foundAt: now, keptAt: null, keptBy: null }] : []
  })
  // The same word of the store is the same finding: what the merchant decided about it holds until the store says it anew.
  await insertAll(app.db, consentDisagreements, found, {
    target: ['shopId', 'subscriberId'],
    update: ['storeAt', 'storeLevel', 'foundAt', 'keptAt', 'keptBy'],
    onlyIf: 'excluded.store_at > consent_disagreements.store_at',
  })
}

/** Whom the store calls subscribed and we do not, newest first, with both times and sources. What has been settled in the ledger since is left out. */
export async function listDisagreements(app: Pick<App, 'db'>, shopId: string): Promise<z.infer<typeof disagreementList>> {
  const open = and(eq(consentDisagreements.shopId, shopId), isNull(consentDisagreements.keptAt), isNewest(shopId), isLower, lt(consentEntries.occurredAt, consentDisagreements.storeAt))
  const entry = and(eq(consentEntries.shopId, consentDisagreements.shopId), eq(consentEntries.subscriberId, consentDisagreements.subscriberId))
  const [all] = await app.db.select({ people: count() }).from(consentDisagreements).innerJoin(consentEntries, entry).where(open)
  const rows = await app.db
    .select({ row: consentDisagreements, entry: consentEntries, email: subscribers.email, firstName: subscribers.firstName, lastName: subscribers.lastName })
    .from(consentDisagreements)
    .innerJoin(consentEntries, entry)
    .innerJoin(subscribers, and(eq(subscribers.shopId, consentDisagreements.shopId), eq(subscribers.id, consentDisagreements.subscriberId)))
    .where(open)
    .orderBy(desc(consentDisagreements.storeAt), desc(consentDisagreements.subscriberId))
    .limit(shown)
  return {
    total: all?.people ?? 0,
    rows: rows.map(({ row, entry: ours, email, firstName, lastName }) => ({
      subscriberId: row.subscriberId,
      email,
      name: [firstName, lastName].filter(Boolean).join(' '),
      ours: { state: consentState.parse(ours.state), source: ours.source, at: ours.occurredAt.toISOString() },
      store: { level: row.storeLevel, source: 'Shopify', at: row.storeAt.toISOString() },
      foundAt: row.foundAt.toISOString(),
    })),
  }
}

/** The merchant has looked: our ledger stands. There is no decision in the other direction; only the person's own act raises. */
export async function keepOurs(app: Pick<App, 'db' | 'clock'>, shopId: string, subscriberId: string, userId: string): Promise<void> {
  const kept = await app.db
    .update(consentDisagreements)
    .set({ keptAt: app.clock.now(), keptBy: userId })
    .where(and(eq(consentDisagreements.shopId, shopId), eq(consentDisagreements.subscriberId, subscriberId), isNull(consentDisagreements.keptAt)))
    .returning({ id: consentDisagreements.subscriberId })
  if (kept.length === 0) throw notFound()
}

const isLower = inArray(consentEntries.state, ['none', 'pending', 'unsubscribed'])

/** The entry of the ledger that tells where its person stands. */
const isNewest = (shopId: string): SQL =>
  sql`(consent_entries.purpose = 'email_marketing' and consent_entries.seq = (select max(c.seq) from consent_entries c
    where c.shop_id = ${shopId} and c.subscriber_id = consent_entries.subscriber_id and c.purpose = 'email_marketing'))`
