import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Locator } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DomainView } from '../../app/domains/contract.ts'
import { DAY } from '../../app/lib/clock.ts'
import { startSimulator, type Simulation } from '../../simulator/servers.ts'
import { removeRecord, setRecord } from '../../simulator/mail/name-servers.ts'
import { adminClient, installApp } from '../../simulator/story/admin-client.ts'
import { setAskedRecords } from '../../simulator/story/domain.ts'
import type { SimStore } from '../../simulator/types.ts'
import { launchBrowser } from './launch.ts'
import { person, type Person } from './person.ts'

// The page of the sending domain, from nothing to verified and back, on a laptop and on a phone.

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const domain = 'fern-and-fig.example'
let simulation: Simulation
let browser: Browser
let store: SimStore
let owner: Person
let phone: Person
beforeAll(async () => {
  simulation = await startSimulator({ quiet: true })
  store = simulation.world.stores.get('fern-and-fig.myshopify.com')!
  await installApp(simulation.world, store)
  await simulation.tick()
  browser = await launchBrowser()
  owner = await person(simulation, browser)
  phone = await person(simulation, browser, { viewport: { width: 390, height: 844 } })
  await owner.context.grantPermissions(['clipboard-read', 'clipboard-write'])
})
afterAll(async () => {
  await browser?.close()
  await simulation?.close()
})

const heading = (name: string, at = owner): Locator => at.app.getByRole('heading', { level: 1, name })
const view = (): Promise<DomainView> => adminClient(simulation.world, store).get<DomainView>('/api/domain')
/** On both screens: the page stands, fits, and is accessible. */
async function stands(line: string, name: string): Promise<void> {
  for (const [at, screen] of [[owner, 'laptop'], [phone, 'phone']] as const) {
    await at.open('/settings/domain')
    await heading(line, at).waitFor()
    const frame = at.page.frames().find((one) => one.url().startsWith(simulation.urls.app))!
    expect(await frame.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth'), screen).toBe(0)
    await frame.evaluate(axe)
    const found = await frame.evaluate<{ id: string; nodes: { html: string }[] }[]>("axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], rules: { region: { enabled: false } } }).then((result) => result.violations)")
    expect(found.map((one) => `${one.id}: ${one.nodes[0]?.html}`), screen).toEqual([])
    await at.picture(`domain-${name}-${screen}`)
    expect(await at.faults(/401/)).toEqual([]) // a page that is open while the clock jumps asks once more with a new token
  }
}

test('before anything is set, the page says what will happen', async () => {
  await stands(`Vouch for your mail: set up ${domain}.`, 'none')
})

test('the records come by a press, can be copied, and what is wrong is told in words', async () => {
  await owner.app.getByRole('button', { name: `Set up ${domain}` }).click()
  await heading(`None of the 5 records for ${domain} is right yet.`).waitFor()
  const records = (await view()).records
  const policy = records.find((one) => one.purpose === 'dmarc')!
  await owner.app.getByRole('button', { name: 'Copy the value of Policy (DMARC)' }).click()
  await owner.app.getByText('Copied', { exact: true }).waitFor({ state: 'attached' })
  expect(await owner.page.evaluate<string>('navigator.clipboard.readText()')).toBe(policy.value)
  // A policy that nobody knows, and a name that the host has doubled.
  setRecord(simulation.world, 'TXT', policy.name, 'v=DMARC1; p=maybe')
  const way = records.find((one) => one.purpose === 'return_path')!
  setRecord(simulation.world, 'CNAME', `${way.name}.${domain}`, way.value)
  await owner.app.getByRole('button', { name: 'Check now' }).click()
  await owner.app.getByText(/its policy is "maybe"/).waitFor()
  await owner.app.getByText(/your DNS host adds “fern-and-fig\.example” by itself/).waitFor()
  await owner.app.getByText('What was looked up').first().click()
  await owner.app.getByText('nothing there').first().waitFor()
  await stands(`None of the 5 records for ${domain} is right yet.`, 'pending')
})

test('with the records set it becomes verified, and a mail to everybody is planned over days', async () => {
  await setAskedRecords(simulation.world, store)
  await owner.open('/settings/domain')
  await owner.app.getByRole('button', { name: 'Check now' }).click()
  await heading(`${domain} is verified: your mail goes out in its name.`).waitFor()
  await owner.app.getByText('Checked just now').waitFor()
  await stands(`${domain} is verified: your mail goes out in its name.`, 'verified')
  await owner.app.getByRole('checkbox', { name: 'This domain has sent newsletters before' }).check()
  await expect.poll(async () => (await view()).ramp!.on).toBe(false)
})

test('silent name servers change nothing; a record that is gone is told first, and stops new campaigns a day later', async () => {
  const { world } = simulation
  const check = async (): Promise<void> => {
    await adminClient(world, store).post('/api/domain/check')
    await simulation.tick()
  }
  world.faults.dns.silent = true
  world.clock.jump(2 * DAY)
  await check()
  world.faults.dns.silent = false
  expect(await view()).toMatchObject({ state: 'verified', brokenSince: null })
  const key = (await view()).records.find((one) => one.purpose === 'dkim')!
  removeRecord(world, 'CNAME', key.name, key.value)
  await check()
  await stands(`Something is gone at ${domain}.`, 'broken')
  world.clock.jump(DAY)
  await check()
  await stands(`${domain} is not verified any more.`, 'failing')
  await owner.app.getByText('New campaigns are stopped').waitFor()
})

test('an address of a mailbox company is refused with the reason', async () => {
  const api = adminClient(simulation.world, store)
  const { senderName, replyTo, postalAddress, brand, doubleOptIn, tracking, attributionDays } = await api.get<Record<string, unknown>>('/api/settings')
  await api.put('/api/settings', { senderName, senderEmail: 'ada@gmail.com', replyTo, postalAddress, brand, doubleOptIn, tracking, attributionDays, attestRecords: false })
  await stands('Your sender’s address cannot be used for newsletters.', 'obstacle')
  await owner.app.getByText(/Only gmail\.com itself may send in its name/).waitFor()
  await owner.app.getByRole('link', { name: 'Change the address' }).click()
  await owner.app.getByText('Cannot be used', { exact: true }).waitFor()
})
