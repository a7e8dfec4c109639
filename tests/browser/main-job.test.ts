import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { HOUR, MINUTE } from '../../app/lib/clock.ts'
import { startSimulator, type Simulation } from '../../simulator/servers.ts'
import type { SimCustomer, SimProduct, SimStore } from '../../simulator/types.ts'
import { launchBrowser } from './launch.ts'
import { person, type Person } from './person.ts'

// The whole job as people do it: by what stands on the screen, in a real browser. The owner works in the pretend admin, the
// shopper in the shop and in the mailbox. Only time is helped on. Each part goes on where the one before ended.

let simulation: Simulation
let browser: Browser
let store: SimStore
let owner: Person
let shopper: Person
let failed = false
beforeAll(async () => {
  simulation = await startSimulator({ quiet: true })
  store = simulation.world.stores.get('fern-and-fig.myshopify.com')!
  browser = await launchBrowser()
  owner = await person(simulation, browser)
  shopper = await person(simulation, browser)
})
afterAll(async () => {
  await browser?.close()
  await simulation?.close()
})
beforeEach(({ skip }) => skip(failed, 'an earlier part of the story did not hold'))
afterEach(async ({ task }) => {
  const broke = task.result?.state === 'fail'
  failed ||= broke
  if (broke) await Promise.all([owner.picture('failed-owner'), shopper.picture('failed-shopper')])
  expect([...(await owner.faults()), ...(await shopper.faults())]).toEqual([])
})

const robin = 'robin.hale@shopper.example'
const wanted = (): SimProduct[] => [...store.products.values()].filter((one) => one.status === 'ACTIVE' && one.variants.every((variant) => variant.inventory > 3)).slice(0, 2)
const subscribed = (): SimCustomer[] => [...store.customers.values()].filter((one) => one.email && one.marketing.state === 'SUBSCRIBED')
const number = (value: number): string => value.toLocaleString('en')
const heading = (name: string | RegExp): ReturnType<Page['locator']> => owner.app.getByRole('heading', { level: 1, name })
const menu = (name: string): Promise<void> => owner.page.getByRole('navigation', { name: 'Store' }).getByRole('link', { name, exact: true }).click()

/** The shopper opens the newest mail with this subject, as a mail program lists it. */
async function openMail(to: string, subject: string | RegExp): Promise<void> {
  await simulation.tick() // until the mail has come
  await shopper.page.goto(`${simulation.urls.doors}/`)
  await shopper.page.getByRole('link', { name: 'All inboxes' }).click()
  await shopper.page.getByRole('searchbox', { name: 'Find a person' }).fill(to)
  await shopper.page.keyboard.press('Enter')
  await shopper.page.getByRole('navigation', { name: 'People' }).getByRole('link', { name: to }).click()
  await shopper.page.getByRole('link', { name: subject }).first().click()
  await shopper.page.getByRole('heading', { level: 1, name: subject }).waitFor()
}
/** Presses a link inside the mail that is open; it leads to a window of its own. */
async function press(name: string | RegExp): Promise<Page> {
  const opened = shopper.context.waitForEvent('page')
  await shopper.page.frameLocator('iframe[title="The mail"]').getByRole('link', { name }).first().click()
  const page = await opened
  await page.waitForLoadState()
  return page
}

