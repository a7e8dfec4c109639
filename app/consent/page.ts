import { createHash } from 'node:crypto'
import type { Response } from 'express'
import { contrast } from '../lib/colour.ts'
import { escapeHtml } from '../lib/http.ts'
import { brand as brandShape, defaultBrand, type Brand } from '../templates/contract.ts'
import { wordsIn, type Language, type Words } from './words.ts'

/** What a public page is drawn with. */
export interface PageLook {
  language: Language
  /** null when the shop was forgotten: its pages still answer. */
  shop: { name: string; url: string | null } | null
  brand: Brand
  /** Sender's postal address, one line; '' when there is none. */
  postalAddress: string
}

export interface PageContent {
  status?: number
  title: string
  /** Trusted HTML; everything that people wrote in it is escaped already. */
  body: string
}

/** The shop's stored brand, or ours where it cannot be read. */
export function readBrand(stored: unknown): Brand {
  const parsed = brandShape.safeParse(stored)
  return parsed.success ? parsed.data : defaultBrand
}

/**
 * Sends a public page: plain HTML that works without script, keeps nothing in the browser, is not indexed, frames nowhere and
 * loads nothing but the shop's logo.
 */
export function sendPage(response: Response, look: PageLook, content: PageContent): void {
  const style = styleOf(look.brand)
  const logo = logoOf(look.brand)
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    ...(logo ? [`img-src ${logo.origin}`] : []),
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
  response
    .status(content.status ?? 200)
    .set({ 'Content-Security-Policy': policy, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', 'X-Robots-Tag': 'noindex, nofollow', 'X-Content-Type-Options': 'nosniff' })
    .type('html')
    .send(documentOf(look, content, style, logo))
}

export const wordsOf = (look: PageLook): Words => wordsIn[look.language]

/** Fills `%s` with the shop's name and `%a` with the hidden address, escaped and set apart. */
export function say(look: PageLook, text: string, address = ''): string {
  return escapeHtml(text)
    .replaceAll('%s', () => `<strong>${escapeHtml(look.shop?.name ?? wordsOf(look).thisShop)}</strong>`)
    .replaceAll('%a', () => `<span class="address">${escapeHtml(address)}</span>`)
}

/** As `say`, for a place that holds text only, such as a title. */
export const sayPlain = (look: PageLook, text: string): string => text.replaceAll('%s', () => look.shop?.name ?? wordsOf(look).thisShop)

/** 'ada.lovelace@example.com' -> 'a•••@example.com': enough to recognise one's own, little for anybody else. */
export function hiddenAddress(email: string): string {
  const at = email.lastIndexOf('@')
  return at < 1 ? '•••' : `${Array.from(email)[0]}•••${email.slice(at)}`
}

/** The shop's address for a link, or '' when it is none. */
export const shopLink = (look: PageLook, kind: 'button' | 'quiet' = 'quiet'): string =>
  look.shop?.url && /^https?:\/\//.test(look.shop.url) ? `<p><a class="${kind}" href="${escapeHtml(look.shop.url)}">${escapeHtml(wordsOf(look).toShop)}</a></p>` : ''

function documentOf(look: PageLook, content: PageContent, style: string, logo: URL | null): string {
  const name = look.shop?.name ?? ''
  const head = logo
    ? `<img src="${escapeHtml(logo.href)}" alt="${escapeHtml(name)}" width="${look.brand.logoWidth}">`
    : escapeHtml(name)
  const foot = [name, look.postalAddress].filter(Boolean).map((part) => escapeHtml(part)).join(' · ')
  return `<!doctype html>
<html lang="${look.language}" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>${escapeHtml(content.title)}${name ? ` · ${escapeHtml(name)}` : ''}</title>
<style>${style}</style>
</head>
<body>
<div class="page">
${head ? `<header class="brand">${head}</header>` : ''}
<main class="card">
<h1>${escapeHtml(content.title)}</h1>
${content.body}
</main>
${foot ? `<footer>${foot}</footer>` : ''}
</div>
</body>
</html>
`
}

function logoOf(brand: Brand): URL | null {
  if (!brand.logoUrl.startsWith('https://')) return null
  try {
    return new URL(brand.logoUrl)
  } catch {
    return null
  }
}

const fonts: Record<Brand['font'], string> = {
  system: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Open Sans", Arial, sans-serif',
  serif: 'Georgia, "Iowan Old Style", "Times New Roman", serif',
  rounded: 'ui-rounded, "Arial Rounded MT Bold", "Nunito", "Open Sans", system-ui, sans-serif',
  mono: 'ui-monospace, "SF Mono", Menlo, Consolas, monospace',
}

function styleOf(brand: Brand): string {
  const text = readable(brand.text, brand.surface)
  const onPage = readable(brand.text, brand.background)
  const onAccent = readable(brand.accentText, brand.accent)
  // Links, the focus ring and an outlined button take the accent only where it can be seen on the card.
  const link = contrast(brand.accent, brand.surface) >= 4.5 ? brand.accent : text
  return `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:${brand.background};color:${onPage};font:16px/1.55 ${fonts[brand.font]}}
.page{min-height:100vh;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:24px;padding:32px 16px}
.brand{font-size:20px;font-weight:650;letter-spacing:-.01em;text-align:center}
.brand img{max-width:100%;height:auto;display:block}
.card{width:100%;max-width:480px;background:${brand.surface};color:${text};border-radius:${Math.max(brand.radius, 4) + 6}px;padding:32px 24px;box-shadow:0 1px 2px rgb(0 0 0/.06),0 12px 32px rgb(0 0 0/.08)}
@media (min-width:560px){.card{padding:44px 44px 40px}}
h1{margin:0 0 12px;font-size:26px;line-height:1.2;letter-spacing:-.015em;text-wrap:balance;overflow-wrap:anywhere}
p{margin:0 0 16px;overflow-wrap:anywhere}
form{margin:24px 0 16px}
.card>:last-child,.card>:last-child>:last-child{margin-bottom:0}
.address{white-space:normal;overflow-wrap:anywhere;font-weight:600}
blockquote{margin:0 0 16px;padding:2px 0 2px 14px;border-left:3px solid ${brand.accent};font-size:14px;line-height:1.5;overflow-wrap:anywhere}
.label{margin:20px 0 6px;font-size:14px;font-weight:600}
.button,button{display:block;width:100%;min-height:48px;padding:12px 20px;border:2px solid ${brand.accent};border-radius:${brand.radius}px;background:${brand.accent};color:${onAccent};font:inherit;font-weight:650;line-height:1.3;text-align:center;text-decoration:none;cursor:pointer}
button:hover,.button:hover{filter:brightness(1.08)}
button.second{background:transparent;color:${link};border-color:${link}}
:focus-visible{outline:3px solid ${link};outline-offset:3px}
a.quiet{display:inline-block;padding:12px 0;color:${link};text-underline-offset:3px}
.small{font-size:14px;margin:16px 0 0}
.tick{display:flex;gap:14px;align-items:flex-start;padding:16px 0;border-top:1px solid color-mix(in srgb,${text} 14%,transparent);cursor:pointer}
.tick input{flex:none;width:24px;height:24px;margin:0;accent-color:${brand.accent}}
.tick small{display:block;margin-top:4px;font-size:14px;line-height:1.45}
form .tick:last-of-type{margin-bottom:16px}
.said{margin:4px 0 20px;padding:12px 16px;border-radius:${brand.radius}px;background:color-mix(in srgb,${brand.accent} 12%,${brand.surface});font-weight:600}
footer{max-width:480px;font-size:13px;line-height:1.5;text-align:center;overflow-wrap:anywhere}
`
}

/** The wished colour, or black or white where it could not be read on its ground (4.5:1). */
function readable(wish: string, ground: string): string {
  if (contrast(wish, ground) >= 4.5) return wish
  return contrast('#111111', ground) >= contrast('#ffffff', ground) ? '#111111' : '#ffffff'
}
