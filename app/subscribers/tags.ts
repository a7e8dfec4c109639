import { isNull, or, eq } from 'drizzle-orm'
import { subscriberTags } from '../db/schema.ts'

/** A tag that the store gave: only what the store tells takes it away. */
export const isStores = or(isNull(subscriberTags.own), eq(subscriberTags.own, false))
