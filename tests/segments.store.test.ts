import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { segmentMembers, segments, subscribers } from '../app/db/schema.ts'
import { audienceOf, freshenAudience } from '../app/campaigns/audience.ts'
import { MINUTE } from '../app/lib/clock.ts'
import { segmentsOf } from '../app/segments/membership.ts'
import { freshenSegments, readStoreSegments } from '../app/segments/store-segments.ts'
import type { Shop } from '../app/shops/shops.ts'
import { createCustomer, createProduct, placeOrder } from '../simulator/actions/index.ts'
import { saveSegments } from '../simulator/platform/taught/segments.ts'
import { pot, pretend, type Pretend } from './pretend.ts'

let p: Pretend
let shop: Shop
beforeAll(async () => {
  p = await pretend()
  const { world, store } = p
  saveSegments(store, world.clock.now())
  const product = createProduct(world, store, pot(1))
  for (let i = 0; i < 12; i++) createCustomer(world, store, { email: `person${i}@example.com`, firstName: `P${i}`, country: 'DE', marketing: { state: i % 3 ? 'SUBSCRIBED' : 'NOT_SUBSCRIBED', level: 'SINGLE_OPT_IN', at: world.clock.now() } })
  const people = [...store.customers.values()]
  for (let i = 0; i < 4; i++) for (let n = 0; n <= i % 2; n++) placeOrder(world, store, { customerId: people[i]!.id, lines: [{ variantId: product.variants[0]!.id, quantity: 1 }] })
  shop = await p.open()
  await p.readAll(shop)
})
afterAll(() => p.close())

const emailsIn = async (segmentId: string): Promise<string[]> =>
  (await p.t.app.db.select({ email: subscribers.email }).from(segmentMembers).innerJoin(subscribers, and(eq(subscribers.shopId, segmentMembers.shopId), eq(subscribers.id, segmentMembers.subscriberId))).where(and(eq(segmentMembers.shopId, shop.id), eq(segmentMembers.segmentId, segmentId))).orderBy(subscribers.email)).map((row) => row.email)

it('the store’s own segments can be followed: their people are read, kept up to date, and can be an audience or a condition', async () => {
  const api = p.t.api(shop)
  const told = (await api.get('/api/segments/store')).body.segments as { platformId: string; name: string; segmentId: string | null }[]
  expect(told.map((one) => one.name)).toEqual(['Customers who have not purchased', 'Customers who have purchased at least once', 'Customers who have purchased more than once', 'Email subscribers', 'Subscribers in DE'])
  const twice = told.find((one) => one.name.endsWith('more than once'))!
  const followed = await api.post('/api/segments/store', { platformId: twice.platformId })
  expect(followed).toMatchObject({ status: 200, body: { name: twice.name, platform: true, rules: null, people: 0, readAt: null } })
  const id = followed.body.id as string
  expect((await api.post('/api/segments/store', { platformId: twice.platformId })).body.id).toBe(id)
  expect((await api.get('/api/segments/store')).body.segments.find((one: { name: string }) => one.name === twice.name).segmentId).toBe(id)
  expect((await api.post('/api/segments/store', { platformId: '1' })).status).toBe(404)
  await p.calm()
  expect((await api.get(`/api/segments/${id}`)).body).toMatchObject({ people: 2, fault: null, readAt: expect.any(String) as unknown })
  expect(await emailsIn(id)).toEqual(['person1@example.com', 'person3@example.com'])
  expect((await api.post('/api/segments/count', { rules: { kind: 'group', match: 'none', rules: [{ kind: 'segment', in: true, segmentId: id }] } })).body.people).toBe(10)

  // It belongs to the store: it is not changed here, and a campaign may be for it.
  expect((await api.put(`/api/segments/${id}`, { name: 'Mine', rules: { kind: 'group', match: 'all', rules: [{ kind: 'mailable', is: true }] } })).status).toBe(409)
  const audience = (await audienceOf(p.t.app, shop, { kind: 'segment', segmentId: id }))!
  expect((await p.t.app.db.select({ email: subscribers.email }).from(subscribers).where(and(eq(subscribers.shopId, shop.id), audience.where!))).length).toBe(2)
  const person = (await p.t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shop.id), eq(subscribers.email, 'person1@example.com'))))[0]!
  expect(await segmentsOf(p.t.app, shop, person.id)).toEqual([{ id, name: twice.name }])

  // Somebody else buys twice. What was read a moment ago stands; older than ten minutes it is read again, also behind a segment that asks about it.
  const third = [...p.store.customers.values()][5]!
  for (let n = 0; n < 2; n++) placeOrder(p.world, p.store, { customerId: third.id, lines: [{ variantId: [...p.store.products.values()][0]!.variants[0]!.id, quantity: 1 }] })
  const outer = (await api.post('/api/segments', { name: 'Outer', rules: { kind: 'group', match: 'all', rules: [{ kind: 'segment', in: true, segmentId: id }] } })).body.id as string
  await freshenSegments(p.t.app, shop, [outer])
  expect(await emailsIn(id)).toHaveLength(2)
  p.world.clock.jump(11 * MINUTE)
  expect(await freshenAudience(p.t.app, shop.id, { kind: 'segment', segmentId: outer })).toBe(null)
  expect(await emailsIn(id)).toEqual(['person1@example.com', 'person3@example.com', 'person5@example.com'])

  // Each night too; and who left the store's segment leaves ours.
  p.store.segments.get(Number(twice.platformId))!.query = "email_subscription_status = 'SUBSCRIBED' AND number_of_orders > 1"
  p.world.clock.jump(11 * MINUTE)
  await readStoreSegments(p.t.app)
  await p.calm()
  expect(await emailsIn(id)).toEqual(['person1@example.com', 'person5@example.com'])
})

it('a store that does not answer: people read before stand, nobody is invented, and it is said in words', async () => {
  const [segment] = await p.t.app.db.select().from(segments).where(and(eq(segments.shopId, shop.id), eq(segments.name, 'Customers who have purchased more than once')))
  p.store.segments.delete(Number(segment!.platformId))
  p.world.clock.jump(11 * MINUTE)
  await freshenSegments(p.t.app, shop, [segment!.id])
  expect(await emailsIn(segment!.id)).toHaveLength(2)
  await p.t.app.db.update(segments).set({ membersReadAt: null }).where(and(eq(segments.shopId, shop.id), eq(segments.id, segment!.id)))
  expect(await freshenAudience(p.t.app, shop.id, { kind: 'segment', segmentId: segment!.id })).toContain('does not tell us who is in its segment')
})
