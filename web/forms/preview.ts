import type { FormSettings, FormTexts } from '../../app/forms/contract.ts'
// The storefront's own style, so that the preview cannot look different from the shop.
import style from '../../extensions/homing-storefront/assets/homing.css?raw'

const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c)

/** A page of a pretend shop with the form on it, as a document without scripts. The markup follows extensions/homing-storefront. */
export function formPage(kind: 'popup' | 'inline', settings: FormSettings, language: string): string {
  const texts = settings.texts[language] ?? Object.values(settings.texts)[0]
  if (!texts) return ''
  const { look } = settings
  const variables = `--homing-background:${look.background};--homing-text:${look.text};--homing-accent:${look.accent};--homing-accent-text:${look.accentText};--homing-radius:${look.radius}px`
  const body = kind === 'popup' ? `${page}<div class="behind"></div>${popup(texts, settings, variables)}` : `${head}<div class="shop">${inline(texts, settings, variables)}</div>${shelf}`
  return `<!doctype html><html lang="${escape(language)}"><head><meta name="viewport" content="width=device-width"><style>${pageStyle}${style}</style></head><body>${body}</body></html>`
}

const field = (label: string, type: string): string => `<div class="homing-field"><label>${escape(label)}</label><input type="${type}" tabindex="-1" aria-label="${escape(label)}"></div>`
const tick = (text: string): string => (text ? `<label class="homing-tick"><input type="checkbox" tabindex="-1"><span>${escape(text)}</span></label>` : '')

const popup = (texts: FormTexts, settings: FormSettings, variables: string): string =>
  `<dialog open class="homing-dialog" style="${variables}"><form class="homing-form"><h2 class="homing-heading">${escape(texts.heading)}</h2><p class="homing-body">${escape(texts.body)}</p>` +
  `${settings.askName ? field(texts.nameLabel, 'text') : ''}${field(texts.emailLabel, 'email')}<p class="homing-consent">${escape(texts.consent)}</p>${tick(texts.tracking)}` +
  `<div class="homing-actions"><button type="button" class="homing-button" tabindex="-1">${escape(texts.button)}</button><button type="button" class="homing-button homing-button--no" tabindex="-1">${escape(texts.decline)}</button></div></form>` +
  `<button type="button" class="homing-close" aria-label="Close" tabindex="-1"></button></dialog>`

const inline = (texts: FormTexts, settings: FormSettings, variables: string): string =>
  `<div class="homing-inline" style="${variables}"><form class="homing-form"><h2 class="homing-heading">${escape(texts.heading)}</h2><p class="homing-body">${escape(texts.body)}</p>` +
  `${settings.askName ? field(texts.nameLabel, 'text') : ''}<div class="homing-row">${field(texts.emailLabel, 'email')}<button type="button" class="homing-button" tabindex="-1">${escape(texts.button)}</button></div>` +
  `<p class="homing-consent">${escape(texts.consent)}</p>${tick(texts.tracking)}</form></div>`

const head = '<div class="head"><i></i><span></span><span></span><span></span></div>'
const shelf = '<div class="shelf"><i></i><i></i><i></i><i></i></div>'
const page = `${head}<div class="hero"></div>${shelf}`
const pageStyle = `
  body { margin: 0; font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; color: #1f2421; background: #fff; overflow-x: hidden; }
  .head { display: flex; gap: 24px; align-items: center; padding: 20px 32px; border-bottom: 1px solid #ececec; }
  .head i { width: 96px; height: 14px; margin-right: auto; border-radius: 4px; background: #d9dcda; }
  .head span { width: 44px; height: 8px; border-radius: 4px; background: #e8eae9; }
  .hero { height: 200px; margin: 24px 32px; border-radius: 8px; background: #f0f1f0; }
  .shelf { display: grid; grid-template-columns: repeat(4, 1fr); gap: 16px; padding: 8px 32px 32px; }
  .shelf i { height: 150px; border-radius: 8px; background: #f0f1f0; }
  .shop { padding: 48px 32px; }
  .behind { position: fixed; inset: 0; background: rgb(20 22 20 / .45); }
  .homing-dialog { display: block; }
  @media (max-width: 540px) { .head { padding: 16px; } .shelf { grid-template-columns: 1fr 1fr; padding: 8px 16px; } .hero { margin: 16px; height: 140px; } .shop { padding: 32px 16px; } }
`
