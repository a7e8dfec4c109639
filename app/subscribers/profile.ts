import { and, asc, desc, eq, inArray, isNotNull } from 'drizzle-orm'
import type { App } from '../app.ts'
import type { ConsentEntryView, ConsentState } from '../consent/contract.ts'
import { standingOf } from '../consent/mailable.ts'
import { newestEntry, type ConsentEntry } from '../consent/record.ts'
import { unsubscribe } from '../consent/unsubscribe.ts'
import { batches, campaigns, consentEntries, deliveries, events, links, messages, orders, subscriberTags } from '../db/schema.ts'
import { acceptedAtOf, itsBatch } from '../deliveries/state.ts'
import { notFound } from '../lib/errors.ts'
import { formatMoney } from '../lib/money.ts'
import type { Shop } from '../shops/shops.ts'
import type { Mailable, SubscriberProfile } from './contract.ts'
import { findSubscriber } from './find.ts'
import { ledgerOf } from './ledger.ts'
import { statusOf } from './list.ts'
import type { Subscriber } from './upsert.ts'
import { sentenceOf, viewOfEntry } from './words.ts'

/** How many of the newest things a profile shows. */
const timelineSize = 200

/** Everything that the shop may know about one person, in words. @throws notFound, for another shop's people too. */
export async function profileOf(app: Pick<App, 'db'>, shop: Shop, id: string): Promise<SubscriberProfile> {
  const person = await findSubscriber(app, shop.id, id)
  if (!person) throw notFound()
  const entries = await app.db
    .select()
    .from(consentEntries)
    .where(and(eq(consentEntries.shopId, shop.id), eq(consentEntries.subscriberId, person.id)))
    .orderBy(desc(consentEntries.seq))
  const tags = await app.db.select({ tag: subscriberTags.tag }).from(subscriberTags).where(and(eq(subscriberTags.shopId, shop.id), eq(subscriberTags.subscriberId, person.id))).orderBy(asc(subscriberTags.tag))
  const reason = (await standingOf(app, shop.id, [person.id])).get(person.id)
  const status: Mailable = reason === undefined ? 'none' : statusOf(reason)
  const mail = entries.filter((entry) => entry.purpose === 'email_marketing')
  const state = (mail[0]?.state ?? 'none') as ConsentState
  return {
    id: person.id, email: person.email, firstName: person.firstName, lastName: person.lastName, locale: person.locale, country: person.country, source: person.source,
    tags: tags.map((row) => row.tag), status, statusSentence: sentenceOf(status, mail, shop), consentState: state, ordersCount: person.ordersCount, totalSpent: person.totalSpent,
    currency: shop.currency, firstOrderAt: person.firstOrderAt?.toISOString() ?? null, lastOrderAt: person.lastOrderAt?.toISOString() ?? null, createdAt: person.createdAt.toISOString(),
    timeline: await timelineOf(app, shop, person, entries), consent: entries.map((entry): ConsentEntryView => viewOfEntry(entry)), canUnsubscribe: state !== 'unsubscribed',
  }
}

/** The merchant takes somebody off the list. There is no verb for the other direction: only the person's own act raises. */
export async function unsubscribeByMerchant(app: Pick<App, 'db' | 'clock' | 'queue'>, shop: Shop, id: string, userId: string): Promise<SubscriberProfile> {
  const person = await findSubscriber(app, shop.id, id)
  if (!person) throw notFound()
  if ((await newestEntry(app, shop.id, person.id))?.state !== 'unsubscribed')
    await unsubscribe(app, shop.id, person.id, { method: 'merchant', source: 'The shop, in Homing', evidence: { userId } })
  return profileOf(app, shop, person.id)
}

type Item = SubscriberProfile['timeline'][number] & { time: number; step: number }

/** What comes after what when two things happened in the same second; the longer a person's way, the further right. */
const steps = ['signed_up', 'consent', 'confirmed', 'sent', 'deferred', 'blocked', 'dropped', 'bounced', 'delivered', 'opened', 'clicked', 'ordered', 'complained', 'unsubscribed']

/** Stores and mail services tell whole seconds, we keep thousandths: within one second the natural order counts, then our own. */
const newestFirst = (a: Item, b: Item): number => Math.floor(b.time / 1000) - Math.floor(a.time / 1000) || b.step - a.step || b.time - a.time

