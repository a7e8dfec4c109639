import fc from 'fast-check'
import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { insertAll } from '../app/db/insert-all.ts'
import { campaigns, events, orders, segments, subscriberTags, subscribers, suppressions } from '../app/db/schema.ts'
import { addressHash } from '../app/lib/crypto.ts'
import { DAY, after, dayIn } from '../app/lib/clock.ts'
import { newId } from '../app/lib/ids.ts'
import { condition, segmentRules, type Condition, type SegmentRules } from '../app/segments/contract.ts'
import { segmentSentence } from '../app/segments/sentence.ts'
import { segmentWhere } from '../app/segments/where.ts'
import type { Shop } from '../app/shops/shops.ts'
import { testApp, type TestApp } from './app.ts'

let t: TestApp
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())

interface Order {
  daysAgo: number
  total: number
  test: boolean
  cancelled: boolean
}
interface Act {
  kind: 'opened' | 'clicked'
  verdict: 'human' | 'machine' | 'unknown'
  daysAgo: number
}
interface Person {
  country: string | null
  tags: string[]
  orders: Order[]
  acts: Act[]
}

/** What the words of a rule mean, person by person, without a database. */
function fits(person: Person, rules: SegmentRules): boolean {
  const bought = person.orders.filter((o) => !o.test && !o.cancelled)
  const one = (c: Condition): boolean => {
    switch (c.kind) {
      case 'bought':
        return bought.some((o) => o.daysAgo <= c.days) === c.did
      case 'opened':
      case 'clicked':
        return person.acts.some((a) => a.kind === c.kind && a.verdict === 'human' && a.daysAgo <= c.days) === c.did
      case 'country':
        return c.countries.some((code) => code.toUpperCase() === person.country?.toUpperCase()) === c.is
      case 'tag':
        return person.tags.some((tag) => tag.toLowerCase() === c.tag.toLowerCase()) === c.has
      case 'orders_count':
      case 'total_spent': {
        const value = c.kind === 'orders_count' ? bought.length : bought.reduce((sum, o) => sum + o.total, 0)
        return c.op === 'at_least' ? value >= c.value : c.op === 'at_most' ? value <= c.value : value === c.value
      }
    }
  }
  return rules.match === 'all' ? rules.conditions.every(one) : rules.conditions.some(one)
}

async function addPeople(shop: Shop, people: Person[]): Promise<string[]> {
  const now = t.clock.now()
  const base = { shopId: shop.id, createdAt: now, updatedAt: now }
  const ids = people.map(() => newId(now))
  await insertAll(t.app.db, subscribers, people.map((p, i) => ({ ...base, id: ids[i]!, email: `${ids[i]}@example.com`, emailKey: `${ids[i]}@example.com`, addressHash: addressHash(t.app.settings.keys, shop.id, `${ids[i]}@example.com`), country: p.country, source: 'form', ordersCount: 0, totalSpent: 0 })))
  await insertAll(t.app.db, subscriberTags, people.flatMap((p, i) => [...new Set(p.tags)].map((tag) => ({ shopId: shop.id, subscriberId: ids[i]!, tag }))))
  await insertAll(t.app.db, orders, people.flatMap((p, i) => p.orders.map((o) => {
    const at = after(now, -o.daysAgo * DAY)
    return { shopId: shop.id, id: newId(now), name: '#1', subscriberId: ids[i]!, total: o.total, currency: 'USD', test: o.test, cancelledAt: o.cancelled ? at : null, processedAt: at, day: dayIn('UTC', at), platformUpdatedAt: at }
  })))
  await insertAll(t.app.db, events, people.flatMap((p, i) => p.acts.map((a) => {
    const id = newId(now)
    const at = after(now, -a.daysAgo * DAY)
    return { shopId: shop.id, id, kind: a.kind, subscriberId: ids[i]!, messageId: id, verdict: a.verdict, at, day: dayIn('UTC', at), dedupeKey: id }
  })))
  return ids
}

