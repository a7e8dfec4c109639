import { randomUUID } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import type { SimStore, World } from '../types.ts'

const claims = z.object({ iss: z.string(), dest: z.string(), sub: z.string(), sid: z.string() })

const keyOf = (world: World): Uint8Array => new TextEncoder().encode(world.app.clientSecret)

/** A session token as the admin hands it to the app's page: HS256 with the client secret, good for one minute of the world's time. */
export async function mintSessionToken(world: World, store: SimStore, userId: string, options: { at?: Date } = {}): Promise<string> {
  const now = Math.floor((options.at ?? world.clock.now()).getTime() / 1000)
  return new SignJWT({ dest: `https://${store.domain}`, sid: randomUUID(), sig: '' })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(`https://${store.domain}/admin`)
    .setAudience(world.app.clientId)
    .setSubject(userId)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + 60)
    .sign(keyOf(world))
}

/** Who a session token speaks for in this store; null when it is not ours, too old, for another app or another store. */
export async function readSessionToken(world: World, store: SimStore, token: string): Promise<{ userId: string; sid: string } | null> {
  try {
    const { payload } = await jwtVerify(token, keyOf(world), {
      algorithms: ['HS256'], audience: world.app.clientId, clockTolerance: 10, currentDate: world.clock.now(),
    })
    const { iss, dest, sub, sid } = claims.parse(payload)
    if (dest !== `https://${store.domain}` || iss !== `${dest}/admin`) return null
    return { userId: sub, sid }
  } catch {
    return null
  }
}
