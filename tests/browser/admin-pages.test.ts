import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Frame, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { campaignView } from '../../app/campaigns/contract.ts'
import type { formList } from '../../app/forms/contract.ts'
import type { SegmentView } from '../../app/segments/contract.ts'
import type { SettingsView } from '../../app/shops/contract.ts'
import type { SubscriberList } from '../../app/subscribers/contract.ts'
import type { StarterTemplate } from '../../app/templates/contract.ts'
import type { z } from 'zod'
import { startSimulator, type Simulation } from '../../simulator/servers.ts'
import { adminClient, installApp, type AdminClient } from '../../simulator/story/admin-client.ts'
import { setUpDomain } from '../../simulator/story/domain.ts'
import type { SimStore } from '../../simulator/types.ts'
import { launchBrowser } from './launch.ts'
import { person, type Person } from './person.ts'

// Every page of the admin, filled, in the pretend Shopify's frame: by its address and by the menu, by keyboard, when the server
// fails, and for somebody who has no business there. Fern & Fig has a campaign in each state; Kiln & Kettle is the stranger.

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
type Campaign = z.infer<typeof campaignView>
let simulation: Simulation
let browser: Browser
let ada: Person
let fern: SimStore
let kiln: SimStore
const made = { draft: '', scheduled: '', sent: '', segment: '', form: '', someone: '', address: '' }
beforeAll(async () => {
  simulation = await startSimulator({ quiet: true })
  const { world } = simulation
  fern = world.stores.get('fern-and-fig.myshopify.com')!
  kiln = world.stores.get('kiln-and-kettle.myshopify.com')!
  for (const store of [fern, kiln]) await installApp(world, store)
  await simulation.tick()
  await fill(adminClient(world, fern))
  browser = await launchBrowser()
  ada = await person(simulation, browser)
})
afterAll(async () => {
  await browser?.close()
  await simulation?.close()
})

async function fill(api: AdminClient): Promise<void> {
  const { senderName, senderEmail, replyTo, postalAddress, brand, doubleOptIn, tracking, attributionDays } = await api.get<SettingsView>('/api/settings')
  await api.put('/api/settings', { senderName, senderEmail, replyTo, postalAddress, brand, doubleOptIn, tracking, attributionDays, attestRecords: true })
  await setUpDomain(simulation.world, fern)
  await simulation.tick()
  const segment = await api.post<SegmentView>('/api/segments', { name: 'In Lebanon or Israel', rules: { kind: 'group', match: 'all', rules: [{ kind: 'country', is: true, countries: ['LB', 'IL'] }] } })
  made.segment = segment.id
  const { templates } = await api.get<{ templates: StarterTemplate[] }>('/api/templates')
  const campaign = async (name: string): Promise<string> => {
    const { id, version, content, preheader } = await api.post<Campaign>('/api/campaigns', { name, templateId: templates.find((one) => one.name === 'New products')!.id })
    await api.put(`/api/campaigns/${id}`, { version, name, subject: 'News for {{ subscriber.first_name | default: "you" }}', preheader, content, audience: { kind: 'segment', segmentId: segment.id } })
    return id
  }
  made.draft = await campaign('Half written')
  made.scheduled = await campaign('For tomorrow')
  await api.post(`/api/campaigns/${made.scheduled}/schedule`, { at: new Date(simulation.world.clock.now().getTime() + 86_400_000).toISOString() })
  made.sent = await campaign('Already sent')
  await api.post(`/api/campaigns/${made.sent}/send`)
  await simulation.tick()
  expect((await api.get<Campaign>(`/api/campaigns/${made.sent}`)).status).toBe('sent')
  const { forms } = await api.get<z.infer<typeof formList>>('/api/forms')
  made.form = forms[0]!.id
  const { rows } = await api.get<SubscriberList>('/api/subscribers?status=subscribed')
  const someone = rows.find((row) => !kiln.customersByEmail.has(row.email.toLowerCase()))! // a few shop in both
  made.someone = someone.id
  made.address = someone.email
}

const frameOf = (page: Page): Frame => page.frames().find((one) => one.url().startsWith(simulation.urls.app))!
const waiting = '[aria-busy=true], .Polaris-SkeletonBodyText, .Polaris-Spinner:visible'
/** The page stands: its skeleton is gone and its first line is there. */
async function stands(at: Person = ada, line: string | RegExp = /./): Promise<void> {
  await at.app.locator('main:not(:has([aria-busy=true]))').getByRole('heading', { level: 1, name: line }).waitFor()
}

