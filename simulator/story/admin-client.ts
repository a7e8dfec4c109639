import type { SimStore, World } from '../types.ts'

export interface AdminClient {
  // The story reads what the admin's own pages read; zod schemas of the contracts check it there and in the tests.
  get<T>(path: string): Promise<T>
  post<T>(path: string, body?: unknown): Promise<T>
  put<T>(path: string, body: unknown): Promise<T>
}

/** Installs the app through the grant page and opens it in the host page's frame, as the owner's browser does. */
export async function installApp(world: World, store: SimStore): Promise<void> {
  const base = `${world.urls.admin}/store/${nameOf(store)}`
  const origin = new URL(world.urls.admin).origin
  const granted = await fetch(`${base}/oauth/install`, { method: 'POST', headers: { origin }, redirect: 'manual' })
  if (granted.status !== 303) throw new Error(`the grant page answered ${granted.status}`)
  await openApp(world, store)
}

/** Opens the app in the host page's frame. Throws when the app does not answer as the frame needs it. */
export async function openApp(world: World, store: SimStore): Promise<void> {
  const host = await (await fetch(`${world.urls.admin}/store/${nameOf(store)}/apps/homing`)).text()
  const frame = /"frame":"([^"]+)"/.exec(host)?.[1]?.replaceAll('\\u0026', '&').replaceAll('&amp;', '&')
  if (!frame) throw new Error('the host page has no frame')
  const document = await fetch(frame)
  const policy = document.headers.get('content-security-policy') ?? ''
  if (document.status !== 200 || !policy.includes(`frame-ancestors https://${store.domain}`)) throw new Error(`the app answered its frame with ${document.status} and the policy "${policy}"`)
}

/** The admin's API as the app's pages use it: a fresh session token from the host page for each request. */
export function adminClient(world: World, store: SimStore): AdminClient {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(world.urls.app + path, {
      method,
      headers: { authorization: `Bearer ${await sessionToken(world, store)}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`)
    return JSON.parse(text)
  }
  return {
    get: async <T>(path: string) => (await call('GET', path)) as T,
    post: async <T>(path: string, body: unknown = {}) => (await call('POST', path, body)) as T,
    put: async <T>(path: string, body: unknown) => (await call('PUT', path, body)) as T,
  }
}

async function sessionToken(world: World, store: SimStore): Promise<string> {
  const response = await fetch(`${world.urls.admin}/store/${nameOf(store)}/apps/homing/token`, { method: 'POST', headers: { origin: new URL(world.urls.admin).origin } })
  return ((await response.json()) as { token: string }).token
}

const nameOf = (store: SimStore): string => store.domain.replace('.myshopify.com', '')
