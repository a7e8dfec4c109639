import { isIP } from 'node:net'
import { z } from 'zod'

export interface SmtpAddress {
  host: string
  port: number
  /** `direct`: TLS from the first byte. `upgrade`: STARTTLS, or nothing is sent. `offered`: STARTTLS where the server has it. `never`: without. */
  tls: 'direct' | 'upgrade' | 'offered' | 'never'
  user: string
  password: string
  connections: number
  /** What we call ourselves; null: the machine's name. */
  name: string | null
}

const options = z.strictObject({
  tls: z.enum(['upgrade', 'offered', 'never'], 'must be upgrade, offered or never').optional(),
  connections: z.coerce.number('must be a number from 1 to 50').int().min(1).max(50).default(10),
  name: z.string().regex(/^[A-Za-z0-9.-]{1,200}$/, 'must be a host name').optional(),
})

/**
 * Reads smtps://user:password@host[:465] or smtp://user:password@host[:587], with `?connections=10`, `?name=mail.example.com` and
 * `?tls=…`. Without a word about it TLS is demanded of every machine but this one. Throws an Error in words, without the password.
 */
export function readSmtpUrl(text: string): SmtpAddress {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^smtps?:$/.test(url.protocol) || url.hostname === '' || (url.pathname !== '' && url.pathname !== '/') || url.hash !== '') throw new Error('must look like smtps://user:password@mail.example.com')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const given = options.safeParse(Object.fromEntries(url.searchParams))
  if (!given.success) {
    const [fault] = given.error.issues
    throw new Error(fault?.code === 'unrecognized_keys' ? `has an unknown option: ${fault.keys.join(', ')}` : `${fault?.path.join('.')}: ${fault?.message}`)
  }
  const direct = url.protocol === 'smtps:'
  const { connections, name, tls = isHere(host) ? 'offered' : 'upgrade' } = given.data
  if (direct && given.data.tls) throw new Error('tls is for smtp://; smtps:// is always encrypted')
  if (url.password !== '' && tls !== 'upgrade' && !direct && !isHere(host)) throw new Error(`would send the password unencrypted: leave out tls=${tls}`)
  return { host, port: Number(url.port) || (direct ? 465 : 587), tls: direct ? 'direct' : tls, user: decodeURIComponent(url.username), password: decodeURIComponent(url.password), connections, name: name ?? null }
}

const isHere = (host: string): boolean => host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
