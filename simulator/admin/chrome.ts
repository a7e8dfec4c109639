import { escape, initialsOf } from '../doors/html.ts'
import { nameOf } from './tokens.ts'
import type { SimStore, World } from '../types.ts'

export interface Chrome {
  title: string
  /** Which entry of the menu on the left is lit: 'apps', 'homing' or 'theme'. */
  lit: 'apps' | 'homing' | 'theme' | null
  body: string
  scripts?: string[]
  data?: unknown
}

/** A page of the pretend admin: dark bar above, menu on the left, everything else is the page's own. */
export function adminPage(world: World, store: SimStore, page: Chrome): string {
  const base = `/store/${nameOf(store)}`
  const greyed = (icon: string, label: string): string => `<span class="item off" title="Not part of the pretend admin">${icons[icon]}<span>${label}</span></span>`
  const item = (icon: string, label: string, href: string, lit: boolean): string => `<a class="item${lit ? ' lit' : ''}" href="${href}"${lit ? ' aria-current="page"' : ''}>${icons[icon]}<span>${label}</span></a>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(page.title)} · ${escape(store.name)} · pretend admin</title>
<link rel="stylesheet" href="/_/fonts.css">
<link rel="stylesheet" href="/_/host.css">
<link rel="icon" href="/_/icon.svg">
</head>
<body>
<header class="top">
  <button class="burger" aria-label="Menu" aria-expanded="false" aria-controls="side">${icons.menu}</button>
  <a class="brand" href="${escape(world.urls.doors)}/" title="Back to the three doors">${logo}<span>Pretend admin</span></a>
  <div class="search" aria-hidden="true">${icons.search}<span>Search</span></div>
  <div class="unsaved" hidden role="region" aria-label="Unsaved changes">
    <span>Unsaved changes</span><button class="discard">Discard</button><button class="save">Save</button>
  </div>
  <div class="who"><span class="store">${escape(store.name)}</span><span class="face" aria-hidden="true">${escape(initialsOf(store.name))}</span></div>
</header>
<div class="under">
  <nav class="side" id="side" aria-label="Store">
    ${greyed('home', 'Home')}${greyed('orders', 'Orders')}${greyed('products', 'Products')}${greyed('customers', 'Customers')}${greyed('marketing', 'Marketing')}${greyed('discounts', 'Discounts')}${greyed('analytics', 'Analytics')}
    <h2>Sales channels</h2>
    ${item('store', 'Online store', `${base}/themes/current/editor`, page.lit === 'theme')}
    <h2>Apps</h2>
    ${item('apps', 'All apps', `${base}/apps`, page.lit === 'apps')}
    ${store.installed ? `<a class="item app${page.lit === 'homing' ? ' lit' : ''}" href="${base}/apps/homing" data-app-home>${appIcon}<span>Homing</span></a><div class="menu" data-menu></div>` : ''}
    <p class="note">A stand-in for Shopify's admin. Grey entries are not built; the app in the frame is the real one.</p>
  </nav>
  <main>${page.body}</main>
</div>
<div class="shade" hidden></div>
<div class="toasts" role="status" aria-live="polite"></div>
<div class="progress" hidden></div>
${page.data === undefined ? '' : `<script type="application/json" id="data">${JSON.stringify(page.data).replace(/</g, '\\u003c')}</script>`}
${['/_/chrome.js', ...(page.scripts ?? [])].map((src) => `<script type="module" src="${src}"></script>`).join('\n')}
</body>
</html>`
}

const stroke = (paths: string): string =>
  `<svg viewBox="0 0 20 20" width="18" height="18" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${paths}</svg>`

const icons: Record<string, string> = {
  menu: stroke('<path d="M3 6h14M3 10h14M3 14h14"/>'),
  search: stroke('<circle cx="9" cy="9" r="5"/><path d="m13 13 4 4"/>'),
  home: stroke('<path d="M3.5 9 10 3.5 16.5 9v7.5h-4.5v-4h-4v4H3.5z"/>'),
  orders: stroke('<path d="M3.5 11 5 4.5h10L16.5 11v5h-13z"/><path d="M3.5 11h4l1 2h3l1-2h4"/>'),
  products: stroke('<path d="M10.5 3.5h6v6l-7 7-6-6z"/><circle cx="13.3" cy="6.7" r=".6"/>'),
  customers: stroke('<circle cx="10" cy="7" r="3"/><path d="M4 16.5c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5"/>'),
  marketing: stroke('<path d="M4 8.5v3h2.5l6 4v-11l-6 4z"/><path d="M15.5 8a3 3 0 0 1 0 4"/>'),
  discounts: stroke('<circle cx="7" cy="7" r="1.5"/><circle cx="13" cy="13" r="1.5"/><path d="m14 6-8 8"/>'),
  analytics: stroke('<path d="M4 16.5v-5M10 16.5v-13M16 16.5v-8"/>'),
  store: stroke('<path d="M4 9v7.5h12V9M3 8l1.5-4.5h11L17 8a2.3 2.3 0 0 1-4.6 0A2.3 2.3 0 0 1 7.7 8 2.3 2.3 0 0 1 3 8z"/>'),
  apps: stroke('<rect x="3.5" y="3.5" width="5" height="5" rx="1.2"/><rect x="11.5" y="3.5" width="5" height="5" rx="1.2"/><rect x="3.5" y="11.5" width="5" height="5" rx="1.2"/><path d="M14 11.5v5M11.5 14h5"/>'),
}

const logo = `<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path d="M4 21V11a8 8 0 0 1 16 0v10z" fill="#3d6f56"/><path d="M8 21v-9a4 4 0 0 1 8 0v9z" fill="#f4ead7"/><circle cx="14" cy="16" r="1" fill="#3d6f56"/></svg>`

export const appIcon = `<svg class="app-icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true"><rect width="24" height="24" rx="6" fill="#1f4d3a"/><path d="M5.5 9.5 12 14l6.5-4.5M5.5 8.5h13v8h-13z" fill="none" stroke="#f4ead7" stroke-width="1.7" stroke-linejoin="round"/></svg>`
