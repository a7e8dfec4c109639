import { createHmac, verify } from 'node:crypto'
import express from 'express'
import { jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { adminRouter } from '../simulator/admin/router.ts'
import { doorsRouter } from '../simulator/doors/router.ts'
import { closeMail, deliverEvents, waitingEvents } from '../simulator/mail/events.ts'
import { clickLink, linksOf, openMail, unsubscribe } from '../simulator/mail/mailbox.ts'
import { mailKeys } from '../simulator/mail/provider-state.ts'
import { sendgridRouter } from '../simulator/mail/sendgrid.ts'
import { open, shut, type Opened } from '../simulator/ports.ts'
import type { SimMail, SimStore, World } from '../simulator/types.ts'
import { closeWorld, createStore, createWorld } from '../simulator/world.ts'

// What people and the mail provider's clients meet in the simulator keeps the promises of the real ones. A small server stands for the app.

interface Seen { method: string; path: string; agent: string; body: string; headers: Record<string, string> }
const event = z.looseObject({ event: z.string(), email: z.string(), timestamp: z.number(), sg_event_id: z.string(), sg_message_id: z.string() })

let opened: Opened[] = []
let world: World
let ada: SimStore
let seen: Seen[] = []
let answers: number[] = []

const serve = async (): Promise<Opened> => {
  const one = await open(0)
  opened.push(one)
  return one
}

beforeEach(async () => {
  seen = []
  answers = []
  opened = []
  const [app, shop, admin, doors, platform] = [await serve(), await serve(), await serve(), await serve(), await serve()]
  app.app.use(express.text({ type: () => true }), (request, response) => {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    seen.push({ method: request.method, path: request.path, agent: headers['user-agent'] ?? '', body: typeof request.body === 'string' ? request.body : '', headers })
    if (request.path.startsWith('/c/')) return response.redirect('https://fern-and-fig.myshopify.com/products/olive-pot?from=mail')
    if (request.path === '/u/ben' && request.method === 'GET') return response.send('<form method="post" action="/u/ben"><input type="hidden" name="sure" value="yes &amp; no"><button name="act" value="leave">Leave</button></form>')
    return response.sendStatus(answers.shift() ?? 200)
  })
  shop.app.use((request, response) => response.send(`the shop's ${request.path}`))
  world = createWorld({ seed: 7, start: new Date('2026-11-22T10:00:00Z'), urls: { app: app.url, doors: doors.url, admin: admin.url, cdn: admin.url, platform: platform.url, storefront: () => shop.url } })
  ada = createStore(world, { domain: 'fern-and-fig.myshopify.com', name: 'Fern & Fig' })
  platform.app.use(sendgridRouter(world))
  admin.app.use(adminRouter(world))
  doors.app.use(doorsRouter(world, { tick: () => deliverEvents(world), shoppers: null }))
})
afterEach(async () => {
  await closeMail(world)
  await Promise.all(opened.map(({ server }) => shut(server)))
  await closeWorld(world)
})

const good = (): Record<string, unknown> => ({
  personalizations: [{ to: [{ email: 'ben@reader.example' }], custom_args: { key: 'opaque-1' } }],
  from: { email: 'ada@fern-and-fig.example', name: 'Fern & Fig' },
  subject: 'New pots',
  content: [{ type: 'text/plain', value: 'Pots' }, { type: 'text/html', value: '<p>Pots</p>' }],
})
const without = (field: string) => (mail: Record<string, unknown>): unknown => Object.fromEntries(Object.entries(mail).filter(([name]) => name !== field))
const send = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${world.urls.platform}/v3/mail/send`, {
    method: 'POST',
    headers: { authorization: `Bearer ${mailKeys(world).apiKey}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(1_500),
  })
