import { and, eq, isNull } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isPostgres } from '../app/db/columns.ts'
import { consentEntries, products, subscribers, syncs, variants } from '../app/db/schema.ts'
import type { Shop } from '../app/shops/shops.ts'
import { startSync } from '../app/sync/start.ts'
import { createCustomer, createProduct, deleteCustomer, deleteProduct, updateProduct } from '../simulator/actions/index.ts'
import type { SimProduct } from '../simulator/types.ts'
import { pot, pretend, type Pretend } from './pretend.ts'

// What was deleted in the store while its news were lost is found by reading the whole store again.
let p: Pretend
let shop: Shop
const pots: SimProduct[] = []
beforeAll(async () => {
  p = await pretend({ seed: 63 })
  for (let i = 0; i < 6; i++) pots.push(createProduct(p.world, p.store, pot(i)))
  createCustomer(p.world, p.store, { email: 'left@example.com', marketing: { state: 'SUBSCRIBED', level: 'CONFIRMED_OPT_IN' } })
  shop = await p.open()
  await p.readAll(shop)
})
afterAll(() => p.close())

const there = async (): Promise<string[]> =>
  (await p.t.app.db.select({ title: products.title }).from(products).where(and(eq(products.shopId, shop.id), isNull(products.deletedAt))).orderBy(products.title)).map((row) => row.title)
async function unheard(work: () => void): Promise<void> {
  p.world.clock.jump(3_600_000)
  p.world.faults.webhooks.dropNext = 10_000
  work()
  await p.calm()
  p.world.faults.webhooks.dropNext = 0
}
async function readAgain(): Promise<void> {
  p.world.clock.jump(3_600_000)
  await startSync(p.t.app, { shopId: shop.id })
  await p.readAll(shop)
}

test('a first reading, and reading again, lose nothing', async () => {
  expect(await there()).toHaveLength(6)
  await readAgain()
  expect(await there()).toHaveLength(6)
  expect(await p.t.app.db.$count(variants, eq(variants.shopId, shop.id))).toBe(12)
})

test('products that a complete reading does not find are gone, with their variants; nobody is lost by absence', async () => {
  await unheard(() => {
    deleteProduct(p.world, p.store, pots[1]!.id)
    deleteProduct(p.world, p.store, pots[4]!.id)
    for (const customer of p.store.customers.values()) deleteCustomer(p.world, p.store, customer.id)
  })
  await readAgain()
  expect(await there()).toEqual(['Pot 0', 'Pot 2', 'Pot 3', 'Pot 5'])
  expect(await p.t.app.db.$count(variants, eq(variants.shopId, shop.id))).toBe(8)
  expect((await p.t.api(shop).get(`/api/products?ids=${pots[1]!.id},${pots[2]!.id}`)).body.products).toHaveLength(1)
  expect(await p.t.app.db.$count(subscribers, eq(subscribers.shopId, shop.id))).toBe(1)
  expect(await p.t.app.db.$count(consentEntries, eq(consentEntries.shopId, shop.id))).toBe(1)
})

test('a reading that found fewer than the store counted deletes nothing', async () => {
  const platform = p.t.app.platforms.shopify
  const bulkItems = platform.bulkItems.bind(platform)
  platform.bulkItems = async function* (...args) {
    for await (const item of bulkItems(...args)) if (!(item.kind === 'products' && item.item.title === 'Pot 2') && !(item.kind === 'variants' && item.parentId === String(pots[2]!.id))) yield item
  }
  await readAgain()
  platform.bulkItems = bulkItems
  expect(await there()).toContain('Pot 2')
})

test('nor does a reading that failed', async () => {
  await unheard(() => deleteProduct(p.world, p.store, pots[3]!.id))
  p.world.faults.bulk.failNext = 3
  await readAgain()
  p.world.faults.bulk.failNext = 0
  expect((await p.t.app.db.select().from(syncs).where(and(eq(syncs.shopId, shop.id), eq(syncs.kind, 'products'))))[0]!.state).toBe('failed')
  expect(await there()).toContain('Pot 3')
})

test('of what the store tells again, it is there again', async () => {
  await readAgain()
  expect(await there()).toEqual(['Pot 0', 'Pot 2', 'Pot 5'])
  await p.t.app.db.update(products).set({ deletedAt: p.world.clock.now() }).where(and(eq(products.shopId, shop.id), eq(products.title, 'Pot 0')))
  updateProduct(p.world, p.store, pots[0]!.id, { title: 'Pot 0, new' })
  await p.calm()
  expect(await there()).toEqual(['Pot 0, new', 'Pot 2', 'Pot 5'])
})

test('the engine knows what the tables hold when a store has been read', async () => {
  const known = isPostgres
    ? await p.t.app.db.raw<{ name: string }>("select relname as name from pg_class where reltuples > 0 and relname in ('products', 'variants')")
    : await p.t.app.db.raw<{ name: string }>("select distinct tbl as name from sqlite_stat1 where tbl in ('products', 'variants')")
  expect(known.map((row) => row.name).sort()).toEqual(['products', 'variants'])
})
