import { and, eq, getTableName } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standingOf } from '../app/consent/mailable.ts'
import { newestEntry } from '../app/consent/record.ts'
import { consentEntries, events, shopSettings } from '../app/db/schema.ts'
import { takeFeedback } from '../app/deliveries/feedback.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import { apply, storeCustomers } from '../app/events/apply.ts'
import { storeOrders } from '../app/events/orders.ts'
import { DAY } from '../app/lib/clock.ts'
import { signUp } from '../app/forms/signup.ts'
import { signupInput } from '../app/forms/contract.ts'
import { readLink, readMessageLink } from '../app/lib/tokens.ts'
import { createOutbox, type Outbox } from '../app/mail/outbox.ts'
import type { Feedback } from '../app/mail/provider.ts'
import type { StoreConsent, StoreCustomer } from '../app/platforms/platform.ts'
import { tablesWith } from '../app/privacy/tables.ts'
import { findByEmail } from '../app/subscribers/find.ts'
import { testApp, type TestApp } from './app.ts'
import { makeCampaign } from './campaign.ts'
import { urlsIn, wholeRun, type SentMail, type WholeRun } from './whole-run.ts'

const browser = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15'
const scanner = 'Mozilla/5.0 (compatible; LinkScanBot/2.1; +https://scanner.example/bot)'

