import { after, HOUR, type Clock } from '../lib/clock.ts'
import type { MailProvider } from '../mail/provider.ts'

interface Waiter {
  shopId: string
  mails: number
  go: () => void
}
interface Pace {
  /** When the next mail may begin, in milliseconds of the machine's own running clock: nobody can turn it back. */
  next: number
  quietUntil: Date | null
  waiting: Waiter[]
  timer: NodeJS.Timeout | null
  /** How much each shop has had, on a common scale: of those who wait, whoever had least goes first. */
  had: Map<string, number>
  /** Where on that scale we are; who was away begins here and has nothing saved up. */
  level: number
}
const paces = new WeakMap<object, Pace>()
const paceOf = (mail: Pick<MailProvider, 'limits'>): Pace => {
  let pace = paces.get(mail)
  if (!pace) paces.set(mail, (pace = { next: 0, quietUntil: null, waiting: [], timer: null, had: new Map(), level: 0 }))
  return pace
}

/**
 * Waits for this process's next turn at the provider: `limits.perSecond` mails begin in a second, evenly, whatever the number of
 * messages. Of several shops that send, each gets the same share, however many campaigns it has.
 * @param mails how many mails begin with this turn
 */
export function takeTurn(mail: Pick<MailProvider, 'limits'>, shopId: string, mails = 1): Promise<void> {
  const pace = paceOf(mail)
  return new Promise((go) => {
    pace.waiting.push({ shopId, mails, go })
    if (!pace.timer) serve(pace, mail.limits.perSecond)
  })
}

/** Of a turn that was taken, so many mails did not begin after all. */
export function giveBack(mail: Pick<MailProvider, 'limits'>, shopId: string, mails: number): void {
  const pace = paceOf(mail)
  pace.next -= (mails * 1000) / mail.limits.perSecond
  pace.had.set(shopId, (pace.had.get(shopId) ?? 0) - mails)
}

function serve(pace: Pace, perSecond: number): void {
  pace.timer = null
  while (pace.waiting.length > 0) {
    const now = performance.now()
    const turn = Math.max(pace.next, now - 50) // a short delay may be caught up
    if (turn - now > 1) {
      pace.timer = setTimeout(() => serve(pace, perSecond), turn - now)
      return
    }
    const [{ shopId, mails, go }] = pace.waiting.splice(nextOf(pace), 1) as [Waiter]
    pace.level = hadBy(pace, shopId)
    pace.had.set(shopId, pace.level + mails)
    pace.next = turn + (mails * 1000) / perSecond
    go()
  }
  if (pace.had.size > 1000) pace.had.clear()
}

const hadBy = (pace: Pace, shopId: string): number => Math.max(pace.had.get(shopId) ?? 0, pace.level)

function nextOf({ waiting, ...pace }: Pace): number {
  let best = 0
  for (let i = 1; i < waiting.length; i++) if (hadBy({ waiting, ...pace }, waiting[i]!.shopId) < hadBy({ waiting, ...pace }, waiting[best]!.shopId)) best = i
  return best
}

/** The provider asked for rest: nothing begins before then, for any message. */
export function rest(mail: Pick<MailProvider, 'limits'>, until: Date): void {
  const pace = paceOf(mail)
  if (!pace.quietUntil || pace.quietUntil < until) pace.quietUntil = until
}

/** Until when the provider wants to be left alone, or null. No rest is longer than an hour, whatever a clock or an answer says. */
export function restingUntil(mail: Pick<MailProvider, 'limits'>, clock: Clock): Date | null {
  const pace = paceOf(mail)
  const now = clock.now()
  if (pace.quietUntil && (pace.quietUntil <= now || pace.quietUntil > after(now, HOUR))) pace.quietUntil = null
  return pace.quietUntil
}
