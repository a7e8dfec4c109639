import { afterAll, beforeAll, expect, test } from 'vitest'
import { deliveries } from '../app/db/schema.ts'
import { appendEvents } from '../app/events/append.ts'
import { after } from '../app/lib/clock.ts'
import { testApp, type TestApp } from './app.ts'
import { makeCampaign } from './campaign.ts'

let t: TestApp
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())

test('what is told in whole seconds stands after what we saw in the same second before it', async () => {
  const second = new Date('2026-11-22T09:00:00Z')
  const id = await t.addSubscriber(t.shop, { email: 'ada@example.org', consent: 'none' })
  const messageId = await makeCampaign(t.app, t.shop)
  const now = t.clock.now()
  await t.app.db.insert(deliveries).values({ shopId: t.shop.id, messageId, subscriberId: id, email: 'ada@example.org', state: 'accepted', attempts: 1, acceptedAt: after(second, 740), createdAt: now, updatedAt: now })
  const event = (kind: 'signed_up' | 'delivered' | 'opened' | 'clicked' | 'unsubscribed', at: Date) => ({ kind, subscriberId: id, messageId, at, verdict: null, dedupeKey: `${kind}:${at.getTime()}` })
  await appendEvents(t.app, t.shop.id, [
    event('unsubscribed', second), // a mail service's seconds
    event('delivered', second),
    event('opened', after(second, 900)),
    event('clicked', after(second, 850)),
    event('signed_up', after(second, 990)),
    event('opened', after(second, 1_000)),
    event('delivered', after(second, -1_000)),
  ])
  const { body } = await t.api(t.shop).get(`/api/subscribers/${id}`)
  const kinds = (body.timeline as { kind: string; at: string }[]).map((item) => `${item.kind} ${item.at.slice(17, 19)}`).reverse()
  expect(kinds).toEqual(['delivered 59', 'signed_up 00', 'sent 00', 'delivered 00', 'opened 00', 'clicked 00', 'unsubscribed 00', 'opened 01'])
})