describe('the links of real mails', () => {
  let run: WholeRun
  let mails: SentMail[]
  const here = (url: string): string => run.p.t.http + url.slice(run.p.t.app.url.length)
  const ours = (mail: SentMail): string[] => urlsIn(mail).filter((url) => url.startsWith(`${run.p.t.app.url}/`))
  const linkOf = (mail: SentMail, kind: string): string => here(ours(mail).find((url) => url.includes(`/${kind}/`))!)
  const campaignTo = (email: string): SentMail => run.sent.findLast((mail) => mail.to === email && 'List-Unsubscribe' in mail.body.headers)!
  const standing = async (email: string): Promise<unknown> => {
    const person = (await findByEmail(run.p.t.app, run.shop.id, email))!
    return (await standingOf(run.p.t.app, run.shop.id, [person.id])).get(person.id)
  }
  /** Every row of every table of every shop, but for the event log. */
  const everythingElse = async (): Promise<string[]> =>
    Promise.all([...new Set([...tablesWith('shopId'), ...tablesWith('id')])].filter((table) => table !== events && getTableName(table) !== 'jobs').map(async (table) => {
      const rows = await run.p.t.app.db.select().from(table)
      return `${getTableName(table)} ${rows.map((row) => JSON.stringify(row)).toSorted().join('\n')}`
    }))
  const log = async () => {
    await run.p.t.app.hits.flush()
    return run.p.t.app.db.select().from(events).where(eq(events.shopId, run.shop.id))
  }

  beforeAll(async () => {
    run = await wholeRun({ seed: 81 })
    for (const name of ['anna', 'ben', 'cara', 'dora']) await run.signUp({ email: `${name}@example.test`, firstName: name, tracking: true })
    await run.p.calm()
    for (const mail of run.sent.slice()) await fetch(linkOf(mail, 'confirm'), { method: 'POST' })
    await run.signUp({ email: 'waiting@example.test' })
    await run.p.calm()
    await run.send('Law')
    run.p.world.clock.jump(60_000)
    mails = [...run.sent]
  })
  afterAll(() => run.close())

  test('the run was a whole one', () => {
    expect(mails.map((mail) => mail.to).toSorted()).toEqual(['anna', 'anna', 'ben', 'ben', 'cara', 'cara', 'dora', 'dora', 'waiting'].map((name) => `${name}@example.test`))
    expect(ours(campaignTo('anna@example.test')).map((url) => url.slice(run.p.t.app.url.length, run.p.t.app.url.length + 3))).toEqual(expect.arrayContaining(['/o/', '/c/', '/u/', '/p/']))
  })

  test('whoever only looks changes nothing: GET and HEAD of every link, ten times, as a scanner does (L2, T11)', async () => {
    const before = await everythingElse()
    const known = new Set((await log()).map((row) => row.id))
    for (let turn = 0; turn < 10; turn++)
      for (const url of mails.flatMap(ours))
        for (const method of ['HEAD', 'GET']) {
          const answer = await fetch(here(url), { method, redirect: 'manual', headers: { 'user-agent': scanner } })
          expect([url, [200, 302].includes(answer.status), answer.headers.get('set-cookie')]).toEqual([url, true, null])
        }
    await run.p.calm()
    expect(await everythingElse()).toEqual(before)
    const fresh = (await log()).filter((row) => !known.has(row.id))
    expect(fresh.length).toBeGreaterThan(0)
    expect([...new Set(fresh.map((row) => `${row.kind} ${row.verdict}`))].toSorted()).toEqual(['clicked machine', 'opened machine'])
  })

  test('nor does one that looks like a browser and follows all links at once', async () => {
    run.p.world.clock.jump(3_600_000)
    const mail = campaignTo('dora@example.test')
    const before = await everythingElse()
    const known = new Set((await log()).map((row) => row.id))
    for (const url of ours(mail).filter((one) => !one.includes('/o/'))) await fetch(here(url), { redirect: 'manual', headers: { 'user-agent': browser } })
    const fresh = (await log()).filter((row) => !known.has(row.id))
    expect(fresh.length).toBeGreaterThan(2)
    expect(fresh.filter((row) => row.verdict !== 'machine')).toEqual([])
    expect(await everythingElse()).toEqual(before)
  })

  test.each([
    ['anna', 'multipart', () => { const form = new FormData(); form.set('List-Unsubscribe', 'One-Click'); return form }],
    ['ben', 'urlencoded', () => new URLSearchParams({ 'List-Unsubscribe': 'One-Click' })],
  ] as const)('the button of the mail program takes %s off the list, as %s, without cookies and without a detour (L1)', async (name, _, body) => {
    const email = `${name}@example.test`
    const { headers } = campaignTo(email).body
    const uris = [...headers['List-Unsubscribe']!.matchAll(/<(https:[^>]+)>/g)].map((match) => match[1]!)
    expect([uris.length, headers['List-Unsubscribe-Post']]).toEqual([1, 'List-Unsubscribe=One-Click'])
    expect(await standing(email)).toBeNull()
    const answer = await fetch(here(uris[0]!), { method: 'POST', body: body(), redirect: 'manual', headers: { cookie: '' } })
    expect([answer.status, answer.headers.get('location'), answer.headers.get('set-cookie')]).toEqual([200, null, null])
    expect(await standing(email)).toBe('unsubscribed')
    expect(await newestEntry(run.p.t.app, run.shop.id, (await findByEmail(run.p.t.app, run.shop.id, email))!.id)).toMatchObject({ method: 'one_click', messageId: expect.any(String) as string })
  })

  test('who took back their yes to being seen is not seen in old mails either; the picture and the page come as before (L6)', async () => {
    run.p.world.clock.jump(3_600_000)
    const mail = campaignTo('cara@example.test')
    const look = async (kind: 'o' | 'c'): Promise<number> => (await fetch(linkOf(mail, kind), { redirect: 'manual', headers: { 'user-agent': browser } })).status
    const before = (await log()).length
    expect([await look('o'), await look('c'), (await log()).length - before]).toEqual([200, 302, 2])
    await fetch(linkOf(mail, 'p'), { method: 'POST', body: new URLSearchParams({ mail: 'on', asked: 'tracking' }) })
    run.p.world.clock.jump(3 * 3_600_000)
    const [rows, rest] = [await log(), await everythingElse()]
    expect([await look('o'), await look('c')]).toEqual([200, 302])
    expect(await log()).toEqual(rows)
    expect(await everythingElse()).toEqual(rest)
    expect(await standing('cara@example.test')).toBeNull() // mail was not what they took back
    await run.send('Unseen')
    const links = ours(campaignTo('cara@example.test')).filter((url) => /\/[oc]\//.test(url))
    const { keys } = run.p.t.app.settings
    const tokens = links.map((url) => /\/c\/([^/]+)\//.exec(url)?.[1] ?? '') // no picture among them
    expect(tokens.map((token) => [readLink(keys, 'click', token), readMessageLink(keys, token) !== null])).toEqual(tokens.map(() => [null, true]))
    expect([(await fetch(here(links[0]!), { redirect: 'manual', headers: { 'user-agent': browser } })).status, (await log()).filter((row) => ['opened', 'clicked'].includes(row.kind)).length]).toEqual([302, rows.filter((row) => ['opened', 'clicked'].includes(row.kind)).length])
  })
})

describe('random histories through all rooms', () => {
  let t: TestApp
  let outbox: Outbox
  beforeAll(async () => {
    outbox = createOutbox()
    t = await testApp({ mail: outbox })
    t.app.platforms.shopify.writeConsent = (_, { platformId }) => Promise.resolve({ platformId })
    t.clock.set(new Date('2026-01-05T10:00:00.500Z'))
    await t.api(t.shop).get('/api/forms')
  })
  afterAll(() => t.close())

  /** What really happened to one address, kept by hand: nothing of it is read from the app. */
  interface Truth {
    email: string
    platformId: string
    yes: number // the newest act of the person themselves that says yes
    no: number // the newest no
    nos: number // withdrawals: no record of unknown origin outlives one
    record: { at: number; level: StoreConsent['level'] } | null // the store's books said yes before anybody had said anything
    silent: boolean // nothing was ever said
    blocked: boolean // bounced or complained
    forgotten: boolean
    link: string | null // of the last confirmation mail
    key: string | null // of the last mail
    told: { consent: StoreConsent; at: Date }[] // by the store's news, to be told again
  }
  const truths = new Map<string, Truth>()
  let attested = false
  let number = 0
  const fresh = (): Truth => {
    const n = ++number
    const truth: Truth = { email: `person${n}@history.test`, platformId: String(n), yes: -1, no: -1, nos: 0, record: null, silent: true, blocked: false, forgotten: false, link: null, key: null, told: [] }
    truths.set(truth.email, truth)
    return truth
  }
  const mayBeMailed = (one: Truth): boolean => !one.blocked && !one.forgotten && ((one.yes >= 0 && one.yes > one.no) || (attested && one.record !== null && one.record.at > one.no && (one.record.level !== 'unknown' || one.nos === 0)))

  type Act = { who: number } & (
    | { kind: 'form' | 'confirm' | 'leave' | 'bounce' | 'complain' | 'redact' | 'order' | 'replay' | 'mail' }
    | { kind: 'news' | 'import' | 'sweep'; state: StoreConsent['state']; level: StoreConsent['level']; secondsAgo: number }
  )
  const who = fc.nat({ max: 2 })
  const state = fc.constantFrom<StoreConsent['state']>('subscribed', 'subscribed', 'subscribed', 'unsubscribed', 'not_subscribed', 'pending', 'invalid')
  const level = fc.constantFrom<StoreConsent['level']>('single', 'confirmed', 'unknown')
  const act: fc.Arbitrary<Act> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ who, kind: fc.constantFrom('form' as const, 'form' as const, 'confirm' as const, 'confirm' as const, 'leave' as const, 'order' as const, 'replay' as const, 'mail' as const) }) },
    { weight: 1, arbitrary: fc.record({ who, kind: fc.constantFrom('bounce' as const, 'complain' as const, 'redact' as const) }) },
    { weight: 5, arbitrary: fc.record({ who, kind: fc.constantFrom('news' as const, 'import' as const, 'sweep' as const), state, level, secondsAgo: fc.constantFrom(0, 1, 40_000, 90_000, 400_000) }) },
  )

  const customer = (one: Truth, consent: StoreConsent | null): StoreCustomer => ({ platformId: one.platformId, email: one.email, firstName: null, lastName: null, locale: null, country: 'US', tags: null, consent, createdAt: null, updatedAt: t.clock.now() })
  const mailable = async (one: Truth): Promise<boolean> => {
    const person = await findByEmail(t.app, t.shop.id, one.email)
    return person !== null && (await standingOf(t.app, t.shop.id, [person.id])).get(person.id) === null
  }
  const feedback = (one: Truth, kind: Feedback['kind']): Feedback => ({ id: `f${++number}`, key: one.key!, kind, at: t.clock.now(), detail: null, machine: false })
  /** Pressed once more when the connection had been idle for so long that the server was just closing it. */
  const post = (url: string): Promise<Response> => fetch(url, { method: 'POST' }).catch(() => fetch(url, { method: 'POST' }))
  const work = () => t.app.queue.runDue({ ...t.handlers, 'sync.read': () => Promise.resolve() })
  let read = 0
  /** Whatever left since the last look must have had a ground at the moment when it left. */
  const lookAtMails = (): void => {
    for (const mail of outbox.taken.slice(read)) {
      const one = truths.get(mail.to.toLowerCase())!
      one.key = mail.key
      const link = /\/confirm\/[\w.-]+/.exec(mail.text)?.[0]
      if (link) one.link = link
      else if (!mayBeMailed(one)) throw new Error(`a mail without a ground: ${JSON.stringify({ ...one, attested })}`)
    }
    read = outbox.taken.length
  }

  /** @returns whether this was an act of the person themselves; what a machine does must raise nobody. */
  async function perform(one: Truth, what: Act): Promise<boolean> {
    const now = t.clock.now().getTime()
    const noAt = (at: number, isWithdrawal = true): void => {
      one.no = Math.max(one.no, at)
      if (isWithdrawal) one.nos++
      one.silent = false
    }
    switch (what.kind) {
      case 'form': {
        const sent = outbox.taken.length
        await signUp(t.app, t.shop, signupInput.parse({ formId: 'inline', version: 1, email: one.email, elapsed: 5000 }), `10.${number % 250}.${Math.floor(now / 1000) % 250}.1`)
        await work()
        if (!one.blocked && outbox.taken.length > sent) [one.forgotten, one.silent] = [false, false]
        return true
      }
      case 'confirm': {
        if (!one.link) return false
        const answer = await post(t.http + one.link)
        const worked = answer.status === 200 && (await mailable(one))
        if (worked) one.yes = now
        return true
      }
      case 'leave': {
        const url = outbox.taken.findLast((mail) => mail.to.toLowerCase() === one.email && mail.headers['List-Unsubscribe'])?.headers['List-Unsubscribe']
        if (!url) return false
        await post(t.http + url.slice(1 + t.app.url.length, -1))
        if (await findByEmail(t.app, t.shop.id, one.email)) noAt(now)
        return true
      }
      case 'bounce':
        if (one.key && (await findByEmail(t.app, t.shop.id, one.email))) {
          const before = one.key
          await takeFeedback(t.app, [feedback(one, 'bounced')])
          one.blocked ||= before !== null
        }
        return false
      case 'complain':
        if (one.key && (await findByEmail(t.app, t.shop.id, one.email))) {
          await takeFeedback(t.app, [feedback(one, 'complained')])
          one.blocked = true
          noAt(now)
        }
        return false
      case 'redact':
        await t.app.db.transaction(() => apply(t.app, t.shop, { kind: 'redact_customer', platformId: one.platformId, email: one.email }, t.clock.now()))
        await work()
        Object.assign(one, { yes: -1, no: -1, nos: 0, record: null, silent: true, forgotten: true, link: null, key: null, told: [] } satisfies Partial<Truth>)
        return false
      case 'order':
        await storeOrders(t.app, t.shop, [{ id: `o${++number}`, name: '#', customerPlatformId: one.platformId, email: one.email, firstName: null, lastName: null, locale: null, country: 'US', total: 1, currency: 'USD', test: false, cancelledAt: null, processedAt: t.clock.now(), updatedAt: t.clock.now(), checkoutToken: null, lines: [] }])
        return false
      case 'replay':
        for (const { consent, at } of one.told) await t.app.db.transaction(() => apply(t.app, t.shop, { kind: 'consent', platformId: one.platformId, email: one.email, consent }, at))
        return false
      case 'mail': {
        const id = await makeCampaign(t.app, t.shop)
        await freeze(t.app, t.shop.id, id, null)
        await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
        return false
      }
      case 'import':
      case 'sweep': {
        const consent: StoreConsent = { state: what.state, level: what.level, updatedAt: new Date(Math.floor(now / 1000 - what.secondsAgo) * 1000) }
        await storeCustomers(t.app, t.shop.id, [customer(one, consent)], what.kind)
        if (one.forgotten) return false
        if (what.state === 'subscribed' && one.silent) one.record = { at: consent.updatedAt!.getTime(), level: what.level }
        if (what.state === 'unsubscribed' || what.state === 'invalid') noAt(consent.updatedAt!.getTime())
        if (what.state !== 'not_subscribed') one.silent = false // never asked: nothing is written down
        return false
      }
      case 'news': {
        const at = Math.floor(now / 1000 - what.secondsAgo) * 1000
        const consent: StoreConsent = { state: what.state, level: what.level, updatedAt: new Date(at) }
        await t.app.db.transaction(() => apply(t.app, t.shop, { kind: 'consent', platformId: one.platformId, email: one.email, consent }, new Date(at)))
        if (one.forgotten) return false
        one.told.push({ consent, at: new Date(at) })
        if (what.state === 'subscribed' && what.level !== 'unknown') one.yes = Math.max(one.yes, at)
        else if (what.state === 'subscribed' && one.silent) one.record = { at, level: 'unknown' }
        else if (what.state === 'unsubscribed' || what.state === 'invalid' || (what.state === 'not_subscribed' && !one.silent)) noAt(at, what.state !== 'not_subscribed')
        if (what.state !== 'not_subscribed') one.silent = false
        return what.state === 'subscribed' && what.level !== 'unknown' // the store tells of an act of the person
      }
    }
  }

  test('nobody without a ground gets a campaign, no machine raises anybody, and who was forgotten stays gone (L4, L5, T25)', async () => {
    let [mailed, machineActs] = [0, 0]
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(act, { minLength: 8, maxLength: 26 }), async (vouched, acts) => {
        attested = vouched
        await t.app.db.update(shopSettings).set({ recordsAttestedAt: vouched ? t.clock.now() : null }).where(eq(shopSettings.shopId, t.shop.id))
        const people = [fresh(), fresh(), fresh()]
        for (const what of [...acts, { kind: 'mail', who: 0 } as const]) {
          t.clock.jump(what.kind === 'form' ? 11 * DAY : 7_000) // more sign-ups than the limits allow are not what this is about
          const one = people[what.who]!
          const before = await mailable(one)
          const hadLedger = !one.silent
          const sent = outbox.taken.length
          const own = await perform(one, what)
          lookAtMails()
          if (what.kind === 'mail') mailed += outbox.taken.length - sent
          if (!own) {
            machineActs++
            if (!before && hadLedger && (await mailable(one))) throw new Error(`a machine raised somebody: ${JSON.stringify(what)} ${JSON.stringify(one)}`)
          }
          for (const each of people) {
            if ((await mailable(each)) && !mayBeMailed(each)) throw new Error(`somebody may be mailed without a ground: ${JSON.stringify({ after: what, ...each, attested })}`)
            if (each.forgotten) expect(await findByEmail(t.app, t.shop.id, each.email)).toBeNull()
          }
        }
      }),
      { numRuns: 40, endOnFailure: true },
    )
    expect(mailed).toBeGreaterThan(20)
    expect(machineActs).toBeGreaterThan(100)
    expect(await t.app.db.$count(consentEntries, and(eq(consentEntries.shopId, t.shop.id)))).toBeGreaterThan(100)
    expect(await t.app.db.$count(consentEntries, eq(consentEntries.shopId, t.stranger.id))).toBe(0)
  }, 60_000)
})
