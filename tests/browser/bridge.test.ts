import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findShop } from '../../app/shops/shops.ts'
import { install } from '../../simulator/actions/index.ts'
import { startSimulator, type Simulation } from '../../simulator/servers.ts'
import type { SimStore } from '../../simulator/types.ts'
import { launchBrowser } from './launch.ts'

// The stand-in for App Bridge where it decides whether the app can be reached at all, and where it must refuse.

let simulation: Simulation
let browser: Browser
let store: SimStore
beforeAll(async () => {
  simulation = await startSimulator({ quiet: true })
  browser = await launchBrowser()
  store = [...simulation.world.stores.values()].find((one) => one.name === 'Héron Papier')!
})
afterAll(async () => {
  await browser?.close()
  await simulation?.close()
})

/** The owner's window on a page of the app, whose frame comes at first without a session token: an address that was kept, or passed on. */
async function openWithoutToken(path: string): Promise<{ page: Page; asked: URL[] }> {
  const page = await browser.newPage()
  const asked: URL[] = []
  let first = true
  page.on('request', (request) => request.resourceType() === 'document' && request.url().startsWith(simulation.urls.app) && asked.push(new URL(request.url())))
  await page.route(`${simulation.urls.app}/**`, async (route) => {
    const url = new URL(route.request().url())
    if (route.request().resourceType() !== 'document' || !first) return route.continue()
    first = false
    url.searchParams.delete('id_token')
    await route.fulfill({ status: 302, headers: { location: url.href } })
  })
  await page.goto(`${simulation.urls.admin}/store/heron-papier/apps/homing${path}`)
  return { page, asked }
}

test('a shop that the app does not know, opened without a session token, is bounced and ends in the app, at the page that was wanted', async () => {
  install(simulation.world, store)
  expect(await findShop(simulation.app, store.domain)).toBeNull()
  const { page, asked } = await openWithoutToken('/settings?part=consent')
  await page.frameLocator('iframe').first().getByRole('heading', { level: 1 }).waitFor({ timeout: 15_000 })
  expect(asked.map((url) => [url.pathname, url.searchParams.has('id_token')])).toEqual([['/settings', true], ['/settings', false], ['/session-token', false], ['/settings', true]])
  expect(asked.at(-1)!.searchParams.get('part')).toBe('consent')
  expect(asked.at(-1)!.searchParams.has('shopify-reload')).toBe(false)
  expect(page.url()).toBe(`${simulation.urls.admin}/store/heron-papier/apps/homing/settings?part=consent`)
  expect((await findShop(simulation.app, store.domain))?.status).toBe('installed')
  expect(store.tokens).toHaveLength(1)
  await page.close()
})

test('the bounce page leads to no other origin', async () => {
  const page = await browser.newPage()
  await page.goto(`${simulation.urls.admin}/store/heron-papier/apps/homing`)
  await page.frameLocator('iframe').first().getByRole('heading', { level: 1 }).waitFor()
  const frame = page.frames().find((one) => one.url().startsWith(simulation.urls.app))!
  const evil = `${simulation.urls.app}/session-token?shop=${store.domain}&host=x&embedded=1&shopify-reload=${encodeURIComponent('//evil.example/take')}`
  await frame.goto(evil)
  await page.waitForTimeout(700)
  expect(page.frames().map((one) => one.url())).toContain(evil)
  await page.close()
})

test('a form that asks for a save bar by attribute is refused by name', async () => {
  const page = await browser.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  await page.goto(`${simulation.urls.admin}/store/heron-papier/apps/homing`)
  await page.frameLocator('iframe').first().getByRole('heading', { level: 1 }).waitFor()
  expect(faults).toEqual([])
  const frame = page.frames().find((one) => one.url().startsWith(simulation.urls.app))!
  await frame.evaluate("document.body.append(Object.assign(document.createElement('form'), { innerHTML: '<input>' })); document.querySelector('form:last-of-type').toggleAttribute('data-save-bar')")
  await page.waitForTimeout(200)
  expect(faults.join()).toContain('was not taught <form data-save-bar>')
  await page.close()
})
