import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Liquid } from 'liquidjs'
import { z } from 'zod'
import type { SimStore } from '../types.ts'
import { createEngine } from './liquid.ts'

const folder = join(import.meta.dirname, '../../extensions/homing-storefront')
export const assetFolder = join(folder, 'assets')

const schema = z.object({
  name: z.string(),
  target: z.string(),
  javascript: z.string().optional(),
  stylesheet: z.string().optional(),
  settings: z.array(z.object({ id: z.string().optional(), default: z.unknown().optional() })).default([]),
})
export interface Block { handle: string; target: string; javascript?: string | undefined; stylesheet?: string | undefined; defaults: Record<string, unknown>; source: string }
export interface Rendered { html: string; scripts: string[]; styles: string[] }

/** The real blocks of the app's theme extension, by file name. Read anew each time: whoever edits them sees it at the next page. */
export function readBlocks(): Map<string, Block> {
  return new Map(readdirSync(join(folder, 'blocks')).map((file) => {
    const source = readFileSync(join(folder, 'blocks', file), 'utf8')
    const found = /\{%-?\s*schema\s*-?%\}([\s\S]*?)\{%-?\s*endschema\s*-?%\}/.exec(source)?.[1]
    const { target, javascript, stylesheet, settings } = schema.parse(JSON.parse(found ?? 'null'))
    const defaults = Object.fromEntries(settings.flatMap((one) => (one.id ? [[one.id, one.default ?? '']] : [])))
    return [file.replace('.liquid', ''), { handle: file.replace('.liquid', ''), target, javascript, stylesheet, defaults, source }]
  }))
}

const chosen = new WeakMap<SimStore, Map<string, Record<string, unknown>>>()
/** What the store owner set in the theme editor for a block; what is left out stays at the block's default. */
export function setBlockSettings(store: SimStore, handle: string, settings: Record<string, unknown>): void {
  if (!chosen.has(store)) chosen.set(store, new Map())
  chosen.get(store)!.set(handle, settings)
}

/** Draws a block into the page, with the files that its schema names. `context` is what the platform gives to blocks. */
export async function renderBlock(store: SimStore, handle: string, context: Record<string, unknown>): Promise<Rendered> {
  const block = readBlocks().get(handle)
  if (!block) throw new Error(`the extension has no block named ${handle}`)
  const settings = { ...block.defaults, ...chosen.get(store)?.get(handle) }
  const html = await engine().parseAndRender(block.source, {
    ...context, block: { id: `${handle}-${store.id}`, type: handle, settings, shopify_attributes: '' }, section: { id: 'footer' }, app: { metafields: {} },
  })
  const url = (file: string | undefined): string[] => (file ? [assetUrl(file)] : [])
  return { html: String(html), scripts: url(block.javascript), styles: url(block.stylesheet) }
}

/** Where the storefront serves an asset of the extension; changes with its content. */
export function assetUrl(file: string): string {
  if (!/^[\w.-]+$/.test(file)) throw new Error(`${file} is not the name of an asset`)
  const version = createHash('sha1').update(readFileSync(join(assetFolder, file))).digest('hex').slice(0, 10)
  return `/cdn/extensions/homing-storefront/assets/${file}?v=${version}`
}

let made: Liquid | null = null
function engine(): Liquid {
  made ??= createEngine({ roots: [folder], snippets: join(folder, 'snippets'), words, assetUrl })
  return made
}

function words(locale: string): Record<string, unknown> {
  const files = readdirSync(join(folder, 'locales'))
  const own = [`${locale}.json`, `${locale.slice(0, 2)}.json`].find((file) => files.includes(file)) ?? 'en.default.json'
  return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(join(folder, 'locales', own), 'utf8')))
}
