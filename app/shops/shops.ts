import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { shops, shopSettings } from '../db/schema.ts'

export type Shop = typeof shops.$inferSelect
export type ShopSettings = typeof shopSettings.$inferSelect

/** The shop with this platform domain, installed or not. */
export async function findShop(app: Pick<App, 'db'>, domain: string, platform = 'shopify'): Promise<Shop | null> {
  const [shop] = await app.db.select().from(shops).where(and(eq(shops.platform, platform), eq(shops.domain, domain)))
  return shop ?? null
}

export async function getShop(app: Pick<App, 'db'>, shopId: string): Promise<Shop | null> {
  const [shop] = await app.db.select().from(shops).where(eq(shops.id, shopId))
  return shop ?? null
}

export async function getSettings(app: Pick<App, 'db'>, shopId: string): Promise<ShopSettings> {
  const [settings] = await app.db.select().from(shopSettings).where(eq(shopSettings.shopId, shopId))
  if (!settings) throw new Error('a shop without settings')
  return settings
}
