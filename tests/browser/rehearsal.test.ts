import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Frame } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import type { campaignView } from '../../app/campaigns/contract.ts'
import type { SettingsView } from '../../app/shops/contract.ts'
import type { StarterTemplate } from '../../app/templates/contract.ts'
import { setConsent } from '../../simulator/actions/index.ts'
import { startSimulator, type Simulation } from '../../simulator/servers.ts'
import { adminClient, installApp } from '../../simulator/story/admin-client.ts'
import { setUpDomain } from '../../simulator/story/domain.ts'
import type { SimStore } from '../../simulator/types.ts'
import { launchBrowser } from './launch.ts'
import { person, type Person } from './person.ts'

// Ada rehearses a campaign, looks at who gets it and why not, and sends it; one person leaves in between, and the report says so.

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
let simulation: Simulation
let browser: Browser
let ada: Person
let fern: SimStore
let id = ''
beforeAll(async () => {
  simulation = await startSimulator({ quiet: true })
  fern = simulation.world.stores.get('fern-and-fig.myshopify.com')!
  await installApp(simulation.world, fern)
  await simulation.tick()
  const api = adminClient(simulation.world, fern)
  while ((await api.get<SettingsView>('/api/settings')).syncs.filter((sync) => sync.state === 'done').length < 4) await simulation.tick() // until the whole store is read
  const { senderName, senderEmail, replyTo, postalAddress, brand, doubleOptIn, tracking, attributionDays } = await api.get<SettingsView>('/api/settings')
  await api.put('/api/settings', { senderName, senderEmail, replyTo, postalAddress, brand, doubleOptIn, tracking, attributionDays, attestRecords: true })
  await setUpDomain(simulation.world, fern)
  await simulation.tick()
  const { templates } = await api.get<{ templates: StarterTemplate[] }>('/api/templates')
  const made = await api.post<z.infer<typeof campaignView>>('/api/campaigns', { name: 'Winter', templateId: templates.find((one) => one.name === 'New products')!.id })
  await api.put(`/api/campaigns/${made.id}`, { version: made.version, name: 'Winter', subject: 'For {{ subscriber.first_name | default: "you" }}', preheader: made.preheader, content: made.content, audience: made.audience })
  id = made.id
  browser = await launchBrowser()
  ada = await person(simulation, browser)
})
afterAll(async () => {
  await browser?.close()
  await simulation?.close()
})

const frame = (): Frame => ada.page.frames().find((one) => one.url().startsWith(simulation.urls.app))!
async function fits(): Promise<void> {
  expect(await frame().evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
  // What is fading in or out has no colours to judge yet.
  await frame().evaluate<unknown>('Promise.all(document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime < 5000).map((one) => one.finished.catch(() => null)))')
  await frame().evaluate(axe)
  const { violations } = await frame().evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>("axe.run(document, { iframes: false, resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })")
  expect(violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)}`))).toEqual([])
}

test('the rehearsal says who, why not, what it looks like and where it leads; the report says how it went', async () => {
  await ada.open(`/campaigns/${id}/rehearsal`)
  await ada.app.getByRole('heading', { level: 1, name: /people get “Winter”/ }).waitFor()
  await simulation.tick() // the links are asked
  await ada.app.getByText('Being asked').first().waitFor({ state: 'hidden' })
  await ada.app.getByText('Answers', { exact: true }).first().waitFor()
  await fits()
  await ada.picture('rehearsal')

  // Who is behind a reason.
  const reason = ada.app.getByRole('button', { name: /^Unsubscribed/ })
  await reason.click()
  await ada.app.getByRole('dialog').getByText(/^Unsubscribed on \d/).first().waitFor()
  await ada.picture('rehearsal-people')
  await ada.page.keyboard.press('Escape')
  await ada.app.getByRole('dialog').waitFor({ state: 'detached' })

  // Somebody by name: in or out, and their mail.
  const someone = [...fern.customers.values()].find((one) => one.email && one.marketing.state === 'SUBSCRIBED' && one.firstName)!
  await ada.app.getByRole('textbox', { name: 'Name or address' }).fill(someone.email!)
  await ada.app.getByText(/ will get it\.$/).first().waitFor()
  await ada.app.getByRole('textbox', { name: 'Whose mail to look at' }).fill(someone.email!)
  await ada.app.getByRole('button', { name: new RegExp(someone.email!) }).first().click()
  await ada.app.getByRole('figure').filter({ hasText: `For ${someone.firstName}` }).filter({ hasText: 'KB' }).waitFor()

  // They leave; the old rehearsal still stands, a new one counts them out.
  const before = await ada.app.getByRole('heading', { level: 1 }).textContent()
  setConsent(simulation.world, fern, someone.id, 'UNSUBSCRIBED', someone.marketing.level, simulation.world.clock.now())
  await simulation.tick()
  await ada.page.setViewportSize({ width: 390, height: 844 })
  await ada.open(`/campaigns/${id}/rehearsal`)
  await ada.app.getByRole('heading', { level: 1, name: before! }).waitFor()
  await fits()
  await ada.picture('rehearsal-phone')
  await ada.page.setViewportSize({ width: 1280, height: 800 })

  await ada.app.getByRole('button', { name: 'Send now' }).click()
  await ada.app.getByRole('dialog').getByRole('button', { name: /^Send to/ }).click()
  await ada.app.getByRole('dialog').waitFor({ state: 'detached' })
  await simulation.tick()
  await ada.open(`/campaigns/${id}/report`)
  await ada.app.getByText(/^Planned [\d,]+, sent [\d,]+: 1 unsubscribed in between\.$/).waitFor()
  await ada.app.getByRole('button', { name: /Unsubscribed in between/ }).click()
  await ada.app.getByRole('dialog').getByText(someone.email!).waitFor()
  await ada.page.keyboard.press('Escape')
  await ada.app.getByRole('dialog').waitFor({ state: 'hidden' })
  await fits()
  await ada.picture('report-as-rehearsed')
  expect(await ada.faults()).toEqual([])
})
