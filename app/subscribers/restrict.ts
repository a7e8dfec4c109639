import { and, eq, isNotNull, isNull } from 'drizzle-orm'
import type { App } from '../app.ts'
import { subscribers } from '../db/schema.ts'
import { appendEvents } from '../events/append.ts'
import { conflict, notFound } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import { findSubscriber } from './find.ts'

interface Said {
  reason: string
  userId: string
}

/**
 * From now on this person's data is kept and not used (GDPR, article 18): no mail, no export of the list. Who set it and why is written into the event log.
 * @throws notFound; 409 when it is so already.
 */
export const restrict = (app: Pick<App, 'db' | 'clock'>, shopId: string, id: string, said: Said): Promise<void> => turn(app, shopId, id, said, true)

/** The opposite. Whether they get mail then is what their consent says. */
export const lift = (app: Pick<App, 'db' | 'clock'>, shopId: string, id: string, said: Said): Promise<void> => turn(app, shopId, id, said, false)

async function turn(app: Pick<App, 'db' | 'clock'>, shopId: string, id: string, { reason, userId }: Said, on: boolean): Promise<void> {
  await app.db.transaction(async () => {
    const person = await findSubscriber(app, shopId, id)
    if (!person) throw notFound()
    const now = app.clock.now()
    const changed = await app.db
      .update(subscribers)
      .set({ restrictedAt: on ? now : null, updatedAt: now })
      .where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, person.id), on ? isNull(subscribers.restrictedAt) : isNotNull(subscribers.restrictedAt)))
      .returning({ id: subscribers.id })
    if (changed.length === 0) throw conflict(on ? 'This person’s data is restricted already.' : 'This person’s data is not restricted.')
    const kind = on ? 'restricted' : 'restriction_lifted'
    await appendEvents(app, shopId, [{ kind, subscriberId: person.id, detail: { reason, userId }, at: now, dedupeKey: `${kind}:${newId(now)}` }])
  })
}
