import { eq, type SQL } from 'drizzle-orm'
import { subscribers } from '../app/db/schema.ts'

/** A condition such as a segment gives: people of one country. */
export const segmentSql = (country: string): SQL => eq(subscribers.country, country)
