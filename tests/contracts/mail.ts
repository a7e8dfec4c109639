import { afterAll, beforeEach, expect, test } from 'vitest'
import fc from 'fast-check'
import type { Mail, MailProvider, Piece } from '../../app/mail/provider.ts'
import { sharedContract } from './mail-shared.ts'

/** One mail as the other side saw it: of a shared call, one for each person, with their values set in. */
export interface Arrived {
  recipients: string[]
  from: string
  subject: string
  html: string
  text: string
  headers: Record<string, string>
  /** What comes back in the provider's events; null where it has none. */
  key: string | null
}
/** How the other side behaves next. `lost`: takes the mail, then breaks the connection without an answer. */
export type Behaviour = 'take' | 'busy' | 'bad address' | 'bad sender' | 'refuse' | 'lost' | 'hang'
export interface MailHarness {
  provider: MailProvider
  behave(how: Behaviour): void
  arrived(): Promise<Arrived[]>
  /** A provider of the same kind whose other side is not there at all. */
  nobodyThere: MailProvider
  close(): Promise<void>
}

export const mailFor = (to: string, change: Partial<Mail> = {}): Mail => ({
  key: `key-${to.split('@')[0]}`,
  from: { name: 'Fern & Fig', email: 'ada@fern-and-fig.example' },
  replyTo: 'hello@fern-and-fig.example',
  to,
  subject: 'Größe zählt: 20 % – nur heute',
  html: '<!doctype html><html lang="en"><body><p>Hello Ünal</p></body></html>',
  text: 'Hello Ünal\n',
  headers: {
    'Message-ID': `<key-${to.split('@')[0]}@fern-and-fig.example>`,
    'List-Unsubscribe': '<https://app.example.test/u/t1.abc>',
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  },
  ...change,
})

/** What a provider says of itself, and what the engine relies on. */
export interface Declared {
  evidence: MailProvider['evidence']
  /** Most people of one call; null where it does not merge. */
  shared: number | null
}

