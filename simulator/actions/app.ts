import { gid, utc } from '../format.ts'
import { shopBody } from '../platform/payloads.ts'
import { emit } from '../platform/webhooks.ts'
import { grantedScopes } from '../platform/scopes.ts'
import type { SimStore, World } from '../types.ts'

/**
 * The owner installs the app: the required scopes are granted. The platform sends nothing; the app learns it when it is opened.
 * Agreeing again while it is installed leaves living tokens alone: only an uninstall ends them.
 */
export function install(world: World, store: SimStore): void {
  const again = store.installed !== null
  store.installed = { at: store.installed?.at ?? world.clock.now(), scopes: [...world.app.requiredScopes] }
  world.wire.add({ kind: 'token', shop: store.domain, title: `${store.name} ${again ? 'agreed to the app again' : 'installed the app'}`, detail: store.installed.scopes.join(', '), status: null, ms: null })
}

/** The owner removes the app: every token is dead at once. Sends app/uninstalled, once. */
export function uninstall(world: World, store: SimStore): void {
  if (!store.installed) return
  store.installed = null
  store.tokens = []
  store.optionalScopes.clear()
  world.wire.add({ kind: 'token', shop: store.domain, title: `${store.name} removed the app`, detail: 'All tokens are dead.', status: null, ms: null })
  emit(world, store, 'app/uninstalled', shopBody(world, store))
}

/** The owner agrees to optional scopes. Sends app/scopes_update. Throws for a scope that the app may not ask for. */
export function grantScopes(world: World, store: SimStore, scopes: string[]): void {
  for (const scope of scopes) if (!world.app.optionalScopes.includes(scope)) throw new Error(`${scope} is not among the app's optional scopes`)
  changeScopes(world, store, () => { for (const scope of scopes) store.optionalScopes.add(scope) })
}

/** Optional scopes are taken back. Sends app/scopes_update. */
export function revokeScopes(world: World, store: SimStore, scopes: string[]): void {
  changeScopes(world, store, () => { for (const scope of scopes) store.optionalScopes.delete(scope) })
}

/** The owner changes what the store is called, where it is or how to reach it. Sends shop/update. */
export function updateShop(
  world: World, store: SimStore, changes: Partial<Pick<SimStore, 'name' | 'email' | 'ownerName' | 'timezone' | 'locale' | 'country' | 'address' | 'currency'>>,
): void {
  Object.assign(store, changes)
  emit(world, store, 'shop/update', shopBody(world, store))
}

function changeScopes(world: World, store: SimStore, change: () => void): void {
  const previous = grantedScopes(store)
  change()
  const current = grantedScopes(store)
  if (current.length === previous.length && current.every((scope) => previous.includes(scope))) return
  emit(world, store, 'app/scopes_update', { id: gid('Shop', store.id), previous, current, updated_at: utc(world.clock.now()) })
}