const randomPerson: fc.Arbitrary<Person> = fc.record({
  country: fc.constantFrom('US', 'us', 'DE', 'FR', null),
  tags: fc.array(fc.constantFrom('VIP', 'vip', 'wholesale', "o'neil", '100%'), { maxLength: 3 }),
  orders: fc.array(fc.record({ daysAgo: fc.integer({ min: 0, max: 40 }), total: fc.integer({ min: 0, max: 9000 }), test: fc.boolean(), cancelled: fc.boolean() }), { maxLength: 4 }),
  acts: fc.array(fc.record({ kind: fc.constantFrom('opened', 'clicked'), verdict: fc.constantFrom('human', 'machine', 'unknown'), daysAgo: fc.integer({ min: 0, max: 40 }) }), { maxLength: 4 }),
}) as fc.Arbitrary<Person>
const days = fc.integer({ min: 1, max: 40 })
const randomRules: fc.Arbitrary<SegmentRules> = fc.record({
  match: fc.constantFrom('all', 'any'),
  conditions: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constantFrom('bought', 'opened', 'clicked'), did: fc.boolean(), days }),
      fc.record({ kind: fc.constant('country'), is: fc.boolean(), countries: fc.uniqueArray(fc.constantFrom('US', 'DE', 'FR', 'GB'), { minLength: 1 }) }),
      fc.record({ kind: fc.constant('tag'), has: fc.boolean(), tag: fc.constantFrom('vip', 'Wholesale', "O'Neil", '100%', '%', '_') }),
      fc.record({ kind: fc.constant('orders_count'), op: fc.constantFrom('at_least', 'at_most', 'exactly'), value: fc.integer({ min: 0, max: 4 }) }),
      fc.record({ kind: fc.constant('total_spent'), op: fc.constantFrom('at_least', 'at_most'), value: fc.integer({ min: 0, max: 15_000 }) }),
    ),
    { minLength: 1, maxLength: 4 },
  ),
}) as fc.Arbitrary<SegmentRules>

describe('segments', () => {
  it('hold exactly the people whom a naive reading of the words finds', async () => {
    const people = fc.sample(randomPerson, { numRuns: 150, seed: 7 })
    const ids = await addPeople(t.shop, people)
    await addPeople(t.stranger, people.slice(0, 30))
    await fc.assert(
      fc.asyncProperty(randomRules, async (rules) => {
        const rows = await t.app.db.select({ id: subscribers.id }).from(subscribers).where(and(eq(subscribers.shopId, t.shop.id), segmentWhere(t.shop.id, segmentRules.parse(rules), t.clock.now())))
        const found = new Set(rows.map((row) => row.id))
        expect(people.map((person, i) => [i, found.has(ids[i]!)])).toEqual(people.map((person, i) => [i, fits(person, rules)]))
      }),
      { numRuns: 120 },
    )
    for (const id of ids) await t.app.db.delete(subscribers).where(and(eq(subscribers.shopId, t.shop.id), eq(subscribers.id, id)))
    await t.app.db.delete(orders).where(eq(orders.shopId, t.shop.id))
    await t.app.db.delete(events).where(eq(events.shopId, t.shop.id))
  })

  it('can be made, counted, changed and deleted', async () => {
    const api = t.api(t.shop)
    const nothing = { country: 'US', tags: ['VIP'], orders: [], acts: [] }
    const ids = [await t.addSubscriber(t.shop, { email: 'in@example.com', firstName: 'Ina', country: 'DE', consent: 'subscribed' }), await t.addSubscriber(t.shop, { email: 'blocked@example.com', country: 'DE', consent: 'subscribed' }), await t.addSubscriber(t.shop, { email: 'no@example.com', country: 'DE' })]
    await t.app.db.insert(suppressions).values({ shopId: t.shop.id, addressHash: addressHash(t.app.settings.keys, t.shop.id, 'blocked@example.com'), reason: 'bounced', createdAt: t.clock.now() })
    await addPeople(t.shop, [nothing])
    const rules: SegmentRules = { match: 'all', conditions: [{ kind: 'country', is: true, countries: ['DE'] }, { kind: 'orders_count', op: 'at_most', value: 0 }] }
    const made = await api.post('/api/segments', { name: ' Germans ', rules })
    expect(made).toMatchObject({ status: 200, body: { name: 'Germans', people: 3, mailable: 1, sentence: 'is in Germany and never ordered', rules } })
    const counted = await api.post('/api/segments/count', { rules })
    expect(counted.body).toMatchObject({ people: 3, mailable: 1, sample: expect.arrayContaining([{ id: ids[0], email: 'in@example.com', name: 'Ina' }]) as unknown })
    expect((await api.put(`/api/segments/${made.body.id}`, { name: 'Tagged', rules: { match: 'any', conditions: [{ kind: 'tag', has: true, tag: 'vip' }] } })).body).toMatchObject({ name: 'Tagged', people: 1, mailable: 0 })
    expect((await api.get('/api/segments')).body.segments).toHaveLength(1)
    expect((await api.delete(`/api/segments/${made.body.id}`)).status).toBe(200)
    expect((await api.get(`/api/segments/${made.body.id}`)).status).toBe(404)
  })

  it('are not deleted while a scheduled campaign needs them', async () => {
    const api = t.api(t.shop)
    const made = await api.post('/api/segments', { name: 'Needed', rules: { match: 'all', conditions: [{ kind: 'tag', has: true, tag: 'x' }] } })
    const now = t.clock.now()
    const campaign = { shopId: t.shop.id, id: newId(now), name: 'Spring', subject: 's', preheader: '', content: { blocks: [] }, audience: { kind: 'segment', segmentId: made.body.id }, status: 'scheduled', version: 1, createdAt: now, updatedAt: now }
    await t.app.db.insert(campaigns).values(campaign)
    const refused = await api.delete(`/api/segments/${made.body.id}`)
    expect(refused).toMatchObject({ status: 409, body: { error: { message: expect.stringContaining('Spring') as unknown } } })
    await t.app.db.update(campaigns).set({ status: 'draft' }).where(and(eq(campaigns.shopId, t.shop.id), eq(campaigns.id, campaign.id)))
    expect((await api.delete(`/api/segments/${made.body.id}`)).status).toBe(200)
    expect(await t.app.db.$count(segments, eq(segments.shopId, t.shop.id))).toBe(0)
  })

  it('refuse rules that make no sense, naming the field', async () => {
    const api = t.api(t.shop)
    for (const rules of [{ match: 'all', conditions: [] }, { match: 'all', conditions: [{ kind: 'bought', did: true, days: 0 }] }, { match: 'some', conditions: [{ kind: 'tag', has: true, tag: 'x' }] }, { match: 'all', conditions: [{ kind: 'tag', has: true, tag: ' ' }] }, null]) {
      const reply = await api.post('/api/segments/count', { rules })
      expect(reply.status).toBe(422)
      expect(Object.keys(reply.body.error.fields)).not.toEqual([])
    }
  })

  it('take what is typed as words, never as SQL', async () => {
    const api = t.api(t.shop)
    for (const tag of ["'; drop table segments; --", '" or 1=1', '\\', '%', '${x}']) expect((await api.post('/api/segments/count', { rules: { match: 'all', conditions: [{ kind: 'tag', has: true, tag }] } })).body).toMatchObject({ people: 0 })
    expect((await api.post('/api/segments/count', { rules: { match: 'all', conditions: [{ kind: 'country', is: true, countries: ["'x"] }] } })).body).toMatchObject({ people: 0 })
  })

  it("are nobody else's business: Cleo finds none of Ada's and cannot touch them", async () => {
    const mine = await t.api(t.shop).post('/api/segments', { name: 'Mine', rules: { match: 'all', conditions: [{ kind: 'country', is: true, countries: ['DE'] }] } })
    const cleo = t.api(t.stranger)
    expect((await cleo.get('/api/segments')).body.segments).toEqual([])
    expect((await cleo.get(`/api/segments/${mine.body.id}`)).status).toBe(404)
    expect((await cleo.put(`/api/segments/${mine.body.id}`, { name: 'Hers', rules: mine.body.rules })).status).toBe(404)
    expect((await cleo.delete(`/api/segments/${mine.body.id}`)).status).toBe(404)
    expect((await cleo.post('/api/segments/count', { rules: mine.body.rules })).body.sample.map((p: { email: string }) => p.email)).not.toContain('in@example.com')
    expect((await t.api(t.shop).get(`/api/segments/${mine.body.id}`)).body.name).toBe('Mine')
  })
})

