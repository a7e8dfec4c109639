import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvDecoder, csvLine, csvRecords } from '../app/lib/csv.ts'
import { readConsent, readCountry, readLanguage, readReason, readTags, readTime } from '../app/imports/cells.ts'
import { cellValue } from '../app/imports/field-values.ts'
import { createWinners } from '../app/imports/doubles.ts'
import { proposal } from '../app/imports/propose.ts'
import { limits, readFile, type Piece } from '../app/imports/reader.ts'

// How files are read, whatever wrote them. No database.

const encoders: Record<string, (text: string) => Buffer> = {
  'UTF-8': (text) => Buffer.from(text),
  'UTF-8 with a mark': (text) => Buffer.from(`\uFEFF${text}`),
  'UTF-16 LE': (text) => Buffer.from(`\uFEFF${text}`, 'utf16le'),
  'UTF-16 BE': (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16(),
  'UTF-16 LE without a mark': (text) => Buffer.from(text, 'utf16le'),
  'Windows-1252': (text) => Buffer.from(text, 'latin1'),
}
const whole = (bytes: Buffer, size: number): { pieces: Piece[]; facts: ReturnType<ReturnType<typeof readFile>['facts']> } => {
  const reader = readFile()
  const pieces: Piece[] = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(...reader.take(bytes.subarray(at, at + size)))
  pieces.push(...reader.end())
  return { pieces, facts: reader.facts() }
}
const recordsOf = (pieces: Piece[], separator: string): string[][] => pieces.flatMap((piece) => csvRecords(piece.content, separator))

test('any encoding, separator, end of line and size of parts gives the same cells, and line numbers as a spreadsheet counts', () => {
  const cell = fc.array(fc.constantFrom('a', 'é', 'ß', '"', ',', ';', '\t', '|', '\n', '\r\n', ' ', 'Ä', '@'), { maxLength: 6 }).map((letters) => letters.join(''))
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 8 }), fc.constantFrom(...Object.keys(encoders)), fc.constantFrom(',', ';', '\t', '|'), fc.constantFrom('\n', '\r\n', '\r'), fc.integer({ min: 1, max: 40 }), fc.boolean(), (rows, encoding, separator, end, size, lastEnds) => {
      const lines = [['Email', 'Namé', 'x'], ...rows.map((row) => ['q', ...row.slice(1)])]
      const text = lines.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(separator)).join(end) + (lastEnds ? end : '')
      const { pieces, facts } = whole(encoders[encoding]!(text), size)
      expect(facts.headers).toEqual(['Email', 'Namé', 'x'])
      expect([facts.separator, facts.lines, facts.encoding]).toEqual([separator, rows.length, encoding.replace(/ with.*$/, '')])
      expect(recordsOf(pieces, separator)).toEqual(lines.slice(1))
      expect(pieces[0]?.firstLine).toBe(2)
    }),
    { numRuns: 300 },
  )
})

test('pieces end where a line ends, about 1,000 lines each, and know their first line; empty lines count, a broken letter does not cost the rest', () => {
  const { pieces, facts } = whole(Buffer.from(`sep=;\r\nE-Mail;Name\r\n\r\n${Array.from({ length: 2500 }, (_, i) => `p${i}@x.test;"Zwei\r\nZeilen ${i}"`).join('\r\n')}`), 777)
  expect(pieces.map((piece) => [piece.n, piece.firstLine])).toEqual([[0, 3], [1, 1003], [2, 2003]])
  expect([facts.lines, facts.separator]).toEqual([2500, ';'])
  expect(csvRecords(pieces[1]!.content, ';')[0]).toEqual(['p999@x.test', 'Zwei\r\nZeilen 999'])
  const broken = csvDecoder()
  expect(broken.decode(Buffer.from([...Buffer.from('Zoë '), 0xff, ...Buffer.from(' Ødegård')])) + broken.decode(Buffer.alloc(0), true)).toBe('Zoë \uFFFD Ødegård')
  const bare = whole(Buffer.from('ann@x.test\nben@x.test\n'), 5) // no names of columns
  expect([bare.facts.headers, bare.facts.lines, bare.pieces[0]?.firstLine]).toEqual([['Column 1'], 2, 1])
})

