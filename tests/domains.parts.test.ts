import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sendGridDomains } from '../app/mail/domains-sendgrid.ts'
import { mailgunDomains } from '../app/mail/domains-mailgun.ts'
import { parseDkim } from '../app/domains/dkim.ts'
import { findDmarc, parseDmarc } from '../app/domains/dmarc.ts'
import { hostOf } from '../app/domains/hosts.ts'
import { aligned, domainOf, obstacleOf, organisational, shortName } from '../app/domains/names.ts'
import { mostOn, spreadOver, spreadParts } from '../app/domains/ramp.ts'
import { parseSpf, spfCost, withTerm } from '../app/domains/spf.ts'
import { createDns } from '../app/lib/dns.ts'
import { zoneDns, type Zone } from './domain.ts'

// What a sending domain is judged by, piece by piece, without a database.

const rsa = (bits: number): string => generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'der', type: 'spki' }).toString('base64')

describe('names', () => {
  test('the domain of an address is read as the DNS knows it', () => {
    expect(domainOf('Ada@Fern.Example')).toBe('fern.example')
    expect(domainOf('ada@münchen.de')).toBe('xn--mnchen-3ya.de')
    expect(domainOf('ada@fern.example.')).toBe('fern.example')
    for (const none of ['', 'ada', '@fern.example', 'ada@localhost', 'ada@127.0.0.1', 'ada@fern..example', 'ada@-fern.example', 'ada@fern example.com']) expect(domainOf(none), none).toBe(null)
  })

  test('the registered domain follows the public suffix list', () => {
    expect(organisational('mail.fern.co.uk')).toBe('fern.co.uk')
    expect(organisational('news.fern.com')).toBe('fern.com')
    expect(organisational('a.fern.github.io')).toBe('fern.github.io')
    expect(organisational('co.uk')).toBe(null)
  })

  test('mailbox companies, Shopify and suffixes are refused with the reason; a shop’s own domain is not', () => {
    for (const address of ['ada@gmail.com', 'ada@GMX.de', 'ada@web.de', 'ada@yahoo.co.uk', 'ada@outlook.com', 'ada@icloud.com', 'ada@eu.gmx.net']) expect(obstacleOf(address), address).toMatch(/mailbox company/)
    expect(obstacleOf('ada@fern.myshopify.com')).toMatch(/belongs to Shopify/)
    expect(obstacleOf('ada@co.uk')).toMatch(/not a domain that a shop can own/)
    expect(obstacleOf('')).toMatch(/Say in the settings/)
    for (const address of ['hello@fern-and-fig.com', 'news@mail.fern.co.uk', 'ada@notgmail.com', 'ada@gmail.com.fern.com']) expect(obstacleOf(address), address).toBe(null)
  })

  test('alignment is relaxed or strict', () => {
    expect(aligned('fern.com', 'em12.fern.com', 'r')).toBe(true)
    expect(aligned('fern.com', 'em12.fern.com', 's')).toBe(false)
    expect(aligned('fern.com', 'FERN.com.', 's')).toBe(true)
    expect(aligned('fern.co.uk', 'fig.co.uk', 'r')).toBe(false)
    expect(aligned('co.uk', 'fern.co.uk', 'r')).toBe(false)
  })

  test('the short name is what is left before the registered domain', () => {
    expect(shortName('s1._domainkey.fern.com', 'fern.com')).toBe('s1._domainkey')
    expect(shortName('_dmarc.mail.fern.co.uk', 'mail.fern.co.uk')).toBe('_dmarc.mail')
    expect(shortName('fern.com', 'fern.com')).toBe('@')
  })

  test('hosts are known by their name servers, and only by those', () => {
    expect(hostOf(['ada.ns.cloudflare.com'])).toBe('Cloudflare')
    expect(hostOf(['ns-12.awsdns-34.co.uk.'])).toBe('Amazon Route 53')
    expect(hostOf(['ns.cloudflare.com.evil.example'])).toBe(null)
  })
})