const refusal = z.object({ errors: z.array(z.object({ message: z.string(), field: z.string().nullable(), help: z.null() })).min(1) })
const firstError = async (response: Response): Promise<{ status: number; field: string | null; message: string }> => {
  const { field, message } = refusal.parse(await response.json()).errors[0]!
  return { status: response.status, field, message }
}
const batches = (): { seen: Seen; events: z.infer<typeof event>[] }[] =>
  seen.filter((one) => one.path === '/events/sendgrid').map((one) => ({ seen: one, events: z.array(event).parse(JSON.parse(one.body)) }))

describe('the pretend SendGrid', () => {
  test('takes a good mail: 202, no body, a message id; the inbox has it', async () => {
    const answer = await send(good())
    expect(answer.status).toBe(202)
    expect(await answer.text()).toBe('')
    const [mail] = world.mails
    expect(mail).toMatchObject({ to: 'ben@reader.example', subject: 'New pots', html: '<p>Pots</p>', text: 'Pots', key: 'opaque-1' })
    expect(mail!.id.startsWith(answer.headers.get('x-message-id')!)).toBe(true)
  })

  test.each<[string, number, string | null, (mail: Record<string, unknown>) => unknown]>([
    ['no recipients', 400, 'personalizations', (m) => ({ ...m, personalizations: [] })],
    ['an address that is none', 400, 'personalizations.0.to.0.email', (m) => ({ ...m, personalizations: [{ to: [{ email: 'ben at example' }] }] })],
    ['the same person twice in one personalization', 400, 'personalizations.0.to', (m) => ({ ...m, personalizations: [{ to: [{ email: 'ben@reader.example' }, { email: 'Ben@reader.example' }] }] })],
    ['1,001 personalizations', 400, 'personalizations', (m) => ({ ...m, personalizations: Array.from({ length: 1001 }, (_, n) => ({ to: [{ email: `p${n}@reader.example` }] })) })],
    ['no sender', 400, 'from.email', without('from')],
    ['no subject', 400, 'subject', without('subject')],
    ['no content', 400, 'content', without('content')],
    ['HTML before plain text', 400, 'content', (m) => ({ ...m, content: [{ type: 'text/html', value: '<p>x</p>' }, { type: 'text/plain', value: 'x' }] })],
    ['empty content', 400, 'content.0.value', (m) => ({ ...m, content: [{ type: 'text/plain', value: '' }] })],
    ['a reserved header', 400, 'headers.Subject', (m) => ({ ...m, headers: { Subject: 'x' } })],
    ['custom arguments over 10,000 bytes', 400, 'personalizations.0.custom_args', (m) => ({ ...m, custom_args: { long: 'x'.repeat(10_001) } })],
    ['a field that it was not taught', 400, 'template_id', (m) => ({ ...m, template_id: 'd-1' })],
    ['JSON that is none', 400, null, () => '{"from":'],
  ])('refuses %s', async (_name, status, field, change) => {
    const error = await firstError(await send(change(good())))
    expect(error).toMatchObject({ status, field })
    expect(error.message).not.toBe('')
    expect(world.mails).toHaveLength(0)
  })

  test('refuses a wrong key and an unknown route', async () => {
    expect((await firstError(await send(good(), { authorization: 'Bearer SG.other' }))).status).toBe(401)
    const answer = await fetch(`${world.urls.platform}/v3/templates`, { headers: { authorization: `Bearer ${mailKeys(world).apiKey}` } })
    expect(await firstError(answer)).toMatchObject({ status: 501, message: expect.stringContaining('GET /v3/templates') as string })
    expect(world.mails).toHaveLength(0)
  })

  test('sandbox mode checks and sends nothing', async () => {
    expect((await send({ ...good(), mail_settings: { sandbox_mode: { enable: true } } })).status).toBe(200)
    expect(world.mails).toHaveLength(0)
  })

  test('misbehaves on request: 429 with its reset, 503, a refused address, no answer, an answer lost after acceptance', async () => {
    world.faults.mail.tooManyNext = 1
    const tooMany = await send(good())
    expect([tooMany.status, tooMany.headers.get('x-ratelimit-remaining')]).toEqual([429, '0'])
    expect(Number(tooMany.headers.get('x-ratelimit-reset')) * 1000).toBeGreaterThan(world.clock.now().getTime())
    world.faults.mail.errorNext = 1
    expect((await send(good())).status).toBe(503)
    world.faults.mail.refuseAddresses.add('ben@reader.example')
    expect(await firstError(await send(good()))).toMatchObject({ status: 400, field: 'personalizations.0.to.0.email' })
    world.faults.mail.refuseAddresses.clear()
    world.faults.mail.hangNext = 1
    await expect(send(good())).rejects.toThrow(/timeout|aborted/i)
    expect(world.mails).toHaveLength(0)
    world.faults.mail.loseAnswerNext = 1
    await expect(send(good())).rejects.toThrow()
    expect(world.mails).toHaveLength(1)
    expect((await send(good())).status).toBe(202) // and is itself again
  })

  test('tells by signed events what became of a mail', async () => {
    await send(good())
    await deliverEvents(world)
    const [batch] = batches()
    expect(batch!.events.map((one) => one.event)).toEqual(['processed', 'delivered'])
    for (const one of batch!.events) expect(one).toMatchObject({ email: 'ben@reader.example', key: 'opaque-1', sg_message_id: world.mails[0]!.id })
    expect(new Set(batch!.events.map((one) => one.sg_event_id)).size).toBe(2)
    expect(isSigned(batch!.seen)).toBe(true)
    expect(isSigned({ ...batch!.seen, body: batch!.seen.body.replace('delivered', 'bounce') })).toBe(false)
  })

  test('an address that bounces is dropped from then on; one that complains too', async () => {
    for (const email of ['bounce@reader.example', 'bounce@reader.example', 'complain@reader.example', 'complain@reader.example']) {
      await send({ ...good(), personalizations: [{ to: [{ email }] }] })
      await deliverEvents(world)
    }
    expect(batches().map((batch) => batch.events.map((one) => one.event))).toEqual([['processed', 'bounce'], ['dropped'], ['processed', 'delivered', 'spamreport'], ['dropped']])
    expect(batches()[0]!.events[1]).toMatchObject({ type: 'bounce', status: '5.1.1' })
  })

  test('a mail that came back lies in no inbox: its page says so, fetches no pictures and offers nothing to do', async () => {
    for (const email of ['bounce@reader.example', 'block@reader.example', 'bounce@reader.example', 'ben@reader.example']) await send({ ...good(), personalizations: [{ to: [{ email }] }] })
    const pages = await Promise.all(world.mails.map(async (mail) => (await fetch(`${world.urls.doors}/mail/${encodeURIComponent(mail.id)}`)).text()))
    expect(pages.map((page) => [/no such address|did not want it|was not sent/.exec(page)?.[0], page.includes('data-act='), page.includes('images=on')])).toEqual([
      ['no such address', false, false], ['did not want it', false, false], ['was not sent', false, false], [undefined, true, true],
    ])
    const inbox = await (await fetch(`${world.urls.doors}/inbox`)).text()
    expect(inbox.match(/Came back/g)).toHaveLength(3)
  })

  test('events that the app does not take come again later, the same ones, signed anew', async () => {
    answers = [500, 503]
    await send(good())
    await deliverEvents(world)
    expect([batches().length, waitingEvents(world)]).toEqual([1, 1])
    await deliverEvents(world)
    expect(batches()).toHaveLength(1) // not before its time
    world.clock.jump(11_000)
    await deliverEvents(world)
    world.clock.jump(31_000)
    await deliverEvents(world)
    expect([batches().length, waitingEvents(world)]).toEqual([3, 0])
    expect(new Set(batches().map((batch) => batch.seen.body)).size).toBe(1)
    expect(new Set(batches().map((batch) => batch.seen.headers['x-twilio-email-event-webhook-timestamp'])).size).toBe(3)
    expect(batches().every((batch) => isSigned(batch.seen))).toBe(true)
  })

  function isSigned(post: Seen): boolean {
    const key = { key: Buffer.from(mailKeys(world).webhookKey, 'base64'), format: 'der' as const, type: 'spki' as const }
    const signed = Buffer.from(post.headers['x-twilio-email-event-webhook-timestamp']! + post.body)
    return verify('sha256', signed, key, Buffer.from(post.headers['x-twilio-email-event-webhook-signature']!, 'base64'))
  }
})