describe('the sentence of a segment', () => {
  it.each<[Condition, string]>([
    [{ kind: 'bought', did: true, days: 90 }, 'bought in the last 90 days'],
    [{ kind: 'bought', did: false, days: 1 }, 'did not buy in the last day'],
    [{ kind: 'opened', did: true, days: 30 }, 'opened a mail in the last 30 days'],
    [{ kind: 'clicked', did: false, days: 30 }, 'did not click in a mail in the last 30 days'],
    [{ kind: 'country', is: true, countries: ['DE', 'FR'] }, 'is in Germany or France'],
    [{ kind: 'country', is: false, countries: ['DE', 'FR', 'IT', 'ES', 'PT'] }, 'is not in Germany, France, Italy or 2 more countries'],
    [{ kind: 'tag', has: false, tag: 'vip' }, 'does not have the tag “vip”'],
    [{ kind: 'orders_count', op: 'at_least', value: 2 }, 'ordered at least 2 times'],
    [{ kind: 'orders_count', op: 'exactly', value: 0 }, 'never ordered'],
    [{ kind: 'total_spent', op: 'at_least', value: 10_050 }, 'spent at least $100.50'],
  ])('says %j as "%s"', (one, words) => {
    expect(segmentSentence({ match: 'all', conditions: [condition.parse(one)] }, 'USD')).toBe(words)
  })

  it('joins conditions as they are joined', () => {
    const conditions: Condition[] = [{ kind: 'bought', did: true, days: 90 }, { kind: 'country', is: true, countries: ['DE'] }]
    expect(segmentSentence({ match: 'all', conditions }, 'EUR')).toBe('bought in the last 90 days and is in Germany')
    expect(segmentSentence({ match: 'any', conditions }, 'EUR')).toBe('bought in the last 90 days or is in Germany')
  })
})
