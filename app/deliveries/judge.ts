import { isbot } from 'isbot'

export type Verdict = 'human' | 'machine' | 'unknown'

/** What is known about an open or a click at the moment when it happens. None of it is kept: only the verdict is. */
export interface Sign {
  what: 'open' | 'click'
  agent: string
  /** Value of Sec-Purpose, Purpose or X-Moz, if one was sent. */
  purpose: string
  /** Milliseconds since the provider took the mail; null when that is not known. */
  sinceAccepted: number | null
  /** How many other links of this mail were followed for this person within the last seconds. */
  otherLinks: number
}

/**
 * A person, a machine, or nobody can tell. Machines: prefetchers and scanners by their own word, whatever comes within two
 * seconds of the mail, and whoever follows three links at once. The picture proxies of Gmail and Yahoo hide who asks, and Apple
 * Mail fetches pictures whether or not anybody reads (it calls itself just "Mozilla/5.0"): the proxies are `unknown`, never
 * machines for their name alone (goal W6).
 */
export function judge(sign: Sign): Verdict {
  if (/prefetch|preview|prerender/i.test(sign.purpose)) return 'machine'
  if (sign.sinceAccepted !== null && sign.sinceAccepted < 2_000) return 'machine'
  if (sign.otherLinks >= 2) return 'machine'
  if (sign.what === 'open' && /GoogleImageProxy|YahooMailProxy/i.test(sign.agent)) return 'unknown'
  if (sign.what === 'open' && sign.agent.trim() === 'Mozilla/5.0') return 'machine'
  if (sign.agent.trim() === '') return 'unknown'
  return saysBot(sign.agent) ? 'machine' : 'human'
}

/** The list of robots is long; most hits come with one of a few hundred names. */
function saysBot(agent: string): boolean {
  const known = judged.get(agent)
  if (known !== undefined) return known
  if (judged.size >= 2_000) judged.clear()
  const bot = isbot(agent)
  judged.set(agent, bot)
  return bot
}
const judged = new Map<string, boolean>()
