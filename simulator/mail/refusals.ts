import { z } from 'zod'

export interface Refusal { message: string; field: string | null; help: string | null }
const refusal = (field: string | null, message: string): Refusal => ({ message, field, help: null })

const person = z.strictObject({ email: z.string(), name: z.string().optional() })
const switchOf = z.looseObject({ enable: z.boolean().optional() })
const personalization = z.strictObject({
  to: z.array(person).min(1),
  subject: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  custom_args: z.record(z.string(), z.string()).optional(),
  substitutions: z.record(z.string(), z.string()).optional(),
})
const message = z.strictObject({
  personalizations: z.array(personalization).min(1),
  from: person,
  reply_to: person.optional(),
  subject: z.string().min(1).optional(),
  content: z.array(z.strictObject({ type: z.string(), value: z.string() })).min(1),
  headers: z.record(z.string(), z.string()).optional(),
  custom_args: z.record(z.string(), z.string()).optional(),
  categories: z.array(z.string()).optional(),
  tracking_settings: z.strictObject({ click_tracking: switchOf.optional(), open_tracking: switchOf.optional(), subscription_tracking: switchOf.optional(), ganalytics: switchOf.optional() }).optional(),
  mail_settings: z.strictObject({ sandbox_mode: switchOf.optional() }).optional(),
})
export type SendRequest = z.infer<typeof message>

const reserved = new Set(['x-sg-id', 'x-sg-eid', 'received', 'dkim-signature', 'content-type', 'content-transfer-encoding', 'to', 'from', 'subject', 'reply-to', 'cc', 'bcc'])
const address = /^[^\s@<>(),;:"\\]+@[^\s@<>(),;:"\\]+\.[^\s@<>(),;:"\\.]{2,}$/

/**
 * Checks a call of POST /v3/mail/send as SendGrid does: limits, addresses, duplicates, reserved headers. Fields that SendGrid
 * has and this stand-in was not taught are refused by name.
 */
export function checkSend(body: unknown): { ok: SendRequest; refusals: null } | { ok: null; refusals: Refusal[] } {
  const bad = (...refusals: Refusal[]): { ok: null; refusals: Refusal[] } => ({ ok: null, refusals })
  const shape = message.safeParse(body)
  if (!shape.success) return bad(...shape.error.issues.map(inWords))
  const request = shape.data
  if (request.personalizations.length > 1000) return bad(refusal('personalizations', 'There are too many personalizations in this request. The maximum number of personalizations is 1000.'))
  if (request.personalizations.reduce((sum, one) => sum + one.to.length, 0) > 1000)
    return bad(refusal('personalizations', 'The total number of recipients of a request is limited to 1000.'))
  const found: Refusal[] = []
  if (!address.test(request.from.email)) found.push(refusal('from.email', 'The from email does not contain a valid address.'))
  if (request.reply_to && !address.test(request.reply_to.email)) found.push(refusal('reply_to.email', 'The reply_to email does not contain a valid address.'))
  if (!request.subject && request.personalizations.some((one) => !one.subject))
    found.push(refusal('subject', 'The subject is required, unless every personalization or a template brings one.'))
  const types = request.content.map((part) => part.type)
  if (types.includes('text/plain') && types[0] !== 'text/plain') found.push(refusal('content', 'If present, text/plain must be first, followed by text/html, followed by any other content.'))
  if (new Set(types).size < types.length) found.push(refusal('content', 'Each content type may occur only once.'))
  request.content.forEach((part, n) => {
    if (!part.value) found.push(refusal(`content.${n}.value`, 'The content value must be a string at least one character in length.'))
  })
  if (request.categories && request.categories.length > 10) found.push(refusal('categories', 'There may be at most 10 categories in a request.'))
  const everybody = new Set<string>()
  request.personalizations.forEach((one, n) => {
    const seen = new Set<string>()
    one.to.forEach(({ email }, m) => {
      const key = email.toLowerCase()
      if (!address.test(email)) found.push(refusal(`personalizations.${n}.to.${m}.email`, 'Does not contain a valid address.'))
      else if (seen.has(key))
        found.push(refusal(`personalizations.${n}.to`, `Each email address in the personalization block should be unique between to, cc, and bcc. We found the first duplicate instance of [${email}] in the personalizations.${n}.to field.`))
      else if (everybody.has(key)) found.push(refusal(`personalizations.${n}.to`, `Each email address may stand in a request only once. We found the first duplicate instance of [${email}] in the personalizations.${n}.to field.`))
      seen.add(key)
    })
    for (const key of seen) everybody.add(key)
    if (Object.entries(one.substitutions ?? {}).reduce((sum, [tag, value]) => sum + Buffer.byteLength(tag) + Buffer.byteLength(value), 0) > 10_000)
      found.push(refusal(`personalizations.${n}.substitutions`, 'The substitutions of a personalization must not be larger than 10000 bytes.'))
    if (Buffer.byteLength(JSON.stringify({ ...request.custom_args, ...one.custom_args })) > 10_000) found.push(refusal(`personalizations.${n}.custom_args`, 'The custom_args must not be larger than 10000 bytes.'))
    for (const name of Object.keys({ ...request.headers, ...one.headers }))
      if (reserved.has(name.toLowerCase())) found.push(refusal(`headers.${name}`, `The header ${name} is reserved and may not be set.`))
  })
  return found.length > 0 ? bad(...found) : { ok: request, refusals: null }
}

/** SendGrid's words for the usual faults of form; anything else names the field. */
function inWords(issue: z.core.$ZodIssue): Refusal {
  const field = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const name = [...issue.path, issue.keys[0]].join('.')
    return refusal(name, `The pretend SendGrid was not taught the field ${name}.`)
  }
  if (field === 'personalizations') return refusal(field, 'The personalizations field is required and must have at least one personalization.')
  if (field === 'from') return refusal('from.email', 'The from object must be provided for every email send. It is an object that requires the email parameter, but may also contain a name parameter.')
  if (field === 'content') return refusal(field, 'Unless a valid template_id is provided, the content parameter is required. There must be at least one defined content block.')
  if (/^personalizations\.\d+\.to$/.test(field)) return refusal(field, 'The to array is required for all personalization objects, and must have at least one email object with a valid email address.')
  return refusal(field || null, `${field || 'The request'} is not as it must be: ${issue.message}.`)
}
