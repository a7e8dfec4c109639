import { escapeHtml } from '../lib/http.ts'

export interface FooterParts {
  kind: 'campaign' | 'confirmation' | 'test'
  language: string
  senderName: string
  postalAddress: string
  shopName: string
  unsubscribeUrl: string
  preferencesUrl: string
}

/** A piece of the footer: words that are the same for all, or the place of an address of the person's own. */
export type FooterPiece = string | { way: 'unsubscribe' | 'preferences' }

/**
 * The fixed end of every mail: who sends it, from where, why one gets it and how to leave (R53, R54, CAN-SPAM). It is set in
 * after everything else, on its own white ground and with its own important styles, so that no template decides how it looks.
 * The addresses that lead out are left open, because they are each person's own.
 */
export function footerPieces(given: Omit<FooterParts, 'unsubscribeUrl' | 'preferencesUrl'>): { html: FooterPiece[]; text: FooterPiece[] } {
  const clean = (words: string): string => words.replace(openMarks, '')
  const parts = { ...given, senderName: clean(given.senderName), postalAddress: clean(given.postalAddress), shopName: clean(given.shopName) }
  const words = wordsOf(parts.language)
  const why = (parts.kind === 'confirmation' ? words.asked : words.agreed).replace('%s', () => parts.shopName)
  const address = parts.postalAddress.split(/\r?\n/).map((line) => line.trim()).filter(Boolean)
  const leave = parts.kind === 'confirmation' ? [] : [{ label: words.unsubscribe, url: '\ue000' }, { label: words.preferences, url: '\ue001' }]
  const text = [
    '--',
    [parts.senderName, ...address].join(', '),
    why,
    ...leave.map(({ label, url }) => `${label}: ${url}`),
  ].join('\n')
  const line = (content: string): string => `<p style="margin:0 0 8px 0 !important;${type}">${content}</p>`
  const html =
    `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" dir="ltr" lang="${words.code}" style="${ground}display:table !important;width:100% !important;">` +
    `<tr style="display:table-row !important;visibility:visible !important;"><td align="center" style="${ground}display:table-cell !important;padding:20px 24px !important;text-align:center !important;">` +
    line(`<strong>${escapeHtml(parts.senderName)}</strong><br>${address.map(escapeHtml).join(', ')}`) +
    line(escapeHtml(why)) +
    (leave.length ? line(leave.map(({ label, url }) => `<a href="${url}" style="${type}text-decoration:underline !important;display:inline-block !important;padding:6px 4px !important;">${escapeHtml(label)}</a>`).join(' &nbsp; ')) : '') +
    '</td></tr></table>'
  return { html: pieces(html), text: pieces(text) }
}

/** The footer complete, for one person. */
export function footer({ unsubscribeUrl, preferencesUrl, ...parts }: FooterParts): { html: string; text: string } {
  const { html, text } = footerPieces(parts)
  const urls = { unsubscribe: unsubscribeUrl, preferences: preferencesUrl }
  const whole = (list: FooterPiece[], put: (url: string) => string): string => list.map((piece) => (typeof piece === 'string' ? piece : put(urls[piece.way]))).join('')
  return { html: whole(html, escapeHtml), text: whole(text, (url) => url) }
}

// Stand where the two addresses go while the footer is made; no words may bring them along.
const openMarks = /[\ue000\ue001]/g
const pieces = (text: string): FooterPiece[] =>
  text.split(/([\ue000\ue001])/).map((piece) => (piece === '\ue000' ? { way: 'unsubscribe' } : piece === '\ue001' ? { way: 'preferences' } : piece))

/** The footer's mark in a compiled message. */
export const footerMark = '[[footer]]'

/** What stands before and after the footer: it goes to its last mark, any other mark is removed, and without one it goes to the end. */
export function cutAtFooter(body: string, kind: 'html' | 'text'): { before: string; after: string } {
  const at = body.lastIndexOf(footerMark)
  if (at >= 0) return { before: body.slice(0, at).replaceAll(footerMark, ''), after: body.slice(at + footerMark.length) }
  if (kind === 'text') return { before: `${body.trimEnd()}\n\n`, after: '\n' }
  const end = [...body.matchAll(/<\/body>/gi)].at(-1)?.index ?? -1
  return end >= 0 ? { before: body.slice(0, end), after: body.slice(end) } : { before: body, after: '' }
}

/** Sets the footer in where `cutAtFooter` says. */
export function placeFooter(body: string, part: string, kind: 'html' | 'text'): string {
  const { before, after } = cutAtFooter(body, kind)
  return before + part + after
}

const seen = 'visibility:visible !important;opacity:1 !important;'
const ground = `${seen}background:#ffffff !important;background-color:#ffffff !important;`
// #4a4d50 on white: contrast 8.5
const type = `${seen}display:block;font-family:Arial,Helvetica,sans-serif !important;font-size:12px !important;line-height:18px !important;color:#4a4d50 !important;`

interface Words {
  code: string
  /** %s is the shop. */
  agreed: string
  asked: string
  unsubscribe: string
  preferences: string
}
const languages: Record<string, Words> = {
  en: {
    code: 'en',
    agreed: 'You get this mail because you agreed to hear from %s.',
    asked: 'You get this mail because somebody entered this address at %s. If it was not you, you need not do anything.',
    unsubscribe: 'Unsubscribe',
    preferences: 'Preferences',
  },
  de: {
    code: 'de',
    agreed: 'Sie erhalten diese E-Mail, weil Sie zugestimmt haben, Nachrichten von %s zu bekommen.',
    asked: 'Sie erhalten diese E-Mail, weil jemand diese Adresse bei %s eingetragen hat. Waren Sie es nicht, müssen Sie nichts tun.',
    unsubscribe: 'Abmelden',
    preferences: 'Einstellungen',
  },
  fr: {
    code: 'fr',
    agreed: 'Vous recevez cet e-mail parce que vous avez accepté de recevoir des messages de %s.',
    asked: 'Vous recevez cet e-mail parce que quelqu’un a saisi cette adresse chez %s. Si ce n’était pas vous, vous n’avez rien à faire.',
    unsubscribe: 'Se désabonner',
    preferences: 'Préférences',
  },
}
const wordsOf = (language: string): Words => languages[language.slice(0, 2).toLowerCase()] ?? languages.en!