describe('files that would do harm are refused in words, at once and without being held (X8)', () => {
  const refusal = (parts: Iterable<Buffer>): { words: string; bytes: number; seconds: number } => {
    const reader = readFile()
    const from = performance.now()
    let bytes = 0
    try {
      for (const part of parts) {
        bytes += part.length
        reader.take(part)
      }
      reader.end()
      return { words: '', bytes, seconds: (performance.now() - from) / 1000 }
    } catch (error) {
      return { words: (error as Error).message, bytes, seconds: (performance.now() - from) / 1000 }
    }
  }
  function* endless(first: string, part: string | Buffer, gigabytes = 2): Generator<Buffer> {
    yield Buffer.from(first)
    const bytes = Buffer.from(part)
    for (let sent = 0; sent < gigabytes * 2 ** 30; sent += bytes.length) yield bytes
  }
  test.each([
    ['a line that never ends', () => endless('email\n', 'x'.repeat(65_536)), /longer than 1 MB/, 2e6],
    ['a quotation mark that is never closed', () => endless('email,name\na@x.test,"', 'lines\nand lines\n'.repeat(4096)), /quotation mark/, 2e6],
    ['a million columns', () => [Buffer.from(`${Array.from({ length: 1_000_000 }, (_, i) => `c${i}`).join(',')}\n`)], /more than 200 columns/, 1e7],
    ['a first line without an end', () => endless('', 'a,'.repeat(32_768)), /more than 200 columns/, 1e6],
    ['NUL', () => endless('email\n', Buffer.concat([Buffer.from('a@x.test'), Buffer.alloc(60_000)])), /not a text file/, 1e6],
    ['a workbook', () => endless('PK\x03\x04', Buffer.alloc(65_536)), /Excel workbook/, 10],
    ['nothing', () => [], /is empty/, 0],
    ['names and nothing below', () => [Buffer.from('email,name\n')], /nothing below it/, 20],
  ] as const)('%s', (_, parts, words, most) => {
    const before = process.memoryUsage.rss()
    const refused = refusal(parts())
    expect(refused.words).toMatch(words)
    expect(refused.bytes).toBeLessThanOrEqual(most)
    expect(refused.seconds).toBeLessThan(5)
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 2 ** 20)
  })
  test('more bytes, and more lines, than may be', () => {
    const reader = readFile()
    expect(() => reader.take({ length: limits.bytes + 1, toString: () => '' } as unknown as Buffer)).toThrow(/larger than 500 MB/)
  })
})

