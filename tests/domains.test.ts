import { and, asc, eq, lt } from 'drizzle-orm'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { batches, campaigns, sendingDomains, shopSettings } from '../app/db/schema.ts'
import { checkAllDomains } from '../app/domains/all.ts'
import { goneFor, nextStatus } from '../app/domains/check.ts'
import type { DomainView } from '../app/domains/contract.ts'
import { lookAt, type Asked } from '../app/domains/look.ts'
import { spread } from '../app/campaigns/spread.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { DAY, HOUR, MINUTE } from '../app/lib/clock.ts'
import { createOutbox } from '../app/mail/outbox.ts'
import type { MailProvider, ProviderDomains } from '../app/mail/provider.ts'
import type { Shop } from '../app/shops/shops.ts'
import { testApp, type TestApp } from './app.ts'
import { addMany, makeCampaign, statesOf } from './campaign.ts'
import { zoneDns, type Zone } from './domain.ts'

// The domain that a shop sends from: what is asked of its owner, what counts as right, and what it stops.

const domain = 'fern-and-fig.example'
const kind: Parameters<typeof zoneDns>[0] = new Map()
let zone: Zone = kind
let provider: { authenticate: Awaited<ReturnType<ProviderDomains['authenticate']>> | null; valid: Awaited<ReturnType<ProviderDomains['validate']>> }
let t: TestApp

function signingProvider(): MailProvider {
  return {
    ...createOutbox(),
    name: 'signing',
    domains: {
      authenticate: async (name) =>
        provider.authenticate ?? {
          kind: 'ok',
          value: {
            ref: `ref-${name}`, dkimDomain: name, returnPath: `em1.${name}`, spfMust: null,
            records: [{ type: 'CNAME', name: `em1.${name}`, value: 'u1.sender.example', purpose: 'return_path' }, { type: 'CNAME', name: `s1._domainkey.${name}`, value: 's1.u1.sender.example', purpose: 'dkim' }],
          },
        },
      validate: async () => provider.valid,
    },
  }
}

beforeEach(async () => {
  zone = new Map()
  provider = { authenticate: null, valid: { kind: 'ok', value: { valid: true, reason: null } } }
  const dns = zoneDns(new Proxy(new Map(), { get: (_, name) => { const value: unknown = Reflect.get(zone, name); return typeof value === 'function' ? value.bind(zone) : value } }))
  t = await testApp({ mail: signingProvider(), dns })
  await t.app.db.delete(sendingDomains)
})
afterEach(() => t.close())

const view = async (shop: Shop = t.shop): Promise<DomainView> => (await t.api(shop).get('/api/domain')).body as DomainView
const setUp = async (shop: Shop = t.shop): Promise<DomainView> => (await t.api(shop).post('/api/domain')).body as DomainView
async function checkNow(shop: Shop = t.shop): Promise<DomainView> {
  expect((await t.api(shop).post('/api/domain/check')).status).toBe(200)
  await t.runJobs()
  return view(shop)
}
/** The owner copies every record into the zone. */
function setAll(asked: Pick<DomainView, 'records'>): void {
  for (const { type, name, value } of asked.records) zone.set(`${type} ${name}`, [...new Set([...((zone.get(`${type} ${name}`) as string[] | undefined) ?? []), value])])
  zone.set(`MX ${domain}`, ['mx.example'])
}
async function verified(): Promise<DomainView> {
  setAll(await setUp())
  const seen = await checkNow()
  expect(seen.state).toBe('verified')
  return seen
}
const levels = (seen: DomainView): Record<string, string> => Object.fromEntries(seen.findings.map((one) => [one.check, one.level]))
const setSender = (email: string, shop: Shop = t.shop) => t.app.db.update(shopSettings).set({ senderEmail: email }).where(eq(shopSettings.shopId, shop.id))
const simple = { blocks: [{ id: 'a', type: 'text', html: '<p>Hello</p>', align: 'left' }] }
async function draft(): Promise<string> {
  const api = t.api(t.shop)
  const { id, version } = (await api.post('/api/campaigns', { name: 'Spring' })).body as { id: string; version: number }
  expect((await api.put(`/api/campaigns/${id}`, { version, name: 'Spring', subject: 'Hello', preheader: '', content: simple, audience: { kind: 'everyone' } })).status).toBe(200)
  return id
}

