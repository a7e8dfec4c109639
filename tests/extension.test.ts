import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { blockSchema, resolveTranslations } from '../scripts/block-schema.ts'
import { checkExtension, checkFiles } from '../scripts/theme-check.ts'
import { renderBlock, setBlockSettings } from '../simulator/storefront/extension.ts'
import { createStore, createWorld } from '../simulator/world.ts'
import { tempFolder } from './setup.ts'

const real = join(import.meta.dirname, '../extensions/homing-storefront')
const folder = tempFolder()
const copy = join(folder.path, 'extension')
afterAll(() => folder.remove())
beforeEach(() => {
  rmSync(copy, { recursive: true, force: true })
  cpSync(real, copy, { recursive: true })
})
const read = (file: string): string => readFileSync(join(copy, file), 'utf8')
const write = (file: string, text: string): void => writeFileSync(join(copy, file), text)
const change = (file: string, from: string, to: string): void => {
  expect(read(file)).toContain(from)
  write(file, read(file).replace(from, to))
}

describe('the theme app extension as it is', () => {
  test('passes the linter and our own check, and files were really looked at', async () => {
    const report = await checkExtension(real)
    expect(report.problems).toEqual([])
    expect(report.files).toBeGreaterThan(10)
  })

  test('costs a page under 4,000 bytes before the pop-up opens, and under 10,000 with everything', () => {
    const compressed = (file: string): number => gzipSync(readFileSync(join(real, 'assets', file)), { level: 9 }).length
    expect(compressed('homing-popup.js')).toBeLessThan(4_000)
    expect(readdirSync(join(real, 'assets')).reduce((sum, file) => sum + compressed(file), 0)).toBeLessThan(10_000)
  })

  test('has no road for a text to become markup, and sets no cookie', () => {
    for (const file of readdirSync(join(real, 'assets')).filter((name) => name.endsWith('.js'))) {
      expect(readFileSync(join(real, 'assets', file), 'utf8')).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|srcdoc|\.cookie/)
    }
  })
})

describe('the check finds what would be refused', () => {
  const block = 'blocks/popup.liquid'
  const faults: [string, () => void, RegExp][] = [
    ['an unknown target', () => change(block, '"target": "body"', '"target": "footer"'), /target/],
    ['a name of more than 25 characters', () => change(block, '"t:popup.name"', '"A pop-up window with a form in it"'), /25/],
    ['a name with the app’s name', () => change(block, '"t:popup.name"', '"Homing pop-up"'), /app’s name/],
    ['a word that the editor’s locale lacks', () => change(block, '"t:popup.name"', '"t:popup.nothing"'), /name/],
    ['the same id twice', () => change(block, '"id": "proxy_path"', '"id": "show_in_editor"'), /twice/],
    ['a default out of range', () => change('blocks/signup.liquid', '"unit": "px", "default": 6', '"unit": "px", "default": 60'), /out of range/],
    ['a default that is no option', () => change('blocks/signup.liquid', '"default": "left"', '"default": "middle"'), /among the options/],
    ['both enabled_on and disabled_on', () => change('blocks/signup.liquid', '"disabled_on"', '"enabled_on": { "templates": ["*"] }, "disabled_on"'), /exclude/],
    ['an unknown kind of setting', () => change(block, '"type": "checkbox"', '"type": "tickbox"'), /settings/],
    ['an unknown key', () => change(block, '"target": "body"', '"target": "body", "colour": "red"'), /colour/],
    ['a script that is not there', () => change(block, '"homing-popup.js"', '"nothing.js"'), /nothing\.js is missing/],
    ['a block without a schema', () => write('blocks/bare.liquid', '<p></p>'), /bare\.liquid: no schema/],
    ['a locale file over 15 KB', () => write('locales/de.json', JSON.stringify({ x: 'ä'.repeat(9_000) })), /locales\/de\.json bytes: \d+, more than 15000/],
    ['more than 100 KB of Liquid', () => write('snippets/big.liquid', 'x'.repeat(100_001)), /bytes of Liquid/],
    ['a script over the budget', () => write('assets/noise.js', Array.from({ length: 6_000 }, (_, n) => Math.sin(n).toString(36)).join('')), /noise\.js compressed bytes/],
    ['more than 30 blocks', () => { for (let n = 0; n < 30; n++) write(`blocks/more${n}.liquid`, read(block)) }, /blocks: 32, more than 30/],
  ]
  test.each(faults)('%s', (_, spoil, words) => {
    expect(checkFiles(copy)).toEqual([])
    spoil()
    expect(checkFiles(copy).join('\n')).toMatch(words)
  })

  test('a missing translation and a blocking script, by the linter', async () => {
    change(block, "'popup.close' | t", "'popup.shut' | t")
    write('snippets/slow.liquid', '<script src="https://example.com/x.js"></script>')
    const { problems } = await checkExtension(copy)
    expect(problems.join('\n')).toMatch(/popup\.shut/)
    expect(problems.join('\n')).toMatch(/slow\.liquid/)
  })

  test('a schema of nothing but the needed keys is fine', () => {
    expect(blockSchema.safeParse(resolveTranslations({ name: 't:a.b', target: 'section' }, { a: { b: 'Form' } })).success).toBe(true)
  })
})

