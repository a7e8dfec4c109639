import type { SimStore } from '../types.ts'

/** What the app may do in this store now; empty when it is not installed. */
export function grantedScopes(store: SimStore): string[] {
  return store.installed ? [...new Set([...store.installed.scopes, ...store.optionalScopes])] : []
}

/** The same with what each one implies: whoever may write may read. */
export function effectiveScopes(store: SimStore): Set<string> {
  const scopes = grantedScopes(store)
  return new Set([...scopes, ...scopes.filter((scope) => scope.startsWith('write_')).map((scope) => scope.replace('write_', 'read_'))])
}
