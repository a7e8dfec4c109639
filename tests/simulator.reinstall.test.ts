import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { shopTokens, subscribers, suppressions } from '../app/db/schema.ts'
import { DAY, HOUR } from '../app/lib/clock.ts'
import type { SettingsView } from '../app/shops/contract.ts'
import { findShop, type Shop } from '../app/shops/shops.ts'
import type { SubscriberCounts, SubscriberList } from '../app/subscribers/contract.ts'
import { redactShop, uninstall } from '../simulator/actions/index.ts'
import { startSimulator, type Simulation } from '../simulator/servers.ts'
import { adminClient, installApp, openApp, type AdminClient } from '../simulator/story/admin-client.ts'
import type { SimStore } from '../simulator/types.ts'
import { freshDatabase } from './fresh-database.ts'

// Whatever happens to the app's keys, the next time the owner opens the app all is well again. Through the grant page and the frame, with Cleo's small store.

let simulation: Simulation
let database: Awaited<ReturnType<typeof freshDatabase>>
let store: SimStore
let admin: AdminClient
beforeAll(async () => {
  database = await freshDatabase()
  simulation = await startSimulator({ quiet: true, databaseUrl: database.url })
  store = [...simulation.world.stores.values()].find((one) => one.name === 'Kiln & Kettle')!
  admin = adminClient(simulation.world, store)
  await installApp(simulation.world, store)
  await read()
})
afterAll(async () => {
  await simulation?.close()
  await database?.drop()
})

const shopNow = (): Promise<Shop | null> => findShop(simulation.app, store.domain)
const keys = async (): Promise<number> => simulation.app.db.$count(shopTokens, eq(shopTokens.shopId, (await shopNow())!.id))
/** Waits until the store has been read anew since it was asked; answers the settings page. */
async function read(): Promise<SettingsView> {
  for (let turn = 0; turn < 400; turn++) {
    await simulation.tick()
    const settings = await admin.get<SettingsView>('/api/settings')
    if (settings.syncs.length === 4 && settings.syncs.every((sync) => sync.state === 'done')) return settings
    await new Promise((resolve) => setTimeout(resolve, 50))
    simulation.world.clock.jump(1_000)
  }
  throw new Error('the store was not read')
}
async function readAgain(): Promise<SettingsView> {
  await Promise.all([1, 2, 3].map(() => admin.post('/api/sync'))) // pressed more than once: it is read once, and to its end
  return read()
}
const customersRead = (settings: SettingsView): number | undefined => settings.syncs.find((sync) => sync.kind === 'customers')?.done

test('agreeing twice in the grant page leaves the app’s keys alive', async () => {
  const before = store.tokens.map((token) => token.access)
  expect(before.length).toBeGreaterThan(0)
  await installApp(simulation.world, store)
  await installApp(simulation.world, store)
  expect(store.tokens.map((token) => token.access)).toEqual(before)
  expect(customersRead(await readAgain())).toBe(store.customers.size)
  const page = await fetch(`${simulation.urls.admin}/store/kiln-and-kettle/oauth/install`, { redirect: 'manual' })
  expect([page.status, page.headers.get('location')]).toEqual([302, '/store/kiln-and-kettle/apps/homing']) // there is nothing to agree to
})

test('keys that the platform ended: the first 401 asks for reopening, and opening exchanges anew', async () => {
  store.tokens = []
  await admin.post('/api/sync')
  await simulation.tick()
  expect((await shopNow())!.status).toBe('needs_reopening')
  expect(await keys()).toBe(0)
  await openApp(simulation.world, store)
  expect((await shopNow())!.status).toBe('installed')
  expect(store.tokens).toHaveLength(1)
  expect(customersRead(await readAgain())).toBe(store.customers.size)
})

test('removed and installed again while the app heard nothing: the dead keys are found out and replaced', async () => {
  simulation.world.faults.webhooks.dropNext = 1
  simulation.world.clock.jump(HOUR / 2)
  uninstall(simulation.world, store)
  await installApp(simulation.world, store) // the app believes that it was there all the time, and asks for no new keys
  expect([(await shopNow())!.status, store.tokens.length]).toEqual(['installed', 0])
  await admin.post('/api/sync')
  await simulation.tick()
  expect((await shopNow())!.status).toBe('needs_reopening')
  await openApp(simulation.world, store)
  expect(customersRead(await readAgain())).toBe(store.customers.size)
  // The news comes at last, hours later, and means the installation before.
  simulation.world.clock.jump(6 * HOUR)
  await simulation.tick()
  expect((await shopNow())!.status).toBe('installed')
})

describe('leaving', () => {
  test('coming back within two days finds everything as it was: people, who left, settings', async () => {
    const before = (await shopNow())!
    const { shop: _, senderReady: _r, recordsAttestedAt: _a, unattestedRecords: _u, mailProvider: _m, orderHistory: _o, syncs: _s, ...input } = await admin.get<SettingsView>('/api/settings')
    await admin.put('/api/settings', { ...input, senderName: 'Cleo writes', postalAddress: 'Oderberger Straße 9, Berlin', attestRecords: true })
    const list = await admin.get<SubscriberList>('/api/subscribers?status=subscribed')
    const one = list.rows[0]!
    const counts = (await admin.post<unknown>(`/api/subscribers/${one.id}/unsubscribe`), await admin.get<SubscriberCounts>('/api/subscribers/counts'))
    expect(counts.mailable.people).toBeGreaterThan(0)
    await simulation.tick()
    simulation.world.clock.jump(HOUR)
    uninstall(simulation.world, store)
    await simulation.tick()
    expect([(await shopNow())!.status, await keys()]).toEqual(['uninstalled', 0])
    simulation.world.clock.jump(DAY)
    await installApp(simulation.world, store)
    const settings = await read()
    expect((await shopNow())!.id).toBe(before.id)
    expect(settings.senderName).toBe('Cleo writes')
    expect(await admin.get<SubscriberCounts>('/api/subscribers/counts')).toEqual(counts)
    expect((await admin.get<{ status: string }>(`/api/subscribers/${one.id}`)).status).toBe('unsubscribed')
  })

  test('after shop/redact nothing of it is left, and coming back is a new start', async () => {
    const before = (await shopNow())!
    simulation.world.clock.jump(HOUR)
    uninstall(simulation.world, store)
    await simulation.tick()
    simulation.world.clock.jump(2 * DAY)
    redactShop(simulation.world, store)
    await simulation.tick()
    expect(await shopNow()).toBeNull()
    for (const table of [subscribers, suppressions, shopTokens]) expect(await simulation.app.db.$count(table, eq(table.shopId, before.id))).toBe(0)
    await installApp(simulation.world, store)
    const settings = await read()
    expect((await shopNow())!.id).not.toBe(before.id)
    expect(settings).toMatchObject({ senderName: 'Kiln & Kettle', recordsAttestedAt: null })
    expect(customersRead(settings)).toBe(store.customers.size)
    expect((await admin.get<SubscriberCounts>('/api/subscribers/counts')).mailable.people).toBe(0) // nobody vouched for the records yet
  })
})
