import { jsonText } from './json-text.ts'
import { asciiAddress } from './mime-header.ts'
import type { Mail, SharedMail, SharedPart, SharedRecipient } from './provider.ts'
import { messageIdOf, valuesIn } from './shared.ts'

/**
 * Mailgun fills these in by itself, in every mail. There is no way of writing them so that they stay, so a text that has them does not leave
 * by Mailgun.
 */
const theirs = /%(?:recipient|unsubscribe|tag_unsubscribe|mailing_list)[\w.]*%?/i
/** The words of a text that Mailgun would take for its own; null when there are none. */
export function takenForTheirs(...texts: string[]): string | null {
  for (const text of texts) {
    const found = text.includes('%') ? theirs.exec(text) : null
    if (found) return found[0]
  }
  return null
}

/** The multipart body of POST /v3/<domain>/messages for one mail. `boundary` must be unguessable, so that no text holds it. */
export function singleForm(mail: Mail, boundary: string): Buffer {
  const form = newForm(boundary)
  form.add('to', mail.to)
  form.add('v:key', mail.key)
  addFixed(form, mail)
  form.add('subject', mail.subject)
  if (mail.text) form.add('text', mail.text)
  if (mail.html) form.add('html', mail.html)
  for (const [name, value] of Object.entries({ 'Message-ID': messageIdOf(mail, mail.key), ...mail.headers })) form.add(`h:${name}`, value)
  return Buffer.from(form.end())
}

export interface SharedForm {
  /** What is the same for all. */
  head: Buffer
  /** What is said of these people, in ASCII, and the end of the form. */
  people(people: SharedRecipient[]): string
}

/**
 * The body of a shared call, worked out once: Mailgun fills in `%recipient.v0%` and its kin, in the subject, both parts, the headers
 * and the key that comes back in its events, with what `recipient-variables` says of each address. Only with these does each
 * person get a mail of their own.
 */
export function sharedForm(mail: SharedMail, boundary: string): SharedForm {
  const tagged = (parts: SharedPart[]): string => parts.map((part) => (typeof part === 'string' ? part : `%recipient.v${part.value}%`)).join('')
  const form = newForm(boundary)
  form.add('v:key', '%recipient.key%')
  addFixed(form, mail)
  form.add('subject', tagged(mail.subject))
  if (mail.text.length > 0) form.add('text', tagged(mail.text))
  if (mail.html.length > 0) form.add('html', tagged(mail.html))
  for (const [name, parts] of Object.entries({ ...mail.headers, 'Message-ID': [messageIdOf(mail, '%recipient.key%')] })) form.add(`h:${name}`, tagged(parts))
  const used = valuesIn(mail.subject, mail.html, mail.text, ...Object.values(mail.headers))
  return {
    head: Buffer.from(form.text()),
    people(people) {
      let to = ''
      let variables = ''
      for (const { to: address, key, values } of people) {
        const ascii = asciiAddress(address)
        to += to === '' ? ascii : `,${ascii}`
        variables += `${variables === '' ? '{' : ','}"${jsonText(ascii)}":{"key":"${jsonText(key)}"`
        for (const n of used) variables += `,"v${n}":"${jsonText(values[n] ?? '')}"`
        variables += '}'
      }
      const rest = newForm(boundary)
      rest.add('to', to)
      rest.add('recipient-variables', `${variables}}`)
      return rest.end()
    },
  }
}

/** Sender, and Mailgun's own tracking off: consent decides about tracking, and our ledger must hear of every unsubscribe. */
function addFixed(form: Form, { from, replyTo }: Pick<Mail, 'from' | 'replyTo'>): void {
  form.add('from', from.name ? `"${from.name.replace(/["\\]/g, (c) => `\\${c}`)}" <${from.email}>` : from.email)
  if (replyTo) form.add('h:Reply-To', replyTo)
  for (const name of ['o:tracking', 'o:tracking-clicks', 'o:tracking-opens']) form.add(name, 'no')
}

interface Form {
  add(name: string, value: string): void
  text(): string
  end(): string
}
/** Names are ours and hold nothing that would have to be escaped. */
function newForm(boundary: string): Form {
  let text = ''
  return {
    add: (name, value) => void (text += `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`),
    text: () => text,
    end: () => `${text}--${boundary}--\r\n`,
  }
}
