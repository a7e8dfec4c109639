import { Liquid, Tag, toValueSync, type Context, type TagToken, type TopLevelToken } from 'liquidjs'

/** Words of a folder of locale files: `words('de')` gives nested texts, falling back to the default language key by key. */
export type Words = (locale: string) => Record<string, unknown>

export interface EngineOptions {
  /** Folders in which templates and snippets are found. */
  roots: string[]
  snippets: string
  words: Words
  assetUrl: (file: string) => string
}

/** Liquid as the platform speaks it: its tags without output, its filters, nothing escaped by itself. */
export function createEngine({ roots, snippets, words, assetUrl }: EngineOptions): Liquid {
  const engine = new Liquid({ root: roots, partials: snippets, extname: '.liquid', cache: true, jsTruthy: false, ownPropertyOnly: true })
  for (const name of ['schema', 'doc', 'stylesheet', 'javascript']) engine.registerTag(name, silentTag(name))
  engine.registerFilter('t', function (key: unknown, ...args: unknown[]) {
    const locale = readText(this.context, ['request', 'locale', 'iso_code']) || 'en'
    const text = String(key).split('.').reduce<unknown>((at, part) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[part] : undefined), words(locale))
    if (typeof text !== 'string') return `Translation missing: ${locale}.${String(key)}`
    const given = new Map(args.filter((arg): arg is [string, unknown] => Array.isArray(arg)).map(([name, value]) => [name, escapeHtml(textOf(value))]))
    return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => given.get(name) ?? '')
  })
  engine.registerFilter('money', function (minor: unknown) {
    return formatMoney(Number(minor), readText(this.context, ['shop', 'currency']), readText(this.context, ['shop', 'language_tag']))
  })
  engine.registerFilter('asset_url', (file: unknown) => assetUrl(String(file)))
  engine.registerFilter('stylesheet_tag', (url: unknown) => `<link href="${escapeHtml(String(url))}" rel="stylesheet" media="all">`)
  engine.registerFilter('script_tag', (url: unknown) => `<script src="${escapeHtml(String(url))}" defer></script>`)
  engine.registerFilter('image_url', (image: unknown, ...args: unknown[]) => {
    const width = args.find((arg): arg is [string, unknown] => Array.isArray(arg) && arg[0] === 'width')?.[1]
    return `${String(image)}${width ? `?width=${Number(width)}` : ''}`
  })
  return engine
}

/** Minor units in words of the shop's place: 129900, 'USD', 'en-US' -> "$1,299.00". */
export function formatMoney(minor: number, currency: string, language: string): string {
  const format = new Intl.NumberFormat(language || 'en', { style: 'currency', currency: currency || 'EUR' })
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' })[letter]!)

/** A text or a number as text; anything else is nothing. */
export const textOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

const readText = (context: Context, path: string[]): string => {
  const found: unknown = toValueSync(context.get(path))
  return typeof found === 'string' ? found : ''
}

/** A tag whose content is read and not printed. */
function silentTag(name: string) {
  return class extends Tag {
    constructor(token: TagToken, remain: TopLevelToken[], liquid: Liquid) {
      super(token, remain, liquid)
      while (remain.length > 0) {
        const next = remain.shift() as TopLevelToken & { name?: string }
        if (next.name === `end${name}`) return
      }
      throw new Error(`${name} is not closed`)
    }
    override *render(): Generator<unknown, void, unknown> {}
  }
}
