import { and, eq } from 'drizzle-orm'
import type { z } from 'zod'
import type { App } from '../app.ts'
import { standingOf } from '../consent/mailable.ts'
import { suppressionActs, suppressions } from '../db/schema.ts'
import { reasonWords } from '../deliveries/contract.ts'
import { conflict, notFound } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import type { BlockedAddress, suppressionLift } from './contract.ts'
import { blocked } from './list.ts'

/**
 * Takes one block away and writes down who did. It never makes anybody mailable who said no: the consent ledger still decides. A
 * complaint is an objection (GDPR art. 21(3)), so it is lifted only where the person has signed up again since; who asked to be
 * forgotten is not found here. 404 unknown, 409 not allowed or the warning was not read.
 * @returns what it comes to, in words.
 */
export async function liftSuppression(app: Pick<App, 'db' | 'clock'>, shopId: string, userId: string, input: z.infer<typeof suppressionLift>): Promise<string> {
  return app.db.transaction(async () => {
    const [row] = await blocked(app, shopId, and(eq(suppressions.addressHash, input.key), eq(suppressions.reason, input.reason)), 1)
    if (!row) throw notFound()
    if (row.lift === 'never') throw conflict('They marked a mail as spam. Only if they sign up again themselves can this be lifted.')
    if (row.lift !== 'free' && !input.understood) throw conflict('Read the warning first.')
    const gone = await app.db
      .delete(suppressions)
      .where(and(eq(suppressions.shopId, shopId), eq(suppressions.addressHash, input.key), eq(suppressions.reason, input.reason)))
      .returning({ hash: suppressions.addressHash })
    if (gone.length === 0) throw notFound()
    const now = app.clock.now()
    await app.db.insert(suppressionActs).values({ shopId, id: newId(now), addressHash: input.key, act: 'lifted', reason: input.reason, note: input.note || null, userId, at: now })
    return sentenceAfter(app, shopId, row)
  })
}

async function sentenceAfter(app: Pick<App, 'db' | 'clock'>, shopId: string, { person }: BlockedAddress): Promise<string> {
  if (!person) return 'Lifted. The address is not in your list, so nothing is sent to it.'
  const reason = (await standingOf(app, shopId, [person.subscriberId])).get(person.subscriberId)
  if (reason === null) return 'Lifted. They may be mailed again.'
  if (reason === 'unsubscribed') return 'Lifted. They unsubscribed themselves, so they still get nothing.'
  return `Lifted, but they still get nothing: ${reason ? lower(reasonWords[reason]) : 'they are not in your list any more'}.`
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
