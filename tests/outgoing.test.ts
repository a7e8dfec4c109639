import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { subscribers } from '../app/db/schema.ts'
import { createFetch } from '../app/lib/fetch.ts'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { shopper, urlsIn, wholeRun, type WholeRun } from './whole-run.ts'

// Nothing personal in any address and in any field that a provider keeps readable (reliability.md L13, T25); and nobody is asked
// but the store and the mail provider (T8, X4).

let run: WholeRun
const asked: { url: URL; method: string; headers: Record<string, string>; body: string }[] = []
const waiting: Promise<unknown>[] = []
const people = ['zelda.canary@example.com', 'yuri.canary@example.com', 'xena.canary@example.com']
const names = ['Zeldacanary', 'Yuricanary', 'Xenacanary']
const personal = [...people, ...people.map(encodeURIComponent), ...people.map((email) => email.split('@')[0]!), ...names, ...people.map((email) => Buffer.from(email).toString('base64url')), ...people.map((email) => Buffer.from(email).toString('hex'))]
const finds = (text: string): string[] => personal.filter((word) => text.toLowerCase().includes(word.toLowerCase()))

beforeAll(async () => {
  run = await wholeRun({
    seed: 61,
    watch: (request) => {
      const entry = { url: new URL(request.url), method: request.method, headers: Object.fromEntries(request.headers), body: '' }
      asked.push(entry)
      waiting.push(request.text().then((text) => (entry.body = text)))
    },
  })
  shopper(run, people[0]!, names[0]!)
  await run.p.calm()
  for (const [n, email] of people.entries()) expect((await run.signUp({ email, firstName: names[n], tracking: n === 1 })).status).toBe(200) // the first is a customer already: consent is written back to them
  await run.p.calm()
  for (const mail of run.sent.slice()) expect((await fetch(run.p.t.http + new URL(urlsIn(mail).find((url) => url.includes('/confirm/'))!).pathname, { method: 'POST' })).status).toBe(200)
  await run.p.calm()
  await run.send('Canary campaign')
  const leaving = run.sent.at(-1)!
  await fetch(run.p.t.http + new URL(urlsIn(leaving).find((url) => url.includes('/u/'))!).pathname, { method: 'POST' })
  await run.tell([{ email: leaving.to, event: 'bounce', type: 'bounce', status: '5.1.1', reason: `550 <${leaving.to}> unknown`, timestamp: Math.floor(run.p.world.clock.now().getTime() / 1000), sg_event_id: 'b1', key: leaving.key }])
  await rehearse()
  await run.p.t.handlers['sync.reconcile']({ shopId: run.shop.id })
  await run.p.t.handlers['shops.refresh-tokens']({})
  await run.p.calm()
  await Promise.all(waiting)
})
afterAll(() => run.close())

const elsewhere = 'https://elsewhere.example/pots?colour=green' // a link of the merchant's own, which a rehearsal asks whether it answers

/** Rehearses a mail that names its reader and links elsewhere, and looks at everything that the page can show of it. */
async function rehearse(): Promise<void> {
  const api = run.p.t.api(run.shop)
  const { body } = await api.post('/api/campaigns', { name: 'Canary rehearsal' })
  const content = { blocks: [{ id: 't', type: 'text', html: `<p>Dear {{ subscriber.first_name }}, <a href="${elsewhere}">look</a></p>`, align: 'left' }] }
  expect((await api.put(`/api/campaigns/${body.id}`, { version: body.version, name: 'Canary rehearsal', subject: 'For {{ subscriber.first_name }}', preheader: '', content, audience: { kind: 'everyone' } })).status).toBe(200)
  const plan = (await api.get(`/api/campaigns/${body.id}/rehearsal`)).body
  expect(finds(JSON.stringify(plan.samples))).not.toEqual([])
  expect((await api.post(`/api/campaigns/${body.id}/why`, { q: people[0] })).body.people).toHaveLength(1)
  await run.p.calm()
  expect((await api.get(`/api/campaigns/${body.id}/rehearsal`)).body.links.map((link: { url: string }) => link.url)).toContain(elsewhere)
}

