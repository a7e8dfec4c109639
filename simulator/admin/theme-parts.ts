import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { z } from 'zod'
import type { SimStore } from '../types.ts'

/** A block of the app's theme extension, as the theme editor and App Bridge tell of it. */
export interface ThemePart {
  handle: string // the block's file name
  name: string
  target: 'head' | 'body' | 'compliance_head' | 'section'
}

const schema = z.object({ name: z.string(), target: z.enum(['head', 'body', 'compliance_head', 'section']) })

/** Reads the real theme extension: its blocks with their English names. */
export function themeParts(folder = new URL('../../extensions/homing-storefront/', import.meta.url)): ThemePart[] {
  const words = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(new URL('locales/en.default.schema.json', folder), 'utf8')))
  const say = (text: string): string => {
    if (!text.startsWith('t:')) return text
    const found = text.slice(2).split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], words)
    return typeof found === 'string' ? found : text
  }
  return readdirSync(new URL('blocks/', folder))
    .filter((file) => file.endsWith('.liquid'))
    .sort()
    .map((file) => {
      const text = /\{%-?\s*schema\s*-?%\}([\s\S]*?)\{%-?\s*endschema/.exec(readFileSync(new URL(`blocks/${file}`, folder), 'utf8'))?.[1]
      const { name, target } = schema.parse(JSON.parse(text ?? 'null'))
      return { handle: basename(file, '.liquid'), name: say(name), target }
    })
}

export const isEmbed = (part: ThemePart): boolean => part.target !== 'section'
export const isOn = (store: SimStore, part: ThemePart): boolean => (isEmbed(part) ? store.embedOn : store.blockOn)

/** What `shopify.app.extensions()` answers. */
export function extensionsOf(store: SimStore): unknown[] {
  const themeId = `gid://shopify/OnlineStoreTheme/${store.id + 1}`
  return [
    {
      handle: 'homing-storefront',
      type: 'theme_app_extension',
      activations: themeParts().map((part) => ({
        handle: part.handle,
        name: part.name,
        target: part.target,
        status: isOn(store, part) ? 'active' : 'available',
        activations: isOn(store, part) ? [{ target: isEmbed(part) ? part.target : `template--index/apps/${part.handle}`, themeId }] : [],
      })),
    },
  ]
}
