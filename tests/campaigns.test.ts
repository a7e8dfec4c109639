import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startCampaign } from '../app/campaigns/start.ts'
import { campaigns, deliveries, links, messages, products, shops, shopSettings, subscribers, suppressions } from '../app/db/schema.ts'
import { addressHash } from '../app/lib/crypto.ts'
import { DAY, HOUR, MINUTE, after } from '../app/lib/clock.ts'
import { newId } from '../app/lib/ids.ts'
import { rowsOf, statesOf } from './campaign.ts'
import { testApp, type Api, type TestApp } from './app.ts'

let t: TestApp
let api: Api
beforeAll(async () => {
  t = await testApp()
  api = t.api(t.shop)
})
afterAll(() => t.close())
beforeEach(async () => {
  for (const table of [deliveries, messages, campaigns, subscribers, suppressions, products]) await t.app.db.delete(table)
  await t.app.db.update(shopSettings).set({ senderName: 'Fern & Fig', senderEmail: 'ada@fern-and-fig.example', postalAddress: '1 Fern Street, Portland' })
  await t.app.db.update(shops).set({ status: 'installed' })
  await t.runJobs({ keepGoing: true })
  t.outbox.length = 0
})

const content = { blocks: [{ id: 't', type: 'text', html: '<p>Hi {{ subscriber.first_name | default: "there" }}, see <a href="https://fern-and-fig.example/new">what is new</a>.</p>', align: 'left' }] }
const words = { name: 'Spring', subject: 'For {{ subscriber.first_name | default: "you" }}', preheader: 'New', content, audience: { kind: 'everyone' } }
/** A draft with something in it; answers its id. */
async function draft(change: Record<string, unknown> = {}, of: Api = api): Promise<string> {
  const made = await of.post('/api/campaigns', { name: 'Spring' })
  const saved = await of.put(`/api/campaigns/${made.body.id}`, { ...words, version: made.body.version, ...change })
  expect(saved.status).toBe(200)
  return made.body.id as string
}
const statusOf = async (id: string): Promise<string> => (await api.get(`/api/campaigns/${id}`)).body.status as string

