import { and, eq, notInArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { insertAll } from '../db/insert-all.ts'
import { subscribers, subscriberTags } from '../db/schema.ts'
import { invalid, notFound } from '../lib/errors.ts'
import type { PersonChange } from './contract.ts'
import { fieldsOf, readValue, setFieldValues } from './fields.ts'
import { findSubscriber } from './find.ts'

/** Changes what is known about a person. Nothing is written when a value does not fit its field: 422 names each. @throws notFound */
export async function changePerson(app: Pick<App, 'db' | 'clock'>, shopId: string, id: string, change: PersonChange): Promise<void> {
  const known = new Map((await fieldsOf(app, shopId)).map((field) => [field.id, field]))
  const faults: Record<string, string> = {}
  for (const [fieldId, value] of Object.entries(change.fields)) {
    const field = known.get(fieldId)
    if (!field) faults[`fields.${fieldId}`] = 'is not there any more'
    else if (value !== null && value.trim() !== '') {
      const read = readValue(field.kind, value)
      if ('fault' in read) faults[`fields.${fieldId}`] = read.fault
    }
  }
  const [first] = Object.entries(faults)
  if (first) throw invalid(`Please check “${known.get(first[0].slice('fields.'.length))?.name ?? 'a field'}”: it ${first[1].startsWith('is') ? first[1] : `takes ${first[1]}`}.`, faults)
  await app.db.transaction(async () => {
    const person = await findSubscriber(app, shopId, id)
    if (!person) throw notFound()
    await app.db
      .update(subscribers)
      .set({ firstName: change.firstName || null, lastName: change.lastName || null, locale: change.locale || null, country: change.country || null, updatedAt: app.clock.now() })
      .where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, person.id)))
    await setFieldValues(app, shopId, Object.entries(change.fields).map(([fieldId, value]) => ({ subscriberId: person.id, fieldId, value })))
    if (change.tags) await setOwnTags(app, shopId, person.id, [...new Set(change.tags)])
  })
}

async function setOwnTags(app: Pick<App, 'db'>, shopId: string, subscriberId: string, tags: string[]): Promise<void> {
  await app.db
    .delete(subscriberTags)
    .where(and(eq(subscriberTags.shopId, shopId), eq(subscriberTags.subscriberId, subscriberId), eq(subscriberTags.own, true), tags.length > 0 ? notInArray(subscriberTags.tag, tags) : undefined))
  await insertAll(app.db, subscriberTags, tags.map((tag) => ({ shopId, subscriberId, tag, own: true })), { target: ['shopId', 'subscriberId', 'tag'] })
}
