import { sql, type SQL } from 'drizzle-orm'
import type { App } from '../app.ts'
import { standingSql } from '../consent/mailable.ts'
import type { DeliveryReason } from '../deliveries/contract.ts'
import { findSegment, rulesOf } from '../segments/segments.ts'
import { segmentWhere } from '../segments/where.ts'
import { audience } from './contract.ts'

export interface Audience {
  /** Correlated to `subscribers`; null means everybody. */
  where: SQL | null
  /** "Everybody who may be mailed", or the segment's name. */
  name: string
  segment: string | null
}

/** Whom a campaign is for, as it stands now; null when its segment is gone. */
export async function audienceOf(app: Pick<App, 'db' | 'clock'>, shopId: string, chosen: unknown): Promise<Audience | null> {
  const read = audience.safeParse(chosen)
  if (!read.success || read.data.kind === 'everyone') return { where: null, name: 'Everybody who may be mailed', segment: null }
  const segment = await findSegment(app, shopId, read.data.segmentId)
  if (!segment) return null
  return { where: segmentWhere(shopId, rulesOf(segment), app.clock.now()), name: segment.name, segment: segment.name }
}

/** Why a person is out, or null when in: the words of the freeze (deliveries/freeze.ts), asked without writing anything. */
export function reasonSql(shopId: string, where: SQL | null): SQL<DeliveryReason | null> {
  const standing = sql`case when trim(subscribers.email) = '' then 'no_address' else ${standingSql(shopId)} end`
  return where ? sql`case when (${where}) then ${standing} else 'not_in_segment' end` : (standing as SQL<DeliveryReason | null>)
}