describe('the main job', () => {
  test('the owner installs the app and sees the store being read', async () => {
    simulation.world.faults.api.slowMs = 400 // long enough to be seen
    await owner.page.goto(`${simulation.urls.admin}/store/fern-and-fig`)
    await owner.page.getByRole('link', { name: 'Install' }).click()
    await owner.page.getByRole('heading', { name: 'Install Homing' }).waitFor()
    await owner.picture('01-grant')
    await owner.page.getByRole('button', { name: 'Install' }).click()
    await owner.app.getByText('Your store’s customers, products and orders are being read.').waitFor()
    await owner.picture('02-home-reading')
    await owner.app.getByRole('link', { name: 'See how far it is' }).click()
    await owner.app.getByText(/^(Waiting|The store prepares it|[\d,]+( of [\d,]+)?)$/).first().waitFor()
    await owner.picture('03-reading')
    simulation.world.faults.api.slowMs = 0
    await owner.app.getByText(`${number(store.customers.size)} read`, { exact: true }).waitFor()
    await owner.app.getByText(`${number(store.products.size)} read`, { exact: true }).waitFor()
    await expect.poll(() => owner.app.getByText(/^([\d,]+ read|Read)$/).count(), { timeout: 20_000 }).toBe(4)
    await owner.picture('04-read')
  })

  test('the owner says who sends', async () => {
    await owner.page.getByRole('link', { name: 'Homing', exact: true }).click()
    await owner.app.getByRole('heading', { name: 'Set up in five steps' }).waitFor()
    await owner.picture('05-checklist')
    await owner.app.getByRole('link', { name: /^Say who the mail is from/ }).click()
    await heading('Your mail comes from Fern & Fig, ada@fern-and-fig.example.').waitFor() // as the store has it
    await owner.app.getByRole('textbox', { name: 'Name', exact: true }).fill('Ada at Fern & Fig')
    await owner.app.getByRole('textbox', { name: 'E-mail address' }).fill('news@fern-and-fig.example')
    await owner.app.getByRole('textbox', { name: 'Postal address' }).fill('1418 SE Alder Street\nPortland, OR 97214')
    await owner.picture('06-sender')
    await owner.page.getByRole('button', { name: 'Save', exact: true }).click()
    await heading('Your mail comes from Ada at Fern & Fig, news@fern-and-fig.example.').waitFor()
    await owner.page.getByRole('region', { name: 'Unsaved changes' }).waitFor({ state: 'hidden' })

  })

  test('the owner sets up the sending domain at the DNS host', async () => {
    await owner.page.getByRole('link', { name: 'Homing', exact: true }).click()
    await owner.app.getByRole('link', { name: 'Show me the records' }).click()
    await owner.app.getByRole('button', { name: 'Set up fern-and-fig.example' }).click()
    await heading('None of the 5 records for fern-and-fig.example is right yet.').waitFor()
    await owner.picture('06-domain-records')
    const host = await owner.context.newPage()
    await host.goto(`${simulation.urls.doors}/dns`)
    await host.getByRole('button', { name: 'Set these records' }).click()
    await host.getByRole('cell', { name: '_homing.fern-and-fig.example', exact: true }).waitFor()
    await host.close()
    await owner.app.getByRole('button', { name: 'Check now' }).click()
    await heading('fern-and-fig.example is verified: your mail goes out in its name.').waitFor()
    await owner.app.getByRole('checkbox', { name: 'This domain has sent newsletters before' }).check()
    await owner.picture('06-domain-verified')
  })

  test('the owner confirms how the people of the store’s records agreed', async () => {
    await owner.page.getByRole('link', { name: 'Homing', exact: true }).click()
    await owner.app.getByRole('heading', { name: `Your store says that ${number(subscribed().length)} people agreed to get mail` }).waitFor()
    await owner.app.getByRole('link', { name: 'Have a look' }).click()
    await owner.app.getByRole('button', { name: 'Confirm how they agreed…' }).click()
    const dialog = owner.app.getByRole('dialog', { name: 'Did these people agree?' })
    const confirm = dialog.getByRole('button', { name: `Confirm for ${number(subscribed().length)} people` })
    expect(await confirm.isDisabled()).toBe(true)
    await dialog.getByRole('checkbox').check()
    await owner.picture('07-attest')
    await confirm.click()
    await owner.app.getByText(/^You confirmed on .* that the people in these records agreed\./).waitFor()
  })

  test('the owner switches the form on, here and in the theme', async () => {
    await owner.page.getByRole('link', { name: 'Homing', exact: true }).click()
    await owner.app.getByRole('link', { name: /^Let people sign up in your shop \(not done yet\)/ }).click()
    await owner.app.getByRole('link', { name: 'Change it' }).first().click()
    await heading('This form is off: nobody sees it.').waitFor()
    await owner.app.getByRole('checkbox', { name: 'Ask for the first name too' }).check()
    await owner.app.getByRole('slider', { name: 'Shows after 8 seconds' }).press('Home')
    await owner.app.getByRole('slider', { name: 'Shows at once' }).waitFor()
    await owner.app.getByRole('button', { name: 'Switch it on' }).click()
    await owner.picture('08-form')
    await owner.page.getByRole('button', { name: 'Save', exact: true }).click()
    await owner.page.getByRole('region', { name: 'Unsaved changes' }).waitFor({ state: 'hidden' })
    await menu('Forms')
    await owner.app.getByText('It is not switched on in your theme yet, so nobody sees it.').waitFor()
    await owner.picture('09-forms')
    const opened = owner.context.waitForEvent('page')
    await owner.app.getByRole('link', { name: 'Switch it on in your theme' }).click()
    const editor = await opened
    await editor.getByText('Switched on for you. Press Save to publish it.').waitFor()
    await editor.getByRole('button', { name: 'Save' }).click()
    await editor.getByText('Theme saved').waitFor()
    await editor.close()
    await owner.open('/forms')
    await owner.app.getByText('On', { exact: true }).first().waitFor()
    expect(await owner.app.getByText('It is not switched on in your theme yet').count()).toBe(0)
  })

  test('a shopper meets the pop-up, mends a wrong address, and signs up', async () => {
    const { page } = shopper
    await page.goto(`${simulation.urls.storefront(store.domain)}/`)
    const popup = page.getByRole('dialog', { name: 'News worth opening' })
    await popup.waitFor()
    await shopper.picture('10-popup')
    const field = popup.getByRole('textbox', { name: 'Your e-mail address' })
    await field.fill('robin.hale')
    await popup.getByRole('button', { name: 'Sign me up' }).click()
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('true')
    const fault = popup.locator(`#${(await field.getAttribute('aria-describedby'))!.split(' ')[0]!}`)
    expect(await fault.isVisible()).toBe(true)
    const [above, below] = [(await field.boundingBox())!, (await fault.boundingBox())!]
    expect(below.y - (above.y + above.height)).toBeLessThan(24)
    await shopper.picture('11-wrong-address')
    await field.fill('')
    await field.pressSequentially(robin, { delay: 50 }) // as people type: faster counts as a machine
    await popup.getByRole('textbox', { name: /^First name/ }).pressSequentially('Robin', { delay: 50 })
    const box = popup.getByRole('checkbox', { name: /which mails I open/ })
    expect(await box.isChecked()).toBe(false)
    await box.check()
    await popup.getByRole('button', { name: 'Sign me up' }).click()
    await popup.getByText('Nearly there: we sent you a mail.').waitFor()
    await shopper.picture('12-signed-up')
    await popup.getByRole('button', { name: 'Close' }).first().click()
    await popup.waitFor({ state: 'detached' })
  })

  test('the shopper confirms from the mailbox', async () => {
    await openMail(robin, /Fern & Fig/)
    await shopper.picture('13-confirmation-mail')
    const page = await press(/confirm|sign me up|yes/i)
    await page.getByRole('heading', { name: 'One last step' }).waitFor()
    await page.getByRole('button', { name: 'Yes, sign me up' }).click()
    await page.getByRole('heading', { name: 'You are on the list' }).waitFor()
    await page.close()
    await simulation.tick()
    expect(customer(robin)?.marketing.state).toBe('SUBSCRIBED')
  })

  test('the owner sees the new person with the whole history of their consent', async () => {
    await menu('Subscribers')
    await owner.app.getByRole('textbox', { name: 'Search people' }).fill('robin.hale')
    await owner.app.getByText('1 of 1 person who fit').waitFor()
    const row = owner.app.getByRole('row', { name: new RegExp(robin) })
    await row.getByText('Subscribed', { exact: true }).waitFor()
    await owner.picture('14-subscribers')
    await row.getByRole('link', { name: /Robin/ }).click()
    await heading(/Robin/).waitFor()
    for (const words of ['Asked to join in a sign-up form', 'Confirmed by the button in the confirmation']) await owner.app.getByText(words).first().waitFor()
    await owner.app.getByText('Fern & Fig may write to me by e-mail').first().waitFor()
    await owner.app.getByText('Opens and clicks may be counted').first().waitFor()
    await owner.picture('15-profile')
  })

  test('the owner writes a campaign', async () => {
    await menu('Campaigns')
    await owner.app.getByRole('button', { name: /^New products/ }).waitFor()
    await owner.picture('16-templates')
    await owner.app.getByRole('button', { name: /^New products/ }).click()
    const subject = owner.app.getByRole('textbox', { name: 'Subject', exact: true })
    await subject.fill('Fresh from the bench, ')
    await subject.press('End')
    await owner.app.getByRole('button', { name: 'Insert something personal' }).first().click()
    await owner.app.getByRole('menuitem', { name: 'First name' }).click()
    await expect.poll(() => subject.inputValue()).toBe('Fresh from the bench, {{ subscriber.first_name | default: "there" }}')
    await owner.app.getByRole('textbox', { name: 'Name (only you see it)' }).fill('Bench news')

    await owner.app.getByRole('listitem').getByText('Fresh on our shelves').click()
    const text = owner.app.getByRole('textbox', { name: 'Text', exact: true })
    await text.click()
    await text.press('Control+a')
    await text.pressSequentially('Two things that we made this week, and like.')

    const picks = wanted()
    await owner.app.getByRole('button', { name: /^Drag Products/ }).waitFor()
    await owner.app.getByRole('listitem').filter({ has: owner.app.getByRole('button', { name: /^Drag Products/ }) }).getByRole('button').nth(1).click()
    await owner.app.getByRole('button', { name: 'Choose others' }).click()
    const picker = owner.page.getByRole('dialog', { name: /products/ })
    for (let left = 4; left > 0; left--) {
      await picker.getByText(`${left} of 12 selected`).waitFor()
      await picker.getByRole('checkbox', { checked: true }).first().click()
    }
    for (const product of picks) {
      await picker.getByRole('searchbox', { name: 'Search products' }).fill(product.title)
      await picker.getByRole('checkbox', { name: product.title }).first().check()
    }
    await picker.getByText('2 of 12 selected').waitFor()
    await owner.picture('17-picker')
    await picker.getByRole('button', { name: 'Select', exact: true }).click()
    for (const product of picks) await owner.app.getByRole('button', { name: `Take ${product.title} out` }).waitFor()
    await owner.app.getByText('Saved', { exact: true }).waitFor()

    const mail = owner.app.frameLocator('iframe[title="The mail as it arrives"]')
    await mail.getByText('Two things that we made this week, and like.').waitFor()
    for (const product of picks) await mail.getByText(product.title).first().waitFor()
    await owner.app.getByRole('button', { name: 'On a phone' }).click()
    await expect.poll(() => owner.app.getByRole('button', { name: 'On a phone' }).getAttribute('aria-pressed')).toBe('true')
    await owner.picture('18-editor-phone')
    const ground = (): Promise<string> => mail.locator('body').evaluate((body) => (globalThis as unknown as { getComputedStyle(of: unknown): { backgroundColor: string } }).getComputedStyle(body).backgroundColor)
    const light = await ground()
    await owner.app.getByRole('button', { name: 'In dark mode' }).click()
    await expect.poll(ground).not.toBe(light)
    await owner.picture('19-editor-dark')
  })

  test('the owner sends a test, which arrives as it will for people', async () => {
    await owner.app.getByRole('button', { name: 'Send a test' }).click()
    const dialog = owner.app.getByRole('dialog', { name: 'Send a test' })
    await dialog.getByRole('textbox', { name: 'To which address?' }).fill('ada@fern-and-fig.example')
    await dialog.getByRole('button', { name: 'Send the test' }).click()
    await owner.page.getByText('A test is on its way to ada@fern-and-fig.example').waitFor()
    await openMail('ada@fern-and-fig.example', /Fresh from the bench/)
    await shopper.page.frameLocator('iframe[title="The mail"]').getByText('Two things that we made this week, and like.').waitFor()
    await shopper.picture('20-test-mail')
  })

  test('the owner sees who gets it and who does not, and why', async () => {
    const truth = subscribed().length
    await owner.app.getByRole('button', { name: 'See who gets it' }).click()
    await heading(new RegExp(`^${number(truth)} people get “Bench news”, [\\d,]+ do not\\.$`)).waitFor()
    const gone = [...store.customers.values()].find((one) => one.email && one.marketing.state === 'UNSUBSCRIBED')!
    await owner.app.getByRole('textbox', { name: 'Name or address' }).fill(gone.email!)
    await owner.app.getByText('Does not', { exact: true }).waitFor()
    await owner.app.getByText(/unsubscribed/i).last().waitFor()
    await owner.picture('21-why-not')
    await owner.app.getByRole('textbox', { name: 'Name or address' }).fill(robin)
    await owner.app.getByText('Gets it', { exact: true }).waitFor()
  })

  test('the owner sends it and watches it go', async () => {
    const truth = subscribed().length
    await owner.app.getByRole('button', { name: 'Send now' }).click()
    const dialog = owner.app.getByRole('dialog', { name: `Send to ${number(truth)} people now?` })
    await owner.picture('22-send')
    simulation.world.faults.mail.tooManyNext = 1 // the mail service asks for a rest: long enough to be seen
    await dialog.getByRole('button', { name: `Send to ${number(truth)} people` }).click()
    await heading(new RegExp(`“Bench news” is going out: [\\d,]+ of ${number(truth)} people\\.`)).waitFor()
    await owner.picture('23-sending')
    simulation.world.clock.jump(MINUTE)
    await simulation.tick()
    await owner.app.getByText('From sent to ordered').waitFor()
    await owner.app.getByRole('button', { name: new RegExp(`^Sent ?${number(truth)}`) }).waitFor()
    await owner.picture('24-sent')
  })

  test('three hours later the shopper reads the mail, follows a product and buys it', async () => {
    await simulation.tick()
    simulation.world.clock.jump(3 * HOUR)
    const [product] = wanted()
    await openMail(robin, 'Fresh from the bench, Robin')
    await shopper.picture('25-mail')
    const page = await press(product!.title)
    await page.getByRole('heading', { level: 1, name: product!.title }).waitFor()
    expect(new URL(page.url()).pathname).toBe(`/products/${product!.handle}`)
    simulation.world.clock.jump(5 * MINUTE) // to look at it; orders carry whole seconds
    await page.getByRole('button', { name: 'Add to cart' }).click()
    await page.getByRole('link', { name: 'Check out' }).click()
    await page.getByRole('textbox', { name: 'E-mail address' }).fill(robin)
    await page.getByRole('textbox', { name: 'First name' }).fill('Robin')
    await page.getByRole('textbox', { name: 'Last name' }).fill('Hale')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Place order' }).click()
    await page.getByRole('heading', { name: 'Thank you!' }).waitFor()
    await page.close()
    await simulation.tick()
  })

  test('the owner sees it in the report and on the home page', async () => {
    const order = [...store.orders.values()].findLast((one) => one.email === robin)!
    const money = new Intl.NumberFormat('en-GB', { style: 'currency', currency: store.currency, currencyDisplay: 'narrowSymbol' }).format(order.total / 100)
    await owner.open('/campaigns') // hours later, by the owner’s clock
    await owner.app.getByRole('link', { name: /Bench news/ }).click()
    for (const line of ['Opened', 'Clicked a link', 'Orders']) await owner.app.getByRole('button', { name: new RegExp(`^${line} ?1(?!\\d)`) }).waitFor()
    await owner.app.getByText(money, { exact: true }).first().waitFor()
    await owner.picture('26-report')
    await owner.app.getByRole('button', { name: /^Opened/ }).click()
    await owner.app.getByRole('dialog', { name: 'Who opened it' }).getByText(robin).waitFor()
    await owner.page.keyboard.press('Escape')
    await owner.page.getByRole('link', { name: 'Homing', exact: true }).click()
    await owner.app.getByRole('link', { name: new RegExp(`^Orders after your mail ?1 ?${money.replace(/[$.]/g, '\\$&')} in 30 days`) }).waitFor()
    await owner.app.getByRole('link', { name: /^Clicked by people .*1 in 30 days/ }).waitFor()
    await owner.picture('27-home')
  })

  test('the shopper leaves, and everybody knows', async () => {
    await openMail(robin, 'Fresh from the bench, Robin')
    const page = await press('Unsubscribe')
    await page.getByRole('heading', { name: 'Stop mail from Fern & Fig?' }).waitFor()
    expect(customer(robin)?.marketing.state).toBe('SUBSCRIBED') // looking changes nothing
    await page.getByRole('button', { name: 'Unsubscribe' }).click()
    await page.getByRole('heading', { name: 'You are unsubscribed' }).waitFor()
    await page.close()
    await simulation.tick()
    expect(customer(robin)?.marketing.state).toBe('UNSUBSCRIBED')
    await menu('Subscribers')
    await owner.app.getByRole('textbox', { name: 'Search people' }).fill('robin.hale')
    await owner.app.getByText('1 of 1 person who fit').waitFor()
    await owner.app.getByRole('link', { name: /Robin/ }).click()
    await heading(/Robin/).waitFor()
    await owner.app.getByText('Unsubscribed', { exact: true }).first().waitFor()
    await owner.app.getByText('Withdrew on the unsubscribe page').first().waitFor()
    await owner.picture('28-left')
  })
})

