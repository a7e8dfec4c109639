import { and, eq, getTableColumns, ne } from 'drizzle-orm'
import type { App } from '../app.ts'
import { inbox, shops } from '../db/schema.ts'
import { getShop } from '../shops/shops.ts'
import { tablesWith } from './tables.ts'

/**
 * Forgets a store: every row of every table that carries its id, its deliveries, and in the end the store itself. The list of
 * tables follows from the schema. Running it again ends what a crash left.
 */
export async function redactShop(app: App, { shopId }: { shopId: string }): Promise<void> {
  const shop = await getShop(app, shopId)
  // Closed first, so that nothing is added while we clear. A store that came back in the meantime is left alone.
  const closed = await app.db.update(shops).set({ status: 'uninstalled' }).where(and(eq(shops.id, shopId), ne(shops.status, 'installed'))).returning({ id: shops.id })
  if (!shop || closed.length === 0) return
  // A table a transaction: one for a million rows would hold up every other store.
  for (const table of tablesWith('shopId')) await app.db.delete(table).where(eq(getTableColumns(table).shopId!, shopId))
  await app.db.transaction(async () => {
    await app.db.delete(inbox).where(eq(inbox.shopDomain, shop.domain))
    await app.db.delete(shops).where(eq(shops.id, shopId))
  })
  app.log.info({ shopId }, 'a store was forgotten')
}
