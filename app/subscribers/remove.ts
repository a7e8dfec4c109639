import { and, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { forgetEntries } from '../consent/forget.ts'
import { subscribers } from '../db/schema.ts'
import { leaveManifests } from './manifests.ts'

/**
 * Removes people of whom nothing happened but that they were brought: no order, no mail, no event, no act of theirs. They leave no tombstone, for they
 * did not ask to be forgotten, and may come again. Whoever calls has made sure of that, and holds `holdFreezes`, in the same transaction.
 */
export async function removePeople(app: Pick<App, 'db' | 'clock'>, shopId: string, ids: string[]): Promise<void> {
  if (ids.length === 0) return
  await leaveManifests(app, shopId, ids)
  await forgetEntries(app, shopId, ids)
  await app.db.delete(subscribers).where(and(eq(subscribers.shopId, shopId), inArray(subscribers.id, ids))) // tags, fields and the rest go with it
}
