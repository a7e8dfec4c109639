import { and, eq, isNull, lte, or } from 'drizzle-orm'
import type { App } from '../../app.ts'
import { shopTokens } from '../../db/schema.ts'
import { GiveUp, RetryAt } from '../../jobs/queue.ts'
import { MINUTE, after } from '../../lib/clock.ts'
import { decrypt, encrypt } from '../../lib/crypto.ts'
import { needsReopening } from '../../shops/installed.ts'
import type { Shop } from '../../shops/shops.ts'
import { GrantEnded, refresh, type Keyring } from './oauth.ts'

const early = 5 * MINUTE // refresh when less is left; the platform's own packages use the same
const lease = MINUTE // longer than a call can take (lib/fetch.ts: 30 s)
const patience = 40_000 // real milliseconds that a waiter waits for somebody else's refresh
const pause = 40

type Row = typeof shopTokens.$inferSelect

/**
 * A token that is good for the next minutes. Near its end it is refreshed by exactly one caller, whichever process it is in;
 * the others wait for the new one. Throws GiveUp when the store has to be opened again by its owner.
 */
export async function accessToken(app: App, shop: Pick<Shop, 'id' | 'domain'>): Promise<string> {
  for (let waited = 0; waited <= patience; waited += pause) {
    const row = await read(app, shop.id)
    if (!row?.accessToken) throw new GiveUp('there is no key to this store; its owner has to open the app again')
    if (!row.expiresAt || row.expiresAt > after(app.clock.now(), early)) return open(app, shop.id, row.accessToken)
    if (await takeLease(app, shop.id, row)) await refreshNow(app, shop, row)
    else await new Promise((resolve) => setTimeout(resolve, pause))
  }
  throw new RetryAt(after(app.clock.now(), MINUTE), 'another worker is refreshing the key to this store')
}

/** Refreshes at once, so that a store that nobody used for long keeps its grant (it ends after 90 silent days). */
export async function keepAlive(app: App, shop: Pick<Shop, 'id' | 'domain'>): Promise<void> {
  const row = await read(app, shop.id)
  if (row?.refreshToken && (await takeLease(app, shop.id, row))) await refreshNow(app, shop, row)
}

/** The platform says that a token is worth nothing although it has not expired. True when a newer one is there to try. */
export async function tokenRefused(app: App, shop: Pick<Shop, 'id' | 'domain'>, refused: string): Promise<boolean> {
  const row = await read(app, shop.id)
  if (!row?.accessToken) return false
  if (open(app, shop.id, row.accessToken) !== refused) return true
  return !(await needsReopening(app, shop.id, row.accessToken)) && Boolean((await read(app, shop.id))?.accessToken)
}

/**
 * The right to fetch a store's first keys: true for one caller, the others wait until it is done (then false), so that two
 * exchanges at once cannot leave us with the older pair, which the newer one has retired.
 */
export async function firstInLine(app: App, shopId: string, isDone: () => Promise<boolean>): Promise<boolean> {
  for (let waited = 0; waited <= patience; waited += pause) {
    if (await isDone()) return false
    const row = await read(app, shopId)
    if (!row) await app.db.insert(shopTokens).values({ shopId, accessToken: '', updatedAt: app.clock.now() }).onConflictDoNothing()
    else if (row.accessToken === '' && (await takeLease(app, shopId, row))) return true
    else await new Promise((resolve) => setTimeout(resolve, pause))
  }
  throw new Error('another process is fetching the keys to this store and does not end')
}

/** Gives the right back after a failure. */
export async function leaveLine(app: App, shopId: string): Promise<void> {
  await app.db.update(shopTokens).set({ refreshLeaseUntil: null }).where(and(eq(shopTokens.shopId, shopId), eq(shopTokens.accessToken, '')))
}

/** Stores a keyring, encrypted for this shop, and ends the lease. Joins the caller's transaction. */
export async function storeKeyring(app: App, shopId: string, keyring: Keyring): Promise<void> {
  const values = {
    accessToken: seal(app, shopId, keyring.accessToken),
    refreshToken: keyring.refreshToken === null ? null : seal(app, shopId, keyring.refreshToken),
    expiresAt: keyring.expiresAt,
    refreshExpiresAt: keyring.refreshExpiresAt,
    refreshLeaseUntil: null,
    updatedAt: app.clock.now(),
  }
  await app.db.insert(shopTokens).values({ shopId, ...values }).onConflictDoUpdate({ target: shopTokens.shopId, set: values })
}

async function refreshNow(app: App, shop: Pick<Shop, 'id' | 'domain'>, row: Row): Promise<void> {
  try {
    if (!row.refreshToken) throw new GrantEnded('there is nothing to refresh with')
    // If we die between the answer and its storing, the old refresh token still works: it ends when the new one is first used.
    await storeKeyring(app, shop.id, await refresh(app, shop.domain, open(app, shop.id, row.refreshToken)))
  } catch (error) {
    await app.db.update(shopTokens).set({ refreshLeaseUntil: null }).where(and(eq(shopTokens.shopId, shop.id), eq(shopTokens.accessToken, row.accessToken)))
    if (!(error instanceof GrantEnded)) throw error
    if (!(await needsReopening(app, shop.id, row.accessToken))) return // the owner opened the app meanwhile: there is a new key
    throw new GiveUp('the store has ended our grant; its owner has to open the app again')
  }
}

/** Takes the right to refresh, if it is free and the token is still the one that was read. */
async function takeLease(app: App, shopId: string, row: Row): Promise<boolean> {
  const now = app.clock.now()
  const taken = await app.db
    .update(shopTokens)
    .set({ refreshLeaseUntil: after(now, lease) })
    .where(and(eq(shopTokens.shopId, shopId), eq(shopTokens.accessToken, row.accessToken), or(isNull(shopTokens.refreshLeaseUntil), lte(shopTokens.refreshLeaseUntil, now))))
    .returning({ id: shopTokens.shopId })
  return taken.length === 1
}

async function read(app: App, shopId: string): Promise<Row | undefined> {
  const [row] = await app.db.select().from(shopTokens).where(eq(shopTokens.shopId, shopId))
  return row
}

const seal = (app: App, shopId: string, plain: string): string => encrypt(app.settings.keys, `shop:${shopId}`, plain)
const open = (app: App, shopId: string, sealed: string): string => decrypt(app.settings.keys, `shop:${shopId}`, sealed)
