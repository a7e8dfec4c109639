import { and, eq, inArray, sql } from 'drizzle-orm'
import type { App } from '../app.ts'
import { rehearsalPeople, rehearsals } from '../db/schema.ts'

/**
 * Takes people who are being forgotten out of every rehearsal of the shop. Of each only a number stays: so many of those who were in it
 * are gone. For whoever deletes people, inside that transaction and after `holdFreezes`, so that none is just being written.
 */
export async function leaveManifests(app: Pick<App, 'db'>, shopId: string, subscriberIds: string[]): Promise<void> {
  const all = app.db.select({ id: rehearsals.id }).from(rehearsals).where(eq(rehearsals.shopId, shopId))
  const gone = await app.db
    .delete(rehearsalPeople)
    .where(and(eq(rehearsalPeople.shopId, shopId), inArray(rehearsalPeople.rehearsalId, all), inArray(rehearsalPeople.subscriberId, subscriberIds)))
    .returning({ rehearsalId: rehearsalPeople.rehearsalId, reason: rehearsalPeople.reason })
  const counts = new Map<string, { all: number; included: number }>()
  for (const { rehearsalId, reason } of gone) {
    if (reason === 'not_there') continue
    const count = counts.get(rehearsalId) ?? { all: 0, included: 0 }
    counts.set(rehearsalId, { all: count.all + 1, included: count.included + (reason === null ? 1 : 0) })
  }
  for (const [id, count] of [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    await app.db
      .update(rehearsals)
      .set({ forgotten: sql`coalesce(${rehearsals.forgotten}, 0) + ${count.all}`, forgottenIncluded: sql`coalesce(${rehearsals.forgottenIncluded}, 0) + ${count.included}` })
      .where(and(eq(rehearsals.shopId, shopId), eq(rehearsals.id, id)))
}
