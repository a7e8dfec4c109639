import { escape } from '../doors/html.ts'
import type { SimStore, World } from '../types.ts'
import { adminPage } from './chrome.ts'
import { isEmbed, isOn, themeParts } from './theme-parts.ts'
import { nameOf } from './tokens.ts'

/**
 * The theme editor: switches for the app's embed and its inline block beside the storefront.
 * @param activate `<client id>/<block>` of a deep link: that part is switched on already, but not saved, as in Shopify's editor.
 */
export function editorPage(world: World, store: SimStore, activate: string | null): string {
  const [clientId, handle] = activate?.split('/') ?? []
  const wanted = clientId === world.app.clientId ? handle : undefined
  const parts = themeParts()
  const rows = parts.map((part) => {
    const on = isOn(store, part) || part.handle === wanted
    return `<div class="row"><div><strong>${escape(part.name)}</strong><small>${isEmbed(part) ? 'App embed, on every page' : 'Block on the home page'}</small></div>
      <label class="switch"><input type="checkbox" name="${isEmbed(part) ? 'embed' : 'block'}" aria-label="${escape(part.name)}"${on ? ' checked' : ''}><i></i></label></div>`
  })
  const unknown = activate && !parts.some((part) => part.handle === wanted) ? `<p role="alert">The link asks for a part that the app does not have: ${escape(activate)}</p>` : ''
  const body = `<div class="title"><span class="crumb"><b>Theme editor</b></span><span class="acts"><a class="button" href="${escape(world.urls.storefront(store.domain))}/" target="_blank" rel="noopener">View store</a><button class="button primary" data-save disabled>Save</button></span></div>
    <div class="editor"><aside><h2>App parts</h2><p>${wanted && !unknown ? 'Switched on for you. Press Save to publish it.' : 'What apps add to the theme.'}</p>${unknown}${store.installed ? rows.join('') : '<p>Homing is not installed.</p>'}</aside>
    <div class="stage"><iframe title="Storefront of ${escape(store.name)}" src="${escape(world.urls.storefront(store.domain))}/"></iframe></div></div>`
  const data = { save: `/store/${nameOf(store)}/themes/current/editor`, saved: { embed: store.embedOn, block: store.blockOn } }
  return adminPage(world, store, { title: 'Theme editor', lit: 'theme', body, scripts: ['/_/theme-editor.js'], data })
}