describe('a draft', () => {
  it('begins empty or from a starter mail with the newest products of the shop already in it', async () => {
    expect((await api.post('/api/campaigns', { name: 'Mine' })).body).toMatchObject({ name: 'Mine', status: 'draft', version: 1, content: { blocks: [] }, audience: { kind: 'everyone' }, progress: null })
    const now = t.clock.now()
    const product = (n: number, status = 'active') => ({ shopId: t.shop.id, id: String(n), title: `Pot ${n}`, handle: `pot-${n}`, imageUrl: `https://cdn.shopify.com/${n}.jpg`, tags: [], status, priceMin: 1900, priceMax: 1900, currency: 'USD', available: true, platformUpdatedAt: after(now, n * 1000) })
    for (const n of [1, 2, 3, 4]) await t.app.db.insert(products).values(product(n))
    await t.app.db.insert(products).values(product(5, 'draft'))
    const made = await api.post('/api/campaigns', { name: 'News', templateId: 'new-products' })
    const block = made.body.content.blocks.find((b: { type: string }) => b.type === 'products')
    expect(block.picks.map((p: { title: string; price: string }) => [p.title, p.price])).toEqual([['Pot 4', '$19.00'], ['Pot 3', '$19.00'], ['Pot 2', '$19.00'], ['Pot 1', '$19.00']])
    expect((await api.post('/api/campaigns', { name: 'x', templateId: 'unknown' })).status).toBe(422)
    expect((await api.post('/api/campaigns', { name: ' ' })).status).toBe(422)
    expect((await api.get('/api/templates')).body.templates).toHaveLength(6)
  })

  it('is saved only over the version that was read, so two windows cannot overwrite each other', async () => {
    const made = (await api.post('/api/campaigns', { name: 'Two windows' })).body
    const saves = await Promise.all(['one', 'two'].map((name) => api.put(`/api/campaigns/${made.id}`, { ...words, name, version: made.version })))
    expect(saves.map((s) => s.status).sort((a, b) => a - b)).toEqual([200, 409])
    const kept = saves.find((s) => s.status === 200)!.body
    expect(kept.version).toBe(made.version + 1)
    expect((await api.get(`/api/campaigns/${made.id}`)).body.name).toBe(kept.name)
  })

  it('keeps no script, wherever it is put', async () => {
    const id = await draft({ content: { blocks: [{ id: 'c', type: 'columns', columns: [[{ id: 't', type: 'text', html: '<p onclick="x">a<script>alert(1)</script></p>', align: 'left' }], []] }] } })
    expect((await api.get(`/api/campaigns/${id}`)).body.content.blocks[0].columns[0][0].html).toBe('<p>a</p>')
    expect((await api.put(`/api/campaigns/${id}`, { ...words, version: 2, content: { blocks: [{ id: 'b', type: 'button', text: 'x', href: 'javascript:alert(1)', align: 'left' }] } })).status).toBe(422)
  })

  it('can be copied and deleted; what was sent cannot be deleted or changed', async () => {
    await t.addSubscriber(t.shop, { email: 'ben@example.com', consent: 'subscribed' })
    const id = await draft()
    const copy = (await api.post(`/api/campaigns/${id}/duplicate`)).body
    expect(copy).toMatchObject({ name: 'Spring (copy)', subject: words.subject, status: 'draft', version: 1 })
    expect((await api.delete(`/api/campaigns/${copy.id}`)).status).toBe(200)
    expect((await api.get(`/api/campaigns/${copy.id}`)).status).toBe(404)
    await api.post(`/api/campaigns/${id}/send`)
    await t.runJobs()
    expect((await api.delete(`/api/campaigns/${id}`)).status).toBe(409)
    expect((await api.put(`/api/campaigns/${id}`, { ...words, version: 2 })).status).toBe(409)
    expect((await api.post(`/api/campaigns/${id}/duplicate`)).body.status).toBe('draft')
  })

  it('that is too large is refused before it is drawn', async () => {
    const blocks = Array.from({ length: 20 }, (_, i) => ({ id: `t${i}`, type: 'text', html: 'x'.repeat(19_000), align: 'left' }))
    expect((await api.put(`/api/campaigns/${await draft()}`, { ...words, version: 2, content: { blocks } })).status).toBe(422)
    expect((await api.post('/api/preview', { subject: 's', preheader: '', content: { blocks } })).status).toBe(422)
  })
})