describe('SPF', () => {
  test.each([
    ['v=spf1 include:_spf.example.com ~all', true],
    ['V=SPF1 a mx ip4:192.0.2.0/24 a/24 -all', true],
    ['v=spf1', true],
    ['v=spf1 redirect=other.example exp=why.example unknown=fine', true],
    ['v=spf1 includes:_spf.example.com', false],
    ['v=spf1 include: -all', false],
    ['v=spf1 all:x', false],
    ['v=spf2 a', false],
    ['v=spf10 a', false],
  ])('%s is readable: %s', (text, readable) => expect(parseSpf(text) !== null).toBe(readable))

  const cost = (zone: Zone, text: string): ReturnType<typeof spfCost> => spfCost(zoneDns(zone), parseSpf(text)!)
  test('look-ups are counted through includes and redirects', async () => {
    const zone: Zone = new Map([
      ['TXT a.example', ['v=spf1 include:b.example mx -all']],
      ['TXT b.example', ['v=spf1 ip4:192.0.2.1 -all', 'another text']],
      ['TXT r.example', ['v=spf1 a -all']],
    ])
    expect(await cost(zone, 'v=spf1 include:a.example ip6:::1 exists:%{i}.x.example redirect=r.example')).toMatchObject({ kind: 'counted', lookups: 6 })
    expect(await cost(zone, 'v=spf1 include:a.example redirect=r.example ~all')).toMatchObject({ lookups: 3 }) // "all" decides before a redirect
  })

  test('ten look-ups are fine, eleven are told, and loops end', async () => {
    expect(await cost(new Map(), `v=spf1 ${'a '.repeat(10)}-all`)).toMatchObject({ lookups: 10 })
    expect(await cost(new Map(), `v=spf1 ${'a '.repeat(11)}-all`)).toMatchObject({ lookups: 11 })
    const loop: Zone = new Map([['TXT l.example', ['v=spf1 include:l.example -all']]])
    expect(await cost(loop, 'v=spf1 include:l.example')).toMatchObject({ kind: 'counted', lookups: 11 })
  })

  test('an include without a record breaks it; one that does not answer leaves it open', async () => {
    expect(await cost(new Map(), 'v=spf1 include:gone.example -all')).toMatchObject({ kind: 'broken', at: 'gone.example' })
    expect(await cost(new Map([['TXT two.example', ['v=spf1 -all', 'v=spf1 a -all']]]), 'v=spf1 include:two.example -all')).toMatchObject({ kind: 'broken' })
    expect(await cost(new Map([['TXT slow.example', 'timeout']]), 'v=spf1 include:slow.example -all')).toEqual({ kind: 'unknown', at: 'slow.example' })
  })

  test('a term goes in front of the end', () => {
    expect(withTerm('v=spf1 include:_spf.google.com ~all', 'include:mailgun.org')).toBe('v=spf1 include:_spf.google.com include:mailgun.org ~all')
    expect(withTerm('v=spf1 mx', 'include:mailgun.org')).toBe('v=spf1 mx include:mailgun.org')
    expect(withTerm('v=spf1 redirect=x.example', 'include:mailgun.org')).toBe('v=spf1 include:mailgun.org redirect=x.example')
  })
})

describe('DKIM keys', () => {
  test('a key is read with its length; spaces and missing version do no harm', () => {
    const key = rsa(2048)
    expect(parseDkim(`v=DKIM1; k=rsa; p=${key}`)).toEqual({ kind: 'key', algorithm: 'rsa', bits: 2048, testing: false })
    expect(parseDkim(`k=rsa; t=y:s; p=${key.slice(0, 50)} ${key.slice(50)}`)).toMatchObject({ bits: 2048, testing: true })
    expect(parseDkim(`p=${rsa(1024)}`)).toMatchObject({ bits: 1024 })
    expect(parseDkim(`p=${rsa(512)}`)).toMatchObject({ bits: 512 })
    expect(parseDkim(`v=DKIM1; k=ed25519; p=${Buffer.alloc(32, 7).toString('base64')}`)).toMatchObject({ algorithm: 'ed25519' })
  })

  test('what is no key says why', () => {
    expect(parseDkim('v=DKIM1; p=')).toEqual({ kind: 'revoked' })
    for (const text of ['', 'hello', 'v=DKIM1', 'v=DKIM2; p=AAAA', `p=${rsa(1024).slice(0, 80)}`, 'k=rsa; p="AAAA"', 'k=dsa; p=AAAA', 'k=ed25519; p=AAAA', 'p=AA; p=BB']) expect(parseDkim(text).kind, text).toBe('broken')
  })
})

