import { z } from 'zod'
import type { Clock } from '../lib/clock.ts'
import { jsonOf, restOf, unanswered } from './answers.ts'
import { checkMail } from './check.ts'
import type { HttpAnswer } from './http-answer.ts'
import { createHttpClient } from './http-client.ts'
import type { MailProvider, Outcome } from './provider.ts'
import { withoutAddresses } from './reason.ts'
import { sharedBody, singleBody } from './sendgrid-body.ts'
import { isSigned, readEvents } from './sendgrid-events.ts'
import { checkPeople, checkSharedMail, valuesIn } from './shared.ts'

export interface SendGridOptions {
  apiKey: string
  /** https://api.sendgrid.com, https://api.eu.sendgrid.com or the simulator. */
  url: string
  /** Public key of the signed event webhook: base64 of its DER form. */
  webhookKey: string
  perSecond: number
  clock: Clock
  timeoutMs?: number
}

const lanes = 16
const mostPeople = 1_000

/** SendGrid v3 (platform.md 16.1): one mail a call, or one body and the values of up to a thousand people. */
export function createSendGrid(options: SendGridOptions): MailProvider {
  const client = createHttpClient({ url: options.url, connections: lanes, timeoutMs: options.timeoutMs ?? 20_000 })
  const headers = `authorization: Bearer ${options.apiKey}\r\ncontent-type: application/json\r\naccept: application/json\r\n`
  const hand = async (body: (string | Buffer)[]): Promise<Outcome> => {
    const result = await client.post('/v3/mail/send', headers, body)
    return result.answer ? outcomeOf(result.answer, options.clock.now()) : unanswered('SendGrid', result)
  }
  return {
    name: 'sendgrid',
    idempotent: false,
    evidence: 'events',
    limits: { lanes, perSecond: options.perSecond },
    send: async (mail) => checkMail(mail) ?? (await hand([singleBody(mail)])),
    shared: {
      most: mostPeople,
      prepare(mail) {
        const fault = checkSharedMail(mail)
        const inHeaders = valuesIn(mail.subject, ...Object.values(mail.headers))
        const body = sharedBody(mail)
        const tooLong = (person: Parameters<typeof body.fits>[0]): string | null => (body.fits(person) ? null : 'the values of this person are longer than SendGrid takes')
        return async (people) => {
          const wrong = fault ?? checkPeople(people, mostPeople, inHeaders, tooLong)
          if (wrong) return wrong
          let text = body.head
          for (let i = 0; i < people.length; i++) text += (i === 0 ? '' : ',') + body.person(people[i]!)
          return hand([text, body.tail])
        }
      },
    },
    feedback: (given, rawBody, now) => (isSigned(given, rawBody, options.webhookKey, now) ? readEvents(rawBody) : null),
    close: async () => client.close(),
  }
}

const errorList = z.object({ errors: z.array(z.object({ message: z.string().nullish(), field: z.string().nullish() })) })

/** Puts an answer into our words; the list of what is certain and what is not is reliability.md 4.2. */
function outcomeOf({ status, headers, body }: HttpAnswer, now: Date): Outcome {
  if (status >= 200 && status < 300) return { kind: 'accepted', providerId: headers['x-message-id'] ?? null }
  const list = errorList.safeParse(jsonOf(body))
  const errors = list.success ? list.data.errors : []
  const reason = withoutAddresses(`SendGrid answered ${status}${errors[0]?.message ? `: ${errors[0].message}` : ''}`)
  if (status === 429) return { kind: 'later', reason, retryAfterMs: restOf(headers, now), whole: true }
  if ([401, 402, 403, 404, 405].includes(status)) return { kind: 'paused', reason }
  if (status === 413) return { kind: 'refused', reason, badAddress: false }
  if (status >= 500 || status < 400 || status === 408) return { kind: 'uncertain', reason }
  const fields = errors.map((error) => error.field ?? '')
  if (fields.some((field) => /^from\b|^reply_to\b/.test(field))) return { kind: 'paused', reason }
  const people = fields.map((field) => Number(/^personalizations\.(\d{1,4})\./.exec(field)?.[1] ?? NaN))
  return {
    kind: 'refused',
    reason,
    badAddress: fields.length > 0 && fields.every((field) => /(^|\.)to(\.|$)/.test(field)),
    ...(people.length > 0 && people.every((n) => n < mostPeople) ? { people: [...new Set(people)] } : {}),
  }
}