describe('cells', () => {
  test('what they say about consent, in the words of other systems and languages', () => {
    const says = (read: (cell: string) => string, cells: string): string => [...new Set(cells.split('|').map(read))].join()
    expect(says(readConsent, 'SUBSCRIBED|subscribed|Active|TRUE|Ja|oui|Sí|abonniert|1|Abonné')).toBe('yes')
    expect(says(readConsent, 'UNSUBSCRIBED|unsubscribed|No|FALSE|Abgemeldet|désinscrit|Dado de baja|disiscritto|uitgeschreven|opt-out|suppressed')).toBe('no')
    expect(says(readConsent, 'NEVER_SUBSCRIBED|nonSubscribed|Not subscribed|Pending|Unconfirmed|whatever|')).toBe('none')
    expect(says(readConsent, 'Cleaned|Bounced|HARD_BOUNCE')).toBe('bounced')
    expect(says(readReason, 'SPAM_COMPLAINT|Marked as spam')).toBe('complained')
    expect(says(readReason, 'INVALID_EMAIL|HARD_BOUNCE|cleaned')).toBe('bounced')
    expect(says(readReason, 'UNSUBSCRIBED|unsubscribe')).toBe('no')
    expect(says(readReason, 'USER_SUPPRESSED|they wrote to us')).toBe('no,blocked')
    expect(says(readReason, '|[]|none|No')).toBe('none')
  })
  test('moments, places, languages, tags', () => {
    expect(['2024-05-03', '2024-05-03 10:11:12', '2024-05-03T10:11:12+02:00', '3.5.2024', '13/05/2024', '05/13/2024 1:05 pm', '2024-05-03T10:11:12.123456Z'].map((cell) => readTime(cell)?.toISOString())).toEqual([
      '2024-05-03T00:00:00.000Z', '2024-05-03T10:11:12.000Z', '2024-05-03T08:11:12.000Z', '2024-05-03T00:00:00.000Z', '2024-05-13T00:00:00.000Z', '2024-05-13T13:05:00.000Z', '2024-05-03T10:11:12.123Z',
    ])
    expect(['03/05/2024', '2024-02-31', '1970-01-01', 'yesterday', ''].map(readTime)).toEqual([null, null, null, null, null])
    expect(['de', 'Germany', 'Deutschland', 'Allemagne', 'Alemania', 'Germania', 'Duitsland', 'UK', 'USA', 'Atlantis', 'XX'].map(readCountry)).toEqual(['DE', 'DE', 'DE', 'DE', 'DE', 'DE', 'DE', 'GB', 'US', null, null])
    expect(['de', 'de_at', 'German', 'Français', 'Klingon!'].map(readLanguage)).toEqual(['de', 'de-AT', 'de', 'fr', null])
    expect(readTags('"VIP","Client, old"')).toEqual(['VIP', 'Client, old'])
    expect(readTags('a; b|c, a')).toEqual(['a', 'b', 'c'])
  })
  test('values of custom fields, as spreadsheets of different countries write them', () => {
    expect(['1234.5', '1.234,5', '1,234.5', '1 234', '12,5', '-3', '1.500', 'x', ''].map((cell) => cellValue('number', cell)?.value)).toEqual(['1234.5', '1234.5', '1234.5', '1234', '12.5', '-3', '1.5', undefined, undefined])
    expect(['3.5.2026', '2026-05-03 10:00', 'soon'].map((cell) => cellValue('date', cell)?.value)).toEqual(['2026-05-03', '2026-05-03', undefined])
    expect(['Ja', 'FALSE', 'maybe'].map((cell) => cellValue('yes_no', cell)?.value)).toEqual(['yes', 'no', undefined])
    expect([cellValue('text', 'a b')?.value, cellValue(undefined, 'a')]).toEqual(['a b', null])
  })
  test('what is written for a spreadsheet runs nowhere, and comes back as it was', () => {
    for (const risky of ['=1+1', '+1', '-1', '@x', '\t=1', '\r=1']) expect(csvLine([risky])).toMatch(/^"?'/)
    expect(csvLine(['a', -5, null, 'x "y"', 'l\nm'])).toBe('a,-5,,"x ""y""","l\nm"\r\n')
  })
})

test('of lines with the same address the last counts, unless one says no', () => {
  const winners = createWinners()
  for (let i = 0; i < 20_000; i++) winners.add(`p${i % 5000}@x.test`, i + 1, i === 3 || i === 10_004)
  expect([winners.size(), winners.lineOf('p1@x.test'), winners.lineOf('p3@x.test'), winners.lineOf('p4@x.test')]).toEqual([5000, 15_002, 4, 10_005])
})

describe('the columns of', () => {
  const read = (headers: string, fileName = 'x.csv', lines: string[][] = []) => {
    const { recognised, mapping } = proposal({ fileName, kind: 'people', headers: headers.split(',') }, lines, [{ id: 'f1', name: 'Birthday' }])
    return [recognised, mapping.consent, headers.split(',').flatMap((header, i) => (mapping.columns[i] === 'ignore' ? [] : [`${header}: ${typeof mapping.columns[i] === 'object' ? 'field' : String(mapping.columns[i])}`])).join(', ')]
  }
  test.each([
    ['Klaviyo', 'Email,Klaviyo ID,First Name,Last Name,Phone Number,City,Country,Source,Email Marketing Consent,Email Marketing Consent Timestamp,Email Suppressions', 'x', ['klaviyo', 'record', 'Email: email, First Name: first_name, Last Name: last_name, Country: country, Email Marketing Consent: consent, Email Marketing Consent Timestamp: consent_at, Email Suppressions: suppression_reason']],
    ['Mailchimp, subscribed', 'Email Address,First Name,Last Name,Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CC,LEID,EUID,TAGS', 'subscribed_members.csv', ['mailchimp', 'record', 'Email Address: email, First Name: first_name, Last Name: last_name, Birthday: field, CONFIRM_TIME: consent_at, CC: country, TAGS: tags']],
    ['Mailchimp, unsubscribed', 'Email Address,First Name,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON,LEID,EUID', 'x', ['mailchimp', 'unsubscribed', 'Email Address: email, First Name: first_name, UNSUB_TIME: unsubscribed_at']],
    ['Mailchimp, cleaned', 'Email Address,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,LEID,EUID', 'x', ['mailchimp', 'none', 'Email Address: email, CLEAN_TIME: suppression_reason']],
    ['Mailchimp, never subscribed', 'Email Address,MEMBER_RATING,OPTIN_TIME,LEID,EUID', 'nonsubscribed_members.csv', ['mailchimp', 'none', 'Email Address: email, OPTIN_TIME: consent_at']],
    ['Omnisend', 'Email,Email consent,Email subscription status,Email opt-in date,First name,Last name,SMS subscription status,Country,Tags,Segments', 'x', ['omnisend', 'record', 'Email: email, Email subscription status: consent, Email opt-in date: consent_at, First name: first_name, Last name: last_name, Country: country, Tags: tags']],
    ['SmartrMail', 'email,first_name,last_name,subscribed,phone', 'x', ['smartrmail', 'record', 'email: email, first_name: first_name, last_name: last_name, subscribed: consent']],
    ['a German table', 'E-Mail-Adresse,Vorname,Nachname,Land,Sprache,Einwilligung,Abgemeldet am', 'x', [null, 'record', 'E-Mail-Adresse: email, Vorname: first_name, Nachname: last_name, Land: country, Sprache: language, Einwilligung: consent, Abgemeldet am: unsubscribed_at']],
    ['a French one', 'Courriel,Prénom,Nom,Pays,Étiquettes', 'x', [null, 'none', 'Courriel: email, Prénom: first_name, Nom: last_name, Pays: country, Étiquettes: tags']],
    ['a Spanish one', 'Correo electrónico,Nombre,Apellidos,País,Fecha de alta', 'x', [null, 'none', 'Correo electrónico: email, Nombre: first_name, Apellidos: last_name, País: country, Fecha de alta: consent_at']],
    ['an Italian one', 'Indirizzo e-mail,Nome,Cognome,Paese,Iscritto', 'x', [null, 'record', 'Indirizzo e-mail: email, Nome: first_name, Cognome: last_name, Paese: country, Iscritto: consent']],
    ['a Dutch one', 'E-mailadres,Voornaam,Achternaam,Land,Taal', 'x', [null, 'none', 'E-mailadres: email, Voornaam: first_name, Achternaam: last_name, Land: country, Taal: language']],
  ])('%s', (_, headers, fileName, wanted) => expect(read(headers, fileName)).toEqual(wanted))
  test('a table whose names say nothing: the column with the addresses', () => expect(read('A,B', 'x', [['1', 'a@x.test'], ['2', 'b@x.test']])).toEqual([null, 'none', 'B: email']))
  test('Klaviyo’s list of suppressed profiles, by its reasons', () => expect(read('Email,Reason,Timestamp', 'x', [['a@x.test', 'HARD_BOUNCE', '']])).toEqual(['klaviyo', 'unsubscribed', 'Email: email, Reason: suppression_reason, Timestamp: unsubscribed_at']))
})