describe('setting up', () => {
  test('from nothing to verified: records to set, what is missing, what is right', async () => {
    expect(await view()).toMatchObject({ state: 'none', domain, obstacle: null, records: [], asksSelector: false })
    const begun = await setUp()
    expect(begun).toMatchObject({ state: 'pending', checking: true })
    expect(begun.records.map((one) => [one.purpose, one.type, one.shortName, one.state])).toEqual([
      ['return_path', 'CNAME', 'em1', 'unchecked'], ['dkim', 'CNAME', 's1._domainkey', 'unchecked'], ['owner', 'TXT', '_homing', 'unchecked'], ['dmarc', 'TXT', '_dmarc', 'unchecked'],
    ])
    expect(begun.records.at(-1)!.value).toBe(`v=DMARC1; p=none; rua=mailto:ada@${domain}`)
    await t.runJobs()
    const looked = await view()
    expect(looked).toMatchObject({ state: 'pending', checking: false, checkedAt: t.clock.now().toISOString() })
    expect(levels(looked)).toEqual({ owner: 'fault', dkim: 'fault', spf: 'fault', dmarc: 'fault', alignment: 'fault', replies: 'advice' })
    expect(looked.records.every((one) => one.state === 'missing')).toBe(true)
    expect(looked.findings.find((one) => one.check === 'dkim')!.looked).toEqual([{ type: 'CNAME', name: `s1._domainkey.${domain}`, answer: 'none', found: [] }])
    setAll(begun)
    const done = await checkNow()
    expect(done).toMatchObject({ state: 'verified', verifiedAt: t.clock.now().toISOString(), brokenSince: null })
    expect(levels(done)).toEqual({ owner: 'ok', dkim: 'ok', spf: 'ok', dmarc: 'ok', alignment: 'ok', replies: 'ok', provider: 'ok' })
    expect(done.records.every((one) => one.state === 'ok')).toBe(true)
  })

  test('who waits for the DNS need not press: it is looked at again by itself', async () => {
    const begun = await setUp()
    await t.runJobs()
    setAll(begun)
    t.clock.jump(5 * MINUTE)
    await t.runJobs()
    expect((await view()).state).toBe('verified')
  })

  test('setting up twice changes nothing', async () => {
    const first = await setUp()
    await t.runJobs()
    expect((await setUp()).records.map((one) => one.value)).toEqual(first.records.map((one) => one.value))
    expect(await t.app.db.$count(sendingDomains)).toBe(1)
  })

  test('a mailbox company’s address is refused with the reason, and nothing is stored', async () => {
    await setSender('ada@gmail.com')
    expect((await view()).obstacle).toMatch(/mailbox company/)
    const refused = await t.api(t.shop).post('/api/domain')
    expect([refused.status, refused.body.error.message]).toEqual([422, expect.stringMatching(/Only gmail\.com itself may send/)])
    expect(await t.app.db.$count(sendingDomains)).toBe(0)
  })

  test('a provider that refuses or is away is told in words, and nothing is stored', async () => {
    provider.authenticate = { kind: 'refused', reason: 'Signing does not let this installation set up domains.' }
    expect(await t.api(t.shop).post('/api/domain')).toMatchObject({ status: 422, body: { error: { message: 'Signing does not let this installation set up domains.' } } })
    provider.authenticate = { kind: 'later', reason: 'Signing could not be reached.' }
    expect((await t.api(t.shop).post('/api/domain')).status).toBe(503)
    expect(await t.app.db.$count(sendingDomains)).toBe(0)
  })

  test('where all mail leaves in another domain’s name, a sender that does not fit is refused, and one that does is set up', async () => {
    const records = [{ type: 'TXT' as const, name: `mx._domainkey.mg.${domain}`, value: 'k=rsa; p=AAAA', purpose: 'dkim' as const }, { type: 'TXT' as const, name: `mg.${domain}`, value: 'v=spf1 include:mailgun.org ~all', purpose: 'spf' as const }]
    provider.authenticate = { kind: 'ok', value: { ref: 'mg', records, dkimDomain: `mg.${domain}`, returnPath: `mg.${domain}`, spfMust: 'include:mailgun.org' } }
    expect((await setUp()).records.map((one) => one.shortName)).toEqual(['mx._domainkey.mg', '_homing', 'mg', '_dmarc'])
    const refused = await t.api(t.stranger).post('/api/domain')
    expect([refused.status, refused.body.error.message]).toEqual([422, expect.stringContaining('does not fit kiln-and-kettle.example')])
  })

  test('another mail provider means other records: what was verified for the old one does not count', async () => {
    await verified()
    t.app.mail.name = 'another'
    expect((await view()).state).toBe('none')
    expect(await setUp()).toMatchObject({ state: 'pending', verifiedAt: null })
  })

  test('a name that the host doubled is found, and said', async () => {
    const begun = await setUp()
    setAll(begun)
    zone.delete(`CNAME em1.${domain}`)
    zone.set(`CNAME em1.${domain}.${domain}`, ['u1.sender.example.'])
    const seen = await checkNow()
    expect(seen.records.find((one) => one.purpose === 'return_path')).toMatchObject({ state: 'missing', hint: expect.stringContaining('Enter the short name only') })
    expect(seen.state).toBe('pending')
  })

  test('an existing policy is left alone, and never suggested over', async () => {
    const begun = await setUp()
    setAll(begun)
    zone.set(`TXT _dmarc.${domain}`, ['v=DMARC1; p=quarantine; rua=mailto:it@fern.example'])
    const seen = await checkNow()
    expect(seen.records.find((one) => one.purpose === 'dmarc')).toMatchObject({ state: 'ok', value: 'v=DMARC1; p=quarantine; rua=mailto:it@fern.example' })
    expect(seen.state).toBe('verified')
  })

  test('the provider’s own no keeps it pending, its silence too', async () => {
    const begun = await setUp()
    setAll(begun)
    provider.valid = { kind: 'ok', value: { valid: false, reason: 'Expected CNAME for s1' } }
    const no = await checkNow()
    expect([no.state, no.findings.find((one) => one.check === 'provider')!.words]).toEqual(['pending', expect.stringContaining('Expected CNAME for s1')])
    provider.valid = { kind: 'later', reason: 'Signing could not be reached.' }
    expect((await checkNow()).state).toBe('pending')
    provider.valid = { kind: 'ok', value: { valid: true, reason: null } }
    expect((await checkNow()).state).toBe('verified')
  })
})

