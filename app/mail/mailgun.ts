import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../lib/clock.ts'
import { jsonOf, restOf, unanswered } from './answers.ts'
import { checkMail } from './check.ts'
import type { HttpAnswer } from './http-answer.ts'
import { createHttpClient } from './http-client.ts'
import { sharedForm, singleForm, takenForTheirs } from './mailgun-body.ts'
import { readMailgun } from './mailgun-events.ts'
import type { MailProvider, Outcome, SharedMail } from './provider.ts'
import { withoutAddresses } from './reason.ts'
import { checkPeople, checkSharedMail, valuesIn } from './shared.ts'

export interface MailgunOptions {
  apiKey: string
  /** The sending domain as it is called in the account. */
  domain: string
  /** https://api.mailgun.net, https://api.eu.mailgun.net or the simulator. */
  url: string
  /** The webhook signing key of the account. */
  signingKey: string
  perSecond: number
  clock: Clock
  timeoutMs?: number
}

const lanes = 16
const mostPeople = 1_000

/** Mailgun v3 (platform.md 16.2): one mail a call, or one body and the variables of up to a thousand people. */
export function createMailgun(options: MailgunOptions): MailProvider {
  const client = createHttpClient({ url: options.url, connections: lanes, timeoutMs: options.timeoutMs ?? 20_000 })
  const boundary = `homing-${randomBytes(18).toString('hex')}`
  const headers = `authorization: Basic ${Buffer.from(`api:${options.apiKey}`).toString('base64')}\r\ncontent-type: multipart/form-data; boundary=${boundary}\r\naccept: application/json\r\n`
  const path = `/v3/${encodeURIComponent(options.domain)}/messages`
  const hand = async (body: (string | Buffer)[]): Promise<Outcome> => {
    const result = await client.post(path, headers, body)
    return result.answer ? outcomeOf(result.answer, options.clock.now()) : unanswered('Mailgun', result)
  }
  return {
    name: 'mailgun',
    idempotent: false,
    evidence: 'events',
    limits: { lanes, perSecond: options.perSecond },
    async send(mail) {
      const fault = checkMail(mail)
      if (fault) return fault
      const theirs = takenForTheirs(mail.subject, mail.html, mail.text)
      if (theirs) return { kind: 'refused', reason: notOurs(theirs), badAddress: false }
      return hand([singleForm(mail, boundary)])
    },
    shared: {
      most: mostPeople,
      prepare(mail) {
        const fault = checkSharedMail(mail) ?? theirsIn(mail)
        const form = sharedForm(mail, boundary)
        const inHeaders = valuesIn(mail.subject, ...Object.values(mail.headers))
        const oneFault = ({ values }: { values: string[] }): string | null => {
          const theirs = takenForTheirs(...values)
          return theirs ? notOurs(theirs) : null
        }
        return async (people) => fault ?? checkPeople(people, mostPeople, inHeaders, oneFault) ?? (await hand([form.head, form.people(people)]))
      },
    },
    feedback: (_headers, rawBody, now) => readMailgun(rawBody, options.signingKey, now),
    close: async () => client.close(),
  }
}

const notOurs = (words: string): string => `the text holds “${words}”, which Mailgun would fill in by itself`

/** What stands in everybody's text must be changed by whoever wrote it. */
function theirsIn(mail: SharedMail): Outcome | null {
  const words = [mail.subject, mail.html, mail.text].flat().filter((part) => typeof part === 'string')
  const theirs = takenForTheirs(...words)
  return theirs ? { kind: 'paused', reason: notOurs(theirs) } : null
}

const reply = z.object({ id: z.string().nullish(), message: z.string().nullish() })

/** Puts an answer into our words; the list of what is certain and what is not is reliability.md 4.2. */
function outcomeOf({ status, headers, body }: HttpAnswer, now: Date): Outcome {
  const read = reply.safeParse(jsonOf(body))
  const { id, message } = read.success ? read.data : {}
  if (status >= 200 && status < 300) return { kind: 'accepted', providerId: id?.replace(/^<|@.*$/g, '') || null }
  const reason = withoutAddresses(`Mailgun answered ${status}${message ? `: ${message}` : ''}`)
  if (status === 429) return { kind: 'later', reason, retryAfterMs: restOf(headers, now), whole: true }
  if ([401, 402, 403, 404, 405].includes(status)) return { kind: 'paused', reason }
  if (status === 413) return { kind: 'refused', reason, badAddress: false }
  if (status >= 500 || status < 400 || status === 408) return { kind: 'uncertain', reason }
  if (/^['"]?(from|h:reply-to)\b/i.test(message ?? '')) return { kind: 'paused', reason }
  return { kind: 'refused', reason, badAddress: /^['"]?to\b|\bnot a valid address\b/i.test(message ?? '') }
}
