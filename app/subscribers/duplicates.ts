import { and, desc, eq, inArray, ne, or, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { standingOf } from '../consent/mailable.ts'
import { subscribers } from '../db/schema.ts'
import { wordStarts } from '../db/word-start.ts'
import { notFound } from '../lib/errors.ts'
import type { Duplicates } from './contract.ts'
import { findSubscriber } from './find.ts'
import { statusOf } from './status.ts'
import type { Subscriber } from './upsert.ts'

const mostRead = 2_000
const mostShown = 20

/**
 * Who may be the same person as this one: the same mailbox written with a plus or dots, or the same name at the same domain. Found by the beginnings of addresses and names,
 * so it costs the same in a large shop. @throws notFound
 */
export async function duplicatesOf(app: Pick<App, 'db' | 'clock'>, shopId: string, id: string): Promise<Duplicates> {
  const person = await findSubscriber(app, shopId, id)
  if (!person) throw notFound()
  const box = mailbox(person.emailKey)
  const sameBox = (await near(app, shopId, person.id, or(...beginnings(box).map((one) => wordStarts('address', one))))).filter((other) => mailbox(other.emailKey) === box)
  const name = nameOf(person)
  const sameName = name ? (await near(app, shopId, person.id, inDomain(person, name))).filter((other) => nameOf(other) === name && domainOf(other) === domainOf(person)) : []
  const boxes = new Set(sameBox.map((other) => other.id))
  const found = [
    ...sameBox.map((other) => ({ other, why: 'The same mailbox, written with a plus or dots' })),
    ...sameName.filter((other) => !boxes.has(other.id)).map((other) => ({ other, why: 'The same name at the same domain' })),
  ].slice(0, mostShown)
  const reasons = await standingOf(app, shopId, found.map(({ other }) => other.id))
  return {
    people: found.map(({ other, why }) => ({
      id: other.id, email: other.email, name: [other.firstName, other.lastName].filter(Boolean).join(' '), status: statusOf(reasons.get(other.id) ?? null),
      ordersCount: other.ordersCount, createdAt: other.createdAt.toISOString(), why,
    })),
  }
}

async function near(app: Pick<App, 'db'>, shopId: string, id: string, where: SQL | undefined): Promise<Subscriber[]> {
  const some = app.db.select({ id: subscribers.id }).from(subscribers).where(and(eq(subscribers.shopId, shopId), where)).limit(mostRead)
  return app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shopId), ne(subscribers.id, id), inArray(subscribers.id, some))).orderBy(desc(subscribers.id))
}

/** People with the rarer of the two names, at the domain. */
function inDomain(person: Subscriber, name: string): SQL {
  const rare = person.lastName ? wordStarts('lastName', person.lastName.trim().toLowerCase()) : wordStarts('firstName', name)
  return sql`${rare} and ${subscribers.emailKey} like ${`%@${domainOf(person).replace(/[\\%_]/g, (letter) => `\\${letter}`)}`} escape '\\'`
}

const domainOf = ({ emailKey }: Pick<Subscriber, 'emailKey'>): string => emailKey.slice(emailKey.lastIndexOf('@') + 1)
const nameOf = ({ firstName, lastName }: Subscriber): string => [firstName, lastName].map((one) => one?.trim().toLowerCase()).filter(Boolean).join(' ')

/** 'ada.lovelace+shop@example.com' and 'adalovelace@example.com' are one mailbox with most who carry mail. */
function mailbox(emailKey: string): string {
  const at = emailKey.lastIndexOf('@')
  return `${emailKey.slice(0, at).split('+')[0]!.replaceAll('.', '')}@${emailKey.slice(at + 1)}`
}

/** How an address of this mailbox may begin: its first letters, with and without dots between them. */
function beginnings(box: string): string[] {
  const letters = Array.from(box.slice(0, Math.min(5, box.lastIndexOf('@'))))
  let all = ['']
  for (const [i, letter] of letters.entries()) all = all.flatMap((start) => (i === 0 ? [letter] : [start + letter, `${start}.${letter}`]))
  return all
}
