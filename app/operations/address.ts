import { randomBytes } from 'node:crypto'
import { eq } from 'drizzle-orm'
import type { App } from '../app.ts'
import { installation } from '../db/schema.ts'
import { derive, hmac } from '../lib/crypto.ts'
import { whoIsThere } from './contract.ts'

type Ops = Pick<App, 'db' | 'settings' | 'fetch' | 'url'>

/** What we answer to whoever asks which installation this is: hashes with the installation's own key over the asker's nonce. */
export async function whoWeAre(app: Pick<App, 'db' | 'settings'>, nonce: string): Promise<{ family: string; one: string }> {
  return proofOf(app, nonce, (await generationOf(app)) ?? '')
}

/**
 * Asks our own public address who is there. A copy of a whole disk or server looks the same from inside; but only one of the two is
 * behind the address. @returns true when another installation with our key answers; false when it is us, nobody, or something else.
 */
export async function anotherAnswers(app: Ops): Promise<boolean> {
  for (let tries = 0; tries < 3; tries++) {
    const nonce = randomBytes(16).toString('hex')
    const before = await generationOf(app)
    const reply = await app
      .fetch(`${app.url}/installation/${nonce}`, { signal: AbortSignal.timeout(5_000) })
      .then((response) => (response.ok ? (response.json() as Promise<unknown>) : null))
      .catch(() => null) // no road from here to there, or nobody is there yet
    const told = whoIsThere.safeParse(reply)
    if (!told.success || before === null) return false
    if (before !== (await generationOf(app))) continue // one of our own processes has just started
    const ours = proofOf(app, nonce, before)
    return told.data.family === ours.family && told.data.one !== ours.one
  }
  return false
}

async function generationOf({ db }: Pick<App, 'db'>): Promise<string | null> {
  const [row] = await db.select({ generation: installation.generation }).from(installation).where(eq(installation.id, 'this'))
  return row?.generation ?? null
}

function proofOf({ settings }: Pick<App, 'settings'>, nonce: string, generation: string): { family: string; one: string } {
  const key = derive(settings.keys.hash, 'installation')
  const sign = (about: string): string => hmac(key, `${nonce}:${about}`).toString('base64url')
  return { family: sign('family'), one: sign(`one:${generation}`) }
}
