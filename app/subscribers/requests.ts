import type { App } from '../app.ts'
import { privacyRequests } from '../db/schema.ts'
import { after, DAY } from '../lib/clock.ts'
import { newId } from '../lib/ids.ts'
import { notFound } from '../lib/errors.ts'
import { buryAddresses } from './erase.ts'
import { findSubscriber } from './find.ts'

/** Writes down what a person asked for under privacy law; it is due in 30 days. @returns its id. */
export async function addRequest(app: Pick<App, 'db' | 'clock'>, shopId: string, kind: 'data_request' | 'redact', subscriberId: string | null, email: string | null, platformRequestId: string | null): Promise<{ id: string; dueAt: Date }> {
  const now = app.clock.now()
  const [id, dueAt] = [newId(now), after(now, 30 * DAY)]
  await app.db.insert(privacyRequests).values({ shopId, id, kind, platformRequestId, subscriberId, emailHint: email ? hint(email) : null, state: 'open', export: null, receivedAt: now, dueAt, doneAt: null })
  return { id, dueAt }
}

/**
 * A person asked the merchant to be forgotten. The address gets nothing from this moment on and does not come back; that they asked is
 * written down, and a job forgets them everywhere. @throws notFound
 */
export async function askToForget(app: Pick<App, 'db' | 'clock' | 'queue'>, shopId: string, id: string): Promise<{ dueAt: string }> {
  return app.db.transaction(async () => {
    const person = await findSubscriber(app, shopId, id)
    if (!person) throw notFound()
    await buryAddresses(app, shopId, [person.addressHash])
    const request = await addRequest(app, shopId, 'redact', person.id, person.email, null)
    await app.queue.add('privacy.redact', { shopId, subscriberId: person.id, requestId: request.id })
    return { dueAt: request.dueAt.toISOString() }
  })
}

/** 'a***@example.com' */
const hint = (email: string): string => email.trim().replace(/^(.).*(@.*)$/, '$1***$2')
