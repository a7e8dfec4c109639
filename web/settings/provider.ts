/** The name that people know; a provider that is new here shows its own. */
export const providerName = (provider: string): string => ({ sendgrid: 'SendGrid', mailgun: 'Mailgun', smtp: 'your own mail server', outbox: 'the outbox of this machine (nothing leaves it)' })[provider] ?? provider
