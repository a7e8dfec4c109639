import { and, eq, inArray } from 'drizzle-orm'
import type { App } from '../app.ts'
import { campaigns, fields, forms, products, segments } from '../db/schema.ts'
import type { Shop } from '../shops/shops.ts'
import { asked } from './resolve.ts'
import type { SegmentRules } from './rules.ts'
import type { Names } from './sentence.ts'

/** What the ids in these rules are called in this shop: five questions at most, however many rules. */
export async function namesFor(app: Pick<App, 'db'>, shop: Pick<Shop, 'id' | 'currency'>, all: SegmentRules[]): Promise<Names> {
  const productIds = [...new Set(asked(all, 'bought', (c) => (c.what.kind === 'products' ? c.what.productIds.join('\n') : null)).flatMap((ids) => ids.split('\n')))]
  const campaignIds = [...new Set([...asked(all, 'opened', (c) => c.campaignId), ...asked(all, 'clicked', (c) => c.campaignId), ...asked(all, 'got', (c) => c.campaignId)])]
  const fieldIds = asked(all, 'field', (c) => c.fieldId)
  const known = fieldIds.length === 0 ? [] : await app.db.select({ id: fields.id, name: fields.name, kind: fields.kind }).from(fields).where(and(eq(fields.shopId, shop.id), inArray(fields.id, fieldIds)))
  const byId = (rows: { id: string; name: string }[]): Map<string, string> => new Map(rows.map((row) => [row.id, row.name]))
  return {
    currency: shop.currency,
    products: productIds.length === 0 ? new Map() : byId(await app.db.select({ id: products.id, name: products.title }).from(products).where(and(eq(products.shopId, shop.id), inArray(products.id, productIds)))),
    fields: new Map(known.map((field) => [field.id, field])),
    forms: await namesOf(forms, asked(all, 'signed_up', (c) => c.formId)),
    campaigns: await namesOf(campaigns, campaignIds),
    segments: await namesOf(segments, asked(all, 'segment', (c) => c.segmentId)),
  }

  async function namesOf(table: typeof forms | typeof campaigns | typeof segments, ids: string[]): Promise<Map<string, string>> {
    return ids.length === 0 ? new Map() : byId(await app.db.select({ id: table.id, name: table.name }).from(table).where(and(eq(table.shopId, shop.id), inArray(table.id, ids))))
  }
}
