import { and, eq, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import type { ConsentState } from '../consent/contract.ts'
import { height } from '../consent/fold.ts'
import { standingOf } from '../consent/mailable.ts'
import { newestEntry, type ConsentEntry } from '../consent/record.ts'
import { reasonOfEntry } from '../consent/standing.ts'
import { orders, suppressions } from '../db/schema.ts'
import type { DeliveryReason } from '../deliveries/contract.ts'
import { invalid, notFound } from '../lib/errors.ts'
import { getSettings, type Shop } from '../shops/shops.ts'
import type { Mailable, MergePreview } from './contract.ts'
import { findSubscriber } from './find.ts'
import { statusOf } from './status.ts'
import type { Subscriber } from './upsert.ts'

/** What is left of two records when they become one (merge.ts), before anything is changed. @throws notFound; 422 for one person twice. */
export async function previewMerge(app: Pick<App, 'db' | 'clock'>, shop: Shop, keptId: string, removedId: string): Promise<MergePreview> {
  const [kept, removed] = [await findSubscriber(app, shop.id, keptId), await findSubscriber(app, shop.id, removedId)]
  if (!kept || !removed) throw notFound()
  if (kept.id === removed.id) throw invalid('This is one record already.', { removedId: 'is the same person' })
  const now = await standingOf(app, shop.id, [kept.id, removed.id])
  const view = (person: Subscriber) => ({ id: person.id, email: person.email, name: [person.firstName, person.lastName].filter(Boolean).join(' '), status: statusOf(now.get(person.id) ?? null) })
  const [one, other] = [view(kept), view(removed)]
  const status = statusOf(await afterwards(app, shop, kept, removed))
  return { kept: one, removed: other, status, sentence: sentence(one, other, status), orders: await ordersOf(app, shop.id, [kept.id, removed.id]) }
}

/** Where the one record stands: what merge.ts and `recordLower` will do to it. */
async function afterwards(app: Pick<App, 'db' | 'clock'>, shop: Shop, kept: Subscriber, removed: Subscriber): Promise<DeliveryReason | null> {
  const rows = await app.db.select({ reason: suppressions.reason }).from(suppressions).where(and(eq(suppressions.shopId, shop.id), eq(suppressions.addressHash, kept.addressHash)))
  const blocks = rows.map((row) => row.reason)
  for (const [block, reason] of [['erased', 'erased'], ['manual', 'suppressed'], ['bounced', 'bounced'], ['complained', 'complained']] as const) if (blocks.includes(block)) return reason
  if (kept.restrictedAt || removed.restrictedAt) return 'restricted'
  const [mine, theirs] = [await newestEntry(app, shop.id, kept.id), await newestEntry(app, shop.id, removed.id)]
  const settings = await getSettings(app, shop.id)
  const newest = theirs ? lower(mine, theirs, app.clock.now()) : mine
  return reasonOfEntry(newest, { now: app.clock.now(), country: kept.country ?? removed.country, shopCountry: shop.country, recordsAttestedAt: settings.recordsAttestedAt, softOptInSince: settings.softOptInSince })
}

function lower(mine: ConsentEntry | null, theirs: ConsentEntry, now: Date): Pick<ConsentEntry, 'state' | 'basis' | 'occurredAt' | 'recordedAt'> {
  const low = mine && height[mine.state as ConsentState] <= height[theirs.state as ConsentState] ? mine : theirs
  const nothing = !mine && theirs.state !== 'unsubscribed' // who agreed under another address has not agreed for this one
  const occurredAt = mine && mine.occurredAt > low.occurredAt ? mine.occurredAt : low.occurredAt
  return { state: nothing ? 'none' : low.state, basis: nothing ? 'none' : low.basis, occurredAt, recordedAt: now }
}

type Side = MergePreview['kept']

function sentence(kept: Side, removed: Side, status: Mailable): string {
  if (status === 'subscribed') return `${kept.email} goes on getting mail. Nothing is sent to ${removed.email} any more.`
  const nothing = `${kept.email} gets no mail afterwards`
  if (status === 'bounced' || status === 'complained' || status === 'blocked') return `${nothing}: the address is blocked.`
  if (kept.status === status) return `${nothing}, as it gets none now.`
  if (removed.status === status) return `${nothing}, because of ${removed.email}: ${because[status]}.`
  return `${nothing}: whoever agreed with another address has not agreed for this one.`
}

const because: Record<Mailable, string> = {
  subscribed: 'they agreed', pending: 'they never confirmed', unconfirmed_record: 'nobody vouched for that record yet', expired: 'the time in which you might write is over', unsubscribed: 'they said no',
  none: 'they never agreed', bounced: 'it does not work', complained: 'they marked a mail as spam', blocked: 'you blocked it', restricted: 'their data may not be used',
}

async function ordersOf(app: Pick<App, 'db'>, shopId: string, ids: string[]): Promise<number> {
  let n = 0
  for (const id of ids) n += await app.db.$count(orders, and(eq(orders.shopId, shopId), eq(orders.subscriberId, id), sql`${orders.test} is not true and ${orders.cancelledAt} is null`))
  return n
}
