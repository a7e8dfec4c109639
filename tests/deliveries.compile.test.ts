import fc from 'fast-check'
import { Liquid } from 'liquidjs'
import { describe, expect, test } from 'vitest'
import { compileMail, type Recipient } from '../app/deliveries/compile-mail.ts'
import { footer, placeFooter } from '../app/deliveries/footer.ts'
import type { Run } from '../app/deliveries/run.ts'
import { withSource } from '../app/deliveries/targets.ts'
import { readSettings } from '../app/env.ts'
import { newId } from '../app/lib/ids.ts'
import { readLink, readMessageLink } from '../app/lib/tokens.ts'
import { checkMail } from '../app/mail/check.ts'
import { mailOf } from '../app/mail/shared.ts'
import { oneLine } from '../app/templates/merge.ts'
import { html } from './campaign.ts'
import { testEnv } from './app.ts'
import { contextOf, person as anybody, plainWords, template, valueTag } from './merge-arbitraries.ts'

const app = { url: 'https://app.example.test', settings: readSettings(testEnv) }
const at = new Date('2026-11-22T10:00:00Z')
const ids = { shopId: newId(at), messageId: newId(at), subscriberId: newId(at) }
const run = (change: Partial<Run['message']> = {}): Run => ({
  shopId: ids.shopId,
  messageId: ids.messageId,
  message: {
    shopId: ids.shopId, id: ids.messageId, kind: 'campaign', subject: 'For {{ subscriber.first_name | default: "you" }}', preheader: '', html, text: 'Hi\n[[link:1]]\n[[footer]]', fromName: 'Fern & Fig',
    fromEmail: 'ada@fern-and-fig.example', replyTo: '', language: 'en', way: 'individual', createdAt: at, ...change,
  },
  shop: { name: 'Fern & Fig', url: 'https://www.fernandfig.example', domain: 'fern-and-fig.myshopify.com', status: 'installed', currency: 'USD' },
  settings: { tracking: 'by_law', postalAddress: '1 Fern Street\nPortland OR 97201' },
  campaign: { name: 'Früh­lings-Sale!', status: 'sending' },
  links: new Map([[1, 'https://www.fernandfig.example/products/pot?a=1&b=2'], [2, 'https://elsewhere.example/page?x=1'], [3, 'mailto:ada@fern-and-fig.example']]),
})
const person = (change: Partial<Recipient> = {}): Recipient => ({ subscriberId: ids.subscriberId, email: 'nora@example.org', key: newId(at), firstName: 'Nora', lastName: null, track: true, ...change })

