import { z } from 'zod'
import type { Fetch } from '../lib/fetch.ts'
import { askJson } from './domains-ask.ts'
import type { DomainAnswer, ProviderDomain, ProviderDomains } from './provider.ts'

const record = z.object({ type: z.string(), host: z.string(), data: z.string() })
const authenticated = z.object({
  id: z.union([z.number(), z.string()]),
  domain: z.string(),
  automatic_security: z.boolean().nullish(),
  valid: z.boolean().nullish(),
  dns: z.object({ mail_cname: record, dkim1: record, dkim2: record }),
})
const validation = z.object({ valid: z.boolean(), validation_results: z.record(z.string(), z.object({ valid: z.boolean(), reason: z.string().nullish() }).nullish()).nullish() })

/**
 * SendGrid's authenticated domains with automatic security: three CNAMEs, behind which SendGrid itself keeps keys and SPF
 * (platform.md 16.1). A domain that the account already has is taken as it is, so that its records stay the same.
 */
export function sendGridDomains(options: { apiKey: string; url: string; fetch: Fetch }): ProviderDomains {
  const base = options.url.replace(/\/$/, '')
  const ask = <T extends z.ZodType>(shape: T, method: string, path: string, body?: unknown): Promise<DomainAnswer<z.infer<T>>> =>
    askJson(options.fetch, 'SendGrid', shape, `${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${options.apiKey}`, accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  return {
    async authenticate(domain) {
      // Others in the list may be older kinds, whose records look different: only those that fit are read.
      const known = await ask(z.array(z.unknown()), 'GET', `/v3/whitelabel/domains?limit=50&domain=${encodeURIComponent(domain)}`)
      if (known.kind !== 'ok') return known
      const fits = known.value.flatMap((one) => authenticated.safeParse(one).data ?? []).filter((one) => one.domain.toLowerCase() === domain && one.automatic_security === true)
      const found = fits.find((one) => one.valid === true) ?? fits[0]
      if (found) return { kind: 'ok', value: ours(found) }
      const made = await ask(authenticated, 'POST', '/v3/whitelabel/domains', { domain, automatic_security: true, custom_spf: false, default: false })
      return made.kind === 'ok' ? { kind: 'ok', value: ours(made.value) } : made
    },
    async validate(ref) {
      const answer = await ask(validation, 'POST', `/v3/whitelabel/domains/${encodeURIComponent(ref)}/validate`, {})
      if (answer.kind !== 'ok') return answer
      const missing = Object.values(answer.value.validation_results ?? {}).find((one) => one?.valid === false)
      return { kind: 'ok', value: { valid: answer.value.valid, reason: missing?.reason ?? null } }
    },
  }
}

function ours({ id, domain, dns }: z.infer<typeof authenticated>): ProviderDomain {
  const cname = ({ host, data }: z.infer<typeof record>, purpose: 'return_path' | 'dkim'): ProviderDomain['records'][number] => ({ type: 'CNAME', name: host, value: data, purpose })
  return {
    ref: String(id),
    records: [cname(dns.mail_cname, 'return_path'), cname(dns.dkim1, 'dkim'), cname(dns.dkim2, 'dkim')],
    dkimDomain: domain,
    returnPath: dns.mail_cname.host,
    spfMust: null,
  }
}
