import fc from 'fast-check'
import { Parser } from 'htmlparser2'
import { describe, expect, it } from 'vitest'
import { cleanContent } from '../app/templates/clean.ts'
import { contrast } from '../app/lib/colour.ts'
import { lookOf, readable } from '../app/templates/colours.ts'
import { compileMessage, type CompileInput } from '../app/templates/compile.ts'
import { defaultBrand, mailContent, type Block, type LeafBlock, type ProductPick } from '../app/templates/contract.ts'
import { personalise } from '../app/templates/merge.ts'
import { cleanRichText } from '../app/templates/rich-text.ts'
import { starterTemplates } from '../app/templates/starters.ts'

const shop = { name: 'Fern & Fig', url: 'https://fern-and-fig.example', locale: 'en' }
const mug: ProductPick = { productId: '1', title: 'Mug <speckled> & "blue"', imageUrl: 'https://cdn.shopify.com/mug.jpg?v=1', price: '$18.00', compareAt: '$20.00', url: 'https://fern-and-fig.example/products/mug' }
const print: ProductPick = { productId: '2', title: 'Print', imageUrl: null, price: '$30.00', compareAt: null, url: 'https://fern-and-fig.example/products/print' }
const known = new Map([[mug.productId, mug], [print.productId, print]])
const compile = (blocks: Block[], more: Partial<CompileInput> = {}) =>
  compileMessage({ content: mailContent.parse({ blocks }), brand: defaultBrand, subject: 'Hello', preheader: 'Inside', shop, products: known, ...more })
const text = (html: string): LeafBlock => ({ id: 't', type: 'text', html, align: 'left' })
const codes = (mail: { checks: { level: string; code: string }[] }, level: string): string[] => mail.checks.filter((c) => c.level === level).map((c) => c.code)

const everything: Block[] = [
  { id: 'h', type: 'heading', text: 'Hello {{ subscriber.first_name | default: "you" }}', level: 1, align: 'center' },
  text('<p>Read <a href="https://fern-and-fig.example/story?a=1&amp;b=2">our story</a> or <a href="mailto:hi@fern-and-fig.example">write</a>.</p><ul><li>one</li><li>two</li></ul>'),
  { id: 'i', type: 'image', src: 'https://fern-and-fig.example/a.jpg', alt: 'A fern', href: 'https://fern-and-fig.example/ferns', width: 536, height: 300 },
  { id: 'b', type: 'button', text: 'Shop now', href: 'https://fern-and-fig.example/all', align: 'center' },
  { id: 'p', type: 'products', picks: [mug, print], columns: 2, button: 'View' },
  { id: 'd', type: 'divider' },
  { id: 's', type: 'spacer', height: 20 },
  { id: 'c', type: 'columns', columns: [[text('left')], [text('right')]] },
]

