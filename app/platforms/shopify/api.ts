import { AsyncLocalStorage } from 'node:async_hooks'
import '@shopify/shopify-api/adapters/node'
import { ApiVersion, LogSeverity, shopifyApi } from '@shopify/shopify-api'
import { setAbstractFetchFunc } from '@shopify/shopify-api/runtime'
import type { App } from '../../app.ts'
import type { Fetch } from '../../lib/fetch.ts'

/** The version that every document is written for and that the webhooks of shopify.app.toml carry. */
export const apiVersion = ApiVersion.October26

// The library keeps one fetch for the whole process. Each app has its own (the simulator and tests put theirs in), so the
// library's is a switch: it uses the fetch of the app in whose name the call was made.
const fetchOf = new AsyncLocalStorage<Fetch>()
setAbstractFetchFunc((input, init) => (fetchOf.getStore() ?? globalThis.fetch)(input, init))

/** Runs a call of the library through the app's own way out. */
export const through = <T>(app: App, work: () => Promise<T>): Promise<T> => fetchOf.run(app.fetch, work)

const made = new WeakMap<App, ReturnType<typeof create>>()

/** The library, set up for this app. Its own log is off: it would print requests and, on a bad token, the token itself. */
export function api(app: App): ReturnType<typeof create> {
  const known = made.get(app)
  if (known) return known
  const fresh = create(app)
  made.set(app, fresh)
  return fresh
}

function create({ settings }: App) {
  const url = new URL(settings.APP_URL)
  return shopifyApi({
    apiKey: settings.SHOPIFY_API_KEY,
    apiSecretKey: settings.SHOPIFY_API_SECRET,
    apiVersion,
    hostName: url.host,
    hostScheme: url.protocol === 'https:' ? 'https' : 'http',
    isEmbeddedApp: true,
    logger: { level: LogSeverity.Error, log: () => undefined },
  })
}

/** Secrets that a signature may have been made with: during a change of the secret both are in use. */
export const secrets = ({ settings }: App): string[] =>
  [settings.SHOPIFY_API_SECRET, settings.SHOPIFY_API_SECRET_PREVIOUS].filter((secret): secret is string => Boolean(secret))

/** The shop's permanent domain in lower case, or null: nothing else may reach an address, a header or a query. */
export function shopDomain(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 100) return null
  const domain = value.toLowerCase()
  return /^[a-z0-9][a-z0-9-]*\.myshopify\.com$/.test(domain) ? domain : null
}

/** The parameters of a request as they came. Not by way of `URL`, which takes `//` for a host and throws. */
export const queryOf = (url: string): URLSearchParams => new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '')

/** The plain number behind a global id ("gid://shopify/Customer/42" -> "42"); numbers pass. */
export const plainId = (id: string | number): string => String(id).split('?')[0]!.split('/').at(-1)!
export const globalId = (kind: string, id: string): string => (id.startsWith('gid://') ? id : `gid://shopify/${kind}/${id}`)
