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

/**
 * The fixed end of every mail: who sends it, from where, why one gets it and how to leave (R53, R54, CAN-SPAM). It is set in
 * after everything else, on its own white ground and with its own important styles, so that no template decides how it looks.
 */
export function footer(parts: FooterParts): { html: string; text: string } {
  const words = wordsOf(parts.language)
  const why = (parts.kind === 'confirmation' ? words.asked : words.agreed).replace('%s', () => parts.shopName)
  const address = parts.postalAddress.split(/\r?\n/).map((line) => line.trim()).filter(Boolean)
  const leave = parts.kind === 'confirmation' ? [] : [{ label: words.unsubscribe, url: parts.unsubscribeUrl }, { label: words.preferences, url: parts.preferencesUrl }]
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
    (leave.length ? line(leave.map(({ label, url }) => `<a href="${escapeHtml(url)}" style="${type}text-decoration:underline !important;display:inline-block !important;padding:6px 4px !important;">${escapeHtml(label)}</a>`).join(' &nbsp; ')) : '') +
    '</td></tr></table>'
  return { html, text }
}

/** The footer's mark in a compiled message. */
export const footerMark = '[[footer]]'

/** Sets the footer in at its last mark, removes any other, and adds it at the end where there is none. */
export function placeFooter(body: string, part: string, kind: 'html' | 'text'): string {
  const at = body.lastIndexOf(footerMark)
  const clean = (piece: string): string => piece.replaceAll(footerMark, '')
  if (at >= 0) return clean(body.slice(0, at)) + part + body.slice(at + footerMark.length)
  if (kind === 'text') return `${body.trimEnd()}\n\n${part}\n`
  const end = body.toLowerCase().lastIndexOf('</body>')
  return end >= 0 ? body.slice(0, end) + part + body.slice(end) : body + part
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
