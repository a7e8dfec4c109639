import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Frame } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ImportView } from '../../app/imports/contract.ts'
import type { SettingsView } from '../../app/shops/contract.ts'
import type { SubscriberList } from '../../app/subscribers/contract.ts'
import { startSimulator, type Simulation } from '../../simulator/servers.ts'
import { adminClient, installApp, type AdminClient } from '../../simulator/story/admin-client.ts'
import { launchBrowser } from './launch.ts'
import { person, type Person } from './person.ts'

// A file on its way into the list and out of it again, as a store owner does it: by keyboard on a laptop, by hand on a phone.

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
let simulation: Simulation
let browser: Browser
let api: AdminClient
let ada: Person
const someone = { out: '', in: '' }
beforeAll(async () => {
  simulation = await startSimulator({ quiet: true })
  const fern = simulation.world.stores.get('fern-and-fig.myshopify.com')!
  await installApp(simulation.world, fern)
  api = adminClient(simulation.world, fern)
  const read = async (): Promise<boolean> => (await api.get<SettingsView>('/api/settings')).syncs.every((one) => one.state === 'done')
  do await simulation.tick()
  while (!(await read()))
  const first = async (status: string): Promise<string> => (await api.get<SubscriberList>(`/api/subscribers?status=${status}`)).rows[0]!.email
  someone.out = await first('unsubscribed')
  someone.in = await first('unconfirmed_record')
  browser = await launchBrowser()
  ada = await person(simulation, browser)
  ada.page.on('filechooser', () => undefined) // from now on the browser asks us; told at the moment of the press it may be too late
})
afterAll(async () => {
  await browser?.close()
  await simulation?.close()
})

/** As Mailchimp writes its subscribers: two are new, one said no to us, one is here already without that tag, one line has no address. */
const mailchimp = (): string =>
  [
    '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,LEID,EUID,NOTES,TAGS',
    'nora.new@leaf.example,Nora,"Lind, MSc",2,"2023-05-01 10:00:00","2023-05-01 10:05:00",1,a,,"""vip"",""spring fair"""',
    'jun.new@leaf.example,Jun,Aoki,2,"2022-01-09 08:11:45","2022-01-09 08:12:00",2,b,,',
    `${someone.out},,,2,"2021-01-09 08:11:45","2021-01-09 08:12:00",3,c,,`,
    `${someone.in},,,2,"2021-01-09 08:11:45","2021-01-09 08:12:00",4,d,,"""reads letters"""`,
    'not an address,Ben,,2,,,5,e,,',
  ].join('\r\n')
const file = (name: string, text: string | Buffer) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text) })
const frameOf = (who: Person): Frame => who.page.frames().find((one) => one.url().startsWith(simulation.urls.app))!
const stands = (who: Person, line: string | RegExp): Promise<void> => who.app.getByRole('heading', { level: 1, name: line }).waitFor()

/** Tab until what is focused is called so; as nobody may need a mouse. */
async function reach(who: Person, name: string | RegExp): Promise<void> {
  const frame = frameOf(who)
  const focused = (): Promise<string> =>
    frame.evaluate<string>("(() => { const at = document.hasFocus() ? document.activeElement : null; return at ? (at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent ?? '').trim() : '' })()")
  for (let presses = 0; ; presses++) {
    const at = await focused()
    if (typeof name === 'string' ? at === name : name.test(at)) return
    expect(presses, `${String(name)} is not reached; the focus is on “${at.slice(0, 60)}”`).toBeLessThan(80)
    await who.page.keyboard.press('Tab')
  }
}
async function choose(who: Person, chosen: ReturnType<typeof file>, press: () => Promise<unknown>): Promise<void> {
  const [chooser] = await Promise.all([who.page.waitForEvent('filechooser'), press()])
  await chooser.setFiles(chosen)
}
/** The five figures, in their order. */
const figures = async (who: Person): Promise<number[]> => (await who.app.locator('dl').first().locator('dd').allInnerTexts()).map((text) => Number(text.replaceAll(',', '')))
const found = async (email: string): Promise<string | null> => (await api.get<SubscriberList>(`/api/subscribers?search=${encodeURIComponent(email)}`)).rows.find((row) => row.email === email)?.status ?? null

