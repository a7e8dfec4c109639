import { checkMail } from './check.ts'
import type { Mail, MailProvider, Outcome } from './provider.ts'
import { checkPeople, checkSharedMail, mailOf, valuesIn } from './shared.ts'

export interface Outbox extends MailProvider {
  /** Everything it took, oldest first. Of a shared call: what each person would get. */
  taken: Mail[]
  /** How many calls brought these. */
  calls: { single: number; shared: number }
  /**
   * Answers the next calls with these outcomes, or each mail with what the function says; undefined means: take it. Of a shared
   * call the function sees every mail, and the first that it does not take decides for all.
   */
  script(next: Outcome[] | ((mail: Mail) => Outcome | undefined | Promise<Outcome | undefined>)): void
}

/** Keeps every mail in memory and sends nothing: for tests and for trying things out. */
export function createOutbox(options: { evidence?: MailProvider['evidence']; lanes?: number; perSecond?: number; most?: number } = {}): Outbox {
  const taken: Mail[] = []
  const calls = { single: 0, shared: 0 }
  let answer: (mails: Mail[]) => Promise<Outcome | undefined> = async () => undefined
  const take = async (mails: Mail[]): Promise<Outcome> => {
    const outcome = (await answer(mails)) ?? { kind: 'accepted' as const, providerId: `outbox-${taken.length + 1}` }
    if (outcome.kind === 'accepted') taken.push(...mails)
    return outcome
  }
  return {
    name: 'outbox',
    idempotent: false,
    evidence: options.evidence ?? 'none',
    limits: { lanes: options.lanes ?? 8, perSecond: options.perSecond ?? 100_000 },
    taken,
    calls,
    script(next) {
      const waiting = Array.isArray(next) ? [...next] : null
      answer = async (mails) => {
        if (waiting) return waiting.shift()
        for (const mail of mails) {
          const outcome = await (next as (mail: Mail) => Outcome | undefined | Promise<Outcome | undefined>)(mail)
          if (outcome && (outcome.kind !== 'accepted' || mails.length === 1)) return outcome
        }
        return undefined
      }
    },
    async send(mail) {
      calls.single++
      return checkMail(mail) ?? (await take([mail]))
    },
    shared: {
      most: options.most ?? 1_000,
      prepare(mail) {
        const fault = checkSharedMail(mail)
        const inHeaders = valuesIn(mail.subject, ...Object.values(mail.headers))
        return async (people) => {
          calls.shared++
          return fault ?? checkPeople(people, options.most ?? 1_000, inHeaders) ?? (await take(people.map((person) => mailOf(mail, person))))
        }
      },
    },
    close: async () => undefined,
  }
}
