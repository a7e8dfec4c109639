import { attribute, escapeWords, type Build } from './build.ts'

export interface Drawn {
  /** MJML that belongs inside an mj-column. */
  inner: string
  text: string
}
/** Where a block stands: how wide it may be, in px, and its distance from the left and right edge. */
export interface Place {
  width: number
  gutter: number
}
/** 48 px high (48 = 20 + 2 × 14): a thumb hits it (WCAG 2.5.5). `name` is what a screen reader says. */
export function button(build: Build, label: string, to: string | null, align: string, padding: string, name = ''): string {
  const { light } = build.look
  const title = name ? ` title="\ue002${escapeWords(name)}\ue003"` : '' // becomes aria-label: mj-button knows no such attribute
  return `<mj-button css-class="hm-button" align="${align}" background-color="${light.button}" color="${light.buttonText}" border-radius="${build.brand.radius}px" font-size="16px" font-weight="600" line-height="20px" inner-padding="14px 28px" padding="${padding}"${to ? ` href="${attribute(to)}"` : ''}${title}>${label}</mj-button>`
}

/** Shopify's picture server crops to a square on request, so that cards line up; other pictures keep their shape. */
export function squared(src: string, width: number): { src: string; height: string } {
  const url = URL.canParse(src) ? new URL(src) : null
  if (url?.hostname !== 'cdn.shopify.com') return { src, height: '' }
  for (const side of ['width', 'height']) url.searchParams.set(side, String(width * 2))
  url.searchParams.set('crop', 'center')
  return { src: url.href, height: ` height="${width}px"` }
}
