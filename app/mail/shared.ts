import { checkMail, isAddress } from './check.ts'
import { asciiAddress } from './mime-header.ts'
import type { Mail, Outcome, SharedMail, SharedPart, SharedRecipient } from './provider.ts'

/** The mail that one person gets of a shared body: what a provider that merges makes of it. */
export const mailOf = (mail: SharedMail, { key, to, values }: SharedRecipient): Mail => ({
  key,
  to,
  from: mail.from,
  replyTo: mail.replyTo,
  subject: fill(mail.subject, values),
  html: fill(mail.html, values),
  text: fill(mail.text, values),
  headers: { ...Object.fromEntries(Object.entries(mail.headers).map(([name, parts]) => [name, fill(parts, values)])), 'Message-ID': messageIdOf(mail, key) },
})

/** The same for a person and a message at every attempt: whoever receives it twice can tell. */
export const messageIdOf = ({ from }: Pick<Mail, 'from'>, key: string): string => `<${key}@${asciiAddress(from.email).split('@')[1]}>`

/** A piece with its values set in. A value that was not given is empty. */
export const fill = (parts: SharedPart[], values: string[]): string => parts.map((part) => (typeof part === 'string' ? part : (values[part.value] ?? ''))).join('')

/** The numbers of the values that these pieces use, each once, in ascending order. */
export const valuesIn = (...pieces: SharedPart[][]): number[] =>
  [...new Set(pieces.flat().flatMap((part) => (typeof part === 'string' ? [] : [part.value])))].toSorted((a, b) => a - b)

/**
 * What does not depend on the people: the sender, the words of the subject and of the headers. Checked once, as the mail of
 * somebody whose values are all harmless. Null means that it may go.
 */
export const checkSharedMail = (mail: SharedMail): Outcome | null =>
  checkMail(mailOf(mail, { key: 'key', to: 'somebody@example.org', values: Array.from({ length: 1 + Math.max(0, ...valuesIn(mail.subject, ...Object.values(mail.headers))) }, () => 'x') }))

/**
 * What depends on the people, before any byte leaves: plain addresses, each once (a provider that merges keeps one set of values
 * for an address), and no line break in a value of the subject or of a header. Those at fault are named, so that the others can
 * go without them. Null means that they may go.
 * @param most the provider's limit of people a call
 * @param inHeaders numbers of the values that stand in the subject or in a header
 * @param fault the provider's own rule for one person; its words end the person's row
 */
export function checkPeople(people: SharedRecipient[], most: number, inHeaders: number[], fault: (person: SharedRecipient) => string | null = () => null): Outcome | null {
  if (people.length > most) return { kind: 'refused', reason: `more than ${most} people in one call`, badAddress: false }
  const seen = new Set<string>()
  const bad: number[] = []
  let reason = ''
  let badAddress = true
  for (let i = 0; i < people.length; i++) {
    const person = people[i]!
    const address = person.to.toLowerCase()
    let words: string | null = null
    if (!isAddress(person.to)) words = 'the recipient is not one e-mail address'
    else if (seen.has(address)) words = 'the same address stands twice in one call'
    else {
      if (unsafe.test(person.key)) words = 'a header holds a line break'
      else for (const n of inHeaders) if (unsafe.test(person.values[n] ?? '')) words = 'a header holds a line break'
      words ??= fault(person)
      if (words !== null) badAddress = false
    }
    seen.add(address)
    if (words === null) continue
    if (bad.length === 0) reason = words
    bad.push(i)
  }
  return bad.length === 0 ? null : { kind: 'refused', reason, badAddress, people: bad }
}
const unsafe = /\p{Cc}/u
