import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SharedMail, SharedRecipient } from '../../app/mail/provider.ts'
import { mailOf } from '../../app/mail/shared.ts'
import type { Arrived, Behaviour, MailHarness } from './mail.ts'

export const sharedFor = (change: Partial<SharedMail> = {}): SharedMail => ({
  from: { name: 'Fern & Fig', email: 'ada@fern-and-fig.example' },
  replyTo: 'hello@fern-and-fig.example',
  subject: ['News for ', { value: 0 }, ' – 20 off'],
  html: ['<p style="width:100%">Dear ', { value: 1 }, ', <a href="https://app.example.test/c/', { value: 2 }, '/1">look</a> or <a href="https://app.example.test/c/', { value: 2 }, '/2">there</a></p>'],
  text: ['Dear ', { value: 0 }, ',\nhttps://app.example.test/c/', { value: 2 }, '/1\n'],
  headers: { 'List-Unsubscribe': ['<https://app.example.test/u/', { value: 3 }, '>'], 'List-Unsubscribe-Post': ['List-Unsubscribe=One-Click'], Precedence: ['bulk'] },
  ...change,
})
export const personFor = (name: string, change: Partial<SharedRecipient> = {}): SharedRecipient => ({
  key: `01hbatch.${name}`, to: `${name}@example.org`, values: [`First ${name}`, `<b>${name}</b>`, `t1.${name}`, `u1.${name}`], ...change,
})

