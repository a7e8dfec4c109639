import { and, eq, sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { jsonRows, type JsonCell } from '../db/json-rows.ts'
import { campaigns, deliveries, links, messages, shops, shopSettings } from '../db/schema.ts'

/** Everything about a message that all its recipients share, read once for a slice of sending. */
export interface Run {
  shopId: string
  messageId: string
  message: typeof messages.$inferSelect
  shop: { name: string; url: string | null; domain: string; status: string; currency: string }
  settings: { tracking: 'off' | 'consented' | 'by_law'; postalAddress: string }
  /** Null for what is not a campaign. */
  campaign: { name: string; status: string } | null
  links: Map<number, string>
}

export async function loadRun(app: Pick<App, 'db'>, shopId: string, messageId: string): Promise<Run | null> {
  const [row] = await app.db
    .select({
      message: messages,
      shop: { name: shops.name, url: shops.url, domain: shops.domain, status: shops.status, currency: shops.currency },
      settings: { tracking: shopSettings.tracking, postalAddress: shopSettings.postalAddress },
      campaignName: campaigns.name,
      campaignStatus: campaigns.status,
    })
    .from(messages)
    .innerJoin(shops, eq(shops.id, messages.shopId))
    .innerJoin(shopSettings, eq(shopSettings.shopId, messages.shopId))
    .leftJoin(campaigns, and(eq(campaigns.shopId, messages.shopId), eq(campaigns.id, messages.id)))
    .where(and(eq(messages.shopId, shopId), eq(messages.id, messageId)))
  if (!row) return null
  const targets = await app.db.select({ n: links.n, url: links.url }).from(links).where(and(eq(links.shopId, shopId), eq(links.messageId, messageId)))
  const campaign = row.campaignName !== null && row.campaignStatus !== null ? { name: row.campaignName, status: row.campaignStatus } : null
  return { shopId, messageId, message: row.message, shop: row.shop, settings: row.settings, campaign, links: new Map(targets.map((link) => [link.n, link.url])) }
}

export interface RowKey {
  shopId: string
  messageId: string
  subscriberId: string
}
export type GivenRows = ReturnType<typeof jsonRows>

/** Rows of the ledger with something for each, to be joined by an update; the cells begin at 3. */
export const givenRows = (rows: { key: RowKey; cells: JsonCell[] }[]): GivenRows =>
  jsonRows(rows.map(({ key, cells }) => [key.shopId, key.messageId, key.subscriberId, ...cells]))

/**
 * The whole key comes from the given rows, shop and message too: so SQLite has to begin with these and finds each row by its
 * primary key. With shop and message as constants it begins with all rows of the message, which is a hundred times slower.
 */
export const sameRow = (given: GivenRows): SQL | undefined =>
  and(sql`${deliveries.shopId} = ${given.text(0)}`, sql`${deliveries.messageId} = ${given.text(1)}`, sql`${deliveries.subscriberId} = ${given.text(2)}`)
