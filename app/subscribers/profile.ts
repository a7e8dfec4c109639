import { and, asc, desc, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import type { ConsentState } from '../consent/contract.ts'
import { standingOf } from '../consent/mailable.ts'
import { newestEntry } from '../consent/record.ts'
import { unsubscribe } from '../consent/unsubscribe.ts'
import { consentEntries, events, fieldValues, subscriberTags } from '../db/schema.ts'
import { notFound } from '../lib/errors.ts'
import type { Shop } from '../shops/shops.ts'
import { personSource, type Mailable, type SubscriberProfile } from './contract.ts'
import { fieldsOf } from './fields.ts'
import { findSubscriber } from './find.ts'
import { statusOf } from './status.ts'
import { timelineOf } from './timeline.ts'
import type { Subscriber } from './upsert.ts'
import { sentenceOf, viewOfEntry } from './words.ts'

/** What the tables of people say about one person, in words; which segments they are in, the room `people` knows. @throws notFound, for another shop's people too. */
export async function profileOf(app: Pick<App, 'db' | 'clock'>, shop: Shop, id: string): Promise<Omit<SubscriberProfile, 'segments'>> {
  const person = await findSubscriber(app, shop.id, id)
  if (!person) throw notFound()
  const entries = await app.db
    .select()
    .from(consentEntries)
    .where(and(eq(consentEntries.shopId, shop.id), eq(consentEntries.subscriberId, person.id)))
    .orderBy(desc(consentEntries.seq))
  const reason = (await standingOf(app, shop.id, [person.id])).get(person.id)
  const status: Mailable = reason === undefined ? 'none' : statusOf(reason)
  const mail = entries.filter((entry) => entry.purpose === 'email_marketing')
  const state = (mail[0]?.state ?? 'none') as ConsentState
  const timeline = await timelineOf(app, shop, person, null)
  return {
    id: person.id, email: person.email, firstName: person.firstName, lastName: person.lastName, locale: person.locale, country: person.country, source: personSource.parse(person.source),
    inStore: person.platformId !== null, tags: await tagsOf(app, person), fields: await valuesOf(app, person), status, statusSentence: sentenceOf(status, mail, shop), consentState: state,
    restricted: await restrictionOf(app, person), ordersCount: person.ordersCount, totalSpent: person.totalSpent, currency: shop.currency, firstOrderAt: person.firstOrderAt?.toISOString() ?? null,
    lastOrderAt: person.lastOrderAt?.toISOString() ?? null, createdAt: person.createdAt.toISOString(), timeline: timeline.items, nextBefore: timeline.nextBefore,
    consent: entries.map(viewOfEntry), canUnsubscribe: state !== 'unsubscribed',
  }
}

/** The merchant takes somebody off the list. There is no verb for the other direction: only the person's own act raises. @throws notFound */
export async function unsubscribeByMerchant(app: Pick<App, 'db' | 'clock' | 'queue'>, shopId: string, id: string, userId: string): Promise<void> {
  const person = await findSubscriber(app, shopId, id)
  if (!person) throw notFound()
  if ((await newestEntry(app, shopId, person.id))?.state !== 'unsubscribed')
    await unsubscribe(app, shopId, person.id, { method: 'merchant', source: 'The shop, in Homing', evidence: { userId } })
}

async function tagsOf(app: Pick<App, 'db'>, { shopId, id }: Subscriber): Promise<SubscriberProfile['tags']> {
  const rows = await app.db.select({ tag: subscriberTags.tag, own: subscriberTags.own }).from(subscriberTags).where(and(eq(subscriberTags.shopId, shopId), eq(subscriberTags.subscriberId, id))).orderBy(asc(subscriberTags.tag))
  return rows.map(({ tag, own }) => ({ tag, own: own === true }))
}

async function valuesOf(app: Pick<App, 'db'>, { shopId, id }: Subscriber): Promise<SubscriberProfile['fields']> {
  const rows = await app.db.select({ fieldId: fieldValues.fieldId, value: fieldValues.value }).from(fieldValues).where(and(eq(fieldValues.shopId, shopId), eq(fieldValues.subscriberId, id))).orderBy(asc(fieldValues.fieldId))
  const values = new Map(rows.map((row) => [row.fieldId, row.value]))
  return (await fieldsOf(app, shopId)).map((field) => ({ ...field, value: values.get(field.id) ?? null }))
}

async function restrictionOf(app: Pick<App, 'db'>, { shopId, id, restrictedAt }: Subscriber): Promise<SubscriberProfile['restricted']> {
  if (!restrictedAt) return null
  const [event] = await app.db
    .select({ detail: events.detail })
    .from(events)
    .where(and(eq(events.shopId, shopId), eq(events.subscriberId, id), eq(events.kind, 'restricted')))
    .orderBy(desc(events.at), desc(events.id))
    .limit(1)
  return { at: restrictedAt.toISOString(), reason: typeof event?.detail?.reason === 'string' ? event.detail.reason : '' }
}
