import { z } from 'zod'
import type { Keys } from './lib/crypto.ts'
import { readSmtpUrl } from './mail/server-address.ts'

const key = z.string().refine((v) => Buffer.from(v, 'base64').length >= 32, 'must be 32 bytes or more, base64; make one with: openssl rand -base64 32')
const variables = z
  .object({
    NODE_ENV: z.enum(['production', 'development', 'test']).default('development'),
    PORT: z.coerce.number().int().min(0).max(65535).default(3000),
    ROLE: z.enum(['all', 'web', 'worker']).default('all'),
    LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    APP_URL: z.url({ protocol: /^https?$/, error: 'must be the address at which stores and shoppers reach this app, e.g. https://mail.example.com' }),
    DATABASE_URL: z.string().regex(/^(file:|postgres(ql)?:\/\/|:memory:)/, 'must begin with file: or postgres://').default('file:./data/homing.db'),
    /** Where a machine keeps what must outlive a process but cannot be in the database; beside the file of SQLite if unset, ./data on PostgreSQL. */
    DATA_DIR: z.string().optional(),
    SHOPIFY_API_KEY: z.string().min(1, 'is the client id of the app in the Shopify dashboard'),
    SHOPIFY_API_SECRET: z.string().min(1, 'is the client secret of the app in the Shopify dashboard'),
    /** While a secret is being changed the platform may sign with either for up to an hour. */
    SHOPIFY_API_SECRET_PREVIOUS: z.string().optional(),
    SECRET_KEYS: z
      .string()
      .regex(/^[\w-]+:[A-Za-z0-9+/=]+(,[\w-]+:[A-Za-z0-9+/=]+)*$/, 'must be name:base64[,name:base64]; the first encrypts, all decrypt')
      .refine((v) => v.split(',').every((part) => Buffer.from(part.slice(part.indexOf(':') + 1), 'base64').length >= 32), 'each key must be 32 bytes or more'),
    HASH_KEY: key,
    MAIL_PROVIDER: z.enum(['sendgrid', 'mailgun', 'smtp', 'outbox']),
    SENDGRID_API_KEY: z.string().optional(),
    SENDGRID_URL: z.url().default('https://api.sendgrid.com'),
    SENDGRID_WEBHOOK_KEY: z.string().optional(),
    MAILGUN_API_KEY: z.string().optional(),
    MAILGUN_DOMAIN: z.string().regex(/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/, 'must be the sending domain as Mailgun knows it, e.g. mail.example.com').optional(),
    MAILGUN_URL: z.url().default('https://api.mailgun.net'),
    MAILGUN_SIGNING_KEY: z.string().optional(),
    SMTP_URL: z.string().optional(),
    MAIL_PER_SECOND: z.coerce.number().min(0.1).max(1_000_000).default(50),
    /** Demo only: where the admin that frames us lives, and where its script comes from. */
    FRAME_ANCESTORS: z.string().optional(),
    APP_BRIDGE_URL: z.string().optional(),
  })
  .superRefine((v, context) => {
    const need = (name: string, message: string): void => context.addIssue({ code: 'custom', path: [name], message })
    if (v.MAIL_PROVIDER === 'sendgrid') {
      if (!v.SENDGRID_API_KEY) need('SENDGRID_API_KEY', 'is needed when MAIL_PROVIDER is sendgrid')
      if (!v.SENDGRID_WEBHOOK_KEY) need('SENDGRID_WEBHOOK_KEY', 'is needed when MAIL_PROVIDER is sendgrid: the public key of the signed event webhook')
    }
    if (v.MAIL_PROVIDER === 'mailgun') {
      if (!v.MAILGUN_API_KEY) need('MAILGUN_API_KEY', 'is needed when MAIL_PROVIDER is mailgun')
      if (!v.MAILGUN_DOMAIN) need('MAILGUN_DOMAIN', 'is needed when MAIL_PROVIDER is mailgun')
      if (!v.MAILGUN_SIGNING_KEY) need('MAILGUN_SIGNING_KEY', 'is needed when MAIL_PROVIDER is mailgun: the key with which Mailgun signs its webhooks')
    }
    if (v.MAIL_PROVIDER === 'smtp' && !v.SMTP_URL) need('SMTP_URL', 'is needed when MAIL_PROVIDER is smtp')
    if (v.SMTP_URL) {
      const fault = smtpFault(v.SMTP_URL)
      if (fault) need('SMTP_URL', fault)
    }
    if (v.NODE_ENV === 'production') {
      if (v.FRAME_ANCESTORS) need('FRAME_ANCESTORS', 'is a setting of the demo and must not be set in production')
      if (v.APP_BRIDGE_URL) need('APP_BRIDGE_URL', 'is a setting of the demo and must not be set in production')
      if (v.MAIL_PROVIDER === 'outbox') need('MAIL_PROVIDER', 'outbox keeps mails to itself; production needs sendgrid, mailgun or smtp')
      if (v.MAIL_PROVIDER === 'sendgrid' && !v.SENDGRID_URL.startsWith('https://')) need('SENDGRID_URL', 'must be https in production: the key travels there')
      if (v.MAIL_PROVIDER === 'mailgun' && !v.MAILGUN_URL.startsWith('https://')) need('MAILGUN_URL', 'must be https in production: the key travels there')
      if (!v.APP_URL.startsWith('https://')) need('APP_URL', 'must be https in production')
    }
  })

export type Settings = Omit<z.infer<typeof variables>, 'SECRET_KEYS' | 'HASH_KEY'> & { keys: Keys }

function smtpFault(url: string): string | null {
  try {
    readSmtpUrl(url)
    return null
  } catch (error) {
    return (error as Error).message
  }
}

/** Reads the environment once, at the door. Throws an error whose message has one line for each variable that is missing or wrong. */
export function readSettings(env: Record<string, string | undefined>): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const result = variables.safeParse(given)
  if (!result.success) {
    const lines = result.error.issues.map((issue) => {
      const name = String(issue.path[0] ?? '')
      return `  ${name}: ${given[name] === undefined && !issue.message.includes('needed') ? `is missing; it ${issue.message.replace(/^Invalid.*$/, 'must be set')}` : issue.message}`
    })
    throw new Error(`The configuration is not complete (see .env.example):\n${lines.join('\n')}`)
  }
  const { SECRET_KEYS, HASH_KEY, ...rest } = result.data
  const all = new Map(SECRET_KEYS.split(',').map((part) => [part.slice(0, part.indexOf(':')), Buffer.from(part.slice(part.indexOf(':') + 1), 'base64')] as const))
  const [id, secret] = all.entries().next().value!
  return { ...rest, APP_URL: rest.APP_URL.replace(/\/$/, ''), keys: { current: { id, secret }, all, hash: Buffer.from(HASH_KEY, 'base64') } }
}
