import { Readable } from 'node:stream'
import { createTransport } from 'nodemailer'
import { checkMail } from './check.ts'
import { withoutAddresses } from './reason.ts'
import type { Mail, MailProvider, Outcome } from './provider.ts'

export interface SmtpOptions {
  /** smtp://user:password@host:587 or smtps://... */
  url: string
  perSecond: number
  connections?: number
  timeoutMs?: number
}

/**
 * Any mail server that speaks SMTP. It tells nothing afterwards: the reply after the message is all the evidence there is, so
 * a connection that breaks after the first byte of the message leaves a doubt that only a person can settle.
 */
export function createSmtp(options: SmtpOptions): MailProvider {
  const lanes = options.connections ?? 5
  const transport = createTransport({
    url: options.url,
    pool: true,
    maxConnections: lanes,
    maxMessages: 500,
    connectionTimeout: options.timeoutMs ?? 10_000,
    greetingTimeout: options.timeoutMs ?? 10_000,
    socketTimeout: options.timeoutMs ?? 20_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const begun = new Set<string>()
  // Which mails have begun to leave: the body is pulled only after the server has said "go on" to DATA.
  transport.use('stream', (mail, done) => {
    const id = String(mail.data.messageId)
    mail.message.processFunc((input: Readable) => Readable.from(marked(input, () => begun.add(id)), { objectMode: false }))
    done()
  })

  return {
    name: 'smtp',
    evidence: 'none',
    limits: { lanes, perSecond: options.perSecond },
    async send(mail) {
      const fault = checkMail(mail)
      if (fault) return fault
      const { 'Message-ID': given, ...headers } = mail.headers
      const messageId = given ?? `<${mail.key}@${mail.from.email.split('@')[1]}>`
      try {
        const info = await transport.sendMail({ ...partsOf(mail), headers, messageId })
        return { kind: 'accepted', providerId: info.response ? withoutAddresses(info.response).slice(0, 200) : null }
      } catch (error) {
        return outcomeOf(error, begun.has(messageId))
      } finally {
        begun.delete(messageId)
      }
    },
    close: async () => transport.close(),
  }
}

async function* marked(input: Readable, begin: () => void): AsyncGenerator<Buffer> {
  begin()
  for await (const chunk of input) yield chunk as Buffer
}

/** The envelope names the one validated address and nothing that a header says (CVE-2025-13033). */
const partsOf = (mail: Mail): Parameters<ReturnType<typeof createTransport>['sendMail']>[0] => ({
  envelope: { from: mail.from.email, to: [mail.to] },
  from: { name: mail.from.name, address: mail.from.email },
  ...(mail.replyTo ? { replyTo: { name: '', address: mail.replyTo } } : {}),
  to: { name: '', address: mail.to },
  subject: mail.subject,
  text: mail.text,
  html: mail.html,
})

interface SmtpFault {
  code?: string
  command?: string
  responseCode?: number
  response?: string
}

function outcomeOf(error: unknown, begun: boolean): Outcome {
  const { code = '', command = '', responseCode, response = '' } = error as SmtpFault
  const reason = withoutAddresses(`The mail server said: ${response || code || 'nothing'}`)
  if (code === 'EAUTH') return { kind: 'paused', reason }
  if (responseCode === undefined) {
    if (code === 'EENVELOPE') return { kind: 'refused', reason: 'the recipient is not one e-mail address', badAddress: true }
    return begun ? { kind: 'uncertain', reason } : { kind: 'later', reason, retryAfterMs: 30_000, whole: true }
  }
  // An answer is certain, wherever it came: the server did not take the mail.
  if (isSenderTrouble(response) || (command === 'MAIL FROM' && responseCode >= 500)) return { kind: 'paused', reason }
  if (responseCode >= 500 && (command === 'RCPT TO' || command === 'DATA')) return { kind: 'refused', reason, badAddress: command === 'RCPT TO' && !/\b5\.7\.\d/.test(response) }
  return { kind: 'later', reason, retryAfterMs: 5 * 60_000, whole: command !== 'RCPT TO' && command !== 'DATA' }
}

/** Missing authentication of the sending domain (550 5.7.515 and its kin) says nothing about the recipient (reliability.md 2.1). */
const isSenderTrouble = (response: string): boolean => /\b5\.7\.(515|509|26|25|23|60)\b/.test(response)
