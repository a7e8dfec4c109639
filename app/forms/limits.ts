import { and, eq, lt } from 'drizzle-orm'
import type { App } from '../app.ts'
import { signupLimits } from '../db/schema.ts'
import { after, DAY, MINUTE } from '../lib/clock.ts'
import { derive, hmac, normaliseEmail } from '../lib/crypto.ts'
import { truncateIp } from '../lib/http.ts'

interface Limit {
  within: number // milliseconds
  most: number
}
/** A form cannot be used to flood somebody: so many confirmations a mailbox and shop gets, whoever asks (reliability.md L10, T12). */
export const mailboxLimits: Limit[] = [{ within: DAY, most: 1 }, { within: 30 * DAY, most: 3 }]
/** Sign-ups from one network (/24 or /48). Generous, because a whole office or a mobile carrier may stand behind it. */
export const networkLimits: Limit[] = [{ within: 10 * MINUTE, most: 30 }, { within: DAY, most: 300 }]

/**
 * Takes a turn under a key if none of its limits is reached, and says whether it did. Inside a transaction the key stays locked
 * until the end, so that two at once, in whatever processes, cannot both get the last turn. The database keeps it, not memory.
 */
export async function takeTurn(app: Pick<App, 'db' | 'clock'>, shopId: string, key: string, limits: Limit[]): Promise<boolean> {
  const now = app.clock.now()
  const longest = Math.max(...limits.map((limit) => limit.within))
  return app.db.transaction(async () => {
    const [row] = await app.db
      .insert(signupLimits)
      .values({ shopId, key, times: [], updatedAt: now })
      .onConflictDoUpdate({ target: [signupLimits.shopId, signupLimits.key], set: { updatedAt: now } })
      .returning({ times: signupLimits.times })
    const times = (row?.times ?? []).filter((at) => at > now.getTime() - longest)
    const full = limits.some(({ within, most }) => times.filter((at) => at > now.getTime() - within).length >= most)
    if (full) return false
    await app.db.update(signupLimits).set({ times: [...times, now.getTime()] }).where(and(eq(signupLimits.shopId, shopId), eq(signupLimits.key, key)))
    return true
  })
}

/** Forgets keys that no limit can ask for any more. */
export async function forgetOldTurns(app: Pick<App, 'db' | 'clock'>, shopId: string): Promise<void> {
  await app.db.delete(signupLimits).where(and(eq(signupLimits.shopId, shopId), lt(signupLimits.updatedAt, after(app.clock.now(), -31 * DAY))))
}

/** The mailbox behind an address: ada+shop@gmail.com and a.da@googlemail.com land in the same one. Kept as a keyed hash only. */
export function mailboxKey(app: Pick<App, 'settings'>, shopId: string, email: string): string {
  const address = normaliseEmail(email)
  const at = address.lastIndexOf('@')
  const domain = address.slice(at + 1).replace(/^googlemail\.com$/, 'gmail.com')
  const local = address.slice(0, at).replace(/\+.*$/, '')
  return `to:${hashed(app, shopId, `${domain === 'gmail.com' ? local.replaceAll('.', '') : local}@${domain}`)}`
}

/** The network that a request came from; an address is never kept, not even shortened. */
export const networkKey = (app: Pick<App, 'settings'>, shopId: string, ip: string): string => `from:${hashed(app, shopId, truncateIp(ip))}`

const hashed = (app: Pick<App, 'settings'>, shopId: string, value: string): string =>
  hmac(derive(app.settings.keys.hash, 'limit'), `${shopId}:${value}`).toString('hex').slice(0, 32)