/** Each route, with the first line that it shows for this shop. */
const routes: [route: string, path: () => string, line: RegExp][] = [
  ['/', () => '/', /^In the last 30 days/],
  ['/campaigns', () => '/campaigns', /^1 is scheduled, 1 sent, 1 draft\.$/],
  ['/campaigns/:id of a draft', () => `/campaigns/${made.draft}`, /^Nothing stands in the way of sending this\.$/],
  ['/campaigns/:id/rehearsal', () => `/campaigns/${made.draft}/rehearsal`, /people get “Half written”/],
  ['/campaigns/:id, scheduled', () => `/campaigns/${made.scheduled}`, /^“For tomorrow” goes out on /],
  ['/campaigns/:id, sent', () => `/campaigns/${made.sent}`, /people got it/],
  ['/campaigns/:id/report', () => `/campaigns/${made.sent}/report`, /people got it/],
  ['/subscribers', () => '/subscribers', /^You may mail [\d,]+ of 2,\d\d\d people\.$/],
  ['/subscribers, filtered', () => '/subscribers?status=unsubscribed', /^You may mail/],
  ['/subscribers/import', () => '/subscribers/import', /^Bring people into your list\.$/],
  ['/subscribers/:id', () => `/subscribers/${made.someone}`, /./],
  ['/segments', () => '/segments', /^1 segment, counted afresh/],
  ['/segments/new', () => '/segments/new', /^Which people\?$/],
  ['/segments/:id', () => `/segments/${made.segment}`, /people, of whom you may mail/],
  ['/forms', () => '/forms', /^Nobody has signed up in the last 30 days\.$/],
  ['/forms/:id', () => `/forms/${made.form}`, /^(This form is off: nobody sees it|Visitors can meet this form)\.$/],
  ['/settings', () => '/settings', /^Your mail comes from Fern & Fig/],
  ['/settings/domain', () => '/settings/domain', /^fern-and-fig\.example is verified: your mail goes out in its name\.$/],
  ['/settings, brand', () => '/settings?part=brand', /^Your mail comes from/],
  ['/settings, consent', () => '/settings?part=consent', /^Your mail comes from/],
  ['/settings, store', () => '/settings?part=store', /^Your mail comes from/],
  ['/settings, privacy', () => '/settings?part=privacy', /^Your mail comes from/],
]

describe('each page', () => {
  test.each(routes)('%s: opens by its address, fits and is accessible', async (_, path, line) => {
    await ada.open(path())
    await stands(ada, line)
    const frame = frameOf(ada.page)
    await expect.poll(() => frame.locator(waiting).count(), { timeout: 20_000 }).toBe(0)
    expect(await frame.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0)
    expect(await ada.app.getByRole('heading', { level: 1 }).count()).toBe(1)
    expect(await violations(frame)).toEqual([])
    expect(ada.page.url().endsWith(`/apps/homing${path() === '/' ? '' : path()}`)).toBe(true)
    expect(await ada.faults()).toEqual([])
  })

  test('what does not exist says so, and leads on', async () => {
    for (const [path, what] of [['/campaigns/nothing', 'campaign'], ['/subscribers/nothing', 'person'], ['/subscribers/imports/nothing', 'import'], ['/segments/nothing', 'segment'], ['/forms/nothing', 'form']] as const) {
      await ada.open(path)
      await stands(ada, `This ${what} does not exist.`)
    }
    await ada.app.getByRole('link', { name: 'Go to the home page' }).click()
    await stands(ada, /^In the last 30 days/)
    expect(await ada.faults(/404/)).toEqual([])
  })
})