describe('sending', () => {
  it('goes from draft to sent, each person gets the mail once with their own name, links and footer', async () => {
    const ben = await t.addSubscriber(t.shop, { email: 'ben@example.com', firstName: 'Ben', consent: 'subscribed' })
    const una = await t.addSubscriber(t.shop, { email: 'una@example.com', firstName: 'Una', consent: 'unsubscribed' })
    await t.addSubscriber(t.stranger, { email: 'dot@example.com', consent: 'subscribed' })
    const id = await draft()
    expect((await api.post(`/api/campaigns/${id}/send`)).body).toMatchObject({ status: 'scheduled' })
    expect((await api.post(`/api/campaigns/${id}/send`)).status).toBe(409)
    await t.runJobs()
    const sent = (await api.get(`/api/campaigns/${id}`)).body
    expect(sent).toMatchObject({ status: 'sent', progress: { everybody: 2, excluded: 1, audience: 1, accepted: 1, waiting: 0 }, startedAt: t.clock.now().toISOString(), finishedAt: t.clock.now().toISOString() })
    expect(t.outbox.map((m) => [m.to, m.subject])).toEqual([['ben@example.com', 'For Ben']])
    const mail = t.outbox[0]!
    expect(mail.html).toContain('Hi Ben, see')
    expect(mail.text).toContain('Hi Ben, see what is new <http')
    for (const part of [mail.html, mail.text]) {
      expect(part).toContain('1 Fern Street')
      expect(part).not.toMatch(/\[\[|\{\{/)
    }
    const rows = await rowsOf(t.app, t.shop, id)
    expect(new Map(rows.map((r) => [r.subscriberId, [r.state, r.reason]]))).toEqual(new Map([[ben, ['accepted', null]], [una, ['excluded', 'unsubscribed']]]))
    expect(await t.app.db.select({ n: links.n, url: links.url, label: links.label }).from(links).where(eq(links.messageId, id)).orderBy(links.n)).toEqual([
      { n: 1, url: t.shop.url, label: 'Fern & Fig' },
      { n: 2, url: 'https://fern-and-fig.example/new', label: 'what is new' },
    ])
  })

  it('waits for its hour, never early', async () => {
    await t.addSubscriber(t.shop, { email: 'ben@example.com', consent: 'subscribed' })
    const id = await draft()
    const at = after(t.clock.now(), 2 * HOUR)
    expect((await api.post(`/api/campaigns/${id}/schedule`, { at: at.toISOString() })).body).toMatchObject({ status: 'scheduled', scheduledAt: at.toISOString() })
    t.clock.jump(2 * HOUR - 1)
    await t.runJobs()
    expect(t.outbox).toHaveLength(0)
    t.clock.jump(1)
    await t.runJobs()
    expect(t.outbox).toHaveLength(1)
    expect(await statusOf(id)).toBe('sent')
  })

  it('can be taken back and scheduled anew; the old hour does nothing', async () => {
    await t.addSubscriber(t.shop, { email: 'ben@example.com', consent: 'subscribed' })
    const id = await draft()
    await api.post(`/api/campaigns/${id}/schedule`, { at: after(t.clock.now(), HOUR).toISOString() })
    expect((await api.post(`/api/campaigns/${id}/unschedule`)).body).toMatchObject({ status: 'draft', scheduledAt: null })
    await api.post(`/api/campaigns/${id}/schedule`, { at: after(t.clock.now(), 3 * HOUR).toISOString() })
    t.clock.jump(HOUR)
    await t.runJobs()
    expect([await statusOf(id), t.outbox.length]).toEqual(['scheduled', 0])
    t.clock.jump(2 * HOUR)
    await t.runJobs()
    expect([await statusOf(id), t.outbox.length]).toEqual(['sent', 1])
  })

  it('refuses a time that is over or more than a year away', async () => {
    const id = await draft()
    for (const at of [t.clock.now(), after(t.clock.now(), -MINUTE), after(t.clock.now(), 400 * DAY)]) expect((await api.post(`/api/campaigns/${id}/schedule`, { at: at.toISOString() })).status).toBe(422)
    expect((await api.post(`/api/campaigns/${id}/schedule`, { at: 'tomorrow' })).status).toBe(422)
  })

  it('more than six hours late goes back to a draft and asks (Q9)', async () => {
    await t.addSubscriber(t.shop, { email: 'ben@example.com', consent: 'subscribed' })
    const id = await draft()
    await api.post(`/api/campaigns/${id}/schedule`, { at: after(t.clock.now(), HOUR).toISOString() })
    t.clock.jump(7 * HOUR + 1)
    await t.runJobs()
    const asked = (await api.get(`/api/campaigns/${id}`)).body
    expect(asked).toMatchObject({ status: 'draft', scheduledAt: null, statusReason: expect.stringContaining('rather ask') as unknown })
    expect(t.outbox).toHaveLength(0)
    await api.post(`/api/campaigns/${id}/send`)
    await t.runJobs()
    expect([t.outbox.length, (await api.get(`/api/campaigns/${id}`)).body.statusReason]).toEqual([1, null])
  })

  it('six hours late still goes', async () => {
    await t.addSubscriber(t.shop, { email: 'ben@example.com', consent: 'subscribed' })
    const id = await draft()
    await api.post(`/api/campaigns/${id}/schedule`, { at: after(t.clock.now(), HOUR).toISOString() })
    t.clock.jump(7 * HOUR)
    await t.runJobs()
    expect([await statusOf(id), t.outbox.length]).toEqual(['sent', 1])
  })

  it('is refused with words while something is missing', async () => {
    const id = await draft({ subject: '', content: { blocks: [{ id: 'i', type: 'image', src: 'https://a.example/x.png', alt: null, href: '', width: 300 }] } })
    await t.app.db.update(shopSettings).set({ postalAddress: ' ' })
    const refused = await api.post(`/api/campaigns/${id}/send`)
    expect(refused.status).toBe(422)
    expect(Object.keys(refused.body.error.fields).sort()).toEqual(['image_alt', 'postal_address_missing', 'subject_empty'])
    expect(await statusOf(id)).toBe('draft')
    const nobody = await draft({})
    await t.app.db.update(shopSettings).set({ postalAddress: 'x' })
    expect((await api.post(`/api/campaigns/${nobody}/send`)).body.error.message).toContain('Nobody')
  })

  it('that cannot be prepared at its hour becomes failed, says why, and can be repaired', async () => {
    await t.addSubscriber(t.shop, { email: 'ben@example.com', consent: 'subscribed' })
    const later = async (change: () => Promise<unknown>, why: string): Promise<string> => {
      const id = await draft()
      await api.post(`/api/campaigns/${id}/schedule`, { at: after(t.clock.now(), HOUR).toISOString() })
      await change()
      t.clock.jump(HOUR)
      await t.runJobs()
      expect((await api.get(`/api/campaigns/${id}`)).body).toMatchObject({ status: 'failed', statusReason: expect.stringContaining(why) as unknown, startedAt: null })
      return id
    }
    const id = await later(() => t.app.db.update(shopSettings).set({ senderEmail: '' }), 'who the mail comes from')
    await t.app.db.update(shopSettings).set({ senderEmail: 'ada@fern-and-fig.example' })
    // The API of a shop that is gone answers nobody, so the row itself is looked at.
    const orphan = await draft()
    await api.post(`/api/campaigns/${orphan}/schedule`, { at: after(t.clock.now(), HOUR).toISOString() })
    await t.app.db.update(shops).set({ status: 'uninstalled' }).where(eq(shops.id, t.shop.id))
    t.clock.jump(HOUR)
    await t.runJobs()
    const [row] = await t.app.db.select().from(campaigns).where(eq(campaigns.id, orphan))
    expect([row!.status, row!.statusReason]).toEqual(['failed', 'The app was removed from the store.'])
    await t.app.db.update(shops).set({ status: 'installed' })
    await later(() => t.app.db.insert(suppressions).values({ shopId: t.shop.id, addressHash: addressHash(t.app.settings.keys, t.shop.id, 'ben@example.com'), reason: 'complained', createdAt: t.clock.now() }), 'nobody')
    expect(await t.app.db.$count(messages)).toBe(0) // a start that failed left nothing behind
    expect(await t.app.db.$count(deliveries)).toBe(0)
    await t.app.db.delete(suppressions)
    expect((await api.post(`/api/campaigns/${id}/unschedule`)).body).toMatchObject({ status: 'draft', statusReason: null })
    await api.post(`/api/campaigns/${id}/send`)
    await t.runJobs()
    expect(t.outbox).toHaveLength(1)
  })

  it('begins once, however often it is begun and wherever it broke off before', async () => {
    for (let i = 0; i < 20; i++) await t.addSubscriber(t.shop, { email: `p${i}@example.com`, consent: 'subscribed' })
    const id = await draft()
    await api.post(`/api/campaigns/${id}/send`)
    await t.app.db.update(campaigns).set({ status: 'preparing' }).where(eq(campaigns.id, id)) // a worker died right after it took it
    await Promise.all([1, 2, 3].map(() => startCampaign(t.app, { shopId: t.shop.id, campaignId: id })))
    expect(await statesOf(t.app, t.shop, id)).toEqual({ pending: 20 })
    await startCampaign(t.app, { shopId: t.shop.id, campaignId: id })
    await t.runJobs()
    await startCampaign(t.app, { shopId: t.shop.id, campaignId: id })
    expect([await statusOf(id), t.outbox.length, new Set(t.outbox.map((m) => m.to)).size]).toEqual(['sent', 20, 20])
    await startCampaign(t.app, { shopId: t.shop.id, campaignId: newId(t.clock.now()) }) // deleted meanwhile: nothing to do
  })

  it('bites at once when it is paused or cancelled, and goes on where it was', async () => {
    for (let i = 0; i < 3; i++) await t.addSubscriber(t.shop, { email: `p${i}@example.com`, consent: 'subscribed' })
    const id = await draft()
    await api.post(`/api/campaigns/${id}/send`)
    await startCampaign(t.app, { shopId: t.shop.id, campaignId: id })
    expect((await api.post(`/api/campaigns/${id}/pause`)).body.status).toBe('paused')
    await t.runJobs()
    expect([await statusOf(id), t.outbox.length]).toEqual(['paused', 0])
    expect((await api.post(`/api/campaigns/${id}/resume`)).body.status).toBe('sending')
    await t.runJobs()
    expect([await statusOf(id), t.outbox.length]).toEqual(['sent', 3])
    expect((await api.post(`/api/campaigns/${id}/pause`)).status).toBe(409)
    expect((await api.post(`/api/campaigns/${id}/cancel`)).status).toBe(409)

    const second = await draft()
    await api.post(`/api/campaigns/${second}/send`)
    await startCampaign(t.app, { shopId: t.shop.id, campaignId: second })
    expect((await api.post(`/api/campaigns/${second}/cancel`)).body).toMatchObject({ status: 'cancelled', progress: { audience: 3, suppressed: 3, waiting: 0 } })
    await t.runJobs()
    expect(t.outbox).toHaveLength(3)
    expect((await api.post(`/api/campaigns/${second}/resume`)).status).toBe(409)
  })
})

describe('the rehearsal', () => {
  it('says who would get it and who not, and the freeze decides the same', async () => {
    await t.addSubscriber(t.shop, { email: 'in@example.com', firstName: 'Ina', country: 'DE', consent: 'subscribed' })
    await t.addSubscriber(t.shop, { email: 'quiet@example.com', country: 'DE', consent: 'subscribed' })
    await t.addSubscriber(t.shop, { email: 'out@example.com', country: 'DE', consent: 'unsubscribed' })
    await t.addSubscriber(t.shop, { email: 'pending@example.com', country: 'DE', consent: 'pending' })
    await t.addSubscriber(t.shop, { email: 'never@example.com', country: 'DE' })
    await t.addSubscriber(t.shop, { email: 'far@example.com', country: 'US', consent: 'subscribed' })
    const segment = await api.post('/api/segments', { name: 'Germans', rules: { kind: 'group', match: 'all', rules: [{ kind: 'country', is: true, countries: ['DE'] }] } })
    const id = await draft({ audience: { kind: 'segment', segmentId: segment.body.id } })
    const { body } = await api.get(`/api/campaigns/${id}/rehearsal`)
    expect(body).toMatchObject({ everybody: 6, included: 2, excluded: 4, audienceName: 'Germans', canSend: true })
    expect(Object.fromEntries(body.reasons.map((r: { reason: string; people: number }) => [r.reason, r.people]))).toEqual({ not_in_segment: 1, unsubscribed: 1, not_confirmed: 1, never_agreed: 1 })
    expect(body.samples.map((s: { email: string; subject: string }) => [s.email, s.subject]).sort()).toEqual([['in@example.com', 'For Ina'], ['quiet@example.com', 'For you']])
    expect(body.samples[0].html).toContain('1 Fern Street')
    expect(body.samples[0].html).not.toContain('[[')
    const before = (await api.post(`/api/campaigns/${id}/why`, { q: 'EXAMPLE.com' })).body.people as { email: string; gets: boolean; sentence: string }[]
    expect(before.filter((p) => p.gets).map((p) => p.email).sort()).toEqual(['in@example.com', 'quiet@example.com'])
    expect(before.find((p) => p.email === 'far@example.com')!.sentence).toBe('far@example.com will not get it: is in United States, so not in the segment “Germans”.')

    await api.post(`/api/campaigns/${id}/send`)
    await startCampaign(t.app, { shopId: t.shop.id, campaignId: id })
    const rows = await t.app.db.select({ reason: deliveries.reason }).from(deliveries).where(eq(deliveries.messageId, id))
    const frozen: Record<string, number> = {}
    for (const { reason } of rows) frozen[reason ?? 'in'] = (frozen[reason ?? 'in'] ?? 0) + 1
    expect(frozen).toEqual({ in: 2, not_in_segment: 1, unsubscribed: 1, not_confirmed: 1, never_agreed: 1 })

    await t.addSubscriber(t.shop, { email: 'late@example.com', country: 'DE', consent: 'subscribed' })
    await t.runJobs()
    expect(t.outbox.map((m) => m.to).sort()).toEqual(['in@example.com', 'quiet@example.com'])
    const after = (await api.post(`/api/campaigns/${id}/why`, { q: 'ina' })).body.people
    expect(after).toEqual([expect.objectContaining({ gets: true, sentence: 'Ina: taken by the mail service.' })])
    expect((await api.post(`/api/campaigns/${id}/why`, { q: 'late' })).body.people[0].sentence).toContain('was not on your list')
    expect((await api.post(`/api/campaigns/${id}/why`, { q: '%' })).body.people).toEqual([])
    expect((await api.post(`/api/campaigns/${id}/why`, { q: '' })).body.people).toEqual([])
  })

  it('shows what is missing, a deleted segment too, and then nothing can be sent', async () => {
    await t.addSubscriber(t.shop, { email: 'in@example.com', consent: 'subscribed' })
    const segment = await api.post('/api/segments', { name: 'Gone', rules: { kind: 'group', match: 'all', rules: [{ kind: 'tag', has: true, tag: 'x' }] } })
    const id = await draft({ audience: { kind: 'segment', segmentId: segment.body.id }, subject: '' })
    await api.delete(`/api/segments/${segment.body.id}`)
    const { body } = await api.get(`/api/campaigns/${id}/rehearsal`)
    expect(body).toMatchObject({ included: 0, canSend: false })
    expect(body.checks.filter((c: { level: string }) => c.level === 'error').map((c: { code: string }) => c.code)).toEqual(['segment_missing', 'subject_empty'])
  })
})

describe('a test mail', () => {
  it('goes to one address, as it would look, ten times an hour and no more', async () => {
    await t.addSubscriber(t.shop, { email: 'ben@example.com', firstName: 'Ben', consent: 'subscribed' })
    const id = await draft()
    for (let i = 0; i < 10; i++) expect((await api.post(`/api/campaigns/${id}/test`, { to: 'ada@fern-and-fig.example' })).status).toBe(200)
    expect((await api.post(`/api/campaigns/${id}/test`, { to: 'ada@fern-and-fig.example' })).status).toBe(429)
    await t.runJobs()
    expect(t.outbox).toHaveLength(10)
    expect(t.outbox[0]).toMatchObject({ to: 'ada@fern-and-fig.example', subject: '[Test] For Ben' })
    expect(t.outbox[0]!.html).toContain('https://fern-and-fig.example/new')
    expect(t.outbox[0]!.html).toContain('1 Fern Street')
    expect(await statusOf(id)).toBe('draft')
    t.clock.jump(HOUR)
    expect((await api.post(`/api/campaigns/${id}/test`, { to: 'ada@fern-and-fig.example' })).status).toBe(200)
    expect((await api.post(`/api/campaigns/${id}/test`, { to: 'nobody' })).status).toBe(422)
  })
})

describe('the preview', () => {
  it('draws the mail for a sample person or one of the shop, with checks and size', async () => {
    const ben = await t.addSubscriber(t.shop, { email: 'ben@example.com', firstName: 'Ben' })
    const sample = await api.post('/api/preview', { subject: words.subject, preheader: '{{ subscriber.first_name }}!', content })
    expect(sample.body).toMatchObject({ subject: 'For Robin', preheader: 'Robin!' })
    expect(sample.body.html).toContain('href="https://fern-and-fig.example/new"')
    expect(sample.body.bytes).toBeGreaterThan(5000)
    expect((await api.post('/api/preview', { subject: words.subject, preheader: '', content, subscriberId: ben })).body.subject).toBe('For Ben')
    const cleo = t.api(t.stranger)
    expect((await cleo.post('/api/preview', { subject: words.subject, preheader: '', content, subscriberId: ben })).status).toBe(404)
  })
})

describe('the list', () => {
  it('shows the newest first, page by page, with progress and figures, in a number of statements that does not grow', async () => {
    await t.addSubscriber(t.shop, { email: 'ben@example.com', consent: 'subscribed' })
    const now = t.clock.now()
    const row = (n: number) => ({ shopId: t.shop.id, id: newId(after(now, n)), name: `C${n}`, subject: '', preheader: '', content: { blocks: [] }, audience: { kind: 'everyone' }, status: 'draft', version: 1, createdAt: now, updatedAt: now })
    for (let n = 0; n < 60; n++) await t.app.db.insert(campaigns).values(row(n))
    const first = (await api.get('/api/campaigns')).body
    expect([first.campaigns.length, first.campaigns[0].name]).toEqual([50, 'C59'])
    const second = (await api.get(`/api/campaigns?cursor=${first.nextCursor}`)).body
    expect([second.campaigns.length, second.campaigns[9].name, second.nextCursor]).toEqual([10, 'C0', null])
    await t.app.db.delete(campaigns)
    const id = await draft()
    await api.post(`/api/campaigns/${id}/send`)
    await t.runJobs()
    const before = t.app.db.statements()
    const [only] = (await api.get('/api/campaigns')).body.campaigns
    const one = t.app.db.statements() - before
    expect(only).toMatchObject({ id, status: 'sent', progress: { accepted: 1 }, figures: { accepted: 1, delivered: 0, orders: 0 }, currency: 'USD' })
    for (let n = 0; n < 3; n++) {
      await api.post(`/api/campaigns/${await draft()}/send`)
      await t.runJobs()
    }
    const again = t.app.db.statements()
    await api.get('/api/campaigns')
    expect(t.app.db.statements() - again).toBe(one)
  })
})

describe('Cleo', () => {
  it('finds nothing of Ada’s campaigns on any route and changes nothing', async () => {
    await t.addSubscriber(t.shop, { email: 'ben@example.com', consent: 'subscribed' })
    const id = await draft()
    const sent = await draft()
    await api.post(`/api/campaigns/${sent}/send`)
    await t.runJobs()
    const before = [await t.app.db.select().from(campaigns).orderBy(campaigns.id), await t.app.db.$count(messages)]
    const cleo = t.api(t.stranger)
    expect((await cleo.get('/api/campaigns')).body.campaigns).toEqual([])
    for (const of of [id, sent]) {
      const replies = [
        await cleo.get(`/api/campaigns/${of}`), await cleo.put(`/api/campaigns/${of}`, { ...words, version: 2 }), await cleo.delete(`/api/campaigns/${of}`),
        ...(await Promise.all(['send', 'unschedule', 'pause', 'resume', 'cancel', 'duplicate'].map((name) => cleo.post(`/api/campaigns/${of}/${name}`)))),
        await cleo.post(`/api/campaigns/${of}/schedule`, { at: after(t.clock.now(), HOUR).toISOString() }), await cleo.post(`/api/campaigns/${of}/test`, { to: 'cleo@example.com' }),
        await cleo.get(`/api/campaigns/${of}/rehearsal`), await cleo.post(`/api/campaigns/${of}/why`, { q: 'ben' }), await cleo.get(`/api/campaigns/${of}/people`), await cleo.get(`/api/campaigns/${of}/report`),
      ]
      expect(replies.map((r) => r.status)).toEqual(replies.map(() => 404))
    }
    await t.runJobs()
    expect([await t.app.db.select().from(campaigns).orderBy(campaigns.id), await t.app.db.$count(messages)]).toEqual(before)
    const hers = await draft({}, cleo)
    const mine = (await api.post('/api/segments', { name: 'Mine', rules: { kind: 'group', match: 'all', rules: [{ kind: 'tag', has: true, tag: 'x' }] } })).body
    expect((await cleo.put(`/api/campaigns/${hers}`, { ...words, version: 2, audience: { kind: 'segment', segmentId: mine.id } })).status).toBe(422)
  })
})
