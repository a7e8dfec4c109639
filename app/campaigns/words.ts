import { isReason, reasonWords } from '../deliveries/contract.ts'

/** What became of one person's mail, in words. */
export function rowWords({ state, reason, outcome }: { state: string; reason: string | null; outcome: string | null }): string {
  const because = isReason(reason) ? reasonWords[reason] : null
  switch (state) {
    case 'excluded':
      return because ?? 'Not in the audience'
    case 'pending':
    case 'claimed':
    case 'posting':
      return 'Waiting to be sent'
    case 'accepted':
      if (outcome === 'delivered') return 'Delivered'
      if (outcome === 'bounced') return 'Came back: the address does not work'
      if (outcome === 'complained') return 'Delivered, and marked as spam'
      return 'Taken by the mail service'
    case 'refused':
      return because ?? 'The mail service refused the mail'
    case 'suppressed':
      return because ?? 'Held back at the last moment'
    case 'uncertain':
      return 'Being checked: the mail service did not answer clearly'
    case 'held':
      return 'Unknown whether it arrived; not sent again'
    default:
      return state
  }
}