describe('moving about', () => {
  test('the store’s menu and the links change the page without loading it; Back and Forward go step by step', async () => {
    await ada.open('/')
    await stands()
    const frame = frameOf(ada.page)
    await frame.evaluate(() => Object.assign(globalThis, { stayed: true }))
    const menu = ada.page.getByRole('navigation', { name: 'Store' })
    const lines: RegExp[] = []
    for (const [name, line] of [['Campaigns', /1 sent/], ['Subscribers', /^You may mail/], ['Segments', /^1 segment/], ['Forms', /signed up/], ['Settings', /^Your mail comes/]] as const) {
      await menu.getByRole('link', { name, exact: true }).click()
      await stands(ada, line)
      expect(await menu.getByRole('link', { name, exact: true }).getAttribute('aria-current')).toBe('page')
      lines.push(line)
    }
    await menu.getByRole('link', { name: 'Segments', exact: true }).click()
    await ada.app.getByRole('link', { name: /In Lebanon or Israel/ }).click()
    await stands(ada, /of whom you may mail/)
    await ada.page.goBack()
    await stands(ada, /^1 segment/)
    for (const line of lines.toReversed()) {
      await ada.page.goBack()
      await stands(ada, line)
    }
    await ada.page.goForward()
    await stands(ada, lines[1]!)
    await ada.app.getByRole('link', { name: /@/ }).first().click()
    await ada.app.getByRole('heading', { name: 'What happened' }).waitFor()
    await ada.app.getByRole('link', { name: 'Back to Subscribers' }).click()
    await stands(ada, lines[1]!)
    expect(await frame.evaluate(() => 'stayed' in globalThis)).toBe(true)
    expect(await ada.faults()).toEqual([])
  })

  test('who would get it is asked before the sending only: afterwards the address leads to what became of it', async () => {
    await ada.open(`/campaigns/${made.sent}/rehearsal`)
    await stands(ada, /people got it/)
    expect(ada.page.url().endsWith(`/campaigns/${made.sent}`)).toBe(true)
  })

  test('a reload stays where one has come by links, down to the chosen filter and tab', async () => {
    await ada.open('/')
    await stands()
    const menu = ada.page.getByRole('navigation', { name: 'Store' })
    const ways: [press: () => Promise<void>, address: RegExp, there: () => Promise<void>][] = [
      [() => menu.getByRole('link', { name: 'Subscribers', exact: true }).click(), /\/subscribers$/, () => stands(ada, /^You may mail/)],
      [() => ada.app.getByRole('button', { name: 'Unsubscribed' }).click(), /\/subscribers\?status=unsubscribed$/, () => ada.app.getByRole('button', { name: 'Unsubscribed', pressed: true }).waitFor()],
      [() => ada.app.getByRole('link', { name: /@/ }).first().click(), /\/subscribers\/[\w-]+$/, () => ada.app.getByRole('heading', { name: 'What happened' }).waitFor()],
      [() => menu.getByRole('link', { name: 'Settings', exact: true }).click(), /\/settings$/, () => stands(ada, /^Your mail comes/)],
      [() => ada.app.getByRole('tab', { name: 'Store data' }).click(), /\/settings\?part=store$/, () => ada.app.getByRole('tab', { name: 'Store data', selected: true }).waitFor()],
    ]
    for (const [press, address, there] of ways) {
      await press()
      await there()
      expect(ada.page.url()).toMatch(address)
      await ada.page.reload()
      await there()
      expect(ada.page.url()).toMatch(address)
    }
    expect(await ada.faults()).toEqual([])
  })

  test('by keyboard alone: Tab reaches the first button of a page, it is seen where the focus is, and Enter presses it', async () => {
    const dialog = (name: string | RegExp): Promise<void> => ada.app.getByRole('dialog', { name }).waitFor()
    const ways: [path: string, button: string, then: () => Promise<void>][] = [
      ['/campaigns', 'New campaign', () => dialog('New campaign')],
      [`/campaigns/${made.draft}`, 'See who gets it', () => stands(ada, /people get “Half written”/)],
      [`/campaigns/${made.draft}/rehearsal`, 'Send now', () => dialog(/^Send to \d+ people now\?$/)],
      ['/segments', 'New segment', () => stands(ada, /^Which people\?$/)],
    ]
    for (const [path, button, then] of ways) {
      await ada.open(path)
      await stands()
      await ada.app.getByText(button, { exact: true }).waitFor()
      const frame = frameOf(ada.page)
      const focused = (): Promise<string> => frame.evaluate<string>("document.hasFocus() ? (document.activeElement?.textContent ?? '') : ''")
      for (let presses = 0; (await focused()) !== button; presses++) {
        expect(presses, `${button} is not reached`).toBeLessThan(60)
        await ada.page.keyboard.press('Tab')
      }
      expect(await frame.evaluate<boolean>("document.activeElement.matches(':focus-visible')")).toBe(true)
      const ring = await frame.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).boxShadow')
      expect(ring).not.toBe('nonenone')
      await ada.page.keyboard.press('Enter')
      await then()
      if (await ada.app.getByRole('dialog').count()) {
        await ada.page.keyboard.press('Escape')
        await ada.app.getByRole('dialog').waitFor({ state: 'hidden' })
        await expect.poll(focused).toBe(button) // where it was before
      }
    }
    expect(await ada.faults()).toEqual([])
  })
})