describe('DMARC', () => {
  test('the policy and its strictness are read', () => {
    expect(parseDmarc('v=DMARC1; p=none')).toEqual({ policy: 'none', adkim: 'r', aspf: 'r' })
    expect(parseDmarc('v=DMARC1;p=REJECT;adkim=s; aspf=s; rua=mailto:x@y.example')).toEqual({ policy: 'reject', adkim: 's', aspf: 's' })
    expect(parseDmarc('v=DMARC1; p=reject; sp=none', true)).toMatchObject({ policy: 'none' })
    for (const text of ['', 'v=DMARC1', 'v=DMARC1; p=maybe', 'p=none; v=DMARC1', 'v=DMARC1; p=none; p=reject', 'v=DMARC10; p=none']) expect(typeof parseDmarc(text), text).toBe('string')
  })

  test('a subdomain falls back to the registered domain; two records count as none; silence is not absence', async () => {
    const find = async (zone: Zone, domain: string) => (await findDmarc(zoneDns(zone), domain)).found
    const above: Zone = new Map([['TXT _dmarc.fern.co.uk', ['v=DMARC1; p=reject; sp=quarantine']]])
    expect(await find(above, 'news.fern.co.uk')).toMatchObject({ kind: 'found', at: '_dmarc.fern.co.uk', dmarc: { policy: 'quarantine' } })
    expect(await find(above, 'fig.co.uk')).toEqual({ kind: 'none' })
    expect(await find(new Map([['TXT _dmarc.fern.com', ['v=DMARC1; p=none', 'v=DMARC1; p=reject']]]), 'fern.com')).toMatchObject({ kind: 'broken' })
    expect(await find(new Map([['TXT _dmarc.fern.com', 'broken']]), 'fern.com')).toEqual({ kind: 'failed', at: '_dmarc.fern.com' })
  })
})

test('no answer of a name server makes a reader fall, and what it accepts has the right form', () => {
  const words = fc.constantFrom('v=spf1', 'v=DMARC1', 'v=DKIM1', 'p=none', 'p=', 'p=AAAA', 'include:', 'include:a.example', ';', ' ', '~all', 'redirect=', '=', ':', 'a/33', '%{i}', '\u0000', 'é', 'sp=')
  const texts = fc.oneof(fc.string(), fc.array(words, { maxLength: 12 }).map((list) => list.join('')), fc.array(words, { maxLength: 12 }).map((list) => list.join(' ')), fc.array(words, { maxLength: 12 }).map((list) => list.join(';')))
  fc.assert(
    fc.property(texts, (text) => {
      if (parseSpf(text)) expect(text.toLowerCase().startsWith('v=spf1')).toBe(true)
      if (typeof parseDmarc(text) === 'object') expect(/^v\s*=\s*DMARC1/.test(text)).toBe(true)
      const key = parseDkim(text)
      if (key.kind === 'key') expect(text).toMatch(/p\s*=/)
      domainOf(text)
      obstacleOf(text)
      hostOf([text])
    }),
    { numRuns: 1500 },
  )
})

