import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { privacyRequests } from '../db/schema.ts'
import { eraseSubscriber } from '../subscribers/erase.ts'

/**
 * Forgets a person, as the store asked on their behalf. Their earlier requests lose everything that tells who they were. What
 * stays is the keyed hash that keeps them from coming back.
 */
export async function redactPerson(app: App, { shopId, subscriberId, requestId }: { shopId: string; subscriberId: string; requestId: string }): Promise<void> {
  await app.db.transaction(async () => {
    const now = app.clock.now()
    await eraseSubscriber(app, shopId, subscriberId)
    await app.db
      .update(privacyRequests)
      .set({ subscriberId: null, emailHint: null, export: null, platformRequestId: null, state: 'done', doneAt: now })
      .where(and(eq(privacyRequests.shopId, shopId), eq(privacyRequests.subscriberId, subscriberId)))
    await app.db
      .update(privacyRequests)
      .set({ state: 'done', doneAt: now })
      .where(and(eq(privacyRequests.shopId, shopId), eq(privacyRequests.id, requestId), eq(privacyRequests.state, 'open')))
  })
}