test('on a phone every page of the admin fits', async () => {
  const phone = await person(simulation, browser, { viewport: { width: 390, height: 844 }, hasTouch: true })
  const path = (): string => owner.page.url().replace(/^.*\/apps\/homing/, '')
  const profile = path()
  await menu('Campaigns')
  await owner.app.getByRole('link', { name: /Bench news/ }).click()
  await owner.app.getByText('From sent to ordered').waitFor()
  const campaign = path()
  await menu('Forms')
  await owner.app.getByRole('link', { name: 'Change it' }).first().click()
  await heading('Visitors can meet this form.').waitFor()
  const paths = ['/', '/campaigns', campaign, '/subscribers', profile, '/segments', '/segments/new', '/forms', path(), '/settings', '/settings?part=brand', '/settings?part=consent', '/settings?part=store', '/settings?part=privacy']
  const wide: string[] = []
  for (const [n, one] of paths.entries()) {
    await phone.open(one)
    await phone.app.locator('main:not(:has([aria-busy=true]))').getByRole('heading', { level: 1 }).waitFor()
    const frame = phone.page.frames().find((other) => other.url().startsWith(simulation.urls.app))!
    const over = await frame.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    if (over > 0) wide.push(`${one} by ${over}`)
    await phone.picture(`phone-${String(n).padStart(2, '0')}`)
  }
  expect(wide).toEqual([])
  expect(await phone.faults()).toEqual([])
  await phone.context.close()
})

function customer(email: string): SimCustomer | undefined {
  const id = store.customersByEmail.get(email)
  return id === undefined ? undefined : store.customers.get(id)
}
