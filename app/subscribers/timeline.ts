import { and, desc, eq, inArray, isNotNull, lt, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import type { ConsentEntry } from '../consent/record.ts'
import { batches, campaigns, consentEntries, deliveries, events, links, messages, orders } from '../db/schema.ts'
import { acceptedAtOf, itsBatch } from '../deliveries/state.ts'
import { invalid, notFound } from '../lib/errors.ts'
import { formatMoney } from '../lib/money.ts'
import type { Shop } from '../shops/shops.ts'
import type { Timeline } from './contract.ts'
import { findSubscriber } from './find.ts'
import { ledgerOf } from './ledger.ts'
import type { Subscriber } from './upsert.ts'

/** How many things a page of a timeline shows, a whole second more or less. */
const timelineSize = 100

/** The older part of a person's timeline, from `before` on, which the part before it named. @throws notFound; 422 when `before` is none of ours. */
export async function olderTimeline(app: Pick<App, 'db'>, shop: Shop, id: string, before: string | undefined): Promise<Timeline> {
  const person = await findSubscriber(app, shop.id, id)
  if (!person) throw notFound()
  const at = before === undefined ? null : new Date(before)
  if (at && Number.isNaN(at.getTime())) throw invalid('This part of the timeline does not exist.', { before: 'is not one of ours' })
  return timelineOf(app, shop, person, at)
}

type Item = Timeline['items'][number] & { time: number; step: number }

/** What comes after what when two things happened in the same second; the longer a person's way, the further right. */
const steps = ['signed_up', 'consent', 'confirmed', 'sent', 'deferred', 'blocked', 'dropped', 'bounced', 'delivered', 'opened', 'clicked', 'ordered', 'complained', 'unsubscribed', 'restricted', 'restriction_lifted']

/** Stores and mail services tell whole seconds, we keep thousandths: within one second the natural order counts, then our own. */
const newestFirst = (a: Item, b: Item): number => secondOf(b.time) - secondOf(a.time) || b.step - a.step || b.time - a.time

/** What happened to a person before a moment, newest first: orders, mails, opens, clicks, consent, and what was decided about their data. */
export async function timelineOf(app: Pick<App, 'db'>, shop: Shop, person: Subscriber, before: Date | null): Promise<Timeline> {
  const names = new Map<string, string>() // message -> what the merchant calls it
  const bought = await app.db
    .select()
    .from(orders)
    .where(and(eq(orders.shopId, shop.id), eq(orders.subscriberId, person.id), before ? lt(orders.processedAt, before) : undefined))
    .orderBy(desc(orders.processedAt))
    .limit(timelineSize)
  const sent = await app.db
    .select({ messageId: deliveries.messageId, at: acceptedAtOf })
    .from(deliveries)
    .leftJoin(batches, itsBatch)
    .where(and(await ledgerOf(app, shop.id, [person.id]), isNotNull(acceptedAtOf), before ? sql`${acceptedAtOf} < ${sql.param(before, deliveries.acceptedAt)}` : undefined))
    .orderBy(desc(acceptedAtOf))
    .limit(timelineSize)
  const done = await app.db
    .select()
    .from(events)
    .where(and(eq(events.shopId, shop.id), eq(events.subscriberId, person.id), before ? lt(events.at, before) : undefined))
    .orderBy(desc(events.at), desc(events.id))
    .limit(timelineSize)
  const entries = await app.db
    .select()
    .from(consentEntries)
    .where(and(eq(consentEntries.shopId, shop.id), eq(consentEntries.subscriberId, person.id), before ? lt(consentEntries.occurredAt, before) : undefined))
    .orderBy(desc(consentEntries.occurredAt), desc(consentEntries.seq))
    .limit(timelineSize)
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
      const said = typeof event.detail?.reason === 'string' && event.kind.startsWith('restrict') ? event.detail.reason : null
      const judged = event.verdict === 'machine' ? 'Judged a machine, not counted' : event.verdict === 'unknown' ? 'Machine or human: not known' : null
      return [{ ...item(event.kind, event.at, title, [link, judged, said].filter(Boolean).join('. ') || null), verdict: event.verdict }]
    }),
    // What the event log tells already is not told twice.
    ...entries.filter((entry) => !toldByEvents(entry)).map((entry) => item('consent', entry.occurredAt, consentTitle(entry), entry.source)),
  ]
  // Below the oldest row of a list that was cut there may be more of it: what lies there is for the next page. Pages are cut between seconds.
  const cuts = [bought.map((row) => row.processedAt), sent.map((row) => row.at!), done.map((row) => row.at), entries.map((row) => row.occurredAt)].flatMap((times) => (times.length === timelineSize ? [secondOf(times.at(-1)!.getTime())] : []))
  const floor = Math.max(...cuts, -Infinity)
  const sorted = items.toSorted(newestFirst)
  const whole = sorted.filter((one) => secondOf(one.time) > floor)
  const sure = whole.length > 0 ? whole : sorted.filter((one) => secondOf(one.time) >= floor) // a hundred things in one second
  const edge = sure[timelineSize - 1]
  const page = edge ? sure.filter((one) => secondOf(one.time) >= secondOf(edge.time)) : sure
  const last = page.at(-1)
  return {
    items: page.map(({ at, kind, title, detail, verdict }) => ({ at, kind, title, detail, verdict })),
    nextBefore: last && (page.length < sure.length || cuts.length > 0) ? new Date(secondOf(last.time) * 1000).toISOString() : null,
  }
}

const secondOf = (time: number): number => Math.floor(time / 1000)

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
  restricted: () => 'You restricted the use of their data',
  restriction_lifted: () => 'You lifted the restriction',
}

const toldByEvents = (entry: ConsentEntry): boolean =>
  entry.purpose === 'email_marketing' && (['form', 'double_opt_in', 'one_click', 'unsubscribe_page', 'complaint', 'merchant'].includes(entry.method) || (entry.method === 'preference_page' && entry.act === 'withdrawn')) && entry.act !== 'granted' && entry.act !== 'imported'

function consentTitle(entry: ConsentEntry): string {
  const what = entry.purpose === 'tracking' ? 'that opens and clicks are seen' : 'to get mail'
  if (entry.state === 'unsubscribed') return entry.purpose === 'tracking' ? 'Said no to having opens and clicks seen' : 'Said no to mail'
  if (entry.basis === 'soft_opt_in') return 'Ordered and did not refuse mail about similar products'
  if (entry.state === 'subscribed') return `Agreed ${what}`
  if (entry.state === 'pending') return `Asked ${what}, not confirmed yet`
  if (entry.state === 'unconfirmed_record') return entry.method.startsWith('store') ? 'The store’s records say: subscribed' : 'A record says: subscribed'
  return entry.purpose === 'tracking' ? 'No word about opens and clicks' : 'The store says: not subscribed'
}

