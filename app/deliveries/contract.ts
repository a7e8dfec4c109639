import { z } from 'zod'

/**
 * States of a delivery row. Who may change which into which:
 *   excluded                      written at the freeze, final: this person does not get it, `reason` says why
 *   pending -> claimed            a worker took it for a while (lease)
 *   claimed -> pending            the lease ran out and nothing was begun
 *   claimed -> suppressed         the last look found no consent, a suppression, or the campaign was cancelled (final)
 *   claimed -> posting            request id stored durably, before the first byte leaves
 *   posting -> accepted           2xx (final here; what happens later stands in `outcome`)
 *   posting -> refused            certainly not taken, will not be (final)
 *   posting -> pending            certainly not taken, again at `nextAt`
 *   posting -> uncertain          the answer was lost, or the worker died
 *   uncertain -> accepted         the provider's events prove it
 *   uncertain -> pending          the wait is over and there is no evidence (providers with evidence only)
 *   uncertain -> held             nothing can tell: a person decides (final until then)
 *   held -> pending               a person says: send it again
 *   held -> refused               a person says: leave it (no_evidence, final)
 *   any of these -> accepted      the provider tells of a mail with this row's key after all: the truth wins
 */
export const deliveryState = z.enum(['excluded', 'pending', 'claimed', 'posting', 'accepted', 'refused', 'uncertain', 'held', 'suppressed'])
export type DeliveryState = z.infer<typeof deliveryState>
export const openStates: DeliveryState[] = ['pending', 'claimed', 'posting', 'uncertain']

/** Why somebody does not get a mail: the first rule that decided. Words for people stand in `reasonWords`. */
export const deliveryReason = z.enum([
  'not_in_segment', 'never_agreed', 'not_confirmed', 'record_not_attested', 'expired', 'unsubscribed', 'bounced', 'complained', 'erased', 'suppressed', 'restricted', 'no_address',
  'cancelled', 'shop_uninstalled', 'bad_address', 'provider_refused', 'no_evidence',
])
export type DeliveryReason = z.infer<typeof deliveryReason>
export const reasonWords: Record<DeliveryReason, string> = {
  not_in_segment: 'Not in the chosen segment',
  never_agreed: 'Never agreed to get mail',
  not_confirmed: 'Has not confirmed the sign-up yet',
  record_not_attested: 'Your store says yes, but you have not confirmed how consent was obtained',
  expired: 'The time in which you may write to them without their yes is over',
  unsubscribed: 'Unsubscribed',
  bounced: 'The address does not work',
  complained: 'Marked a mail as spam',
  erased: 'Asked to be forgotten',
  suppressed: 'On your list of blocked addresses',
  restricted: 'Use of this person’s data is restricted',
  no_address: 'Has no e-mail address',
  cancelled: 'You cancelled the campaign',
  shop_uninstalled: 'The app was removed from the store',
  bad_address: 'The mail service refused the address',
  provider_refused: 'The mail service refused the mail',
  no_evidence: 'We do not know whether it arrived',
}
export const isReason = (value: string | null): value is DeliveryReason => value !== null && value in reasonWords

/** Counts of a message's rows; they add up to everybody. */
export const sendProgress = z.object({
  everybody: z.number(),
  excluded: z.number(),
  audience: z.number(), // everybody - excluded
  waiting: z.number(), // pending, claimed, posting
  accepted: z.number(),
  refused: z.number(),
  suppressed: z.number(),
  uncertain: z.number(),
  held: z.number(),
})
export type SendProgress = z.infer<typeof sendProgress>
