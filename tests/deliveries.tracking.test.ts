import { and, eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { recordConsent } from '../app/consent/record.ts'
import { events, links, shopSettings, subscribers } from '../app/db/schema.ts'
import { freeze } from '../app/deliveries/freeze.ts'
import { judge, type Sign } from '../app/deliveries/judge.ts'
import { sendDeliveries } from '../app/deliveries/send.ts'
import { signLink } from '../app/lib/tokens.ts'
import { makeCampaign } from './campaign.ts'
import { testApp, type TestApp } from './app.ts'

const browser = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15'
let t: TestApp
let person: string
let id: string
beforeEach(async () => {
  t = await testApp()
  person = await t.addSubscriber(t.shop, { email: 'nora@example.org', consent: 'subscribed', country: 'US' })
  id = await makeCampaign(t.app, t.shop)
  await freeze(t.app, t.shop.id, id, null)
  await sendDeliveries(t.app, { shopId: t.shop.id, messageId: id })
  t.clock.jump(60_000)
})
afterEach(() => t.close())

const token = (purpose: 'open' | 'click', change = {}): string => signLink(t.app.settings.keys, purpose, { shopId: t.shop.id, messageId: id, subscriberId: person, ...change })
const ask = (path: string, init: RequestInit & { agent?: string } = {}): Promise<Response> =>
  fetch(t.http + path, { redirect: 'manual', ...init, headers: { 'user-agent': init.agent ?? browser, ...(init.headers as Record<string, string>) } })
const logged = async () => {
  await t.app.hits.flush()
  return t.app.db.select({ kind: events.kind, verdict: events.verdict, linkNo: events.linkNo, subscriberId: events.subscriberId, detail: events.detail, day: events.day }).from(events).where(eq(events.shopId, t.shop.id)).orderBy(events.at, events.linkNo)
}
const rollups = async (): Promise<{ open: Date | null; click: Date | null }> => {
  await t.app.hits.flush()
  return (await t.app.db.select({ open: subscribers.lastOpenAt, click: subscribers.lastClickAt }).from(subscribers).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, person))))[0]!
}

describe('opens', () => {
  test('a picture that a person loads is an open; the newest is kept beside the person', async () => {
    const reply = await ask(`/o/${token('open')}`)
    expect([reply.status, reply.headers.get('content-type'), reply.headers.get('cache-control')]).toEqual([200, 'image/gif', 'no-store, private'])
    expect((await reply.arrayBuffer()).byteLength).toBe(42)
    expect(await logged()).toEqual([{ kind: 'opened', verdict: 'human', linkNo: null, subscriberId: person, detail: null, day: '2026-11-22' }])
    expect((await rollups()).open).toEqual(t.clock.now())
    for (let i = 0; i < 5; i++) await ask(`/o/${token('open')}`)
    expect((await logged()).length).toBe(1)
  })

  test('proxies are unknown, prefetchers are machines, and neither moves the person', async () => {
    await ask(`/o/${token('open')}`, { agent: 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)' })
    await ask(`/o/${token('open')}`, { agent: 'Mozilla/5.0' })
    expect(new Set((await logged()).map((event) => event.verdict))).toEqual(new Set(['machine', 'unknown']))
    expect((await rollups()).open).toBeNull()
  })

  test('any token gets the same picture; a wrong one, HEAD, and one for clicks write nothing', async () => {
    const good = token('open')
    const spoilt = Array.from({ length: good.length }, (_, i) => good.slice(0, i) + (good[i] === 'A' ? 'B' : 'A') + good.slice(i + 1))
    for (const wrong of [...spoilt.slice(0, 40), 'x', token('click'), encodeURIComponent('../../etc')]) {
      const reply = await ask(`/o/${wrong}`)
      expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'image/gif'])
    }
    expect((await ask(`/o/${good}`, { method: 'HEAD' })).status).toBe(200)
    expect(await logged()).toEqual([])
  })

  test('after the withdrawal of tracking the old picture still comes and writes nothing', async () => {
    await recordConsent(t.app, t.shop.id, [{ subscriberId: person, purpose: 'tracking', act: 'withdrawn', basis: 'none', method: 'preference_page', source: 'test', occurredAt: t.clock.now() }])
    expect((await ask(`/o/${token('open')}`)).status).toBe(200)
    expect((await ask(`/c/${token('click')}/2`)).headers.get('location')).toBe('https://elsewhere.example/page?x=1')
    expect(await logged()).toEqual([])
    expect(await rollups()).toEqual({ open: null, click: null })
  })

  test('a browser that says no (Global Privacy Control, Do Not Track) is believed', async () => {
    for (const headers of [{ 'sec-gpc': '1' }, { dnt: '1' }]) {
      expect((await ask(`/o/${token('open')}`, { headers })).status).toBe(200)
      expect((await ask(`/c/${token('click')}/2`, { headers })).status).toBe(302)
    }
    expect(await logged()).toEqual([])
  })

  test('where the law wants a yes, nothing is written without it', async () => {
    await t.app.db.update(subscribers).set({ country: 'DE' }).where(eq(subscribers.id, person))
    await ask(`/o/${token('open')}`)
    await t.app.db.update(subscribers).set({ country: 'US' }).where(eq(subscribers.id, person))
    await t.app.db.update(shopSettings).set({ tracking: 'off' }).where(eq(shopSettings.shopId, t.shop.id))
    await ask(`/o/${token('open')}`)
    expect(await logged()).toEqual([])
  })
})

