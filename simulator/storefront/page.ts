import { join } from 'node:path'
import type { Request, Response } from 'express'
import type { SimStore } from '../types.ts'
import { readBlocks, renderBlock, type Rendered } from './extension.ts'
import { createEngine, textOf } from './liquid.ts'
import { visitOf, type Visit } from './session.ts'
import { cartView, shopView } from './views.ts'
import { themeWords } from './words.ts'

export interface Pages {
  /** Renders a template of the theme inside its layout, with the app's blocks. `data.page_type` is the platform's name of the page. */
  send(request: Request, response: Response, template: string, data: Record<string, unknown>, status?: number): Promise<void>
  /** Renders Liquid that an app sent, inside the theme. */
  wrap(request: Request, response: Response, liquid: string, status: number): Promise<void>
}

const theme = join(import.meta.dirname, 'theme')
const engine = createEngine({
  roots: [theme], snippets: join(theme, 'snippets'), words: (locale) => themeWords(locale), assetUrl: (file) => `/cdn/theme/${file}`,
})

export function createPages(store: SimStore): Pages {
  const draw = async (request: Request, response: Response, inner: (context: Record<string, unknown>) => Promise<string>, data: Record<string, unknown>, status: number): Promise<void> => {
    const visit = visitOf(store, request, response)
    const context = { ...contextOf(store, visit, request, textOf(data.page_type) || 'page'), ...data }
    const content = await inner(context)
    const apps = await blocks(store, context)
    const all = [...apps.body, ...(apps.inline ? [apps.inline] : [])]
    const html: unknown = await engine.renderFile('layout', {
      ...context,
      content,
      scripts: [...new Set(all.flatMap((one) => one.scripts))],
      styles: [...new Set(all.flatMap((one) => one.styles))],
      embeds: apps.body.map((one) => one.html).join('\n'),
      inline: apps.inline?.html ?? '',
    })
    response.status(status).type('html').send(String(html))
  }
  return {
    send: (request, response, template, data, status = 200) => draw(request, response, async (context) => String(await engine.renderFile(template, context)), data, status),
    wrap: (request, response, liquid, status) => draw(request, response, async (context) => String(await engine.parseAndRender(liquid, context)), { page_type: 'page' }, status),
  }
}

/** Which of the app's blocks stand on this page. Nothing of an app runs at the checkout. */
async function blocks(store: SimStore, context: Record<string, unknown>): Promise<{ body: Rendered[]; inline: Rendered | null }> {
  const type = textOf(context.page_type)
  if (!store.installed || type === 'checkout') return { body: [], inline: null }
  const found = [...readBlocks().values()]
  const body = store.embedOn ? await Promise.all(found.filter((block) => block.target !== 'section').map((block) => renderBlock(store, block.handle, context))) : []
  const section = found.find((block) => block.target === 'section')
  return { body, inline: store.blockOn && type === 'index' && section ? await renderBlock(store, section.handle, context) : null }
}

function contextOf(store: SimStore, visit: Visit, request: Request, type: string): Record<string, unknown> {
  const locale = visit.locale ?? store.locale
  const customer = visit.customerId === null ? undefined : store.customers.get(visit.customerId)
  return {
    shop: shopView(store),
    request: { path: request.path, locale: { iso_code: locale }, design_mode: false, page_type: type, origin: `https://${store.domain}` },
    localization: { country: { iso_code: store.country }, language: { iso_code: locale } },
    routes: { root_url: '/', cart_url: '/cart', account_url: '/account', all_products_collection_url: '/collections/all' },
    page_type: type,
    customer: customer ? { id: customer.id, email: customer.email, first_name: customer.firstName } : null,
    cart: cartView(store, visit),
    nav: [...store.collections.values()].slice(0, 6).map(({ handle, title }) => ({ url: `/collections/${handle}`, title })),
    // Where the law asks first, nothing is allowed until the visitor chose.
    asks_first: ['AT', 'BE', 'CH', 'DE', 'ES', 'FR', 'GB', 'IE', 'IT', 'NL', 'PL'].includes(store.country),
    store_id: store.id,
  }
}