describe('faults of name servers', () => {
  test.each(['timeout', 'broken'] as const)('%s everywhere never unmakes a verified domain, for however many days', async (fault) => {
    await verified()
    for (const name of zone.keys()) zone.set(name, fault)
    for (let day = 0; day < 5; day++) {
      t.clock.jump(DAY)
      const seen = await checkNow()
      expect(seen).toMatchObject({ state: 'verified', brokenSince: null })
      expect(levels(seen).dkim).toBe('unknown')
    }
  })

  test('nor does it verify one', async () => {
    setAll(await setUp())
    zone.set(`TXT _dmarc.${domain}`, 'timeout')
    expect(await checkNow()).toMatchObject({ state: 'pending' })
  })

  test('a record that is gone stops new campaigns after two checks a day apart, and not before', async () => {
    await verified()
    const id = await draft()
    await addMany(t.app, t.shop, 3)
    zone.delete(`CNAME s1._domainkey.${domain}`)
    t.clock.jump(DAY)
    const first = await checkNow()
    expect(first).toMatchObject({ state: 'verified', brokenSince: t.clock.now().toISOString() })
    t.clock.jump(HOUR)
    expect((await checkNow()).state).toBe('verified') // pressing again does not shorten it
    expect((await t.api(t.shop).get(`/api/campaigns/${id}/rehearsal`)).body.canSend).toBe(true)
    t.clock.jump(DAY)
    expect((await checkNow()).state).toBe('failing')
    const rehearsal = (await t.api(t.shop).get(`/api/campaigns/${id}/rehearsal`)).body
    expect(rehearsal).toMatchObject({ canSend: false, checks: expect.arrayContaining([expect.objectContaining({ code: 'domain', message: expect.stringContaining('Signature (DKIM)') })]) })
    zone.set(`CNAME s1._domainkey.${domain}`, ['s1.u1.sender.example'])
    expect((await checkNow()).state).toBe('verified')
  })

  test('gone once and back is forgotten', async () => {
    await verified()
    zone.delete(`TXT _dmarc.${domain}`)
    expect((await checkNow()).brokenSince).not.toBe(null)
    zone.set(`TXT _dmarc.${domain}`, ['v=DMARC1; p=none'])
    expect((await checkNow()).brokenSince).toBe(null)
  })

  test('where a domain stands follows from verdicts and times alone', () => {
    const now = new Date('2026-11-22T12:00:00Z')
    fc.assert(
      fc.property(fc.constantFrom('pending' as const, 'verified' as const, 'failing' as const), fc.option(fc.integer({ min: 0, max: 10 * DAY })), fc.constantFrom('ok' as const, 'fault' as const, 'unknown' as const), (status, ago, verdict) => {
        const before = { status, verifiedAt: null, brokenSince: ago === null ? null : new Date(now.getTime() - ago) }
        const after = nextStatus(before, verdict, now)
        if (verdict === 'unknown') expect(after).toEqual(before)
        if (after.status === 'verified' && status !== 'verified') expect(verdict).toBe('ok')
        if (after.status === 'failing' && status !== 'failing') expect([verdict, (ago ?? -1) >= goneFor]).toEqual(['fault', true])
        if (after.status === 'pending') expect(status).toBe('pending')
      }),
    )
  })

  test('each night every domain of an installed shop is looked at', async () => {
    await verified()
    t.clock.jump(DAY)
    zone.delete(`CNAME em1.${domain}`)
    await checkAllDomains(t.app)
    t.clock.jump(1000)
    await t.runJobs()
    expect(await view()).toMatchObject({ checkedAt: expect.any(String), brokenSince: expect.any(String) })
  })
})

