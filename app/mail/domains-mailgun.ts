import { z } from 'zod'
import type { Fetch } from '../lib/fetch.ts'
import { askJson } from './domains-ask.ts'
import type { DomainAnswer, ProviderDomain, ProviderDomains } from './provider.ts'

const domainReply = z.object({
  domain: z.object({ name: z.string(), state: z.string() }),
  sending_dns_records: z.array(z.object({ record_type: z.string(), name: z.string().nullish(), value: z.string(), valid: z.string().nullish() })),
})

/**
 * Mailgun's domains (API v4). All mail is handed over under `domain`, so that is the domain that Mailgun signs for and whose SPF
 * record must name it, whatever sender asks; it fits senders of the same registered domain. Its tracking and receiving records are
 * not asked for: we use neither.
 */
export function mailgunDomains(options: { apiKey: string; url: string; domain: string; fetch: Fetch }): ProviderDomains {
  const base = options.url.replace(/\/$/, '')
  const domain = options.domain.toLowerCase()
  const headers = { authorization: `Basic ${Buffer.from(`api:${options.apiKey}`).toString('base64')}`, accept: 'application/json' }
  const ask = (method: string, path: string, form?: Record<string, string>): Promise<DomainAnswer<z.infer<typeof domainReply>>> =>
    askJson(options.fetch, 'Mailgun', domainReply, `${base}/v4/domains${path}`, { method, headers, ...(form ? { body: new URLSearchParams(form) } : {}) })
  return {
    async authenticate() {
      const made = await ask('POST', '', { name: domain, spam_action: 'disabled', dkim_key_size: '2048' })
      if (made.kind === 'ok') return { kind: 'ok', value: ours(domain, made.value) }
      if (made.kind === 'later') return made
      // It is in the account already, or cannot be: the domain itself tells which.
      const known = await ask('GET', `/${encodeURIComponent(domain)}`)
      return known.kind === 'ok' ? { kind: 'ok', value: ours(domain, known.value) } : known.kind === 'later' ? known : made
    },
    async validate(ref) {
      const answer = await ask('PUT', `/${encodeURIComponent(ref)}/verify`)
      if (answer.kind !== 'ok') return answer
      const { domain, sending_dns_records } = answer.value
      if (domain.state === 'disabled') return { kind: 'ok', value: { valid: false, reason: 'Mailgun has switched this domain off' } }
      const missing = sending_dns_records.find((one) => one.record_type === 'TXT' && one.valid !== 'valid')
      return { kind: 'ok', value: { valid: domain.state === 'active', reason: missing ? `Mailgun has not seen the text at ${missing.name ?? ref} yet` : null } }
    },
  }
}

function ours(domain: string, reply: z.infer<typeof domainReply>): ProviderDomain {
  const texts = reply.sending_dns_records.filter((one) => one.record_type === 'TXT').map((one) => ({ type: 'TXT' as const, name: one.name || domain, value: one.value }))
  const spf = texts.find((one) => /^v=spf1\b/i.test(one.value))
  const include = /\binclude:\S+/i.exec(spf?.value ?? '')?.[0] ?? 'include:mailgun.org'
  return {
    ref: reply.domain.name,
    records: texts.flatMap((one): ProviderDomain['records'] => (one === spf ? [{ ...one, purpose: 'spf' }] : /\._domainkey\./i.test(one.name) ? [{ ...one, purpose: 'dkim' }] : [])),
    dkimDomain: domain,
    returnPath: domain,
    spfMust: include,
  }
}
