import type { Settings } from '../env.ts'
import type { Clock } from '../lib/clock.ts'
import { createOutbox } from './outbox.ts'
import type { MailProvider } from './provider.ts'
import { createSendGrid } from './sendgrid.ts'
import { createSmtp } from './smtp.ts'

/** The provider that the settings name. To add one: write it beside these, run tests/contracts/mail.ts on it, name it here and in env.ts. */
export function createMail({ settings, clock }: { settings: Settings; clock: Clock }): MailProvider {
  const perSecond = settings.MAIL_PER_SECOND
  if (settings.MAIL_PROVIDER === 'sendgrid')
    return createSendGrid({
      apiKey: settings.SENDGRID_API_KEY ?? '',
      url: settings.SENDGRID_URL,
      webhookKey: settings.SENDGRID_WEBHOOK_KEY ?? '',
      perSecond,
      clock,
    })
  if (settings.MAIL_PROVIDER === 'smtp') return createSmtp({ url: settings.SMTP_URL ?? '', perSecond })
  return createOutbox()
}
