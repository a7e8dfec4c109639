import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, FrameLocator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSimulator, type Simulation } from '../../simulator/servers.ts'
import { launchBrowser } from './launch.ts'

// The admin inside its frame, in the pretend Shopify: every page by its address, and the editor with all that must not be lost.

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
let simulation: Simulation
let browser: Browser
beforeAll(async () => {
  simulation = await startSimulator({ seed: 'invented', quiet: true })
  browser = await launchBrowser()
  const { page } = await window()
  await page.goto(`${simulation.urls.admin}/store/fern-and-fig`)
  await page.getByRole('link', { name: 'Install' }).click()
  await page.getByRole('button', { name: 'Install' }).click()
  await page.frameLocator('iframe').first().getByRole('heading', { level: 1 }).waitFor()
  await simulation.tick()
  await page.close()
})
afterAll(async () => {
  await browser.close()
  await simulation.close()
})

/** A window of the store owner's browser; `faults` gathers what its console and network complain of. */
async function window(width = 1280, height = 900): Promise<{ page: Page; app: FrameLocator; faults: string[] }> {
  const page = await browser.newPage({ viewport: { width, height } })
  page.setDefaultTimeout(15_000)
  const faults: string[] = []
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
  page.on('pageerror', (error) => faults.push(error.message))
  return { page, app: page.frameLocator('iframe').first(), faults }
}
const open = (page: Page, path: string): Promise<unknown> => page.goto(`${simulation.urls.admin}/store/fern-and-fig/apps/homing${path}`)

/** A new draft from a template; answers the path of its page in the admin. */
async function newCampaign(page: Page, app: FrameLocator): Promise<string> {
  await open(page, '/campaigns')
  const another = app.getByRole('button', { name: 'New campaign' })
  const template = app.getByRole('button', { name: /^New products/ })
  await another.or(template).first().waitFor()
  if (await another.isVisible()) await another.click()
  await template.click()
  await app.getByRole('textbox', { name: 'Subject', exact: true }).waitFor()
  await app.getByText('Saved', { exact: true }).waitFor()
  return page.url().replace(/^.*\/apps\/homing/, '')
}

describe('each page', () => {
  const paths = ['/', '/campaigns', '/subscribers', '/subscribers?status=none', '/segments', '/segments/new', '/forms', '/settings', '/settings?part=brand', '/settings?part=consent', '/settings?part=store', '/settings?part=privacy', '/campaigns/unknown']
  test.each([['laptop', 1280] as const, ['phone', 390] as const])('opens by its address on a %s: no faults, one heading, one primary button at most, nothing cut off, accessible', async (_, width) => {
    const { page, app, faults } = await window(width)
    const found: string[] = []
    const seen = async (path: string): Promise<void> => {
      await app.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
      const frame = page.frames().find((one) => one.url().startsWith(simulation.urls.app))!
      if ((await app.locator('.Polaris-Button--variantPrimary').count()) > 1) found.push(`${path}: more than one primary button`)
      const cut = await frame.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      if (cut > 0) found.push(`${path}: wider than the window by ${cut}`)
      await frame.evaluate(axe)
      const { violations } = await frame.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>("axe.run(document, { iframes: false, resultTypes: ['violations'] })")
      for (const { id, nodes } of violations) found.push(`${path}: ${id} ${nodes[0]?.html.slice(0, 120)}`)
    }
    for (const path of paths) {
      await open(page, path)
      await seen(path)
    }
    const draft = await newCampaign(page, app)
    await seen(draft)
    await open(page, `${draft}/rehearsal`)
    await seen(`${draft}/rehearsal`)
    await open(page, '/forms')
    await app.getByRole('link', { name: 'Change it' }).first().click()
    await seen('/forms/:id')
    await open(page, '/subscribers')
    await app.getByRole('link', { name: /@/ }).first().click()
    await app.getByText('What happened').waitFor()
    await seen('/subscribers/:id')
    expect(found).toEqual([])
    expect(faults.filter((fault) => !/404/.test(fault))).toEqual([]) // of the campaign that does not exist
    await page.close()
  })

  test('the store’s menu changes the page without loading it, and Back goes back', async () => {
    const { page, app } = await window()
    await open(page, '/')
    await app.getByRole('heading', { level: 1 }).waitFor()
    const frame = page.frames().find((one) => one.url().startsWith(simulation.urls.app))!
    await frame.evaluate(() => Object.assign(globalThis, { stayed: true }))
    await page.getByRole('link', { name: 'Segments' }).click()
    await app.getByText('You have no segments yet.').waitFor()
    await page.goBack()
    await app.getByText('Your list').waitFor()
    expect(await frame.evaluate(() => 'stayed' in globalThis)).toBe(true)
    await page.close()
  })
})