describe('the blocks as a shopper’s browser gets them', () => {
  const world = createWorld({ seed: 1, urls: { app: '', doors: '', admin: '', cdn: '', platform: '', storefront: () => '' } })
  const store = createStore(world, { domain: 'hostile.myshopify.com', name: 'Fern & "Fig" <script>alert(1)</script>' })
  const context = (locale: string): Record<string, unknown> => ({ shop: { name: store.name }, request: { locale: { iso_code: locale }, path: '/' } })

  test('the inline form is whole without script', async () => {
    setBlockSettings(store, 'signup', {})
    const { html, scripts, styles } = await renderBlock(store, 'signup', context('en'))
    expect(html).toMatch(/<form[^>]*method="post"[^>]*action="\/apps\/homing\/signup"/)
    for (const name of ['email', 'formId', 'version', 'language', 'page', 'website']) expect(html).toContain(`name="${name}"`)
    expect(html).toMatch(/<label for="([\w-]+)"[^>]*>E-mail address<\/label>\s*<input\s+id="\1"/)
    expect(scripts.join()).toContain('homing-form.js')
    expect(styles.join()).toContain('homing.css')
    expect(html).not.toMatch(/checked/)
  })

  test.each([['en', 'Sign me up'], ['de', 'Anmelden'], ['fr', 'Je m’inscris'], ['ja', 'Sign me up']])('speaks the shopper’s language: %s', async (locale, button) => {
    setBlockSettings(store, 'signup', {})
    const { html } = await renderBlock(store, 'signup', context(locale))
    expect(html).toContain(button)
    expect(html).not.toContain('Translation missing')
  })

  test('hostile settings and a hostile shop name stay text', async () => {
    const nasty = '"><img src=x onerror=alert(1)><script>alert(2)</script>\'{{ shop.name }}'
    setBlockSettings(store, 'signup', { heading: nasty, text: nasty, button: nasty, consent: nasty, proxy_path: nasty, ask_name: true })
    setBlockSettings(store, 'popup', { proxy_path: nasty })
    for (const handle of ['signup', 'popup']) {
      const { html } = await renderBlock(store, handle, context('en'))
      expect(html).not.toMatch(/<(script|img)/i)
      // Every quote of the setting was escaped, so no attribute ended early.
      expect(html.match(/<[a-z][^<>]*>/g)!.filter((tag) => /\sonerror\s*=/.test(tag.replace(/"[^"]*"/g, '')))).toEqual([])
    }
    setBlockSettings(store, 'signup', {})
    expect((await renderBlock(store, 'signup', context('en'))).html).toContain('Fern &amp; &#34;Fig&#34; &lt;script&gt;')
  })
})
