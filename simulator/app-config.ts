import { readFileSync } from 'node:fs'
import { parse } from 'smol-toml'
import { z } from 'zod'

const file = z.object({
  client_id: z.string(),
  name: z.string(),
  handle: z.string(),
  application_url: z.url(),
  access_scopes: z.object({ scopes: z.string(), optional_scopes: z.array(z.string()).default([]) }),
  webhooks: z.object({
    api_version: z.string(),
    subscriptions: z.array(z.object({
      topics: z.array(z.string()).default([]),
      compliance_topics: z.array(z.string()).default([]),
      uri: z.string(),
      name: z.string().default(''),
    })),
  }),
  app_proxy: z.object({ url: z.url(), subpath: z.string(), prefix: z.string() }),
})

export interface Subscription { topic: string; path: string; name: string }

/** What the platform knows about the app: exactly what stands in its shopify.app.toml. */
export interface AppConfig {
  name: string
  handle: string
  requiredScopes: string[]
  optionalScopes: string[]
  apiVersion: string
  subscriptions: Subscription[]
  /** Where the platform sends `/<prefix>/<subpath>/…` of a storefront, as a path of the app. */
  proxy: { prefix: string; subpath: string; path: string }
}

/** Reads the real shopify.app.toml. Throws, naming the key, when the file is not one that the platform would take. */
export function readAppConfig(path = new URL('../shopify.app.toml', import.meta.url)): AppConfig {
  const toml = file.parse(parse(readFileSync(path, 'utf8')))
  const pathOf = (uri: string): string => (uri.startsWith(toml.application_url) ? uri.slice(toml.application_url.length) : uri)
  return {
    name: toml.name,
    handle: toml.handle,
    requiredScopes: toml.access_scopes.scopes.split(',').map((scope) => scope.trim()).filter(Boolean),
    optionalScopes: toml.access_scopes.optional_scopes,
    apiVersion: toml.webhooks.api_version,
    subscriptions: toml.webhooks.subscriptions.flatMap((one) =>
      [...one.topics, ...one.compliance_topics].map((topic) => ({ topic, path: pathOf(one.uri), name: one.name }))),
    proxy: { prefix: toml.app_proxy.prefix, subpath: toml.app_proxy.subpath, path: pathOf(toml.app_proxy.url) },
  }
}