test('a file comes in and goes out again, by keyboard alone; each page fits and is accessible', async () => {
  await ada.open('/subscribers/import')
  await stands(ada, 'Bring people into your list.')
  expect(await ada.app.getByText('bring its unsubscribed and suppressed people first').count()).toBe(1)
  expect(await faultsOf(ada)).toEqual([])
  await reach(ada, 'Choose a file')
  await choose(ada, file('subscribed_members.csv', mailchimp()), () => ada.page.keyboard.press('Enter'))

  await stands(ada, 'What stands in this file?')
  await ada.app.getByText('This looks like Mailchimp’s list of subscribers.').waitFor()
  expect(await ada.app.getByRole('combobox', { name: 'What “Email Address” is' }).inputValue()).toBe('email')
  expect(await ada.app.getByText('Lind, MSc').count()).toBe(1)
  expect(await faultsOf(ada)).toEqual([])
  await reach(ada, /^From the mail tool/)
  await ada.page.keyboard.press('Space')
  await reach(ada, 'These people agreed to get marketing mail from my shop, and I can show when and how.')
  await ada.page.keyboard.press('Space')
  await reach(ada, 'See what would change')
  await ada.page.keyboard.press('Enter')

  await stands(ada, '2 new people, 1 change, 0 get less mail.')
  expect(await figures(ada)).toEqual([2, 1, 0, 1, 1])
  for (const words of ['Line 6', 'is not an e-mail address', someone.out]) await ada.app.getByText(words).first().waitFor()
  expect(await found('nora.new@leaf.example')).toBeNull() // nothing has changed yet
  expect(await faultsOf(ada)).toEqual([])
  const [saved] = await Promise.all([ada.page.waitForEvent('download'), ada.app.getByRole('button', { name: 'Save as a file' }).press('Enter')])
  expect(readFileSync(await saved.path(), 'utf8')).toContain('is not an e-mail address')
  await reach(ada, 'Bring it in')
  await ada.page.keyboard.press('Enter')

  await stands(ada, '2 people came, 1 changed.')
  expect(await figures(ada)).toEqual([2, 1, 0, 1, 1])
  await ada.app.getByText('“These people agreed to get marketing mail from my shop, and I can show when and how.”').waitFor()
  expect([await found('nora.new@leaf.example'), await found(someone.out), await found(someone.in)]).toEqual(['subscribed', 'unsubscribed', 'unconfirmed_record'])
  expect(await faultsOf(ada)).toEqual([])
  await reach(ada, 'Undo')
  await ada.page.keyboard.press('Enter')
  await ada.app.getByRole('dialog', { name: 'Undo “subscribed_members.csv”?' }).waitFor()
  await ada.app.getByText('2 people whom this file brought are removed again.').waitFor()
  await reach(ada, 'Undo the import')
  await ada.page.keyboard.press('Enter')

  await stands(ada, 'Everything is as it was before.')
  await ada.app.getByText('2 people are gone again, 1 person is as before.').waitFor()
  expect([await found('nora.new@leaf.example'), await found(someone.out), await found(someone.in)]).toEqual([null, 'unsubscribed', 'unconfirmed_record'])
  await ada.app.getByRole('link', { name: 'Back to Import' }).press('Enter')
  await ada.app.getByRole('link', { name: /subscribed_members\.csv/ }).waitFor()
  expect(await faultsOf(ada)).toEqual([])
  expect(await ada.faults()).toEqual([])
})

