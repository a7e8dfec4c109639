import { readBrand } from '../consent/page.ts'
import { languageOf, type Language } from '../consent/words.ts'
import { escapeHtml } from '../lib/http.ts'
import type { Brand } from '../templates/contract.ts'
import { lookOf } from '../templates/colours.ts'

export interface ConfirmationParts {
  shop: { name: string }
  brand: unknown
  language: string
  /** Where the big button leads; the page there has the button that counts. */
  url: string
  /** The words that the person agreed to. */
  wording: string
}

/** The mail that asks "was it you?": one big button, no offers (asking for consent must not be advertising itself). The footer is added by deliveries. */
export function confirmationMail(parts: ConfirmationParts): { subject: string; html: string; text: string; language: Language } {
  const language = languageOf(parts.language)
  const words = wordsIn[language]
  const brand = readBrand(parts.brand)
  const name = plain(parts.shop.name)
  const say = (text: string): string => text.replaceAll('%s', () => name)
  return { language, subject: say(words.subject), html: htmlOf(brand, language, name, say, words, parts), text: textOf(say, words, parts) }
}

function textOf(say: (text: string) => string, words: Words, parts: ConfirmationParts): string {
  return `${say(words.heading)}\n\n${say(words.lead)}\n\n${words.button}:\n${parts.url}\n\n${words.agreed}\n"${plain(parts.wording)}"\n\n${words.not}\n\n[[footer]]\n`
}

function htmlOf(brand: Brand, language: Language, name: string, say: (text: string) => string, words: Words, parts: ConfirmationParts): string {
  const { light, dark } = lookOf(brand)
  const font = fonts[brand.font]
  const logo = brand.logoUrl.startsWith('https://')
    ? `<img src="${escapeHtml(brand.logoUrl)}" width="${brand.logoWidth}" alt="${escapeHtml(name)}" style="display:block;margin:0 auto;max-width:100%;height:auto;border:0">`
    : `<span class="outside" style="font:600 20px/1.3 ${font};color:${light.outside}">${escapeHtml(name)}</span>`
  const p = (html: string, more = ''): string => `<p class="ink" style="margin:0 0 16px;font:16px/1.55 ${font};color:${light.text};${more}">${html}</p>`
  return `<!doctype html>
<html lang="${language}" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(say(words.subject))}</title>
<style>
:root{color-scheme:light dark}
@media (prefers-color-scheme:dark){
.page{background:${dark.background} !important}.card{background:${dark.surface} !important}.ink{color:${dark.text} !important}.outside{color:${dark.outside} !important}
.quiet{color:${dark.quiet} !important;border-color:${dark.button} !important}.press{background:${dark.button} !important}.press a{color:${dark.buttonText} !important;border-color:${dark.button} !important}
}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:${light.background}">
<div style="display:none;max-height:0;overflow:hidden">${escapeHtml(say(words.lead))}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="page" style="background:${light.background}"><tr><td align="center" style="padding:32px 16px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:520px">
<tr><td align="center" style="padding:0 0 24px">${logo}</td></tr>
<tr><td class="card" style="background:${light.surface};border-radius:${brand.radius + 4}px;padding:36px 32px">
<h1 class="ink" style="margin:0 0 12px;font:700 26px/1.25 ${font};color:${light.text}">${escapeHtml(say(words.heading))}</h1>
${p(escapeHtml(say(words.lead)), 'margin-bottom:24px;')}
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td class="press" align="center" style="background:${light.button};border-radius:${brand.radius}px">
<a href="${escapeHtml(parts.url)}" style="display:block;padding:16px 24px;border:1px solid ${light.button};border-radius:${brand.radius}px;font:700 17px/1.3 ${font};color:${light.buttonText};text-decoration:none">${escapeHtml(words.button)}</a>
</td></tr></table>
<p class="quiet" style="margin:28px 0 6px;font:600 14px/1.5 ${font};color:${light.quiet}">${escapeHtml(words.agreed)}</p>
<p class="quiet" style="margin:0 0 20px;padding:0 0 0 14px;border-left:3px solid ${light.button};font:14px/1.5 ${font};color:${light.quiet}">${escapeHtml(plain(parts.wording))}</p>
<p class="quiet" style="margin:0;font:14px/1.5 ${font};color:${light.quiet}">${escapeHtml(words.not)}</p>
</td></tr>
<tr><td style="padding:24px 0 0">[[footer]]</td></tr>
</table>
</td></tr></table>
</body>
</html>
`
}

/** Without line breaks, and without what would read as a mark of ours. */
const plain = (text: string): string => text.replace(/[\r\n\u2028\u2029]+/g, ' ').replaceAll('[[', '[').trim()

const fonts: Record<Brand['font'], string> = {
  system: "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif",
  serif: "Georgia,'Times New Roman',serif",
  rounded: "'Arial Rounded MT Bold',Nunito,'Trebuchet MS',Arial,sans-serif",
  mono: "Menlo,Consolas,'Courier New',monospace",
}

const wordsIn = {
  en: {
    subject: 'Please confirm your sign-up at %s',
    heading: 'One last step',
    lead: 'You asked %s to write to you. Press the button to confirm that this address is yours.',
    button: 'Confirm my sign-up',
    agreed: 'What you agree to:',
    not: 'It was not you? Do nothing: without the button you get no newsletter. The link is good for 30 days.',
  },
  de: {
    subject: 'Bitte bestätigen Sie Ihre Anmeldung bei %s',
    heading: 'Nur noch ein Schritt',
    lead: 'Sie möchten Post von %s bekommen. Bestätigen Sie mit dem Knopf, dass diese Adresse Ihre ist.',
    button: 'Anmeldung bestätigen',
    agreed: 'Dem stimmen Sie zu:',
    not: 'Sie waren das nicht? Dann tun Sie nichts: Ohne den Knopf bekommen Sie keinen Newsletter. Der Link gilt 30 Tage.',
  },
  fr: {
    subject: 'Confirmez votre inscription chez %s',
    heading: 'Une dernière étape',
    lead: 'Vous souhaitez recevoir des e-mails de %s. Appuyez sur le bouton pour confirmer que cette adresse est la vôtre.',
    button: 'Confirmer mon inscription',
    agreed: 'Ce que vous acceptez :',
    not: 'Ce n’était pas vous ? Ne faites rien : sans le bouton, vous ne recevrez pas de newsletter. Le lien est valable 30 jours.',
  },
}
type Words = (typeof wordsIn)['en']
