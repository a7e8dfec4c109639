import type { Settings } from '../env.ts'
import type { Clock } from '../lib/clock.ts'
import type { Fetch } from '../lib/fetch.ts'
import { mailgunDomains } from './domains-mailgun.ts'
import { sendGridDomains } from './domains-sendgrid.ts'
import { createMailgun } from './mailgun.ts'
import { createOutbox } from './outbox.ts'
import type { MailProvider } from './provider.ts'
import { createSendGrid } from './sendgrid.ts'
import { createSmtp } from './smtp.ts'

/** The provider that the settings name. To add one: write it beside these, run tests/contracts/mail.ts on it, name it here and in env.ts. */
export function createMail({ settings, clock, fetch }: { settings: Settings; clock: Clock; fetch: Fetch }): MailProvider {
  const perSecond = settings.MAIL_PER_SECOND
  if (settings.MAIL_PROVIDER === 'sendgrid')
    return {
      ...createSendGrid({
        apiKey: settings.SENDGRID_API_KEY ?? '',
        url: settings.SENDGRID_URL,
        webhookKey: settings.SENDGRID_WEBHOOK_KEY ?? '',
        perSecond,
        clock,
      }),
      domains: sendGridDomains({ apiKey: settings.SENDGRID_API_KEY ?? '', url: settings.SENDGRID_URL, fetch }),
    }
  if (settings.MAIL_PROVIDER === 'mailgun') {
    const [apiKey, url] = [settings.MAILGUN_API_KEY ?? '', settings.MAILGUN_URL]
    return {
      ...createMailgun({ apiKey, url, domain: settings.MAILGUN_DOMAIN ?? '', signingKey: settings.MAILGUN_SIGNING_KEY ?? '', perSecond, clock }),
      domains: mailgunDomains({ apiKey, url, domain: settings.MAILGUN_DOMAIN ?? '', fetch }),
    }
  }
  if (settings.MAIL_PROVIDER === 'smtp') return createSmtp({ url: settings.SMTP_URL ?? '', perSecond, clock })
  return createOutbox()
}
