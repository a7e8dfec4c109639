import type { Mail, Outcome } from './provider.ts'

/**
 * The last check before a mail is handed over, the same for every provider: exactly one recipient, and nothing that could
 * become a second header or a second command (reliability.md T14). A fault is the outcome; null means that it may go.
 */
export function checkMail(mail: Mail): Outcome | null {
  const fault = (reason: string, badAddress = false): Outcome => ({ kind: 'refused', reason, badAddress })
  if (!isAddress(mail.to)) return fault('the recipient is not one e-mail address', true)
  if (!isAddress(mail.from.email)) return fault('the sender is not one e-mail address')
  if (mail.replyTo !== '' && !isAddress(mail.replyTo)) return fault('the reply address is not one e-mail address')
  if ([mail.subject, mail.from.name, mail.key].some(hasControl)) return fault('a header holds a line break')
  for (const name of Object.keys(mail.headers)) {
    if (!/^[A-Za-z0-9-]{1,76}$/.test(name) || hasControl(mail.headers[name]!)) return fault('a header holds a line break')
    if (ours.has(name.toLowerCase()) || (name !== 'Message-ID' && name.toLowerCase() === 'message-id')) return fault(`the header ${name} is written by the provider`)
  }
  if (mail.subject.trim() === '') return fault('the mail has no subject')
  return null
}

/** Headers that come from the mail's own fields, or that only a mail server writes: given twice, nobody knows which one counts. */
const ours = new Set([
  'from', 'to', 'cc', 'bcc', 'sender', 'reply-to', 'subject', 'date', 'mime-version', 'content-type', 'content-transfer-encoding', 'return-path', 'received', 'dkim-signature',
])

/** One plain address, local@domain, as we let it leave: no spaces, quotes, angle brackets, commas or control characters. */
export const isAddress = (value: string): boolean =>
  value.length <= 254 && /^[^\s@<>()[\]\\,;:"\p{Cc}]{1,64}@[^\s@<>()[\]\\,;:"\p{Cc}]+\.[^\s@<>()[\]\\,;:"\p{Cc}.]{2,}$/u.test(value) && !value.includes('..')

const hasControl = (value: string): boolean => /\p{Cc}/u.test(value)
