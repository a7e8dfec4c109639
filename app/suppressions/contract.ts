import { z } from 'zod'

/** Why an address is blocked, as the shop may see it. Who asked to be forgotten is blocked too and never shown. */
export const blockReason = z.enum(['bounced', 'complained', 'manual'])
export type BlockReason = z.infer<typeof blockReason>

/**
 * May the shop lift it? `free`: it put the block there itself. `warn`: the address did not work; it may be tried again. `asked_again`:
 * they marked a mail as spam and have signed up again since. `never`: they marked a mail as spam; only their own sign-up changes that.
 */
export const liftRule = z.enum(['free', 'warn', 'asked_again', 'never'])

/** GET /api/suppressions?reason=&cursor= -> suppressionList: 50 a page, newest first */
export const suppressionQuery = z.object({ reason: blockReason.optional(), cursor: z.string().max(100).optional() })
export const blockedAddress = z.object({
  /** Names the address without telling it. */
  key: z.string(),
  reason: blockReason,
  since: z.string(),
  /** What the mail service said, or the note of whoever blocked it. */
  said: z.string().nullable(),
  /** Null: an address that is not in the shop's list, or not any more. */
  person: z.object({ subscriberId: z.string(), email: z.string(), name: z.string() }).nullable(),
  /** They unsubscribed themselves: lifting the block changes nothing for them. */
  unsubscribed: z.boolean(),
  lift: liftRule,
})
export type BlockedAddress = z.infer<typeof blockedAddress>
export const suppressionCounts = z.object({ bounced: z.number(), complained: z.number(), manual: z.number() })
export const suppressionList = z.object({ rows: z.array(blockedAddress), nextCursor: z.string().nullable(), counts: suppressionCounts })

const address = z.string().trim().min(1, 'is missing').max(320, 'is too long')
const note = z.string().trim().max(300, 'at most 300 characters').default('')
/** POST /api/suppressions/find { email } -> suppressionFound: one full address, also when it is not in the list any more */
export const suppressionFind = z.object({ email: address })
export const suppressionFound = z.object({
  email: z.string(),
  rows: z.array(blockedAddress),
  /** What people of the shop did with it, newest first. */
  acts: z.array(z.object({ act: z.enum(['blocked', 'lifted']), reason: blockReason, note: z.string().nullable(), at: z.string() })),
})
/** POST /api/suppressions { email, note } -> suppressionAdded */
export const suppressionInput = z.object({ email: address, note })
/** POST /api/suppressions/many { text, note }: one address a line. 422 names each bad line as a field "line 3"; then nothing is blocked. */
export const suppressionLines = z.object({ text: z.string().max(1_900_000, 'is too long'), note })
export const mostLines = 10_000
export const suppressionAdded = z.object({ added: z.number(), already: z.number() })
/** POST /api/suppressions/lift -> suppressionLifted. `understood`: the warning has been read, where there is one (409 without it). */
export const suppressionLift = z.object({ key: z.string().min(1).max(64), reason: blockReason, note, understood: z.boolean().default(false) })
/** What it comes to, in one sentence. */
export const suppressionLifted = z.object({ sentence: z.string() })
