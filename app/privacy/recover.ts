import { and, eq, isNotNull, isNull, lte, ne, or } from 'drizzle-orm'
import type { App } from '../app.ts'
import { privacyRequests, shops } from '../db/schema.ts'
import { givenUpAfter } from '../jobs/retry.ts'
import { after } from '../lib/clock.ts'

/**
 * Asks again for what people and platforms asked for under privacy law and was not done: exports without a file, people and
 * stores that are still here. The law gives 30 days; each night.
 */
export async function recoverPrivacy(app: Pick<App, 'db' | 'clock' | 'queue'>): Promise<void> {
  const long = after(app.clock.now(), -givenUpAfter)
  const open = await app.db
    .select({ shopId: privacyRequests.shopId, id: privacyRequests.id, kind: privacyRequests.kind, subscriberId: privacyRequests.subscriberId })
    .from(privacyRequests)
    .where(and(eq(privacyRequests.state, 'open'), lte(privacyRequests.receivedAt, long), or(eq(privacyRequests.kind, 'redact'), isNull(privacyRequests.export))))
    .orderBy(privacyRequests.receivedAt, privacyRequests.id)
  for (const { shopId, id, kind, subscriberId } of open)
    if (kind === 'data_request') await app.queue.add('privacy.export', { shopId, requestId: id }, { key: id })
    else if (subscriberId) await app.queue.add('privacy.redact', { shopId, subscriberId, requestId: id }, { key: id })
  const leaving = await app.db
    .select({ id: shops.id })
    .from(shops)
    .where(and(isNotNull(shops.forgetAskedAt), lte(shops.forgetAskedAt, long), ne(shops.status, 'installed')))
    .orderBy(shops.id)
  for (const { id } of leaving) await app.queue.add('privacy.redact-shop', { shopId: id }, { key: id })
}
