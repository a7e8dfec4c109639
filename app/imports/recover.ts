import { and, eq, inArray, lte } from 'drizzle-orm'
import type { App } from '../app.ts'
import { imports, shops } from '../db/schema.ts'
import { DAY, HOUR, MINUTE, after } from '../lib/clock.ts'
import { fail } from './state.ts'

/** An import that nobody has moved for this long has lost its job, or waits for its next attempt, which then comes forward. */
const still = 15 * MINUTE
/** One that could not go on for this long is given up; what it brought in can be undone. */
const hopeless = 12 * HOUR
/** Files that were never brought in are full of people's data: they do not wait for ever. */
const forgotten = 30 * DAY

/** Lets imports go on whose job was lost, gives up those that cannot, and drops files that nobody came back to. Each minute. */
export async function recoverImports(app: Pick<App, 'db' | 'clock' | 'queue'>): Promise<void> {
  const now = app.clock.now()
  await app.db.delete(imports).where(and(eq(imports.state, 'uploading'), lte(imports.updatedAt, after(now, -HOUR))))
  await app.db.delete(imports).where(and(inArray(imports.state, ['read', 'compared']), lte(imports.updatedAt, after(now, -forgotten))))
  const open = app.db.select({ id: shops.id }).from(shops).where(eq(shops.status, 'installed'))
  const hanging = await app.db
    .select({ shopId: imports.shopId, id: imports.id, state: imports.state, updatedAt: imports.updatedAt })
    .from(imports)
    .where(and(inArray(imports.state, ['comparing', 'running', 'stopping', 'undoing']), lte(imports.updatedAt, after(now, -still)), inArray(imports.shopId, open)))
    .orderBy(imports.updatedAt, imports.id)
  for (const { shopId, id, state, updatedAt } of hanging) {
    if (updatedAt <= after(now, -hopeless) && state !== 'undoing' && state !== 'stopping')
      await fail(app, shopId, id, state as 'running', 'It could not go on for twelve hours. What was brought in so far can be undone; then try again.')
    else await app.queue.add(state === 'comparing' ? 'imports.compare' : state === 'undoing' ? 'imports.undo' : 'imports.run', { shopId, importId: id }, { key: id })
  }
}
