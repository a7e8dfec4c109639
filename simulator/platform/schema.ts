import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { buildClientSchema, getNamedType, GraphQLError, GraphQLScalarType, type GraphQLOutputType, type GraphQLSchema, type IntrospectionQuery } from 'graphql'
import { z } from 'zod'

/** The one version whose schema is in the box. */
export const schemaVersion = '2026-10'

const file = z.object({
  data: z.custom<IntrospectionQuery>((value) => typeof value === 'object' && value !== null && '__schema' in value),
  offline_scopes: z.object({
    items: z.array(z.object({ typeName: z.string(), fieldName: z.string().optional(), requiredAccess: z.string(), offlineScopes: z.array(z.string()) })),
  }),
})

export interface Access { scopes: string[]; words: string }
export interface PlatformSchema {
  schema: GraphQLSchema
  /** What a field needs: one of these scopes; null when it needs none. Cached. */
  accessOf(typeName: string, fieldName: string, returns: GraphQLOutputType): Access | null
}

let loaded: PlatformSchema | undefined

/** The platform's real schema, read at the first need (about half a second) and then kept for every world of this process. */
export function loadSchema(): PlatformSchema {
  loaded ??= build()
  return loaded
}

function build(): PlatformSchema {
  const raw = file.parse(JSON.parse(gunzipSync(readFileSync(new URL(`../schema/admin_${schemaVersion}.json.gz`, import.meta.url))).toString('utf8')))
  const schema = buildClientSchema(raw.data, { assumeValid: true })
  const rules = new Map<string, Access>()
  for (const item of raw.offline_scopes.items) {
    if (item.offlineScopes.length === 0) continue
    rules.set(item.fieldName === undefined ? item.typeName : `${item.typeName}.${item.fieldName}`, { scopes: item.offlineScopes, words: item.requiredAccess.trim() })
  }
  checkTimes(schema)
  const cache = new Map<string, Access | null>()
  return {
    schema,
    accessOf(typeName, fieldName, returns) {
      const key = `${typeName}.${fieldName}`
      let known = cache.get(key)
      if (known === undefined) {
        const named = getNamedType(returns).name
        known = rules.get(key) ?? rules.get(named) ?? rules.get(named.replace(/(Connection|Edge)$/, '')) ?? null
        // Inside an object that was allowed, its own parts are allowed too.
        if (known && named === typeName) known = rules.get(key) ?? null
        cache.set(key, known)
      }
      return known
    },
  }
}

/** A file of introspection knows scalars by name only; times are the ones whose text matters to us. */
function checkTimes(schema: GraphQLSchema): void {
  const type = schema.getType('DateTime')
  if (!(type instanceof GraphQLScalarType)) throw new Error('the schema has no DateTime')
  type.parseValue = (value) => {
    if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) throw new GraphQLError(`invalid DateTime '${String(value)}'`)
    return value
  }
  type.parseLiteral = (node) => {
    if (node.kind !== 'StringValue' || Number.isNaN(Date.parse(node.value))) throw new GraphQLError('invalid DateTime')
    return node.value
  }
}
