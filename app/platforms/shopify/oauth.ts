import { z } from 'zod'
import type { App } from '../../app.ts'
import { unauthorised } from '../../lib/errors.ts'

/** The keys to a store as the platform hands them out. */
export interface Keyring {
  accessToken: string
  scopes: string
  refreshToken: string | null
  expiresAt: Date | null
  refreshExpiresAt: Date | null
}

/** The refresh token is worth nothing any more: only the merchant can repair this, by opening the app. */
export class GrantEnded extends Error {}

// Both calls are made by hand: the library reckons expiry, and checks the session token, by the machine's clock, and ours is
// app.clock, which demo and tests move.

/** Session token -> expiring offline token (platform notes 3.3). Throws `unauthorised` when the platform refuses the session token. */
export const exchange = (app: App, domain: string, idToken: string): Promise<Keyring> =>
  ask(app, domain, {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: idToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    requested_token_type: 'urn:shopify:params:oauth:token-type:offline-access-token',
    expiring: '1',
  })

/** A new pair for an old refresh token, which is used up by it. Throws GrantEnded when it is refused. */
export const refresh = (app: App, domain: string, refreshToken: string): Promise<Keyring> =>
  ask(app, domain, { grant_type: 'refresh_token', refresh_token: refreshToken })

const answer = z.object({
  access_token: z.string().min(1),
  scope: z.string().default(''),
  expires_in: z.number().optional(),
  refresh_token: z.string().optional(),
  refresh_token_expires_in: z.number().optional(),
})
const fault = z.object({ error: z.string() })

async function ask(app: App, domain: string, grant: Record<string, string>): Promise<Keyring> {
  const { SHOPIFY_API_KEY: client_id, SHOPIFY_API_SECRET: client_secret } = app.settings
  const response = await app.fetch(`https://${domain}/admin/oauth/access_token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ client_id, client_secret, ...grant }),
  })
  const body: unknown = await response.json().catch(() => null)
  if (!response.ok) {
    const code = fault.safeParse(body).data?.error
    if (code === 'invalid_subject_token') throw unauthorised()
    if (code === 'invalid_grant') throw new GrantEnded('the store has ended our grant')
    throw new Error(`Shopify gave no token (${response.status})`)
  }
  const now = app.clock.now().getTime()
  const at = (seconds: number | undefined): Date | null => (seconds === undefined ? null : new Date(now + seconds * 1000))
  const { access_token, scope, expires_in, refresh_token, refresh_token_expires_in } = answer.parse(body)
  return { accessToken: access_token, scopes: scope, refreshToken: refresh_token ?? null, expiresAt: at(expires_in), refreshExpiresAt: at(refresh_token_expires_in) }
}