/** What every mail provider promises, whichever it is. */
export function mailContract(make: () => Promise<MailHarness>, declared: Declared): void {
  let harness: MailHarness
  beforeEach(async () => {
    harness ??= await make()
    harness.behave('take')
  })
  afterAll(() => harness?.close())

  const newest = async (): Promise<Arrived> => (await harness.arrived()).at(-1)!

  test('a mail arrives once, complete, at its one recipient', async () => {
    const before = (await harness.arrived()).length
    expect(await harness.provider.send(mailFor('nora@example.org'))).toMatchObject({ kind: 'accepted' })
    expect((await harness.arrived()).length).toBe(before + 1)
    const mail = await newest()
    expect(mail.recipients).toEqual(['nora@example.org'])
    expect(mail.from).toBe('ada@fern-and-fig.example')
    expect(mail.subject).toBe('Größe zählt: 20 % – nur heute')
    expect(mail.html).toContain('Hello Ünal')
    expect(mail.text).toContain('Hello Ünal')
    expect(mail.headers['list-unsubscribe']).toBe('<https://app.example.test/u/t1.abc>')
    expect(mail.headers['list-unsubscribe-post']).toBe('List-Unsubscribe=One-Click')
    expect(mail.headers['message-id']).toBe('<key-nora@fern-and-fig.example>')
  })

  test('many at once arrive once each', async () => {
    const before = (await harness.arrived()).length
    const outcomes = await Promise.all(Array.from({ length: 40 }, (_, i) => harness.provider.send(mailFor(`many${i}@example.org`))))
    expect(outcomes.every((o) => o.kind === 'accepted')).toBe(true)
    const people = (await harness.arrived()).slice(before).flatMap((mail) => mail.recipients)
    expect(new Set(people).size).toBe(40)
    expect(people.length).toBe(40)
  })

  test('"not now" is for later, with a time', async () => {
    harness.behave('busy')
    const outcome = await harness.provider.send(mailFor('busy@example.org'))
    expect(outcome).toMatchObject({ kind: 'later' })
    expect(outcome.kind === 'later' && outcome.retryAfterMs).toBeGreaterThan(0)
  })

  test('a refused address is refused, and says that it was the address', async () => {
    harness.behave('bad address')
    expect(await harness.provider.send(mailFor('gone@example.org'))).toMatchObject({ kind: 'refused', badAddress: true })
    harness.behave('take')
    expect(await harness.provider.send(mailFor('well@example.org'))).toMatchObject({ kind: 'accepted' })
  })

  test('a refused mail does not blame the address', async () => {
    harness.behave('refuse')
    expect(await harness.provider.send(mailFor('content@example.org'))).toMatchObject({ kind: 'refused', badAddress: false })
  })

  test('a refused sender pauses', async () => {
    harness.behave('bad sender')
    expect(await harness.provider.send(mailFor('nora@example.org'))).toMatchObject({ kind: 'paused' })
  })

  test('an answer that is lost after the mail was taken is uncertain, and the mail is not sent again by itself', async () => {
    const before = (await harness.arrived()).length
    harness.behave('lost')
    expect(await harness.provider.send(mailFor('lost@example.org'))).toMatchObject({ kind: 'uncertain' })
    await new Promise((resolve) => setTimeout(resolve, 600))
    const copies = (await harness.arrived()).slice(before).filter((mail) => mail.recipients.includes('lost@example.org'))
    expect(copies.length).toBeLessThanOrEqual(1)
  })

  test('an answer that never comes is uncertain, within the time allowed', async () => {
    harness.behave('hang')
    const since = performance.now()
    expect(await harness.provider.send(mailFor('hang@example.org'))).toMatchObject({ kind: 'uncertain' })
    expect(performance.now() - since).toBeLessThan(8_000)
  })

  test('nobody there is for later, for everybody', async () => {
    expect(await harness.nobodyThere.send(mailFor('nobody@example.org'))).toMatchObject({ kind: 'later', whole: true })
  })

  test('what could become a second header or a second recipient never leaves', async () => {
    const before = (await harness.arrived()).length
    const hostile: Partial<Mail>[] = [
      { to: 'a@example.org, b@example.org' },
      { to: 'a@example.org\r\nRCPT TO:<b@example.org>' },
      { to: '<a@example.org>' },
      { to: '"a@evil.example"@example.org' },
      { to: 'a@example.org>\r\nDATA' },
      { to: 'nobody' },
      { to: '' },
      { subject: 'Hi\r\nBcc: b@example.org' },
      { subject: 'Hi\nX: y' },
      { subject: ' ' },
      { from: { name: 'Ada\r\nBcc: b@example.org', email: 'ada@fern-and-fig.example' } },
      { from: { name: 'Ada', email: 'ada@fern-and-fig.example\r\nBcc: b@example.org' } },
      { replyTo: 'x@example.org, y@example.org' },
      { replyTo: 'x@example.org\nBcc: b@example.org' },
      { headers: { 'List-Unsubscribe': '<https://a.example>\r\nBcc: b@example.org' } },
      { headers: { 'X-Bad\r\nBcc': 'b@example.org' } },
      { key: 'k\0ey' },
    ]
    for (const change of hostile) expect(await harness.provider.send(mailFor('a@example.org', change)), JSON.stringify(change)).toMatchObject({ kind: 'refused' })
    expect((await harness.arrived()).length).toBe(before)
  })

  test('it says what it is', () => {
    const { provider } = harness
    expect({ evidence: provider.evidence, shared: provider.shared?.most ?? null }).toEqual({ evidence: declared.evidence, shared: declared.shared })
    expect(provider.limits.lanes).toBeGreaterThan(0)
    expect(provider.limits.perSecond).toBeGreaterThan(0)
  })

  test('it is as idempotent as it says: the same key, handed over twice', async () => {
    const before = (await harness.arrived()).length
    for (let i = 0; i < 2; i++) expect(await harness.provider.send(mailFor('twice@example.org'))).toMatchObject({ kind: 'accepted' })
    expect((await harness.arrived()).length - before).toBe(harness.provider.idempotent ? 1 : 2)
  })

  test('a mail that comes in pieces is the same mail, whatever its words', async () => {
    const known: Piece[] = ['<p class="a">Größe ', '=', ' 100 % \r', '.\n', '\u2028“', '</p>\n'].map((words) => ({ words }))
    const piece = fc.oneof(fc.constantFrom(...known), fc.string({ unit: 'grapheme', maxLength: 90 }).filter((words) => !words.includes('%')))
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 8 }), async (list) => {
        const words = `Dear all ${list.map((one) => (typeof one === 'string' ? one : one.words)).join('')}`
        const pieces: Piece[] = ['Dear all ', ...list]
        await harness.provider.send(mailFor('pieces@example.org', { html: words, text: words }))
        const whole = await newest()
        await harness.provider.send(mailFor('pieces@example.org', { html: words, text: words, pieces: { html: pieces, text: pieces } }))
        const { html, text } = await newest()
        expect({ html, text }).toEqual({ html: whole.html, text: whole.text })
      }),
      { numRuns: 30 },
    )
  })

  if (declared.shared !== null) sharedContract(() => harness, declared.shared)
}
