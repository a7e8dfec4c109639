import { describe, expect, test } from 'vitest'
import { compose, type Recipient } from '../app/deliveries/compose.ts'
import { footer, placeFooter } from '../app/deliveries/footer.ts'
import type { Run } from '../app/deliveries/run.ts'
import { withSource } from '../app/deliveries/targets.ts'
import { readSettings } from '../app/env.ts'
import { newId } from '../app/lib/ids.ts'
import { readLink } from '../app/lib/tokens.ts'
import { checkMail } from '../app/mail/check.ts'
import { html } from './campaign.ts'
import { testEnv } from './app.ts'

const app = { url: 'https://app.example.test', settings: readSettings(testEnv) }
const at = new Date('2026-11-22T10:00:00Z')
const ids = { shopId: newId(at), messageId: newId(at), subscriberId: newId(at) }
const run = (change: Partial<Run['message']> = {}): Run => ({
  shopId: ids.shopId,
  messageId: ids.messageId,
  message: {
    shopId: ids.shopId, id: ids.messageId, kind: 'campaign', subject: 'For {{ subscriber.first_name | default: "you" }}', preheader: '', html, text: 'Hi\n[[link:1]]\n[[footer]]', fromName: 'Fern & Fig',
    fromEmail: 'ada@fern-and-fig.example', replyTo: '', language: 'en', createdAt: at, ...change,
  },
  shop: { name: 'Fern & Fig', url: 'https://www.fernandfig.example', domain: 'fern-and-fig.myshopify.com', status: 'installed' },
  settings: { tracking: 'by_law', postalAddress: '1 Fern Street\nPortland OR 97201' },
  campaign: { name: 'Früh­lings-Sale!', status: 'sending' },
  links: new Map([[1, 'https://www.fernandfig.example/products/pot?a=1&b=2'], [2, 'https://elsewhere.example/page?x=1'], [3, 'mailto:ada@fern-and-fig.example']]),
})
const person = (change: Partial<Recipient> = {}): Recipient => ({ subscriberId: ids.subscriberId, email: 'nora@example.org', requestId: newId(at), firstName: 'Nora', lastName: null, track: true, ...change })

describe('a mail for one person', () => {
  test('tracked: links and the picture carry tokens that name the person to us and to nobody else', () => {
    const mail = compose(app, run(), person())
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
    const mail = compose(app, run(), person({ track: false }))
    expect(mail.html).not.toMatch(/\/o\/|\/c\//)
    expect(mail.text).not.toMatch(/\/c\//)
    expect(mail.html).toContain('href="https://www.fernandfig.example/products/pot?a=1&amp;b=2&amp;utm_source=homing&amp;utm_medium=email&amp;utm_campaign=fruh-lings-sale"')
    expect(mail.html).toContain('href="https://elsewhere.example/page?x=1"')
    expect(mail.html).toContain('/u/')
  })

  test('the headers of bulk mail: one https address, exactly the right words, a message id that stays', () => {
    const to = person()
    const [one, two] = [compose(app, run(), to), compose(app, run(), to)]
    expect(one.headers['List-Unsubscribe']).toMatch(/^<https:\/\/app\.example\.test\/u\/[^\s<>,]+>$/)
    expect(one.headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click')
    expect(readLink(app.settings.keys, 'unsubscribe', one.headers['List-Unsubscribe']!.slice(1, -1).split('/u/')[1]!)).toEqual(ids)
    expect(one.headers['Message-ID']).toBe(`<${to.requestId}@fern-and-fig.example>`)
    expect(two).toEqual(one)
    expect(checkMail(one)).toBeNull()
  })

  test('a name cannot become a link, a footer, a header or markup', () => {
    for (const firstName of ['[[footer]]', '[[link:1]]', '<script>alert(1)</script>', 'A\r\nBcc: b@example.org', '{{ subscriber.email }}', '"><img src=x>']) {
      const mail = compose(app, run(), person({ firstName }))
      expect(mail.html.match(/1 Fern Street/g)).toHaveLength(1)
      expect(mail.html.match(/\/c\/[^/"]+\/1"/g)).toHaveLength(1)
      expect(mail.html).not.toMatch(/<script|<img src=x/)
      expect(mail.html).not.toContain('nora@example.org')
      expect(checkMail(mail)).toBeNull()
    }
  })

  test('a hostile sender or address is stopped at the edge', () => {
    expect(checkMail(compose(app, run(), person({ email: 'nora@example.org\r\nBcc: b@example.org' })))).toMatchObject({ kind: 'refused', badAddress: true })
    expect(compose(app, run({ fromName: 'Ada\r\nBcc: x@example.org' }), person()).from.name).not.toMatch(/[\r\n]/)
    expect(checkMail(compose(app, run({ fromEmail: 'ada@a.example\nX: y' }), person()))).toMatchObject({ kind: 'refused' })
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
      const mail = compose(app, run({ html: body, text: body }), person())
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
    const mail = compose(app, run({ kind: 'confirmation', subject: 'Please confirm' }), person())
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

function contrast(a: string, b: string): number {
  const light = (hex: string): number => {
    const [r, g, bl] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * bl!
  }
  const [x, y] = [light(a), light(b)].sort((m, n) => n - m)
  return (x! + 0.05) / (y! + 0.05)
}
