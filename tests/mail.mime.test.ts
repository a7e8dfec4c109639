import { simpleParser, type ParsedMail } from 'mailparser'
import { createTransport } from 'nodemailer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mimeOf } from '../app/mail/mime.ts'
import type { Mail, Piece } from '../app/mail/provider.ts'
import { quoted } from '../app/mail/quoted.ts'
import { mailFor } from './contracts/mail.ts'

// What leaves by SMTP is read back by a parser that is not ours, and compared with what nodemailer makes of the same mail.

const now = new Date('2026-11-22T10:00:00Z')
const line = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((words) => !/\p{Cc}/u.test(words) && words.isWellFormed())
const awkward = fc.constantFrom('=?UTF-8?B?eA==?=', '=', '"', '\\', '(x)', 'a'.repeat(80), 'ü'.repeat(60), '😀'.repeat(30), '.', '..', 'From ', '  ', '<b>', ',', ';', ':', '@', '日本語のニュース', '%', 'ß')
/** Words for one line: of every alphabet, long and short, with what has a meaning in headers. */
const words = fc.array(fc.oneof(line, awkward), { maxLength: 6 }).map((list) => list.join(' ').trim().replace(/\s+/g, ' '))
const body = fc.array(fc.oneof(line, awkward, fc.constantFrom('\n', '\r\n', '\n.\n', ' \n', '\t\n', 'x'.repeat(998), '<a href="https://example.org/?a=1&amp;b=2">')), { maxLength: 12 }).map((list) => list.join(''))
const mails = fc.record({ subject: words.filter(Boolean), name: words, text: body.map((one) => `T${one}`), html: body.map((one) => `<p>${one}</p>`), custom: words.filter((one) => one !== '' && /^[ !#-~]*$/.test(one) && !one.includes('=?')) })
  .map(({ subject, name, text, html, custom }) => mailFor('nora@example.org', { subject, text, html, from: { name, email: 'ada@fern-and-fig.example' }, headers: { ...mailFor('nora@example.org').headers, 'X-Custom': custom } }))

const plainBreaks = (text: string): string => text.replace(/\r\n?/g, '\n')
const seenOf = (mail: ParsedMail): object => ({
  from: mail.from?.value, to: mail.to && !Array.isArray(mail.to) ? mail.to.value.map(({ address }) => address) : null, replyTo: mail.replyTo?.value.map(({ address }) => address),
  subject: mail.subject, messageId: mail.messageId, date: mail.date?.toISOString(), custom: mail.headers.get('x-custom'),
  unsubscribe: mail.headerLines.filter(({ key }) => key.startsWith('list-unsubscribe')).map((one) => one.line.replace(/\r?\n\s+/g, ' ')),
  text: plainBreaks(mail.text ?? '').replace(/\n$/, ''), html: plainBreaks(mail.html || '').replace(/\n$/, ''),
})

const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
async function byNodemailer(mail: Mail): Promise<Buffer> {
  const { 'Message-ID': messageId, ...headers } = mail.headers
  const { message } = await composer.sendMail({ from: { name: mail.from.name, address: mail.from.email }, to: mail.to, replyTo: mail.replyTo, subject: mail.subject, text: mail.text, html: mail.html, headers, messageId, date: now })
  return message as unknown as Buffer
}

describe('a mail as it travels', () => {
  test('a strict parser reads the same from it as from nodemailer’s, for words of every kind', async () => {
    await fc.assert(
      fc.asyncProperty(mails, async (mail) => {
        const ours = await simpleParser(mimeOf(mail, now))
        // nodemailer leaves a subject that looks encoded as it is, so that it is read as something else.
        if (!`${mail.subject}${mail.from.name}`.includes('=?')) expect(seenOf(ours)).toEqual(seenOf(await simpleParser(await byNodemailer(mail))))
        expect(seenOf(ours)).toMatchObject({ subject: mail.subject, text: plainBreaks(mail.text).replace(/\n$/, ''), html: plainBreaks(mail.html).replace(/\n$/, ''), from: [{ address: 'ada@fern-and-fig.example', name: mail.from.name }] })
      }),
      { numRuns: 300 },
    )
  })

  test('lines are short, plain ASCII, and need no stuffing; there are exactly the headers that belong there', () => {
    fc.assert(
      fc.property(mails, (mail) => {
        const source = mimeOf(mail, now)
        const lines = source.split('\r\n')
        expect(source).toMatch(/^[\t\r\n -~]*$/)
        expect(source.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
        expect(lines.filter((one) => one.length > 998 || one.startsWith('.'))).toEqual([])
        const head = source.slice(0, source.indexOf('\r\n\r\n')).replace(/\r\n[ \t]/g, ' ').split('\r\n').map((one) => one.slice(0, one.indexOf(':')))
        expect(head).toEqual(['Date', 'From', 'To', 'Reply-To', 'Subject', 'Message-ID', 'List-Unsubscribe', 'List-Unsubscribe-Post', 'X-Custom', 'MIME-Version', 'Content-Type'])
      }),
      { numRuns: 300 },
    )
  })

  test('a mail of one part has one', async () => {
    for (const change of [{ html: '' }, { text: '' }]) {
      const parsed = await simpleParser(mimeOf(mailFor('nora@example.org', change), now), { skipTextToHtml: true, skipHtmlToText: true })
      expect([parsed.text ?? '', parsed.html || '']).toEqual([change.text ?? 'Hello Ünal\n', change.html ?? mailFor('x@example.org').html])
    }
  })

  test('domains travel in ASCII, a sender without a name too', () => {
    const source = mimeOf(mailFor('nora@exämple.org', { from: { name: '', email: 'ada@bücher.example' }, headers: { 'Message-ID': '<k@bücher.example>' } }), now)
    for (const part of ['\r\nFrom: ada@xn--bcher-kva.example\r\n', '\r\nTo: nora@xn--exmple-cua.org\r\n', '\r\nMessage-ID: <k@xn--bcher-kva.example>\r\n']) expect(source).toContain(part)
  })
})

describe('quoted-printable', () => {
  const decode = (text: string): string => Buffer.from(text.replaceAll('=\r\n', '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString('utf8')
  const chunk = fc.constantFrom('a', '.', '..', '=', ' ', '\t', '\n', '\r\n', '\r', 'é', '😀', 'x'.repeat(70), 'y'.repeat(74), 'z'.repeat(75), 'w'.repeat(76), '\0', 'b'.repeat(300))

  test('says the same again, in lines that every server carries, however it is cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.array(chunk, { maxLength: 5 }).map((list) => list.join('')), fc.boolean()), { maxLength: 5 }), (list) => {
        const pieces = list.map(([text, fixed]): Piece => (fixed ? { words: text } : text))
        const whole = list.map(([text]) => text).join('')
        for (let i = 0; i < 2; i++) { // the second time with what was kept
          const text = quoted(pieces)
          expect(decode(text)).toBe(whole.replace(/\r\n|\r|\n/g, '\r\n'))
          for (const one of text.split('\r\n')) expect(one).toMatch(/^(?!\.)[ -~\t]{0,76}(?<![ \t])$/)
        }
      }),
      { numRuns: 3_000 },
    )
  })
})
