import { z } from 'zod'

// What an import writes down of each person it touched (import_changes), so that it can be undone.

const known = z.object({ firstName: z.string().nullable(), lastName: z.string().nullable(), locale: z.string().nullable(), country: z.string().nullable() }).partial()
export type KnownColumns = z.infer<typeof known>
export const knownColumns = ['firstName', 'lastName', 'locale', 'country'] as const

/** What was there before; only what the import changed. Null instead of it: the person was new. */
export const before = z.object({
  columns: known.optional(),
  /** When the row was last changed before (milliseconds), with `columns`. */
  updatedAt: z.number().optional(),
  /** Values of custom fields; null: there was none. */
  fields: z.record(z.string(), z.string().nullable()).optional(),
})
/** What the import made of it. Where something else stands now, somebody has changed it since, and it stays. */
export const after = z.object({
  columns: known.optional(),
  updatedAt: z.number().optional(),
  fields: z.record(z.string(), z.string()).optional(),
  /** Tags that were not there before. */
  tags: z.array(z.string()).optional(),
  /** Reasons for which the address was not blocked before, and when they were written (milliseconds). */
  blocked: z.array(z.enum(['bounced', 'complained', 'manual'])).optional(),
  blockedAt: z.number().optional(),
})
export type Before = z.infer<typeof before>
export type After = z.infer<typeof after>

/** The name in import_changes of an address that was blocked and belongs to nobody. */
export const ofHash = (hash: string): string => `#${hash}`
