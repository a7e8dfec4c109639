import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { and, desc, eq, isNotNull } from 'drizzle-orm'
import type { Browser, Frame } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { watchComplaints } from '../../app/campaigns/complaints.ts'
import type { campaignView } from '../../app/campaigns/contract.ts'
import { insertAll } from '../../app/db/insert-all.ts'
import { consentDisagreements, consentEntries, deliveries, events, shops, subscribers } from '../../app/db/schema.ts'
import { dayIn } from '../../app/lib/clock.ts'
import { newId } from '../../app/lib/ids.ts'
import type { SettingsView } from '../../app/shops/contract.ts'
import type { Shop } from '../../app/shops/shops.ts'
import type { StarterTemplate } from '../../app/templates/contract.ts'
import { startSimulator, type Simulation } from '../../simulator/servers.ts'
import { adminClient, installApp, type AdminClient } from '../../simulator/story/admin-client.ts'
import { verifiedDomain } from '../domain.ts'
import { launchBrowser } from './launch.ts'
import { person, type Person } from './person.ts'

// What the store owner sees and decides about sending: how far it is while it goes out, people of whom nobody knows, blocked addresses,
// complaints, and where the store and Homing do not agree.

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
let simulation: Simulation
let browser: Browser
let ada: Person
let api: AdminClient
let shop: Shop
beforeAll(async () => {
  simulation = await startSimulator({ quiet: true })
  const store = simulation.world.stores.get('fern-and-fig.myshopify.com')!
  await installApp(simulation.world, store)
  await simulation.tick()
  api = adminClient(simulation.world, store)
  const { senderName, senderEmail, replyTo, postalAddress, brand, doubleOptIn, tracking, attributionDays } = await api.get<SettingsView>('/api/settings')
  await api.put('/api/settings', { senderName, senderEmail, replyTo, postalAddress, brand, doubleOptIn, tracking, attributionDays, attestRecords: true })
  shop = (await simulation.app.db.select().from(shops).where(eq(shops.domain, store.domain)))[0]!
  await verifiedDomain(simulation.app, shop.id, senderEmail)
  browser = await launchBrowser()
  ada = await person(simulation, browser)
})
afterAll(async () => {
  await browser?.close()
  await simulation?.close()
})

async function draft(name: string): Promise<string> {
  const { templates } = await api.get<{ templates: StarterTemplate[] }>('/api/templates')
  return (await api.post<z.infer<typeof campaignView>>('/api/campaigns', { name, templateId: templates.find((one) => one.name === 'New products')!.id })).id
}
const frameOf = (at: Person): Frame => at.page.frames().find((one) => one.url().startsWith(simulation.urls.app))!
const line = (words: string | RegExp, at = ada): Promise<void> => at.app.locator('main').getByRole('heading', { level: 1, name: words }).waitFor()
const button = (name: string | RegExp) => ada.app.getByRole('button', { name })

