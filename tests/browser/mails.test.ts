import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { footer, placeFooter } from '../../app/deliveries/footer.ts'
import { compileMessage } from '../../app/templates/compile.ts'
import { defaultBrand, mailContent, type Block, type ProductPick } from '../../app/templates/contract.ts'
import { personalise } from '../../app/templates/merge.ts'
import { starterTemplates } from '../../app/templates/starters.ts'
import { launchBrowser } from './launch.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const shop = { name: 'Fern & Fig', url: 'https://fern-and-fig.example', locale: 'en' }
const products: ProductPick[] = Array.from({ length: 6 }, (_, i) => ({ productId: String(i), title: `Stoneware pot number ${i}`, imageUrl: `https://cdn.shopify.com/${i}.svg`, price: `$${18 + i}.00`, compareAt: i % 2 ? `$${30 + i}.00` : null, url: `https://fern-and-fig.example/products/${i}` }))
const known = new Map(products.map((p) => [p.productId, p]))
const end = footer({ kind: 'campaign', language: 'en', senderName: 'Fern & Fig', postalAddress: '1 Fern Street\nPortland', shopName: 'Fern & Fig', unsubscribeUrl: 'https://app.example/u/x', preferencesUrl: 'https://app.example/p/x' })

/** The mail as it arrives at Ada. */
async function arriving(blocks: Block[], subject: string, preheader: string, brand = defaultBrand): Promise<string> {
  const mail = await compileMessage({ content: mailContent.parse({ blocks }), brand, subject, preheader, shop, products: known })
  const filled = personalise({ ...mail, subject, preheader }, { firstName: 'Ada', lastName: null, email: 'ada@example.com' }, shop)
  return placeFooter(filled.html, end.html, 'html').replace(/\[\[link:(\d+)\]\]/g, 'https://app.example/c/x/$1')
}

async function open(html: string, look: { width: number; dark?: boolean }): Promise<{ page: Page; asked: string[] }> {
  const page = await browser.newPage({ viewport: { width: look.width, height: 900 }, colorScheme: look.dark ? 'dark' : 'light' })
  const asked: string[] = []
  await page.route('**/*', (route) => {
    asked.push(route.request().url())
    return route.fulfill({ contentType: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="600"><rect width="600" height="600" fill="#8aa68f"/></svg>' })
  })
  await page.setContent(html, { waitUntil: 'load' })
  return { page, asked }
}

interface Violation {
  id: string
  nodes: { html: string }[]
}

const looks = [{ name: 'on a computer', width: 700 }, { name: 'on a phone', width: 375 }, { name: 'in the dark', width: 700, dark: true }, { name: 'in the dark on a phone', width: 375, dark: true }]

describe('the starter mails in a real browser', () => {
  it.each(looks)('have no accessibility fault, fit, and have buttons that a thumb can hit: $name', async (look) => {
    for (const starter of starterTemplates({ shop, products })) {
      const { page } = await open(await arriving(starter.content.blocks, starter.subject, starter.preheader), look)
      await page.addScriptTag({ content: axe })
      const violations = await page.evaluate(async () => {
        const run = (globalThis as unknown as { axe: { run: (on: unknown, options: unknown) => Promise<{ violations: Violation[] }> } }).axe.run
        const found = await run('body', { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
        return found.violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 120))])
      })
      expect([starter.id, violations]).toEqual([starter.id, []])
      expect([starter.id, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([starter.id, 0])
      const heights = await page.locator('.hm-button a').evaluateAll((links) => links.map((link) => (link as unknown as { getBoundingClientRect(): { height: number } }).getBoundingClientRect().height))
      expect(heights.length).toBeGreaterThan(0)
      expect(Math.min(...heights)).toBeGreaterThanOrEqual(44)
      const sizes = await page.locator('.hm-text div, .hm-text p, .hm-text strong').evaluateAll((all) => all.map((e) => Number.parseFloat((globalThis as unknown as { getComputedStyle(x: unknown): { fontSize: string } }).getComputedStyle(e).fontSize)))
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(14)
      await page.close()
    }
  })
})

describe('hostile content in a real browser', () => {
  const attacks = [
    '<script>window.ran=1</script>', '<img src=x onerror="window.ran=1">', '<svg onload="window.ran=1">', '<a href="javascript:window.ran=1">x</a>', '"><script>window.ran=1</script>', "'><img src=https://canary.example/a onerror=window.ran=1>",
    '<iframe src="https://canary.example/">', '<style>@import "https://canary.example/s";*{display:none!important}</style>', '<link rel=stylesheet href=https://canary.example/l>', '<base href="https://canary.example/">', '<meta http-equiv=refresh content="0;url=https://canary.example/">',
    '</td></tr></table></div></div><!--', '<!--', ']]>', '<plaintext>', '<textarea>', '<xmp>', '<noscript><p title="</noscript><img src=x onerror=window.ran=1>">', '<div style="position:fixed;inset:0;background:#fff;z-index:99">', '<form action=https://canary.example/><button>go</button>',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.ran=1&gt;">', '[[footer]]', '[[link:1]]', '{{ shop.name }}', '<p><b><i><u>', '</mj-text></mj-column>', '<mj-raw><script>window.ran=1</script></mj-raw>', '&lt;script&gt;window.ran=1&lt;/script&gt;', '\u202e', '&#x3c;script&#x3e;',
  ]

  it('runs nothing, asks nobody, and cannot hide the footer (X2, L3)', async () => {
    const words = fc.array(fc.constantFrom(...attacks), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(' '))
    const rounds = fc.sample(fc.tuple(words, words, words), { numRuns: 12, seed: 11 })
    const all = [...attacks.map((a) => [a, a, a] as [string, string, string]), ...rounds]
    for (const [a, b, c] of all) {
      const blocks: Block[] = [
        { id: 't', type: 'text', html: a, align: 'left' },
        { id: 'h', type: 'heading', text: b, level: 1, align: 'left' },
        { id: 'b', type: 'button', text: c, href: 'https://fern-and-fig.example/', align: 'left' },
        { id: 'i', type: 'image', src: 'https://cdn.shopify.com/i.svg', alt: a.slice(0, 400), href: '', width: 100 },
        { id: 'p', type: 'products', picks: [{ ...products[0]!, productId: 'gone', title: b, url: a, imageUrl: c, price: a }], columns: 1, button: b.slice(0, 60) },
        { id: 'c', type: 'columns', columns: [[{ id: 'x', type: 'text', html: c, align: 'left' }], [{ id: 'y', type: 'text', html: b, align: 'right' }]] },
      ]
      const { page, asked } = await open(await arriving(blocks, a.slice(0, 200), b.slice(0, 200)), { width: 700 })
      expect(asked.filter((url) => !url.startsWith('https://cdn.shopify.com/'))).toEqual([])
      expect(await page.evaluate('window.ran')).toBeUndefined()
      const leave = page.getByRole('link', { name: 'Unsubscribe', exact: true })
      expect(await leave.count()).toBe(1)
      expect(await leave.isVisible()).toBe(true)
      const onTop = await leave.evaluate((link) => {
        const e = link as unknown as { scrollIntoView(): void; getBoundingClientRect(): { x: number; y: number; width: number; height: number }; contains(x: unknown): boolean; ownerDocument: { elementFromPoint(x: number, y: number): unknown } }
        e.scrollIntoView()
        const at = e.getBoundingClientRect()
        return e.contains(e.ownerDocument.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2)) && at.height >= 11
      })
      expect([a, b, c, onTop]).toEqual([a, b, c, true])
      await page.close()
    }
  })
})
