import { randomBytes } from 'node:crypto'
import { jsonPieces, jsonText } from './json-text.ts'
import type { Mail, SharedMail, SharedPart, SharedRecipient } from './provider.ts'
import { messageIdOf, valuesIn } from './shared.ts'

/** Most bytes of values for one person in a shared call (platform.md 16.1). */
const mostValues = 10_000

/** The body of POST /v3/mail/send for one mail, in ASCII. */
export const singleBody = (mail: Mail): string =>
  `{"personalizations":[{"to":[{"email":"${jsonText(mail.to)}"}],"custom_args":{"key":"${jsonText(mail.key)}"}}],${senderOf(mail)},"subject":"${jsonText(mail.subject)}","content":${contentOf(
    mail.pieces ? jsonPieces(mail.pieces.text) : jsonText(mail.text),
    mail.pieces ? jsonPieces(mail.pieces.html) : jsonText(mail.html),
  )},"headers":{${Object.entries(mail.headers).map(([name, value]) => `"${jsonText(name)}":"${jsonText(value)}"`).join(',')}},${noTracking}}`

export interface SharedBody {
  /** What stands before the people, what is said of one, what stands after them. The parts of the people are joined with commas. */
  head: string
  person(person: SharedRecipient): string
  tail: Buffer
  /** Is the sum of a person's values within what SendGrid takes? */
  fits(person: SharedRecipient): boolean
}

/**
 * The body of a shared call, worked out once: SendGrid sets the values in where their tags stand, in the subject and in both
 * parts. A tag is made of a random mark that the text does not hold, so that nobody's words can be taken for one. The tags are
 * those of the raw API: nothing wraps them a second time (platform.md 16.1). Headers are written out for each person.
 */
export function sharedBody(mail: SharedMail): SharedBody {
  const mark = markFor([...mail.subject, ...mail.html, ...mail.text].filter((part) => typeof part === 'string').join('\n'))
  const tag = (n: number): string => `-${mark}${n}-`
  const tagged = (parts: SharedPart[]): string => parts.map((part) => (typeof part === 'string' ? jsonText(part) : tag(part.value))).join('')
  const headers = Object.entries(mail.headers).filter(([name]) => name !== 'Message-ID').map(([name, parts]) => ({ name: jsonText(name), parts, own: valuesIn(parts).length > 0 }))
  const same = headers.filter((header) => !header.own).map(({ name, parts }) => `"${name}":"${tagged(parts)}"`)
  const substituted = valuesIn(mail.subject, mail.html, mail.text)

  // What is said of one person after the key: words, then a value, then words …
  const words: string[] = []
  const numbers: number[] = []
  let open = '"'
  const value = (n: number): void => {
    words.push(open)
    numbers.push(n)
    open = ''
  }
  for (const { name, parts } of headers.filter((header) => header.own)) {
    open += `,"${name}":"`
    for (const part of parts)
      if (typeof part === 'string') open += jsonText(part)
      else value(part.value)
    open += '"'
  }
  open += '}'
  substituted.forEach((n, i) => {
    open += `${i === 0 ? ',"substitutions":{' : ','}"${tag(n)}":"`
    value(n)
    open = '"'
  })
  if (substituted.length > 0) open += '}'
  const last = `${open}}`
  const [beforeKey, afterKey] = messageIdOf(mail, '\n').split('\n').map(jsonText) as [string, string]
  const tagBytes = substituted.reduce((sum, n) => sum + tag(n).length, 0)

  return {
    head: '{"personalizations":[',
    person({ key, to, values }) {
      const name = jsonText(key)
      let text = `{"to":[{"email":"${jsonText(to)}"}],"custom_args":{"key":"${name}"},"headers":{"Message-ID":"${beforeKey}${name}${afterKey}`
      for (let i = 0; i < words.length; i++) text += words[i]! + jsonText(values[numbers[i]!] ?? '')
      return text + last
    },
    tail: Buffer.from(`],${senderOf(mail)},"subject":"${tagged(mail.subject)}","content":${contentOf(tagged(mail.text), tagged(mail.html))}${same.length > 0 ? `,"headers":{${same.join(',')}}` : ''},${noTracking}}`, 'latin1'),
    fits({ values }) {
      let units = tagBytes
      for (const n of substituted) units += values[n]?.length ?? 0
      if (units * 3 <= mostValues) return true
      return substituted.reduce((sum, n) => sum + Buffer.byteLength(values[n] ?? ''), tagBytes) <= mostValues
    },
  }
}

const senderOf = ({ from, replyTo }: Pick<Mail, 'from' | 'replyTo'>): string =>
  `"from":{"email":"${jsonText(from.email)}"${from.name ? `,"name":"${jsonText(from.name)}"` : ''}}${replyTo ? `,"reply_to":{"email":"${jsonText(replyTo)}"}` : ''}`

/** Plain text first, as SendGrid wants it; a part without a character is refused, so it is left out. */
const contentOf = (text: string, html: string): string =>
  `[${text && `{"type":"text/plain","value":"${text}"}`}${text && html ? ',' : ''}${html && `{"type":"text/html","value":"${html}"}`}]`

/** Its own click, open and unsubscribe tracking is off: consent decides about tracking, and our ledger must hear of every unsubscribe. */
const noTracking = '"tracking_settings":{"click_tracking":{"enable":false,"enable_text":false},"open_tracking":{"enable":false},"subscription_tracking":{"enable":false},"ganalytics":{"enable":false}}'

/** Letters that the text does not hold; a digit follows in a tag, so it must not end in one. */
function markFor(text: string): string {
  for (;;) {
    const mark = [...randomBytes(7)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('')
    if (!text.includes(mark)) return mark
  }
}
