import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Frame, Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FieldList, SubscriberList, SubscriberProfile } from '../../app/subscribers/contract.ts'
import { startSimulator, type Simulation } from '../../simulator/servers.ts'
import { adminClient, installApp, type AdminClient } from '../../simulator/story/admin-client.ts'
import { launchBrowser } from './launch.ts'
import { person, type Person } from './person.ts'

// The people of Fern & Fig as their owner meets them: found, tagged, added, changed, merged, left alone and forgotten. Kiln & Kettle is the stranger.

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
let simulation: Simulation
let browser: Browser
let api: AdminClient
let ada: Person
beforeAll(async () => {
  simulation = await startSimulator({ quiet: true })
  const { world } = simulation
  const [fern, kiln] = ['fern-and-fig', 'kiln-and-kettle'].map((name) => world.stores.get(`${name}.myshopify.com`)!)
  await installApp(world, fern!)
  await installApp(world, kiln!)
  await simulation.tick()
  api = adminClient(world, fern!)
  browser = await launchBrowser()
  ada = await person(simulation, browser)
})
afterAll(async () => {
  await browser?.close()
  await simulation?.close()
})

const line = (words: string | RegExp, at: Person = ada): Promise<void> => at.app.getByRole('heading', { level: 1, name: words }).waitFor()
const button = (name: string | RegExp, at: Person = ada): Locator => at.app.getByRole('button', { name, exact: typeof name === 'string' })
const field = (name: string): Locator => ada.app.getByRole('textbox', { name, exact: true })
const fits = (count: number): Promise<void> => ada.app.getByText(`${count} of ${count} ${count === 1 ? 'person' : 'people'} who fit`).waitFor()
const inDialog = (): Locator => ada.app.getByRole('dialog')
const menu = async (action: string): Promise<void> => {
  await button('More actions').click()
  await ada.app.getByRole('menuitem', { name: action }).click()
}
const frameOf = (at: Person): Frame => at.page.frames().find((one) => one.url().startsWith(simulation.urls.app))!
/** What is wrong with the page as it stands: cut off, or not accessible. */
async function wrong(at: Person = ada): Promise<string[]> {
  const frame = frameOf(at)
  const cut = await frame.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  await frame.evaluate(axe)
  const { violations } = await frame.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>("axe.run(document, { iframes: false, resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })")
  return [...(cut > 0 ? [`wider than the window by ${cut}`] : []), ...violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`))]
}
const rows = (search: string): Promise<SubscriberList> => api.get(`/api/subscribers?${search}`)

describe('the list', () => {
  test('pages are turned, and who comes back from a person is where they were', async () => {
    const first = await rows('ordered=yes')
    const second = await rows(`ordered=yes&cursor=${first.nextCursor}`)
    await ada.open('/subscribers')
    await line(/^You may mail [\d,]+ of 2,\d\d\d people\.$/)
    await button('Has ordered').click()
    await ada.app.getByRole('link', { name: first.rows[0]!.email }).waitFor()
    await button('Older').click()
    await ada.app.getByRole('link', { name: second.rows[0]!.email }).waitFor()
    const last = ada.app.getByRole('link', { name: second.rows.at(-1)!.email })
    await last.click()
    await ada.app.getByRole('heading', { name: 'What happened' }).waitFor()
    await ada.app.getByRole('link', { name: 'Back to Subscribers' }).click()
    await last.waitFor()
    expect(new URL(ada.page.url()).searchParams.get('ordered')).toBe('yes')
    await expect.poll(() => frameOf(ada).evaluate<number>('scrollY')).toBeGreaterThan(500) // not at the top of fifty
    await button('Newer').click()
    await ada.app.getByRole('link', { name: first.rows[0]!.email }).waitFor()
    expect(await button('Newer').isDisabled()).toBe(true)
    expect(await ada.faults()).toEqual([])
  })

  test('the numbers come after the rows; many are “more than”; when they fail the rows stay', async () => {
    let go = (): void => undefined
    let answer: 'many' | 'fault' = 'many'
    const held = new Promise<void>((resolve) => (go = resolve))
    await ada.context.route(`${simulation.urls.app}/api/subscribers/counts**`, async (route) => {
      await held
      const many = { people: 10_000, more: true }
      return answer === 'many' ? route.fulfill({ json: { fit: many, everybody: many, mailable: { people: 812, more: false } } }) : route.fulfill({ status: 422, json: { error: { code: 'invalid', message: 'No' } } })
    })
    await ada.open('/subscribers')
    await ada.app.getByRole('link', { name: /@/ }).first().waitFor()
    expect(await ada.app.getByRole('heading', { level: 1 }).innerText()).toMatch(/^You may mail\s+…?\s*of\s+…?\s*people\.$/)
    go()
    await line('You may mail 812 of more than 10,000 people.')
    await ada.app.getByText('50 of more than 10,000 people').waitFor()
    answer = 'fault'
    await ada.page.reload()
    await line('Your subscribers.')
    await ada.app.getByRole('link', { name: /@/ }).first().waitFor()
    await ada.context.unrouteAll({ behavior: 'wait' })
    expect(await ada.faults(/422/)).toEqual([])
  })

  test('some are chosen and tagged; the tag finds them, by keyboard; the whole question is one press away from empty', async () => {
    await ada.open('/subscribers')
    const boxes = ada.app.getByRole('checkbox', { name: /^Choose / })
    await boxes.nth(0).check({ force: true })
    await boxes.nth(2).check({ force: true })
    await ada.app.getByText('2 chosen').waitFor()
    await button('Add a tag').click()
    await field('Tag').fill('autumn market')
    await button('Add it').click()
    await inDialog().waitFor({ state: 'hidden' })
      await button('Tag').press('Enter')
    await ada.app.getByRole('combobox', { name: 'Search tags' }).fill('autumn')
    await ada.app.getByRole('option', { name: 'autumn market' }).first().waitFor()
    expect(await wrong()).toEqual([])
    await ada.page.keyboard.press('Enter')
    await fits(2)
    expect(ada.page.url()).toContain('tag=autumn')
    await field('Search people').fill('nobody at all')
    await ada.app.getByText('Nobody fits.').waitFor()
    await button('Clear filters').click()
    await line(/^You may mail/)
    await expect.poll(() => new URL(ada.page.url()).search).toBe('')
    expect(await ada.faults()).toEqual([])
  })
})

test('somebody is added by hand: a bad address is named and nothing is lost; how they agreed stands in their history', async () => {
  await ada.open('/subscribers')
  await button('Add person').click()
  await ada.app.getByText('get none of your campaigns until they agree themselves').waitFor()
  await field('E-mail address').fill('paula')
  await field('First name').fill('Paula')
  await ada.app.getByRole('radio', { name: 'On a paper form' }).check({ force: true })
  await ada.app.getByText('written into their history').waitFor()
  expect(await button('Add').isDisabled()).toBe(true) // where it is kept is missing
  await field('Where this is kept').fill('Green folder, page 2')
  await button('Add').click()
  await ada.app.getByText('is not an e-mail address').waitFor()
  expect(await wrong()).toEqual([])
  expect(await field('First name').inputValue()).toBe('Paula')
  await field('E-mail address').fill('paula@paper.example')
  await button('Add').click()
  await line('Paula')
  await ada.app.getByText('Taken over from a record by you').waitFor()
  await ada.app.getByText('Your note: Green folder, page 2').waitFor()
  await ada.app.getByText('A record says: subscribed').waitFor()
  const [saved] = await Promise.all([ada.page.waitForEvent('download'), button('Download receipt').click()])
  expect(readFileSync(await saved.path(), 'utf8')).toContain('Added by hand: agreed on paper')
  expect(await ada.faults(/422/)).toEqual([])
})

test('fields of one’s own: made in Settings, filled in on the person’s page, found by, deleted with all that is in them', async () => {
  await ada.open('/settings?part=fields')
  await button('Add a field').click()
  await field('Name').fill('Birthday')
  await ada.app.getByRole('combobox', { name: 'What it holds' }).selectOption('Day')
  await button('Add it').click()
  await ada.app.getByText('Day, known of nobody').waitFor()
  await api.post<FieldList>('/api/fields', { name: 'Allergies', kind: 'text', sensitive: true })
  const { rows: [paula] } = await rows('search=paula%40paper.example')
  await ada.open(`/subscribers/${paula!.id}`)
  await button('Edit').click()
  await field('Last name').fill('Fern')
  await ada.app.getByRole('combobox', { name: 'Country' }).selectOption('Portugal')
  await ada.app.getByLabel('Birthday', { exact: true }).fill('1990-05-03')
  await ada.app.getByText('Sensitive: kept out').waitFor()
  expect(await wrong()).toEqual([])
  await field('Allergies').fill('Pollen')
  await button('Save').click()
  await line('Paula Fern')
  for (const words of ['3 May 1990', 'Portugal', 'Pollen', 'Sensitive']) await ada.app.getByText(words, { exact: true }).first().waitFor()
  await ada.open(`/subscribers?fieldId=${(await api.get<FieldList>('/api/fields')).fields.find((one) => one.name === 'Birthday')!.id}&fieldValue=1990-05-03`)
  await button('Birthday: 3 May 1990').waitFor()
  await fits(1)
  await ada.open('/settings?part=fields')
  await ada.app.getByText('Day, known of 1 person').waitFor()
  await button('Delete Birthday').click()
  await inDialog().getByText('What is known in it of 1 person goes too').waitFor()
  expect(await wrong()).toEqual([])
  await button('Delete').click()
  await button('Change Birthday').waitFor({ state: 'hidden' })
  expect((await api.get<SubscriberProfile>(`/api/subscribers/${paula!.id}`)).fields.map((one) => one.name)).toEqual(['Allergies'])
  expect(await ada.faults()).toEqual([])
})

describe('one person', () => {
  test('own tags are given and taken; the store’s stay; what happened is shown by sort', async () => {
    const { rows: [buyer] } = await rows('ordered=yes')
    await ada.open(`/subscribers/${buyer!.id}`)
    await button('Add').click()
    await field('New tag').fill('loves cacti')
    await button('Add this tag').click()
    await button('Take the tag loves cacti away').click()
    await ada.app.getByText('loves cacti').waitFor({ state: 'hidden' })
    expect(await frameOf(ada).evaluate<string>('document.activeElement.textContent')).toBe('Done') // not lost with the button that was pressed
    await ada.app.getByRole('heading', { name: 'What happened' }).waitFor()
    await button('Orders').click()
    await ada.app.getByText(/^Ordered /).first().waitFor()
    await button('Clicks').click()
    await ada.app.getByText('Nothing of this.').waitFor()
    expect(await wrong()).toEqual([])
    expect(await ada.faults()).toEqual([])
  })

  test('their data is no longer used, with a reason, and is used again', async () => {
    const { rows: [paula] } = await rows('search=paula%40paper.example')
    await ada.open(`/subscribers/${paula!.id}`)
    await menu('Stop using their data')
    await field('Why').fill('She says that it is not her address')
    await button('Stop using it').click()
    await ada.app.getByText(/^Their data has not been used since/).waitFor()
    await ada.app.getByText('Data may not be used', { exact: true }).waitFor()
    await ada.app.getByText('She says that it is not her address').first().waitFor()
    await button('Allow it again').click()
    await field('Why').fill('It was')
    await inDialog().getByRole('button', { name: 'Allow it again' }).click()
    await ada.app.getByText(/^Their data has not been used since/).waitFor({ state: 'hidden' })
    expect(await ada.faults()).toEqual([])
  })

  test('two records become one after a look at what remains', async () => {
    const twin = await api.post<{ id: string }>('/api/subscribers', { email: 'paula+plants@paper.example', firstName: 'Paula', lastName: 'Fern', basis: null })
    const { rows: [paula] } = await rows('search=paula%40paper.example')
    await ada.open(`/subscribers/${paula!.id}`)
    await menu('Merge with another record')
    await button('Choose paula+plants@paper.example').click()
    await inDialog().getByText(/^paula\+plants@paper\.example is no record|has the history, consent, tags/).first().waitFor()
    expect(await wrong()).toEqual([])
    await button('Make them one').click()
    await inDialog().waitFor({ state: 'hidden' })
    expect((await api.get<SubscriberProfile>(`/api/subscribers/${twin.id}`)).id).toBe(paula!.id)
    expect(await ada.faults()).toEqual([])
  })

  test('erasing says what goes and what stays, and is done by nobody by accident', async () => {
    const { rows: [paula] } = await rows('search=paula%40paper.example')
    const on = await person(simulation, browser, { viewport: { width: 390, height: 844 } })
    await on.open(`/subscribers/${paula!.id}`)
    await line('Paula Fern', on)
    expect(await wrong(on)).toEqual([])
    await button('More actions', on).click()
    await on.app.getByRole('menuitem', { name: 'Erase this person' }).click()
    for (const words of ['What goes', 'What stays', /^This cannot be undone/]) await on.app.getByText(words).waitFor()
    expect(await button('Erase for good', on).isDisabled()).toBe(true)
    expect(await wrong(on)).toEqual([])
    await on.app.getByRole('checkbox', { name: 'I want this person to be forgotten' }).check({ force: true })
    await button('Erase for good', on).click()
    await line(/^You may mail/, on)
    expect(await wrong(on)).toEqual([])
    await simulation.tick()
    await on.open(`/subscribers/${paula!.id}`)
    await line('This person does not exist.', on)
    expect(await on.faults(/404/)).toEqual([])
    await on.context.close()
  })
})

test('a stranger sees none of it', async () => {
  const { rows: [one] } = await rows('ordered=yes')
  const cleo = await person(simulation, browser)
  await cleo.open(`/subscribers/${one!.id}`, 'kiln-and-kettle')
  await line('This person does not exist.', cleo)
  await cleo.open('/settings?part=fields', 'kiln-and-kettle')
  await cleo.app.getByText('No fields of your own yet').waitFor()
  await cleo.open('/subscribers', 'kiln-and-kettle')
  await button('Tag', cleo).click()
  await cleo.app.getByRole('listbox').waitFor()
  expect(await cleo.app.getByText('autumn market').count()).toBe(0)
  expect(await cleo.faults(/404/)).toEqual([])
  await cleo.context.close()
})