describe('what counts as right', () => {
  const asked = (change: Partial<Asked> = {}): Asked => ({
    domain, provider: 'Signing', selector: null, dmarcValue: 'v=DMARC1; p=none', validate: null,
    setup: {
      provider: 'signing', dkimDomain: domain, returnPath: `em1.${domain}`, spfMust: null,
      records: [
        { type: 'CNAME', name: `em1.${domain}`, value: 'u1.sender.example', purpose: 'return_path' }, { type: 'CNAME', name: `s1._domainkey.${domain}`, value: 's1.u1.sender.example', purpose: 'dkim' },
        { type: 'TXT', name: `_homing.${domain}`, value: 'homing-domain=abc', purpose: 'owner' },
      ],
    },
    ...change,
  })
  const answers = ['u1.sender.example', 's1.u1.sender.example', 'U1.sender.example.', 'homing-domain=abc', 'homing-domain=other', 'v=DMARC1; p=none', 'v=DMARC1; p=reject; adkim=s; aspf=s', 'v=DMARC1', 'v=spf1 a -all', 'v=spf1 include:a.example -all', 'nonsense', '']
  const names = [`CNAME em1.${domain}`, `CNAME s1._domainkey.${domain}`, `TXT _homing.${domain}`, `TXT _dmarc.${domain}`, `TXT ${domain}`, 'TXT a.example', `MX ${domain}`, `NS ${domain}`]
  const zones = fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.constantFrom('timeout' as const, 'broken' as const), fc.array(fc.oneof(fc.constantFrom(...answers), fc.string()), { maxLength: 3 })), { maxKeys: 8 })

  test('whatever name servers answer, nothing throws, and verified is only what has every record', async () => {
    await fc.assert(
      fc.asyncProperty(zones, async (given) => {
        const { verdict } = await lookAt(zoneDns(new Map(Object.entries(given))), asked())
        const has = (name: string, fits: (text: string) => boolean): boolean => Array.isArray(given[name]) && (given[name] as string[]).some(fits)
        const cname = (target: string) => (text: string): boolean => text.trim().toLowerCase().replace(/\.$/, '') === target
        const dmarc = Array.isArray(given[names[3]!]) ? (given[names[3]!] as string[]).filter((text) => /^v\s*=\s*DMARC1\s*(;|$)/.test(text)) : []
        const right = has(names[0]!, cname('u1.sender.example')) && has(names[1]!, cname('s1.u1.sender.example')) && has(names[2]!, (text) => text.trim() === 'homing-domain=abc') && dmarc.length === 1 && /p=(none|quarantine|reject)/.test(dmarc[0]!)
        expect(verdict === 'ok').toBe(right)
        if (Object.values(given).every((one) => Array.isArray(one))) expect(verdict).not.toBe('unknown')
      }),
      { numRuns: 400 },
    )
  })

  test('a signature in a foreign name does not fit; strictness is heeded', async () => {
    const right: Zone = new Map([[names[0]!, ['u1.sender.example']], [names[1]!, ['s1.u1.sender.example']], [names[2]!, ['homing-domain=abc']], [names[3]!, ['v=DMARC1; p=none; adkim=s; aspf=s']]])
    const level = async (setup: Partial<Asked['setup']>, zone = right) => (await lookAt(zoneDns(zone), asked({ setup: { ...asked().setup, ...setup } }))).found.findings.find((one) => one.check === 'alignment')!.level
    expect(await level({})).toBe('ok') // the signature has the sender's own domain
    expect(await level({ dkimDomain: 'sender.example' })).toBe('fault')
    expect(await level({ dkimDomain: 'sender.example' }, new Map([...right, [names[3]!, ['v=DMARC1; p=none']]]))).toBe('ok') // relaxed: the return path fits
    expect(await level({ dkimDomain: 'sender.example', returnPath: 'em1.sender.example' }, new Map([...right, [names[3]!, ['v=DMARC1; p=none']]]))).toBe('fault')
  })

  test('where SPF is the owner’s own, it must be one, readable, short enough, and name the provider', async () => {
    const setup: Asked['setup'] = { provider: 'mailgun', dkimDomain: null, returnPath: domain, spfMust: 'include:mailgun.org', records: [] }
    const spf = async (texts: string[], more: [string, string[] | 'timeout'][] = [['TXT mailgun.org', ['v=spf1 ip4:192.0.2.1 -all']]]) => {
      const { found } = await lookAt(zoneDns(new Map([[`TXT ${domain}`, texts], ...more])), asked({ setup }))
      return { ...found.findings.find((one) => one.check === 'spf')!, set: found.records.find((one) => one.purpose === 'spf')?.value }
    }
    expect(await spf([])).toMatchObject({ level: 'fault', set: 'v=spf1 include:mailgun.org ~all' })
    expect(await spf(['v=spf1 include:mailgun.org ~all', 'google-site-verification=x'])).toMatchObject({ level: 'ok' })
    expect(await spf(['v=spf1 include:_spf.google.com ~all'], [['TXT _spf.google.com', ['v=spf1 -all']]])).toMatchObject({ level: 'fault', set: 'v=spf1 include:_spf.google.com include:mailgun.org ~all' })
    expect(await spf(['v=spf1 include:mailgun.org ~all', 'v=spf1 a ~all'])).toMatchObject({ level: 'fault', words: expect.stringContaining('2 SPF records') })
    expect(await spf(['v=spf1 -include:mailgun.org ~all'])).toMatchObject({ level: 'fault' })
    expect(await spf([`v=spf1 include:mailgun.org ${'a '.repeat(10)}~all`])).toMatchObject({ level: 'fault', words: expect.stringContaining('more than 10 look-ups') })
    expect(await spf(['v=spf1 include:mailgun.org ~all'], [['TXT mailgun.org', 'timeout']])).toMatchObject({ level: 'unknown' })
    expect(await spf(['v=spf1 include:mailgun.org +all'])).toMatchObject({ level: 'advice' })
  })

  test('with an own mail server, SPF and DMARC decide; a selector lets us look at the key too', async () => {
    t.app.mail = createOutbox()
    const begun = await setUp()
    expect(begun.asksSelector).toBe(true)
    setAll(begun)
    expect(levels(await checkNow())).toMatchObject({ spf: 'fault', dkim: 'advice' })
    zone.set(`TXT ${domain}`, ['v=spf1 mx -all'])
    expect((await checkNow()).state).toBe('verified')
    expect((await t.api(t.shop).put('/api/domain', { selector: 'Mail' })).body.selector).toBe('mail')
    await t.runJobs()
    const seen = await view()
    expect(seen.findings.find((one) => one.check === 'dkim')).toMatchObject({ level: 'fault', looked: [{ name: `mail._domainkey.${domain}`, answer: 'none' }] })
    expect((await t.api(t.shop).put('/api/domain', { selector: 'not a name' })).status).toBe(422)
  })
})

