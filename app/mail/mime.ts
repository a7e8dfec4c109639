import { addressLine, asciiAddress, headerLine } from './mime-header.ts'
import type { Mail } from './provider.ts'
import { quoted } from './quoted.ts'

/** `=_` cannot stand in quoted-printable text, so this boundary cannot stand in a part, whatever a mail says. */
const boundary = '=_homing_alternative'
const part = (type: string): string => `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n`

/**
 * A mail as it travels (RFC 5322, MIME): plain ASCII unless the part of an address before its @ is not (SMTPUTF8), every line ends
 * with \r\n and is at most 998 characters long, none begins with a full stop, so it can be sent after DATA as it is. Words that many mails share are
 * encoded once (`Mail.pieces`). The mail must have passed `checkMail`.
 */
export function mimeOf(mail: Mail, now: Date): string {
  const text = quoted(mail.pieces?.text ?? [mail.text])
  const html = quoted(mail.pieces?.html ?? [mail.html])
  const { 'Message-ID': messageId = `<${mail.key}@${mail.from.email.split('@')[1]}>`, ...rest } = mail.headers
  let head = `Date: ${dateOf(now)}\r\n`
  head += addressLine('From', mail.from)
  head += addressLine('To', { name: '', email: mail.to })
  if (mail.replyTo) head += addressLine('Reply-To', { name: '', email: mail.replyTo })
  head += headerLine('Subject', mail.subject)
  head += `Message-ID: <${asciiAddress(messageId.replace(/^<|>$/g, ''))}>\r\n`
  for (const name of Object.keys(rest)) head += headerLine(name, rest[name]!)
  head += 'MIME-Version: 1.0\r\n'
  if (html === '') return `${head}${part('text/plain')}${text}`
  if (text === '') return `${head}${part('text/html')}${html}`
  return (
    `${head}Content-Type: multipart/alternative; boundary="${boundary}"\r\n\r\n` +
    `--${boundary}\r\n${part('text/plain')}${text}\r\n--${boundary}\r\n${part('text/html')}${html}\r\n--${boundary}--`
  )
}

let lastDate = { at: NaN, text: '' }
function dateOf(now: Date): string {
  const at = Math.floor(now.getTime() / 1000)
  if (at !== lastDate.at) lastDate = { at, text: now.toUTCString().replace('GMT', '+0000') }
  return lastDate.text
}
