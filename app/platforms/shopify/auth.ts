import { jwtVerify } from 'jose'
import { z } from 'zod'
import type { App } from '../../app.ts'
import { unauthorised } from '../../lib/errors.ts'
import { claimShop, installed } from '../../shops/installed.ts'
import { findShop, type Shop } from '../../shops/shops.ts'
import { secrets, shopDomain } from './api.ts'
import { exchange } from './oauth.ts'
import { readStoreWith } from './shop.ts'
import { firstInLine, leaveLine, storeKeyring } from './tokens.ts'

const claims = z.object({ iss: z.string(), dest: z.string(), sub: z.string().min(1) })

/**
 * Reads a session token: HS256 with our secret, our client id as audience, within its minute (10 s of tolerance), and issued
 * by the very shop that it names (the library does not compare these two). Throws `unauthorised`; the token goes into no message.
 */
export async function readIdToken(app: App, token: string): Promise<{ domain: string; userId: string }> {
  for (const secret of secrets(app)) {
    const verified = await jwtVerify(token, new TextEncoder().encode(secret), {
      algorithms: ['HS256'],
      audience: app.settings.SHOPIFY_API_KEY,
      clockTolerance: 10,
      currentDate: app.clock.now(),
      requiredClaims: ['exp', 'nbf', 'iss', 'dest', 'sub'],
    }).catch(() => null)
    const parsed = claims.safeParse(verified?.payload)
    if (!parsed.success) continue
    const domain = shopDomain(hostOf(parsed.data.dest))
    if (domain && hostOf(parsed.data.iss) === domain) return { domain, userId: parsed.data.sub }
  }
  throw unauthorised()
}

/** The token of an API request: `Authorization: Bearer ...`. */
export function bearer(header: string | undefined): string {
  const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header ?? '')?.[1]
  if (!token) throw unauthorised()
  return token
}

/** The shop of a verified token. Seen for the first time, or come back: its keys are fetched and it is installed. */
export async function establish(app: App, domain: string, idToken: string, language?: string): Promise<Shop> {
  const known = await findShop(app, domain)
  if (known?.status === 'installed') return known
  const { id } = known ?? (await claimShop(app, domain))
  if (!(await firstInLine(app, id, async () => (await findShop(app, domain))?.status === 'installed'))) return (await findShop(app, domain))!
  try {
    const keyring = await exchange(app, domain, idToken)
    const store = await readStoreWith(app, { id, domain, locale: language ?? known?.locale ?? 'en' }, keyring.accessToken)
    return await app.db.transaction(async () => {
      await storeKeyring(app, id, keyring)
      return installed(app, domain, store, keyring.scopes)
    })
  } catch (error) {
    await leaveLine(app, id)
    throw error
  }
}

function hostOf(url: string): string | null {
  try {
    const parsed = new URL(url)
    return parsed.protocol === 'https:' && !parsed.port && !parsed.username ? parsed.host : null
  } catch {
    return null
  }
}
