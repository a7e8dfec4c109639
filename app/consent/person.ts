import { and, eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { shopSettings, subscriberAliases, subscribers } from '../db/schema.ts'
import type { LinkSubject } from '../lib/tokens.ts'
import { getShop, type Shop, type ShopSettings } from '../shops/shops.ts'

export type Person = typeof subscribers.$inferSelect

/** The person with this id, or the one into whom that person was merged: old links must lead to somebody. */
export async function personById(app: Pick<App, 'db'>, shopId: string, id: string): Promise<Person | null> {
  const byId = async (one: string): Promise<Person | null> => {
    const [row] = await app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shopId), eq(subscribers.id, one)))
    return row ?? null
  }
  const person = await byId(id)
  if (person) return person
  const [alias] = await app.db.select().from(subscriberAliases).where(and(eq(subscriberAliases.shopId, shopId), eq(subscriberAliases.id, id)))
  return alias ? byId(alias.keptId) : null
}

/** Everything that a public page needs to know about a link's subject. Each part may be gone: shop forgotten, person erased. */
export interface Visitor {
  shop: Shop | null
  settings: ShopSettings | null
  person: Person | null
}

export async function visitorOf(app: Pick<App, 'db'>, subject: LinkSubject): Promise<Visitor> {
  const shop = await getShop(app, subject.shopId)
  if (!shop) return { shop: null, settings: null, person: null }
  const [settings] = await app.db.select().from(shopSettings).where(eq(shopSettings.shopId, shop.id))
  return { shop, settings: settings ?? null, person: await personById(app, shop.id, subject.subscriberId) }
}