describe('a compiled mail', () => {
  it('holds each mark exactly where it belongs: the footer once in each part, every link numbered once', async () => {
    const mail = await compile(everything)
    expect(mail.html.split('[[footer]]')).toHaveLength(2)
    expect(mail.text.split('[[footer]]')).toHaveLength(2)
    expect(mail.text.trimEnd().endsWith('[[footer]]')).toBe(true)
    expect(mail.links.map((l) => [l.n, l.url, l.label])).toEqual([
      [1, shop.url, 'Fern & Fig'],
      [2, 'https://fern-and-fig.example/story?a=1&b=2', 'our story'],
      [3, 'https://fern-and-fig.example/ferns', 'A fern'],
      [4, 'https://fern-and-fig.example/all', 'Shop now'],
      [5, mug.url, mug.title],
      [6, print.url, 'Print'],
    ])
    for (const { n } of mail.links) {
      expect(mail.html).toContain(`href="[[link:${n}]]"`)
      if (n > 1) expect(mail.text).toContain(`[[link:${n}]]`)
    }
    expect(mail.html.match(/href="(?!\[\[link:\d+\]\]"|mailto:hi@fern-and-fig\.example")/g)).toBeNull()
    expect(codes(mail, 'error')).toEqual([])
  })

  it('keeps its merge tags for later and carries them through MJML unchanged', async () => {
    const mail = await compile(everything, { subject: 'Hi {{ subscriber.first_name | default: "you" }}', preheader: 'For {{ subscriber.first_name | default: "you" }}' })
    expect(mail.html).toContain('<h1 ')
    expect(mail.html.match(/\{\{ subscriber\.first_name \| default: "you" \}\}/g)).toHaveLength(4) // title, label of the whole, preview, heading
    const seen = personalise({ subject: 's', preheader: '', ...mail }, { firstName: 'A"<b>', lastName: null, email: 'a@b.example' }, shop)
    expect(seen.html).toContain('Hello A&#34;&lt;b&gt;')
    expect(seen.html).not.toContain('{{')
  })

  it('is made for everybody: language, direction, table roles, picture words and sizes, dark mode', async () => {
    const mail = await compile(everything, { shop: { ...shop, locale: 'ar' } })
    expect(mail.html).toMatch(/<html lang="ar" dir="rtl"/)
    const tables: Record<string, string>[] = []
    const images: Record<string, string>[] = []
    new Parser({ onopentag: (name, attributes) => void (name === 'table' ? tables.push(attributes) : name === 'img' && images.push(attributes)) }).end(mail.html)
    expect(tables.length).toBeGreaterThan(5)
    expect(tables.every((t) => t.role === 'presentation')).toBe(true)
    expect(images).toHaveLength(2)
    expect(images.every((i) => i.alt && Number(i.width) > 0 && Number(i.height) > 0)).toBe(true)
    expect(images[1]!.src).toBe('https://cdn.shopify.com/mug.jpg?v=1&width=504&height=504&crop=center')
    expect(mail.html).toContain('prefers-color-scheme: dark')
    expect(mail.html).toContain('<meta name="color-scheme" content="light dark">')
    expect(mail.html).toContain('aria-label="View: Mug &lt;speckled&gt; &amp; &quot;blue&quot;"')
    expect(mail.html).not.toMatch(/[\ue000-\ue003]/)
    expect(mail.html).not.toContain('fonts.googleapis.com')
  })

  it('has a text part that says the same', async () => {
    const mail = await compile(everything)
    expect(mail.text).toContain('our story <[[link:2]]>')
    expect(mail.text).toContain('write <hi@fern-and-fig.example>')
    expect(mail.text).toContain('- one\n- two')
    expect(mail.text).toContain('Mug <speckled> & "blue"\n$18.00 ($20.00)\n[[link:5]]')
    expect(mail.text).toContain('(A fern)\n[[link:3]]')
    expect(mail.text).not.toContain('<p>')
  })

  it('shows products as the catalogue has them now, and refuses one that is gone', async () => {
    const old = { ...mug, price: '$1.00', title: 'Old name' }
    const fresh = await compile([{ id: 'p', type: 'products', picks: [old], columns: 1, button: '' }])
    expect(fresh.text).toContain('$18.00')
    expect(fresh.html).not.toContain('Old name')
    const gone = await compile([{ id: 'p', type: 'products', picks: [{ ...old, productId: '9' }], columns: 3, button: 'View' }])
    expect(gone.checks).toContainEqual(expect.objectContaining({ level: 'error', code: 'product_gone', blockId: 'p', message: expect.stringContaining('Old name') as string }))
  })

  it('cannot have its footer removed or doubled by what is written in it (L3)', async () => {
    const hostile = fc.oneof(
      fc.constantFrom('[[footer]]', '[[link:1]]', '[ [footer]]', '{{ subscriber.first_name | default: "[[footer]]" }}', '</td></tr></table></div></body></html>', '<!--', '-->', '<style>*{display:none}</style>', '<plaintext>', '<textarea>', '<![CDATA[', '</mj-text>', '<mj-raw>', '\ue0000\ue001', '&#91;[footer]]', '<svg><style>', '<title>', '<xmp>', '<base href=//x>', '<mj-include path="/etc/passwd" />'),
      fc.string({ maxLength: 20 }),
    )
    const words = fc.array(hostile, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(words, words, words, async (a, b, c) => {
        const mail = await compile(
          [text(a), { id: 'h', type: 'heading', text: b, level: 2, align: 'left' }, { id: 'b', type: 'button', text: c, href: 'https://a.example/', align: 'left' }, { id: 'i', type: 'image', src: 'https://a.example/i.png', alt: a.slice(0, 400), href: '', width: 100 }],
          { subject: b.slice(0, 200), preheader: c.slice(0, 200), shop: { ...shop, name: a.slice(0, 80) || 'x' } },
        )
        const seen = personalise({ subject: 's', preheader: '', ...mail }, { firstName: a, lastName: b, email: c }, { name: a, url: null })
        for (const part of [seen.html, seen.text]) expect(part.split('[[footer]]')).toHaveLength(2)
        // The footer stands in the body, outside anything that could swallow it.
        const open: string[] = []
        let found: string[] | null = null
        let comment = ''
        const parser = new Parser({ onopentag: (name) => void open.push(name), onclosetag: (name) => void open.splice(open.lastIndexOf(name), 1), ontext: (t) => void (t.includes('[[footer]]') && (found = [...open])), oncomment: (t) => void (comment += t) })
        parser.end(seen.html.replaceAll(/<(meta|img|br|link)\b([^>]*[^/])?>/g, '<$1$2/>'))
        expect(found).not.toBeNull()
        expect(found!.filter((name) => !['html', 'body', 'div', 'meta', 'img', 'br'].includes(name))).toEqual([])
        expect(comment).not.toContain('[[footer]]')
      }),
      { numRuns: 60 },
    )
  })
})

describe('the checks of a mail', () => {
  it('refuse what cannot be sent and say where', async () => {
    const bad = await compile(
      [
        { id: 'i1', type: 'image', src: 'https://a.example/x.png', alt: null, href: '', width: 300 },
        { id: 'i2', type: 'image', src: '', alt: '', href: '', width: 300 },
        { id: 'b1', type: 'button', text: 'Go', href: '', align: 'left' },
        { id: 'b2', type: 'button', text: ' ', href: 'https://a.example', align: 'left' },
        { id: 'p1', type: 'products', picks: [], columns: 2, button: '' },
        { id: 't1', type: 'text', html: 'Hi {{ subscriber.frist_name }}', align: 'left' },
        { id: 't2', type: 'text', html: '<a href="https://a.example/?e={{subscriber.email}}">x</a>', align: 'left' },
        { id: 't3', type: 'text', html: '<a href="javascript:alert(1)">x</a>', align: 'left' },
      ],
      { subject: '   ' },
    )
    const errors = bad.checks.filter((c) => c.level === 'error').map((c) => [c.code, c.blockId])
    expect(errors).toEqual(
      expect.arrayContaining([['image_alt', 'i1'], ['image_missing', 'i2'], ['link_missing', 'b1'], ['button_empty', 'b2'], ['products_empty', 'p1'], ['merge_tag', 't1'], ['link_merge_tag', 't2'], ['link_wrong', 't3'], ['subject_empty', null]]),
    )
    expect(bad.checks.find((c) => c.blockId === 't1')!.message).toContain('{{ subscriber.frist_name }}')
    expect(bad.html).not.toContain('javascript:')
    expect(codes(await compile([]), 'error')).toContain('no_content')
  })

  it('hint at what is only unwise: long subject, no preview text, size near and over the limit, skipped headings', async () => {
    const filler = (kb: number): Block[] => Array.from({ length: kb }, (_, i) => ({ id: `t${i}`, type: 'text', html: 'x'.repeat(1000), align: 'left' }))
    expect(codes(await compile(everything, { subject: 'x'.repeat(80), preheader: '' }), 'hint')).toEqual(expect.arrayContaining(['subject_long', 'preheader_missing']))
    expect(codes(await compile(filler(62)), 'hint')).toContain('size_near')
    expect(codes(await compile(filler(90)), 'hint')).toContain('size_over')
    expect(codes(await compile([{ id: 'a', type: 'heading', text: 'A', level: 1, align: 'left' }, { id: 'b', type: 'heading', text: 'B', level: 3, align: 'left' }]), 'hint')).toContain('heading_order')
    expect(codes(await compile(everything, { brand: { ...defaultBrand, text: '#cccccc', accentText: '#1f5132' } }), 'hint')).toEqual(expect.arrayContaining(['contrast_text', 'contrast_button']))
    const fine = await compile(everything)
    expect(codes(fine, 'ok')).toEqual(expect.arrayContaining(['subject', 'preheader', 'images', 'links', 'size', 'footer']))
  })
})

describe('the little HTML of a text block', () => {
  it('keeps what it may have and nothing else', () => {
    expect(cleanRichText('<p>A <b>b</b> <strong>c</strong> <i>d</i> <a href="https://x.example/?a=1&b=2" onclick="x" style="y">e</a><br></p><ol><li>f</li></ol>')).toBe(
      '<p>A <b>b</b> <b>c</b> <i>d</i> <a href="https://x.example/?a=1&amp;b=2">e</a><br></p><ol><li>f</li></ol>',
    )
    expect(cleanRichText('<div>one</div><div>two<p>three</p></div>')).toBe('<p>one</p><p>two</p><p>three</p>')
    expect(cleanRichText('Hi {{ subscriber.first_name | default: "there" }} &amp; you')).toBe('Hi {{ subscriber.first_name | default: "there" }} &amp; you')
    expect(cleanRichText('<p>open <b>never closed')).toBe('<p>open <b>never closed</b></p>')
  })

  it('cannot hold anything that runs, for any input, and cleaning twice changes nothing', () => {
    const piece = fc.oneof(
      fc.constantFrom('<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '<a href="java\tscript:alert(1)">', '<a href=data:text/html,x>', '<svg onload=x>', '<svg><p><style><!--</style><img src=x onerror=alert(1)>', '<math><mtext><table><mglyph><style><!--</style>', '<iframe srcdoc=x>', '<b ', '"><img src=x>', '<p>', '</p>', '<ul><li>', '</a>', '<a href="https://x.example">', '<style>', '</style>', '<!--', '-->', '&lt;script&gt;', '<ScRiPt>', '<a href=" https://y.example ">', '<template>', '<title>', '<noscript><p title="</noscript><img src=x onerror=x>">', '<object data=x>', '<form action=x><input>', '<a\u0000href=javascript:x>'),
      fc.string({ maxLength: 10 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
        const clean = cleanRichText(parts.join(''))
        expect(clean.replace(/<\/?(b|i|u|p|ul|ol|li)>|<br>|<a>|<\/a>|<a href="(https?:\/\/|mailto:)[^"<>]*">/g, '')).not.toMatch(/[<>]/)
        expect(cleanRichText(clean)).toBe(clean)
      }),
      { numRuns: 1000 },
    )
  })

  it('is cleaned in columns too', () => {
    const content = cleanContent(mailContent.parse({ blocks: [{ id: 'c', type: 'columns', columns: [[text('<script>x</script>a')], [text('<u>b</u>')]] }] }))
    expect(JSON.stringify(content)).not.toContain('script')
    expect(JSON.stringify(content)).toContain('<u>b</u>')
  })
})

describe('colours', () => {
  it('can be read on any ground, in daylight and in the dark', () => {
    const colour = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map((rgb) => '#' + rgb.map((v) => v.toString(16).padStart(2, '0')).join(''))
    fc.assert(
      fc.property(colour, colour, colour, colour, colour, (background, surface, words, accent, accentText) => {
        const look = lookOf({ ...defaultBrand, background, surface, text: words, accent, accentText })
        for (const side of [look.light, look.dark]) {
          expect(contrast(side.link, side.surface)).toBeGreaterThanOrEqual(4.5)
          expect(contrast(side.quiet, side.surface)).toBeGreaterThanOrEqual(4.5)
          expect(contrast(side.outside, side.background)).toBeGreaterThanOrEqual(4.5)
        }
        expect(contrast(look.dark.text, look.dark.surface)).toBeGreaterThanOrEqual(7)
        expect(contrast(look.dark.buttonText, look.dark.button)).toBeGreaterThanOrEqual(4.5)
        expect(contrast(readable(words, surface), surface)).toBeGreaterThanOrEqual(4.5)
      }),
    )
  })
})

describe('the starter mails', () => {
  it('are six that can be sent as they are when the shop has products, and stop at empty product blocks when it has none', async () => {
    const products = Array.from({ length: 6 }, (_, i) => ({ ...mug, productId: String(i) }))
    const full = starterTemplates({ shop, products })
    expect(full.map((t) => t.id)).toEqual(['announcement', 'new-products', 'sale', 'story', 'digest', 'thank-you'])
    for (const starter of full) {
      const mail = await compile(starter.content.blocks, { ...starter, products: new Map(products.map((p) => [p.productId, p])) })
      expect([starter.id, codes(mail, 'error'), codes(mail, 'hint')]).toEqual([starter.id, [], []])
      expect(Buffer.byteLength(mail.html)).toBeLessThan(60_000)
    }
    for (const starter of starterTemplates({ shop, products: [] })) {
      const mail = await compile(starter.content.blocks, { ...starter, products: new Map() })
      const waits = starter.content.blocks.some((b) => b.type === 'products')
      expect([starter.id, codes(mail, 'error')]).toEqual([starter.id, waits ? ['products_empty'] : []])
    }
  })

  it('is drawn within two seconds even when somebody tries to make it hard', async () => {
    const nested = '<ul><li>'.repeat(1000) + '<p><b>'.repeat(1000) + '{{'.repeat(2000)
    const begun = performance.now()
    await compile(Array.from({ length: 15 }, (_, i) => ({ id: `t${i}`, type: 'text', html: nested.slice(0, 20_000), align: 'left' }) as Block))
    expect(performance.now() - begun).toBeLessThan(2000)
  })
})
