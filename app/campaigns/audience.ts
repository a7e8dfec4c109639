import { sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { standingSql } from '../consent/mailable.ts'
import type { DeliveryReason } from '../deliveries/contract.ts'
import { AppError } from '../lib/errors.ts'
import { findSegment, rulesOf, segmentSql } from '../segments/segments.ts'
import type { SegmentRules } from '../segments/contract.ts'
import { freshenSegments } from '../segments/store-segments.ts'
import { getShop, type Shop } from '../shops/shops.ts'
import { audience } from './contract.ts'

export interface Audience {
  /** Correlated to `subscribers`; null means everybody. */
  where: SQL | null
  /** "Everybody who may be mailed", or the segment's name. */
  name: string
  segment: string | null
  /** What the segment asks; null for everybody and for a segment of the store's own. */
  rules: SegmentRules | null
  /** When somebody last changed the segment, or its people were last read; null for everybody. */
  changedAt: Date | null
  /** Why the segment cannot be asked, in words; nobody is in it then. */
  fault: string | null
}

/** Whom a campaign is for, as it stands at `now`; null when its segment is gone. */
export async function audienceOf(app: Pick<App, 'db' | 'clock'>, shop: Pick<Shop, 'id' | 'timezone'>, chosen: unknown, now = app.clock.now()): Promise<Audience | null> {
  const read = audience.safeParse(chosen)
  if (!read.success || read.data.kind === 'everyone') return { where: null, name: 'Everybody who may be mailed', segment: null, rules: null, changedAt: null, fault: null }
  const segment = await findSegment(app, shop.id, read.data.segmentId)
  if (!segment) return null
  const { name, updatedAt, membersReadAt } = segment
  const same = { name, segment: name, changedAt: membersReadAt && membersReadAt > updatedAt ? membersReadAt : updatedAt }
  try {
    return { ...same, where: await segmentSql(app, shop, segment, now), rules: rulesOf(segment), fault: null }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { ...same, where: nobody, rules: null, fault: error.message }
  }
}

/**
 * Sees to it that a segment of the store's own is read before somebody relies on it; never inside a transaction. @returns why it could
 * not be, in words, or null.
 */
export async function freshenAudience(app: App, shopId: string, chosen: unknown): Promise<string | null> {
  const read = audience.safeParse(chosen)
  const shop = read.success && read.data.kind === 'segment' ? await getShop(app, shopId) : null
  if (!shop || !read.success || read.data.kind !== 'segment') return null
  try {
    await freshenSegments(app, shop, [read.data.segmentId])
    return null
  } catch (error) {
    if (error instanceof AppError) return error.message
    throw error
  }
}

/** Nobody: what stands for the people of a segment that is gone or cannot be asked. */
export const nobody = sql`1 = 0`

/** Why a person is out, or null when in: the words of the freeze (deliveries/freeze.ts), asked without writing anything. */
export function reasonSql(shopId: string, where: SQL | null, now: Date): SQL<DeliveryReason | null> {
  const standing = sql`case when trim(subscribers.email) = '' then 'no_address' else ${standingSql(shopId, now)} end`
  return where ? sql`case when (${where}) then ${standing} else 'not_in_segment' end` : (standing as SQL<DeliveryReason | null>)
}