describe('the mailbox', () => {
  const arrived = async (change: { html?: string; headers?: Record<string, string> } = {}): Promise<SimMail> => {
    const { app } = world.urls
    const html = change.html ?? `<a href="${app}/c/tag/0?a=1&amp;b=2"><b>See</b> the pots</a> <a href="${app}/u/ben">Unsubscribe</a><img src="https://pictures.example/pot.png"><img src="${app}/o/tag" alt="">`
    const headers = change.headers ?? { 'List-Unsubscribe': `<${app}/u/ben>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }
    await send({ ...good(), content: [{ type: 'text/html', value: html }], headers })
    seen = []
    return world.mails.at(-1)!
  }

  test('names the links with what a person reads on them', async () => {
    const mail = await arrived()
    expect(linksOf(mail)).toEqual([{ n: 0, url: `${world.urls.app}/c/tag/0?a=1&b=2`, label: 'See the pots' }, { n: 1, url: `${world.urls.app}/u/ben`, label: 'Unsubscribe' }])
  })

  test('a person, Gmail and Apple fetch the pixel, each in its own way, and press nothing', async () => {
    const mail = await arrived()
    for (const as of ['human', 'gmail', 'proxy'] as const) await openMail(world, mail, { as })
    expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /o/tag', 'GET /o/tag', 'GET /o/tag'])
    expect(seen[0]!.agent).toMatch(/Safari/)
    expect(seen[1]!.agent).toMatch(/GoogleImageProxy/)
    expect(seen[2]!.agent).toBe('Mozilla/5.0')
  })

  test('a scanner asks for every link by HEAD and GET, and posts nothing', async () => {
    await openMail(world, await arrived(), { as: 'scanner' })
    expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /o/tag', 'HEAD /c/tag/0', 'GET /c/tag/0', 'HEAD /u/ben', 'GET /u/ben'])
  })

  test('a press follows the link to where it leads, into the pretend shop', async () => {
    const mail = await arrived()
    expect(await clickLink(world, mail, 'see the pots')).toBe(`${world.urls.storefront(ada.domain)}/products/olive-pot?from=mail`)
    await expect(clickLink(world, mail, 'something else')).rejects.toThrow(/no link "something else"; it has: See the pots, Unsubscribe/)
  })

  test('unsubscribes with one click as RFC 8058 has it, and only where the mail offers it', async () => {
    await unsubscribe(world, await arrived(), 'one-click')
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({ method: 'POST', path: '/u/ben', body: 'List-Unsubscribe=One-Click' })
    expect(seen[0]!.headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(seen[0]!.headers.cookie).toBeUndefined()
    await expect(unsubscribe(world, await arrived({ headers: { 'List-Unsubscribe': `<${world.urls.app}/u/ben>` } }), 'one-click')).rejects.toThrow(/does not offer/)
  })

  test('or by the link in its foot and the button on that page', async () => {
    await unsubscribe(world, await arrived(), 'page')
    expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /u/ben', 'POST /u/ben'])
    expect(Object.fromEntries(new URLSearchParams(seen[1]!.body))).toEqual({ sure: 'yes & no', act: 'leave' })
  })
})

describe('the pretend admin', () => {
  const base = (): string => `${world.urls.admin}/store/fern-and-fig`
  const post = (path: string, origin: string | null, body?: unknown): Promise<Response> =>
    fetch(base() + path, { method: 'POST', redirect: 'manual', headers: { ...(origin ? { origin } : {}), ...(body ? { 'content-type': 'application/json' } : {}) }, ...(body ? { body: JSON.stringify(body) } : {}) })

  test('installs through the grant page, and only from its own origin', async () => {
    const before = await fetch(`${base()}/apps/homing`, { redirect: 'manual' })
    expect([before.status, before.headers.get('location')]).toEqual([302, '/store/fern-and-fig/oauth/install'])
    expect(await (await fetch(`${base()}/oauth/install`)).text()).toContain(world.app.requiredScopes[0])
    for (const origin of [null, world.urls.app, 'https://evil.example']) expect((await post('/oauth/install', origin)).status).toBe(403)
    expect(ada.installed).toBeNull()
    expect((await post('/oauth/install', world.urls.admin)).status).toBe(303)
    expect(ada.installed?.scopes).toEqual(world.app.requiredScopes)
    const again = await fetch(`${base()}/oauth/install`, { redirect: 'manual' })
    expect([again.status, again.headers.get('location')]).toEqual([302, '/store/fern-and-fig/apps/homing'])
    ada.installed!.scopes.pop() // a later version of the app needs more: it is asked again
    expect((await fetch(`${base()}/oauth/install`, { redirect: 'manual' })).status).toBe(200)
    expect((await post('/oauth/uninstall', world.urls.admin)).status).toBe(303)
    expect(ada.installed).toBeNull()
  })

  test('mints session tokens with the claims of the platform, good for a minute', async () => {
    expect((await post('/apps/homing/token', world.urls.app)).status).toBe(403)
    const { token } = z.object({ token: z.string() }).parse(await (await post('/apps/homing/token', world.urls.admin)).json())
    const { payload, protectedHeader } = await jwtVerify(token, Buffer.from(world.app.clientSecret), { currentDate: world.clock.now() })
    expect(protectedHeader.alg).toBe('HS256')
    expect(payload).toMatchObject({ iss: 'https://fern-and-fig.myshopify.com/admin', dest: 'https://fern-and-fig.myshopify.com', aud: world.app.clientId, sub: '91000001' })
    expect(payload.exp! - payload.iat!).toBe(60)
    expect(payload.nbf).toBe(payload.iat)
    expect(payload.jti).toBeTruthy()
    world.clock.jump(61_000)
    await expect(jwtVerify(token, Buffer.from(world.app.clientSecret), { currentDate: world.clock.now() })).rejects.toThrow(/exp/)
  })

  test('frames the app at the same path, signed, with everything that the platform adds', async () => {
    await post('/oauth/install', world.urls.admin)
    const answer = await fetch(`${base()}/apps/homing/campaigns/7/report?days=30`)
    const page = await answer.text()
    expect(answer.headers.get('content-security-policy')).toContain(`frame-src ${world.urls.app}`)
    const frame = new URL(z.object({ frame: z.url() }).parse(JSON.parse(/id="data">(.*?)<\/script>/.exec(page)![1]!)).frame)
    expect([frame.origin, frame.pathname, frame.searchParams.get('days')]).toEqual([world.urls.app, '/campaigns/7/report', '30'])
    expect(frame.searchParams.get('shop')).toBe('fern-and-fig.myshopify.com')
    expect(frame.searchParams.get('embedded')).toBe('1')
    expect(Buffer.from(frame.searchParams.get('host')!, 'base64').toString()).toBe('admin.shopify.com/store/fern-and-fig')
    const hmac = frame.searchParams.get('hmac')!
    frame.searchParams.delete('hmac')
    frame.searchParams.sort()
    expect(createHmac('sha256', world.app.clientSecret).update(frame.searchParams.toString()).digest('hex')).toBe(hmac)
  })

  test('grants and takes back optional scopes, and no others', async () => {
    await post('/oauth/install', world.urls.admin)
    const [optional] = world.app.optionalScopes
    expect(await (await post('/apps/homing/scopes', world.urls.admin, { grant: [optional] })).json()).toMatchObject({ granted: [...world.app.requiredScopes, optional] })
    expect((await post('/apps/homing/scopes', world.urls.admin, { grant: ['write_everything'] })).status).toBe(400)
    expect(await (await post('/apps/homing/scopes', world.urls.admin, { revoke: [optional] })).json()).toMatchObject({ granted: world.app.requiredScopes })
  })

  test('the theme editor switches the real parts of the extension', async () => {
    await post('/oauth/install', world.urls.admin)
    const statuses = async (): Promise<Record<string, string>> => {
      const [extension] = z.array(z.object({ activations: z.array(z.object({ handle: z.string(), status: z.string() })) })).parse(await (await fetch(`${base()}/apps/homing/extensions`)).json())
      return Object.fromEntries(extension!.activations.map((one) => [one.handle, one.status]))
    }
    expect(await statuses()).toEqual({ popup: 'available', signup: 'available' })
    const editor = await (await fetch(`${base()}/themes/current/editor?context=apps&activateAppId=${world.app.clientId}/popup`)).text()
    expect(editor).toMatch(/name="embed"[^>]* checked/)
    expect(ada.embedOn).toBe(false) // shown as on, but not saved yet
    expect((await post('/themes/current/editor', world.urls.admin, { embed: true, block: false })).status).toBe(200)
    expect(await statuses()).toEqual({ popup: 'active', signup: 'available' })
  })

  test('knows no other store', async () => {
    expect((await fetch(`${world.urls.admin}/store/somebody-else/apps`)).status).toBe(404)
  })
})

describe('the doors', () => {
  const control = (path: string, body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }): Promise<Response> =>
    fetch(`${world.urls.doors}/__sim/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })

  test('the clock jumps, faults are switched, and what is unknown is refused', async () => {
    const before = world.clock.now().getTime()
    expect((await control('jump', { ms: 3_600_000 })).status).toBe(200)
    expect(world.clock.now().getTime() - before).toBeGreaterThanOrEqual(3_600_000)
    expect((await control('faults', { 'webhooks.duplicate': true, 'mail.tooManyNext': 3 })).status).toBe(200)
    expect([world.faults.webhooks.duplicate, world.faults.mail.tooManyNext]).toEqual([true, 3])
    expect((await control('faults', { 'mail.everything': 1 })).status).toBe(422)
    expect((await control('jump', { ms: -1 })).status).toBe(422)
    expect((await control('install', { domain: 'nobody.myshopify.com' })).status).toBe(409)
  })

  test('nobody else’s page can move them', async () => {
    expect((await control('jump', { ms: 1 }, { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await control('jump', { ms: 1 }, { 'content-type': 'application/json', origin: world.urls.app })).status).toBe(415)
  })

  test('a mail is shown without scripts, and without pictures when they are not wanted', async () => {
    await send({ ...good(), content: [{ type: 'text/html', value: '<html><head></head><body><script>alert(1)</script><a href="https://x.example">x</a></body></html>' }] })
    const id = encodeURIComponent(world.mails[0]!.id)
    const shown = await fetch(`${world.urls.doors}/letter/${id}`)
    const policy = shown.headers.get('content-security-policy')!
    expect(policy).toContain("default-src 'none'")
    expect(policy).toMatch(/sandbox (?!.*allow-scripts)/)
    expect(policy).toMatch(/img-src http: https:/)
    expect(await shown.text()).toContain('<base target="_blank">')
    expect((await fetch(`${world.urls.doors}/letter/${id}?images=off`)).headers.get('content-security-policy')).toContain('img-src data:;')
    const page = await (await fetch(`${world.urls.doors}/mail/${id}`)).text()
    expect(page).toMatch(/<iframe[^>]*sandbox="allow-popups allow-popups-to-escape-sandbox"/)
  })

  test('every page of the inboxes escapes what a mail brings', async () => {
    await send({ ...good(), subject: '<img src=x onerror=alert(1)>', from: { email: 'a@b.example', name: '"><script>' } })
    const id = encodeURIComponent(world.mails[0]!.id)
    for (const path of ['/inbox', '/inbox?find=%22%3E%3Cscript%3E', `/mail/${id}`, `/mail/${id}?view=headers`, `/mail/${id}?view=source`]) {
      const html = await (await fetch(world.urls.doors + path)).text()
      expect(html).not.toMatch(/<img src=x|"><script>/)
    }
  })
})
