import { after, HOUR, type Clock } from '../lib/clock.ts'
import type { MailProvider } from '../mail/provider.ts'

interface Pace {
  /** When the next mail may begin, in milliseconds of the machine's own running clock: nobody can turn it back. */
  next: number
  quietUntil: Date | null
}
const paces = new WeakMap<MailProvider, Pace>()
const paceOf = (mail: MailProvider): Pace => {
  let pace = paces.get(mail)
  if (!pace) paces.set(mail, (pace = { next: 0, quietUntil: null }))
  return pace
}

/** Waits for this process's next turn at the provider: `limits.perSecond` mails begin in a second, evenly, whatever the number of messages. */
export async function takeTurn(mail: MailProvider): Promise<void> {
  const pace = paceOf(mail)
  const now = performance.now()
  const turn = Math.max(pace.next, now - 50) // a short delay may be caught up
  pace.next = turn + 1000 / mail.limits.perSecond
  if (turn - now > 1) await new Promise((resolve) => setTimeout(resolve, turn - now))
}

/** The provider asked for rest: nothing begins before then, for any message. */
export function rest(mail: MailProvider, until: Date): void {
  const pace = paceOf(mail)
  if (!pace.quietUntil || pace.quietUntil < until) pace.quietUntil = until
}

/** Until when the provider wants to be left alone, or null. No rest is longer than an hour, whatever a clock or an answer says. */
export function restingUntil(mail: MailProvider, clock: Clock): Date | null {
  const pace = paceOf(mail)
  const now = clock.now()
  if (pace.quietUntil && (pace.quietUntil <= now || pace.quietUntil > after(now, HOUR))) pace.quietUntil = null
  return pace.quietUntil
}