describe('the editor', () => {
  test('saves by itself, goes back and forward with the keyboard, and shows what will arrive', async () => {
    const { page, app } = await window()
    const draft = await newCampaign(page, app)
    await app.getByRole('listitem').getByText('Just in').click()
    const heading = app.getByRole('textbox', { name: 'Heading' })
    await heading.fill('Fresh from the potting shed')
    await app.frameLocator('iframe').getByRole('heading', { name: 'Fresh from the potting shed' }).waitFor()
    await heading.press('Control+z')
    await expect.poll(() => heading.inputValue()).toBe('Just in')
    await heading.press('Control+Shift+z')
    await expect.poll(() => heading.inputValue()).toBe('Fresh from the potting shed')
    await app.getByText('Saved', { exact: true }).waitFor()
    await open(page, draft)
    await app.getByRole('listitem').getByText('Fresh from the potting shed').waitFor()
    await page.close()
  })

  test('moves a block by dragging, by the keyboard and by its menu, and into a column', async () => {
    const { page, app } = await window()
    await newCampaign(page, app)
    const order = async (): Promise<string[]> => (await app.getByRole('button', { name: /^Drag / }).all()).reduce<Promise<string[]>>(async (all, one) => [...(await all), (await one.getAttribute('aria-label')) ?? ''], Promise.resolve([]))
    const at = async (): Promise<number> => (await order()).findIndex((name) => name.startsWith('Drag Heading'))
    const handle = app.getByRole('button', { name: /^Drag Heading/ })
    expect(await at()).toBe(0)
    await handle.focus()
    for (const key of ['Space', 'ArrowDown', 'Space']) {
      await page.keyboard.press(key)
      await page.waitForTimeout(300) // the list slides
    }
    await expect.poll(at).toBe(1)
    await app.getByRole('listitem').getByText('Just in').focus()
    await app.getByRole('button', { name: 'Just in', exact: true }).press('Alt+ArrowUp')
    await expect.poll(at).toBe(0)
    await app.getByRole('button', { name: 'More for Heading' }).click()
    await app.getByRole('menuitem', { name: 'Move down' }).click()
    await expect.poll(at).toBe(1)
    await app.getByRole('button', { name: 'Add a block', exact: true }).click()
    await app.getByRole('menuitem', { name: 'Two columns' }).click()
    const target = app.getByRole('button', { name: /^Drag Text: Write/ }).first()
    await target.waitFor()
    const [from, to] = [(await handle.boundingBox())!, (await target.boundingBox())!]
    await page.mouse.move(from.x + 8, from.y + 10)
    await page.mouse.down()
    await page.mouse.move(from.x + 8, from.y + 30, { steps: 4 })
    await page.mouse.move(to.x + 8, to.y + 12, { steps: 10 })
    await page.mouse.up()
    await app.getByRole('listitem').getByRole('listitem').getByText('Just in').waitFor()
    await app.getByText('Saved', { exact: true }).waitFor()
    await page.close()
  })

  test('puts a person’s name into a text where the cursor stands, as a sign that reads well', async () => {
    const { page, app } = await window()
    await newCampaign(page, app)
    await app.getByRole('listitem').getByText('Fresh on our shelves').click()
    const text = app.getByRole('textbox', { name: 'Text', exact: true })
    await text.click()
    await text.press('Control+a')
    await text.pressSequentially('Good morning')
    await app.getByRole('button', { name: 'Insert something personal' }).click()
    await app.getByRole('menuitem', { name: 'First name' }).click()
    const frame = page.frames().find((one) => one.url().startsWith(simulation.urls.app))!
    await expect.poll(() => frame.evaluate<boolean>('document.activeElement.isContentEditable')).toBe(true)
    await page.keyboard.type(', hello <you> & all')
    await app.frameLocator('iframe').getByText(/^Good morning \w+, hello <you> & all$/).waitFor()
    await app.getByText('Saved', { exact: true }).waitFor()
    await page.close()
  })

  test('two windows on one draft: neither version is lost, whichever is chosen', async () => {
    const one = await window()
    const draft = await newCampaign(one.page, one.app)
    const two = await window()
    await open(two.page, draft)
    const mine = one.app.getByRole('textbox', { name: 'Subject', exact: true })
    const theirs = two.app.getByRole('textbox', { name: 'Subject', exact: true })
    await theirs.fill('Written in the other window')
    await two.page.waitForTimeout(1000)
    await two.app.getByText('Saved', { exact: true }).waitFor()
    await mine.fill('Written here')
    await one.app.getByText('This campaign was changed in another window').waitFor()
    expect(await mine.inputValue()).toBe('Written here')
    await one.app.getByRole('button', { name: 'Take the other one' }).click()
    await expect.poll(() => mine.inputValue()).toBe('Written in the other window')
    await one.app.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => mine.inputValue()).toBe('Written here')
    await one.app.getByText('Saved', { exact: true }).waitFor()
    await one.page.waitForTimeout(1000)
    await open(two.page, draft)
    await expect.poll(() => theirs.inputValue()).toBe('Written here')
    await one.page.close()
    await two.page.close()
  })

  test('when the server cannot be reached what is written stays, is said to be unsaved, and is saved later', async () => {
    const { page, app } = await window()
    const draft = await newCampaign(page, app)
    await page.route(/\/api\/campaigns\//, (route) => (route.request().method() === 'PUT' ? route.abort() : route.fallback()))
    const subject = app.getByRole('textbox', { name: 'Subject', exact: true })
    await subject.fill('Written in a tunnel')
    await app.getByText(/Not saved yet; your changes are kept here/).waitFor()
    expect(await subject.inputValue()).toBe('Written in a tunnel')
    await page.unroute(/\/api\/campaigns\//)
    await app.getByRole('button', { name: 'Try again' }).click()
    await app.getByText('Saved', { exact: true }).waitFor()
    await open(page, draft)
    await expect.poll(() => subject.inputValue()).toBe('Written in a tunnel')
    await page.close()
  })
})

test('a save bar keeps what is typed until it is saved, and Discard brings back what was', async () => {
  const { page, app } = await window()
  await open(page, '/settings')
  const name = app.getByRole('textbox', { name: 'Name', exact: true })
  const before = await name.inputValue()
  await name.fill('Somebody else')
  await app.getByRole('tab', { name: 'Brand' }).click()
  await app.getByRole('tab', { name: 'Sender' }).click()
  expect(await name.inputValue()).toBe('Somebody else')
  await page.getByRole('button', { name: 'Discard' }).click()
  await expect.poll(() => name.inputValue()).toBe(before)
  await name.fill('Ada at the shop')
  await page.getByRole('button', { name: 'Save' }).click()
  await app.getByText(/^Your mail comes from Ada at the shop/).waitFor()
  await page.close()
})

test('a link does not leave what is unsaved behind without asking', async () => {
  const { page, app } = await window()
  await open(page, '/segments/new')
  const name = app.getByRole('textbox', { name: 'Name', exact: true })
  await name.fill('Half a thought')
  await page.getByRole('button', { name: 'Discard' }).waitFor()
  await app.getByRole('link', { name: 'Back to Segments' }).click()
  await page.getByRole('dialog').getByRole('button').last().waitFor()
  expect(await name.inputValue()).toBe('Half a thought')
  await page.getByRole('dialog').getByRole('button', { name: 'Leave page' }).click()
  await app.getByText('You have no segments yet.').waitFor()
  await page.close()
})