test('what cannot be brought in is refused where it is chosen, and said why', async () => {
  await ada.open('/subscribers/import')
  const press = ada.app.getByRole('button', { name: 'Choose a file' })
  for (const [bad, words] of [
    [file('customers.xlsx', 'PK'), '“customers.xlsx” is a spreadsheet. Save it as CSV'],
    [file('empty.csv', ''), '“empty.csv” is empty.'],
    [file('picture.csv', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 1, 0, 0, 0, 1, 0])), /not|no /],
  ] as const) {
    await choose(ada, bad, () => press.click())
    await ada.app.locator('[id="import-fileError"]').filter({ hasText: words }).waitFor()
    expect(await press.isEnabled()).toBe(true)
  }
  await choose(ada, file('bought.csv', 'email\nlead@nobody.example\n'), () => press.click())
  await stands(ada, 'What stands in this file?')
  await ada.app.getByText('I bought or rented the list').click()
  await ada.app.getByText('Bought and rented lists cannot be brought in.').waitFor()
  expect(await ada.app.getByRole('button', { name: 'See what would change' }).count()).toBe(0)
  expect(await faultsOf(ada)).toEqual([])
  const id = /imports\/(\w+)/.exec(ada.page.url())![1]!
  const view = await api.get<ImportView>(`/api/imports/${id}`)
  for (const origin of ['bought', 'partner'])
    await expect(api.post(`/api/imports/${id}/compare`, { mapping: view.mapping, origin, attested: true })).rejects.toThrow('422')
  await ada.app.getByRole('button', { name: 'Give up' }).click()
  await ada.app.getByRole('button', { name: 'Give it up' }).click()
  await ada.app.getByRole('heading', { name: 'Which file do you want to bring in?' }).waitFor()
  expect((await api.get<{ imports: ImportView[] }>('/api/imports')).imports.filter((one) => one.fileName === 'bought.csv')).toEqual([])
  expect(await ada.faults(/4\d\d/)).toEqual([])
})

test('on a phone: addresses that get no mail go in first and are stopped, and the list can be taken along', async () => {
  const phone = await person(simulation, browser, { viewport: { width: 390, height: 844 } })
  phone.page.on('filechooser', () => undefined)
  await phone.open('/subscribers/import')
  await phone.app.getByText('Addresses that get no mail').first().click()
  await choose(phone, file('suppressed.csv', `Email,Reason\n${someone.in},HARD_BOUNCE\nelse@leaf.example,USER_SUPPRESSED\n`), () => phone.app.getByRole('button', { name: 'Choose a file' }).click())
  await stands(phone, 'Which column has the addresses?')
  await phone.app.getByText('This looks like Klaviyo’s list of suppressed profiles.').waitFor()
  expect(await faultsOf(phone)).toEqual([])
  await phone.app.getByRole('button', { name: 'See what would change' }).click()
  await stands(phone, '2 addresses would get no mail any more.')
  expect(await faultsOf(phone)).toEqual([])
  await phone.app.getByRole('button', { name: 'Bring it in' }).click()
  await stands(phone, '2 addresses get no mail any more.')
  expect(await faultsOf(phone)).toEqual([])
  expect(await found(someone.in)).toBe('bounced')

  await phone.open('/subscribers?status=bounced')
  await phone.app.getByRole('button', { name: 'More actions' }).click()
  await phone.app.getByRole('menuitem', { name: 'Export' }).click()
  await phone.app.getByText('Consent history').waitFor()
  expect(await faultsOf(phone)).toEqual([])
  const [people] = await Promise.all([phone.page.waitForEvent('download'), phone.app.getByRole('button', { name: 'Save people' }).click()])
  expect(people.suggestedFilename()).toBe('people.csv')
  const text = readFileSync(await people.path(), 'utf8')
  expect(text.startsWith('\uFEFFEmail,')).toBe(true)
  expect(text).toContain(someone.in)
  expect(text).not.toContain(someone.out) // who does not fit the filter
  const [blocked] = await Promise.all([phone.page.waitForEvent('download'), phone.app.getByRole('button', { name: 'Save blocked addresses' }).click()])
  expect(readFileSync(await blocked.path(), 'utf8')).toContain(`${someone.in},`)
  expect(await phone.faults()).toEqual([])
  await phone.context.close()
})

interface Found {
  id: string
  nodes: { html: string }[]
}
/** What axe finds against WCAG 2.2, levels A and AA, and whether the page is wider than its window. */
async function faultsOf(who: Person): Promise<string[]> {
  const frame = frameOf(who)
  await frame.evaluate(axe)
  const { violations } = await frame.evaluate<{ violations: Found[] }>("axe.run(document, { iframes: false, resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })")
  const wide = await frame.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  return [...violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`)), ...(wide > 0 ? [`wider than its window by ${wide}`] : [])]
}