describe('growing', () => {
  test('the first day has 200, each further one twice the largest before, the last the rest', () => {
    expect(spreadOver(0, [], 100)).toEqual([100])
    expect(spreadOver(0, [], 1000)).toEqual([200, 400, 400])
    expect(spreadOver(0, [], 100_000)).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 49_000])
    expect(spreadOver(500, [], 1500)).toEqual([1000, 500])
    expect(spreadOver(0, [150], 1000)).toEqual([50, 400, 550])
    expect(spreadOver(0, [], 0)).toEqual([])
  })

  test('whatever else leaves, nobody is lost and no day has more than twice the largest before', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.array(fc.nat(3000), { maxLength: 6 }), fc.nat(300_000), (largest, others, people) => {
        const days = spreadOver(largest, others, people)
        expect(days.reduce((a, b) => a + b, 0)).toBe(people)
        let before = largest
        for (const [n, go] of days.entries()) {
          if (go > 0) expect(go + (others[n] ?? 0)).toBeLessThanOrEqual(mostOn(before))
          before = Math.max(before, go + (others[n] ?? 0))
        }
      }),
    )
  })

  test('parts stay whole and in order; one that fits nowhere goes alone', () => {
    expect(spreadParts(0, [], Array.from({ length: 8 }, () => 200))).toEqual([0, 1, 1, 2, 2, 2, 2, 3])
    expect(spreadParts(0, [], [1000, 1000, 1000, 500])).toEqual([0, 1, 1, 2])
    expect(spreadParts(0, [200], [200])).toEqual([1])
    fc.assert(
      fc.property(fc.nat(1000), fc.array(fc.nat(900), { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 60 }), (largest, others, parts) => {
        const days = spreadParts(largest, others, parts)
        const gone = [...others]
        for (const [i, day] of days.entries()) {
          if (i > 0) expect(day).toBeGreaterThanOrEqual(days[i - 1]!)
          gone[day] = (gone[day] ?? 0) + parts[i]!
        }
        let before = largest
        for (let n = 0; n <= (days.at(-1) ?? -1); n++) {
          if (days.includes(n)) expect(gone[n] ?? 0).toBeLessThanOrEqual(mostOn(before))
          before = Math.max(before, gone[n] ?? 0)
        }
      }),
    )
  })
})