/** What every provider that merges promises. */
export function sharedContract(given: () => MailHarness, most: number): void {
  const prepare = (mail: SharedMail = sharedFor()) => given().provider.shared!.prepare(mail)
  const since = async (before: number): Promise<Arrived[]> => (await given().arrived()).slice(before)
  const count = async (): Promise<number> => (await given().arrived()).length
  /** As a mail arrives that `mailOf` describes. */
  const expected = (mail: SharedMail, person: SharedRecipient): Arrived => {
    const { to, from, subject, html, text, headers, key } = mailOf(mail, person)
    return { recipients: [to], from: from.email, subject, html, text, key, headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])) }
  }

  test('one body for many: each person gets their own values and nobody else’s, once', async () => {
    const before = await count()
    const people = ['ann', 'ben', 'cleo'].map((name) => personFor(name))
    expect(await prepare()(people)).toMatchObject({ kind: 'accepted' })
    expect(await since(before)).toEqual(people.map((person) => expected(sharedFor(), person)))
  })

  test('one body does for several calls, at once too', async () => {
    const before = await count()
    const send = prepare()
    const groups = Array.from({ length: 5 }, (_, g) => Array.from({ length: 20 }, (_, i) => personFor(`g${g}p${i}`)))
    for (const outcome of await Promise.all(groups.map((people) => send(people)))) expect(outcome).toMatchObject({ kind: 'accepted' })
    const arrived = await since(before)
    expect(new Map(arrived.map((mail) => [mail.recipients[0], mail]))).toEqual(new Map(groups.flat().map((person) => [person.to, expected(sharedFor(), person)])))
    expect(arrived).toHaveLength(100)
  })

  test('words and values of every kind arrive as they are', async () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((words) => !/\p{Cc}/u.test(words) && words.isWellFormed())
    const nasty = fc.constantFrom('"', '\\', '"},{"', '-a0-', '{{x}}', '$&', '</p>', '😀', '\u2028', '20', '0', 'x-', '--')
    const words = fc.array(fc.oneof(line, nasty), { maxLength: 4 }).map((list) => list.join('').replaceAll('%', 'percent'))
    await fc.assert(
      fc.asyncProperty(fc.array(words, { minLength: 4, maxLength: 4 }), fc.array(words, { minLength: 8, maxLength: 8 }), async (literals, values) => {
        const [a, b, c, d] = literals as [string, string, string, string]
        const mail = sharedFor({ subject: [`S${a}`, { value: 0 }, 'S'], html: [b, { value: 1 }, c, { value: 2 }, { value: 1 }], text: [`.${d}\n`, { value: 3 }, 'end'] })
        const people = [personFor('ann', { values: values.slice(0, 4) }), personFor('ben', { values: values.slice(4) })].map((person) => ({ ...person, values: person.values.with(3, person.values[3]!.replace(/[^ -~]|[<>]/g, 'x')) }))
        const before = await count()
        expect(await prepare(mail)(people)).toMatchObject({ kind: 'accepted' })
        expect(await since(before)).toEqual(people.map((person) => expected(mail, person)))
      }),
      { numRuns: 60 },
    )
  })

  test('a bad address never leaves and is named; without it the others go', async () => {
    const before = await count()
    const people = [personFor('ann'), personFor('bad', { to: 'not an address' }), personFor('cleo'), personFor('worse', { to: 'a@example.org,b@example.org' })]
    const send = prepare()
    expect(await send(people)).toMatchObject({ kind: 'refused', badAddress: true, people: [1, 3] })
    expect(await count()).toBe(before)
    expect(await send([people[0]!, people[2]!])).toMatchObject({ kind: 'accepted' })
    expect((await since(before)).flatMap((mail) => mail.recipients)).toEqual(['ann@example.org', 'cleo@example.org'])
  })

  test('the same address twice: the second is named, and goes in a call of its own', async () => {
    const before = await count()
    const people = [personFor('ann'), personFor('ben'), personFor('again', { to: 'ANN@example.org' })]
    const send = prepare()
    expect(await send(people)).toMatchObject({ kind: 'refused', people: [2] })
    expect(await send(people.slice(0, 2))).toMatchObject({ kind: 'accepted' })
    expect(await send(people.slice(2))).toMatchObject({ kind: 'accepted' })
    expect((await since(before)).map((mail) => mail.key)).toEqual(people.map((person) => person.key))
  })

  test('no value becomes a second header, and no mail goes without a subject or from a sender that is none', async () => {
    const before = await count()
    const broken = (values: string[]): SharedRecipient => personFor('ann', { values })
    for (const person of [broken(['Ann\r\nBcc: b@example.org', '', '', '']), broken(['Ann', '', '', 'x>\r\nBcc: b@example.org']), personFor('ann', { key: 'k\r\ney' })])
      expect(await prepare()([personFor('ben'), person])).toMatchObject({ kind: 'refused', badAddress: false, people: [1] })
    const changes: Partial<SharedMail>[] = [{ subject: [' '] }, { subject: ['Hi\nX: y'] }, { from: { name: 'A\r\nBcc: b@example.org', email: 'ada@fern-and-fig.example' } }, { from: { name: 'A', email: 'nobody' } }, { headers: { 'X-A': ['b\r\nBcc: c@example.org'] } }, { headers: { Bcc: ['b@example.org'] } }]
    for (const change of changes) expect(await prepare(sharedFor(change))([personFor('ann')]), JSON.stringify(change)).toMatchObject({ kind: 'refused' })
    expect(await count()).toBe(before)
  })

  test('as many as it says go in one call, and not one more', async () => {
    const before = await count()
    const people = Array.from({ length: most + 1 }, (_, i) => personFor(`p${i}`))
    expect(await prepare()(people)).toMatchObject({ kind: 'refused' })
    expect(await count()).toBe(before)
    expect(await prepare()(people.slice(1))).toMatchObject({ kind: 'accepted' })
    expect(new Set((await since(before)).map((mail) => mail.recipients[0])).size).toBe(most)
  })

  test.each<[Behaviour, object]>([
    ['busy', { kind: 'later', whole: true }],
    ['bad address', { kind: 'refused', badAddress: true }],
    ['refuse', { kind: 'refused', badAddress: false }],
    ['bad sender', { kind: 'paused' }],
    ['lost', { kind: 'uncertain' }],
    ['hang', { kind: 'uncertain' }],
  ])('one answer for all of a call: %s', async (how, outcome) => {
    const send = prepare()
    given().behave(how)
    expect(await send([personFor('ann'), personFor('ben')])).toMatchObject(outcome)
  })

  test('nobody there is for later', async () => {
    expect(await given().nobodyThere.shared!.prepare(sharedFor())([personFor('ann')])).toMatchObject({ kind: 'later', whole: true })
  })
}