describe('clicks', () => {
  test('lead to the stored address, with the source for the store’s own', async () => {
    const own = await ask(`/c/${token('click')}/1`)
    expect([own.status, own.headers.get('location')]).toEqual([302, `https://${t.shop.domain}/products/pot?a=1&b=2&utm_source=homing&utm_medium=email&utm_campaign=spring-sale`])
    expect((await ask(`/c/${token('click')}/2`)).headers.get('location')).toBe('https://elsewhere.example/page?x=1')
    expect((await logged()).map((event) => [event.kind, event.linkNo, event.verdict])).toEqual([['clicked', 1, 'human'], ['clicked', 2, 'human']])
    expect((await rollups()).click).toEqual(t.clock.now())
  })

  test('never to an address that the request names', async () => {
    const good = token('click')
    await t.app.db.insert(links).values([
      { shopId: t.shop.id, messageId: id, n: 8, url: 'javascript:alert(1)', label: 'x' },
      { shopId: t.shop.id, messageId: id, n: 9, url: '//evil.example', label: 'x' },
      { shopId: t.shop.id, messageId: id, n: 10, url: 'https://ada:pw@evil.example/', label: 'x' },
    ])
    const paths = [
      `/c/${good}/99`, `/c/${good}/3`, `/c/${good}/8`, `/c/${good}/9`, `/c/${good}/10`, `/c/${good}/-1`, `/c/${good}/1e0`, `/c/${good}/01x`, `/c/${good}/https:%2F%2Fevil.example`, `/c/${good}/%2F%2Fevil.example`,
      `/c/${good}/%5C%5Cevil.example`, `/c/${good}/javascript:alert(1)`, `/c/${good}/99?url=https://evil.example`, `/c/https:%2F%2Fevil.example/1`, `/c/${good.slice(0, -1)}/1`, `/c/${token('open')}/1`,
      `/c/${token('click', { shopId: t.stranger.id })}/1`,
    ]
    for (const path of paths) {
      const reply = await ask(path)
      expect(reply.status, path).toBe(404)
      expect(reply.headers.get('location'), path).toBeNull()
      expect(await reply.text(), path).not.toContain('evil.example')
    }
    for (let i = 0; i < good.length; i += 3) expect((await ask(`/c/${good.slice(0, i)}${good[i] === 'A' ? 'B' : 'A'}${good.slice(i + 1)}/1`)).status).toBe(404)
    expect(await logged()).toEqual([])
    expect((await ask(`/c/${good}/1?url=https://evil.example&next=//evil.example`)).headers.get('location')).not.toContain('evil')
  })

  test('a scanner that follows every link is a machine, the first ones too, and leaves the person where they were', async () => {
    for (const n of [1, 2]) await ask(`/c/${token('click')}/${n}`)
    await t.app.db.insert(links).values({ shopId: t.shop.id, messageId: id, n: 4, url: 'https://elsewhere.example/4', label: '4' })
    t.clock.jump(1_000)
    await ask(`/c/${token('click')}/4`)
    expect((await logged()).map((event) => event.verdict)).toEqual(['machine', 'machine', 'machine'])
    expect(await rollups()).toEqual({ open: null, click: null })
  })

  test('somebody who reads on and follows other links stays a person', async () => {
    await t.app.db.insert(links).values({ shopId: t.shop.id, messageId: id, n: 4, url: 'https://elsewhere.example/4', label: '4' })
    for (const n of [1, 2, 4]) {
      await ask(`/c/${token('click')}/${n}`)
      t.clock.jump(4_000)
    }
    expect((await logged()).map((event) => event.verdict)).toEqual(['human', 'human', 'human'])
  })

  test('crawling every link of a mail with HEAD and GET changes nothing but events of machines', async () => {
    const mail = t.outbox[0]!
    const urls = [...new Set([...mail.html.matchAll(/(?:href|src)="(https:\/\/app\.example\.test[^"]+)"/g)].map((match) => match[1]!.replaceAll('&amp;', '&').replace('https://app.example.test', '')))]
    expect(urls.length).toBeGreaterThanOrEqual(4)
    const before = await t.app.db.select().from(subscribers).where(eq(subscribers.shopId, t.shop.id))
    for (const method of ['HEAD', 'GET']) for (let i = 0; i < 3; i++) for (const url of urls) await ask(url, { method, agent: 'Barracuda Sentinel (EE) bot' })
    expect((await logged()).every((event) => event.verdict === 'machine')).toBe(true)
    expect(await t.app.db.select().from(subscribers).where(eq(subscribers.shopId, t.shop.id))).toEqual(before)
  })
})

test('the verdict', () => {
  const sign = (change: Partial<Sign>): Sign => ({ what: 'click', agent: browser, purpose: '', sinceAccepted: 60_000, otherLinks: 0, ...change })
  expect(judge(sign({}))).toBe('human')
  expect(judge(sign({ sinceAccepted: null }))).toBe('human')
  expect(judge(sign({ sinceAccepted: 1_999 }))).toBe('machine')
  expect(judge(sign({ otherLinks: 1 }))).toBe('human')
  expect(judge(sign({ otherLinks: 2 }))).toBe('machine')
  expect(judge(sign({ agent: '' }))).toBe('unknown')
  expect(judge(sign({ agent: 'Googlebot/2.1 (+http://www.google.com/bot.html)' }))).toBe('machine')
  expect(judge(sign({ agent: 'python-requests/2.32' }))).toBe('machine')
  expect(judge(sign({ purpose: 'prefetch;prerender' }))).toBe('machine')
  expect(judge(sign({ what: 'open', agent: 'YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html' }))).toBe('unknown')
})