describe('what it stops', () => {
  test('no campaign begins from a domain that is not verified: not now, not scheduled, not as a test; the composer says why', async () => {
    await addMany(t.app, t.shop, 3)
    const id = await draft()
    const api = t.api(t.shop)
    const said = expect.stringContaining('Set up your sending domain fern-and-fig.example first')
    expect((await api.get(`/api/campaigns/${id}/rehearsal`)).body).toMatchObject({ canSend: false, checks: expect.arrayContaining([expect.objectContaining({ level: 'error', code: 'domain', message: said })]) })
    expect((await api.post('/api/preview', { subject: 'Hello', preheader: '', content: simple })).body.checks).toContainEqual(expect.objectContaining({ code: 'domain', level: 'error' }))
    for (const [path, body] of [['send', {}], ['schedule', { at: new Date(t.clock.now().getTime() + HOUR).toISOString() }], ['test', { to: 'ada@fern-and-fig.example' }]] as const)
      expect(await api.post(`/api/campaigns/${id}/${path}`, body), path).toMatchObject({ status: 422, body: { error: { message: said } } })
    await verified()
    expect((await api.post(`/api/campaigns/${id}/send`)).status).toBe(200)
  })

  test('one that was scheduled while all was well does not leave when it is not any more, and says so', async () => {
    await addMany(t.app, t.shop, 3)
    await verified()
    const id = await draft()
    await t.api(t.shop).post(`/api/campaigns/${id}/schedule`, { at: new Date(t.clock.now().getTime() + HOUR).toISOString() })
    await t.app.db.update(sendingDomains).set({ status: 'failing' }).where(eq(sendingDomains.shopId, t.shop.id))
    t.clock.jump(HOUR)
    await t.runJobs()
    const [row] = await t.app.db.select().from(campaigns).where(eq(campaigns.id, id))
    expect([row!.status, row!.statusReason]).toEqual(['failed', expect.stringContaining('records that must be there are gone')])
  })

  test('the stranger gains nothing: another shop’s records, seen by everybody, do not prove that the domain is theirs', async () => {
    const mine = await verified()
    await setSender(`cleo@${domain}`, t.stranger)
    const theirs = await setUp(t.stranger)
    expect(theirs.records.find((one) => one.purpose === 'owner')!.value).not.toBe(mine.records.find((one) => one.purpose === 'owner')!.value)
    const seen = await checkNow(t.stranger)
    expect([seen.state, levels(seen).owner, levels(seen).dkim]).toEqual(['pending', 'fault', 'ok'])
    // Neither a test nor a confirmation leaves in Ada's name.
    const { queueSingle } = await import('../app/deliveries/queue-single.ts')
    const mail = { subject: 's', html: '<p>x</p>[[footer]]', text: 'x [[footer]]', language: 'en', to: { subscriberId: await t.addSubscriber(t.stranger, { email: 'dan@example.org', consent: 'pending' }), email: 'dan@example.org' } }
    for (const kind of ['test', 'confirmation'] as const) await expect(queueSingle(t.app, t.stranger.id, { kind, ...mail }), kind).rejects.toMatchObject({ status: 422 })
    // Nor can they look at it, switch it, or see it in their own page.
    await t.api(t.stranger).put('/api/domain', { sentBefore: true })
    expect((await view()).ramp!.on).toBe(true)
    await setSender('cleo@kiln-and-kettle.example', t.stranger)
    expect(await view(t.stranger)).toMatchObject({ state: 'none', records: [], findings: [] })
  })

  test('a confirmation may leave while the owner waits for the DNS', async () => {
    const { queueSingle } = await import('../app/deliveries/queue-single.ts')
    const subscriberId = await t.addSubscriber(t.shop, { email: 'eve@example.org', consent: 'pending' })
    await expect(queueSingle(t.app, t.shop.id, { kind: 'confirmation', subject: 's', html: '<p>x</p>[[footer]]', text: 'x [[footer]]', language: 'en', to: { subscriberId, email: 'eve@example.org' } })).resolves.toEqual(expect.any(String))
  })
})

