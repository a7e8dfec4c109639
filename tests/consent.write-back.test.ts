import { and, eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { unsubscribe } from '../app/consent/unsubscribe.ts'
import { askForWriteBack } from '../app/consent/write-back.ts'
import { consentWriteBacks, subscribers } from '../app/db/schema.ts'
import { findShop, type Shop } from '../app/shops/shops.ts'
import { eraseSubscriber } from '../app/subscribers/erase.ts'
import { createCustomer } from '../simulator/actions/index.ts'
import type { SimCustomer } from '../simulator/types.ts'
import { pretend, type Pretend } from './pretend.ts'

// Whatever becomes of jobs and keys: the store hears of each person's decision in the end, and of the newest one only.
let p: Pretend
let shop: Shop
const people: SimCustomer[] = []
beforeAll(async () => {
  p = await pretend({ seed: 61 })
  for (let i = 0; i < 3; i++) people.push(createCustomer(p.world, p.store, { email: `w${i}@example.com`, marketing: { state: 'SUBSCRIBED', level: 'CONFIRMED_OPT_IN', at: new Date('2026-01-05T10:00:00Z') } }))
  shop = await p.open()
  await p.readAll(shop)
})
afterAll(() => p.close())

const idOf = async (i: number): Promise<string> => (await p.t.app.db.select().from(subscribers).where(and(eq(subscribers.shopId, shop.id), eq(subscribers.emailKey, `w${i}@example.com`))))[0]!.id
const owed = (): Promise<number> => p.t.app.db.$count(consentWriteBacks, eq(consentWriteBacks.shopId, shop.id))
const inStore = (i: number): string => p.store.customers.get(people[i]!.id)!.marketing.state
const leave = async (i: number): Promise<boolean> => unsubscribe(p.t.app, shop.id, await idOf(i), { method: 'one_click', source: 'test' })

describe('what a person decides', () => {
  test('is told to the store and then not owed any more', async () => {
    await leave(0)
    expect(await owed()).toBe(1)
    await p.t.runJobs()
    expect([inStore(0), await owed()]).toEqual(['UNSUBSCRIBED', 0])
  })

  test('while the store has ended our grant, is told when its owner opens the app again, with the time of the act', async () => {
    p.store.tokens = []
    await expect(p.t.app.platforms.shopify.readShop(shop)).rejects.toThrow('open the app again')
    const at = p.world.clock.now()
    await leave(1)
    await p.t.runJobs({ keepGoing: true })
    expect([inStore(1), await owed()]).toEqual(['SUBSCRIBED', 1])
    p.world.clock.jump(9 * 86_400_000) // by now every job has given up
    await p.t.handlers['lost.recover']({})
    await p.t.runJobs({ keepGoing: true })
    expect([inStore(1), await owed()]).toEqual(['SUBSCRIBED', 1])
    await p.open()
    await p.readAll(shop)
    await p.t.handlers['lost.recover']({})
    await p.calm()
    expect([inStore(1), await owed()]).toEqual(['UNSUBSCRIBED', 0])
    expect(Math.floor(p.store.customers.get(people[1]!.id)!.marketing.updatedAt!.getTime() / 1000)).toBe(Math.floor(at.getTime() / 1000))
  })

  test('is asked for again when its job gave up, and a decision from meanwhile is not taken for told', async () => {
    const id = await idOf(2)
    const { shopify } = p.t.app.platforms
    const writeConsent = shopify.writeConsent.bind(shopify)
    await leave(2)
    shopify.writeConsent = async (...args) => {
      await askForWriteBack(p.t.app, shop.id, id) // they decide again while we are on the phone
      shopify.writeConsent = writeConsent
      return writeConsent(...args)
    }
    await p.t.handlers['consent.write-back']({ shopId: shop.id, subscriberId: id })
    expect(await owed()).toBe(1)
    shopify.writeConsent = () => Promise.reject(new Error('no answer'))
    await p.t.runJobs({ keepGoing: true })
    expect(await owed()).toBe(1)
    shopify.writeConsent = writeConsent
    p.world.clock.jump(6 * 3_600_000)
    await p.t.handlers['lost.recover']({})
    await p.calm()
    expect([inStore(2), await owed()]).toEqual(['UNSUBSCRIBED', 0])
  })

  test('is forgotten with them', async () => {
    const id = await p.t.addSubscriber(shop, { email: 'gone@example.com', consent: 'subscribed' })
    await askForWriteBack(p.t.app, shop.id, id)
    expect(await owed()).toBe(1)
    await eraseSubscriber(p.t.app, shop.id, id)
    expect(await owed()).toBe(0)
    await askForWriteBack(p.t.app, shop.id, id) // nobody is told of somebody who is gone
    expect(await owed()).toBe(0)
  })
})

test('opening again reads the store anew and gives Cleo nothing to tell', async () => {
  expect((await findShop(p.t.app, p.store.domain))!.status).toBe('installed')
  expect(await p.t.app.db.$count(consentWriteBacks, eq(consentWriteBacks.shopId, p.t.stranger.id))).toBe(0)
})