describe('a mail for one person', () => {
  test('tracked: links and the picture carry tokens that name the person to us and to nobody else', () => {
    const mail = compileMail(app, run()).one(person())
    const token = /\/c\/([^/"]+)\/1"/.exec(mail.html)?.[1] ?? ''
    expect(readLink(app.settings.keys, 'click', token)).toEqual(ids)
    expect(readLink(app.settings.keys, 'unsubscribe', token)).toBeNull()
    expect(readLink(app.settings.keys, 'open', /\/o\/([^"]+)"/.exec(mail.html)?.[1] ?? '')).toEqual(ids)
    expect(mail.html).not.toContain('fernandfig.example/products')
    expect(mail.html).toContain('href="mailto:ada@fern-and-fig.example"')
    expect(mail.subject).toBe('For Nora')
    expect(mail.html).toContain('Hello Nora')
    for (const url of mail.html.match(/https?:\/\/[^"\s<]+/g) ?? []) expect(url).not.toMatch(/nora|example\.org/i)
  })

  test('not tracked: no picture, no link of theirs alone, only the way out', () => {
    const mail = compileMail(app, run()).one(person({ track: false }))
    expect(mail.html).not.toMatch(/\/o\/|\/c\//)
    expect(mail.text).not.toMatch(/\/c\//)
    expect(mail.html).toContain('href="https://www.fernandfig.example/products/pot?a=1&amp;b=2&amp;utm_source=homing&amp;utm_medium=email&amp;utm_campaign=fruh-lings-sale"')
    expect(mail.html).toContain('href="https://elsewhere.example/page?x=1"')
    expect(mail.html).toContain('/u/')
  })

  test('the headers of bulk mail: one https address, exactly the right words, a message id that stays', () => {
    const to = person()
    const [one, two] = [compileMail(app, run()).one(to), compileMail(app, run()).one(to)]
    expect(one.headers['List-Unsubscribe']).toMatch(/^<https:\/\/app\.example\.test\/u\/[^\s<>,]+>$/)
    expect(one.headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click')
    expect(readLink(app.settings.keys, 'unsubscribe', one.headers['List-Unsubscribe']!.slice(1, -1).split('/u/')[1]!)).toEqual(ids)
    expect(one.headers['Message-ID']).toBe(`<${to.key}@fern-and-fig.example>`)
    expect(two).toEqual(one)
    expect(checkMail(one)).toBeNull()
  })

  test('a name cannot become a link, a footer, a header or markup', () => {
    for (const firstName of ['[[footer]]', '[[link:1]]', '<script>alert(1)</script>', 'A\r\nBcc: b@example.org', '{{ subscriber.email }}', '"><img src=x>']) {
      const mail = compileMail(app, run()).one(person({ firstName }))
      expect(mail.html.match(/1 Fern Street/g)).toHaveLength(1)
      expect(mail.html.match(/\/c\/[^/"]+\/1"/g)).toHaveLength(1)
      expect(mail.html).not.toMatch(/<script|<img src=x/)
      expect(mail.html).not.toContain('nora@example.org')
      expect(checkMail(mail)).toBeNull()
    }
  })

  test('a hostile sender or address is stopped at the edge', () => {
    expect(checkMail(compileMail(app, run()).one(person({ email: 'nora@example.org\r\nBcc: b@example.org' })))).toMatchObject({ kind: 'refused', badAddress: true })
    expect(compileMail(app, run({ fromName: 'Ada\r\nBcc: x@example.org' })).one(person()).from.name).not.toMatch(/[\r\n]/)
    expect(checkMail(compileMail(app, run({ fromEmail: 'ada@a.example\nX: y' })).one(person()))).toMatchObject({ kind: 'refused' })
  })
})

describe('the footer', () => {
  const wanted = ['Fern &amp; Fig', '1 Fern Street, Portland OR 97201', 'Unsubscribe', 'Preferences']

  test('stands once in every mail, however the template treats its mark', () => {
    const bodies = [
      html,
      '<html><body><p>no mark</p></body></html>',
      'no body at all',
      '',
      '<html><body><div style="display:none">[[footer]]</div><p>x</p>[[footer]]</body></html>',
      '[[footer]]'.repeat(20),
      '<html><body>[[foo[[footer]]ter]]</body></html>',
      '<html><BODY>x</BODY></html>',
      '<style>table,p,a{display:none;color:#fff;font-size:0}</style>[[footer]]',
    ]
    for (const body of bodies) {
      const mail = compileMail(app, run({ html: body, text: body })).one(person())
      for (const words of wanted) expect(mail.html, body).toContain(words)
      expect(mail.html.match(/1 Fern Street/g), body).toHaveLength(1)
      expect(mail.text.match(/1 Fern Street/g), body).toHaveLength(1)
      expect(mail.html).toMatch(/<a href="https:\/\/app\.example\.test\/u\//)
      expect(mail.text).toMatch(/Unsubscribe: https:\/\/app\.example\.test\/u\//)
    }
  })

  test('is set in at the last mark, so that a hidden one before it cannot take it in', () => {
    expect(placeFooter('<div hidden>[[footer]]</div>[[footer]]', 'F', 'html')).toBe('<div hidden></div>F')
  })

  test('keeps its own look: large enough, dark on white, important, never hidden', () => {
    const parts = { kind: 'campaign' as const, language: 'en', senderName: 'A', postalAddress: 'B', shopName: 'C', unsubscribeUrl: 'https://u.example', preferencesUrl: 'https://p.example' }
    const made = footer(parts).html
    for (const size of made.matchAll(/font-size:(\d+)px !important/g)) expect(Number(size[1])).toBeGreaterThanOrEqual(11)
    expect(made.match(/<(p|a|table|td)\b/g)!.length).toBe(made.match(/<(p|a|table|td)[^>]*visibility:visible !important/g)!.length)
    const [text, ground] = [/[^-]color:(#\w{6})/.exec(made)![1]!, /background-color:(#\w{6})/.exec(made)![1]!]
    expect(contrast(text, ground)).toBeGreaterThanOrEqual(4.5)
  })

  test('speaks the language of the mail', () => {
    const parts = { kind: 'campaign' as const, senderName: 'A', postalAddress: 'B', shopName: 'C$&', unsubscribeUrl: 'https://u.example', preferencesUrl: 'https://p.example' }
    expect(footer({ ...parts, language: 'de-AT' }).text).toContain('Abmelden')
    expect(footer({ ...parts, language: 'fr' }).text).toContain('Se désabonner')
    expect(footer({ ...parts, language: 'pt' }).text).toContain('Unsubscribe')
    expect(footer({ ...parts, language: 'de' }).text).toContain('C$&')
  })

  test('a confirmation says who sends it and why, and has no list to leave', () => {
    const mail = compileMail(app, run({ kind: 'confirmation', subject: 'Please confirm' })).one(person())
    expect(mail.html).toContain('somebody entered this address at Fern &amp; Fig')
    expect(mail.html).not.toMatch(/Unsubscribe|\/o\/|\/c\//)
    expect(mail.headers['Auto-Submitted']).toBe('auto-generated')
  })
})

test('where the visit came from is added to the store’s own addresses only, and never twice', () => {
  const shop = { url: 'https://www.fernandfig.example', domain: 'fern-and-fig.myshopify.com' }
  expect(withSource('https://fernandfig.example/', shop, 'Spring Sale')).toBe('https://fernandfig.example/?utm_source=homing&utm_medium=email&utm_campaign=spring-sale')
  expect(withSource('https://fern-and-fig.myshopify.com/a?utm_source=x', shop, 'Ü')).toBe('https://fern-and-fig.myshopify.com/a?utm_source=x&utm_medium=email&utm_campaign=u')
  expect(withSource('https://fernandfig.example.evil.example/', shop, 'S')).toBe('https://fernandfig.example.evil.example/')
  expect(withSource('javascript:alert(1)', shop, 'S')).toBe('javascript:alert(1)')
})

describe('a message compiled once', () => {
  const signed = (path: string, purpose: 'click' | 'unsubscribe') => (html: string) => [...new Set([...html.matchAll(new RegExp(`/${path}/([^/"<>\\s]+)`, 'g'))].map((found) => found[1]!))].map((token) => readLink(app.settings.keys, purpose, token))

  test('says what LiquidJS says, in HTML and in text, for any template and any person', () => {
    const shop = { name: 'Fern & Fig', url: 'https://www.fernandfig.example' }
    const [plain, escaping] = [new Liquid(), new Liquid({ outputEscape: 'escape' })]
    fc.assert(
      fc.property(template, anybody, (source, who) => {
        const to = person({ ...who, store: who.store ?? null, track: false })
        const mail = compileMail(app, run({ subject: source, html: `${source}[[footer]]`, text: `${source}[[footer]]` })).one(to)
        const context = { subscriber: contextOf(who), shop }
        const [html, text] = [escaping.parseAndRenderSync(source, context) as string, plain.parseAndRenderSync(source, context) as string]
        expect(mail.html.startsWith(html) && mail.html.slice(html.length).startsWith('<table')).toBe(true)
        expect(mail.text.startsWith(text) && mail.text.slice(text.length).startsWith('--\n')).toBe(true)
        expect(mail.subject).toBe(oneLine(text) || 'Fern & Fig')
        for (const half of ['html', 'text'] as const) expect(mail.pieces![half].map((piece) => (typeof piece === 'string' ? piece : piece.words)).join('')).toBe(mail[half])
      }),
      { numRuns: 300 },
    )
  })

  test('is, merged by the provider, the very mail that one person gets alone', () => {
    const body = fc.array(fc.oneof(plainWords, valueTag, fc.constantFrom('[[link:1]]', '[[link:2]]', '[[link:3]]', '[[link:9]]', '[[footer]]', '</body>')), { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(body, body, valueTag, anybody, (html, text, subject, who) => {
        const compiled = compileMail(app, run({ html, text, subject }))
        const to = person({ ...who, store: null })
        fc.pre(compiled.shared !== null) // the address in many ways may be more than a provider takes
        const { headers, pieces, ...alone } = compiled.one(to)
        const { 'Message-ID': id, ...others } = headers
        expect(mailOf(compiled.shared!, { key: to.key, to: to.email, values: compiled.valuesOf(to) })).toMatchObject({ ...alone, headers: others })
        expect(id).toContain(to.key)
        expect(pieces).toBeDefined()
      }),
      { numRuns: 500 },
    )
  })

  test('ends with the footer once, leads nowhere but to its own links and out, and takes nothing that a value brings', () => {
    const villains = ['[[footer]]', '[footer]]', '[[link:1]]', '[link:1]]', '{{ subscriber.email }}', '{ subscriber.email }}', '{% if subscriber.email %}', '</body>', '<a href="https://evil.example">', '"><script>', '\r\nBcc: x@example.org', '$&', '\ue000', '\ue001']
    const villain = fc.array(fc.constantFrom(...villains, 'Ada', ' '), { maxLength: 4 }).map((parts) => parts.join(''))
    const body = fc.array(fc.oneof(plainWords, valueTag, fc.constantFrom('[', '{', '[[', '[[foo', 'ter]]', '<[[link:1]]>', '<[[link:2]]>', '<[[link:3]]>', '[[footer]]', '</body>', '</BODY>', '<div hidden>', 'İ')), { maxLength: 14 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(body, villain, villain, fc.boolean(), (source, firstName, lastName, track) => {
        const compiled = compileMail(app, run({ html: source, text: source, subject: 'Hi {{ subscriber.first_name }}{{ subscriber.last_name }}' }))
        const to = person({ firstName, lastName, track })
        const times = (text: string): number => source.split(`[[link:${text}]]`).length - 1
        const merged = compiled.shared ? [mailOf(compiled.shared, { key: to.key, to: to.email, values: compiled.valuesOf(to) })] : []
        for (const mail of [compiled.one(to), ...merged]) {
          for (const part of [mail.html, mail.text]) {
            expect(part.match(/1 Fern Street/g)).toHaveLength(1)
            expect(signed('u', 'unsubscribe')(part)).toEqual([ids])
          }
          expect(mail.html.match(/<a href="https:\/\/app\.example\.test\/u\//g)).toHaveLength(1)
          expect(mail.html).not.toMatch(/<script|<a href="https:\/\/evil/)
          const counted = mail.html.match(/\/c\/[^/"<>\s]+\/\d+>/g) ?? []
          expect(counted.every((link) => /\/[12]>$/.test(link))).toBe(true)
          if (track) expect(counted).toHaveLength(times('1') + times('2'))
          expect(mail.subject).not.toMatch(/[\r\n]/)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('gives those who may not be tracked nothing of their own but the way out', () => {
    const compiled = compileMail(app, run())
    const other = newId(at)
    const [one, two] = [compiled.valuesOf(person({ track: false })), compiled.valuesOf(person({ track: false, subscriberId: other }))]
    const differ = one.flatMap((value, n) => (value === two[n] ? [] : [n]))
    expect(differ).toHaveLength(1)
    expect(compiled.shared!.headers['List-Unsubscribe']).toContainEqual({ value: differ[0] })
    const mail = mailOf(compiled.shared!, { key: 'k', to: 'nora@example.org', values: one })
    expect(mail.html).not.toMatch(/<img|\/o\//)
    const token = /\/c\/([^/"]+)\/1"/.exec(mail.html)![1]!
    expect(readLink(app.settings.keys, 'click', token)).toBeNull()
    expect(readMessageLink(app.settings.keys, token)).toEqual({ shopId: ids.shopId, messageId: ids.messageId })
  })

  test('leads straight to its targets for everybody where the shop counts nothing', () => {
    const off: Run = { ...run(), settings: { ...run().settings, tracking: 'off' } }
    const compiled = compileMail(app, off)
    const mail = mailOf(compiled.shared!, { key: 'k', to: 'nora@example.org', values: compiled.valuesOf(person()) })
    for (const html of [mail.html, compiled.one(person()).html]) {
      expect(html).not.toMatch(/\/c\/|\/o\/|<img/)
      expect(html).toContain('href="https://elsewhere.example/page?x=1"')
    }
  })

  test('is shared only where its mails differ in values, and these are few enough for the provider', () => {
    expect(compileMail(app, run({ html: '<p>{% if subscriber.first_name %}Hi{% endif %}</p>' })).shared).toBeNull()
    expect(compileMail(app, run({ text: '{% unless subscriber.first_name %}Hi{% endunless %}' })).shared).toBeNull()
    for (const kind of ['test', 'confirmation'] as const) expect(compileMail(app, run({ kind })).shared).toBeNull()
    const many = ['upcase', 'downcase', 'capitalize', 'default: "a"', 'default: "b"', 'default: "c"', 'default: "d"', 'default: "e"'].map((filter) => `{{ subscriber.email | ${filter} }}`).join('')
    expect(compileMail(app, run({ html: many })).shared).toBeNull()
    expect(compileMail(app, run({ html: '{{ shop.name }}{{ shop.url | upcase }}'.repeat(500) })).shared).not.toBeNull()
  })

  test('never gives more bytes of values than a provider takes, whatever people are called', () => {
    const compiled = compileMail(app, run({ html: '{{ subscriber.first_name | upcase }}{{ subscriber.last_name }}', text: '{{ subscriber.first_name | upcase }}{{ subscriber.email }}', subject: '{{ subscriber.first_name }}' }))
    for (const letter of ['x', '"', '{', 'ΐ', '😀', '[', '\ud800']) {
      const values = compiled.valuesOf(person({ firstName: letter.repeat(5000), lastName: letter.repeat(5000) }))
      expect(values.reduce((sum, value) => sum + Buffer.byteLength(value) + 24, 0)).toBeLessThan(9_500)
      expect(values.every((value) => value.isWellFormed())).toBe(true)
    }
  })

  test('asks for what the store knows only where a condition does, and never guesses it', () => {
    expect(compileMail(app, run({ html: '{% if subscriber.first_name %}a{% endif %}' })).asksStore).toBe(false)
    const compiled = compileMail(app, run({ html: '{% if subscriber.orders_count > 0 %}Again[[link:1]]{% else %}New[[link:2]]{% endif %}', text: 'x' }))
    expect(compiled.asksStore).toBe(true)
    expect(() => compiled.one(person())).toThrow('facts')
    const store = { country: 'US', locale: 'en', ordersCount: 2, totalSpent: 100 }
    expect(compiled.one(person({ store })).html).toMatch(/^Againhttps:\/\/app\.example\.test\/c\/[^/]+\/1</)
    expect(compiled.one(person({ store: { ...store, ordersCount: 0 } })).html).toMatch(/^Newhttps:\/\/app\.example\.test\/c\/[^/]+\/2</)
  })

  test('has a subject even where nothing is known: the sender’s name', () => {
    expect(compileMail(app, run({ subject: '{{ subscriber.first_name }} {{ subscriber.last_name }}' })).one(person({ firstName: null })).subject).toBe('Fern & Fig')
    expect(compileMail(app, run({ subject: 'Dear {{ subscriber.first_name }} , hello' })).one(person({ firstName: '' })).subject).toBe('Dear , hello')
  })

  test('reads amounts in the shop’s own currency', () => {
    const yen: Run = { ...run({ text: '{% if subscriber.total_spent > 99 %}yes{% else %}no{% endif %}' }), shop: { ...run().shop, currency: 'JPY' } }
    const store = { country: null, locale: null, ordersCount: 1, totalSpent: 100 }
    expect(compileMail(app, yen).one(person({ store })).text).toMatch(/^yes/)
    expect(compileMail(app, { ...yen, shop: { ...yen.shop, currency: 'USD' } }).one(person({ store })).text).toMatch(/^no/)
  })
})

function contrast(a: string, b: string): number {
  const light = (hex: string): number => {
    const [r, g, bl] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * bl!
  }
  const [x, y] = [light(a), light(b)].sort((m, n) => n - m)
  return (x! + 0.05) / (y! + 0.05)
}
