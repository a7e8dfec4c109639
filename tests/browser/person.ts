import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, FrameLocator, Page } from 'playwright-core'
import type { Simulation } from '../../simulator/servers.ts'

/** Somebody with a browser of their own. Each is watched: see `faults`. */
export interface Person {
  context: BrowserContext
  page: Page
  /** The app inside the host page's frame. */
  app: FrameLocator
  /** The host page's bar and menu are outside the frame: open the app at one of its addresses. */
  open(path: string, store?: string): Promise<void>
  /**
   * What must not be, since the last call: errors in a console, scripts that broke, cookies from the app, requests to another machine.
   * `allowed` are errors that the test itself brought about.
   */
  faults(allowed?: RegExp): Promise<string[]>
  /** Keeps a picture of the window in the folder SCREENSHOTS, when that is set. */
  picture(name: string): Promise<void>
}

// As people's browsers call themselves: one that says it has no window counts as a machine, rightly.
const userAgent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'

export async function person(simulation: Simulation, browser: Browser, options: BrowserContextOptions = {}): Promise<Person> {
  const { urls } = simulation
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, userAgent, reducedMotion: 'reduce', ...options })
  context.setDefaultTimeout(20_000)
  let found: string[] = []
  const cookies: Promise<void>[] = []
  context.on('console', (message) => message.type() === 'error' && found.push(`console: ${message.text()} (${message.location().url})`))
  context.on('weberror', (fault) => found.push(`script: ${fault.error().message}`))
  context.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url())
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') found.push(`request to ${request.url()}`)
  })
  context.on('response', (response) => {
    if (!response.url().startsWith(urls.app)) return
    const looked = response.headerValue('set-cookie').then(
      (cookie) => void (cookie !== null && found.push(`cookie from the app: ${cookie}`)),
      () => undefined, // the page is gone
    )
    cookies.push(looked)
  })
  const page = await context.newPage()
  return {
    context,
    page,
    app: page.frameLocator('iframe[title="Homing"]'),
    async open(path, store = 'fern-and-fig') {
      await page.goto(`${urls.admin}/store/${store}/apps/homing${path}`)
    },
    async faults(allowed) {
      await Promise.all(cookies.splice(0))
      const all = found
      found = []
      return all.filter((fault) => !allowed?.test(fault))
    },
    async picture(name) {
      const folder = process.env.SCREENSHOTS
      if (!folder) return
      mkdirSync(folder, { recursive: true })
      await page.screenshot({ path: join(folder, `${name}.png`) })
    },
  }
}