test('when the server fails each page says what happened, and “Try again” goes on', async () => {
  const broken: [path: string, words: string][] = [
    ['/', 'The overview could not be loaded'],
    ['/campaigns', 'The campaigns could not be loaded'],
    [`/campaigns/${made.draft}`, 'The campaign could not be loaded'],
    [`/campaigns/${made.draft}/rehearsal`, 'The rehearsal could not be made'],
    [`/campaigns/${made.sent}/report`, 'The report could not be loaded'],
    ['/subscribers', 'The subscribers could not be loaded'],
    [`/subscribers/${made.someone}`, 'This person could not be loaded'],
    ['/subscribers/import', 'The imports could not be loaded'],
    ['/segments', 'The segments could not be loaded'],
    [`/segments/${made.segment}`, 'The segment could not be loaded'],
    ['/forms', 'The forms could not be loaded'],
    [`/forms/${made.form}`, 'The form could not be loaded'],
    ['/segments/new', 'Your shop’s settings could not be loaded'],
    ['/settings', 'The settings could not be loaded'],
    ['/settings/domain', 'The sending domain could not be loaded'],
  ]
  let down = true
  await ada.context.route(`${simulation.urls.app}/api/**`, (route) => (down ? route.fulfill({ status: 500, contentType: 'text/html', body: '<h1>Internal error</h1>' }) : route.continue()))
  // Side by side: each tries twice more by itself before it says so.
  const windows = await Promise.all(
    broken.map(async ([path, words]) => {
      const page = await ada.context.newPage()
      await page.goto(`${simulation.urls.admin}/store/fern-and-fig/apps/homing${path}`)
      const app = page.frameLocator('iframe[title="Homing"]')
      await app.getByText(words).waitFor()
      await app.getByText('Something went wrong on our side. Please try again.').waitFor()
      return { page, app, words }
    }),
  )
  down = false
  for (const { page, app, words } of windows) {
    await app.getByRole('button', { name: 'Try again' }).click()
    await app.getByRole('heading', { level: 1 }).waitFor()
    expect(await app.getByText(words).count()).toBe(0)
    await page.close()
  }
  await ada.context.unrouteAll({ behavior: 'wait' })
  expect(await ada.faults(/500/)).toEqual([])
})

test('a stranger sees none of it: not in lists, not by search, not by address', async () => {
  const cleo = await person(simulation, browser)
  const theirs = [...fern.customers.values()].flatMap((one) => (one.email && !kiln.customersByEmail.has(one.email.toLowerCase()) ? [one.email] : []))
  const texts: string[] = []
  for (const path of ['/', '/campaigns', '/subscribers', '/segments', '/forms', '/settings?part=privacy']) {
    await cleo.open(path, 'kiln-and-kettle')
    await stands(cleo)
    await expect.poll(() => frameOf(cleo.page).locator(waiting).count()).toBe(0)
    texts.push(await cleo.app.locator('body').innerText())
  }
  expect(texts.join('\n')).toContain('@') // her own people are there
  expect(theirs.filter((email) => texts.some((text) => text.includes(email)))).toEqual([])
  for (const words of ['Half written', 'Already sent', 'In Lebanon or Israel']) expect(texts.join('\n')).not.toContain(words)

  await cleo.open('/subscribers', 'kiln-and-kettle')
  await cleo.app.getByRole('textbox', { name: 'Search people' }).fill(made.address)
  await cleo.app.getByText('Nobody fits.').waitFor()
  for (const path of [`/subscribers/${made.someone}`, `/campaigns/${made.draft}`, `/campaigns/${made.draft}/rehearsal`, `/campaigns/${made.sent}/report`, `/segments/${made.segment}`, `/forms/${made.form}`]) {
    await cleo.open(path, 'kiln-and-kettle')
    await stands(cleo, /does not exist\.$/)
    expect(await cleo.app.locator('body').innerText()).not.toContain('Fern')
  }
  expect(await cleo.faults(/404/)).toEqual([])
  await cleo.context.close()
})

interface Found {
  id: string
  nodes: { html: string }[]
}
/** What axe finds against WCAG 2.2, levels A and AA, in the app's own document. Pictures of mails and forms are documents of their own, tested where they are made. */
async function violations(frame: Frame): Promise<string[]> {
  await frame.evaluate(axe)
  const { violations: found } = await frame.evaluate<{ violations: Found[] }>("axe.run(document, { iframes: false, resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })")
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`))
}
