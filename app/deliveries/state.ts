import { and, eq, sql, type SQL } from 'drizzle-orm'
import { batches, deliveries } from '../db/schema.ts'
import type { DeliveryState } from './contract.ts'

// How a row of the ledger reads together with its batch: what the row does not say itself, its batch says for all of its people.
// Every question about the state of a person's mail goes through here; join with
// `.leftJoin(batches, itsBatch)` and use these instead of the columns of `deliveries`.

/** The batch a row travels in; for rows that travel alone there is none, hence a left join. */
export const itsBatch: SQL | undefined = and(eq(batches.shopId, deliveries.shopId), eq(batches.messageId, deliveries.messageId), eq(batches.n, deliveries.batch))

export const stateOf: SQL<DeliveryState> = sql<DeliveryState>`coalesce(${deliveries.state}, ${batches.state})`
export const reasonOf: SQL<string | null> = sql<string | null>`case when ${deliveries.state} is null then ${batches.reason} else ${deliveries.reason} end`
/** What the provider said when it did not take it. */
export const detailOf: SQL<string | null> = sql<string | null>`coalesce(${deliveries.detail}, case when ${deliveries.state} is null then ${batches.detail} end)`
export const acceptedAtOf: SQL<Date | null> = sql<Date | null>`coalesce(${deliveries.acceptedAt}, case when ${deliveries.state} is null then ${batches.acceptedAt} end)`.mapWith(deliveries.acceptedAt)
export const updatedAtOf: SQL<Date> = sql<Date>`case when ${deliveries.state} is null then coalesce(${batches.updatedAt}, ${deliveries.updatedAt}) else ${deliveries.updatedAt} end`.mapWith(deliveries.updatedAt)