test('the run was a whole one: keys, readings, writing back, mails of both kinds', () => {
  const bodies = asked.map((one) => one.body).join('\n')
  for (const word of ['token-exchange', 'refresh_token', 'bulkOperationRunQuery', 'customerCreate', 'customerEmailMarketingConsentUpdate', 'updated_at:']) expect(bodies).toContain(word)
  expect(finds(bodies)).toContain(people[1]) // in bodies it may be: it is what the store is told
  expect(run.sent.filter((mail) => 'List-Unsubscribe' in mail.body.headers)).toHaveLength(people.length)
  expect(run.sent).toHaveLength(2 * people.length)
})

test('only the store, its files, the mail provider and the links of a mail are asked', () => {
  const hosts = new Set(asked.map((one) => one.url.hostname))
  const files = 'storage.shopifycloud.example' // where the store said that the result of a reading lies
  expect([...hosts].toSorted()).toEqual([run.shop.domain, files, 'elsewhere.example'].toSorted())
  // The file's address is its key: no other goes along.
  const [link, ...more] = asked.filter((one) => one.url.hostname === 'elsewhere.example')
  expect([link!.url.href, link!.method, link!.body, Object.keys(link!.headers).toSorted(), more]).toEqual([elsewhere, 'GET', '', ['accept', 'user-agent'], []]) // once, and nothing of ours or anybody's goes along
  for (const { url, method, headers } of asked) if (url.hostname === files) expect([method, Object.keys(headers).filter((name) => /token|auth|key|cookie/.test(name))]).toEqual(['GET', []])
})

test('no address and no name stands in any URL or header that leaves', () => {
  for (const { url, headers } of asked) expect([url.pathname, finds(url.href + JSON.stringify(headers))]).toEqual([url.pathname, []])
  for (const mail of run.sent) expect(finds(mail.url + JSON.stringify(mail.headers))).toEqual([])
})

test('the mail provider learns an address and a name where a mail needs them, and nowhere else', () => {
  for (const { body, key, to } of run.sent) {
    const { headers = {}, substitutions = {}, ...person } = body.personalizations[0]!
    expect([body.personalizations.length, person]).toEqual([1, { to: [{ email: to }], custom_args: { key } }])
    expect(key).toMatch(/^[0-9a-z]{26}(\.[0-9a-z]{26})?$/)
    expect(finds(JSON.stringify([headers, Object.keys(substitutions)]))).toEqual([])
    const { content: _content, subject: _subject, personalizations: _who, ...rest } = body
    expect(finds(JSON.stringify(rest))).toEqual([])
    for (const field of ['categories', 'custom_args', 'batch_id', 'asm', 'template_id']) expect(body).not.toHaveProperty(field)
    expect(body.tracking_settings).toMatchObject({ click_tracking: { enable: false }, open_tracking: { enable: false } })
  }
})

test('no link and no picture in any mail tells who is meant', async () => {
  for (const mail of run.sent) for (const url of urlsIn(mail)) expect([url, finds(decodeURIComponent(url))]).toEqual([url, []])
  const ids = await run.p.t.app.db.select({ id: subscribers.id, hash: subscribers.addressHash, platformId: subscribers.platformId }).from(subscribers).where(and(eq(subscribers.shopId, run.shop.id)))
  for (const url of run.sent.flatMap(urlsIn).filter((one) => !one.startsWith(run.p.t.app.url))) for (const { id, hash, platformId } of ids) expect([id, hash, `customer=${platformId}`].filter((word) => url.includes(word))).toEqual([])
})

test('what we send is not carried on to another place', async () => {
  let reached = 0
  const server = express().post('/away', (_, response) => response.redirect(307, '/there')).post('/there', (_, response) => (reached++, response.json({}))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await expect(createFetch()(`http://127.0.0.1:${(server.address() as AddressInfo).port}/away`, { method: 'POST', body: 'key' })).rejects.toThrow()
  expect(reached).toBe(0)
  await new Promise((resolve) => server.close(resolve))
})
