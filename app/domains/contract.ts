import { z } from 'zod'

/** A record that the owner of a domain sets with whoever keeps its DNS. */
export const dnsRecord = z.object({
  type: z.enum(['CNAME', 'TXT']),
  /** In full, without a dot at the end: 's1._domainkey.fern.example' */
  name: z.string(),
  value: z.string(),
  /** What it is there for. */
  purpose: z.enum(['owner', 'return_path', 'dkim', 'spf', 'dmarc']),
})
export type DnsRecord = z.infer<typeof dnsRecord>

/** What sending_domains.records holds: what the mail provider asked for, and how the mail leaves with it. */
export const setup = z.object({
  /** The mail provider for which it was made: with another one, other records count. */
  provider: z.string(),
  records: z.array(dnsRecord),
  /** Domain in whose name the provider signs (DKIM d=); null: only the owner knows. */
  dkimDomain: z.string().nullable(),
  /** Domain of the envelope sender, which SPF is about. */
  returnPath: z.string(),
  /** What the SPF record of the return path must name, where it is the owner's own: 'include:mailgun.org'. */
  spfMust: z.string().nullable(),
})
export type Setup = z.infer<typeof setup>

/** ok: as it must be. fault: no campaign leaves. advice: better otherwise, stops nothing. unknown: could not be looked at now. */
export const findingLevel = z.enum(['ok', 'fault', 'advice', 'unknown'])
export const finding = z.object({
  check: z.enum(['owner', 'dkim', 'spf', 'dmarc', 'alignment', 'replies', 'provider']),
  level: findingLevel,
  /** "Signature (DKIM)" */
  title: z.string(),
  /** What it means and what to do, in plain words. */
  words: z.string(),
  /** What was asked of the DNS and what came back. */
  looked: z.array(z.object({ type: z.string(), name: z.string(), answer: z.enum(['found', 'none', 'failed']), found: z.array(z.string()) })),
})
export type Finding = z.infer<typeof finding>

/** What sending_domains.findings holds; {} before the first check. */
export const findings = z.object({
  findings: z.array(finding),
  /** The records to set, each as the last check found it. */
  records: z.array(dnsRecord.extend({ state: z.enum(['ok', 'missing', 'wrong', 'unknown']), found: z.array(z.string()), hint: z.string().nullable() })),
  /** Who keeps the domain's DNS, where its name servers tell. */
  host: z.string().nullable(),
})
export type Findings = z.infer<typeof findings>
export type FoundRecord = Findings['records'][number]

/** GET /api/domain -> domainView. POST /api/domain {} sets up the domain of the sender's address; POST /api/domain/check {} looks again. Both answer domainView. */
export const domainView = z.object({
  /** The sender's address in the settings; '' while there is none. */
  address: z.string(),
  domain: z.string().nullable(),
  /** Why no domain can be set up for this address, in words; null when it can. */
  obstacle: z.string().nullable(),
  state: z.enum(['none', 'pending', 'verified', 'failing']),
  /** The answer to "may I send?" in one sentence, and what comes next. */
  sentence: z.string(),
  detail: z.string(),
  provider: z.string(),
  records: z.array(
    dnsRecord.extend({
      /** As most DNS hosts want it, without the domain that they add themselves: 's1._domainkey', or '@' for the domain itself. */
      shortName: z.string(),
      state: z.enum(['ok', 'missing', 'wrong', 'unknown', 'unchecked']),
      found: z.array(z.string()),
      hint: z.string().nullable(),
    }),
  ),
  findings: z.array(finding),
  /** A line for whoever keeps the domain's DNS, where it is known. */
  hostHint: z.string().nullable(),
  checking: z.boolean(),
  /** What time it is at the server: times are shown against it. */
  now: z.string(),
  checkedAt: z.string().nullable(),
  verifiedAt: z.string().nullable(),
  /** Set while it still counts as verified although something is gone. */
  brokenSince: z.string().nullable(),
  /** The DKIM selector of the owner's own mail server; asked for only where the provider brings no signature of its own. */
  selector: z.string().nullable(),
  asksSelector: z.boolean(),
  /** Few mails a day at first; null while there is no domain. `days`: what a mail to everybody would look like from today. */
  ramp: z.object({ on: z.boolean(), since: z.string().nullable(), audience: z.number(), days: z.array(z.object({ day: z.string(), people: z.number() })) }).nullable(),
})
export type DomainView = z.infer<typeof domainView>

/** PUT /api/domain -> domainView. */
export const domainInput = z.object({
  /** '' takes it back. */
  selector: z
    .string()
    .trim()
    .max(63, 'at most 63 characters')
    .regex(/^([a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]*[a-z0-9])?)*)?$/i, 'is the word before ._domainkey in the DNS, such as mail or s1')
    .optional(),
  /** This domain has sent newsletters before: no slow beginning. */
  sentBefore: z.boolean().optional(),
})