/** Nothing is wider than the window, one primary button at most, and axe finds nothing. */
async function isWell(at: Person): Promise<string[]> {
  const frame = frameOf(at)
  const cut = await frame.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  const primary = await at.app.locator('main .Polaris-Button--variantPrimary').count()
  // What is fading in or out has no colours to judge yet.
  await at.app.getByRole('dialog').waitFor({ state: 'hidden' })
  await frame.evaluate<unknown>('Promise.all(document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime < 5000).map((one) => one.finished.catch(() => null)))')
  await frame.evaluate(axe)
  const { violations } = await frame.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>("axe.run(document, { iframes: false, resultTypes: ['violations'] })")
  return [...(cut > 0 ? [`wider by ${cut}`] : []), ...(primary > 1 ? ['more than one primary button'] : []), ...violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`)]
}

describe('while a campaign goes out', () => {
  let id: string
  const figure = (label: string): Promise<string> => ada.app.locator('dl div', { hasText: label }).locator('dd').innerText()
  const sent = async (): Promise<number> => Number((await figure('Sent')).replaceAll(',', ''))

  test('its page says how far it is and how fast, also after a reload and on a phone', async () => {
    simulation.app.mail.limits.perSecond = 40 // so many go into one call: two seconds’ worth
    id = await draft('Live')
    await api.post(`/api/campaigns/${id}/send`)
    await expect.poll(async () => (await api.get<{ status: string }>(`/api/campaigns/${id}`)).status).toBe('sending')
    simulation.app.mail.limits.perSecond = 20
    await ada.open(`/campaigns/${id}`)
    await line(/^“Live” is going out: [\d,]+ of [\d,]+ people\.$/)
    const before = await sent()
    await expect.poll(sent, { timeout: 15_000 }).toBeGreaterThan(before)
    await expect.poll(() => figure('Mails a minute'), { timeout: 15_000 }).toMatch(/^[\d,]+$/)
    expect(await figure('Time left')).toMatch(/minute/)
    await ada.app.getByRole('progressbar', { name: /^[\d,]+ of [\d,]+ done$/ }).waitFor()
    expect(await ada.app.getByRole('status').first().innerText()).toMatch(/^\d?0% done$/) // told at each tenth only
    const reached = await sent()
    await ada.page.reload()
    await line(/^“Live” is going out/)
    expect(await sent()).toBeGreaterThanOrEqual(reached)
    expect(await isWell(ada)).toEqual([])
    await ada.picture('sending')
    const bea = await person(simulation, browser, { viewport: { width: 390, height: 844 } })
    await bea.open(`/campaigns/${id}`)
    await line(/^“Live” is going out/, bea)
    await bea.app.getByText('Mails a minute').waitFor()
    expect(await isWell(bea)).toEqual([])
    await bea.open('/campaigns')
    await bea.app.getByRole('progressbar', { name: /done$/ }).waitFor()
    expect(await isWell(bea)).toEqual([])
    expect(await bea.faults()).toEqual([])
    await bea.context.close()
  })

  test('a hidden window asks for nothing, a seen one asks again', async () => {
    const asked = (): Promise<boolean> => ada.page.waitForRequest((request) => request.url().endsWith('/live'), { timeout: 4000 }).then(() => true, () => false)
    const show = (state: string): Promise<unknown> =>
      frameOf(ada).evaluate(`Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true }); document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))`)
    await line(/^“Live” is going out/)
    await show('hidden')
    await ada.page.waitForTimeout(500) // what was under way
    expect(await asked()).toBe(false)
    await show('visible')
    expect(await asked()).toBe(true)
  })

  test('Pause bites within two seconds, says what is still under way, and Go on goes on; the end shows by itself', async () => {
    const began = performance.now()
    await button('Pause').click()
    await line(/^“Live” is paused after/)
    expect(performance.now() - began).toBeLessThan(2000)
    await expect.poll(async () => (await api.get<{ underWay: number }>(`/api/campaigns/${id}/live`)).underWay).toBe(0)
    const mails = simulation.world.mails.length
    await ada.page.waitForTimeout(1500)
    expect(simulation.world.mails.length).toBe(mails)
    expect(await figure('Time left')).toBe('paused')
    await button('Cancel the rest').click()
    await ada.app.getByRole('dialog', { name: 'Cancel the rest?' }).getByText(/The others will not get it/).waitFor()
    await button('Keep it going').click()
    simulation.app.mail.limits.perSecond = 2000
    await button('Go on').click()
    await line(/people got it|The mail service took it/)
    expect(await ada.faults()).toEqual([])
  })

  test('people of whom nobody knows whether they got it are listed, and a person decides: leave it, or send it again', async () => {
    await simulation.tick()
    const db = simulation.app.db
    const two = await db.select().from(deliveries).where(and(eq(deliveries.shopId, shop.id), eq(deliveries.messageId, id), isNotNull(deliveries.outcome))).orderBy(deliveries.subscriberId).limit(2)
    for (const row of two)
      await db
        .update(deliveries)
        .set({ state: 'held', reason: 'no_evidence', detail: 'The mail server said: nothing', acceptedAt: null, outcome: null, postedAt: simulation.app.clock.now() })
        .where(and(eq(deliveries.shopId, shop.id), eq(deliveries.messageId, id), eq(deliveries.subscriberId, row.subscriberId)))
    const mailsTo = (email: string): number => simulation.world.mails.filter((mail) => mail.to === email && mail.subject.includes('new at')).length
    const [first, second] = [two[0]!, two[1]!]
    const before = mailsTo(second.email)
    await ada.open(`/campaigns/${id}`)
    await ada.app.getByRole('heading', { name: 'Not known whether it arrived (2)' }).waitFor()
    expect(await ada.app.getByText('The mail server said: nothing').count()).toBe(2)
    expect(await isWell(ada)).toEqual([])
    const entry = (email: string) => ada.app.getByRole('listitem').filter({ hasText: email })
    await entry(first.email).getByRole('button', { name: /^Leave/ }).click()
    await ada.app.getByRole('dialog').getByRole('button', { name: 'Leave it' }).click()
    await ada.app.getByRole('heading', { name: 'Not known whether it arrived (1)' }).waitFor()
    await entry(second.email).getByRole('button', { name: /^Send again/ }).click()
    await ada.app.getByRole('dialog').getByText('If the first mail did arrive, they get it twice.').waitFor()
    await ada.app.getByRole('dialog').getByRole('button', { name: 'Send again' }).click()
    await ada.app.getByRole('heading', { name: /^Not known whether/ }).waitFor({ state: 'detached' })
    await line(/people got it/)
    expect(mailsTo(second.email)).toBe(before + 1)
    expect(await ada.faults()).toEqual([])
  })
})

test('blocked addresses: bad lines are named and taken out, one is found by its address, and lifted', async () => {
  const [one] = await simulation.app.db.select().from(subscribers).where(eq(subscribers.shopId, shop.id)).orderBy(subscribers.id).limit(1)
  await ada.open('/subscribers')
  await ada.app.getByRole('link', { name: 'Blocked addresses' }).click()
  await line(/nothing from you\.$|^No address is blocked\.$/)
  await button('Block addresses').click()
  const field = ada.app.getByRole('textbox', { name: 'E-mail addresses' })
  await field.fill('somebody')
  await ada.app.getByRole('button', { name: 'Block', exact: true }).click()
  await ada.app.getByText('Enter a whole e-mail address.').waitFor()
  await field.fill(`stranger@example.org\nnot one\n${one!.email}`)
  await ada.app.getByRole('textbox', { name: 'Note' }).fill('asked by telephone')
  await button('Block 3 addresses').click()
  await ada.app.getByText('Line 2: “not one” is not an e-mail address').waitFor()
  await button('Take this line out').click()
  await button('Block 2 addresses').click()
  await ada.app.getByRole('dialog').waitFor({ state: 'hidden' })
  await ada.app.getByText(one!.email).first().waitFor()
  await ada.app.getByText('An address that is not in your list').first().waitFor()
  expect(await isWell(ada)).toEqual([])
  await ada.app.getByRole('textbox', { name: 'Look for one address' }).fill('STRANGER@example.org')
  await ada.app.getByText('What your shop did with it').waitFor()
  await button(/^Lift the block of STRANGER/).click()
  await ada.app.getByRole('dialog').getByText('The address is not in your list.').waitFor()
  await button('Lift it').click()
  await ada.app.getByText('STRANGER@example.org is not blocked.').waitFor()
  await ada.app.getByText(/the block “Blocked by you” was lifted/).waitFor()
  expect(await isWell(ada)).toEqual([])
  await ada.open(`/subscribers/${one!.id}`)
  await ada.app.getByText('You blocked this address, so nothing is sent to it.').waitFor()
  expect(await ada.faults(/422/)).toEqual([])
})

test('too many complaints stop sending with the reason; whoever has read it may go on', async () => {
  const id = await draft('Not welcome')
  const at = simulation.app.clock.now()
  const told = (kind: 'delivered' | 'complained', count: number) =>
    Array.from({ length: count }, () => {
      const event = newId(at)
      return { shopId: shop.id, id: event, kind, subscriberId: null, messageId: id, verdict: null, linkNo: null, detail: null, at, day: dayIn(shop.timezone, at), dedupeKey: `mail:${event}` }
    })
  await insertAll(simulation.app.db, events, [...told('delivered', 1000), ...told('complained', 20)])
  await watchComplaints(simulation.app, shop.id)
  await ada.open(`/campaigns/${id}/rehearsal`)
  await ada.app.getByText(/delivered mails were marked as spam .* Nothing is sent until/).first().waitFor()
  expect(await button('Send now').isDisabled()).toBe(true)
  await ada.open('/')
  await ada.app.getByText('Sending stopped: too many people marked your mail as spam').waitFor()
  expect(await isWell(ada)).toEqual([])
  expect(await button('Allow sending again').isDisabled()).toBe(true)
  await ada.app.getByRole('checkbox', { name: /^I have read this/ }).check()
  await button('Allow sending again').click()
  await ada.app.getByText('People mark your mail as spam').waitFor() // still true, and still said
  await ada.open(`/campaigns/${id}/rehearsal`)
  await expect.poll(() => button('Send now').isEnabled()).toBe(true)
  expect(await ada.faults()).toEqual([])
})

test('where the store says subscribed and Homing does not: both are shown, and the owner leaves it as it is', async () => {
  const { db, clock } = simulation.app
  const [said] = await db
    .select({ subscriberId: consentEntries.subscriberId, at: consentEntries.occurredAt, email: subscribers.email })
    .from(consentEntries)
    .innerJoin(subscribers, and(eq(subscribers.shopId, consentEntries.shopId), eq(subscribers.id, consentEntries.subscriberId)))
    .where(and(eq(consentEntries.shopId, shop.id), eq(consentEntries.purpose, 'email_marketing'), eq(consentEntries.state, 'unsubscribed')))
    .orderBy(desc(consentEntries.seq))
    .limit(1)
  await db.insert(consentDisagreements).values({ shopId: shop.id, subscriberId: said!.subscriberId, storeAt: new Date(said!.at.getTime() + 3_600_000), storeLevel: 'single', foundAt: clock.now(), keptAt: null, keptBy: null })
  await ada.open('/settings?part=store')
  const title = ada.app.getByRole('heading', { name: 'Your store says subscribed, Homing does not' })
  await title.waitFor()
  await ada.app.getByText(said!.email).waitFor()
  await ada.app.getByText(/^Homing: unsubscribed since .* Shopify: subscribed since .*, by signing up\.$/).waitFor()
  expect(await isWell(ada)).toEqual([])
  await button('Leave as it is').click()
  await title.waitFor({ state: 'detached' })
  expect(await ada.faults()).toEqual([])
})

test('scheduling goes by the server’s clock, also where that of this machine shows another day', async () => {
  const id = await draft('For later')
  simulation.world.clock.jump(3 * 86_400_000)
  const { shop: settings } = await api.get<SettingsView>('/api/settings')
  await ada.open(`/campaigns/${id}/rehearsal`)
  await button('Schedule').click()
  const date = ada.app.getByRole('dialog').getByLabel('Date')
  const now = simulation.world.clock.now()
  expect(await date.inputValue()).toBe(dayIn(settings.timezone, new Date(now.getTime() + 86_400_000)))
  await date.fill(dayIn(settings.timezone, new Date(now.getTime() - 86_400_000))) // still to come by this machine's clock
  await ada.app.getByText('That time has gone by. Choose a later one.').waitFor()
  await date.fill(dayIn(settings.timezone, new Date(now.getTime() + 2 * 86_400_000)))
  await ada.app.getByRole('dialog').getByRole('button', { name: 'Schedule' }).click()
  await line(/^“For later” goes out on /)
  expect(await ada.faults()).toEqual([])
})
