import mjml2html from 'mjml'
import { drawBlocks } from './blocks.ts'
import { attribute, escapeWords, link, newBuild, plain, putBack, words, type Build, type CompiledLink } from './build.ts'
import { check } from './checks.ts'
import type { Brand, MailCheck, MailContent, ProductPick } from './contract.ts'

export interface CompileInput {
  content: MailContent
  brand: Brand
  subject: string
  preheader: string
  shop: { name: string; url: string | null; locale: string }
  /** The picked products as the catalogue has them now. A pick that is missing here is gone from the store. */
  products: Map<string, ProductPick>
}
export interface Compiled {
  html: string
  text: string
  links: CompiledLink[]
  checks: MailCheck[]
}

/**
 * Blocks -> MJML -> HTML, and the same blocks as plain text. Both parts still hold merge tags, `[[link:n]]` where a link
 * goes and `[[footer]]` exactly once at the end. Nothing of the merchant's is passed on as markup: words are escaped, the
 * little HTML of text blocks is rebuilt from an allow-list. A mail with an `error` among its checks must not be sent.
 */
export async function compileMessage(input: CompileInput): Promise<Compiled> {
  const build = newBuild(input.brand, input.products)
  const head = drawHead(build, input)
  const body = drawBlocks(build, input.content.blocks)
  const { errors, html: raw } = await mjml2html(page(build, input, head.inner, body.mjml), { validationLevel: 'soft', keepComments: false, ignoreIncludes: true, fonts: {} })
  if (errors.length > 0) throw new Error(`the mail could not be drawn: ${errors.map((e) => e.message).join('; ')}`)
  const html = putBack(build, tidy(raw))
  const text = [...head.text, ...body.text, '[[footer]]'].join('\n\n') + '\n'
  return { html, text, links: build.links, checks: check(build, input, html) }
}

/** The shop's sign above the mail. */
function drawHead(build: Build, { brand, shop }: CompileInput): { inner: string; text: string[] } {
  const to = shop.url ? link(build, shop.url, shop.name, null) : null
  const name = escapeWords(shop.name)
  const inner = /^https?:\/\//i.test(brand.logoUrl)
    ? `<mj-image css-class="hm-image" src="${escapeWords(brand.logoUrl)}" alt="${name}" width="${brand.logoWidth}px" padding="0 24px"${to ? ` href="${attribute(to)}"` : ''} />`
    : `<mj-text css-class="hm-sign" align="center" padding="0 24px" font-size="20px" line-height="28px" font-weight="700" color="${build.look.light.outside}">${
        to ? `<a href="${attribute(to)}" target="_blank" style="color:${build.look.light.outside};text-decoration:none">${name}</a>` : name
      }</mj-text>`
  return { inner, text: [plain(shop.name)] }
}

function page(build: Build, { shop, subject, preheader }: CompileInput, head: string, body: string): string {
  const { light } = build.look
  const round = Math.min(build.brand.radius * 2, 16)
  const language = /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i.test(shop.locale) ? shop.locale : 'en'
  const direction = rightToLeft.has(language.slice(0, 2).toLowerCase()) ? 'rtl' : 'ltr'
  // The filler keeps the first words of the mail out of the inbox preview.
  const preview = preheader.trim() ? `<mj-preview>${words(build, preheader.trim(), null)}${'&#847;&zwnj;&nbsp;'.repeat(60)}</mj-preview>` : ''
  return `<mjml lang="${language}" dir="${direction}">
<mj-head>
<mj-title>${words(build, subject.trim() || shop.name, null)}</mj-title>
${preview}
<mj-attributes>
<mj-all font-family="${build.font}" />
<mj-text font-size="16px" line-height="26px" color="${light.text}" />
<mj-section direction="${direction}" />
</mj-attributes>
<mj-raw><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no"></mj-raw>
<mj-style>${styles(build)}</mj-style>
</mj-head>
<mj-body width="600px" background-color="${light.background}" css-class="hm-body">
<mj-section padding="32px 0 24px"><mj-column padding="0">${head}</mj-column></mj-section>
<mj-wrapper css-class="hm-surface" background-color="${light.surface}" border-radius="${round}px" padding="28px 0 20px">
${body || '<mj-section padding="24px 0"><mj-column><mj-spacer height="24px" /></mj-column></mj-section>'}
</mj-wrapper>
<mj-raw><div class="hm-foot" style="max-width:600px;margin:16px auto 32px;border-radius:${round}px;overflow:hidden">[[footer]]</div></mj-raw>
</mj-body>
</mjml>`
}

/** What cannot stand inline: phones and the dark. `!important` because the daylight colours stand inline. */
function styles({ look: { dark } }: Build): string {
  const paint = (selector: string, rule: string): string => `${selector} { ${rule} }`
  const night = [
    paint('body, .hm-body, .hm-body > div', `background-color: ${dark.background} !important;`),
    paint('.hm-surface, .hm-surface > table', `background: ${dark.surface} !important; background-color: ${dark.surface} !important;`),
    paint('.hm-text div, .hm-text h1, .hm-text h2, .hm-text h3, .hm-text .hm-plain', `color: ${dark.text} !important;`),
    paint('.hm-text .hm-soft, .hm-quiet div', `color: ${dark.quiet} !important;`),
    paint('.hm-text .hm-link', `color: ${dark.link} !important;`),
    paint('.hm-line p', `border-top-color: ${dark.line} !important;`),
    paint('.hm-button td, .hm-button a, .hm-button p', `background: ${dark.button} !important; color: ${dark.buttonText} !important;`),
    paint('.hm-button > table > tbody > tr > td', `background: ${dark.button} !important;`),
    paint('.hm-sign div, .hm-sign a', `color: ${dark.outside} !important;`),
    // The footer keeps its own colours, dark on white, whatever a template says. Turned round as a whole it keeps its contrast.
    paint('.hm-foot', 'filter: invert(0.89) hue-rotate(180deg);'),
  ]
  return `:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media only screen and (max-width:479px) {
.hm-image img { height: auto !important; }
.hm-h1 h1 { font-size: 26px !important; line-height: 33px !important; }
}
@media (prefers-color-scheme: dark) {
${night.join('\n')}
}`
}

/** MJML indents deeply; the blanks would count towards the size at which mail programs clip. */
const tidy = (html: string): string =>
  html
    .replace(/title="\ue002([^\ue003]*)\ue003"/g, 'aria-label="$1"')
    .replace(/\n\s+/g, '\n')
    .replace(/\n{2,}/g, '\n')
    .trim()

const rightToLeft = new Set(['ar', 'he', 'iw', 'fa', 'ur', 'yi', 'dv', 'ps', 'ku'])
