import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { GiveUp, RetryAt } from '../app/jobs/queue.ts'
import { isSettled } from '../app/platforms/shopify/consent.ts'
import type { Shop } from '../app/shops/shops.ts'
import { createCustomer, setConsent } from '../simulator/actions/index.ts'
import type { SimCustomer } from '../simulator/types.ts'
import { pretend, type Pretend } from './pretend.ts'

let p: Pretend
let shop: Shop
beforeAll(async () => {
  p = await pretend({ seed: 50 })
  shop = await p.open()
  await p.readAll(shop)
})
afterAll(() => p.close())

const platform = () => p.t.app.platforms.shopify
const calls = (): number => p.world.wire.entries.filter((entry) => entry.kind === 'api').length

describe('asking a store', () => {
  test('waits while it is throttled and goes on by itself', async () => {
    p.world.faults.api.throttleNext = 2
    expect(await platform().readShop(shop)).toMatchObject({ name: 'Moss & Mortar' })
    expect(p.world.faults.api.throttleNext).toBe(0)
  })

  test('repeats what fails for a moment', async () => {
    p.world.faults.api.errorNext = 2
    expect(await platform().readShop(shop)).toMatchObject({ name: 'Moss & Mortar' })
  })

  test('gives way when the store goes on failing, and says when to come back', async () => {
    const { fetch } = p.t.app
    let asked = 0
    p.t.app.fetch = () => { asked++; return Promise.reject(new TypeError('no network')) }
    const fault: unknown = await platform().readShop(shop).catch((error: unknown) => error)
    p.t.app.fetch = fetch
    expect(fault).toBeInstanceOf(RetryAt)
    expect(asked).toBe(4)
    expect((fault as RetryAt).at.getTime()).toBeGreaterThan(p.world.clock.now().getTime() + 55_000)
  })

  test('a store that is frozen is left alone for an hour', async () => {
    p.store.status = 'frozen'
    const before = calls()
    const fault: unknown = await platform().readShop(shop).catch((error: unknown) => error)
    p.store.status = 'open'
    expect(fault).toBeInstanceOf(RetryAt)
    expect((fault as RetryAt).at.getTime() - p.world.clock.now().getTime()).toBeGreaterThan(59 * 60_000)
    expect(calls() - before).toBe(1)
  })

  test('two questions of one store are asked one after the other', async () => {
    let open = 0
    let most = 0
    const { fetch } = p.t.app
    p.t.app.fetch = async (...args) => {
      most = Math.max(most, ++open)
      try { return await fetch(...args) } finally { open-- }
    }
    await Promise.all(Array.from({ length: 6 }, () => platform().readShop(shop)))
    p.t.app.fetch = fetch
    expect(most).toBe(1)
  })

  test('what is changed since a time comes page by page, each once', async () => {
    p.world.clock.jump(60_000)
    const since = p.world.clock.now()
    p.world.clock.jump(1_000)
    for (let i = 0; i < 130; i++) createCustomer(p.world, p.store, { email: `page${i}@example.com` })
    await p.calm()
    const seen: string[] = []
    for await (const customer of platform().changedCustomers(shop, since)) seen.push(customer.email!)
    expect(seen.length).toBe(130)
    expect(new Set(seen).size).toBe(130)
  })
})

describe('telling the store what a person decided', () => {
  let customer: SimCustomer
  let n = 0
  let now = 0 // in whole seconds; the world's clock goes on meanwhile
  beforeEach(() => {
    customer = createCustomer(p.world, p.store, { email: `told${++n}@example.com` })
    now = Math.floor(p.world.clock.now().getTime() / 1000) * 1000
  })
  const ago = (minutes: number): Date => new Date(now - minutes * 60_000)
  const tell = (change: Partial<Parameters<ReturnType<typeof platform>['writeConsent']>[1]>) =>
    platform().writeConsent(shop, { platformId: String(customer.id), email: customer.email!, firstName: null, locale: 'de', state: 'subscribed', level: 'confirmed', at: ago(0), ...change })

  test('a person whom it does not know is made, with consent and the true time', async () => {
    const at = ago(300)
    const { platformId } = await tell({ platformId: null, email: 'fresh@example.com', firstName: 'Fran', at })
    const made = p.store.customers.get(Number(platformId))!
    expect(made).toMatchObject({ email: 'fresh@example.com', firstName: 'Fran', locale: 'de', marketing: { state: 'SUBSCRIBED', level: 'CONFIRMED_OPT_IN', updatedAt: at } })
    expect(await tell({ platformId: null, email: 'FRESH@example.com', state: 'unsubscribed', at: ago(0) })).toEqual({ platformId })
    expect(p.store.customers.get(Number(platformId))!.marketing.state).toBe('UNSUBSCRIBED')
  })

  test('waiting for a confirmation is written as such, then the confirmation, then the withdrawal', async () => {
    await tell({ state: 'pending', level: 'single', at: ago(30) })
    expect(customer.marketing).toMatchObject({ state: 'PENDING', level: 'CONFIRMED_OPT_IN', updatedAt: ago(30) })
    await tell({ state: 'subscribed', at: ago(20) })
    expect(customer.marketing).toMatchObject({ state: 'SUBSCRIBED', level: 'CONFIRMED_OPT_IN', updatedAt: ago(20) })
    await tell({ state: 'unsubscribed', level: 'single', at: ago(10) })
    expect(customer.marketing).toMatchObject({ state: 'UNSUBSCRIBED', level: 'CONFIRMED_OPT_IN', updatedAt: ago(10) })
  })

  test('a person who is unknown there and withdraws is not made for it', async () => {
    const before = p.store.customers.size
    expect(await tell({ platformId: null, email: 'nobody@example.com', state: 'unsubscribed' })).toEqual({ platformId: null })
    expect(p.store.customers.size).toBe(before)
  })

  test('a newer withdrawal in the store stands; an older one gives way to a fresh act', async () => {
    setConsent(p.world, p.store, customer.id, 'UNSUBSCRIBED', 'SINGLE_OPT_IN', ago(10))
    await tell({ at: ago(20) })
    expect(customer.marketing.state).toBe('UNSUBSCRIBED')
    await tell({ at: ago(10) }) // a tie: the lower state stands
    expect(customer.marketing.state).toBe('UNSUBSCRIBED')
    await tell({ at: ago(5) })
    expect(customer.marketing.state).toBe('SUBSCRIBED')
  })

  test('a confirmed opt-in is never made a single one, and what the store knows already is not written again', async () => {
    setConsent(p.world, p.store, customer.id, 'SUBSCRIBED', 'CONFIRMED_OPT_IN', ago(10))
    await tell({ level: 'single' })
    await tell({ level: 'confirmed' })
    await tell({ state: 'pending' })
    expect(customer.marketing).toMatchObject({ state: 'SUBSCRIBED', level: 'CONFIRMED_OPT_IN', updatedAt: ago(10) })
  })

  test('a number that the store has forgotten is found again by the address', async () => {
    expect(await tell({ platformId: '999999999' })).toEqual({ platformId: String(customer.id) })
  })

  test('an address that the store refuses ends the matter', async () => {
    await expect(tell({ platformId: null, email: 'no address' })).rejects.toBeInstanceOf(GiveUp)
  })

  test('whatever the store says, a withdrawal of ours is never held back by a yes', () => {
    for (const state of ['subscribed', 'pending', 'not_subscribed'] as const)
      for (const minutes of [-10, 0, 10])
        expect(isSettled({ state, level: 'confirmed', updatedAt: ago(minutes) }, { state: 'unsubscribed', level: 'single', at: ago(0) })).toBe(false)
  })
})