async function timelineOf(app: Pick<App, 'db'>, shop: Shop, person: Subscriber, entries: ConsentEntry[]): Promise<SubscriberProfile['timeline']> {
  const names = new Map<string, string>() // message -> what the merchant calls it
  const bought = await app.db.select().from(orders).where(and(eq(orders.shopId, shop.id), eq(orders.subscriberId, person.id))).orderBy(desc(orders.processedAt)).limit(timelineSize)
  const sent = await app.db
    .select({ messageId: deliveries.messageId, at: acceptedAtOf })
    .from(deliveries)
    .leftJoin(batches, itsBatch)
    .where(and(await ledgerOf(app, shop.id, [person.id]), isNotNull(acceptedAtOf)))
    .orderBy(desc(acceptedAtOf))
    .limit(timelineSize)
  const done = await app.db.select().from(events).where(and(eq(events.shopId, shop.id), eq(events.subscriberId, person.id))).orderBy(desc(events.at), desc(events.id)).limit(timelineSize)
  const messageIds = [...new Set([...sent.map((row) => row.messageId), ...done.flatMap((row) => row.messageId ?? [])])]
  const labels = new Map<string, string>()
  if (messageIds.length > 0) {
    const mails = await app.db
      .select({ id: messages.id, kind: messages.kind, subject: messages.subject, name: campaigns.name })
      .from(messages)
      .leftJoin(campaigns, and(eq(campaigns.shopId, messages.shopId), eq(campaigns.id, messages.id)))
      .where(and(eq(messages.shopId, shop.id), inArray(messages.id, messageIds)))
    for (const mail of mails) names.set(mail.id, mail.kind === 'confirmation' ? 'the mail that asks to confirm' : `“${mail.name ?? mail.subject}”`)
    for (const link of await app.db.select().from(links).where(and(eq(links.shopId, shop.id), inArray(links.messageId, messageIds)))) labels.set(`${link.messageId} ${link.n}`, link.label || link.url)
  }
  const mail = (id: string | null): string => (id && names.get(id)) || 'a mail'
  const items: Item[] = [
    ...bought.map((order): Item => {
      const note = [order.test ? 'A test order' : null, order.cancelledAt ? 'Cancelled' : null].filter(Boolean).join(', ')
      return item('ordered', order.processedAt, `Ordered ${order.name} for ${formatMoney(order.total, order.currency, shop.locale)}`, note || null)
    }),
    ...sent.map((row) => item('sent', row.at!, `Was sent ${mail(row.messageId)}`, null)),
    ...done.flatMap((event): Item[] => {
      const title = eventTitles[event.kind]?.(mail(event.messageId))
      if (!title) return []
      const link = event.kind === 'clicked' && event.linkNo !== null ? labels.get(`${event.messageId} ${event.linkNo}`) : undefined
      const judged = event.verdict === 'machine' ? 'Judged a machine, not counted' : event.verdict === 'unknown' ? 'Machine or human: not known' : null
      return [{ ...item(event.kind, event.at, title, [link, judged].filter(Boolean).join('. ') || null), verdict: event.verdict }]
    }),
    // What the event log tells already is not told twice.
    ...entries.filter((entry) => !toldByEvents(entry)).map((entry) => item('consent', entry.occurredAt, consentTitle(entry), entry.source)),
  ]
  return items
    .toSorted(newestFirst)
    .slice(0, timelineSize)
    .map(({ at, kind, title, detail, verdict }) => ({ at, kind, title, detail, verdict }))
}

const item = (kind: string, at: Date, title: string, detail: string | null): Item => ({ time: at.getTime(), step: steps.indexOf(kind), at: at.toISOString(), kind, title, detail, verdict: null })

const eventTitles: Record<string, (mail: string) => string> = {
  signed_up: () => 'Sent a sign-up form',
  confirmed: () => 'Confirmed the sign-up',
  unsubscribed: (mail) => (mail === 'a mail' ? 'Unsubscribed' : `Unsubscribed from ${mail}`),
  delivered: (mail) => `Received ${mail}`,
  deferred: (mail) => `Delivery of ${mail} was put off by the mail service`,
  bounced: (mail) => `The address did not work for ${mail}`,
  blocked: (mail) => `The mail service turned ${mail} away`,
  dropped: (mail) => `The mail service dropped ${mail}`,
  complained: (mail) => `Marked ${mail} as spam`,
  opened: (mail) => `Opened ${mail}`,
  clicked: (mail) => `Clicked in ${mail}`,
}

const toldByEvents = (entry: ConsentEntry): boolean =>
  entry.purpose === 'email_marketing' && (['form', 'double_opt_in', 'one_click', 'unsubscribe_page', 'complaint', 'merchant'].includes(entry.method) || (entry.method === 'preference_page' && entry.act === 'withdrawn')) && entry.act !== 'granted'

function consentTitle(entry: ConsentEntry): string {
  const what = entry.purpose === 'tracking' ? 'that opens and clicks are seen' : 'to get mail'
  if (entry.state === 'unsubscribed') return entry.purpose === 'tracking' ? 'Said no to having opens and clicks seen' : 'Said no to mail'
  if (entry.state === 'subscribed') return `Agreed ${what}`
  if (entry.state === 'pending') return `Asked ${what}, not confirmed yet`
  if (entry.state === 'unconfirmed_record') return 'The store’s records say: subscribed'
  return entry.purpose === 'tracking' ? 'No word about opens and clicks' : 'The store says: not subscribed'
}

