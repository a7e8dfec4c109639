import { checkMail } from './check.ts'
import type { Mail, MailProvider, Outcome } from './provider.ts'

export interface Outbox extends MailProvider {
  /** Everything it took, oldest first. */
  taken: Mail[]
  /** Answers the next mails with these outcomes, or each mail with what the function says; undefined means: take it. */
  script(next: Outcome[] | ((mail: Mail) => Outcome | undefined | Promise<Outcome | undefined>)): void
}

/** Keeps every mail in memory and sends nothing: for tests and for trying things out. */
export function createOutbox(options: { evidence?: MailProvider['evidence']; lanes?: number; perSecond?: number } = {}): Outbox {
  const taken: Mail[] = []
  let answer: (mail: Mail) => Outcome | undefined | Promise<Outcome | undefined> = () => undefined
  return {
    name: 'outbox',
    evidence: options.evidence ?? 'none',
    limits: { lanes: options.lanes ?? 8, perSecond: options.perSecond ?? 100_000 },
    taken,
    script(next) {
      if (typeof next === 'function') answer = next
      else {
        const waiting = [...next]
        answer = () => waiting.shift()
      }
    },
    async send(mail) {
      const outcome = checkMail(mail) ?? (await answer(mail)) ?? { kind: 'accepted' as const, providerId: `outbox-${taken.length + 1}` }
      if (outcome.kind === 'accepted') taken.push(mail)
      return outcome
    },
    close: async () => undefined,
  }
}
