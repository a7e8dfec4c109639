import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { subscribers } from '../db/schema.ts'
import { normaliseEmail } from '../lib/crypto.ts'
import type { Subscriber } from './upsert.ts'

/** The person with this address, however it is written. */
export async function findByEmail(app: Pick<App, 'db'>, shopId: string, email: string): Promise<Subscriber | null> {
  const [row] = await app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shopId), eq(subscribers.emailKey, normaliseEmail(email))))
  return row ?? null
}

/** The person with this customer number of the store. */
export async function findByPlatformId(app: Pick<App, 'db'>, shopId: string, platformId: string): Promise<Subscriber | null> {
  const [row] = await app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shopId), eq(subscribers.platformId, platformId))).orderBy(subscribers.id).limit(1)
  return row ?? null
}

export { personById as findSubscriber } from '../consent/person.ts'
