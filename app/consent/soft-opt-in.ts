import type { App } from '../app.ts'
import { getSettings } from '../shops/shops.ts'
import { recordConsent } from './record.ts'

/** An order that counts: no test, not cancelled. */
export interface Bought {
  subscriberId: string
  orderId: string
  name: string
  processedAt: Date
}

/**
 * Writes down for people who ordered that they may get mail about similar products (soft opt-in: ePrivacy art. 13(2), PECR 22), if the
 * shop says that its orders offer to refuse it, and the order was made since it says so. Fills an empty ledger, or renews what an earlier
 * order brought; whoever said anything themselves is left alone (see `fold`). Joins the caller's transaction. The store is not told:
 * it is no statement of the person's. @returns how many entries were written.
 */
export async function writeSoftOptIns(app: Pick<App, 'db' | 'clock'>, shopId: string, bought: Bought[]): Promise<number> {
  if (bought.length === 0) return 0
  const { softOptInSince: since, softOptInWording: wording, softOptInFamily: family } = await getSettings(app, shopId)
  if (!since || !wording || !family) return 0
  return recordConsent(
    app,
    shopId,
    bought
      .filter((one) => one.processedAt >= since)
      .toSorted((a, b) => a.processedAt.getTime() - b.processedAt.getTime())
      .map(({ subscriberId, orderId, name, processedAt }) => ({
        subscriberId, purpose: 'email_marketing' as const, act: 'bought' as const, basis: 'soft_opt_in' as const, method: 'order' as const, source: `Order ${name}`, wording, evidence: { orderId, family }, occurredAt: processedAt,
      })),
  )
}