describe('providers', () => {
  const dns = { mail_cname: { type: 'cname', host: 'em1.fern.com', data: 'u1.wl.sendgrid.net' }, dkim1: { type: 'cname', host: 's1._domainkey.fern.com', data: 's1.domainkey.u1.wl.sendgrid.net' }, dkim2: { type: 'cname', host: 's2._domainkey.fern.com', data: 's2.domainkey.u1.wl.sendgrid.net' } }
  const answering = (replies: Record<string, { status?: number; body: unknown }>, asked: string[] = []) => {
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input)
      const call = `${init?.method} ${url.pathname}`
      asked.push(`${call}${typeof init?.body === 'string' ? ` ${init.body}` : init?.body instanceof URLSearchParams ? ` ${init.body.toString()}` : ''}`)
      const reply = replies[call]
      if (!reply) throw new TypeError('nobody is there')
      return Response.json(reply.body, { status: reply.status ?? 200 })
    }
    return { fetch, asked }
  }

  test('SendGrid: a new domain gives three CNAMEs, a known one is taken as it is, older kinds are passed over', async () => {
    const fresh = answering({ 'GET /v3/whitelabel/domains': { body: [{ id: 7, domain: 'fern.com', automatic_security: false, dns: { mail_server: {} } }] }, 'POST /v3/whitelabel/domains': { status: 201, body: { id: 8, domain: 'fern.com', automatic_security: true, valid: false, dns } } })
    const made = await sendGridDomains({ apiKey: 'k', url: 'https://api.test/', fetch: fresh.fetch }).authenticate('fern.com')
    expect(made).toMatchObject({ kind: 'ok', value: { ref: '8', dkimDomain: 'fern.com', returnPath: 'em1.fern.com', spfMust: null } })
    expect(made.kind === 'ok' && made.value.records.map((one) => `${one.purpose} ${one.name} ${one.value}`)).toEqual(['return_path em1.fern.com u1.wl.sendgrid.net', 'dkim s1._domainkey.fern.com s1.domainkey.u1.wl.sendgrid.net', 'dkim s2._domainkey.fern.com s2.domainkey.u1.wl.sendgrid.net'])
    expect(fresh.asked[1]).toContain('"automatic_security":true')
    const known = answering({ 'GET /v3/whitelabel/domains': { body: [{ id: 9, domain: 'fern.com', automatic_security: true, valid: true, dns }] } })
    expect(await sendGridDomains({ apiKey: 'k', url: 'https://api.test', fetch: known.fetch }).authenticate('fern.com')).toMatchObject({ value: { ref: '9' } })
  })

  test('SendGrid: its own look is told with its reason', async () => {
    const { fetch } = answering({ 'POST /v3/whitelabel/domains/8/validate': { body: { id: 8, valid: false, validation_results: { mail_cname: { valid: true, reason: null }, dkim1: { valid: false, reason: 'Expected CNAME for s1' } } } } })
    expect(await sendGridDomains({ apiKey: 'k', url: 'https://api.test', fetch }).validate('8')).toEqual({ kind: 'ok', value: { valid: false, reason: 'Expected CNAME for s1' } })
  })

  test('Mailgun: the texts for signature and SPF are asked for, and an existing domain is found', async () => {
    const reply = { domain: { name: 'fern.com', state: 'unverified' }, receiving_dns_records: [], sending_dns_records: [{ record_type: 'TXT', name: 'fern.com', value: 'v=spf1 include:mailgun.org ~all', valid: 'unknown' }, { record_type: 'TXT', name: 'mx._domainkey.fern.com', value: 'k=rsa; p=AAAA', valid: 'unknown' }, { record_type: 'CNAME', name: 'email.fern.com', value: 'mailgun.org', valid: 'unknown' }] }
    const fresh = answering({ 'POST /v4/domains': { body: reply } })
    const made = await mailgunDomains({ apiKey: 'k', url: 'https://api.test', domain: 'fern.com', fetch: fresh.fetch }).authenticate('fern.com')
    expect(made).toMatchObject({ kind: 'ok', value: { ref: 'fern.com', spfMust: 'include:mailgun.org', returnPath: 'fern.com', records: [{ purpose: 'spf' }, { purpose: 'dkim', name: 'mx._domainkey.fern.com' }] } })
    expect(fresh.asked[0]).toContain('name=fern.com')
    const known = answering({ 'POST /v4/domains': { status: 400, body: { message: 'domain already exists' } }, 'GET /v4/domains/fern.com': { body: reply }, 'PUT /v4/domains/fern.com/verify': { body: { ...reply, domain: { name: 'fern.com', state: 'active' } } } })
    const mailgun = mailgunDomains({ apiKey: 'k', url: 'https://api.test', domain: 'fern.com', fetch: known.fetch })
    expect(await mailgun.authenticate('fern.com')).toMatchObject({ kind: 'ok' })
    expect(await mailgun.validate('fern.com')).toMatchObject({ kind: 'ok', value: { valid: true } })
    const refused = answering({ 'POST /v4/domains': { status: 400, body: { message: 'not allowed for ada@fern.com' } }, 'GET /v4/domains/fern.com': { status: 404, body: {} } })
    expect(await mailgunDomains({ apiKey: 'k', url: 'https://api.test', domain: 'fern.com', fetch: refused.fetch }).authenticate('fern.com')).toEqual({ kind: 'refused', reason: 'Mailgun refused the domain (400): not allowed for (address).' })
  })

  test.each([[401, 'refused'], [403, 'refused'], [400, 'refused'], [429, 'later'], [500, 'later']] as const)('an answer of %i is %s, and nothing is thrown', async (status, kind) => {
    const broken = { status, body: { errors: [{ message: 'no' }] } }
    const sendgrid = sendGridDomains({ apiKey: 'k', url: 'https://api.test', fetch: answering({ 'GET /v3/whitelabel/domains': broken, 'POST /v3/whitelabel/domains/1/validate': broken }).fetch })
    expect((await sendgrid.authenticate('fern.com')).kind).toBe(kind)
    expect((await sendgrid.validate('1')).kind).toBe(kind)
  })

  test('no answer and an unreadable one mean later', async () => {
    expect((await sendGridDomains({ apiKey: 'k', url: 'https://api.test', fetch: answering({}).fetch }).authenticate('fern.com')).kind).toBe('later')
    expect((await sendGridDomains({ apiKey: 'k', url: 'https://api.test', fetch: answering({ 'GET /v3/whitelabel/domains': { body: { not: 'a list' } } }).fetch }).authenticate('fern.com')).kind).toBe('later')
  })
})

test('the machine’s resolver tells “failed” from “none” and never throws', async () => {
  const dns = createDns()
  for (const name of ['', '..', 'a'.repeat(300), 'é\u0000'])
    for (const ask of ['txt', 'cname', 'mx', 'ns'] as const) expect(['none', 'failed', 'found']).toContain((await dns[ask](name)).kind)
}, 60_000)