describe('a new domain begins slowly', () => {
  const dueOn = async (messageId: string): Promise<number[]> => {
    const rows = await t.app.db.select({ nextAt: batches.nextAt, people: batches.people }).from(batches).where(and(eq(batches.messageId, messageId), eq(batches.state, 'pending'))).orderBy(asc(batches.n))
    const days: number[] = []
    for (const { nextAt, people } of rows) {
      const day = nextAt ? Math.round((nextAt.getTime() - t.clock.now().getTime()) / DAY) : 0
      days[day] = (days[day] ?? 0) + people
    }
    return Array.from(days, (people) => people ?? 0)
  }
  const planned = (messageId: string) => t.app.db.transaction(() => spread(t.app, t.shop, messageId))
  async function frozen(): Promise<string> {
    const id = await makeCampaign(t.app, t.shop)
    await freeze(t.app, t.shop.id, id, null, 50)
    await planned(id)
    return id
  }

  test('the rehearsal says it, the start keeps it, and everybody gets it in the end', async () => {
    await addMany(t.app, t.shop, 700)
    expect((await verified()).ramp).toMatchObject({ on: true, since: null, audience: 700, days: [{ people: 200 }, { people: 400 }, { people: 100 }] })
    const id = await draft()
    expect((await t.api(t.shop).get(`/api/campaigns/${id}/rehearsal`)).body.slowly).toMatch(/^Your domain is new to newsletters, so this leaves slowly: 200 people today, 400 tomorrow and 100 on \w+day\./)
    await t.api(t.shop).post(`/api/campaigns/${id}/send`)
    const accepted = async (): Promise<number | undefined> => (await statesOf(t.app, t.shop, id)).accepted
    await t.runJobs()
    expect(await accepted()).toBe(200)
    expect((await view()).ramp!.since).not.toBe(null)
    for (const sum of [600, 700]) {
      t.clock.jump(DAY)
      await t.runJobs()
      expect(await accepted()).toBe(sum)
    }
    expect((await t.api(t.shop).get(`/api/campaigns/${id}`)).body.status).toBe('sent')
  })

  test('two campaigns share a day; one that was cancelled gives its days back', async () => {
    await verified()
    await addMany(t.app, t.shop, 300)
    const first = await frozen()
    expect(await dueOn(first)).toEqual([200, 100])
    const second = await frozen()
    expect(await dueOn(second)).toEqual([0, 300])
    const third = await frozen()
    expect(await dueOn(third)).toEqual([0, 0, 300])
    await t.app.db.update(campaigns).set({ status: 'cancelled', finishedAt: t.clock.now() }).where(eq(campaigns.id, second))
    const fourth = await frozen()
    expect(await dueOn(fourth)).toEqual([0, 300])
  })

  test('what was paused for days does not leave all at once', async () => {
    await verified()
    await addMany(t.app, t.shop, 1400)
    const id = await frozen()
    expect(await dueOn(id)).toEqual([200, 400, 800])
    // The first 200 left, then it rested for a week.
    await t.app.db.update(batches).set({ state: 'accepted', acceptedAt: t.clock.now() }).where(and(eq(batches.messageId, id), lt(batches.n, 4)))
    t.clock.jump(7 * DAY)
    await planned(id)
    expect(await dueOn(id)).toEqual([400, 800])
    await planned(id) // twice is once
    expect(await dueOn(id)).toEqual([400, 800])
  })

  test('batches stay whole', async () => {
    await verified()
    await addMany(t.app, t.shop, 1)
    const id = await makeCampaign(t.app, t.shop, { way: 'shared' })
    const now = t.clock.now()
    await t.app.db.insert(batches).values(Array.from({ length: 8 }, (_, n) => ({ shopId: t.shop.id, messageId: id, n, firstId: 'a', lastId: 'b', people: 200, state: 'pending', attempts: 0, updatedAt: now })))
    await planned(id)
    const rows = await t.app.db.select({ nextAt: batches.nextAt }).from(batches).where(eq(batches.messageId, id)).orderBy(asc(batches.n))
    expect(rows.map(({ nextAt }) => (nextAt ? Math.round((nextAt.getTime() - now.getTime()) / DAY) : 0))).toEqual([0, 1, 1, 2, 2, 2, 2, 3])
  })

  test('who says that the domain has sent before is not held back', async () => {
    await verified()
    await addMany(t.app, t.shop, 300)
    expect((await t.api(t.shop).put('/api/domain', { sentBefore: true })).body.ramp).toMatchObject({ on: false, days: [] })
    expect(await dueOn(await frozen())).toEqual([300])
    const id = await draft()
    expect((await t.api(t.shop).get(`/api/campaigns/${id}/rehearsal`)).body.slowly).toBe(null)
  })
})
