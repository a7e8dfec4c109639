import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { SimStore } from '../../simulator/types.ts'
import { pretendStore, texts, type PretendStore } from '../pretend-store.ts'
import { launchBrowser } from './launch.ts'

// The real blocks and scripts of the theme extension in a real browser, in three themes. A small server stands for the app.

let browser: Browser
let t: PretendStore
let page: Page
beforeAll(async () => {
  t = await pretendStore()
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await t?.close()
})
const usual = { signup: () => ({ status: 200, body: { ok: true, message: texts.success } }) }
let form: Record<string, unknown>
beforeEach(() => {
  form ??= t.app.form!
  t.asked.length = 0
  Object.assign(t.app, { texts, form: { ...form }, signup: usual.signup, waitMs: 0 })
  for (const store of [t.fern, t.kiln, t.heron]) store.embedOn = store.blockOn = true
})
afterEach(() => page?.context().close())

const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true }
const faults: string[] = []
async function open(store: SimStore, path = '/', options: BrowserContextOptions & { gpc?: boolean } = {}): Promise<Page> {
  const { gpc, ...rest } = options
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...rest })
  if (gpc) await context.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }))
  page = await context.newPage()
  faults.length = 0
  page.on('pageerror', (fault) => faults.push(fault.message))
  await page.goto(t.at(store) + path)
  return page
}
const dialog = (): ReturnType<Page['locator']> => page.locator('dialog.homing-dialog')
const shown = (): Promise<void> => dialog().waitFor({ timeout: 10_000 })
const gone = (): Promise<void> => dialog().waitFor({ state: 'detached', timeout: 5_000 })
const signups = (): Record<string, unknown>[] => t.asked.filter((one) => one.path === '/proxy/signup').map((one) => JSON.parse(one.body) as Record<string, unknown>)
const stays = (milliseconds = 900): Promise<void> => page.waitForTimeout(milliseconds)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
async function violations(inside: string): Promise<string[]> {
  await page.addScriptTag({ content: axe })
  return page.evaluate(async (selector) => {
    const run = (globalThis as unknown as { axe: { run(on: string): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe
    return (await run.run(selector)).violations.map((found) => `${found.id}: ${found.nodes.map((node) => node.html).join(' ')}`)
  }, inside)
}

describe('the pop-up', () => {
  test('is a dialog that holds the focus, closes by Escape and gives the focus back', async () => {
    t.app.form = { ...form, afterSeconds: 1, askName: true }
    await open(t.fern)
    await page.locator('.logo').focus()
    await shown()
    expect(await dialog().getAttribute('aria-labelledby')).toBe(await page.locator('dialog h2').getAttribute('id'))
    for (let n = 0; n < 14; n++) {
      await page.keyboard.press(n < 9 ? 'Tab' : 'Shift+Tab')
      expect(await page.evaluate('document.querySelector("dialog").contains(document.activeElement)')).toBe(true)
    }
    await page.keyboard.press('Escape')
    await gone()
    expect(await page.evaluate('document.activeElement.className')).toBe('logo')
    expect(faults).toEqual([])
  })

  test('no is as easy as yes: same size, same row, and one press is remembered', async () => {
    await open(t.fern)
    await shown()
    await stays(500)
    const yes = (await dialog().getByRole('button', { name: 'Sign me up' }).boundingBox())!
    const no = (await page.getByRole('button', { name: 'No, thanks' }).boundingBox())!
    expect([Math.round(no.width), Math.round(no.height), Math.round(no.y)]).toEqual([Math.round(yes.width), Math.round(yes.height), Math.round(yes.y)])
    expect(no.height).toBeGreaterThanOrEqual(44)
    await page.getByRole('button', { name: 'No, thanks' }).click()
    await gone()
    t.asked.length = 0
    await page.reload()
    await stays()
    expect(await dialog().count()).toBe(0)
    expect(t.asked.filter((one) => one.query.get('kind') === 'popup')).toEqual([]) // a resting pop-up asks nobody
    await page.evaluate(() => localStorage.setItem('homing:rest', String(Date.now() - 1)))
    await page.reload()
    await shown()
  })

  test('a tap outside closes; letting go outside after selecting inside does not', async () => {
    await open(t.fern)
    await shown()
    const box = (await dialog().boundingBox())!
    await page.mouse.move(box.x + 60, box.y + 60)
    await page.mouse.down()
    await page.mouse.move(20, 20)
    await page.mouse.up()
    await stays(200)
    expect(await dialog().count()).toBe(1)
    await page.mouse.click(20, 20)
    await gone()
  })

  test('moves nothing on the page and waits while somebody types', async () => {
    t.app.form = { ...form, afterSeconds: 1 }
    await open(t.fern, '/account')
    await page.evaluate(`
      window.shift = 0
      new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.value }).observe({ type: 'layout-shift', buffered: true })
    `)
    await page.locator('#email').fill('me')
    await stays(2_000)
    expect(await dialog().count()).toBe(0)
    await page.locator('#email').blur()
    await shown()
    await stays(500)
    expect(await page.evaluate('window.shift')).toBe(0)
  })

  test('on a phone it is a sheet from below that leaves the page visible', async () => {
    t.app.form = { ...form, askName: true }
    await open(t.heron, '/', phone)
    await shown()
    await stays(500)
    const box = (await dialog().boundingBox())!
    expect([Math.round(box.x), Math.round(box.width), Math.round(box.y + box.height)]).toEqual([0, 390, 844])
    expect(box.y).toBeGreaterThan(844 * 0.2)
  })

  test('simply appears for people who asked for less motion', async () => {
    await open(t.fern, '/', { reducedMotion: 'reduce' })
    await shown()
    expect(await page.evaluate('getComputedStyle(document.querySelector("dialog")).animationName')).toBe('none')
  })

  test('at 400 % zoom everything can be reached', async () => {
    t.app.form = { ...form, askName: true }
    await open(t.fern, '/', { viewport: { width: 320, height: 256 } })
    await shown()
    await page.getByRole('button', { name: 'No, thanks' }).scrollIntoViewIfNeeded()
    await page.getByRole('button', { name: 'No, thanks' }).click()
    await gone()
  })

  test('signs up once however often it is pressed, with what was shown', async () => {
    t.app.waitMs = 400
    await open(t.fern, '/?utm_source=x')
    await shown()
    await page.locator('#homing-popup-email').fill(' Ada@shopper.example ')
    const box = page.locator('dialog [name=tracking]')
    expect(await box.isChecked()).toBe(false)
    await box.check()
    const button = page.locator('dialog [type=submit]')
    await button.dblclick()
    await page.keyboard.press('Enter')
    await page.getByText(texts.success).waitFor()
    await stays(600)
    expect(signups()).toHaveLength(1)
    const [sent] = signups()
    expect(sent).toMatchObject({ formId: 'form1', version: 3, email: 'Ada@shopper.example', tracking: true, language: 'en', page: `${t.at(t.fern)}/`, wording: texts.consent, website: '', gpc: false })
    expect(sent!.elapsed).toBeGreaterThan(100)
    expect(await page.locator('dialog [role=status]').textContent()).toBe(texts.success)
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Close')
    await page.keyboard.press('Enter')
    await gone()
    await page.reload()
    await stays()
    expect(await dialog().count()).toBe(0)
  })

  test('says beside the field what is wrong, and tries again', async () => {
    t.app.signup = () => ({ status: 422, body: { ok: false, message: 'Please check.', fields: { email: 'This mailbox does not exist.' } } })
    await open(t.fern)
    await shown()
    const field = page.locator('#homing-popup-email')
    await page.locator('dialog [type=submit]').click()
    expect(signups()).toEqual([])
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    await field.fill('ada@shopper.example')
    await page.keyboard.press('Enter')
    await page.getByText('This mailbox does not exist.').waitFor()
    const described = (await field.getAttribute('aria-describedby'))!.split(' ')
    expect(await page.locator(`#${described[0]!}`).textContent()).toBe('This mailbox does not exist.')
    expect(described).toContain('homing-popup-consent')
    expect(await page.evaluate('document.activeElement.id')).toBe('homing-popup-email')
    t.app.signup = () => ({ status: 502, body: 'gateway' })
    await page.keyboard.press('Enter')
    await page.getByText('That did not arrive.').waitFor()
    t.app.signup = usual.signup
    await page.keyboard.press('Enter')
    await page.getByText(texts.success).waitFor()
  })

  test('hostile settings of the form stay text', async () => {
    const nasty = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
    t.app.texts = { heading: nasty, body: nasty, emailLabel: nasty, nameLabel: nasty, button: nasty, decline: nasty, consent: nasty, tracking: nasty, success: nasty }
    t.app.form = { ...form, askName: true, language: '"><script>', look: { background: 'red;} body{display:none', text: 'url(javascript:1)', accent: '#2f5d46', accentText: 'x', radius: '0;} *{display:none' } }
    t.app.signup = () => ({ status: 200, body: { ok: true, message: nasty } })
    await open(t.fern)
    await shown()
    expect(await page.locator('dialog h2').textContent()).toBe(nasty)
    await page.locator('#homing-popup-email').fill('ada@shopper.example')
    await page.keyboard.press('Enter')
    await page.locator('dialog [role=status]', { hasText: 'onerror' }).waitFor()
    await page.mouse.wheel(0, 5_000)
    await page.locator('[data-homing-form] [data-homing=heading]', { hasText: 'onerror' }).waitFor()
    expect(await page.locator('dialog img, dialog script, [data-homing-form] img, [data-homing-form] script').count()).toBe(0)
    expect(await page.evaluate('window.hacked')).toBeUndefined()
    expect(await page.locator('main').isVisible()).toBe(true)
    expect(faults).toEqual([])
  })

  test('keeps nothing without the visitor’s yes, and then shows on the first page of a visit only', async () => {
    await open(t.kiln) // Germany: asked first
    await shown()
    await page.keyboard.press('Escape')
    await gone()
    expect(await page.evaluate(() => [Object.keys(localStorage), Object.keys(sessionStorage)])).toEqual([[], []])
    await page.locator('nav a').first().click()
    await stays()
    expect(await dialog().count()).toBe(0)
    await page.locator('[data-privacy] summary').click()
    await page.locator('[data-privacy] [name=preferences]').check()
    await page.locator('[data-privacy] button').click()
    await page.goto(`${t.at(t.kiln)}/`)
    await shown()
    await page.keyboard.press('Escape')
    await gone()
    expect(await page.evaluate(() => Object.keys(localStorage))).toEqual(['homing:rest'])
  })

  test('Global Privacy Control means no question about tracking, and a line that says so', async () => {
    await open(t.fern, '/', { gpc: true })
    await shown()
    expect(await page.locator('dialog [name=tracking]').count()).toBe(0)
    expect(await page.getByText('Your browser asks not to be tracked. We honour that.').first().isVisible()).toBe(true)
    expect(await violations('dialog')).toEqual([])
    await page.locator('#homing-popup-email').fill('ada@shopper.example')
    await page.keyboard.press('Enter')
    await page.getByText(texts.success).waitFor()
    expect(signups()[0]).toMatchObject({ gpc: true, tracking: false })
  })

  test.each([['kiln', 'Dein Browser bittet darum, nicht verfolgt zu werden. Daran halten wir uns.'], ['heron', 'Votre navigateur demande à ne pas être suivi. Nous le respectons.']] as const)('the line is in the shopper’s language: %s', async (name, words) => {
    await open(t[name], '/', { gpc: true })
    await shown()
    expect(await dialog().locator('.homing-gpc').textContent()).toBe(words)
    await page.keyboard.press('Escape')
    await gone()
    await page.mouse.wheel(0, 9_000)
    await page.locator('[data-homing-form] .homing-gpc', { hasText: words }).waitFor()
    expect(await page.locator('[data-homing-form] [name=tracking]').count()).toBe(0)
  })

  test('without that signal nobody reads of it', async () => {
    await open(t.fern)
    await shown()
    expect(await page.locator('.homing-gpc').count()).toBe(0)
  })

  test('a form that is off, an app that is down, a blocked proxy: the shop goes on', async () => {
    t.app.form = null
    await open(t.fern)
    await stays()
    expect(await dialog().count()).toBe(0)
    await page.route('**/apps/homing/**', (route) => route.abort())
    await page.reload()
    await stays()
    expect(await dialog().count()).toBe(0)
    expect(faults).toEqual([])
  })

  test('nothing of it at the checkout', async () => {
    await open(t.fern, '/products/hand-trowel')
    await page.evaluate(() => localStorage.setItem('homing:rest', String(Date.now() + 1e9)))
    await page.reload()
    await page.getByRole('button', { name: 'Add to cart' }).click()
    await page.goto(`${t.at(t.fern)}/checkout`)
    expect(await page.locator('script[src*=homing], [data-homing-popup]').count()).toBe(0)
  })
})

describe('the inline form', () => {
  test('takes over the published words before it is seen, signs up in place and moves nothing above it', async () => {
    t.app.form = { ...form, afterSeconds: 300 }
    await open(t.fern)
    const block = page.locator('[data-homing-form]')
    await page.mouse.wheel(0, 5_000)
    await page.locator('[data-homing-form] h2', { hasText: texts.heading }).waitFor()
    await block.locator('[name=email]').fill('ada@shopper.example')
    await block.getByRole('button').click()
    await page.getByText(texts.success).waitFor()
    expect(signups()).toHaveLength(1)
    expect(signups()[0]).toMatchObject({ formId: 'form1', version: 3, wording: texts.consent, tracking: false })
    expect(await block.locator('[name=email]').isVisible()).toBe(false)
  })

  test('works without script by plain POST', async () => {
    await open(t.fern, '/', { javaScriptEnabled: false })
    const consent = (await page.locator('[data-homing-form] [data-homing=consent]').innerText()).trim()
    await page.locator('[data-homing-form] [name=email]').fill('ada@shopper.example')
    await page.locator('[data-homing-form] button').click()
    await page.getByText('Plain answer').waitFor()
    const sent = new URLSearchParams(t.asked.at(-1)!.body)
    expect([sent.get('formId'), sent.get('email'), sent.get('version')]).toEqual(['inline', 'ada@shopper.example', '0'])
    expect(consent.length).toBeGreaterThan(40)
    expect(sent.get('wording')).toBe(consent) // exactly what was shown
  })

  test('is hidden when the shop switched it off', async () => {
    t.app.form = null
    await open(t.fern)
    await page.mouse.wheel(0, 5_000)
    await page.locator('.homing-inline').waitFor({ state: 'hidden' })
  })
})

describe('everybody can use it', () => {
  test.each([['fern', 'laptop'], ['kiln', 'laptop'], ['heron', 'phone'], ['kiln', 'phone']] as const)('axe finds nothing in the theme of %s on a %s', async (name, device) => {
    t.app.form = { ...form, askName: true, ...(name === 'kiln' ? { look: { background: '#2c2724', text: '#f6f1ec', accent: '#e0a48a', accentText: '#2c2724', radius: 0 } } : {}) }
    await open(t[name], '/', device === 'phone' ? phone : {})
    await shown()
    await stays(500)
    expect(await violations('dialog')).toEqual([])
    await page.keyboard.press('Escape')
    await gone()
    await page.mouse.wheel(0, 9_000)
    await page.locator('[data-homing-form] h2', { hasText: texts.heading }).waitFor()
    expect(await violations('.homing-inline')).toEqual([])
  })
})
