import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { SimStore, SimToken, World } from '../types.ts'
import { readSessionToken } from './session-token.ts'
import { grantedScopes } from './scopes.ts'

const offlineType = 'urn:shopify:params:oauth:token-type:offline-access-token'
const onlineType = 'urn:shopify:params:oauth:token-type:online-access-token'
const accessSeconds = 3_600
const refreshSeconds = 7_776_000
const onlineSeconds = 86_399
/** How long the same refresh token, sent again, gets the same answer. */
const grace = 60_000

const request = z.object({ client_id: z.string(), client_secret: z.string(), grant_type: z.string() })
const exchangeRequest = z.object({
  subject_token: z.string(),
  subject_token_type: z.literal('urn:ietf:params:oauth:token-type:id_token'),
  requested_token_type: z.enum([offlineType, onlineType]),
  expiring: z.union([z.string(), z.number(), z.boolean()]).optional(),
})
const refreshRequest = z.object({ refresh_token: z.string() })

export interface TokenAnswer { status: number; body: Record<string, unknown>; title: string }

/**
 * POST /admin/oauth/access_token: a session token becomes an access token, or a refresh token a new pair. Refuses with the
 * platform's own codes: invalid_client, invalid_request, unsupported_grant_type, invalid_subject_token, invalid_grant (all 400).
 */
export async function grantToken(world: World, store: SimStore, body: unknown): Promise<TokenAnswer> {
  const asked = request.safeParse(body)
  if (!asked.success) return refused('invalid_request', 'client_id, client_secret and grant_type are needed')
  if (asked.data.client_id !== world.app.clientId) return refused('application_cannot_be_found', 'unknown client id')
  if (asked.data.client_secret !== world.app.clientSecret) return refused('invalid_client', 'wrong client secret')
  if (asked.data.grant_type === 'refresh_token') return refresh(world, store, body)
  if (asked.data.grant_type === 'urn:ietf:params:oauth:grant-type:token-exchange') return exchange(world, store, body)
  return refused('unsupported_grant_type', asked.data.grant_type)
}

/** The token behind an API request, or null when it is unknown, too old or dead. The first use retires the refresh token before it. */
export function useToken(world: World, store: SimStore, access: string | undefined): SimToken | null {
  const token = access ? store.tokens.find((one) => one.access === access) : undefined
  if (!token || !store.installed || token.expiresAt <= world.clock.now()) return null
  firstUse(store, token)
  return token
}

async function exchange(world: World, store: SimStore, body: unknown): Promise<TokenAnswer> {
  const asked = exchangeRequest.safeParse(body)
  if (!asked.success) return refused('invalid_request', asked.error.issues.map((issue) => issue.path.join('.')).join(', '))
  const session = store.installed ? await readSessionToken(world, store, asked.data.subject_token) : null
  if (!session) return refused('invalid_subject_token', 'the session token does not hold for this store')
  if (asked.data.requested_token_type === onlineType) return grantOnline(world, store, session.userId)
  if (!['1', 1, true, 'true'].includes(asked.data.expiring ?? '')) {
    // Public apps made since April 2026 get none that live for ever.
    return refused('invalid_request', 'only expiring offline tokens are given: send expiring=1')
  }
  for (const token of store.tokens) if (token.userId === null) token.refreshable = false
  return answer(store, issue(world, store, { userId: null, previousRefresh: null, seconds: accessSeconds }), world, 'Token exchange: offline token')
}

function grantOnline(world: World, store: SimStore, userId: string): TokenAnswer {
  const token = issue(world, store, { userId, previousRefresh: null, seconds: onlineSeconds })
  token.refreshable = false
  const [first = '', ...rest] = store.ownerName.split(' ')
  const scope = grantedScopes(store).join(',')
  return {
    status: 200,
    title: 'Token exchange: online token',
    body: {
      access_token: token.access,
      scope,
      expires_in: onlineSeconds,
      associated_user_scope: scope,
      associated_user: {
        id: Number(userId) || 1, first_name: first, last_name: rest.join(' '), email: store.email, email_verified: true,
        account_owner: true, locale: store.locale, collaborator: false,
      },
    },
  }
}

/**
 * Rotation: each refresh brings a new pair. The old refresh token stays good until the new pair is first used; sent again at once
 * it gets the same answer, later a further pair that replaces the unused one.
 */
function refresh(world: World, store: SimStore, body: unknown): TokenAnswer {
  const asked = refreshRequest.safeParse(body)
  if (!asked.success) return refused('invalid_request', 'refresh_token is needed')
  const now = world.clock.now()
  const token = store.tokens.find((one) => one.refresh === asked.data.refresh_token)
  if (!store.installed || !token?.refreshable || token.refreshExpiresAt <= now) return refused('invalid_grant', 'the refresh token is not valid')
  firstUse(store, token)
  const unused = store.tokens.filter((one) => one.previousRefresh === token.refresh)
  const latest = unused.at(-1)
  if (latest && now.getTime() - latest.issuedAt.getTime() <= grace) return answer(store, latest, world, 'Token refresh repeated: the same pair again')
  for (const one of unused) one.refreshable = false
  return answer(store, issue(world, store, { userId: null, previousRefresh: token.refresh, seconds: accessSeconds }), world, 'Token refresh: a new pair')
}

function firstUse(store: SimStore, token: SimToken): void {
  if (token.used) return
  token.used = true
  for (const one of store.tokens) if (one.refresh === token.previousRefresh) one.refreshable = false
}

function issue(world: World, store: SimStore, given: { userId: string | null; previousRefresh: string | null; seconds: number }): SimToken {
  const now = world.clock.now()
  store.tokens = store.tokens.filter((one) => one.expiresAt > now || (one.refreshable && one.refreshExpiresAt > now))
  const token: SimToken = {
    access: `shpat_${randomBytes(16).toString('hex')}`,
    refresh: `shprt_${randomBytes(16).toString('hex')}`,
    issuedAt: now,
    expiresAt: new Date(now.getTime() + given.seconds * 1000),
    refreshExpiresAt: new Date(now.getTime() + refreshSeconds * 1000),
    refreshable: true,
    used: false,
    previousRefresh: given.previousRefresh,
    userId: given.userId,
  }
  store.tokens.push(token)
  return token
}

function answer(store: SimStore, token: SimToken, world: World, title: string): TokenAnswer {
  const left = (until: Date): number => Math.max(0, Math.round((until.getTime() - world.clock.now().getTime()) / 1000))
  return {
    status: 200,
    title,
    body: {
      access_token: token.access,
      scope: grantedScopes(store).join(','),
      expires_in: left(token.expiresAt),
      refresh_token: token.refresh,
      refresh_token_expires_in: left(token.refreshExpiresAt),
    },
  }
}

const refused = (error: string, description: string): TokenAnswer =>
  ({ status: 400, title: `Token refused: ${error}`, body: { error, error_description: description } })
